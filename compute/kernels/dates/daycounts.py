"""Day counts: the part of a year that interest runs for."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.kernels.dates.calendars import (
    MONTH_END,
    civil_of_day,
    day_in_month,
    day_of_civil,
    month_length,
    month_number_of_day,
)
from compute.kernels.dates.schedules import MAX_BY_MONTHS, Days, Schedules
from compute.kernels.kernel import kernel
from domain.portfolio.tables import DAY_COUNTS

THIRTY_360 = DAY_COUNTS.index("30/360")
THIRTY_E_360 = DAY_COUNTS.index("30E/360")
ACT_360 = DAY_COUNTS.index("ACT/360")
ACT_365F = DAY_COUNTS.index("ACT/365F")
ACT_ACT_ISDA = DAY_COUNTS.index("ACT/ACT.ISDA")
ACT_ACT_ICMA = DAY_COUNTS.index("ACT/ACT.ICMA")


def year_fraction(
    day_count: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    reference_start: ArrayLike,
    reference_end: ArrayLike,
    frequency: ArrayLike,
) -> NDArray[np.float64]:
    """Years between two days, start <= end, by each row's day count.

    30/360         (360 dy + 30 dm + dd) / 360, a start on the 31st becomes the 30th, an end on the 31st too if the
                   start is on the 30th or 31st (bond basis, no February rule)
    30E/360        the same with both days at most the 30th
    ACT/360, ACT/365F   days / 360, days / 365
    ACT/ACT.ISDA   days in leap years / 366 + days in other years / 365
    ACT/ACT.ICMA   sum over notional periods of days / (days of the notional period x frequency)

    Args:    day_count                       [P] or scalar  index in domain.portfolio.tables.DAY_COUNTS
             start, end                      [P]  epoch days
             reference_start, reference_end  [P]  one regular period; only ICMA reads the last three
             frequency                       [P] or scalar  payments a year; 0 has notional periods of one year
    Returns: [P]  years
    Accuracy: 1e-15 of QuantLib. Other notional periods roll on the later day of month of the one given, or on the
             month's end where both its days are month ends: a quarterly roll on the 30th across Nov-Feb or Jun-Sep,
             or a yearly one on 28 February, is read as month-end in periods that span several notional ones
    Source:  ISDA 2006 Definitions 4.16(b), (d), (e), (f), (g); ICMA Rule 251
    """
    given = np.array(start, dtype=np.int32)

    def days(values: ArrayLike) -> Days:
        return np.array(np.broadcast_to(values, given.shape), dtype=np.int32)

    fractions: NDArray[np.float64] = _fractions(
        np.array(np.broadcast_to(day_count, given.shape), dtype=np.int8),
        given,
        days(end),
        days(reference_start),
        days(reference_end),
        days(frequency),
    )
    return fractions


def period_fraction(schedules: Schedules, day_count: ArrayLike, frequency: ArrayLike) -> NDArray[np.float64]:
    """Year fraction of every period of the schedules, 1 / frequency for a regular one under ACT/ACT.ICMA.

    Args:    day_count, frequency  [n]  as for `year_fraction`
    Returns: [P]  years
    """
    position = schedules.position_of_period
    count = np.asarray(day_count)[position]
    start, end = _interest_days(schedules, count, slice(None))
    reference = schedules.reference_start, schedules.reference_end
    return year_fraction(count, start, end, *reference, np.asarray(frequency)[position])


def accrual_fraction(
    schedules: Schedules, day_count: ArrayLike, frequency: ArrayLike, as_of_day: int
) -> NDArray[np.float64]:
    """Year fraction that interest has run for by the valuation date, unpaid: from the start of the first period
    still to be paid, at most that one period; 0 before it starts and where nothing is left to pay.

    Args:    day_count, frequency  [n]  as for `year_fraction`
    Returns: [n]  years
    """
    accrued = np.zeros(schedules.position_count)
    live = np.flatnonzero(np.diff(schedules.offsets))
    first = schedules.offsets[live]
    count = np.asarray(day_count)[live]
    start, end = _interest_days(schedules, count, first)
    to = np.clip(as_of_day, start, end)
    reference = schedules.reference_start[first], schedules.reference_end[first]
    accrued[live] = year_fraction(count, start, to, *reference, np.asarray(frequency)[live])
    return accrued


def _interest_days(
    schedules: Schedules, day_count: NDArray[np.int8], rows: slice | NDArray[np.int64]
) -> tuple[Days, Days]:
    """ICMA counts unadjusted days, so that a regular period pays coupon / frequency whatever the calendar."""
    icma = day_count == ACT_ACT_ICMA
    start = np.where(icma, schedules.start[rows], schedules.accrual_start[rows])
    return start, np.where(icma, schedules.end[rows], schedules.accrual_end[rows])


@kernel
def _fractions(
    day_count: NDArray[np.int8],
    start: Days,
    end: Days,
    reference_start: Days,
    reference_end: Days,
    frequency: NDArray[np.int32],
) -> NDArray[np.float64]:
    out = np.empty(start.shape[0])
    for i in range(start.shape[0]):
        out[i] = years_between(day_count[i], start[i], end[i], reference_start[i], reference_end[i], frequency[i])
    return out


@kernel
def years_between(
    day_count: int, start: int, end: int, reference_start: int, reference_end: int, frequency: int
) -> float:
    """`year_fraction` of one row."""
    if day_count == ACT_360:
        return (end - start) / 360.0
    if day_count == ACT_365F:
        return (end - start) / 365.0
    if day_count == ACT_ACT_ICMA:
        return _icma_years(start, end, reference_start, reference_end, max(frequency, 1))
    if day_count == ACT_ACT_ISDA:
        return _isda_years(start, end)
    return _thirty_360_days(start, end, day_count == THIRTY_E_360) / 360.0


@kernel
def _thirty_360_days(start: int, end: int, european: bool) -> int:
    year_1, month_1, day_1 = civil_of_day(start)
    year_2, month_2, day_2 = civil_of_day(end)
    day_1 = min(day_1, 30)
    if european or day_1 == 30:
        day_2 = min(day_2, 30)
    return 360 * (year_2 - year_1) + 30 * (month_2 - month_1) + day_2 - day_1


@kernel
def _isda_years(start: int, end: int) -> float:
    year_1, year_2 = civil_of_day(start)[0], civil_of_day(end)[0]
    first, last = day_of_civil(year_1, 1, 1), day_of_civil(year_2, 1, 1)
    length_1 = day_of_civil(year_1 + 1, 1, 1) - first
    if year_1 == year_2:
        return (end - start) / length_1
    length_2 = day_of_civil(year_2 + 1, 1, 1) - last
    return (first + length_1 - start) / length_1 + (year_2 - year_1 - 1) + (end - last) / length_2


@kernel
def _icma_years(start: int, end: int, reference_start: int, reference_end: int, frequency: int) -> float:
    if (reference_start <= start and end <= reference_end) or frequency > MAX_BY_MONTHS:
        return (end - start) / ((reference_end - reference_start) * frequency)
    interval_mo, roll = 12 // frequency, _roll_day(reference_start, reference_end)
    month = month_number_of_day(reference_end)
    while day_in_month(month, roll) < end:
        month += interval_mo
    years = 0.0
    notional_end = day_in_month(month, roll)
    while notional_end > start:
        month -= interval_mo
        notional_start = day_in_month(month, roll)
        days = max(min(end, notional_end) - max(start, notional_start), 0)
        years += days / ((notional_end - notional_start) * frequency)
        notional_end = notional_start
    return years


@kernel
def _roll_day(reference_start: int, reference_end: int) -> int:
    year_1, month_1, day_1 = civil_of_day(reference_start)
    year_2, month_2, day_2 = civil_of_day(reference_end)
    if day_1 == month_length(year_1, month_1) and day_2 == month_length(year_2, month_2):
        return MONTH_END
    return max(day_1, day_2)
