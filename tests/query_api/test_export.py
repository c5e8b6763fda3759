"""Files on their own: what is guarded, what spills, what is empty, and numbers that are hard to write."""

import csv
import io
import math
import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from query_api.errors import NotAcceptable
from query_api.export import MIME, write
from query_api.results.table import ResultTable
from query_api.workbook import write_xlsx

GUARDED = [
    # text, as CSV shows it
    ("=1+1", "'=1+1"),
    ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\tx", "'\tx"),
    ("\rx", "'\rx"),
    ("＝1", "'＝1"),
    ("-", "'-"),
    ("-12.5", "-12.5"),
    ("+1e-3", "+1e-3"),
    ("a=b", "a=b"),
    ("", ""),
    ('say "x", then\nmore', 'say "x", then\nmore'),
]


def as_bytes(table: pa.Table, format: str) -> bytes:
    file = io.BytesIO()
    write(table, format, file)
    return file.getvalue()


def from_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize(("said", "shown"), GUARDED)
def test_texts_that_a_spreadsheet_would_run(said: str, shown: str) -> None:
    table = pa.table({"tag:=x": [said], "number": [-1.5]})
    assert from_csv(as_bytes(table, "csv")) == [["tag:=x", "number"], [shown, "-1.5"]]
    (_, row) = CalamineWorkbook.from_filelike(io.BytesIO(as_bytes(table, "xlsx"))).get_sheet_by_index(0).to_python()
    assert row == [said, -1.5]


def test_a_header_is_guarded_too() -> None:
    table = pa.table({"=HYPERLINK(1)": ["x"], "a,b": ["y"]})
    assert from_csv(as_bytes(table, "csv"))[0] == ["'=HYPERLINK(1)", "a,b"]


@pytest.mark.parametrize("format", ["csv", "json", "xlsx"])
def test_any_double_reads_back_to_its_own_bits(format: str) -> None:
    random = np.random.default_rng(11)
    doubles = random.integers(0, 2**63, 2_000, dtype=np.uint64).view(np.float64)
    doubles = np.concatenate([doubles[np.isfinite(doubles)], -doubles[:5], [0.0, -0.0, 1.0, 1e22, 1e-7, 2**53 + 1.0]])
    doubles = doubles[np.isfinite(doubles)]
    data = as_bytes(pa.table({"x": doubles}), format)
    assert [struct.pack("<d", one) for one in _read(data, format)] == [struct.pack("<d", one) for one in doubles]


def _read(data: bytes, format: str) -> list[float]:
    if format == "csv":
        return [float(row[0]) for row in from_csv(data)[1:]]
    if format == "json":
        import json

        return [float(row["x"]) for row in json.loads(data)]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    return [float(str(row[0])) for row in sheet.to_python()[1:]]


@pytest.mark.parametrize("format", MIME)
def test_a_table_without_rows_still_has_its_columns(format: str) -> None:
    data = as_bytes(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.float64())}), format)
    assert data == (b"[]\n" if format == "json" else b"a,b\n") if format in ("json", "csv") else data


def test_blanks_are_empty_cells_and_nulls() -> None:
    table = pa.table({"a": pa.array([None, 1.0]), "b": pa.array(["x", None], pa.string())})
    assert from_csv(as_bytes(table, "csv")) == [["a", "b"], ["", "x"], ["1", ""]]
    assert as_bytes(table, "json") == b'[{"a":null,"b":"x"},{"a":1.0,"b":null}]\n'


def test_rows_beyond_a_sheet_go_on_to_the_next() -> None:
    file = io.BytesIO()
    write_xlsx(ResultTable.of(pa.table({"x": np.arange(25.0)}), "t"), file, rows_of_a_sheet=10)
    book = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    assert book.sheet_names == ["results", "results 2", "results 3", "about"]
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names[:-1]]
    about = book.get_sheet_by_name("about").to_python()
    assert [row[:2] for row in about if str(row[0]).startswith("results")] == [
        ["results", 10],
        ["results 2", 10],
        ["results 3", 5],
    ]
    assert any("none is left out" in str(row[1]) for row in about)
    assert [sheet[0] for sheet in sheets] == [["x"]] * 3
    assert [row[0] for sheet in sheets for row in sheet[1:]] == list(range(25))


def test_batches_are_read_one_at_a_time() -> None:
    """Memory is bounded: the next batch is not asked for before the last one is written."""
    file = io.BytesIO()
    sizes = []

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(3):
            sizes.append(len(file.getvalue()))
            yield pa.record_batch({"x": [float(start)]})

    schema = pa.schema([("x", pa.float64())])
    write(ResultTable(schema, batches(), 3, "t"), "csv", file)
    assert sizes == [2, 4, 6]
    assert not math.isnan(float(file.getvalue().split()[-1]))


def test_an_unknown_format_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NotAcceptable, match="no format 'pdf'") as refused:
        write(pa.table({"x": [1.0]}), "pdf", io.BytesIO())
    assert refused.value.facts == {"formats": list(MIME)}
