"""What changes a loan's, a bond's or a swap's terms on agreed dates: rows of `steps`, `payment_holidays`, `draws`."""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.inputs.terms import ABSENT, Terms, row_of
from domain.portfolio.columns import ABSENT_DATE, Portfolio, TableData
from domain.portfolio.tables import AMORTIZATIONS, HOLIDAY_KINDS, PRODUCT_TYPES, RATE_TYPES

Days = NDArray[np.int32]
Rates = NDArray[np.float64]
Flags = NDArray[np.bool_]

FULL, INTEREST_ONLY = (number for number, _ in enumerate(HOLIDAY_KINDS, start=1))
NO_HOLIDAY = 0
LOAN, BOND = PRODUCT_TYPES.index("LOAN"), PRODUCT_TYPES.index("BOND")
FLOATING, ZERO = RATE_TYPES.index("FLOATING"), RATE_TYPES.index("ZERO")
CUSTOM = AMORTIZATIONS.index("CUSTOM")
STEPPED = ("coupon", "margin", "notional_factor")


class Holidays(NamedTuple):
    """Those of instrument m are the rows offsets[m]:offsets[m + 1], by first day."""

    offsets: NDArray[np.int64]
    from_day: Days
    to_day: Days
    kind: NDArray[np.int8]
    """FULL or INTEREST_ONLY"""
    extends: Flags


class Draws(NamedTuple):
    """Those of instrument m are the rows offsets[m]:offsets[m + 1], by day."""

    offsets: NDArray[np.int64]
    day: Days
    amount_ccy: Rates


class Steps(NamedTuple):
    """Those of instrument m are the rows offsets[m]:offsets[m + 1], by day."""

    offsets: NDArray[np.int64]
    day: Days
    values: dict[str, Rates]
    """by column of STEPPED; what a row leaves out is as before, NaN until something is said"""


def holidays_of(terms: Terms) -> Holidays:
    made: Holidays = terms.lookups.once("rows of", "payment_holidays", lambda: _holidays(terms.portfolio))
    return made


def draws_of(terms: Terms) -> Draws:
    made: Draws = terms.lookups.once("rows of", "draws", lambda: _draws(terms.portfolio))
    return made


def steps_of(terms: Terms) -> Steps:
    made: Steps = terms.lookups.once("rows of", "steps", lambda: _steps(terms.portfolio))
    return made


def has_steps(terms: Terms, *columns: str) -> Flags:
    """[n] a row of `steps` says something in one of the columns."""

    def make() -> Flags:
        found, steps = np.zeros(_instrument_count(terms.portfolio), np.bool_), steps_of(terms)
        owner = np.repeat(np.arange(len(found)), np.diff(steps.offsets))
        for column in columns:
            found[owner[~np.isnan(steps.values[column])]] = True
        return found

    if "steps" not in terms.portfolio.tables:
        return np.zeros(len(terms), np.bool_)
    known: Flags = terms.lookups.once("has steps", "/".join(columns), make)
    return known[terms.instruments]


def has_holidays(terms: Terms) -> Flags:
    """[n] LOANs that pay by a schedule and pass over some of its dates."""
    if "payment_holidays" not in terms.portfolio.tables:
        return np.zeros(len(terms), np.bool_)
    named: Flags = (np.diff(holidays_of(terms).offsets) > 0)[terms.instruments]
    found: Flags = np.logical_and(named, _is_loan_by_rule(terms))
    return found


def resets_its_rate(terms: Terms) -> Flags:
    """[n] adjustable-rate loans."""
    resets: Flags = terms.day("first_reset_date") != ABSENT_DATE
    if not resets.any():
        return resets
    found: Flags = resets & _is_loan_by_rule(terms) & (terms.choice("rate_type", RATE_TYPES) == FLOATING)
    return found


def has_events(terms: Terms) -> Flags:
    """[n] loans and bonds whose terms change on agreed dates, or that draw: `eventful_loans` makes their flows."""
    draws = terms.position_number("undrawn", 0.0) * terms.number("draw_rate", 0.0) > 0.0
    if "draws" in terms.portfolio.tables:
        draws |= (np.diff(draws_of(terms).offsets) > 0)[terms.instruments]
    found = resets_its_rate(terms) | has_holidays(terms) | (draws & _is_loan_by_rule(terms) if draws.any() else draws)
    if "steps" in terms.portfolio.tables:
        found = found | _steps_its_rate(terms)
    return found


def _steps_its_rate(terms: Terms) -> Flags:
    product, rate_type = terms.choice("product_type", PRODUCT_TYPES), terms.choice("rate_type", RATE_TYPES)
    stepped: Flags = np.where(rate_type == FLOATING, has_steps(terms, "margin"), has_steps(terms, "coupon"))
    stepped &= rate_type != ZERO
    found: Flags = np.logical_and(stepped, (product == BOND) | _is_loan_by_rule(terms))
    return found


def _is_loan_by_rule(terms: Terms) -> Flags:
    amortization = terms.choice("amortization", AMORTIZATIONS)
    is_loan = terms.choice("product_type", PRODUCT_TYPES) == LOAN
    found: Flags = np.logical_and(is_loan, (amortization != CUSTOM) & (amortization != ABSENT))
    return found


def stepped(terms: Terms, column: str, instrument: NDArray[np.int64], day: Days, otherwise: Rates) -> Rates:
    """[N] what the last row of `steps` on or before each day says in a column, else `otherwise`.

    Args: instrument [N] rows of `instruments`
    """
    steps = steps_of(terms)
    stride = np.int64(1) << 32
    owner = np.repeat(np.arange(len(steps.offsets) - 1), np.diff(steps.offsets))
    at = np.searchsorted(owner * stride + steps.day, instrument * stride + day, side="right") - 1
    of_own = at >= steps.offsets[instrument]
    said = np.where(of_own, steps.values[column][np.maximum(at, 0)] if len(steps.day) else np.nan, np.nan)
    return np.where(np.isnan(said), otherwise, said)


# --- tables by row of instruments -----------------------------------------------------------------------------------


def _instrument_count(portfolio: Portfolio) -> int:
    return portfolio.tables["instruments"].rows


def _holidays(portfolio: Portfolio) -> Holidays:
    rows, days = _by_instrument(portfolio, "payment_holidays", "from_date"), np.int32
    kind, table = np.empty(0, np.int8), portfolio.tables.get("payment_holidays")
    if table is not None and table.rows:
        known = table.columns["kind"]
        kind = np.array([HOLIDAY_KINDS.index(text) + FULL for text in known.categories], np.int8)[known.values]
    of = partial(_column, portfolio, "payment_holidays", rows.order)
    extends = np.nan_to_num(of("extends_maturity")) == 1
    return Holidays(rows.offsets, of("from_date").astype(days), of("to_date").astype(days), kind[rows.order], extends)


def _draws(portfolio: Portfolio) -> Draws:
    rows = _by_instrument(portfolio, "draws", "date")
    of = partial(_column, portfolio, "draws", rows.order)
    return Draws(rows.offsets, of("date").astype(np.int32), of("amount").astype(np.float64))


def _steps(portfolio: Portfolio) -> Steps:
    rows = _by_instrument(portfolio, "steps", "date")
    of = partial(_column, portfolio, "steps", rows.order)
    values = {name: _carried_on(rows.offsets, of(name).astype(np.float64)) for name in STEPPED}
    return Steps(rows.offsets, of("date").astype(np.int32), values)


def _carried_on(offsets: NDArray[np.int64], said: Rates) -> Rates:
    """An empty cell says what the last one of the same instrument that is filled says."""
    last = np.maximum.accumulate(np.where(np.isnan(said), -1, np.arange(len(said))))
    of_own = last >= np.repeat(offsets[:-1], np.diff(offsets))
    return np.where(of_own, said[last], np.nan) if len(said) else said


class _Rows(NamedTuple):
    """Rows of an attached table by row of `instruments`, and the order that brings them there."""

    offsets: NDArray[np.int64]
    order: NDArray[np.int64]


def _by_instrument(portfolio: Portfolio, name: str, by: str) -> _Rows:
    count, table = _instrument_count(portfolio), portfolio.tables.get(name, TableData(0))
    if not table.rows:
        return _Rows(np.zeros(count + 1, np.int64), np.empty(0, np.int64))
    instruments = portfolio.tables["instruments"].columns["instrument_id"]
    owner = table.columns["instrument_id"]
    owner_row = np.array([row_of(instruments, text) for text in owner.categories])[owner.values]
    order = np.lexsort((table.columns[by].values, owner_row))
    return _Rows(np.concatenate(([0], np.cumsum(np.bincount(owner_row, minlength=count)))).astype(np.int64), order)


def _column(portfolio: Portfolio, name: str, order: NDArray[np.int64], column: str) -> Rates:
    """NaN where the table has no such column."""
    table = portfolio.tables.get(name)
    known = None if table is None else table.columns.get(column)
    found: Rates = np.full(len(order), np.nan) if known is None else known.values[order]
    return found
