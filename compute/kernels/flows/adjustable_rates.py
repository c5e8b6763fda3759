"""Rates of adjustable-rate loans: what each reset makes of the forward, and from which payment on."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import civil_of_day, day_in_month
from compute.kernels.dates.daycounts import ACT_ACT_ICMA, THIRTY_360, years_between
from compute.kernels.kernel import kernel

Rates = NDArray[np.float64]
Days = NDArray[np.int32]

KEEPS, LEVELS, RECASTS = range(3)
"""What a period does to the level payment: nothing, sets it anew within the payment cap, or whatever the cap."""
MONTHS_PER_YEAR = 12


class ResetTerms(NamedTuple):
    """Terms of n adjustable-rate loans; NaN where a bound is absent, 0 months where nothing recasts."""

    rate_in_force: Rates
    initial_rate: Rates
    margin: Rates
    cap: Rates
    floor: Rates
    first_cap: Rates
    periodic_cap: Rates
    life_cap: Rates
    first_reset_day: Days
    resets_per_year: Days
    recast_mo: Days
    issue_day: Days
    day_count: NDArray[np.int8]
    projection_row: Days
    steps: NDArray[np.int64]
    """[n + 1] offsets into the days and margins of steps, NaN before something is said"""
    step_day: Days
    step_margin: Rates

    def typed(self) -> "ResetTerms":
        rates, days = np.float64, np.int32
        dtypes = (*(rates,) * 8, *(days,) * 4, np.int8, days, np.int64, days, rates)
        return ResetTerms(*(np.require(v, t, ["C", "W"]) for v, t in zip(self, dtypes, strict=True)))


def adjustable_rates(
    as_of_day: int, offsets: NDArray[np.int64], start: Days, terms: ResetTerms, discount_factors: Rates
) -> tuple[Rates, NDArray[np.int8]]:
    """All-in rate of every period of n loans under S scenarios, and where it levels the payment anew.

        R_k = first reset + k x 12 / resets a year months; the rate in force holds to the first R_k after the
        valuation date. At R_k: F = (DF(R_k) / DF(R_(k+1)) - 1) / years + margin, moved from the rate before by at
        most the periodic cap (the first cap at R_0), then at most min(cap, initial rate + life cap), then at least
        the floor. A period pays the rate in force at its start

    Args:    start [P] unadjusted; discount_factors [curves, days, S], days to the reset after the last period's start
    Returns: [P, S] decimal a year; [P] one of KEEPS, LEVELS, RECASTS
    Source:  contract of cash flows, section 2b; 12 CFR 1026 Appendix H, sample H-14
    """
    rate, sets = np.empty((len(start), discount_factors.shape[2])), np.zeros(len(start), np.int8)
    _fill(as_of_day, offsets, start, terms.typed(), discount_factors, rate, sets)
    return rate, sets


@kernel
def _fill(
    as_of_day: int,
    offsets: NDArray[np.int64],
    start: Days,
    terms: ResetTerms,
    discount_factors: Rates,
    rate: Rates,
    sets: NDArray[np.int8],
) -> None:
    now = np.empty(rate.shape[1])
    for i in range(len(terms.first_reset_day)):
        k = _first_to_come(as_of_day, i, terms)
        now[:] = terms.rate_in_force[i]
        for j in range(offsets[i], offsets[i + 1]):
            while reset_day(k, i, terms) <= start[j]:
                _reset(as_of_day, k, i, terms, discount_factors, now)
                recasts = _recasts(k, i, terms)
                sets[j] = RECASTS if recasts or sets[j] == RECASTS else LEVELS
                k += 1
            rate[j] = now


def next_reset_days(as_of_day: int, terms: ResetTerms) -> Days:
    """[n] the first reset after the valuation date."""
    typed, found = terms.typed(), np.empty(len(terms.first_reset_day), np.int32)
    _fill_next(as_of_day, typed, found)
    return found


@kernel
def _fill_next(as_of_day: int, terms: ResetTerms, found: Days) -> None:
    for i in range(len(found)):
        found[i] = reset_day(_first_to_come(as_of_day, i, terms), i, terms)


@kernel
def reset_day(k: int, i: int, terms: ResetTerms) -> int:
    year, month, day = civil_of_day(terms.first_reset_day[i])
    reset: int = day_in_month(12 * year + month - 1 + k * (MONTHS_PER_YEAR // terms.resets_per_year[i]), day)
    return reset


@kernel
def _first_to_come(as_of_day: int, i: int, terms: ResetTerms) -> int:
    year, month, _ = civil_of_day(terms.first_reset_day[i])
    now_year, now_month, _ = civil_of_day(as_of_day)
    apart = MONTHS_PER_YEAR * (now_year - year) + now_month - month
    k = max(apart // (MONTHS_PER_YEAR // terms.resets_per_year[i]) - 1, 0)
    while reset_day(k, i, terms) <= as_of_day:
        k += 1
    return k


@kernel
def _reset(as_of_day: int, k: int, i: int, terms: ResetTerms, discount_factors: Rates, now: Rates) -> None:
    start, end = reset_day(k, i, terms), reset_day(k + 1, i, terms)
    years = _years(terms.day_count[i], start, end, terms.resets_per_year[i])
    factors = discount_factors[terms.projection_row[i]]
    step = terms.first_cap[i] if k == 0 and not math.isnan(terms.first_cap[i]) else terms.periodic_cap[i]
    highest, margin = terms.initial_rate[i] + terms.life_cap[i], _margin_on(start, i, terms)
    for s in range(len(now)):
        rate = (factors[start - as_of_day, s] / factors[end - as_of_day, s] - 1.0) / years + margin
        if rate > now[s] + step:
            rate = now[s] + step
        if rate < now[s] - step:
            rate = now[s] - step
        if rate > terms.cap[i]:
            rate = terms.cap[i]
        if rate > highest:
            rate = highest
        if rate < terms.floor[i]:
            rate = terms.floor[i]
        now[s] = rate


@kernel
def _margin_on(day: int, i: int, terms: ResetTerms) -> float:
    margin = terms.margin[i]
    for row in range(terms.steps[i], terms.steps[i + 1]):
        if terms.step_day[row] <= day and not math.isnan(terms.step_margin[row]):
            margin = terms.step_margin[row]
    return margin


@kernel
def _years(day_count: int, start: int, end: int, per_year: int) -> float:
    """Whole months are even under a loan's 30/360 and under ICMA."""
    if day_count in (THIRTY_360, ACT_ACT_ICMA):
        return 1.0 / per_year
    return years_between(day_count, start, end, start, end, per_year)


@kernel
def _recasts(k: int, i: int, terms: ResetTerms) -> bool:
    """Whether a whole multiple of the recast months from issue falls after the reset before, up to this one."""
    months = terms.recast_mo[i]
    if months <= 0:
        return False
    year, month, day = civil_of_day(terms.issue_day[i])
    issued, reset, before = 12 * year + month - 1, reset_day(k, i, terms), terms.issue_day[i]
    if k > 0:
        before = max(before, reset_day(k - 1, i, terms))
    multiple = 1
    while True:
        due = day_in_month(issued + multiple * months, day)
        if due > reset:
            return False
        if due > before:
            return True
        multiple += 1
