"""A portfolio as if it had the positions below some nodes only, with what these stand on: nothing says of more.

Instruments, issuers, deals and netting sets stay where a position in scope needs them; a netting set that trades of
others share does not. Columns and texts that only others have are gone.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from domain.portfolio.attributes import is_filled
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind
from domain.portfolio.tree import paths, texts
from query_api.reading import Array

OF_INSTRUMENT = ("exercises", "cashflows", "steps", "payment_holidays", "draws")
OF_DEAL = ("deals", "collateral", "tranches", "tranche_schedules", "deal_triggers")
NETTING_SET = "netting_set_id"

Tables = Mapping[str, TableData]


def within(portfolio: Portfolio, nodes: Iterable[str]) -> Portfolio:
    """Rows keep their order, so that a run's places in scope and this portfolio's are the same."""
    tables, keeps_node = portfolio.tables, nodes_below(portfolio, set(nodes))
    rows = np.flatnonzero(keeps_node[portfolio.book_row])
    kept: dict[str, Array] = {"portfolio": np.flatnonzero(keeps_node)}
    if "positions" in tables:
        kept["positions"] = rows
    deals = _deals(portfolio, rows)
    instruments = np.unique(portfolio.instrument_row[rows])
    if "instruments" in tables:
        instruments = np.union1d(
            instruments, _of_texts(tables, "instruments", "instrument_id", _tranches(tables, deals))
        )
        kept["instruments"] = instruments
        used = set(_texts_at(tables, "instruments", "instrument_id", instruments))
        kept |= {name: _of_texts(tables, name, "instrument_id", used) for name in OF_INSTRUMENT if name in tables}
    kept |= {name: _of_texts(tables, name, "deal_id", deals) for name in OF_DEAL if name in tables}
    sets = _netting_sets(portfolio, rows)
    if "netting_sets" in tables:
        kept["netting_sets"] = _of_texts(tables, "netting_sets", NETTING_SET, sets)
    if "credit_events" in tables:
        ids = set(_texts_at(tables, "positions", "position_id", rows))
        kept["credit_events"] = _of_texts(tables, "credit_events", "position_id", ids)
    if "issuers" in tables:
        kept["issuers"] = _of_texts(tables, "issuers", "issuer_id", _named(tables, kept))
    found = {name: _table(tables[name], kept.get(name, np.empty(0, np.int64)), sets) for name in tables}
    book_row = np.searchsorted(kept["portfolio"], portfolio.book_row[rows])
    instrument_row = np.searchsorted(instruments, portfolio.instrument_row[rows])
    kinds = portfolio.instrument_row.dtype, portfolio.book_row.dtype
    return Portfolio(found, instrument_row.astype(kinds[0]), book_row.astype(kinds[1]))


def nodes_below(portfolio: Portfolio, nodes: set[str]) -> Array:
    """bool [nodes of the tree] at one of the nodes, or below it."""
    table = portfolio.tables["portfolio"]
    ids = texts(table.columns.get("node_id"), table.rows)
    wanted = np.array([each in nodes for each in ids], bool)
    return np.array([wanted[path].any() for path in paths(portfolio)], bool)


def _deals(portfolio: Portfolio, rows: Array) -> set[str]:
    tables = portfolio.tables
    if "tranches" not in tables or "instruments" not in tables:
        return set()
    held = set(_texts_at(tables, "instruments", "instrument_id", np.unique(portfolio.instrument_row[rows])))
    return set(_texts_at(tables, "tranches", "deal_id", _of_texts(tables, "tranches", "instrument_id", held)))


def _tranches(tables: Tables, deals: set[str]) -> set[str]:
    """A deal pays all of its tranches, whoever holds them."""
    if "tranches" not in tables:
        return set()
    return set(_texts_at(tables, "tranches", "instrument_id", _of_texts(tables, "tranches", "deal_id", deals)))


def _netting_sets(portfolio: Portfolio, rows: Array) -> set[str]:
    """Those of which every trade is in scope."""
    column = portfolio.tables["positions"].columns.get(NETTING_SET) if "positions" in portfolio.tables else None
    if column is None:
        return set()
    others = np.ones(len(column.values), bool)
    others[rows] = False
    mine, shared = set(np.unique(column.values[rows]).tolist()), set(np.unique(column.values[others]).tolist())
    return {column.categories[code] for code in mine - shared - {ABSENT_CODE}}


def _named(tables: Tables, kept: Mapping[str, Array]) -> set[str]:
    """Every id that a kept row says."""
    said: set[str] = set()
    for name, rows in kept.items():
        for column_name in tables[name].columns if name in tables else ():
            if column_name.endswith("_id") and tables[name].columns[column_name].kind is Kind.TEXT:
                said.update(_texts_at(tables, name, column_name, rows))
    return said


def _texts_at(tables: Tables, table: str, column_name: str, rows: Array) -> list[str]:
    column = tables[table].columns.get(column_name)
    if column is None:
        return []
    return [column.categories[code] for code in np.unique(column.values[rows]).tolist() if code != ABSENT_CODE]


def _of_texts(tables: Tables, table: str, column_name: str, wanted: set[str]) -> Array:
    column = tables[table].columns.get(column_name)
    if column is None:
        return np.empty(0, np.int64)
    fits = np.array([*(text in wanted for text in column.categories), False], bool)  # an absent one, -1, is the last
    found: Array = np.flatnonzero(fits[column.values])
    return found


def _table(table: TableData, rows: Array, sets: set[str]) -> TableData:
    columns = {}
    for name in table.columns:
        column = _column(table.columns[name], rows, sets if name == NETTING_SET else None)
        if is_filled(column).any():
            columns[name] = column
    if "parent_id" in columns:
        columns["parent_id"] = _known_alone(columns["parent_id"], set(columns["node_id"].categories))
    return TableData(len(rows), columns)


def _column(column: ColumnData, rows: Array, allowed: set[str] | None) -> ColumnData:
    found = ColumnData(column.kind, column.values[rows], column.categories)
    if allowed is not None:
        found = _known_alone(found, allowed)
    return _fewest_texts(found) if column.kind is Kind.TEXT else found


def _fewest_texts(column: ColumnData) -> ColumnData:
    used = np.unique(column.values)
    used = used[used != ABSENT_CODE]
    place = np.full(len(column.categories) + 1, ABSENT_CODE, column.values.dtype)
    place[used] = np.arange(len(used))
    return ColumnData(column.kind, place[column.values], tuple(column.categories[code] for code in used.tolist()))


def _known_alone(column: ColumnData, known: set[str]) -> ColumnData:
    is_known = np.array([*(text in known for text in column.categories), False], bool)
    values = np.where(is_known[column.values], column.values, ABSENT_CODE).astype(column.values.dtype)
    return _fewest_texts(ColumnData(column.kind, values, column.categories))
