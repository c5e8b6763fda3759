"""What the positions of a portfolio can be grouped by, as texts: any column of theirs, their instrument or issuer."""

import datetime as dt
from typing import Any

import numpy as np

from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.tables import Kind

EPOCH = dt.date(1970, 1, 1)
ALIASES = {"issuer": ("instruments", "issuer_id"), "book": ("positions", "book_id")}

Array = np.ndarray[Any, Any]


def keys_of_positions(held: Portfolio, by: str) -> list[str] | None:
    """A key for each position, '' where it has no value; None where there is no such column."""
    if by in ALIASES:
        table, column = ALIASES[by]
        return _spread(held, table, column)
    for table in ("positions", "instruments", "issuers"):
        if table in held.tables and by in held.tables[table].columns:
            return _spread(held, table, by)
    return None


def _spread(held: Portfolio, table: str, column: str) -> list[str] | None:
    """A table's column, seen from the positions."""
    data = held.tables[table].columns.get(column)
    if data is None:
        return None
    texts = np.array([*_texts(data), ""], dtype=object)
    if table == "positions":
        return list(texts[:-1])
    if table == "instruments":
        return list(texts[held.instrument_row])
    return list(texts[_issuer_rows(held)])


def _issuer_rows(held: Portfolio) -> Array:
    """Each position's row of `issuers`, -1 where it has none."""
    row_of = {name: row for row, name in enumerate(_texts(held.tables["issuers"].columns["issuer_id"]))}
    issuer = held.tables["instruments"].columns.get("issuer_id")
    if issuer is None:
        return np.full(held.position_count, -1)
    of_instrument = np.array([row_of.get(name, -1) for name in _texts(issuer)])
    rows: Array = of_instrument[held.instrument_row]
    return rows


def _texts(column: ColumnData) -> list[str]:
    return [_text(column, value) for value in column.values.tolist()]


def _text(column: ColumnData, value: Any) -> str:
    """Numbers as short as they read back, dates in ISO 8601, flags true or false, '' where absent."""
    match column.kind:
        case Kind.TEXT:
            return "" if value == ABSENT_CODE else column.categories[value]
        case Kind.DATE:
            return "" if value == ABSENT_DATE else (EPOCH + dt.timedelta(days=value)).isoformat()
        case Kind.FLAG:
            return {1: "true", 0: "false"}.get(value, "")
        case _:
            if value != value:
                return ""
            return str(int(value)) if value.is_integer() else repr(value)
