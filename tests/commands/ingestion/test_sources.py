"""Files and workbooks that cannot be read as they are: refused with a sentence, nothing stored, nothing silent."""

import datetime as dt
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from commands.ingestion.prepare import Prepared, prepare_portfolio

Tables = dict[str, list[dict[str, Any]]]
Write = Callable[[Path, Tables], Path]
MIDNIGHT = dt.datetime.combine(dt.date(2024, 1, 1), dt.time())  # a file's times have no zone


def found(prepared: Prepared) -> list[tuple[str, int | None, str]]:
    return [(error.table, error.row, error.code) for error in prepared.errors]


def spoil(folder: Path, name: str, data: bytes) -> Prepared:
    (folder / name).write_bytes(data)
    return prepare_portfolio(folder)


# --- folders and CSV ------------------------------------------------------------------------------------------------


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    prepared = prepare_portfolio(tmp_path / "nowhere")
    assert found(prepared) == [("", None, "MISSING_SOURCE")]
    assert (prepared.portfolio, prepared.accepted, prepared.control_totals) == (None, 0, {})


def test_an_empty_folder_misses_the_three_required_tables(tmp_path: Path) -> None:
    assert found(prepare_portfolio(tmp_path)) == [
        ("portfolio", None, "MISSING_TABLE"),
        ("instruments", None, "MISSING_TABLE"),
        ("positions", None, "MISSING_TABLE"),
    ]


POSITIONS = b"position_id,instrument_id,book_id,notional\n"
BYTES = [
    (b"", None, "EMPTY_FILE"),
    (b"\xef\xbb\xbf\r\n\r\n", None, "EMPTY_FILE"),
    (POSITIONS, None, "NO_ROWS"),
    (POSITIONS + b"\n\n", None, "NO_ROWS"),
    (POSITIONS + "P1,L1,BOOK,1\nCafé,L1,BOOK,1\n".encode("latin-1"), None, "ENCODING"),
    ((POSITIONS + b"P1,L1,BOOK,1\n").decode().encode("utf-16"), None, "ENCODING"),
    (POSITIONS + b"P1,L1,BOOK,1\0\n", None, "ENCODING"),
    (POSITIONS.replace(b",", b";") + b"P1;L1;BOOK;1\n", None, "UNREADABLE"),
    (b"position_id,instrument_id,book_id\nP1,L1,BOOK\n", None, "MISSING_COLUMN"),
    (b"position_id,instrument_id,book_id,notional,fico,fico\nP1,L1,BOOK,1,7,7\n", None, "DUPLICATE_COLUMN"),
    (b"position_id,instrument_id,book_id,notional,\nP1,L1,BOOK,1,7\n", None, "UNNAMED_COLUMN"),
    (POSITIONS + b"P1\n", 2, "WRONG_FIELD_COUNT"),
    (POSITIONS + b"P1,L1,BOOK,1\n\nP2,L1,BOOK\n", 4, "WRONG_FIELD_COUNT"),
    (POSITIONS + b"P1,L1,BOOK,1\nP2,L1,BOOK,1,000.00\n", 3, "WRONG_FIELD_COUNT"),
    (POSITIONS + b'P1,L1,BOOK,1\n"P2,L1,BOOK,2\nP3,L1,BOOK,3\n', 3, "WRONG_FIELD_COUNT"),
]


@pytest.mark.parametrize(("data", "row", "code"), BYTES)
def test_a_spoilt_csv_file_is_one_error(
    tmp_path: Path, sound: Tables, write: Write, data: bytes, row: int | None, code: str
) -> None:
    prepared = spoil(write(tmp_path, sound), "positions.csv", data)
    assert found(prepared) == [("positions", row, code)]
    assert prepared.errors[0].fix and prepared.portfolio is None


def test_a_header_without_rows_is_an_error_in_an_optional_table_too(
    tmp_path: Path, sound: Tables, write: Write
) -> None:
    prepared = spoil(write(tmp_path, sound), "exercises.csv", b"instrument_id,date,price_per_100,kind\n")
    assert found(prepared) == [("exercises", None, "NO_ROWS")]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path, sound: Tables, write: Write) -> None:
    """A quoted line break is one row, a blank line is a row without data, a short row is counted."""
    data = POSITIONS + b'P1,L1,BOOK,1\r\n\r\n"P\n2",L1,BOOK,1\r\nP3,L1\r\n,,,\r\nP4,L1,BOOK,x\r\n'
    prepared = spoil(write(tmp_path, sound), "positions.csv", data)
    assert found(prepared) == [
        ("positions", 4, "CONTROL_CHARACTER"),
        ("positions", 5, "WRONG_FIELD_COUNT"),
        ("positions", 7, "NOT_A_NUMBER"),
    ]
    assert prepared.rows["positions"] == 4
    assert prepared.rejected == 3


def test_a_byte_order_mark_and_line_ends_of_any_system_are_read(tmp_path: Path, sound: Tables, write: Write) -> None:
    folder = write(tmp_path / "plain", sound)
    other = write(tmp_path / "other", sound)
    for path in other.glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\n").rstrip(b"\n"))
    assert prepare_portfolio(folder).sha256 == prepare_portfolio(other).sha256 is not None


def test_a_table_brought_twice_and_a_file_that_is_none(tmp_path: Path, sound: Tables, write: Write) -> None:
    folder = write(tmp_path, sound)
    (folder / "Position.csv").write_text("a\n1\n")
    (folder / "market.json").write_text("{}")
    prepared = prepare_portfolio(folder)
    assert prepared.errors == []
    assert [(each.code, each.fix) for each in prepared.warnings] == [
        ("UNKNOWN_TABLE", "Rename it to positions if it is that table.")
    ]
    (folder / "positions.parquet").write_bytes((folder / "positions.csv").read_bytes())
    assert found(prepare_portfolio(folder))[0] == ("positions", None, "DUPLICATE_TABLE")


def test_blanks_around_values_go_with_a_warning_and_header_names_too(
    sound: Tables, bring: Callable[..., Prepared]
) -> None:
    plain = bring(sound)
    sound["instruments"][0] |= {"day_count": " 30/360 ", "coupon": "0.06 "}
    sound["portfolio"] = [{f" {name}": value for name, value in row.items()} for row in sound["portfolio"]]
    padded = bring(sound)
    assert padded.sha256 == plain.sha256
    assert {each.code for each in padded.warnings} == {"SURROUNDING_BLANKS"}
    assert len(padded.warnings) == 6


SEPARATED = [
    (b"position_id;instrument_id;book_id;notional\nP1;L1;BOOK;1,5\n", "semicolons"),
    (b"position_id\tinstrument_id\tbook_id\tnotional\nP1\tL1\tBOOK\t1\n", "tabs"),
    (b"sep=,\n" + POSITIONS + b"P1,L1,BOOK,1\n", "sep="),
    (b"sep=;\nposition_id;instrument_id;book_id;notional\nP1;L1;BOOK;1,5\n", "sep="),
]


@pytest.mark.parametrize(("data", "says"), SEPARATED)
def test_another_separator_is_named(tmp_path: Path, sound: Tables, write: Write, data: bytes, says: str) -> None:
    prepared = spoil(write(tmp_path, sound), "positions.csv", data)
    assert found(prepared) == [("positions", None, "UNREADABLE")]
    assert says in prepared.errors[0].message


def test_a_title_above_the_header_is_named_with_the_header_s_row(tmp_path: Path, sound: Tables, write: Write) -> None:
    titled = b"Positions as of 2026-01-23,,,\n,,,\n" + POSITIONS + b"P1,L1,BOOK,1\n"
    prepared = spoil(write(tmp_path, sound), "positions.csv", titled)
    assert found(prepared) == [("positions", None, "MISSING_COLUMN")]
    error = prepared.errors[0]
    assert "'positions as of 2026-01-23'" in error.message and "row 3" in error.message
    assert error.fix == "Delete the rows above row 3: the header is the first row."


def test_a_missing_column_or_table_says_what_is_there_instead(tmp_path: Path, sound: Tables, write: Write) -> None:
    prepared = spoil(write(tmp_path, sound), "positions.csv", b"position_id,instrument,book_id,face\nP1,L1,BOOK,1\n")
    assert [(each.column, each.code) for each in prepared.errors] == [
        ("instrument_id", "MISSING_COLUMN"),
        ("notional", "MISSING_COLUMN"),
    ]
    assert "which has position_id, instrument, book_id, face" in prepared.errors[0].message
    assert "rename instrument to it" in prepared.errors[0].fix
    (tmp_path / "positions.csv").rename(tmp_path / "holdings.csv")
    missing = next(each for each in prepare_portfolio(tmp_path).errors if each.code == "MISSING_TABLE")
    assert "holdings.csv" in missing.message


# --- Parquet --------------------------------------------------------------------------------------------------------


def parquet(folder: Path, table: pa.Table) -> Prepared:
    (folder / "positions.csv").unlink()
    pq.write_table(table, folder / "positions.parquet")
    return prepare_portfolio(folder)


def positions(**columns: Any) -> pa.Table:
    base = {"position_id": ["P1", "P2"], "instrument_id": ["L1", "F1"], "book_id": ["BOOK", "BOOK"]}
    return pa.table(base | {"notional": [1.0, 2.0]} | columns)


PARQUET = [
    (positions(notional=[1.0, float("nan")]), 3, "NOT_FINITE"),
    (positions(notional=[1.0, float("inf")]), 3, "NOT_FINITE"),
    (positions(notional=[1.0, None]), 3, "REQUIRED"),
    (positions(acquisition_date=[MIDNIGHT, MIDNIGHT.replace(hour=9)]), 3, "NOT_A_DATE"),
    (positions(undrawn=[[1], [2]]), None, "UNSUPPORTED_TYPE"),
    (positions().slice(0, 0), None, "NO_ROWS"),
]


@pytest.mark.parametrize(("table", "row", "code"), PARQUET)
def test_a_spoilt_parquet_file_is_one_error(
    tmp_path: Path, sound: Tables, write: Write, table: pa.Table, row: int | None, code: str
) -> None:
    assert found(parquet(write(tmp_path, sound), table)) == [("positions", row, code)]


def test_an_unknown_column_is_never_an_error(tmp_path: Path, sound: Tables, write: Write) -> None:
    odd = positions(fico=[700.0, float("nan")], path=[[1], [2]], memo=["n/a", "7"])
    prepared = parquet(write(tmp_path, sound), odd)
    assert prepared.errors == [] and prepared.portfolio is not None
    assert [(each.row, each.column, each.code) for each in prepared.warnings] == [
        (None, "path", "UNSUPPORTED_TYPE"),
        (3, "fico", "NOT_FINITE"),
    ]
    kinds = {name: column.kind for name, column in prepared.portfolio.tables["positions"].columns.items()}
    assert kinds["fico"] == "number" and kinds["memo"] == "text" and "path" not in kinds


@pytest.mark.parametrize(("data", "code"), [(b"", "EMPTY_FILE"), (b"a,b\n", "UNREADABLE"), (b"PAR1xx", "UNREADABLE")])
def test_a_file_that_is_no_parquet(tmp_path: Path, sound: Tables, write: Write, data: bytes, code: str) -> None:
    folder = write(tmp_path, sound)
    (folder / "positions.csv").unlink()
    assert found(spoil(folder, "positions.parquet", data)) == [("positions", None, code)]


def test_parquet_types_read_as_their_csv_texts(tmp_path: Path, sound: Tables, write: Write) -> None:
    texts = {"acquisition_date": "2024-01-01", "fico": "700", "local": "true", "ltv": "0.8", "vintage": "2023-12-01"}
    sound["positions"] = [
        {"position_id": "1", "instrument_id": "L1", "book_id": "BOOK", "notional": "1000", **texts},
        {"position_id": "2", "instrument_id": "F1", "book_id": "BOOK", "notional": "-0.5"},
    ]
    plain = prepare_portfolio(write(tmp_path / "csv", sound))
    typed = positions(
        position_id=pa.array([1, 2], pa.int64()),
        book_id=pa.array(["BOOK", "BOOK"]).dictionary_encode(),
        notional=pa.array([1000, -0.5], pa.float32()),
        acquisition_date=pa.array([MIDNIGHT, None], pa.timestamp("ns")),
        fico=pa.array([700, None], pa.int16()),
        local=pa.array([True, None]),
        ltv=pa.array([0.8, None], pa.float32()),
        vintage=pa.array([dt.date(2023, 12, 1), None]),
        nothing=pa.nulls(2),
    )
    assert parquet(write(tmp_path / "parquet", sound), typed).sha256 == plain.sha256 is not None


@pytest.mark.parametrize("index_type", [pa.int8(), pa.int32()])
def test_codes_of_a_parquet_file_s_own_are_the_texts_of_the_rows(
    tmp_path: Path, sound: Tables, write: Write, index_type: pa.DataType
) -> None:
    """In each group of rows other codes; texts that no row has, or twice, or that are empty."""
    for row, state in zip(sound["positions"], ["NY", "CA", ""], strict=True):
        row["state"] = state
    plain = prepare_portfolio(write(tmp_path / "csv", sound))
    groups = [(["TX", "CA", "NY", "NY"], [3]), (["CA", "NY"], [0]), (["", "CA"], [0])]
    states = pa.chunked_array(
        [pa.DictionaryArray.from_arrays(pa.array(codes, index_type), pa.array(texts)) for texts, codes in groups]
    )
    typed = pa.Table.from_pylist(sound["positions"]).drop("state").append_column("state", states)
    folder = write(tmp_path / "parquet", sound)
    (folder / "positions.csv").unlink()
    pq.write_table(typed, folder / "positions.parquet", row_group_size=1)
    assert prepare_portfolio(folder).sha256 == plain.sha256 is not None


def test_a_long_parquet_column_of_few_texts_reads_as_its_csv_texts(tmp_path: Path, sound: Tables, write: Write) -> None:
    states = ["CA", "", "NY", "CA", "TX"] * 400
    base = sound["positions"][0]
    sound["positions"] = [base | {"position_id": f"P{row}", "state": text} for row, text in enumerate(states)]
    plain = prepare_portfolio(write(tmp_path / "csv", sound))
    typed = pa.Table.from_pylist(sound["positions"])
    assert parquet(write(tmp_path / "parquet", sound), typed).sha256 == plain.sha256 is not None


# --- workbooks ------------------------------------------------------------------------------------------------------


def workbook(path: Path, tables: Tables, spoiling: Callable[[Any], None] | None = None) -> Path:
    """Numbers as numbers, dates as dates: what a spreadsheet holds."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        date_format = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in tables.items():
            sheet = book.add_worksheet(name)
            names = list(dict.fromkeys(each for row in rows for each in row))
            sheet.write_row(0, 0, names)
            for place, row in enumerate(rows, start=1):
                for column, each in enumerate(names):
                    _write_cell(sheet, place, column, row.get(each, ""), date_format)
        if spoiling:
            spoiling(book)
    return path


def _write_cell(sheet: Any, row: int, column: int, text: str, date_format: Any) -> None:
    try:
        sheet.write_number(row, column, float(text))
    except ValueError:
        if len(text) == 10 and text[4:5] == "-":
            sheet.write_datetime(row, column, dt.datetime.fromisoformat(text), date_format)
        elif text:
            sheet.write_string(row, column, text)


def test_a_workbook_is_the_same_content_as_its_csv_files(tmp_path: Path, sound: Tables, write: Write) -> None:
    plain = prepare_portfolio(write(tmp_path / "csv", sound))
    prepared = prepare_portfolio(workbook(tmp_path / "book.xlsx", sound))
    assert prepared.errors == []
    assert prepared.sha256 == plain.sha256 is not None
    assert prepared.lines["positions"].file == "book.xlsx"


def test_a_folder_that_holds_one_workbook_stands_for_it(tmp_path: Path, sound: Tables) -> None:
    book = workbook(tmp_path / "book.xlsx", sound)
    (tmp_path / "~$book.xlsx").write_bytes(b"lock")
    assert prepare_portfolio(tmp_path).sha256 == prepare_portfolio(book).sha256 is not None


def test_a_formula_in_a_cell_without_a_reference_is_found_too(tmp_path: Path, sound: Tables) -> None:
    path = workbook(
        tmp_path / "book.xlsx", sound, lambda book: book.get_worksheet_by_name("positions").write_formula(1, 3, "=1")
    )
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<c r="D2"', b"<c"))
    assert found(prepare_portfolio(bare)) == [("", None, "FORMULA")]


def test_formulas_and_error_cells_in_a_workbook_are_errors(tmp_path: Path, sound: Tables) -> None:
    def spoiling(book: Any) -> None:
        sheet = book.get_worksheet_by_name("positions")
        sheet.write_formula(1, 3, "=500*2", None, 1000)
        sheet.write_formula(2, 3, "=NA()", None, "#N/A")
        sheet.write_string(3, 4, "=HYPERLINK()")

    prepared = prepare_portfolio(workbook(tmp_path / "book.xlsx", sound, spoiling))
    assert [(e.row, e.column) for e in prepared.errors if e.code == "FORMULA"] == [
        (2, "notional"),
        (3, "notional"),
        (4, "tags"),
    ]
    assert prepared.portfolio is None


def test_unknown_sheets_are_a_warning_and_missing_ones_an_error(tmp_path: Path, sound: Tables) -> None:
    sound["Issuer list"] = sound.pop("issuers")
    del sound["positions"]
    prepared = prepare_portfolio(workbook(tmp_path / "book.xlsx", sound))
    assert ("positions", None, "MISSING_TABLE") in found(prepared)
    assert [each.code for each in prepared.warnings] == ["UNKNOWN_TABLE"]


def repacked(path: Path, name: str, part: bytes) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)
    return path


def test_bombs_macros_and_other_formats_are_not_opened(tmp_path: Path, sound: Tables) -> None:
    def book(name: str) -> Path:
        return workbook(tmp_path / name, sound)

    many = book("many.xlsx")
    for place in range(201):
        repacked(many, f"xl/media/{place}.bin", b"x")
    entities = b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'
    sources = [
        (repacked(book("bomb.xlsx"), "xl/media/zeros.bin", bytes(30_000_000)), "ARCHIVE_BOMB"),
        (many, "ARCHIVE_BOMB"),
        (repacked(book("entities.xlsx"), "xl/extra.xml", entities), "ARCHIVE_BOMB"),
        (repacked(book("macro.xlsx"), "xl/vbaProject.bin", b"x"), "MACRO"),
    ]
    for name, data in {"text.xlsx": b"a,b", "old.xlsx": b"\xd0\xcf\x11\xe0old"}.items():
        (tmp_path / name).write_bytes(data)
        sources.append((tmp_path / name, "UNREADABLE"))
    (tmp_path / "empty.xlsx").write_bytes(b"")
    sources.append((tmp_path / "empty.xlsx", "EMPTY_FILE"))
    (tmp_path / "macro.xlsm").write_bytes(b"")
    sources.append((tmp_path / "macro.xlsm", "MACRO"))
    cut = io.BytesIO(book("whole.xlsx").read_bytes()[:3000])
    (tmp_path / "cut.xlsx").write_bytes(cut.getvalue())
    sources.append((tmp_path / "cut.xlsx", "UNREADABLE"))
    assert [(path.name, found(prepare_portfolio(path))) for path, _ in sources] == [
        (path.name, [("", None, code)]) for path, code in sources
    ]


def test_a_size_that_the_archive_understates_is_not_believed(tmp_path: Path, sound: Tables) -> None:
    path = repacked(workbook(tmp_path / "liar.xlsx", sound), "xl/media/zeros.bin", bytes(30_000_000))
    data = path.read_bytes()
    honest, lie = np.uint32(30_000_000).tobytes(), np.uint32(1000).tobytes()
    assert data.count(honest) == 2
    path.write_bytes(data.replace(honest, lie))
    prepared = prepare_portfolio(path)
    assert prepared.portfolio is None
    assert prepared.errors[0].code in {"ARCHIVE_BOMB", "UNREADABLE"}


def test_ids_that_a_workbook_has_rounded_are_refused_with_their_cell(tmp_path: Path, sound: Tables) -> None:
    sound["positions"][1]["position_id"] = "1234567890123456"
    sound["positions"][2]["loan_number"] = "6543210987654321"
    prepared = prepare_portfolio(workbook(tmp_path / "book.xlsx", sound))
    assert found(prepared) == [("positions", 3, "ROUNDED_ID")]
    assert "A3" in prepared.errors[0].message and "as text" in prepared.errors[0].fix
    assert [(each.row, each.column, each.code) for each in prepared.warnings] == [(4, "loan_number", "ROUNDED_ID")]


def test_ids_of_fifteen_digits_and_texts_are_read_as_they_are(tmp_path: Path, sound: Tables) -> None:
    sound["positions"][1]["position_id"] = "123456789012345"
    prepared = prepare_portfolio(workbook(tmp_path / "book.xlsx", sound))
    assert prepared.errors == [] and prepared.portfolio is not None
    assert "123456789012345" in prepared.portfolio.tables["positions"].columns["position_id"].categories


def test_sheets_are_named_without_regard_to_case(tmp_path: Path, sound: Tables) -> None:
    plain = prepare_portfolio(workbook(tmp_path / "plain.xlsx", sound))
    titled = {name.title(): rows for name, rows in sound.items()}
    assert prepare_portfolio(workbook(tmp_path / "titled.xlsx", titled)).sha256 == plain.sha256 is not None


# --- damage ---------------------------------------------------------------------------------------------------------


def damaged(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt[: chance.randrange(1, len(spoilt))] if chance.random() < 0.1 else spoilt)


@pytest.mark.parametrize("kind", ["positions.csv", "positions.parquet", "book.xlsx"])
def test_damaged_bytes_end_in_a_report_never_in_a_crash(tmp_path: Path, sound: Tables, write: Write, kind: str) -> None:
    if kind == "book.xlsx":
        source = path = workbook(tmp_path / kind, sound)
    else:
        source, path = write(tmp_path, sound), tmp_path / kind
    if kind == "positions.parquet":
        pq.write_table(positions(), path)
        (tmp_path / "positions.csv").unlink()
    data, chance = path.read_bytes(), random.Random(20260123)
    for _ in range(80):
        path.write_bytes(damaged(data, chance))
        prepared = prepare_portfolio(source)
        assert (prepared.portfolio is None) == (prepared.errors_total > 0)
        json.dumps(prepared.report())
