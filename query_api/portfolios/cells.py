"""Rows of a stored portfolio as texts, and where a key stands."""

from typing import Any

import numpy as np

from domain.portfolio.attributes import value_text
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio
from domain.portfolio.tables import BY_NAME

Array = np.ndarray[Any, Any]


def keys_of(portfolio: Portfolio, table: str) -> list[str]:
    """[rows] the key of each row: of several columns, joined."""
    found = portfolio.tables[table]
    columns = [found.columns[name] for name in BY_NAME[table].key if name in found.columns]
    texts = [column_texts(column) for column in columns]
    return texts[0] if len(texts) == 1 else [" ".join(parts) for parts in zip(*texts, strict=True)]


def column_texts(column: ColumnData) -> list[str]:
    """[rows] every value as a text, each distinct one written once."""
    values, places = np.unique(np.asarray(column.values), return_inverse=True)
    texts = [value_text(column.kind, value, column.categories) for value in values.tolist()]
    return [texts[place] for place in places]


def row_of(portfolio: Portfolio, table: str, key: str) -> int | None:
    found = portfolio.tables.get(table)
    if found is None:
        return None
    column = found.columns[BY_NAME[table].key[0]]
    code = column.code_of(key)
    if code == ABSENT_CODE:
        return None
    rows = np.flatnonzero(np.asarray(column.values) == code)
    return int(rows[0]) if len(rows) else None


def fields_of(portfolio: Portfolio, table: str, row: int) -> dict[str, str]:
    """What a row says, without its empty cells."""
    columns = portfolio.tables[table].columns
    said = {
        name: value_text(column.kind, np.asarray(column.values)[row].item(), column.categories)
        for name, column in columns.items()
    }
    return {name: text for name, text in said.items() if text != ""}
