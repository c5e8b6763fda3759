"""Which periods have reset, the days that their fixings are dated, and overnight fixings compounded over a period."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import business_days
from compute.kernels.dates.schedules import Schedules
from compute.kernels.kernel import kernel

Days = NDArray[np.int32]
Rates = NDArray[np.float64]


def reset_rows(schedules: Schedules, as_of_day: int) -> NDArray[np.int64]:
    """Periods that reset on or before the valuation date and so need the index's fixing.

    The period in progress, the one that starts today, and any earlier one whose payment a holiday has moved past
    the valuation date. A period of no length resets nothing.
    """
    has_length = schedules.accrual_end > schedules.accrual_start
    return np.flatnonzero((schedules.accrual_start <= as_of_day) & has_length)


def fixing_days(reset_day: Days, calendar: str, lag_days: NDArray[np.int32]) -> Days:
    """The day that each reset's fixing is dated.

    `lag_days` business days of the index's calendar before the reset, counted from the business day before it where
    the reset is none.

    Args:    reset_day [N] epoch days; lag_days [N]; calendar one of domain.portfolio.tables.CALENDARS
    Returns: [N] epoch days
    """
    resets = reset_day.astype("datetime64[D]")
    dated = np.busday_offset(resets, -lag_days, roll="backward", busdaycal=business_days(calendar))
    return dated.astype(np.int32)


def fixings_at(reset_day: Days, fixing_day: Days, fixing_rate: Rates) -> Rates:
    """The fixing of each day exactly, NaN where there is none; `fixing_day` ascends."""
    if not len(fixing_day):
        return np.full(len(reset_day), np.nan)
    at = np.minimum(np.searchsorted(fixing_day, reset_day), len(fixing_day) - 1)
    return np.where(fixing_day[at] == reset_day, fixing_rate[at], np.nan)


def days_of_business(first_day: int, end_day: int, calendar: str) -> Days:
    """The business days from the one on or before `first_day` to before `end_day`."""
    first = np.busday_offset(np.datetime64(first_day, "D"), 0, roll="backward", busdaycal=business_days(calendar))
    days = np.arange(first, np.datetime64(max(end_day, first_day), "D"))
    business: Days = days[np.is_busday(days, busdaycal=business_days(calendar))].astype(np.int32)
    return business


def compounded_growth(start: Days, end: Days, business_day: Days, fixing: Rates, days_per_year: float) -> Rates:
    """What a unit grows to from `start` to `end` at an overnight rate that is reinvested every business day.

        start     b1        b2              b3        end
        |---------|---------|---------------|---------|         growth = product of (1 + rate x days / days per year)

    Each fixing holds from its business day to the next, weighted by its days within the period.

    Args:    start, end    [N]  epoch days; 1 where nothing lies between them
             business_day  [B]  ascending, from the one on or before the earliest start to before the latest end
             fixing        [B]  the rate that holds from each of them on, NaN where the market has none
    Returns: [N]; NaN where a fixing is missing
    Source:  ISDA 2021 Definitions, compounded in arrears; the days' own product, in their order
    """
    growth = np.ones(len(start))
    _compound(start, end, business_day, fixing, days_per_year, growth)
    return growth


@kernel
def _compound(start: Days, end: Days, business_day: Days, fixing: Rates, days_per_year: float, growth: Rates) -> None:
    for i in range(len(start)):
        row = np.searchsorted(business_day, start[i], side="right") - 1
        day = start[i]
        while day < end[i]:
            until = business_day[row + 1] if row + 1 < len(business_day) else end[i]
            until = min(until, end[i])
            growth[i] *= 1.0 + fixing[row] * (until - day) / days_per_year
            day, row = until, row + 1
