"""Bonds with calls and puts: which exercises are still to come, and the dates and amounts that they make.

    valuation        decision        exercise             period ends, coupon
      |------------------|-- notice ------|----------------------|
                         d                e pays the clean price and interest accrued from the period's start to e

Coupons are paid at their period's end before anything is exercised on that day.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import UNKNOWN, Terms, row_of
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.dates.daycounts import ACT_ACT_ICMA, year_fraction
from compute.kernels.flows.flows import Flows
from compute.kernels.hull_white.callable_bonds import AT_ONCE, CALLED, PAID, PUTTED, CallableBonds, DatedAmounts, Dates
from compute.kernels.hull_white.closed_form import bond_loadings
from compute.pricers.debt.terms import ZERO, Debt
from domain.portfolio.tables import RATE_TYPES

Rows = NDArray[np.int64]
Days = NDArray[np.int32]
Amounts = NDArray[np.float64]


@dataclass(frozen=True)
class Exercises:
    """Y rights still to be used, of positions in a chunk; days are epoch days."""

    position: Rows
    day: Days
    decision_day: Days
    price_per_100: Amounts
    is_put: NDArray[np.bool_]


@dataclass(frozen=True)
class _Table:
    """The `exercises` table by row of `instruments`."""

    offsets: Rows
    day: Days
    price_per_100: Amounts
    is_put: NDArray[np.bool_]


def live_exercises(run: RunInputs, terms: Terms) -> Exercises:
    """Those decided after the valuation date, `notice_days` before their own date, which is before maturity."""
    table = run.lookups.once("table", "exercises", lambda: _exercise_table(run))
    counts = np.diff(table.offsets)[terms.instruments]
    position = np.repeat(np.arange(len(terms)), counts)
    first = np.repeat(table.offsets[:-1][terms.instruments] - (np.cumsum(counts) - counts), counts)
    row = first + np.arange(len(position))
    day = table.day[row]
    decision_day = day - terms.whole("notice_days")[position]
    live = (decision_day > run.as_of_day) & (day < terms.day("maturity_date")[position])
    return Exercises(
        position[live], day[live], decision_day[live], table.price_per_100[row][live], table.is_put[row][live]
    )


def _exercise_table(run: RunInputs) -> _Table:
    instruments = run.portfolio.tables["instruments"].columns["instrument_id"]
    table = run.portfolio.tables.get("exercises")
    if table is None or not table.rows:
        none = np.zeros(len(instruments.values) + 1, np.int64)
        return _Table(none, np.empty(0, np.int32), np.empty(0), np.empty(0, np.bool_))
    owner, kind = table.columns["instrument_id"], table.columns["kind"]
    owner_row = np.array([row_of(instruments, text) for text in owner.categories])[owner.values]
    day = table.columns["date"].values
    order = np.lexsort((day, owner_row))
    counts = np.bincount(owner_row, minlength=len(instruments.values))
    is_put = np.array([text == "PUT" for text in kind.categories])[kind.values]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return _Table(offsets, day[order], table.columns["price_per_100"].values[order], is_put[order])


def build_bonds(run: RunInputs, debt: Debt, unit_flows: Flows, exercises: Exercises) -> CallableBonds:
    """Dates and amounts of bonds that have exercises still to come; without lattices (`CallableBonds.on`).

    Args: unit_flows  of the straight bonds, for a notional of 1
    """
    position = np.repeat(np.arange(unit_flows.position_count), np.diff(unit_flows.offsets))
    node = debt.schedules.end[debt.schedules.offsets[:-1][position] + unit_flows.period] - run.as_of_day
    paid_at, decided_at = _key(position, node), _key(exercises.position, _decided(run, exercises))
    later = node > 0
    distinct = np.unique(np.concatenate((paid_at[later], decided_at)))
    right_row = np.searchsorted(distinct, decided_at)
    amounts = (
        *_coupons_and_redemptions(unit_flows, position, np.where(later, np.searchsorted(distinct, paid_at), AT_ONCE)),
        _strikes(run, debt, exercises, right_row),
        _coupons_under_notice(run, unit_flows, paid_at, exercises, right_row),
    )
    return CallableBonds(_dates(run, debt, distinct, unit_flows, exercises), _together(amounts), ())


def _decided(run: RunInputs, exercises: Exercises) -> Days:
    return exercises.decision_day - run.as_of_day


def _key(position: Rows, day: NDArray[np.integer]) -> Rows:
    return position.astype(np.int64) * (1 << 32) + day


def _dates(run: RunInputs, debt: Debt, distinct: Rows, flows: Flows, exercises: Exercises) -> Dates:
    position = distinct >> 32
    offsets = np.searchsorted(position, np.arange(flows.position_count + 1)).astype(np.int64)
    day = (distinct & ((1 << 32) - 1)).astype(np.int32)
    mean_reversion = hull_white_of(run, debt.terms)[0]
    paid_loading, strike_loading = np.zeros(len(day)), np.zeros((2, len(day)))
    last = offsets[1:] - 1
    lag = flows.day[flows.offsets[1:] - 1] - day[last]
    paid_loading[last] = bond_loadings(mean_reversion, lag / DAYS_PER_YEAR)
    row = np.searchsorted(distinct, _key(exercises.position, _decided(run, exercises)))
    notice = (exercises.day - exercises.decision_day) / DAYS_PER_YEAR
    strike_loading[exercises.is_put.astype(np.int64), row] = bond_loadings(mean_reversion[exercises.position], notice)
    return Dates(offsets, day, paid_loading, strike_loading)


def hull_white_of(run: RunInputs, terms: Terms) -> tuple[Amounts, Amounts]:
    """[m] mean reversion and sigma of the currency; NaN where the market has none."""
    known = list(run.tables.hull_white)
    row = terms.code("Hull-White", "currency", lambda text: known.index(text) if text in known else UNKNOWN)
    parameters = np.array([*run.tables.hull_white.values(), (np.nan, np.nan)])[np.where(row >= 0, row, -1)]
    return parameters[:, 0], parameters[:, 1]


def _coupons_and_redemptions(flows: Flows, position: Rows, row: Rows) -> tuple[DatedAmounts, DatedAmounts]:
    """Apart, so that principal can be told from interest in what is expected."""
    purpose, interest = np.full(len(row), PAID, np.int8), np.zeros(len(row), np.bool_)
    return (
        DatedAmounts(position, flows.day, flows.interest[:, 0], interest, row, purpose),
        DatedAmounts(position, flows.day, flows.principal[:, 0], ~interest, row, purpose),
    )


def _strikes(run: RunInputs, debt: Debt, exercises: Exercises, row: Rows) -> DatedAmounts:
    amount = exercises.price_per_100 / 100.0 + accrued_at(debt, exercises)
    day = (exercises.day - run.as_of_day).astype(np.int32)
    return DatedAmounts(exercises.position, day, amount, np.ones(len(row), np.bool_), row, _purpose(exercises))


def accrued_at(debt: Debt, exercises: Exercises) -> Amounts:
    """[Y] interest from the start of the period in progress on the exercise day, per unit of notional."""
    schedules, position = debt.schedules, exercises.position
    ends = _key(schedules.position_of_period, schedules.end)
    row = np.minimum(np.searchsorted(ends, _key(position, exercises.day), side="right"), len(ends) - 1)
    day_count = debt.day_count[position]
    start = np.where(day_count == ACT_ACT_ICMA, schedules.start[row], schedules.accrual_start[row])
    until = np.where(schedules.pay[row] <= exercises.day, schedules.end[row], exercises.day)
    reference = schedules.reference_start[row], schedules.reference_end[row]
    years = year_fraction(day_count, start, np.maximum(until, start), *reference, debt.frequency[position])
    rate = np.where(debt.terms.choice("rate_type", RATE_TYPES) == ZERO, 0.0, debt.coupon)
    return rate[position] * years


def _coupons_under_notice(
    run: RunInputs, flows: Flows, paid_at: Rows, exercises: Exercises, right_row: Rows
) -> DatedAmounts:
    """Coupons due between decision and exercise are paid to a holder who has been called, too."""
    first = np.searchsorted(paid_at, _key(exercises.position, _decided(run, exercises)), side="right")
    end = np.searchsorted(paid_at, _key(exercises.position, exercises.day - run.as_of_day), side="right")
    right = np.repeat(np.arange(len(first)), end - first)
    coupon = np.arange(len(right)) + np.repeat(first - np.cumsum(end - first) + (end - first), end - first)
    return DatedAmounts(
        exercises.position[right],
        flows.day[coupon],
        flows.interest[coupon, 0],
        np.zeros(len(right), np.bool_),
        right_row[right],
        _purpose(exercises)[right],
    )


def _purpose(exercises: Exercises) -> NDArray[np.int8]:
    return np.where(exercises.is_put, PUTTED, CALLED).astype(np.int8)


def _together(parts: tuple[DatedAmounts, ...]) -> DatedAmounts:
    return DatedAmounts(
        np.concatenate([each.position for each in parts]),
        np.concatenate([each.day for each in parts]),
        np.concatenate([each.amount for each in parts]),
        np.concatenate([each.is_principal for each in parts]),
        np.concatenate([each.row for each in parts]),
        np.concatenate([each.purpose for each in parts]),
    )
