"""What a position can be grouped and matched by: any column of its own, of its instrument or of its issuer.

A name is looked up on the position, then on its instrument, then on the instrument's issuer; the first cell that is not
empty is the attribute. Whoever groups, matches or lists positions reads it here. Columns stay columns: the arrays are
asked for their own library (array API standard), as `domain` depends on none.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.tables import Kind
from domain.storable import storable

HOLDERS = ("positions", "instruments", "issuers")
"""In the order in which they are asked."""
ALIASES = {"issuer": "issuer_id", "book": "book_id"}
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Holder:
    """A column of the name asked for, as the positions reach it."""

    column: ColumnData
    rows: Any
    """int [positions] rows of the column, -1 where a position has none"""
    speaks: Any
    """bool [positions] its cell is filled, and none before it is"""


@dataclass(frozen=True)
class Labels:
    """`codes` int [positions] into `keys`, which are distinct and sorted by kind; the key '' stands for no value."""

    keys: tuple[str, ...]
    codes: Any


def holders(portfolio: Portfolio, name: str) -> Iterator[Holder]:
    """The columns of this name in their order; nothing where no table has one."""
    column_name, spoken = ALIASES.get(name, name), None
    for table in HOLDERS:
        column = portfolio.tables[table].columns.get(column_name) if table in portfolio.tables else None
        if column is None:
            continue
        rows = rows_of(portfolio, table)
        filled = (rows >= 0) & is_filled(column)[rows] if len(column.values) else rows != rows
        yield Holder(column, rows, filled if spoken is None else filled & ~spoken)
        spoken = filled if spoken is None else filled | spoken


def is_held(portfolio: Portfolio, name: str) -> bool:
    column_name = ALIASES.get(name, name)
    return any(column_name in portfolio.tables[table].columns for table in HOLDERS if table in portfolio.tables)


def rows_of(portfolio: Portfolio, table: str) -> Any:
    """int [positions] each position's row of one of HOLDERS, -1 where it has none."""
    if table == "positions":
        return portfolio.instrument_row.__array_namespace__().arange(portfolio.position_count)
    return portfolio.instrument_row if table == "instruments" else portfolio.issuer_row


def is_filled(column: ColumnData) -> Any:
    match column.kind:
        case Kind.TEXT:
            return column.values != ABSENT_CODE
        case Kind.DATE:
            return column.values != ABSENT_DATE
        case Kind.FLAG:
            return column.values >= 0
        case Kind.NUMBER | Kind.INTEGER:
            return column.values == column.values


def value_text(kind: Kind, value: Any, categories: tuple[str, ...] = ()) -> str:
    """A value as a key that a table can hold: numbers as short as they read back, dates in ISO 8601, '' if absent."""
    match kind:
        case Kind.TEXT:
            return "" if value == ABSENT_CODE else storable(categories[value])
        case Kind.DATE:
            return "" if value == ABSENT_DATE else (EPOCH + dt.timedelta(days=value)).isoformat()
        case Kind.FLAG:
            return {1: "true", 0: "false"}.get(value, "")
        case Kind.NUMBER | Kind.INTEGER:
            if value != value:
                return ""
            return str(int(value)) if value.is_integer() else repr(value)


# --- grouping -------------------------------------------------------------------------------------------------------


def labels(portfolio: Portfolio, name: str, most: int | None = None) -> Labels | None:
    """The attribute of every position as a key; None where no table has the name, or a column more than `most` keys."""
    found = list(holders(portfolio, name))
    return labels_of_holders(portfolio, found, most) if found else None


def own_labels(portfolio: Portfolio, name: str) -> Labels | None:
    """A term of the instrument, whatever attributes of that name there are beside it: currencies of amounts, pairs."""
    column = portfolio.tables["instruments"].columns.get(name)
    if column is None:
        return None
    rows = rows_of(portfolio, "instruments")
    return labels_of_holders(portfolio, [Holder(column, rows, is_filled(column)[rows])], None)


def labels_of_holders(portfolio: Portfolio, found: list[Holder], most: int | None) -> Labels | None:
    """Of columns that speak for different positions."""
    arrays = portfolio.instrument_row.__array_namespace__()
    if most is not None and any(_has_more_than(most, each) for each in found):
        return None
    parts = [_distinct(arrays, each) for each in found]
    if most is not None and max(len(values) for values, _ in parts) > most:
        return None
    number_of: dict[str, int] = {}
    codes = portfolio.instrument_row * 0 - 1
    for each, (values, places) in zip(found, parts, strict=True):
        texts = (value_text(each.column.kind, value, each.column.categories) for value in values.tolist())
        numbers = arrays.asarray([number_of.setdefault(text, len(number_of)) for text in texts] or [0])
        codes[each.speaks] = numbers[places]
    silent = codes < 0
    if silent.any():
        codes[silent] = number_of.setdefault("", len(number_of))
    return _in_order(arrays, found, list(number_of), codes)


def _has_more_than(most: int, holder: Holder) -> bool:
    """Seen in the first cells alone: numbers that differ in every row are not sorted to find that out."""
    is_text = holder.column.kind is Kind.TEXT
    return not is_text and len(set(holder.column.values[: 2 * most + 2].tolist())) > most + 1


def _distinct(arrays: Any, holder: Holder) -> tuple[Any, Any]:
    """The distinct values that it speaks of, and for each position that it speaks for its value's place.

    Codes of a text are small whole numbers: counted, not sorted.
    """
    values = holder.column.values[holder.rows[holder.speaks]]
    if holder.column.kind is not Kind.TEXT:
        found = arrays.unique_inverse(values)
        return found.values, found.inverse_indices
    used = arrays.zeros(len(holder.column.categories), dtype=bool)
    used[values] = True
    place = used.cumsum() - 1
    return used.nonzero()[0], place[values]


def _in_order(arrays: Any, found: list[Holder], keys: list[str], codes: Any) -> Labels:
    """One column's keys as its values sort, where an absent number is the last and any other absence the first; keys
    of several columns as texts."""
    if len(found) > 1:
        order = sorted(range(len(keys)), key=keys.__getitem__)
    elif found[0].column.kind in (Kind.NUMBER, Kind.INTEGER):
        return Labels(tuple(keys), codes)
    else:
        order = sorted(range(len(keys)), key=lambda number: keys[number] != "")
    place = arrays.argsort(arrays.asarray(order, dtype=codes.dtype))
    return Labels(tuple(keys[old] for old in order), place[codes].astype(codes.dtype))


# --- matching -------------------------------------------------------------------------------------------------------


def matched(portfolio: Portfolio, match: Mapping[str, str]) -> Any:
    """bool [positions] whose every named attribute matches its shell-style pattern.

    `*` also matches a missing attribute, any other pattern does not.
    """
    arrays = portfolio.instrument_row.__array_namespace__()
    chosen = arrays.ones(portfolio.position_count, dtype=bool)
    for name, pattern in match.items():
        if pattern == "*":
            continue
        of_name = labels(portfolio, name)
        if of_name is None:
            return arrays.zeros(portfolio.position_count, dtype=bool)
        fits = arrays.asarray([key != "" and fnmatchcase(key, pattern) for key in of_name.keys])
        chosen &= fits[of_name.codes]
    return chosen
