"""No control character, lone surrogate or boundless amount passes a way in; old ones stop nothing."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from eventsourcing.persistence import StoredEvent

from domain import codec
from domain.event import Envelope, stream_id
from domain.runs import run as runs
from domain.scenarios.versions import scenario_stream
from domain.snapshot import SnapshotKind, SnapshotRegistered
from domain.valuation_models import ModelVersionApproved, model_stream
from ops.wiring import utc_now
from tests.commands.ingestion.conftest import SOUND, write_csv
from tests.security.conftest import FUND, Service
from tests.walk.command_line import Tenor

RUN = "orchestrator/runs/00000000-0000-0000-0000-000000000001/reject"
ODD = ["\x00", "\x01", "\x1b", "\n", "\t", "\x7f", "\x85", "\x9f"]


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture
def tenor(database_url: str, tmp_path: Path, kernels: Path) -> Tenor:
    return Tenor(database_url, tmp_path, kernels, inside=True)


@pytest.mark.parametrize("odd", sorted({*ODD, "\ud800"}), ids=lambda odd: f"U+{ord(odd):04X}")
def test_a_body_that_a_model_reads(service: Service, odd: str) -> None:
    before = service.head()
    answers = [
        service.post(RUN, content=json.dumps({"reason": f"a{odd}b"})),
        service.post("risk/models/swaps/approve", content=json.dumps({"reason": f"{odd}ab"})),
        service.post("risk/models/swaps/approve", content=json.dumps({"reason": "ab", f"a{odd}": 1})),
    ]
    assert [service.refusal(answer, 422)["code"] for answer in answers] == ["CONTROL_CHARACTER"] * 3
    assert service.head() == before


@pytest.mark.parametrize("odd", [*ODD, "\ud800"], ids=lambda odd: f"U+{ord(odd):04X}")
def test_a_document(service: Service, odd: str) -> None:
    before = service.head()
    scenario: dict[str, Any] = {"scenario_id": "s", "name": f"a{odd}", "shocks": []}
    matched = {"scenario_id": "s", "shocks": [{"kind": "SPREAD", "match": {f"rating{odd}": "BBB"}, "bp": 1}]}
    market = json.loads((FUND / "market.json").read_bytes())
    market["curves"][0]["curve_id"] = f"USD{odd}"
    for address, content in (("scenarios", scenario), ("scenarios", matched), ("markets", market)):
        service_name = "marketdata" if address == "markets" else "scenario"
        problem = service.refusal(service.post(f"{service_name}/{address}", content=json.dumps(content)), 422)
        assert "CONTROL_CHARACTER" in {one["code"] for one in problem["problems"]}
    assert service.head() == before


@pytest.mark.parametrize("written", ["%00", "%01", "%0A", "%7F", "%C2%85"])
def test_a_path_and_a_parameter(service: Service, written: str) -> None:
    for address in (
        f"scenario/scenarios/a{written}",
        f"scenario/sets?limit=1&cursor=a{written}",
        f"audit/streams/{written}",
    ):
        assert service.refusal(service.get(address), 422)["code"] == "CONTROL_CHARACTER"
    past = service.post(f"scenario/histories?set=a{written}", content=b"date,kind,name,tenor,move\n")
    assert service.refusal(past, 422)["code"] == "CONTROL_CHARACTER"


@pytest.mark.parametrize("header", ["Tenor-Actor", "Idempotency-Key"])
@pytest.mark.parametrize("value", [b"a\x01", b"a\x7f", b"a\xc2\x85", b"a\x85"])
def test_a_header(service: Service, header: str, value: bytes) -> None:
    answer = service.post("scenario/scenarios", json={"scenario_id": "s", "shocks": []}, headers={header: value})
    assert service.refusal(answer, 422)["code"] == "CONTROL_CHARACTER"


def test_an_actor_is_utf_8(fresh: Service) -> None:
    headers = {"Tenor-Actor": "Čapek".encode()}
    assert fresh.post("scenario/scenarios", json={"scenario_id": "s", "shocks": []}, headers=headers).status_code == 202
    (event,) = fresh.tenor.store.stream(scenario_stream("s"))
    assert event.actor == "Čapek"


# --- files ----------------------------------------------------------------------------------------------------------


def spoilt(table: str, column: str, value: str) -> dict[str, list[dict[str, Any]]]:
    tables = {name: [dict(row) for row in rows] for name, rows in SOUND.items()}
    tables[table][0][column] = value
    return tables


def as_csv(tables: dict[str, list[dict[str, Any]]], folder: Path) -> bytes:
    return zipped(write_csv(folder, tables))


def as_parquet(tables: dict[str, list[dict[str, Any]]], folder: Path) -> bytes:
    folder.mkdir()
    for name, rows in tables.items():
        names = list(dict.fromkeys(key for row in rows for key in row))
        pq.write_table(pa.table({key: [row.get(key, "") for row in rows] for key in names}), folder / f"{name}.parquet")
    return zipped(folder)


def as_workbook(tables: dict[str, list[dict[str, Any]]], _: Path) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in tables.items():
            sheet = book.add_worksheet(name)
            names = list(dict.fromkeys(key for row in rows for key in row))
            sheet.write_row(0, 0, names)
            for number, row in enumerate(rows, start=1):
                for place, key in enumerate(names):
                    sheet.write_string(number, place, row.get(key, ""))
    return file.getvalue()


def zipped(folder: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return file.getvalue()


CELLS = [("issuers", "name"), ("positions", "position_id"), ("positions", "desk_note"), ("positions", "tags")]


@pytest.mark.parametrize("form", [as_csv, as_parquet, as_workbook], ids=lambda form: form.__name__)
def test_a_cell_of_any_table(service: Service, tmp_path: Path, form: Any) -> None:
    before = service.head()
    for number, (table, column) in enumerate(CELLS):
        upload = form(spoilt(table, column, "a\x01b"), tmp_path / f"{number}")
        problem = service.refusal(service.post("ingestion/portfolios", content=upload), 422)
        found = [
            (one["table"], one["row"], one["column"]) for one in problem["errors"] if one["code"] == "CONTROL_CHARACTER"
        ]
        assert found == [(table, 2, column)]
        assert "\x01" not in json.dumps(problem, ensure_ascii=False)
    assert service.head() == before


def test_a_column_name_and_an_escape_in_a_tag(service: Service, tmp_path: Path) -> None:
    named = as_csv(spoilt("positions", "not\x01e", "1"), tmp_path / "named")
    tagged = as_csv(spoilt("positions", "tags", '{"A": "\\u0000"}'), tmp_path / "tagged")
    lone = as_csv(spoilt("positions", "tags", '{"A": "\\ud800"}'), tmp_path / "lone")
    paid = as_csv(spoilt("instruments", "payoff", '{"kind": "CMS\\u0000"}'), tmp_path / "paid")
    for upload in (named, tagged, lone, paid):
        problem = service.refusal(service.post("ingestion/portfolios", content=upload), 422)
        assert {one["code"] for one in problem["errors"]} & {"CONTROL_CHARACTER", "INVALID_PAYOFF"}


def test_blanks_around_a_value_go_as_before(service: Service, tmp_path: Path) -> None:
    upload = as_csv(spoilt("issuers", "name", "Acme\t\n"), tmp_path / "fund")
    report = service.post("ingestion/portfolios?dry_run=true", content=upload).json()
    assert (report["errors"], [one["code"] for one in report["warnings"]]) == ([], ["SURROUNDING_BLANKS"])


@pytest.mark.parametrize("amount", ["1e15", "-1000000000000000", "1e19", "9" * 40])
@pytest.mark.parametrize(("table", "column"), [("positions", "notional"), ("positions", "book_value")])
def test_amounts_stay_below_1e15(service: Service, tmp_path: Path, table: str, column: str, amount: str) -> None:
    before = service.head()
    upload = as_csv(spoilt(table, column, amount), tmp_path / "fund")
    problem = service.refusal(service.post("ingestion/portfolios", content=upload), 422)
    found = [(one["table"], one["row"], one["column"], one["code"]) for one in problem["errors"]]
    assert found == [(table, 2, column, "OUT_OF_RANGE")]
    assert service.head() == before
    largest = as_csv(spoilt(table, column, "999999999999999.9"), tmp_path / "largest")
    assert service.post("ingestion/portfolios?dry_run=true", content=largest).json()["errors"] == []


# --- what is there already ------------------------------------------------------------------------------------------


def put_raw(service: Service, *events: Any) -> None:
    """As a release stored them that had no gate."""
    stored = [StoredEvent(one.originator_id, one.originator_version, *codec.encode(one)) for one in events]
    service.tenor.store._recorder.insert_events(stored)


def envelope() -> Envelope:
    return Envelope("old\x00", utc_now(), uuid4())


def old_snapshot(kind: SnapshotKind, totals: dict[str, Any]) -> SnapshotRegistered:
    place = envelope().at(stream_id("snapshot", kind.value, "1" * 64), 1)
    facts: dict[str, Any] = {
        "sha256": "1" * 64,
        "schema_version": 1,
        "rows": {"curves": 1},
        "source": {"values": {"a": ["b\x00"]}},
    }
    return SnapshotRegistered(**place, kind=kind, control_totals=totals, **facts)


def test_read_models_get_past_what_old_events_hold(fresh: Service) -> None:
    approval = ModelVersionApproved(
        **envelope().at(model_stream("swaps"), 1),
        model="swaps",
        version=1,
        reason="a\x00b\nc",
        conditions="",
        until=None,
    )
    run_id = UUID(int=77)
    terms = {"portfolio_snapshot_id": run_id, "portfolio_sha256": "", "market_snapshot_id": run_id, "market_sha256": ""}
    asked = {"as_of": date(2026, 1, 23), "base_currency": "USD", "scenarios": ["BASE"], "scenario_documents": []}
    sizes = {"measures": ["PV"], "positions": 1, "chunk_size": 4096, "models": []}
    (requested,) = runs.request(runs.Run(), envelope(), run_id, terms | asked | sizes)
    rejected = runs.RunRejected(**envelope().at(run_id, 2), reason="a\x00b")
    put_raw(fresh, old_snapshot(SnapshotKind.MARKET, {}), approval, requested, rejected)
    fresh.catch_up()
    assert fresh.post("scenario/scenarios", json={"scenario_id": "after", "shocks": []}).status_code == 202
    fresh.catch_up()
    (decision,) = fresh.get("risk/models/swaps").json()["decisions"]
    assert decision["reason"] == "a\ufffdb\nc"
    assert fresh.get(f"orchestrator/runs/{run_id}/history").json()[-1]["payload"] == {"reason": "a\ufffdb"}
    assert fresh.get("marketdata/markets").json()[0]["actor"] == "old\ufffd"
    assert [one["scenario_id"] for one in fresh.get("scenario/scenarios").json()] == ["BASE", "after"]


def test_amounts_of_old_events_can_be_listed(fresh: Service) -> None:
    put_raw(fresh, old_snapshot(SnapshotKind.MARKET, {"USD": {"notional": 1e19, "book_value": -3e300}}))
    fresh.catch_up()
    (listed,) = fresh.get("marketdata/markets").json()
    assert listed["control_totals"] == {"USD": {"notional": 1e19, "book_value": -3e300}}


def test_the_log_itself_refuses_what_no_read_model_could_hold(service: Service) -> None:
    with pytest.raises(ValueError, match="zero character"):
        service.tenor.store.append([runs.fail_chunk(envelope(), UUID(int=1), 0, 1, "x")])


# --- the command line -----------------------------------------------------------------------------------------------


def test_the_words_of_a_command(tenor: Tenor, tmp_path: Path) -> None:
    run = str(UUID(int=1))
    assert tenor.refusal("run", "reject", run, "--reason", "a\nb")["code"] == "CONTROL_CHARACTER"
    assert tenor.refusal("run", "reject", run, "--reason", "a\udc80b")["code"] == "CONTROL_CHARACTER"
    document = tmp_path / "scenario.json"
    document.write_text('{"scenario_id": "s", "name": "\\u0000", "shocks": []}')
    problem = tenor.refusal("scenario", "define", document)
    assert [one["code"] for one in problem["problems"]] == ["CONTROL_CHARACTER"]
    with psycopg.connect(str(tenor.database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM ledger_events").fetchone() == (0,)
