"""Yield to maturity of projected flows, and the durations at it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.daycounts import ACT_ACT_ICMA, THIRTY_360, THIRTY_E_360, year_fraction
from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.flows import Flows
from compute.kernels.kernel import kernel

Amounts = NDArray[np.float64]

LANES = 8
"""Scenarios solved side by side: a constant, so that the compiler turns a loop over them into vector arithmetic."""
MAX_STEPS = 60
STEP_TOLERANCE = 1e-10
"""A Newton step squares its error: what is left after one this small is below the last digit."""
FIRST_GUESS = 0.05
MAX_LOG_RATE = 50.0
"""log(1 + yield per period) is sought between minus this and this."""


@dataclass(frozen=True)
class YieldTimes:
    """When flows are paid, counted in compounding periods."""

    gap: Amounts
    """[F] from the position's flow before, from the valuation date for its first"""
    per_year: Amounts
    """[n] compounding periods a year"""


@dataclass(frozen=True)
class Durations:
    macaulay_yr: Amounts
    """[n, S]"""
    modified_yr: Amounts
    """[n, S]"""


def solve_yields(flows: Flows, times: YieldTimes, *, price_ccy: Amounts) -> tuple[Amounts, NDArray[np.bool_]]:
    """Yields at which the flows are worth their price, every scenario at once.

    price = sum over flows of amount (1 + y / f)^-t, t in periods; solved for log(1 + y / f) by Newton's method on
    log(sum / price), which is convex for flows of one sign, within a bracket that is halved where a step leaves it

    Args:    flows, times  of n positions
             price_ccy     [n, S]  dirty, for the position's own signed notional
    Returns: yields [n, S] decimal, > -f, NaN where not converged; converged [n, S]
    Accuracy: 1e-12 in the yield. No flows, a price of zero or of the other sign than the flows, no yield in the
             bracket: not converged. Flows of both signs may have several yields; one is found
    """
    per_year = times.per_year[:, np.newaxis]
    log_rate = np.broadcast_to(np.log1p(FIRST_GUESS / per_year), price_ccy.shape).copy()
    price = np.array(price_ccy, dtype=np.float64, order="C")
    _, converged = _newton(*_columns(flows, times), price, log_rate, MAX_STEPS)
    return np.where(converged, per_year * np.expm1(log_rate), np.nan), converged


def durations(flows: Flows, times: YieldTimes, yields: Amounts) -> Durations:
    """Mean time of the flows weighted by their value at the yield, and the relative loss for a rise of the yield.

    macaulay = sum(t / f x amount (1 + y / f)^-t) / sum(amount (1 + y / f)^-t);  modified = macaulay / (1 + y / f)

    Args:    flows, times  of n positions
             yields        [n, S]  decimal, compounded f = times.per_year times a year
    Returns: Durations [n, S] years, NaN where the yield is
    """
    per_year = times.per_year[:, np.newaxis]
    log_rate = np.ascontiguousarray(np.log1p(yields / per_year))
    mean_time, _ = _newton(*_columns(flows, times), np.ones_like(log_rate), log_rate, 0)
    macaulay_yr = np.where(np.isnan(yields), np.nan, mean_time / per_year)
    return Durations(macaulay_yr, macaulay_yr / (1 + yields / per_year))


def bond_equivalent(yields: Amounts, frequency: Amounts | float) -> Amounts:
    """Yields compounded `frequency` times a year as semi-annual ones, the convention for pools."""
    return 2 * np.expm1(frequency / 2 * np.log1p(yields / frequency))


def yield_times(
    flows: Flows, schedules: Schedules, *, day_count: NDArray[np.int8], frequency: NDArray[np.int32], as_of_day: int
) -> YieldTimes:
    """Times (w + k) / frequency of the flows: w the part of the current period still to run, k their `period`.

    A last period that is no regular one counts by its length, as w does once it has begun.

    Frequency 0: years by the position's own day count from the valuation date to the payment day, compounded yearly
    (ACT/ACT.ICMA: in years back from maturity).

    Args:    flows, schedules  of the same n positions; flows without a schedule have times NaN, hence no yield
             day_count         [n]  index in domain.portfolio.tables.DAY_COUNTS
             frequency         [n]
    """
    first, position = _first_rows(flows), np.repeat(np.arange(flows.position_count), np.diff(flows.offsets))
    to_maturity = frequency[position] == 0
    time = flows.period.astype(np.float64)
    beyond = last_period_beyond(schedules, day_count, frequency)
    if beyond.any():
        is_last = flows.period == np.diff(schedules.offsets)[position] - 1
        time += np.where(is_last, beyond[position], 0.0)
    time[to_maturity] = _years_to_payment(flows, schedules, position, to_maturity, day_count, as_of_day)
    gap = np.diff(time, prepend=0.0)
    w = np.where(frequency == 0, 0.0, part_of_period_left(schedules, day_count, frequency, as_of_day))
    gap[first] = time[first] + w[position[first]]
    return YieldTimes(gap, np.maximum(frequency, 1).astype(np.float64))


def has_time(flows: Flows, times: YieldTimes) -> NDArray[np.bool_]:
    """[n] whether any flow lies ahead as yields count time; without one no rate changes what the flows are worth."""
    position = np.repeat(np.arange(flows.position_count), np.diff(flows.offsets))
    ahead: NDArray[np.bool_] = np.bincount(position, times.gap, minlength=flows.position_count) > 0
    return ahead


def part_of_period_left(
    schedules: Schedules, day_count: NDArray[np.int8], frequency: NDArray[np.int32], as_of_day: int
) -> Amounts:
    """w: the part of the first period still to be paid that is still to run, by the position's own day count.

    30/360, 30E/360: w = (C(start, end) - C(start, as_of)) / C(notional period), C the day count's days
    others:          w = sum over notional periods of actual days left / days of the notional period

    Returns: [n]  1 at the start of a regular period, more in a long stub or before issue, 0 where the payment is
             held up past the period's end; NaN where nothing is left to pay
    Source:  Mayle (1993), Standard Securities Calculation Methods: w = 1 - A / E
    """
    w = np.full(schedules.position_count, np.nan)
    live = np.flatnonzero(np.diff(schedules.offsets))
    row = schedules.offsets[live]
    start, end = schedules.start[row], schedules.end[row]
    reference = schedules.reference_start[row], schedules.reference_end[row]
    as_of = np.minimum(as_of_day, end)
    actual = year_fraction(ACT_ACT_ICMA, as_of, end, *reference, frequency[live]) * frequency[live]
    count = day_count[live]

    def years(a: NDArray[np.int32], b: NDArray[np.int32]) -> Amounts:
        return year_fraction(count, a, b, *reference, frequency[live])

    elapsed = np.where(as_of < start, -years(as_of, start), years(start, as_of))
    by_count = (years(start, end) - elapsed) / years(*reference)
    w[live] = np.where((count == THIRTY_360) | (count == THIRTY_E_360), by_count, actual)
    return w


def last_period_beyond(schedules: Schedules, day_count: NDArray[np.int8], frequency: NDArray[np.int32]) -> Amounts:
    """[n] by how many regular periods the last period is longer than one, below 0 if it is shorter; counted as w is.

    0 without such a stub, and where it is the period in progress.
    """
    beyond = np.zeros(schedules.position_count)
    several = np.flatnonzero(np.diff(schedules.offsets) > 1)
    last = schedules.offsets[several + 1] - 1
    stubs = schedules.reference_end[last] != schedules.end[last]
    several, last = several[stubs], last[stubs]
    if len(last):
        start, end = schedules.start[last], schedules.end[last]
        reference = schedules.reference_start[last], schedules.reference_end[last]
        count, per_year = day_count[several], frequency[several]
        actual = year_fraction(ACT_ACT_ICMA, start, end, *reference, per_year) * per_year
        of_regular = year_fraction(count, *reference, *reference, per_year)
        by_count = year_fraction(count, start, end, *reference, per_year) / of_regular
        beyond[several] = np.where((count == THIRTY_360) | (count == THIRTY_E_360), by_count, actual) - 1.0
    return beyond


def _years_to_payment(
    flows: Flows,
    schedules: Schedules,
    position: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    day_count: NDArray[np.int8],
    as_of_day: int,
) -> Amounts:
    has_schedule = np.diff(schedules.offsets)[position[chosen]] > 0
    years = np.full(len(has_schedule), np.nan)
    owner, day = position[chosen][has_schedule], flows.day[chosen][has_schedule]
    row = schedules.offsets[owner]
    reference = schedules.reference_start[row], schedules.reference_end[row]
    start = np.full(len(owner), as_of_day, dtype=np.int32)
    years[has_schedule] = year_fraction(day_count[owner], start, as_of_day + day, *reference, 1)
    return years


def _first_rows(flows: Flows) -> NDArray[np.int64]:
    return flows.offsets[:-1][np.diff(flows.offsets) > 0]


def _columns(flows: Flows, times: YieldTimes) -> tuple[NDArray[np.int64], Amounts, Amounts, NDArray[np.int32]]:
    return flows.offsets, times.gap, flows.amount, flows.variant_of_scenario


@kernel
def _newton(
    offsets: NDArray[np.int64],
    gap: Amounts,
    amount: Amounts,
    variant_of_scenario: NDArray[np.int32],
    price: Amounts,
    log_rate: Amounts,
    most_steps: int,
) -> tuple[Amounts, NDArray[np.bool_]]:
    """Improves `log_rate` [n, S] in place; returns the mean time of the flows at the rates last tried, and success.

    A lane stops by itself, so that a scenario's yield does not depend on those beside it.
    """
    n, scenarios = price.shape
    mean_time = np.full((n, scenarios), np.nan)
    converged = np.zeros((n, scenarios), dtype=np.bool_)
    lanes = np.empty((np.max(np.diff(offsets)) if n else 0, LANES))
    for i in range(n):
        rows = slice(offsets[i], offsets[i + 1])
        for block in range(0, scenarios, LANES):
            own = slice(block, min(block + LANES, scenarios))
            _load(amount[rows], variant_of_scenario[own], lanes)
            _solve_lanes(
                lanes, gap[rows], price[i, own], most_steps, log_rate[i, own], mean_time[i, own], converged[i, own]
            )
    return mean_time, converged


@kernel
def _load(amount: Amounts, variant_of_scenario: NDArray[np.int32], lanes: Amounts) -> None:
    """One position's flows, a column a scenario; the last scenario fills the lanes that are left over."""
    for l in range(LANES):
        variant = variant_of_scenario[min(l, len(variant_of_scenario) - 1)]
        for j in range(len(amount)):
            lanes[j, l] = amount[j, variant]


@kernel
def _solve_lanes(
    lanes: Amounts,
    gap: Amounts,
    price: Amounts,
    most_steps: int,
    log_rate: Amounts,
    mean_time: Amounts,
    converged: NDArray[np.bool_],
) -> None:
    rate, value, moment = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    low, high = np.full(LANES, -MAX_LOG_RATE), np.full(LANES, MAX_LOG_RATE)
    for l in range(LANES):
        rate[l] = log_rate[min(l, len(price) - 1)]
    for step in range(most_steps + 1):
        _discount(lanes, gap, rate, value, moment)
        for l in range(len(price)):
            if not converged[l]:
                mean_time[l] = moment[l] / value[l]
                if step < most_steps:
                    converged[l] = newton_step(l, value[l] / price[l], mean_time[l], rate, low, high)
        if np.all(converged):
            break
    log_rate[:] = rate[: len(price)]


@kernel
def newton_step(l: int, ratio: float, mean_time: float, rate: Amounts, low: Amounts, high: Amounts) -> bool:
    """One Newton step on log(value / price), or half the bracket; True when the step was the last needed."""
    if ratio > 1:
        low[l] = rate[l]
    else:
        high[l] = rate[l]
    step: float = np.log(ratio) / mean_time if ratio > 0 else np.nan
    target = rate[l] + step
    if low[l] <= target <= high[l] and 0 < mean_time < np.inf:
        rate[l] = target
        return abs(step) <= STEP_TOLERANCE
    rate[l] = 0.5 * (low[l] + high[l])
    return False


@kernel
def _discount(lanes: Amounts, gap: Amounts, rate: Amounts, value: Amounts, moment: Amounts) -> None:
    """Value and time-weighted value of one position's flows, by Horner's rule from the last flow back."""
    factor = np.exp(-rate)
    value[:] = 0.0
    moment[:] = 0.0
    for j in range(len(gap) - 1, -1, -1):
        periods = gap[j]
        if periods == 1.0:
            for l in range(LANES):
                paid = value[l] + lanes[j, l]
                moment[l] = (moment[l] + paid) * factor[l]
                value[l] = paid * factor[l]
        else:
            for l in range(LANES):
                paid = value[l] + lanes[j, l]
                over = np.exp(-rate[l] * periods)
                moment[l] = (moment[l] + periods * paid) * over
                value[l] = paid * over
