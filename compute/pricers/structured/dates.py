"""When a structured note looks at its rates: fixings that the market has, observations that are still to come."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.dates.calendars import MONTH_END, civil_of_day, day_in_month, month_length
from compute.kernels.dates.fixings import fixing_days, fixings_at
from compute.kernels.monte_carlo.swap_rates import RateDates, forward_dates, interleaved, swap_dates
from compute.pricers.debt.terms import Debt
from compute.pricers.shared.resets import YEAR_OF_DAY_COUNT, dates_in_words
from compute.pricers.structured.coupons import OWN_TENOR, ClippedCoupon, Coupon, Index, RangeCoupon
from domain.market.fixings import fixing_conventions

Array = NDArray[np.float64]
Days = NDArray[np.int32]

OLDEST_FIXING_DAYS = 7
"""An observation on a day without a fixing, such as a Sunday, takes the last one."""
DAYS_STOOD_FOR = 20
"""A day of observation stands for at most so many around it, once the path to it is simulated."""


@dataclass(frozen=True)
class Periods:
    """The periods of one note that are still to be paid; days count from the valuation date."""

    start: Days
    end: Days
    pay: Days
    fraction: Array

    def __len__(self) -> int:
        return len(self.pay)

    @property
    def fixed(self) -> int:
        """How many have begun, so that their rate is known."""
        return int((self.start <= 0).sum())


@dataclass(frozen=True)
class Observations:
    """O observations of a note's rate that are still to come."""

    day: Days
    period: NDArray[np.int64]
    """ascending"""
    weight: Array
    """share of the period's observations"""


def periods_of(run: RunInputs, debt: Debt, fraction: Array, i: int) -> Periods:
    rows = slice(int(debt.schedules.offsets[i]), int(debt.schedules.offsets[i + 1]))
    days = (debt.schedules.accrual_start, debt.schedules.accrual_end, debt.schedules.pay)
    start, end, pay = ((column[rows] - run.as_of_day).astype(np.int32) for column in days)
    # A period of no length pays nothing, whatever its rate: any fraction keeps that a number.
    return Periods(start, end, pay, np.where(fraction[rows] > 0.0, fraction[rows], 1.0))


# --- what the market knows already ----------------------------------------------------------------------------------


def fixings(run: RunInputs, coupon: Coupon, leg: int, days: Days, oldest_days: int = 0) -> Array:
    """Of one of the coupon's rates, at most so many days old; NaN where there is none."""
    known, rates = run.tables.fixings.get(
        coupon.index.fixing_name(coupon.tenors_yr[leg]), (np.empty(0, np.int32), np.empty(0))
    )
    wanted = (days + run.as_of_day).astype(np.int32)
    found = fixings_at(wanted, known, rates)
    if oldest_days == 0:
        dated = fixings_at(_dated(run, coupon, leg, days), known, rates)
        found = np.where(np.isnan(found) | (coupon.index.lag_days > 0), dated, found)
    for age in range(1, oldest_days + 1):
        found = np.where(np.isnan(found), fixings_at(wanted - age, known, rates), found)
    return found


def _dated(run: RunInputs, coupon: Coupon, leg: int, days: Days) -> Days:
    """The day of the fixing that sets a coupon on each of these days."""
    calendar = fixing_conventions(coupon.index.fixing_name(coupon.tenors_yr[leg])).calendar
    resets = (days + run.as_of_day).astype(np.int32)
    return fixing_days(resets, calendar, np.full(len(days), coupon.index.lag_days, np.int32))


def known_rates(run: RunInputs, coupon: Coupon, periods: Periods) -> Array:
    """[periods that have begun] what each pays, or for ranges the part of it that is known; NaN without a fixing."""
    days = periods.start[: periods.fixed]
    if isinstance(coupon, ClippedCoupon):
        geared = sum(gearing * fixings(run, coupon, leg, days) for leg, gearing in enumerate(coupon.gearings))
        clipped: Array = np.clip(coupon.margin + geared, coupon.floor, coupon.cap)
        return clipped
    return np.array([coupon.coupon * _observed_share(run, coupon, periods, k) for k in range(periods.fixed)])


def missing_fixing(run: RunInputs, coupon: Coupon, periods: Periods) -> str:
    """Every fixing that a period that has begun needs and lacks, by rate and date; empty where there is none."""
    if not np.isnan(known_rates(run, coupon, periods)).any():
        return ""
    days, oldest = periods.start[: periods.fixed], 0
    if isinstance(coupon, RangeCoupon) and coupon.observation != "START":
        oldest = OLDEST_FIXING_DAYS
        starts_and_ends = zip(periods.start[: periods.fixed], periods.end[: periods.fixed], strict=True)
        every = [observation_days(coupon, run.as_of_day, int(start), int(end)) for start, end in starts_and_ends]
        days = np.concatenate(every)
        days = days[days <= 0]
    said = []
    for leg, tenor_yr in enumerate(coupon.tenors_yr):
        lacking = days[np.isnan(fixings(run, coupon, leg, days, oldest))]
        if len(lacking):
            name = coupon.index.fixing_name(tenor_yr)
            dated = lacking + run.as_of_day if oldest else _dated(run, coupon, leg, lacking)
            said.append(f"{name!r} for {dates_in_words(np.unique(dated), name)}")
    return " and of ".join(said)


def accruing_rate(run: RunInputs, coupon: Coupon, periods: Periods) -> float:
    """The rate that interest has accrued at so far: of a range, coupon x the share of the days observed so far."""
    if not periods.fixed:
        return 0.0
    if isinstance(coupon, ClippedCoupon):
        return float(known_rates(run, coupon, periods)[0])
    days = observation_days(coupon, run.as_of_day, int(periods.start[0]), int(periods.end[0]))
    return coupon.coupon * _observed_share(run, coupon, periods, 0) * len(days) / int((days <= 0).sum())


def _observed_share(run: RunInputs, coupon: RangeCoupon, periods: Periods, k: int) -> float:
    """Observations within the range by now, over all of the period's."""
    days = observation_days(coupon, run.as_of_day, int(periods.start[k]), int(periods.end[k]))
    if not len(days):
        return 0.0
    oldest = 0 if coupon.observation == "START" else OLDEST_FIXING_DAYS
    rates = fixings(run, coupon, 0, days[days <= 0], oldest)
    if np.isnan(rates).any():
        return float("nan")
    return float(((rates >= coupon.lower) & (rates <= coupon.upper)).sum()) / len(days)


# --- what is still to come ------------------------------------------------------------------------------------------


def observation_days(coupon: RangeCoupon, as_of_day: int, start: int, end: int) -> Days:
    """DAILY: every day from the period's start to before its end; MONTHLY: each month's from the start on."""
    if coupon.observation == "START":
        return np.array([start], np.int32)
    if coupon.observation == "DAILY":
        return np.arange(start, end, dtype=np.int32)
    year, month, day = civil_of_day(start + as_of_day)
    roll = MONTH_END if day == month_length(year, month) else day
    first = 12 * year + month - 1
    dates = (day_in_month(first + k, roll) - as_of_day for k in range((end - start) // 28 + 1))
    return np.array([date for date in dates if date < end], np.int32)


def observations(coupon: RangeCoupon, as_of_day: int, periods: Periods, path_days: Days) -> Observations:
    """One by one while no path is needed; then days in the middle of those that they stand for."""
    days, period, weight = list[Days](), list[int](), list[Array]()
    for k in range(len(periods)):
        every = observation_days(coupon, as_of_day, int(periods.start[k]), int(periods.end[k]))
        ahead = every[every > 0]
        apart = coupon.observation == "DAILY" and len(ahead) and rows_before(path_days, ahead[:1])[0] >= 0
        count = -(-len(ahead) // DAYS_STOOD_FOR) if apart else len(ahead)
        blocks = np.array_split(ahead, count) if count else []
        days.append(np.array([block[len(block) // 2] for block in blocks], np.int32))
        weight.append(np.array([len(block) / len(every) for block in blocks]))
        period += [k] * len(blocks)
    return Observations(
        np.concatenate(days or [np.empty(0, np.int32)]),
        np.array(period, np.int64),
        np.concatenate(weight or [np.empty(0)]),
    )


def rows_before(path_days: Days, days: Days) -> NDArray[np.int64]:
    """The last of the paths' dates by half of the time to each day: the other half is integrated; -1 for none."""
    rows: NDArray[np.int64] = np.searchsorted(2 * path_days, days, side="right") - 1
    return rows


def clipped_dates(as_of_day: int, coupon: ClippedCoupon, periods: Periods, one_curve: bool) -> RateDates:
    """Of the periods still to begin: their own dates for the index, a swap's for a swap rate."""
    ahead = slice(periods.fixed, None)
    start = periods.start[ahead]
    legs = [
        forward_dates(start, periods.end[ahead], periods.fraction[ahead])
        if tenor == OWN_TENOR
        else swaps_from(as_of_day, coupon.index, start, tenor, one_curve)
        for tenor in coupon.tenors_yr
    ]
    return interleaved(legs)


def observed_dates(
    as_of_day: int, coupon: RangeCoupon, periods: Periods, observed: Observations, one_curve: bool
) -> RateDates:
    """START: as a floater's rate; else the index's own term from the day of the observation, a day if overnight."""
    tenor, index = coupon.tenors_yr[0], coupon.index
    if tenor != OWN_TENOR:
        return swaps_from(as_of_day, index, observed.day, tenor, one_curve)
    if index.is_overnight:
        a_day = 1.0 / YEAR_OF_DAY_COUNT[fixing_conventions(index.name).day_count]
        following = (observed.day + 1).astype(np.int32)
        return forward_dates(observed.day, following, np.full(len(following), a_day))
    if coupon.observation == "START":
        return forward_dates(observed.day, periods.end[observed.period], periods.fraction[observed.period])
    months = index.float_months
    return swap_dates(
        as_of_day, observed.day, months=months, fixed_months=months, step_months=months, day_count=index.own_day_count
    )


def swaps_from(as_of_day: int, index: Index, start: Days, tenor_yr: int, one_curve: bool) -> RateDates:
    """On one curve the floating leg's own dates cancel; on two it has them, down to those of the fixed leg."""
    return swap_dates(
        as_of_day,
        start,
        months=12 * tenor_yr,
        fixed_months=index.fixed_months,
        step_months=index.fixed_months if one_curve else min(index.fixed_months, index.float_months),
        day_count=index.fixed_day_count,
    )
