"""Results as files: every row, the contract's columns in its order, and doubles that read back to the same bits."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from tests.builders.small_fund import POSITIONS
from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked

FIRST_COLUMNS = [
    "position_id",
    "instrument_id",
    "book_id",
    "product_type",
    "currency",
    "scenario_id",
    "status",
    "reason",
]
SCENARIOS = 15


def read_csv(content: bytes) -> pa.Table:
    convert = pacsv.ConvertOptions(strings_can_be_null=True, null_values=[""])
    return pacsv.read_csv(io.BytesIO(content), convert_options=convert)


def read_xlsx(content: bytes) -> pa.Table:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    *scenarios, about = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert about[0][:2] == ["what", "is"]
    header, rows = scenarios[0][0], [row for sheet in scenarios for row in sheet[1:]]
    cells = [[None if cell == "" else cell for cell in row] for row in rows]
    columns = zip(*cells, strict=True)
    return pa.table([as_column(list(column)) for column in columns], names=[str(name) for name in header])


def as_column(cells: list[Any]) -> pa.Array:
    is_number = any(isinstance(cell, float) for cell in cells)
    return pa.array(cells, pa.float64() if is_number else pa.string())


def read_json(content: bytes) -> pa.Table:
    return pa.Table.from_pylist(json.loads(content))


READERS = {
    "csv": read_csv,
    "parquet": lambda content: pq.read_table(io.BytesIO(content)),
    "arrow": lambda content: ipc.open_stream(content).read_all(),
    "xlsx": read_xlsx,
    "json": read_json,
}


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """As Python values; a float is compared by `==`, so to the last bit."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


@pytest.fixture(scope="module")
def arrow(walking: Tenor, walked: Walked) -> pa.Table:
    answer = walking("results", walked.run_id, "--format", "arrow")
    assert answer.code == 0, answer.err
    return ipc.open_stream(answer.out).read_all()


def test_columns_begin_as_promised_and_go_on_with_measures(arrow: pa.Table) -> None:
    assert arrow.column_names[:8] == FIRST_COLUMNS
    assert arrow.column_names[8:13] == ["pv", "accrued_interest", "dirty_price", "clean_price", "yield"]
    assert {"pv_base", "dv01", "dv01_base", "key_rate_dv01_5y", "wal", "wam"} <= set(arrow.column_names)
    assert arrow.column_names == [name.lower() for name in arrow.column_names]
    numbers = [field.name for field in arrow.schema if pa.types.is_float64(field.type)]
    assert set(arrow.column_names) - set(numbers) == {*FIRST_COLUMNS, "detail"}


def test_every_position_under_every_scenario(arrow: pa.Table) -> None:
    keys = list(zip(arrow["scenario_id"].to_pylist(), arrow["position_id"].to_pylist(), strict=True))
    assert len(keys) == len(set(keys)) == POSITIONS * SCENARIOS
    in_order = list(dict.fromkeys(arrow["scenario_id"].to_pylist()))
    defined = [one["scenario_id"] for one in json.loads((SMALL_FUND / "scenarios.json").read_text())]
    assert in_order == ["BASE", *defined]


KEY_RATES = ("key_rate_dv01", "key_rate_cs01")


def test_every_blank_has_a_reason(arrow: pa.Table) -> None:
    for row in rows_of(arrow):
        told = {one.partition(":")[0].lower() for one in (row["reason"] or "").split(";") if one}
        blank = {name for name, value in row.items() if value is None} - {"reason", "detail"}
        for name in blank:
            measure = name.removesuffix("_base")
            assert measure in told or any(each in told and measure.startswith(each) for each in KEY_RATES), (row, name)


@pytest.mark.parametrize("format", READERS)
def test_every_format_holds_the_same_doubles(
    walking: Tenor, walked: Walked, arrow: pa.Table, tmp_path: Path, format: str
) -> None:
    out = tmp_path / f"results.{format}"
    answer = walking("results", walked.run_id, "--format", format, "--out", out)
    assert (answer.code, answer.out) == (0, b""), answer.err
    table = READERS[format](out.read_bytes())
    assert table.column_names == arrow.column_names
    got, expected = rows_of(table), rows_of(arrow)
    if format in ("csv", "xlsx"):  # an absent text and an empty one are the same cell
        expected = [{name: None if value == "" else value for name, value in row.items()} for row in expected]
    assert got == expected
    assert list(tmp_path.iterdir()) == [out]


def test_one_scenario_where_one_is_asked_for(walking: Tenor, walked: Walked, arrow: pa.Table) -> None:
    rows = walking.json("results", walked.run_id, "--scenario", "up100")
    assert rows == [row for row in rows_of(arrow) if row["scenario_id"] == "up100"]
    assert len(rows) == POSITIONS


def test_measures_where_some_are_asked_for(walking: Tenor, walked: Walked) -> None:
    table = read_csv(walking("results", walked.run_id, "--measures", "DV01,PV").out)
    assert table.column_names[:8] == FIRST_COLUMNS
    assert table.column_names[8:] == ["pv", "dv01", "pv_base", "dv01_base", "detail"]


@pytest.mark.parametrize("by", ["fund", "desk", "book", "product_type", "currency", "sector", "rating", "state"])
def test_totals_add_up_to_the_positions(walking: Tenor, walked: Walked, arrow: pa.Table, by: str) -> None:
    totals = walking.json("results", walked.run_id, "--by", by)
    for scenario in ("BASE", "stagflation"):
        groups = [row for row in totals if row["scenario_id"] == scenario]
        rows = [row for row in rows_of(arrow) if row["scenario_id"] == scenario]
        for name in ("pv_base", "dv01_base"):
            expected = sum(row[name] or 0.0 for row in rows)
            assert sum(row[name] or 0.0 for row in groups) == pytest.approx(expected, rel=1e-12), (by, scenario, name)
        assert sum(row["positions"] for row in groups) == POSITIONS


def test_totals_by_book_are_sums_of_its_positions(walking: Tenor, walked: Walked, arrow: pa.Table) -> None:
    totals = {row["book"]: row for row in walking.json("results", walked.run_id, "--by", "book", "--scenario", "BASE")}
    rows = [row for row in rows_of(arrow) if row["scenario_id"] == "BASE"]
    assert set(totals) == {row["book_id"] for row in rows}
    for book, total in totals.items():
        inside = [row for row in rows if row["book_id"] == book]
        assert total["positions"] == len(inside)
        assert total["pv_base"] == pytest.approx(sum(row["pv_base"] or 0.0 for row in inside), rel=1e-12)
        shared = {row["currency"] for row in inside}
        assert (total["pv"] is not None) == (len(shared) == 1)


@pytest.mark.parametrize(
    "words",
    [
        ("--scenario", "nowhere"),
        ("--by", "no_such_column"),
        ("--measures", "PV,NO_SUCH"),
        ("--out", "/nowhere/results.csv"),
    ],
)
def test_what_cannot_be_answered_is_refused(walking: Tenor, walked: Walked, words: tuple[str, ...]) -> None:
    walking.refusal("results", walked.run_id, *words)
