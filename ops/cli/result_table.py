"""Results as a person reads them: what fits on the terminal, amounts with thousands, units under the names, and a last
line that says what is not shown and how to get it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

    from query_api.results.table import ResultTable

Row: TypeAlias = dict[str, Any]

FEWEST_ROWS, FEWEST_WIDTH = 10, 80
WITHOUT_TERMINAL = (120, 40)
LINES_BESIDE_ROWS = 6
GAP = 2
MAX_TEXT = 28
HINT = "tenor results RUN --format csv --out FILE"

DECIMALS = {"per 100": 4, "decimal": 6, "bp": 2, "years": 3, "months": 2, "years squared": 3}
"""Of amounts: two."""
UNITS = {"currency": "{}", "currency per bp": "{}/bp", "base currency": "base", "years squared": "yr²", "years": "yr"}
SECOND_RANK = ("instrument_id", "reason", "detail", "reasons", "base_currency")
"""Texts that stand aside for numbers where there is not room for all."""
FIRST_NUMBERS = ("pv", "pv_base", "dv01", "dv01_base", "clean_price", "cs01", "yield", "oas", "wal")


@dataclass(frozen=True)
class Column:
    """Its name and unit, and its cells as text."""

    head: tuple[str, str]
    cells: list[str]
    width: int
    is_right: bool
    is_empty: bool


def lines_of(table: "ResultTable", found_by: str) -> Iterator[str]:
    width, height = shutil.get_terminal_size(WITHOUT_TERMINAL)
    most = max(FEWEST_ROWS, height - LINES_BESIDE_ROWS)
    rows = first_rows(table, most)
    shown = fitting([_column(field, rows) for field in in_order(table.schema)], max(FEWEST_WIDTH, width) - 1)
    for line in (0, 1):
        yield joined(shown, [each.head[line] for each in shown])
    yield joined(shown, ["-" * each.width for each in shown])
    for place in range(len(rows)):
        yield joined(shown, [each.cells[place] for each in shown])
    yield from last_lines(table, rows, shown, found_by)


def first_rows(table: "ResultTable", most: int) -> list[Row]:
    every = (row for batch in table.batches for row in batch.to_pylist())
    return list(islice(every, most))


def in_order(schema: "pa.Schema") -> "list[pa.Field]":
    """Names, then what was asked beside the results, then numbers, the usual ones first; texts of second rank last."""

    def rank(field: "pa.Field") -> tuple[int, int]:
        if field.name in SECOND_RANK:
            return 4, SECOND_RANK.index(field.name)
        if not is_number(field):
            return (0 if field.name != "scenario_id" else 1), 0
        usual = field.name in FIRST_NUMBERS
        return (2, FIRST_NUMBERS.index(field.name)) if usual else (3, 0)

    return sorted(schema, key=rank)


def is_number(field: "pa.Field") -> bool:
    return b"unit" in (field.metadata or {})


def _column(field: "pa.Field", rows: list[Row]) -> Column:
    unit = (field.metadata or {}).get(b"unit", b"").decode()
    base = (field.metadata or {}).get(b"in", b"").decode()
    cells = [cell_text(row[field.name], unit) for row in rows]
    head = (field.name, UNITS.get(unit, unit).format(base or "ccy"))
    is_right = all(not isinstance(row[field.name], str) for row in rows) and bool(rows)
    width = max(len(each) for each in (*head, *cells))
    return Column(head, cells, width, is_right, bool(rows) and not any(cells))


def cell_text(value: object, unit: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:,}"
        case float():
            return number_text(value, unit)
        case _:
            text = "".join(each if each.isprintable() else "·" for each in str(value))
            return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def number_text(value: float, unit: str) -> str:
    if not unit:  # an attribute: as short as it reads
        return f"{value:,.10g}"
    digits = DECIMALS.get(unit, 2)
    return f"{value:,.{digits}f}" if abs(value) < 1e15 else f"{value:.6e}"


def fitting(columns: list[Column], width: int) -> list[Column]:
    """As many as there is room for; columns without any value stand aside."""
    shown: list[Column] = []
    used = 0
    for column in [each for each in columns if not each.is_empty] or columns:
        if shown and used + GAP + column.width > width:
            continue
        used += column.width + (GAP if shown else 0)
        shown.append(column)
    return shown


def joined(columns: list[Column], cells: list[str]) -> str:
    padded = [
        cell.rjust(column.width) if column.is_right else cell.ljust(column.width)
        for column, cell in zip(columns, cells, strict=True)
    ]
    return (" " * GAP).join(padded).rstrip()


def last_lines(table: "ResultTable", rows: list[Row], shown: list[Column], found_by: str) -> Iterator[str]:
    total, of_all = table.rows, len(table.schema)
    counted = f"{total:,} row{'' if total == 1 else 's'}" if len(rows) == total else f"{len(rows):,} of {total:,} rows"
    rest = len(rows) < total or len(shown) < of_all
    hint = f"; all of them: {HINT}; fewer: --where, --columns pv,dv01, --scenario" if rest else ""
    yield f"{counted}, {len(shown)} of {of_all} columns{hint}"
    if found_by == "scan":
        yield "read from the results of every position: no index holds this"
    metadata = table.schema.metadata or {}
    if left_out := metadata.get(b"left_out", b"").decode():
        yield f"{left_out}; see `tenor run show`"
