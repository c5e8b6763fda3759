"""All or nothing, the good rows alone, totals, lines, and what a report says."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.codes import MEANING, Code
from commands.ingestion.outcome import refused
from commands.ingestion.prepare import Prepared

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]


def dependants(prepared: Prepared) -> list[tuple[str, int | None, str | None]]:
    return [(e.table, e.row, e.column) for e in prepared.errors if e.code == "DEPENDS_ON_REJECTED"]


def test_a_sound_portfolio(sound: Tables, bring: Bring) -> None:
    prepared = bring(sound)
    assert prepared.errors == [] and prepared.warnings == []
    assert prepared.rows == {"portfolio": 4, "issuers": 1, "instruments": 3, "positions": 3}
    assert (prepared.accepted, prepared.rejected) == (11, 0)
    assert prepared.control_totals == {
        "EUR": {"positions": 2, "notional": -1500.0},
        "USD": {"positions": 1, "notional": 1000.5},
    }
    assert prepared.portfolio is not None
    assert prepared.portfolio.position_count == 3


def test_control_totals_are_exact(sound: Tables, bring: Bring) -> None:
    sound["positions"] = [
        {"position_id": f"P{n}", "instrument_id": "L1", "book_id": "BOOK", "notional": "0.1", "book_value": "1e14"}
        for n in range(10)
    ]
    sound["positions"][0]["book_value"] = "-9e14"
    sound["positions"][1]["book_value"] = ""
    assert bring(sound).control_totals["USD"] == {"positions": 10, "notional": 1.0, "book_value": -1e14}


def test_by_default_one_error_stores_nothing(sound: Tables, bring: Bring) -> None:
    sound["instruments"][1]["coupon"] = "x"
    prepared = bring(sound)
    assert (prepared.portfolio, prepared.sha256, prepared.accepted, prepared.rejected) == (None, None, 0, 1)
    assert [(error.table, error.row) for error in prepared.errors] == [("instruments", 3)]


def test_the_report_says_how_many_rows_could_be_stored_without_the_wrong_ones(sound: Tables, bring: Bring) -> None:
    sound["instruments"][1]["coupon"] = "x"
    prepared = bring(sound)
    assert (prepared.accepted, prepared.acceptable, prepared.rejected) == (0, 9, 1)
    assert dependants(prepared) == []  # a trial leaves no errors behind
    assert prepared.acceptable == bring(sound, accept_valid=True).accepted
    assert refused(prepared.report(), "--accept-valid") == (
        "nothing was stored: 1 of 11 rows is wrong",
        "mend it and bring the portfolio again, or store 9 rows with --accept-valid "
        "(1 row more cannot be kept without the wrong)",
    )


def test_two_wrong_rows_leave_the_other_ones(sound: Tables, bring: Bring) -> None:
    sound["positions"][0]["notional"] = sound["positions"][1]["notional"] = ""
    said, fix = refused(bring(sound).report(), "--accept-valid")
    assert said == "nothing was stored: 2 of 11 rows are wrong"
    assert fix == "mend them and bring the portfolio again, or store the other 9 rows with --accept-valid"


@pytest.mark.parametrize("spoil", ["no table", "no column", "no good row", "a row that cannot be read"])
def test_accepting_the_good_rows_is_advised_only_where_it_helps(sound: Tables, bring: Bring, spoil: str) -> None:
    if spoil == "no table":
        del sound["instruments"]
    elif spoil == "no column":
        sound["positions"] = [{k: v for k, v in row.items() if k != "position_id"} for row in sound["positions"]]
    elif spoil == "no good row":
        sound["positions"] = [row | {"notional": ""} for row in sound["positions"]]
    else:
        sound["cashflows"] = [{"instrument_id": "L1", "pay_date": "2026-06-30", "principal": "4", "interest": "30"}]
        sound["cashflows"].append(
            {"instrument_id": "L1\x07", "pay_date": "2027-06-30", "principal": "", "interest": ""}
        )
        sound["positions"] = [row | {"notional": ""} for row in sound["positions"]]
    prepared = bring(sound)
    assert prepared.errors and prepared.acceptable == 0
    assert bring(sound, accept_valid=True).accepted == 0
    said, fix = refused(prepared.report(), "--accept-valid")
    assert said.startswith("nothing was stored") and "accept" not in fix


def test_the_good_rows_alone_leave_out_what_needs_a_bad_one(sound: Tables, bring: Bring) -> None:
    sound["instruments"][1]["coupon"] = "x"
    prepared = bring(sound, accept_valid=True)
    assert dependants(prepared) == [("positions", 3, "instrument_id")]
    assert (prepared.accepted, prepared.rejected) == (9, 2)
    assert {table: rows.tolist() for table, rows in prepared.left_out.items()} == {"instruments": [3], "positions": [3]}
    assert prepared.control_totals == {
        "EUR": {"positions": 1, "notional": 500.0},
        "USD": {"positions": 1, "notional": 1000.5},
    }
    clean = {name: list(rows) for name, rows in sound.items()}
    del clean["instruments"][1], clean["positions"][1]
    assert prepared.sha256 == bring(clean).sha256


def test_a_rejected_node_takes_its_branch_and_an_issuer_its_instruments(sound: Tables, bring: Bring) -> None:
    sound["portfolio"][1]["kind"] = "DESKS"
    sound["portfolio"].append({"node_id": "LOOSE", "parent_id": "", "name": "", "kind": "BOOK"})
    sound["positions"][2]["book_id"] = "LOOSE"
    assert dependants(bring(sound, accept_valid=True)) == [
        ("portfolio", 4, "parent_id"),
        ("portfolio", 5, "parent_id"),
        ("positions", 2, "book_id"),
        ("positions", 3, "book_id"),
    ]


def test_a_loan_without_one_of_its_payments_is_not_accepted(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0]["amortization"] = "CUSTOM"
    sound["cashflows"] = [
        {"instrument_id": "L1", "pay_date": "2026-06-30", "principal": "400", "interest": "30"},
        {"instrument_id": "L1", "pay_date": "2027-06-30", "principal": "six hundred", "interest": "20"},
    ]
    prepared = bring(sound, accept_valid=True)
    assert dependants(prepared) == [
        ("instruments", 2, "instrument_id"),
        ("cashflows", 2, "instrument_id"),
        ("positions", 2, "instrument_id"),
    ]


def test_nothing_good_is_nothing_stored(sound: Tables, bring: Bring) -> None:
    for position in sound["positions"]:
        position["notional"] = ""
    prepared = bring(sound, accept_valid=True)
    assert prepared.portfolio is None and prepared.accepted == 0
    assert prepared.errors_by_code == {"NO_ROWS": 1, "REQUIRED": 3}


def test_a_missing_table_is_not_mended_by_leaving_rows_out(sound: Tables, bring: Bring) -> None:
    del sound["instruments"]
    prepared = bring(sound, accept_valid=True)
    assert prepared.portfolio is None
    assert prepared.errors_by_code == {"MISSING_TABLE": 1, "UNKNOWN_REFERENCE": 1}


def test_lines_lead_back_to_the_file(sound: Tables, bring: Bring) -> None:
    sound["positions"].reverse()
    prepared = bring(sound)
    assert prepared.portfolio is not None
    ids = prepared.portfolio.tables["positions"].columns["position_id"]
    order = [ids.categories[code] for code in ids.values]
    assert order == ["P1", "P2", "P3"]  # a loan, a bond, a forward
    assert prepared.lines["positions"].rows.tolist() == [4, 3, 2]
    document = json.loads(zlib.decompress(prepared.lines_document()))
    assert document["positions"] == {"file": "positions.csv", "rows": [4, 3, 2]}


def test_the_report_has_the_contract_s_fields_and_is_json(sound: Tables, bring: Bring) -> None:
    sound["positions"][0]["notional"] = "NaN"
    report = json.loads(json.dumps(bring(sound, accept_valid=True).report()))
    assert {"sha256", "rows", "accepted", "rejected", "errors", "control_totals"} <= set(report)
    assert report["errors"] == [
        {
            "table": "positions",
            "row": 2,
            "column": "notional",
            "code": "NOT_FINITE",
            "value": "NaN",
            "message": "notional is not a finite number.",
            "fix": "Write the value, or leave the cell empty where there is none.",
        }
    ]
    assert [file["name"] for file in report["files"]] == [
        "portfolio.csv",
        "issuers.csv",
        "instruments.csv",
        "positions.csv",
    ]


def test_a_report_is_capped_with_every_error_counted(sound: Tables, bring: Bring) -> None:
    sound["positions"] = [
        {"position_id": f"P{n}", "instrument_id": "L1", "book_id": "NONE", "notional": "x" if n else "1"}
        for n in range(12_000)
    ]
    sound["instruments"][0]["coupon"] = "x"
    prepared = bring(sound)
    assert prepared.errors_by_code == {"NOT_A_NUMBER": 12_000, "UNKNOWN_REFERENCE": 12_000}
    assert prepared.errors_total == 24_000 and len(prepared.errors) == 10_000
    assert prepared.rejected == 12_001
    assert ("instruments", 2) in {(error.table, error.row) for error in prepared.errors}
    assert {error.code for error in prepared.errors if error.table == "positions"} == {
        "NOT_A_NUMBER",
        "UNKNOWN_REFERENCE",
    }


@pytest.mark.parametrize("code", list(Code))
def test_every_code_says_what_it_means(code: Code) -> None:
    assert MEANING[code].endswith(".") and len(MEANING) == len(Code)
