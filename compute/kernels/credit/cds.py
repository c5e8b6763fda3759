"""Credit default swaps: their premium periods, and hazard rates from their spreads by the ISDA standard model.

Days are offsets from the valuation date, t = days / 365. Between two nodes of either curve both the forward and the
hazard rate are constant, so every integral over default times has a closed form.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.dates.calendars import adjusted_day, business_day_shifts, civil_of_day, day_of_civil
from compute.kernels.kernel import kernel
from domain.portfolio.tables import BUSINESS_DAYS

Array = NDArray[np.float64]
Days = NDArray[np.int32]

PREMIUM_YEAR_DAYS = 360.0
HALF_DAY_YR = 0.5 / DAYS_PER_YEAR
"""Accrual on default counts half a day more: the standard model's own habit."""
SERIES_TERMS = 16
MAX_STEPS = 200
HAZARD_TOLERANCE = 1e-14
MAX_HAZARD = 100.0

_FOLLOWING = BUSINESS_DAYS.index("FOLLOWING")


class Premiums(NamedTuple):
    """Premium periods still to be paid of n swaps (CSR): on IMM dates moved to the next business day."""

    offsets: NDArray[np.int64]
    start: Days
    end: Days
    """the payment day; the last one's default protection and accrual end with the maturity"""
    counted_days: Days
    """ACT/360 days of the premium; the last period counts its final day too"""


class Swaps(NamedTuple):
    """Terms of n swaps, protection bought on a notional of 1."""

    protected_after: Days
    """[n] the day before the first on which a default is covered: the valuation date, unless protection starts later"""
    maturity: Days
    coupon: Array
    recovery: Array


class Credit(NamedTuple):
    """Hazard-rate curves; a row holds `node_count` nodes, each rate holding back to the node before."""

    node_count: Days
    node_day: Days
    """[rows, nodes]"""
    hazard: Array
    """[rows, nodes, S]; the last rate holds for ever"""


class Rates(NamedTuple):
    """Where swaps discount. `breaks` are the days at which a curve's forward rate may jump, by curve and scenario."""

    factors: Array
    """[curves, days, S]"""
    spread_factors: Array
    """[1 + spread curves, days]"""
    breaks: Days
    """[curves, S, most breaks], ascending, filled up with large numbers"""
    gradients: Array
    """[gradients, curves, days, K]"""
    gradient_of_scenario: Days


class Rows(NamedTuple):
    """[n] rows of each swap in the tables, and what moves them; `spread` and `hazard_add` are [n, S]"""

    curve: Days
    spread_curve: Days
    credit: Days
    spread: Array
    hazard_add: Array


def premium_periods(as_of_day: int, *, maturity_day: Days, first_day: Days, calendar: NDArray[np.int8]) -> Premiums:
    """Quarterly periods between the 20ths of March, June, September and December, and to the maturity.

    Each runs from one adjusted date to the next; the first is the one in progress on `first_day`, paid in full.

    Args:    maturity_day  [n]  epoch days, unadjusted: the last accrual counts it, the payment moves
             first_day     [n]  epoch day from which premiums are owed
    Returns: day offsets; only periods whose payment is still to come
    """
    shifts, columns, counts = business_day_shifts(), [], []
    for maturity, first, code in zip(maturity_day, first_day, calendar, strict=True):
        rows = _periods(as_of_day, int(maturity), int(first), int(code), shifts)
        columns.append(rows)
        counts.append(len(rows))
    together = np.concatenate(columns) if columns else np.empty((0, 3), np.int32)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Premiums(offsets, *(np.ascontiguousarray(together[:, k]) for k in range(3)))


@kernel
def _periods(as_of: int, maturity: int, first: int, calendar: int, shifts: NDArray[np.int8]) -> Days:
    year, month, _ = civil_of_day(min(first, as_of))
    quarter = 4 * year + (month - 1) // 3 - 1
    rows = np.empty((4 * (max(maturity - min(first, as_of), 0) // 360 + 3), 3), np.int32)
    count, start = 0, _imm_day(quarter)
    while start < maturity:
        quarter += 1
        end = min(_imm_day(quarter), maturity)
        begins, pays = (
            adjusted_day(start, calendar, _FOLLOWING, shifts),
            adjusted_day(end, calendar, _FOLLOWING, shifts),
        )
        if pays > max(as_of, first):
            counted = maturity + 1 - begins if end == maturity else pays - begins
            rows[count, 0], rows[count, 1], rows[count, 2] = begins - as_of, pays - as_of, counted
            count += 1
        start = end
    return rows[:count]


@kernel
def _imm_day(quarter: int) -> int:
    """The 20th of the last month of a quarter, 4 x year + number from 0."""
    return day_of_civil(quarter // 4, 3 * (quarter % 4) + 3, 20)


@kernel
def moments(x: float) -> tuple[float, float, float]:
    """The integrals of u^k exp(-x u) over 0 to 1, k = 0, 1, 2: a series for small x, then upwards recursion."""
    e = math.exp(-x)
    if abs(x) > 2.0:
        zero = (1.0 - e) / x
        one = (zero - e) / x
        return zero, one, (2.0 * one - e) / x
    two, term = 0.0, 1.0
    for k in range(SERIES_TERMS + 8):
        two += term / (k + 3)
        term *= -x / (k + 1)
    one = (x * two + e) / 2.0
    return x * one + e, one, two


@kernel
def _log_survival(day: int, credit: Credit, row: int, s: int, add: float) -> float:
    total, before = 0.0, 0
    last = credit.node_count[row] - 1
    for j in range(last + 1):
        until = day if j == last else min(day, credit.node_day[row, j])
        if until > before:
            total += credit.hazard[row, j, s] * (until - before)
            before = until
    log: float = -(total + add * day) / DAYS_PER_YEAR
    return log


@kernel
def _log_discount(day: int, i: int, s: int, rows: Rows, rates: Rates) -> float:
    factor = rates.factors[rows.curve[i], day, s] * rates.spread_factors[rows.spread_curve[i], day]
    log: float = math.log(factor) - rows.spread[i, s] * day / DAYS_PER_YEAR
    return log


@kernel
def _next_break(day: int, end: int, i: int, s: int, rows: Rows, rates: Rates, credit: Credit) -> int:
    """The first day after `day` at which the forward or the hazard rate may change, at most `end`."""
    found: int = end
    for node in rates.breaks[rows.curve[i], s]:
        if node > day:
            found = min(found, node)
            break
    row = rows.credit[i]
    for j in range(credit.node_count[row]):
        if credit.node_day[row, j] > day:
            found = min(found, credit.node_day[row, j])
            break
    return found


@kernel
def _defaults(
    begin: int,
    end: int,
    accrual_start_yr: float,
    level: float,
    slope: float,
    i: int,
    s: int,
    rows: Rows,
    rates: Rates,
    credit: Credit,
) -> float:
    """The value of `level` + `slope` x (t - accrual start), paid at default between two days.

    sum over segments of h dt A [(level + slope (t0 - start)) m0 + slope dt m1],   m_k = moments(x), x = (f + h) dt
    """
    row, add, value = rows.credit[i], rows.hazard_add[i, s], 0.0
    day0 = begin
    p0, q0 = _log_discount(begin, i, s, rows, rates), _log_survival(begin, credit, row, s, add)
    while day0 < end:
        day1 = _next_break(day0, end, i, s, rows, rates, credit)
        p1, q1 = _log_discount(day1, i, s, rows, rates), _log_survival(day1, credit, row, s, add)
        zero, one, _ = moments(p0 + q0 - p1 - q1)
        at_start, grows = (
            level + slope * (day0 / DAYS_PER_YEAR - accrual_start_yr),
            slope * (day1 - day0) / DAYS_PER_YEAR,
        )
        value += (q0 - q1) * math.exp(p0 + q0) * (at_start * zero + grows * one)
        day0, p0, q0 = day1, p1, q1
    return value


@kernel
def _premium(
    coupon: float, i: int, s: int, swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit
) -> float:
    """Premiums on the days they are paid, if there was no default by the day before, and accrual on default."""
    value = 0.0
    for f in range(premiums.offsets[i], premiums.offsets[i + 1]):
        start, pay = premiums.start[f], premiums.end[f]
        log_alive = _log_survival(pay - 1, credit, rows.credit[i], s, rows.hazard_add[i, s])
        paid = coupon * premiums.counted_days[f] / PREMIUM_YEAR_DAYS
        value += paid * math.exp(_log_discount(pay, i, s, rows, rates) + log_alive)
        begin = max(start - 1, swaps.protected_after[i])
        since_yr = (start - 1) / DAYS_PER_YEAR - HALF_DAY_YR
        slope = coupon * DAYS_PER_YEAR / PREMIUM_YEAR_DAYS
        value += _defaults(begin, pay - 1, since_yr, 0.0, slope, i, s, rows, rates, credit)
    return value


def bootstrap_hazards(
    swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit, accrued_days: Array
) -> None:
    """Fills the hazard rates of one curve, row 0, node by node, so that swaps quoted at their spread cost nothing.

    A swap that matures on node j has `coupon` its spread; it costs nothing net of the premium already accrued. NaN
    spreads leave the node's hazard rate as it is. NaN where no rate from 0 to 100 solves: the spreads contradict.

    Args:    swaps, premiums, rows  of a swap for each node
             accrued_days           [nodes]  ACT/360 days that the running period has accrued
    """
    _bootstrap(swaps, premiums, rows, rates, credit, accrued_days)


@kernel
def _bootstrap(swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit, accrued_days: Array) -> None:
    for s in range(rates.factors.shape[2]):
        for j in range(len(swaps.coupon)):
            if not math.isnan(swaps.coupon[j]):
                _solve_node(j, s, swaps, premiums, rows, rates, credit, accrued_days[j])


@kernel
def _solve_node(
    j: int, s: int, swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit, accrued_days: float
) -> None:
    """Bisection kept safe around secant steps (Illinois); the value rises with the hazard rate."""
    rebate = swaps.coupon[j] * accrued_days / PREMIUM_YEAR_DAYS
    low, high = 0.0, 0.5
    at_low = _with_hazard(low, j, s, swaps, premiums, rows, rates, credit) + rebate
    at_high = _with_hazard(high, j, s, swaps, premiums, rows, rates, credit) + rebate
    while at_high < 0.0 and high < MAX_HAZARD:
        low, at_low = high, at_high
        high *= 2.0
        at_high = _with_hazard(high, j, s, swaps, premiums, rows, rates, credit) + rebate
    if not (at_low <= 0.0 <= at_high):
        credit.hazard[0, j, s] = math.nan
        return
    side = 0
    for _ in range(MAX_STEPS):
        middle = high - at_high * (high - low) / (at_high - at_low)
        value = _with_hazard(middle, j, s, swaps, premiums, rows, rates, credit) + rebate
        if value == 0.0 or abs(high - low) < HAZARD_TOLERANCE:
            return
        if value < 0.0:
            at_high *= 0.5 if side == -1 else 1.0
            low, at_low, side = middle, value, -1
        else:
            at_low *= 0.5 if side == 1 else 1.0
            high, at_high, side = middle, value, 1
        if abs(value) < 1e-17:
            return


@kernel
def _with_hazard(
    hazard: float, j: int, s: int, swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit
) -> float:
    """Protection less premiums of the swap of node j, with this rate from the node before on."""
    for later in range(j, credit.node_count[0]):
        if later == j or not math.isnan(swaps.coupon[later]):
            credit.hazard[0, later, s] = hazard
    lost, begin, end = 1.0 - swaps.recovery[j], swaps.protected_after[j], swaps.maturity[j]
    protection: float = _defaults(begin, end, 0.0, lost, 0.0, j, s, rows, rates, credit)
    return protection + _premium(-swaps.coupon[j], j, s, swaps, premiums, rows, rates, credit)
