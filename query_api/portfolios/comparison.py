"""Two portfolios compared: rows that are new, gone or changed, and what changed in each, column by column."""

import numpy as np

from domain.documents import JsonObject
from domain.portfolio.attributes import value_text
from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.portfolio.tables import TABLES, Kind
from query_api.portfolios.cells import Array, keys_of

MAX_LISTED = 10_000
"""Rows that are listed of each kind; all are counted."""


def compared(left: Portfolio, right: Portfolio, most: int = MAX_LISTED) -> list[JsonObject]:
    """By table, from `left` to `right`."""
    names = [table.name for table in TABLES if table.name in left.tables or table.name in right.tables]
    return [_table(name, left, right, most) for name in names]


def _table(name: str, left: Portfolio, right: Portfolio, most: int) -> JsonObject:
    old = keys_of(left, name) if name in left.tables else []
    new = keys_of(right, name) if name in right.tables else []
    row_of = {key: row for row, key in enumerate(old)}
    at = np.array([row_of.get(key, -1) for key in new], dtype=np.int64)
    there = set(new)
    added = [key for key, row in zip(new, at.tolist(), strict=True) if row < 0]
    gone = [key for key in old if key not in there]
    both = np.flatnonzero(at >= 0)
    changes = _changes(left.tables[name], right.tables[name], at[both], both) if len(both) else {}
    touched = np.zeros(len(both), dtype=bool)
    for mask, _, _ in changes.values():
        touched |= mask
    return {
        "table": name,
        "new": added[:most],
        "new_total": len(added),
        "gone": gone[:most],
        "gone_total": len(gone),
        "changed": _listed(changes, [new[row] for row in both.tolist()], np.flatnonzero(touched)[:most]),
        "changed_total": int(touched.sum()),
        "changed_by_column": {column: int(mask.sum()) for column, (mask, _, _) in changes.items()},
    }


Changed = tuple[Array, ColumnData | None, ColumnData | None]


def _changes(old: TableData, new: TableData, old_rows: Array, new_rows: Array) -> JsonObject:
    """Of each column that differs: which of the rows, and what they said and say."""
    found = {}
    for column in dict.fromkeys([*new.columns, *old.columns]):
        before, after = old.columns.get(column), new.columns.get(column)
        mask = _differs(before, after, old_rows, new_rows)
        if mask.any():
            found[column] = (mask, (before, old_rows), (after, new_rows))
    return found


def _differs(before: ColumnData | None, after: ColumnData | None, old_rows: Array, new_rows: Array) -> Array:
    if before is not None and after is not None and before.kind is after.kind and before.kind is not Kind.TEXT:
        old, new = np.asarray(before.values)[old_rows], np.asarray(after.values)[new_rows]
        return np.asarray((old != new) & ~((old != old) & (new != new)), dtype=bool)
    old_texts, new_texts = _texts(before, old_rows), _texts(after, new_rows)
    return np.array([old != new for old, new in zip(old_texts, new_texts, strict=True)], dtype=bool)


def _texts(column: ColumnData | None, rows: Array) -> list[str]:
    if column is None:
        return [""] * len(rows)
    values, places = np.unique(np.asarray(column.values)[rows], return_inverse=True)
    texts = [value_text(column.kind, value, column.categories) for value in values.tolist()]
    return [texts[place] for place in places]


def _listed(changes: JsonObject, keys: list[str], rows: Array) -> list[JsonObject]:
    return [
        {
            "key": keys[row],
            "columns": {
                column: {"from": _text(before, row), "to": _text(after, row)}
                for column, (mask, before, after) in changes.items()
                if mask[row]
            },
        }
        for row in rows.tolist()
    ]


def _text(side: tuple[ColumnData | None, Array], row: int) -> str | None:
    column, rows = side
    if column is None:
        return None
    return value_text(column.kind, np.asarray(column.values)[rows[row]].item(), column.categories) or None
