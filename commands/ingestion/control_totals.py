"""What to reconcile a portfolio with: positions and exact sums, each in the currency that its amounts are in."""

import math

import numpy as np

from commands.ingestion.findings import Array
from domain.portfolio.columns import ColumnData, Portfolio
from domain.portfolio.term_use import PAIRS

RESIDUAL = "RESIDUAL"


def control_totals(portfolio: Portfolio) -> dict[str, dict[str, float]]:
    """By currency. A notional of an FX product is in its pair's base currency; book values are in the instrument's.

    The notional of a RESIDUAL is a number of units, no amount: it is added up as `units`, where there is one.
    """
    of_instrument = portfolio.tables["instruments"].columns["currency"]
    of_notional = _notional_currencies(portfolio)
    columns, in_units = portfolio.tables["positions"].columns, _in_units(portfolio)
    totals: dict[str, dict[str, float]] = {}
    for currency in sorted({*of_notional.categories, *of_instrument.categories}):
        held = _rows_in(portfolio, of_notional, currency)
        booked = _rows_in(portfolio, of_instrument, currency)
        amounts, units = held[~in_units[held]], held[in_units[held]]
        found = {"positions": float(len(held)), "notional": _sum(columns["notional"], amounts)} if len(held) else {}
        if "book_value" in columns and (len(held) or not np.isnan(columns["book_value"].values[booked]).all()):
            found["book_value"] = _sum(columns["book_value"], booked)
        if len(units):
            found["units"] = _sum(columns["notional"], units)
        if found:
            totals[currency] = {"positions": 0, "notional": 0.0} | found | {"positions": len(held)}
    return totals


def _in_units(portfolio: Portfolio) -> Array:
    """[positions] those that hold a RESIDUAL."""
    instruments, tranches = portfolio.tables["instruments"], portfolio.tables.get("tranches")
    residual = np.zeros(instruments.rows, dtype=bool)
    if tranches is not None and tranches.rows:
        kind, owner = tranches.columns["kind"], tranches.columns["instrument_id"]
        if RESIDUAL in kind.categories:
            rows = np.flatnonzero(kind.values == kind.categories.index(RESIDUAL))
            names = {owner.categories[code] for code in owner.values[rows]}
            ids = instruments.columns["instrument_id"]
            residual = np.array([name in names for name in ids.categories], dtype=bool)[ids.values]
    in_units: Array = residual[portfolio.instrument_row]
    return in_units


def _notional_currencies(portfolio: Portfolio) -> ColumnData:
    """Of each instrument."""
    columns = portfolio.tables["instruments"].columns
    currency, product, pair = columns["currency"], columns["product_type"], columns.get("pair")
    if pair is None:
        return currency
    names = sorted({*currency.categories, *(text[:3] for text in pair.categories)})
    own = np.array([names.index(name) for name in currency.categories])[currency.values]
    base = np.array([*(names.index(text[:3]) for text in pair.categories), 0])[pair.values]
    is_fx = np.array([name in PAIRS for name in product.categories])[product.values]
    return ColumnData(currency.kind, np.where(is_fx & (pair.values >= 0), base, own), tuple(names))


def _rows_in(portfolio: Portfolio, currencies: ColumnData, currency: str) -> Array:
    """Rows of `positions`."""
    if currency not in currencies.categories:
        return np.empty(0, np.int64)
    code = currencies.categories.index(currency)
    return np.flatnonzero((currencies.values == code)[portfolio.instrument_row])


def _sum(column: ColumnData, rows: Array) -> float:
    amounts = column.values[rows]
    return math.fsum(amounts[~np.isnan(amounts)])
