"""Netting agreements: those of the table, and one of its own for each derivative that names none."""

from dataclasses import dataclass

import numpy as np

from compute.capital.basics import Setting
from compute.capital.columns import Array, Columns, Flags, Rows
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind


@dataclass(frozen=True)
class Agreements:
    """[s] agreements of the table in its order, then those that stand for one derivative; amounts in base currency."""

    ids: list[str]
    counterparty_ids: list[str | None]
    book_row: Rows
    """of `portfolio`; -1 where nothing says one"""
    currencies: list[str]
    is_margined: Flags
    threshold: Array
    transfer_amount: Array
    nica: Array
    collateral: Array
    margin_days: Array
    """business days at risk: floor + days between calls - 1"""
    of_trade: Rows
    """[n] of the derivatives"""
    first_trade: Rows
    """row of its first derivative's position, -1 where it has none"""
    of_table: int
    """how many of them the table has"""

    def __len__(self) -> int:
        return len(self.ids)


def agreements_of(portfolio: Portfolio, trades: Rows, setting: Setting, base_currency: str) -> Agreements:
    """`trades`: rows of the positions that are derivatives."""
    table = portfolio.tables.get("netting_sets", TableData(0, {}))
    positions = portfolio.tables["positions"].columns
    of_table = _texts(table.columns.get("netting_set_id"), np.arange(table.rows))
    of_trade = _rows_named(positions.get("netting_set_id"), trades, of_table)
    alone = np.flatnonzero(of_trade < 0)
    of_trade[alone] = len(of_table) + np.arange(len(alone))
    ids = [str(each) for each in of_table] + [str(each) for each in _texts(positions["position_id"], trades[alone])]
    first = np.full(len(ids), -1, np.int64)
    first[of_trade[::-1]] = trades[::-1]
    currencies = [each or base_currency for each in _texts(table.columns.get("currency"), np.arange(table.rows))]
    currencies += [base_currency] * len(alone)
    rate = np.array([setting.rates.get(each, np.nan) for each in currencies])

    def number(name: str, default: float) -> Array:
        column = table.columns.get(name)
        said = np.full(table.rows, default) if column is None else column.values
        return np.concatenate([np.where(np.isnan(said), default, said), np.full(len(alone), default)])

    margined = table.columns.get("margined")
    is_margined = np.zeros(len(ids), np.bool_)
    if margined is not None:
        is_margined[: table.rows] = margined.values == 1
    return Agreements(
        ids,
        _texts(table.columns.get("counterparty_id"), np.arange(table.rows)) + _counterparties(portfolio, trades[alone]),
        _books(portfolio, table, first),
        currencies,
        is_margined,
        number("threshold", 0.0) * rate,
        number("minimum_transfer_amount", 0.0) * rate,
        number("nica", 0.0) * rate,
        number("collateral", 0.0) * rate,
        number("mpor_floor_days", 10.0) + number("remargin_days", 1.0) - 1.0,
        of_trade,
        first,
        table.rows,
    )


def counterparties(portfolio: Portfolio, agreements: Agreements) -> Columns:
    """The agreements as positions of their own, so that whatever an issuer says is read of them as of any exposure."""
    rows = np.arange(len(agreements), dtype=np.int32)
    books = portfolio.tables["portfolio"].columns["node_id"]
    book = np.where(agreements.book_row < 0, ABSENT_CODE, books.values[agreements.book_row]).astype(np.int32)
    positions = {
        "position_id": ColumnData(Kind.TEXT, rows, tuple(agreements.ids)),
        "book_id": ColumnData(Kind.TEXT, book, books.categories),
    }
    instruments = {
        "instrument_id": ColumnData(Kind.TEXT, rows, tuple(agreements.ids)),
        "issuer_id": text_column(agreements.counterparty_ids),
        "currency": text_column(agreements.currencies),
    }
    tables = {name: portfolio.tables[name] for name in ("issuers", "portfolio") if name in portfolio.tables}
    own = {"positions": TableData(len(rows), positions), "instruments": TableData(len(rows), instruments)}
    return Columns(Portfolio(tables | own, rows, agreements.book_row))


def text_column(texts: "list[str] | list[str | None]") -> ColumnData:
    categories = tuple(sorted({text for text in texts if text is not None}))
    number_of = {text: number for number, text in enumerate(categories)}
    codes = [ABSENT_CODE if text is None else number_of[text] for text in texts]
    return ColumnData(Kind.TEXT, np.array(codes, np.int32), categories)


def _texts(column: ColumnData | None, rows: Rows) -> list[str | None]:
    if column is None:
        return [None] * len(rows)
    return [None if code == ABSENT_CODE else column.categories[code] for code in column.values[rows].tolist()]


def _rows_named(column: ColumnData | None, rows: Rows, names: list[str | None]) -> Rows:
    """[n] place in `names`; -1 where nothing is named."""
    if column is None:
        return np.full(len(rows), -1, np.int64)
    place_of = {name: place for place, name in enumerate(names)}
    table = np.array([*(place_of.get(text, -1) for text in column.categories), -1], np.int64)
    found: Rows = table[column.values[rows]]
    return found


def _counterparties(portfolio: Portfolio, rows: Rows) -> list[str | None]:
    """`counterparty_id` of the position, else the instrument's issuer."""
    said = _texts(portfolio.tables["positions"].columns.get("counterparty_id"), rows)
    issuer = portfolio.tables["instruments"].columns.get("issuer_id")
    issuers = _texts(issuer, portfolio.instrument_row[rows])
    return [own or other for own, other in zip(said, issuers, strict=True)]


def _books(portfolio: Portfolio, table: TableData, first_trade: Rows) -> Rows:
    """`book_id` of the agreement, else its first derivative's."""
    nodes = portfolio.tables["portfolio"]
    node_ids = _texts(nodes.columns["node_id"], np.arange(nodes.rows))
    said = np.full(len(first_trade), -1, np.int64)
    said[: table.rows] = _rows_named(table.columns.get("book_id"), np.arange(table.rows), node_ids)
    of_first = np.where(first_trade < 0, -1, portfolio.book_row[first_trade])
    return np.where(said < 0, of_first, said).astype(np.int64)
