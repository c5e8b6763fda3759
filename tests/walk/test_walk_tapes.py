"""Tapes as a user brings them: a mapping, an ingest, a run; and back from a number to the line of the file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.walk.command_line import SMALL_FUND, Tenor

TAPES = Path(__file__).parent / "tapes"
DATED = ("--as-of", "2026-01-23")

BUILT_IN = [
    ("fannie_mae_sflp", ("2021Q1.csv",), {"135000000011": 210640.92, "135000000022": 398011.17}, 1008777.49),
    ("freddie_mac_sflld", ("historical_data_time_2021Q1.txt", "historical_data_origination_2021Q1.txt"),
     {"F21Q10000015": 278850.44, "F21Q10000026": 93012.70}, 371863.14),
    ("sec_abs_ee_auto", ("exhibit102.xml",), {"0000012345001": 18250.31, "0000012345002": 9120.05}, 27370.36),
    ("consumer_tape", ("consumer.csv",), {"68407277": 1420.77, "68341763": 14255.13}, 24677.40),
]  # fmt: skip
"""The balances are those of each loan's last row on or before the date, in the files beside this test."""


def run_of(tenor: Tenor, portfolio: str) -> str:
    market = tenor.json("market", "load", SMALL_FUND / "market.json")["snapshot_id"]
    asked = ("run", "submit", "--portfolio", portfolio, "--market", market, "--measures", "PV", "--cashflows", "none")
    run = tenor.json(*asked, "--wait", "--workers", "1")
    assert run["failed"] == 0, run
    return str(run["run_id"])


@pytest.mark.parametrize(("mapping", "files", "balances", "total"), BUILT_IN, ids=[row[0] for row in BUILT_IN])
def test_a_published_tape_is_in_and_priced_in_three_commands(
    mapping: str, files: tuple[str, ...], balances: dict[str, float], total: float, tenor: Tenor
) -> None:
    paths = [TAPES / name for name in files]
    report = tenor.json("ingest", *paths, "--mapping", mapping, "--book", "BOOK", *DATED)
    assert report["errors"] == []
    assert report["control_totals"]["USD"]["notional"] == pytest.approx(total, abs=0.005)
    run = run_of(tenor, report["snapshot_id"])
    rows = json.loads(tenor("results", run, "--columns", "pv", "--format", "json").out)
    values = {row["position_id"]: row["pv"] for row in rows}
    for position, balance in balances.items():
        assert values[position] == pytest.approx(balance, rel=0.5), (
            "a loan without prepayment is worth about its balance"
        )


def test_a_number_leads_back_to_the_line_of_the_tape(tenor: Tenor) -> None:
    files = [TAPES / "historical_data_time_2021Q1.txt", TAPES / "historical_data_origination_2021Q1.txt"]
    report = tenor.json("ingest", *files, "--mapping", "freddie_mac_sflld", "--book", "BOOK", *DATED)
    lineage = tenor.json("audit", "lineage", run_of(tenor, report["snapshot_id"]), "F21Q10000026", "PV")
    rows = {row["table"]: row for row in lineage["portfolio"]["rows"]}
    position = rows["positions"]
    assert (position["file"], position["row"]) == (files[0].name, 3)
    assert (position["joined"]["file"], position["joined"]["row"]) == (files[1].name, 2)
    assert position["file_sha256"] and position["joined"]["file_sha256"]
    assert (rows["instruments"]["row"], rows["instruments"]["fields"]["coupon"]) == (3, 0.0325)


HOUSE = {
    "mapping_id": "house",
    "format": {"delimiter": ";", "decimal": ",", "thousands": ".", "dates": "DD.MM.YYYY", "encoding": "cp1252"},
    "skip_rows": 1,
    "columns": {
        "positions.position_id": {"from": "Loan ID"},
        "positions.notional": {"from": "Balance"},
        "positions.book_id": {"from": "Branch"},
        "instruments.product_type": {"value": "LOAN"},
        "instruments.currency": {"from": "Ccy"},
        "instruments.rate_type": {"from": "Type", "map": {"fixed": "FIXED"}},
        "instruments.coupon": {"from": "Interest Rate"},
        "instruments.issue_date": {"from": "Origination Date"},
        "instruments.maturity_date": {"from": "Maturity"},
        "instruments.day_count": {"value": "30/360"},
        "instruments.frequency": {"value": 12},
        "instruments.amortization": {"value": "LEVEL_PAY"},
    },
}


def written(folder: Path, document: Any, name: str = "house.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_mappings_are_kept_in_versions(tenor: Tenor, tmp_path: Path) -> None:
    assert tenor.json("mapping", "define", written(tmp_path, HOUSE)) == {"mapping_id": "house", "version": 1}
    assert tenor.json("mapping", "define", written(tmp_path, HOUSE)) == {"mapping_id": "house", "version": 1}
    changed = {**HOUSE, "where": {"Type": ["fixed"]}}
    assert tenor.json("mapping", "define", written(tmp_path, changed)) == {"mapping_id": "house", "version": 2}
    listed = tenor.json("mapping", "list")
    assert listed[0] == {"mapping_id": "fannie_mae_sflp", "version": 1, "built_in": True}
    assert listed[-1] == {"mapping_id": "house", "version": 2, "built_in": False}
    assert [tenor.json("mapping", "show", name)["where"] for name in ("house@1", "house")] == [{}, {"Type": ["fixed"]}]
    assert tenor.refusal("mapping", "define", written(tmp_path, {**HOUSE, "mapping_id": "ore_market"}))["code"] == (
        "BUILT_IN_MAPPING"
    )
    problem = tenor.refusal("ingest", TAPES / "german_loans.csv", "--mapping", "huose")
    assert problem["code"] == "UNKNOWN_MAPPING" and "house" in problem["fix"]


def test_a_mapping_that_leaves_a_required_column_without_a_source_names_it(tenor: Tenor, tmp_path: Path) -> None:
    columns = {name: source for name, source in HOUSE["columns"].items() if name != "positions.notional"}  # type: ignore[attr-defined]
    problem = tenor.refusal("mapping", "define", written(tmp_path, {**HOUSE, "columns": columns}))
    assert problem["code"] == "INVALID_MAPPING" and "positions.notional" in problem["message"]


def test_rejected_rows_come_back_and_the_others_are_stored(tenor: Tenor, tmp_path: Path) -> None:
    mapping, rejects = written(tmp_path, HOUSE), tmp_path / "rejects.csv"
    asked = ("ingest", TAPES / "german_loans.csv", "--mapping", mapping, "--rejects", rejects, *DATED)
    refused = tenor(*asked)
    assert refused.code == 1 and "variable" in refused.err
    report = tenor.json(*asked, "--accept-valid")
    assert report["tape"]["rejected"] == 1 and report["accepted"] == 5 + 1
    lines = rejects.read_text(encoding="cp1252").splitlines()
    assert lines[0].startswith("Kreditportfolio") and lines[1].endswith(";reason")
    assert len(lines) == 3 and lines[2].startswith("K-003;") and "variable" in lines[2]
    report = tenor.json("ingest", TAPES / "german_loans.csv", "--mapping", "house", "--accept-valid", *DATED)
    assert report["portfolio"] == "german_loans" and report["as_of"] == "2026-01-23"


def test_what_comes_without_a_mapping_is_told_how_to_get_one(tenor: Tenor) -> None:
    problem = tenor.refusal("ingest", TAPES / "consumer.csv")
    assert problem["code"] == "NEEDS_MAPPING" and "mapping suggest" in problem["fix"]
    assert tenor.refusal("ingest", SMALL_FUND, "--book", "B")["code"] == "NEEDS_MAPPING"
    assert tenor.refusal("ingest", TAPES / "market.txt", "--mapping", "ore_market")["code"] == "WRONG_MAPPING"
    assert tenor.refusal("market", "load", TAPES / "market.txt", "--mapping", "consumer_tape")["code"] == (
        "WRONG_MAPPING"
    )


def test_where_rejects_cannot_be_written_nothing_is_done(tenor: Tenor, tmp_path: Path) -> None:
    asked = ("ingest", TAPES / "consumer.csv", "--mapping", "consumer_tape")
    assert tenor.refusal(*asked, "--rejects", tmp_path / "no" / "rejects.csv")["code"] == "UNWRITABLE_FILE"
    assert tenor.refusal("mapping", "suggest", TAPES / "consumer.csv", "--out", tmp_path)["code"] == "UNWRITABLE_FILE"


def test_a_suggestion_becomes_a_mapping(tenor: Tenor, tmp_path: Path) -> None:
    out = tmp_path / "mapping.json"
    found = tenor.json("mapping", "suggest", TAPES / "german_loans.csv", "--out", out)
    assert found["missing"][0]["column"] == "instruments.product_type"
    assert len(found["rows"]) == 3
    document = json.loads(out.read_text())
    constants = {each["column"]: {"value": "?"} for each in found["missing"]}
    constants |= {name: source for name, source in HOUSE["columns"].items() if name in constants}  # type: ignore[attr-defined]
    document["columns"] |= constants
    assert tenor.json("mapping", "define", written(tmp_path, document))["mapping_id"] == "german_loans"


def test_a_market_is_built_from_quotes_and_leads_back_to_their_lines(tenor: Tenor) -> None:
    files = (TAPES / "market.txt", TAPES / "fixings.txt")
    loaded = tenor.json("market", "load", *files, "--mapping", "ore_market")
    assert loaded["as_of"] == "2026-01-23"
    assert {each["code"] for each in loaded["warnings"]} >= {"QUOTE_LEFT_ASIDE", "BASE_CURRENCY_TAKEN"}
    assert tenor.json("market", "load", *files, "--mapping", "ore_market")["snapshot_id"] == loaded["snapshot_id"]
    report = tenor.json("ingest", TAPES / "consumer.csv", "--mapping", "consumer_tape", *DATED)
    asked = ("--portfolio", report["snapshot_id"], "--market", loaded["snapshot_id"], "--measures", "PV")
    run = tenor.json("run", "submit", *asked, "--wait", "--workers", "1")["run_id"]
    used = tenor.json("audit", "lineage", run, "68407277", "PV")["market"]["used"]
    (curve,) = used["curves"]
    assert curve["curve_id"] == "USD1D"
    assert curve["lines"] == [{"file": "market.txt", "line": line} for line in (15, 16, 17, 18)]


@pytest.fixture
def served(tenor: Tenor) -> Iterator[TestClient]:
    with (
        open_tenor(Settings(tenor.home, tenor.database_url)) as parts,
        TestClient(build_app(parts), raise_server_exceptions=False) as client,
    ):
        yield client


INGESTION = "/api/v1/ingestion"


def test_by_http_a_tape_is_tried_edited_and_stored(served: TestClient, tenor: Tenor) -> None:
    tape = (TAPES / "consumer.csv").read_bytes()
    wrong = tape.replace(b"13.99%", b"13.99pct")
    asked = {"mapping": "consumer_tape", "as_of": "2026-01-23", "portfolio": "Consumer", "book": "B"}
    tried = served.post(f"{INGESTION}/portfolios", params={**asked, "dry_run": "true", "file": "c.csv"}, content=wrong)
    assert tried.status_code == 200
    (error,) = [each for each in tried.json()["errors"] if each["code"] != "DEPENDS_ON_REJECTED"]
    assert (error["table"], error["row"], error["column"]) == ("instruments", 2, "coupon")
    edit = {"table": "instruments", "row": 2, "column": "coupon", "value": 0.1399}
    parts = {"file": ("c.csv", wrong), "edits": (None, json.dumps([edit]))}
    stored = served.post(f"{INGESTION}/portfolios", params=asked, files=parts, headers={"Tenor-Actor": "ada"})
    assert stored.status_code == 202, stored.text
    run = run_of(tenor, stored.json()["snapshot_id"])
    lineage = tenor.json("audit", "lineage", run, "68407277", "PV")
    (row,) = [each for each in lineage["portfolio"]["rows"] if each["table"] == "instruments"]
    (kept,) = row["edits"]
    assert (kept["column"], kept["from"], kept["to"]) == ("coupon", "13.99pct", "0.1399")
    assert kept["by"].startswith("ada at ")
    misfit = {"file": ("c.csv", wrong), "edits": (None, json.dumps([{**edit, "row": 99}]))}
    refused = served.post(f"{INGESTION}/portfolios", params=asked, files=misfit)
    assert refused.status_code == 422 and "EDIT_MISFIT" in refused.text


def test_by_http_mappings_are_defined_listed_and_suggested(served: TestClient) -> None:
    head = served.post(f"{INGESTION}/mappings", json=HOUSE)
    assert (head.status_code, head.json()["version"]) == (202, 1)
    assert head.headers["Location"] == f"{INGESTION}/mappings/house@1"
    assert served.get(head.headers["Location"]).json()["mapping"]["mapping_id"] == "house"
    listed = served.get(f"{INGESTION}/mappings").json()
    assert {"mapping_id": "house", "version": 1, "built_in": False} in listed
    before = served.get(f"{INGESTION}/mappings", params={"as_of_event": head.json()["event_position"] - 1}).json()
    assert "house" not in [each["mapping_id"] for each in before]
    assert served.get(f"{INGESTION}/mappings/hous").status_code == 404
    found = served.post(
        f"{INGESTION}/mappings/suggest", files={"file": ("g.csv", (TAPES / "german_loans.csv").read_bytes())}
    )
    assert found.status_code == 200 and found.json()["mapping"]["format"]["delimiter"] == ";"
    refused = served.post(
        f"{INGESTION}/mappings", json={"mapping_id": "x", "columns": {"positions.fico": {"from": "A"}}}
    )
    assert refused.status_code == 422 and refused.json()["code"] == "INVALID_MAPPING"


REFUSED = [
    ("an unknown parameter", {"mappng": "x"}, {"file": ("a.csv", b"a")}, 422, "UNKNOWN_PARAMETER"),
    ("an unknown mapping", {"mapping": "x"}, {"file": ("a.csv", b"a")}, 404, "UNKNOWN_MAPPING"),
    ("an unknown part", {}, {"file": ("a.csv", b"a"), "edit": (None, "[]")}, 422, "UNKNOWN_PART"),
    ("no file", {}, {"edits": (None, "[]")}, 422, "NO_FILE"),
    ("edits that are none", {}, {"file": ("a.csv", b"a"), "edits": (None, "[{]")}, 422, "INVALID_EDITS"),
    ("a misspelt edit", {}, {"file": ("a.csv", b"a"), "edits": (None, '[{"tabel": "x"}]')}, 422, "INVALID_EDITS"),
    ("a book alone", {"book": "B"}, {"file": ("a.csv", b"a")}, 422, "NEEDS_MAPPING"),
    ("a tape that is empty", {"mapping": "consumer_tape"}, {"file": ("a.csv", b"")}, 422, "PORTFOLIO_REJECTED"),
]


@pytest.mark.parametrize(("params", "files", "status", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_by_http_what_cannot_be_is_a_problem(
    params: dict[str, str], files: dict[str, Any], status: int, code: str, served: TestClient
) -> None:
    answer = served.post(f"{INGESTION}/portfolios", params=params, files=files)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
