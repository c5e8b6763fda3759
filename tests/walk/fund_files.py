"""A fund's files: copied, or in other formats."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import xlsxwriter

from tests.walk.command_line import SMALL_FUND

TABLES = sorted(path.stem for path in SMALL_FUND.glob("*.csv"))


def as_parquet(folder: Path) -> Path:
    """Typed: numbers, dates, and what is neither is text."""
    for table in TABLES:
        pq.write_table(pacsv.read_csv(SMALL_FUND / f"{table}.csv"), folder / f"{table}.parquet")
    return folder


def as_workbook(folder: Path, formula: str | None = None) -> Path:
    """Typed as a person types: number cells, date cells, text cells, empty cells; a formula in the first notional."""
    book = xlsxwriter.Workbook(folder / "fund.xlsx", {"default_date_format": "yyyy-mm-dd"})
    for table in TABLES:
        sheet, content = book.add_worksheet(table), pacsv.read_csv(SMALL_FUND / f"{table}.csv")
        sheet.write_row(0, 0, content.column_names)
        for row, cells in enumerate(zip(*content.to_pydict().values(), strict=True), start=1):
            for place, cell in enumerate(cells):
                write_cell(sheet, row, place, cell)
        if formula and table == "positions":
            sheet.write_formula(1, content.column_names.index("notional"), formula, value=18450.27)
    book.close()
    return folder / "fund.xlsx"


def write_cell(sheet: Any, row: int, place: int, cell: Any) -> None:
    match cell:
        case None | "":
            pass
        case date():
            sheet.write_datetime(row, place, cell)
        case _:
            sheet.write(row, place, cell)


def as_shuffled_csv(folder: Path) -> Path:
    """Rows in another order, Windows line ends, a byte-order mark: the content is the same."""
    for table in TABLES:
        header, *rows = (SMALL_FUND / f"{table}.csv").read_text().splitlines()
        (folder / f"{table}.csv").write_bytes(("\ufeff" + "\r\n".join([header, *reversed(rows)]) + "\r\n").encode())
    return folder


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        if file.suffix in (".csv", ".json"):
            (to / file.name).write_bytes(file.read_bytes())
    return to


def words_of(portfolio: str, market: str, *more: str) -> tuple[str, ...]:
    return ("--portfolio", portfolio, "--market", market, *more)
