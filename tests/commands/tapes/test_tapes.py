"""Tapes of every kind become the same portfolio; what cannot be read is told with its row."""

import bz2
import gzip
import io
import json
import zipfile
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from commands.ingest_portfolio import ByMapping, ReadingOptions, prepared_of
from commands.ingestion.limits import Budget
from domain.tapes.mapping import as_json, parse_mapping
from tests.commands.tapes.conftest import COLUMNS, PLAIN, Bring, codes, column

SWISS = (
    "Stand: heute\nLOAN_ID;UPB;MAT;RATE;ORT\n\"A;1\";1'000,5;31.12.2030;5,25%;Zürich\nB;2'000;01.01.2031;4%;Genève\n"
)
SWISS_FORMAT = {"delimiter": ";", "decimal": ",", "thousands": "'", "dates": "DD.MM.YYYY"}


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return held.getvalue()


def workbook(rows: list[list[Any]]) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("loans")
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return held.getvalue()


WORKBOOK = workbook([["LOAN_ID", "UPB", "MAT", "RATE", "STATE"], ["A", 100, "2030-01-01", 0.05, "NJ"],
                     ["B", 200, "2031-01-01", 0.04, "NY"]])  # fmt: skip


def parquet(**columns: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


PARQUET = parquet(
    LOAN_ID=["A", "B"],
    UPB=[100.0, 200.0],
    MAT=pa.array([date(2030, 1, 1), date(2031, 1, 1)]),
    RATE=[0.05, 0.04],
    STATE=pa.array(["NJ", "NY"]).dictionary_encode(),
    HISTORY=[[1, 2], [3]],
)
XML = (
    '<?xml version="1.0"?><a:deal xmlns:a="urn:x"><a:loan id="A"><UPB>100</UPB><terms><MAT>2030-01-01</MAT>'
    '<RATE>0.05</RATE></terms><STATE>NJ</STATE></a:loan><a:loan id="B"><UPB>200</UPB><terms><MAT>2031-01-01</MAT>'
    "<RATE>0.04</RATE></terms><STATE>NY</STATE></a:loan></a:deal>"
)

SAME: list[tuple[str, str | bytes, dict[str, Any]]] = [
    ("tabs", PLAIN.replace(",", "\t"), {}),
    ("bars", PLAIN.replace(",", "|"), {"format": {"delimiter": "|"}}),
    ("semicolons and quotes", "\n".join(
        ";".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()), {}),
    ("CRLF", PLAIN.replace("\n", "\r\n"), {}),
    ("a BOM", "\ufeff" + PLAIN, {}),
    ("UTF-16", PLAIN.encode("utf-16"), {"format": {"encoding": "utf-16"}}),
    ("gzip", gzip.compress(PLAIN.encode()), {}),
    ("zip", zipped(tape__csv=PLAIN.encode()), {}),
    ("a workbook", WORKBOOK, {}),
    ("Parquet", PARQUET, {}),
    ("Parquet, of a bank that writes texts another way", PARQUET, {"format": {"decimal": ",", "dates": "DD.MM.YYYY"}}),
    ("a title", "Loans of the bank\n\n" + PLAIN, {"skip_rows": 2}),
    ("blank lines", PLAIN.replace("\nB", "\n\nB") + "\n\n", {}),
    ("headers in another case", PLAIN.replace("LOAN_ID", " loan_id "), {}),
    ("month first", PLAIN.replace("2030-01-01", "1/1/2030").replace("2031-01-01", "01/01/2031"),
     {"format": {"dates": "MM/DD/YYYY"}}),
    ("XML", XML, {"format": {"record": "loan"}, "columns": {"positions.position_id": {"from": "id"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("tape", "more"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_however_it_is_written_it_is_the_same_portfolio(tape: str | bytes, more: dict[str, Any], bring: Bring) -> None:
    found, plain = bring(tape, **more), bring(PLAIN)
    assert codes(found) == []
    assert found.sha256 == plain.sha256
    assert column(found, "positions", "position_id") == ["A", "B"]
    assert column(found, "positions", "notional") == [100.0, 200.0]
    assert column(found, "positions", "state") == ["NJ", "NY"]


def test_marks_quotes_and_accents_are_read_as_the_mapping_says(bring: Bring) -> None:
    found = bring(SWISS.encode("latin-1"), format={**SWISS_FORMAT, "encoding": "latin-1"}, skip_rows=1)
    assert column(found, "positions", "position_id") == ["A;1", "B"]
    assert column(found, "positions", "notional") == [1000.5, 2000.0]
    assert column(found, "instruments", "coupon") == [0.0525, 0.04]
    assert column(found, "positions", "ort") == ["Zürich", "Genève"]


def test_a_mark_other_than_the_usual_quotes_values(bring: Bring) -> None:
    found = bring(PLAIN.replace("A,", "'A,1',"), format={"quote": "'"})
    assert column(found, "positions", "position_id") == ["A,1", "B"]


def test_numbers_of_a_workbook_are_numbers_whatever_mark_its_texts_have(bring: Bring) -> None:
    head: list[Any] = ["LOAN_ID", "UPB", "MAT", "RATE"]
    rows = [head, ["A", 1000.5, "2030-01-01", 0.05], ["B", "2.000,5", "2030-01-01", "4%"]]
    found = bring(workbook(rows), format={"decimal": ",", "thousands": "."})
    assert column(found, "positions", "notional") == [1000.5, 2000.5]
    assert column(found, "instruments", "coupon") == [0.05, 0.04]


def test_a_file_without_a_header_has_numbers_for_names(bring: Bring) -> None:
    columns = {
        **{target: {"from": place} for target, place in (
            ("positions.position_id", 1), ("positions.notional", 2), ("instruments.maturity_date", 3),
            ("instruments.coupon", 4), ("positions.fico", 6),
        )}
    }  # fmt: skip
    found = bring("A|100|012030|5|NJ|700\nB|200|012031|4|NY|650\n", columns=columns,
                  format={"delimiter": "|", "header": False, "dates": "MMYYYY", "percent_columns": [4]})  # fmt: skip
    assert column(found, "positions", "fico") == [700.0, 650.0]
    assert column(found, "instruments", "coupon") == [0.05, 0.04]
    assert column(found, "positions", "column_5") == ["NJ", "NY"]
    assert found.lines["positions"].rows.tolist() == [1, 2]


def test_positions_of_one_bond_share_it_and_rows_that_differ_are_refused(bring: Bring) -> None:
    tape = "LOAN_ID,UPB,MAT,RATE,BOND\nA,1,2030-01-01,0.05,X\nB,2,2030-01-01,0.05,X\nC,3,2030-01-01,0.06,Y\n"
    columns = {"instruments.instrument_id": {"from": "BOND"}}
    found = bring(tape, columns=columns)
    assert column(found, "instruments", "instrument_id") == ["X", "Y"]
    assert len(column(found, "positions", "position_id")) == 3
    differing = bring(tape.replace("B,2,2030", "B,2,2031"), columns=columns)
    assert ("DUPLICATE_ID", 3, "instrument_id") in codes(differing)


def test_books_are_the_nodes_that_rows_name(bring: Bring) -> None:
    found = bring(PLAIN, book=None, columns={"positions.book_id": {"from": "STATE"}})
    assert column(found, "portfolio", "node_id") == ["NJ", "NY"]
    assert column(found, "portfolio", "kind") == ["BOOK", "BOOK"]
    unnamed = bring(PLAIN, book=None)
    assert column(unnamed, "portfolio", "node_id") == ["fund"]
    assert "book_id" in [warning.column for warning in unnamed.warnings]


def test_a_column_named_as_one_of_positions_is_it_only_where_its_values_fit(bring: Bring) -> None:
    fits = bring(PLAIN.replace("STATE", "LTV").replace("NJ", "0.8").replace("NY", "0.7"))
    assert column(fits, "positions", "ltv") == [0.8, 0.7]
    percent = bring(PLAIN.replace("STATE", "LTV").replace("NJ", "80").replace("NY", "70"))
    assert column(percent, "positions", "tape_ltv") == [80.0, 70.0]
    assert any("tape_ltv" in warning.message for warning in percent.warnings)


MONTHS = (
    "LOAN_ID,UPB,MAT,RATE,PERIOD,STATUS\nA,100,2030-01-01,0.05,112025,C\nA,90,2030-01-01,0.05,122025,C\n"
    "A,80,2030-01-01,0.05,012027,C\nB,50,2030-01-01,0.05,112025,C\nB,0,2030-01-01,0.05,122025,P\n"
)
MONTHLY = {"format": {"dates": "MMYYYY"}, "latest": {"key": "LOAN_ID", "date": "PERIOD"}, "where": {"STATUS": ["C"]}}


def test_of_a_monthly_tape_the_last_row_of_each_loan_counts_and_then_what_is_wanted(bring: Bring) -> None:
    found = bring(MONTHS, **MONTHLY)
    assert column(found, "positions", "notional") == [90.0]
    assert found.lines["positions"].rows.tolist() == [3]
    assert found.more["tape"]["left_aside"] == {"not_latest": 3, "STATUS": 1}
    assert column(bring(MONTHS, as_of="2027-02-01", **MONTHLY), "positions", "notional") == [80.0]
    assert codes(bring(MONTHS, as_of="2020-01-01", **MONTHLY)) == [("NO_ROWS", None, None)]


def test_a_second_file_stands_beside_the_first(bring: Bring) -> None:
    first = "LOAN_ID,UPB,RATE\nA,100,0.05\nB,200,0.04\nC,300,0.03\n"
    second = "LOAN_ID,MAT,SCORE,UPB\nB,2031-01-01,650,250\nA,2030-01-01,700,150\n"
    join = {"file": "orig", "on": "LOAN_ID"}
    found = bring(first, second, names=("perf.csv", "orig.csv"), join=join, accept_valid=True)
    assert codes(found) == [("UNKNOWN_REFERENCE", 4, "LOAN_ID")]
    assert column(found, "positions", "score") == [700.0, 650.0]
    assert column(found, "positions", "orig.upb") == [150.0, 250.0]
    assert found.lines["positions"].more["joined"] == {"file": "orig.csv", "rows": [3, 2]}
    alone = bring(first, names=("perf.csv",), join=join)
    assert codes(alone) == [("MISSING_SOURCE", None, None)]
    twice = bring(first, second + "A,2030-01-01,1,1\n", names=("perf.csv", "orig.csv"), join=join)
    assert ("DUPLICATE_ID", None, "LOAN_ID") in codes(twice)


def test_rows_of_several_files_lead_back_to_their_own(bring: Bring) -> None:
    more = "LOAN_ID,UPB,MAT,RATE,CITY\nC,x,2030-01-01,0.05,Rye\nD,400,2030-01-01,0.05,Ayr\n"
    found = bring(PLAIN, more, accept_valid=True)
    assert codes(found) == [("NOT_A_NUMBER", 2, "notional")]
    assert "tape1.csv" in found.errors[0].message
    lines = json.loads(zlib.decompress(found.lines_document()))["positions"]
    at = [(lines["files"][which], row) for which, row in zip(lines["file_of"], lines["rows"], strict=True)]
    assert at == [("tape0.csv", 2), ("tape0.csv", 3), ("tape1.csv", 3)]
    assert column(found, "positions", "city") == [None, None, "Ayr"]


REFUSED: list[tuple[str, str | bytes, dict[str, Any], str, str]] = [
    ("a byte that is no text", PLAIN.encode().replace(b"NY", b"N\xff"), {}, "ENCODING", "line 3"),
    ("a zero byte", PLAIN.encode().replace(b"NJ", b"N\0"), {}, "ENCODING", "line 2"),
    ("no such header", PLAIN.replace("UPB", "UBP"), {}, "MISSING_COLUMN", "UBP"),
    ("too few columns", "A|1\n", {"format": {"delimiter": "|", "header": False}, "columns": {
        target: {"from": 7} for target, source in COLUMNS.items() if "from" in source}}, "MISSING_COLUMN", "column 7"),
    ("nothing", "", {}, "EMPTY_FILE", "empty"),
    ("a header alone", "LOAN_ID,UPB,MAT,RATE\n", {}, "NO_ROWS", "no rows"),
    ("two tables in a zip", zipped(a__csv=b"x", b__csv=b"y"), {}, "UNREADABLE", "a.csv, b.csv"),
    ("a damaged gzip", gzip.compress(PLAIN.encode())[:-9], {}, "UNREADABLE", "damaged"),
    ("a damaged zip", zipped(a__csv=PLAIN.encode())[:-30], {}, "UNREADABLE", "damaged"),
    ("no XML", PLAIN, {"format": {"record": "loan"}}, "UNREADABLE", "line 1"),
    ("no such record", XML, {"format": {"record": "asset"}}, "NO_ROWS", "loan"),
    ("an entity", '<!DOCTYPE a [<!ENTITY b "c">]><a><loan>&b;</loan></a>', {"format": {"record": "loan"}},
     "ARCHIVE_BOMB", "document type"),
    ("nothing that is wanted", PLAIN, {"where": {"STATE": ["TX"]}}, "NO_ROWS", "STATE is none of TX"),
]  # fmt: skip


@pytest.mark.parametrize(("tape", "more", "code", "said"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_cannot_be_read_is_refused_with_its_place(
    tape: str | bytes, more: dict[str, Any], code: str, said: str, bring: Bring
) -> None:
    found = bring(tape, **more)
    assert found.portfolio is None
    assert any(error.code == code and said in error.message + error.fix for error in found.errors), found.errors


def test_what_unpacks_to_far_more_than_it_is_is_not_unpacked(bring: Bring) -> None:
    bomb = gzip.compress(gzip.compress(bytes(300 << 20), 9), 9)
    found = bring(gzip.compress(bytes(300 << 20), 9), budget=Budget(bytes=200 << 20))
    assert [error.code for error in found.errors] == ["ARCHIVE_BOMB"]
    assert len(bomb) < 1 << 20


def test_an_element_that_no_record_has_is_empty_and_told(bring: Bring) -> None:
    columns = {"positions.position_id": {"from": "id"}, "positions.book_value": {"from": "BV"}}
    found = bring(XML, format={"record": "loan"}, columns=columns, where={"PAID": [""]})
    assert column(found, "positions", "position_id") == ["A", "B"]
    assert [warning.column for warning in found.warnings] == ["book_value"]


def test_other_packings_are_not_text(bring: Bring) -> None:
    assert bring(bz2.compress(PLAIN.encode())).portfolio is None


def test_errors_speak_of_the_tape(bring: Bring) -> None:
    found = bring(PLAIN.replace("2031-01-01", "31/31/2031"), format={"dates": "DD/MM/YYYY"})
    (error,) = [each for each in found.errors if each.code == "NOT_A_DATE"]
    assert (error.table, error.row, error.column, error.value) == ("instruments", 3, "maturity_date", "31/31/2031")
    assert "DD/MM/YYYY" in error.message and "MAT" in error.message


def test_a_row_that_the_map_does_not_know_is_refused_unless_a_list_has_it(bring: Bring) -> None:
    columns = {"positions.region": {"from": "STATE", "map": {"NJ": "EAST"}}}
    found = bring(PLAIN, columns=columns)
    assert codes(found) == [("NOT_IN_LIST", 3, "STATE")]
    assert "NY" in found.errors[0].message
    known = bring(PLAIN, columns={"positions.region": {"from": "STATE", "map": {"NJ": "EAST", "NY": "EAST"}}})
    assert column(known, "positions", "region") == ["EAST", "EAST"]


def test_the_limits_hold_for_tapes_too(bring: Bring) -> None:
    assert codes(bring(PLAIN, budget=Budget(rows=1)))[0][0] == "LIMIT_EXCEEDED"
    assert codes(bring(PLAIN, budget=Budget(bytes=10)))[0][0] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize("name", ["rejects.csv", "rejects.csv.gz"])
def test_rejected_rows_come_back_as_they_came_with_a_reason(name: str, bring: Bring, tmp_path: Path) -> None:
    tape = PLAIN.replace("0.04,NY", "high,NY") + 'C,1,2030-01-01,0.05\nD,5,2030-01-01,0.05,"N\nY"\n'
    rejects = tmp_path / name
    found = bring(tape.replace("\n", "\r\n"), rejects=rejects, accept_valid=True)
    assert column(found, "positions", "position_id") == ["A"]
    raw = rejects.read_bytes()
    lines = (gzip.decompress(raw) if name.endswith("gz") else raw).decode().split("\r\n")
    assert lines[0] == "LOAN_ID,UPB,MAT,RATE,STATE,reason"
    assert lines[1].startswith("B,200,2031-01-01,high,NY,") and "not a number" in lines[1]
    assert lines[2].startswith("C,1,2030-01-01,0.05,") and "4 fields" in lines[2]


def test_rejected_rows_of_other_formats(bring: Bring, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.xml"
    bring(XML.replace("0.04", "high"), format={"record": "loan"}, columns={"positions.position_id": {"from": "id"}},
          rejects=rejects)  # fmt: skip
    text = rejects.read_text()
    assert text.startswith('<?xml version="1.0"?><a:deal') and text.rstrip().endswith("</a:deal>")
    assert text.count("<a:loan") == 1 and 'id="B"' in text and "<reason>RATE: coupon is not a number." in text
    rejects = tmp_path / "rejects.xlsx"
    bad = workbook([["LOAN_ID", "UPB", "MAT", "RATE"], ["A", 100, "2030-01-01", "high"], ["B", 2, "2030-01-01", 0.05]])
    bring(bad, rejects=rejects)
    again = bring(rejects, columns={"positions.reason": {"from": "reason"}})
    assert [error.row for error in again.errors] == [2]
    assert again.rows == {"portfolio": 1, "instruments": 1, "positions": 1}


def test_rejected_rows_of_parquet_come_back_in_parquet(bring: Bring, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.parquet"
    first = parquet(LOAN_ID=["A", "B"], UPB=[1.0, 2.0], MAT=["2030-01-01", "soon"], RATE=[0.05, 0.04])
    second = parquet(LOAN_ID=["C", "D"], UPB=[3.0, None], MAT=["2030-01-01"] * 2, RATE=[0.05, 0.04], STATE=["NJ", "NY"])
    names = ("first.parquet", "second.parquet")
    found = bring(first, second, names=names, rejects=rejects, accept_valid=True)
    assert column(found, "positions", "position_id") == ["A", "C"]
    rows = pq.read_table(rejects).to_pylist()
    assert [(row["LOAN_ID"], row["UPB"], row["STATE"]) for row in rows] == [("B", 2.0, None), ("D", None, "NY")]
    assert "not an ISO 8601 date" in rows[0]["reason"] and rows[1]["reason"]
    again = bring(rejects)
    assert [error.row for error in again.errors] == [2, 3]


def test_a_parquet_tape_that_is_damaged_or_deep_is_told(bring: Bring) -> None:
    assert [code for code, *_ in codes(bring(PARQUET[:-20]))] == ["UNREADABLE"]
    assert [code for code, *_ in codes(bring(parquet(HISTORY=[[1], [2]])))] == ["UNREADABLE"]
    missing = bring(parquet(LOAN_ID=["A"]))
    assert {code for code, *_ in codes(missing)} == {"MISSING_COLUMN"}


def test_edits_change_cells_before_they_are_checked_and_are_kept(tmp_path: Path) -> None:
    tape = tmp_path / "tape.csv"
    tape.write_text(PLAIN.replace("0.04", "high"))
    document = as_json(parse_mapping(json.dumps({"mapping_id": "m", "columns": COLUMNS})))
    by = ByMapping(document, "m@1", "fund", "2026-01-23", "BOOK", (str(tape),))
    edits = (
        {"table": "instruments", "row": 3, "column": "coupon", "value": 0.04},
        {"table": "positions", "row": 2, "column": "FICO", "value": 700},
        {"table": "positions", "row": 2, "column": "state", "value": None},
    )
    options = ReadingOptions(by_mapping=by, edits=edits, edited_by="ada")
    found = prepared_of(tape, options, None)
    assert column(found, "instruments", "coupon") == [0.05, 0.04]
    assert column(found, "positions", "state") == [None, "NY"]
    assert found.lines["positions"].more["edits"] == [
        {"row": 2, "column": "fico", "from": None, "to": "700", "by": "ada"},
        {"row": 2, "column": "state", "from": "NJ", "to": None, "by": "ada"},
    ]
    for wrong in ({"table": "position"}, {"row": 9}):
        misfit = prepared_of(tape, replace(options, edits=({**edits[0], **wrong},)), None)
        assert "EDIT_MISFIT" in [error.code for error in misfit.errors] and misfit.portfolio is None
    several = replace(by, files=(str(tape), str(tape)))
    assert "EDIT_MISFIT" in [e.code for e in prepared_of(tape, replace(options, by_mapping=several), None).errors]
