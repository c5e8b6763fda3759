"""Tables as Excel workbooks: true numbers with a format by unit, a sheet a scenario, and one that says what they are.

Rows are written as they come and are held by nobody. A sheet takes 1,048,576 rows; those beyond go on to another sheet,
and the sheet `about` says so.
"""

import datetime as dt
import json
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow as pa
import xlsxwriter

from query_api.results.table import ResultTable

ROWS_OF_A_SHEET = 1_048_575
"""Excel's 1,048,576 less the header."""
MAX_CELL = 32_767
MAX_SHEET_NAME = 31
MAX_SCENARIO_SHEETS = 150
"""Each is an open file while it is written."""
FIRST_DAY = dt.date(1900, 3, 1)
"""Before it Excel counts days otherwise than the calendar."""

ABOUT, RESULTS, FURTHER = "about", "results", "further scenarios"
AMOUNT, COUNT, DAY = "#,##0.00", "#,##0", "yyyy-mm-dd"
FORMATS = {"per 100": "0.0000", "decimal": "0.000000", "bp": "#,##0.00", "years": "0.000", "months": "0.00"}
"""By unit; other units are amounts."""
NARROWEST, WIDEST = 10, 30
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def write_xlsx(table: ResultTable, file: IO[bytes], rows_of_a_sheet: int = ROWS_OF_A_SHEET) -> None:
    with tempfile.TemporaryFile() as spool:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(spool, {**options, "default_date_format": DAY})
        sheets = Sheets(book, table.schema, rows_of_a_sheet)
        for batch in table.batches:
            columns = [column.to_pylist() for column in batch.columns]
            for cells in zip(*columns, strict=True):
                sheets.take(cells)
        sheets.end()
        book.close()
        spool.seek(0)
        shutil.copyfileobj(spool, file)


@dataclass
class Sheet:
    """`row` is the next to be written; the header is row 0."""

    worksheet: Any
    name: str
    number: int
    row: int = 1


@dataclass
class Sheets:
    book: Any
    schema: pa.Schema
    rows_of_a_sheet: int
    current: dict[str, Sheet] = field(default_factory=dict)
    """by scenario, or by '' where the table has none"""
    written: list[Sheet] = field(default_factory=list)
    shortened: int = 0

    def take(self, cells: tuple[Any, ...]) -> None:
        names: list[str] = self.schema.names
        scenario = str(cells[names.index("scenario_id")]) if "scenario_id" in names else ""
        if scenario not in self.current and len(self.current) >= MAX_SCENARIO_SHEETS:
            scenario = FURTHER
        sheet = self.current.get(scenario) or self._new(scenario, 1)
        if sheet.row > self.rows_of_a_sheet:
            sheet = self._new(scenario, sheet.number + 1)
        self._write_row(sheet.worksheet, sheet.row, cells)
        sheet.row += 1

    def end(self) -> None:
        if not self.written:
            self._new("", 1)
        for sheet in self.written:
            sheet.worksheet.autofilter(0, 0, max(sheet.row - 1, 1), max(len(self.schema.names) - 1, 0))
        self._tell()

    def _new(self, scenario: str, number: int) -> Sheet:
        name = self._free_name(scenario or RESULTS, number)
        worksheet = self.book.add_worksheet(name)
        bold = self.book.add_format({"bold": True})
        for place, column in enumerate(self.schema):
            width = min(WIDEST, max(NARROWEST, len(column.name) + 3))
            worksheet.set_column(place, place, width, self.book.add_format({"num_format": format_of(column)}))
            worksheet.write_string(0, place, column.name, bold)
        worksheet.freeze_panes(1, 0)
        sheet = self.current[scenario] = Sheet(worksheet, name, number)
        self.written.append(sheet)
        return sheet

    def _free_name(self, wanted: str, number: int) -> str:
        """As Excel allows names, unlike any before whatever its case."""
        taken = {sheet.name.lower() for sheet in self.written} | {ABOUT, "history"}
        stem = NOT_IN_A_NAME.sub("_", wanted).strip("'") or RESULTS
        while True:
            ending = f" {number}" if number > 1 else ""
            name = stem[: MAX_SHEET_NAME - len(ending)] + ending
            if name.lower() not in taken:
                return name
            number += 1

    def _write_row(self, worksheet: Any, row: int, cells: tuple[Any, ...]) -> None:
        for place, cell in enumerate(cells):
            match cell:
                case None:
                    pass
                case str():
                    self.shortened += len(cell) > MAX_CELL
                    worksheet.write_string(row, place, shortened(cell))
                case bool():
                    worksheet.write_boolean(row, place, cell)
                case dt.date() if cell >= FIRST_DAY:
                    worksheet.write_datetime(row, place, cell)
                case float() | int() if cell - cell == 0:
                    worksheet.write_number(row, place, Exact(cell))
                case dt.date():
                    worksheet.write_string(row, place, cell.isoformat())
                case _:
                    worksheet.write_string(row, place, repr(cell))

    # --- the sheet that says what the others are ---

    def _tell(self) -> None:
        worksheet, bold = self.book.add_worksheet(ABOUT), self.book.add_format({"bold": True})
        count = self.book.add_format({"num_format": COUNT})
        worksheet.set_column(0, 2, WIDEST)
        worksheet.freeze_panes(1, 0)
        for row, (is_head, cells) in enumerate(self._lines()):
            for place, cell in enumerate(cells):
                if isinstance(cell, int):
                    worksheet.write_number(row, place, cell, count)
                else:
                    worksheet.write_string(row, place, shortened(cell), bold if is_head else None)

    def _lines(self) -> list[tuple[bool, tuple[str | int, ...]]]:
        said = {key.decode(): value.decode() for key, value in (self.schema.metadata or {}).items()}
        known = (("run", "run_id"), ("as of", "as_of"), ("base currency", "base_currency"))
        lines: list[tuple[bool, tuple[str | int, ...]]] = [(True, ("what", "is"))]
        lines += [(False, (name, said[key])) for name, key in known if said.get(key)]
        lines += [(False, ("asked for", said["asked"]))] if said.get("asked") else []
        if "left_out" in said:
            lines.append((False, ("left out", said["left_out"] or "nothing")))
            lines += [(False, ("", each)) for each in json.loads(said.get("failures") or "[]")]
        if self.shortened:
            lines.append((False, ("shortened", f"{self.shortened:,} texts of more than {MAX_CELL:,} characters")))
        lines += [(False, ()), (True, ("sheet", "rows"))]
        lines += [(False, (sheet.name, sheet.row - 1)) for sheet in self.written]
        if any(sheet.number > 1 for sheet in self.written):
            limit = f"a sheet takes {self.rows_of_a_sheet:,} rows and a header: the rest goes on, none is left out"
            lines.append((False, ("", limit)))
        lines += [(False, ()), (True, ("column", "unit", "currency"))]
        return lines + [(False, (column.name, *unit_of(column))) for column in self.schema if any(unit_of(column))]


def unit_of(column: pa.Field) -> tuple[str, str]:
    metadata = column.metadata or {}
    return metadata.get(b"unit", b"").decode(), metadata.get(b"in", b"").decode()


def format_of(column: pa.Field) -> str:
    unit, _ = unit_of(column)
    if unit:
        return FORMATS.get(unit, AMOUNT)
    if pa.types.is_integer(column.type):
        return COUNT
    return DAY if pa.types.is_date(column.type) else "General"


def shortened(text: str) -> str:
    """To Excel's limit; a longer text would be left out altogether."""
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


class Exact(float):
    """xlsxwriter formats a number with 16 digits, one short of what a double may need to read back."""

    def __format__(self, _: str) -> str:
        return repr(float(self))
