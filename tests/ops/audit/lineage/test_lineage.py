"""From a number to the row of the user's file, the curve nodes, the scenario, the people and the proof."""

import csv
import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.refusals import Refused
from domain.runs.facts import fact_stream
from domain.sealing.merkle import root_of_inclusion
from domain.valuation_models import model_stream
from ops.adapters.block_codec import ZstdBlockCodec
from ops.audit.lineage.lineage import lineage, lines_of
from ops.audit.streams import history

FUND = Path(__file__).parents[4] / "examples" / "small_fund"
POSITIONS = {row["position_id"]: row for row in csv.DictReader((FUND / "positions.csv").open())}


def line(file: str, column: str, value: str) -> int:
    """As a spreadsheet counts: the header is row 1."""
    rows = list(csv.DictReader((FUND / file).open()))
    return next(number for number, row in enumerate(rows, start=2) if row[column] == value)


@pytest.mark.parametrize("position", sorted(POSITIONS))
def test_every_position_leads_to_its_rows(sealed_document: Any, position: str) -> None:
    document = sealed_document(position)
    rows = {row["table"]: row for row in reversed(document["portfolio"]["rows"])}
    instrument_id, book_id = POSITIONS[position]["instrument_id"], POSITIONS[position]["book_id"]
    for table, column, key in (
        ("positions", "position_id", position),
        ("instruments", "instrument_id", instrument_id),
        ("portfolio", "node_id", book_id),
    ):
        assert (rows[table]["file"], rows[table]["row"]) == (f"{table}.csv", line(f"{table}.csv", column, key))
        assert rows[table]["key"] == key
        assert rows[table]["file_sha256"] == sha256((FUND / f"{table}.csv").read_bytes()).hexdigest()
    assert rows["positions"]["fields"]["notional"] == float(POSITIONS[position]["notional"])


@pytest.fixture
def sealed(sealed_to_read: Any) -> Any:
    """No test here changes anything."""
    return sealed_to_read


@pytest.fixture
def sealed_document(sealed: Any) -> Any:
    return lambda position, measure="PV", scenario="BASE": lineage(
        sealed.tenor.storage, sealed.run_id, position, measure, scenario
    )


def test_the_number_is_the_one_in_the_block(sealed: Any, sealed_document: Any) -> None:
    columns = ZstdBlockCodec().decode(sealed.tenor.store.block(UUID(sealed.run_id), "RiskComputed", 0))
    document = sealed_document("P-03", "DV01", "up100")
    (value,) = document["number"]["values"].values()
    assert value == columns.values[0, 1, document["block"]["row_in_chunk"]]
    assert document["number"]["content_matches_event"]
    assert document["number"]["bytes_match_event"]
    assert document["number"]["scenario"] == document["scenario"]["scenario"] == "up100@1"
    assert document["scenario"]["document"]["shocks"] == [{"kind": "PARALLEL", "curves": "*", "bp": 100}]


def test_where_its_cash_flows_are_kept_is_told_and_proved(sealed: Any, sealed_document: Any) -> None:
    document = sealed_document("P-03")
    kept = document["cash_flows"]
    (fact,) = sealed.tenor.store.stream(fact_stream(UUID(sealed.run_id), "CashflowsProjected", 0))
    assert kept["scenarios"] == ["BASE"] and kept["book"] == POSITIONS["P-03"]["book_id"]
    assert kept["block"]["content_sha256"] == fact.content_sha256
    proof = kept["block"]["inclusion"]
    path = [bytes.fromhex(each) for each in proof["path"]]
    root = root_of_inclusion(bytes.fromhex(proof["leaf_hash"]), proof["leaf_index"], proof["tree_size"], path)
    assert root is not None and root.hex() == proof["root"]
    assert any(line.startswith("flows     kept under BASE") for line in lines_of(document))


@pytest.mark.usefixtures("sealed")
def test_a_number_in_base_currency_says_its_spot(sealed_document: Any) -> None:
    euros = euro_position()
    own, base = sealed_document(euros), sealed_document(euros, "PV_BASE")
    spot = next(each["spot"] for each in base["market"]["used"]["fx_spots"] if each["pair"] == "EURUSD")
    assert base["number"]["values"]["pv_base"] == own["number"]["values"]["pv"] * spot
    assert base["number"]["unit"] == "base currency"


def euro_position() -> str:
    currency = {row["instrument_id"]: row for row in csv.DictReader((FUND / "instruments.csv").open())}
    return next(
        position
        for position, row in POSITIONS.items()
        if currency[row["instrument_id"]]["currency"] == "EUR" and not currency[row["instrument_id"]]["pair"]
    )


def test_curves_come_with_the_nodes_of_the_market_file(sealed_document: Any) -> None:
    market = json.loads((FUND / "market.json").read_text())
    used = sealed_document("P-01")["market"]["used"]
    curves = {curve["used_as"]: curve for curve in used["curves"]}
    discount = next(each for each in market["curves"] if each["curve_id"] == market["discount"]["USD"])
    assert [node["rate"] for node in curves["discount"]["nodes"]] == [node["rate"] for node in discount["nodes"]]
    assert curves["spread"]["curve_id"] == "BBB-LOAN"


def test_the_proof_leads_to_the_signed_root(sealed: Any, sealed_document: Any) -> None:
    proof = sealed_document("P-01")["block"]["inclusion"]
    path = [bytes.fromhex(each) for each in proof["path"]]
    root = root_of_inclusion(bytes.fromhex(proof["leaf_hash"]), proof["leaf_index"], proof["tree_size"], path)
    assert root is not None and root.hex() == proof["root"]
    (event,) = history(sealed.tenor.database.connect, str(fact_stream(UUID(sealed.run_id), "PositionPriced", 0)))
    assert proof["leaf_hash"] == event["leaf_hash"]


def test_the_commands_and_who_gave_them(sealed: Any, sealed_document: Any) -> None:
    commands = sealed_document("P-01")["run"]["commands"]
    assert [each["topic"] for each in commands] == ["run.requested", "run.planned", "run.completed"]
    assert [each["actor"] for each in commands] == ["ada", "process-manager", "process-manager"]
    assert [each["position"] for each in history(sealed.tenor.database.connect, sealed.run_id)] == [
        each["event_position"] for each in commands
    ]


def test_a_number_names_its_models_and_who_approved_them(sealed: Any, sealed_document: Any) -> None:
    models = {one["model"]: one for one in sealed_document("P-29", "DV01")["models"]}
    assert {name: one["status"] for name, one in models.items()} == {
        "curves": "APPROVED",
        "swaps": "NOT_APPROVED",
        "sensitivities": "NOT_APPROVED",
    }
    decision = models["curves"]["decision"]
    assert (decision["actor"], decision["reason"], decision["conditions"]) == ("grace", "validated", "liquid curves")
    (event,) = history(sealed.tenor.database.connect, str(model_stream("curves")))
    assert event["position"] == decision["event_position"]
    assert models["swaps"] == {
        "model": "swaps",
        "version": 2,
        "page": "docs/models/swaps.md",
        "status": "NOT_APPROVED",
        "decision": None,
    }
    lines = lines_of(sealed_document("P-29", "DV01"))
    assert any(line.startswith("model     curves@2 APPROVED by grace at ") for line in lines)
    assert "model     swaps@2 NOT_APPROVED, docs/models/swaps.md" in lines


@pytest.mark.parametrize(
    ("position", "own"),
    [("P-01", "fixed_cash_flows"), ("P-03", "prepayment_default"), ("P-10", "floating_rate"), ("P-27", "pools")],
)
def test_a_position_has_the_models_of_its_terms(sealed_document: Any, position: str, own: str) -> None:
    assert own in [one["model"] for one in sealed_document(position)["models"]]


def test_a_person_reads_file_and_row(sealed_document: Any) -> None:
    lines = "\n".join(lines_of(sealed_document("P-01")))
    assert "positions P-01: positions.csv row 2" in lines
    assert "run.requested by ada" in lines
    json.dumps(sealed_document("P-01"))


@pytest.mark.parametrize(
    ("position", "measure", "scenario", "code"),
    [
        ("NOBODY", "PV", "BASE", "UNKNOWN_POSITION"),
        ("P-01", "WAL", "BASE", "UNKNOWN_MEASURE"),
        ("P-01", "PV", "up200", "UNKNOWN_SCENARIO"),
    ],
)
def test_what_the_run_has_not_is_refused(
    sealed_document: Any, position: str, measure: str, scenario: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        sealed_document(position, measure, scenario)
    assert refused.value.code == code


def test_a_scenario_is_shown_by_its_name_and_a_stranger_refused(sealed: Any) -> None:
    assert [each["topic"] for each in history(sealed.tenor.database.connect, "up100")] == ["scenario.defined"]
    with pytest.raises(Refused) as refused:
        history(sealed.tenor.database.connect, "nobody")
    assert refused.value.code == "UNKNOWN_STREAM"


def test_a_person_is_told_the_fixing_that_was_used(sealed_document: Any) -> None:
    lines = [each for each in lines_of(sealed_document("P-10")) if each.startswith("fixing")]
    assert lines == ["fixing    USD-SOFR-3M of 2026-01-15: 0.03655"]
