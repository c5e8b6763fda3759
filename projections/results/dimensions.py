"""What positions are summed by, beside the tree: issuer, terms worth grouping by, attributes and tags."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.tables import BY_NAME, NODE_KINDS, Kind
from domain.texts import storable

MOST_VALUES = 1_000
"""Attributes of more distinct values have no totals kept; they are summed from the chunks when asked for."""
MOST_ISSUERS = 5_000

TREE = ("total", "node", *(kind.lower() for kind in NODE_KINDS))
ALWAYS = ("product_type", "currency", "issuer", "sector", "rating", "country")
"""In every run, if only with the key ''."""
TERMS = {
    "issuers": ("asset_class",),
    "instruments": (
        "rate_type",
        "index",
        "amortization",
        "frequency",
        "day_count",
        "seniority",
        "deal_id",
        "discount_curve",
        "spread_curve",
        "credit_curve",
        "prepayment",
        "default",
        "pair",
        "option_type",
        "pay_receive",
    ),
    "positions": ("accounting_class",),
}
EPOCH = dt.date(1970, 1, 1)

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Dimension:
    """`codes` int32 [positions] into `keys`, which are distinct; the key '' stands for no value."""

    name: str
    keys: tuple[str, ...]
    codes: npt.NDArray[np.int32]


def dimensions(portfolio: Portfolio) -> Iterator[Dimension]:
    """The first of a name wins: the contract's own, then columns of positions, instruments and issuers."""
    rows = rows_of_positions(portfolio)
    seen = set(TREE)
    for name, table, column in _candidates(portfolio):
        if name in seen:
            continue
        values = portfolio.tables[table].columns.get(column) if table in portfolio.tables else None
        most = MOST_ISSUERS if name == "issuer" else MOST_VALUES
        dimension = _dimension(name, values, rows.get(table), portfolio.position_count)
        if len(dimension.keys) <= most:
            seen.add(name)
            yield dimension


def currencies(portfolio: Portfolio) -> Dimension:
    values = portfolio.tables["instruments"].columns["currency"]
    return _dimension("currency", values, portfolio.instrument_row, portfolio.position_count)


def rows_of_positions(portfolio: Portfolio) -> dict[str, Rows]:
    """For each table that a position reaches, its row of it, -1 where there is none."""
    positions = np.arange(portfolio.position_count, dtype=np.int32)
    reached = {"positions": positions, "instruments": portfolio.instrument_row}
    issuer = portfolio.tables["instruments"].columns.get("issuer_id")
    if issuer is not None and "issuers" in portfolio.tables:
        issuers = portfolio.tables["issuers"].columns["issuer_id"]
        row_of = {issuers.categories[code]: row for row, code in enumerate(issuers.values.tolist())}
        of_category = np.array([*(row_of.get(name, -1) for name in issuer.categories), -1], np.int32)
        reached["issuers"] = of_category[issuer.values][portfolio.instrument_row]
    return reached


def value_text(kind: Kind, value: Any, categories: tuple[str, ...] = ()) -> str:
    """A value as a key: numbers as short as they read back, dates in ISO 8601, flags true or false, '' if absent."""
    match kind:
        case Kind.TEXT:
            return "" if value == ABSENT_CODE else storable(categories[value])
        case Kind.DATE:
            return "" if value == ABSENT_DATE else (EPOCH + dt.timedelta(days=value)).isoformat()
        case Kind.FLAG:
            return {1: "true", 0: "false"}.get(value, "")
        case _:
            if value != value:
                return ""
            return str(int(value)) if value.is_integer() else repr(value)


def _candidates(portfolio: Portfolio) -> Iterator[tuple[str, str, str]]:
    """(dimension, table, column)."""
    yield from (("product_type", "instruments", "product_type"), ("currency", "instruments", "currency"))
    yield ("issuer", "instruments", "issuer_id")
    yield from ((name, "issuers", name) for name in ("sector", "rating", "country"))
    for table in ("positions", "instruments", "issuers"):
        held = portfolio.tables[table].columns if table in portfolio.tables else {}
        terms = set(TERMS[table])
        attributes = (name for name in held if name in terms or BY_NAME[table].column(name) is None)
        yield from ((name, table, name) for name in sorted(attributes))


def _dimension(name: str, column: ColumnData | None, rows: Rows | None, positions: int) -> Dimension:
    if column is None or rows is None:
        return Dimension(name, ("",), np.zeros(positions, np.int32))
    absent = {Kind.TEXT: ABSENT_CODE, Kind.DATE: ABSENT_DATE, Kind.FLAG: -1}.get(column.kind, np.nan)
    values = np.append(column.values, np.asarray(absent, column.values.dtype))[rows]
    distinct, codes = _distinct(column, values)
    if len(distinct) > max(MOST_VALUES, MOST_ISSUERS):
        distinct = distinct[: MOST_ISSUERS + 1]  # too many whatever they are called: spare the texts
    keys = tuple(value_text(column.kind, value, column.categories) for value in distinct.tolist())
    return Dimension(name, keys, codes.astype(np.int32))


def _distinct(column: ColumnData, values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Codes of a text are small whole numbers: counted, not sorted."""
    if column.kind is not Kind.TEXT:
        return np.unique(values, return_inverse=True)
    used = np.bincount(values + 1, minlength=1) > 0
    place = np.cumsum(used) - 1
    return np.flatnonzero(used) - 1, place[values + 1]
