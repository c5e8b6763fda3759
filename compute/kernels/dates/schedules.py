"""Payment schedules: periods counted back from maturity, only those whose payment is still to come.

    issue      first payment                                  maturity
      |-- first --|---- regular ----|---- regular ----|---- regular ----|
      short or long                              k = 1             k = 0

Regular dates are maturity less k intervals of whole months, each counted from maturity with the day clipped to its
month. Regular dates on or before the first payment date, where one is given, end no period of their own.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from compute.kernels.dates.calendars import (
    MONTH_END,
    adjusted_day,
    business_day_shifts,
    civil_of_day,
    day_in_month,
    month_length,
    month_number_of_day,
)
from domain.portfolio.columns import ABSENT_DATE

Days = NDArray[np.int32]

_LONGEST_MOVE_DAYS = 31
"""No adjustment moves a payment by more."""


@dataclass(frozen=True)
class Schedules:
    """Periods of n positions, the rows offsets[i]:offsets[i + 1] those of position i (CSR). Days are epoch days."""

    offsets: NDArray[np.int64]
    """[n + 1]"""
    start: Days
    """[P] unadjusted start of the accrual period; the issue date for a short first stub"""
    end: Days
    """[P] unadjusted end"""
    accrual_start: Days
    """[P] `start`, moved to a business day where the position adjusts accruals"""
    accrual_end: Days
    """[P] `end`, likewise"""
    pay: Days
    """[P] adjusted payment day, always after the valuation date"""
    reference_start: Days
    """[P] start of the notional regular period for ACT/ACT.ICMA: `start` when regular, else counted back from `end`"""
    reference_end: Days
    """[P] its end; `end` when regular"""
    regular: NDArray[np.bool_]
    """[P] the period is exactly one interval of the frequency"""

    @property
    def position_count(self) -> int:
        return len(self.offsets) - 1

    @property
    def position_of_period(self) -> NDArray[np.int64]:
        """[P]"""
        return np.repeat(np.arange(self.position_count), np.diff(self.offsets))


def build_schedules(
    as_of_day: int,
    *,
    maturity_day: ArrayLike,
    issue_day: ArrayLike,
    first_payment_day: ArrayLike,
    frequency: ArrayLike,
    calendar: ArrayLike,
    business_day: ArrayLike,
    end_of_month: ArrayLike,
    adjust_accrual: ArrayLike,
) -> Schedules:
    """Periods of every position whose adjusted payment day is after the valuation date.

    Args:    as_of_day                                    valuation date, epoch day
             maturity_day, issue_day, first_payment_day   [n]  epoch days; the last two ABSENT_DATE where absent
             frequency                                    [n]  payments a year: 1, 2, 4, 12; 0 is one at maturity
             calendar, business_day                       [n]  index in domain.tables.CALENDARS, BUSINESS_DAYS
             end_of_month, adjust_accrual                 [n]  bool
    Returns: Schedules. A matured position, or one issued on or after its maturity, has no periods. Without an issue
             date the schedule reaches back to the period in progress. Frequency 0: one period, from the issue date
             or else the valuation date. A first payment date on or before issue, or at frequency 0, is ignored; one
             on or after maturity leaves a single period.
    Source:  QuantLib Schedule with DateGeneration::Backward, NullCalendar and Unadjusted makes the same dates
    """
    maturity = np.array(maturity_day, dtype=np.int32)

    def column(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
        # a copy: the compiled code would be compiled again for arrays that are read-only
        return np.array(np.broadcast_to(values, maturity.shape), dtype=dtype)

    return Schedules(
        *_build(
            int(as_of_day),
            maturity,
            column(issue_day, np.int32),
            column(first_payment_day, np.int32),
            column(frequency, np.int32),
            column(calendar, np.int8),
            column(business_day, np.int8),
            column(end_of_month, np.bool_),
            column(adjust_accrual, np.bool_),
            business_day_shifts(),
        )
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _build(
    as_of: int,
    maturity: Days,
    issue: Days,
    first_payment: Days,
    frequency: NDArray[np.int32],
    calendar: NDArray[np.int8],
    business_day: NDArray[np.int8],
    end_of_month: NDArray[np.bool_],
    adjust_accrual: NDArray[np.bool_],
    shifts: NDArray[np.int8],
) -> tuple[NDArray[np.int64], Days, Days, Days, Days, Days, Days, Days, NDArray[np.bool_]]:
    n = maturity.shape[0]
    offsets = np.zeros(n + 1, dtype=np.int64)
    for i in range(n):
        grid = _grid(maturity[i], frequency[i], end_of_month[i])
        first = _first_end(issue[i], first_payment[i], maturity[i], frequency[i])
        offsets[i + 1] = offsets[i] + _unpaid(as_of, grid, issue[i], first, calendar[i], business_day[i], shifts)
    days = np.empty((7, offsets[n]), dtype=np.int32)
    regular = np.empty(offsets[n], dtype=np.bool_)
    for i in range(n):
        grid = _grid(maturity[i], frequency[i], end_of_month[i])
        first = _first_end(issue[i], first_payment[i], maturity[i], frequency[i])
        for row in range(offsets[i], offsets[i + 1]):
            period = _period(offsets[i + 1] - 1 - row, grid, issue[i], first)
            start = as_of if issue[i] == ABSENT_DATE and frequency[i] == 0 else period[0]
            pay = adjusted_day(period[1], calendar[i], business_day[i], shifts)
            days[0, row], days[1, row], days[4, row] = start, period[1], pay
            days[2, row] = adjusted_day(start, calendar[i], business_day[i], shifts) if adjust_accrual[i] else start
            days[3, row] = pay if adjust_accrual[i] else period[1]
            days[5, row], days[6, row] = period[2], period[3]
            regular[row] = frequency[i] > 0 and start == period[2] and period[1] == period[3]
    return offsets, days[0], days[1], days[2], days[3], days[4], days[5], days[6], regular


@njit(cache=True, nogil=True, error_model="numpy")
def _first_end(issue: int, first_payment: int, maturity: int, frequency: int) -> int:
    """The day that ends the first period where it need not be a regular date, else ABSENT_DATE."""
    if frequency == 0:
        return maturity
    return min(first_payment, maturity) if first_payment > issue else ABSENT_DATE


@njit(cache=True, nogil=True, error_model="numpy")
def _grid(maturity: int, frequency: int, end_of_month: bool) -> tuple[int, int, int, bool]:
    """(month number of maturity, roll day, interval in months, rolls on month ends); frequency 0 has years."""
    year, month, day = civil_of_day(maturity)
    on_ends = end_of_month and day == month_length(year, month)
    return 12 * year + month - 1, MONTH_END if on_ends else day, 12 // max(frequency, 1), on_ends


@njit(cache=True, nogil=True, error_model="numpy")
def _regular_date(grid: tuple[int, int, int, bool], k: int) -> int:
    return day_in_month(grid[0] - k * grid[2], grid[1])


@njit(cache=True, nogil=True, error_model="numpy")
def _dates_after(grid: tuple[int, int, int, bool], day: int) -> int:
    """How many regular dates, maturity among them, are after a day."""
    count = max((grid[0] - month_number_of_day(day)) // grid[2] + 1, 0)
    while count > 0 and _regular_date(grid, count - 1) <= day:
        count -= 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _unpaid(
    as_of: int,
    grid: tuple[int, int, int, bool],
    issue: int,
    first_end: int,
    calendar: int,
    business_day: int,
    shifts: NDArray[np.int8],
) -> int:
    """How many periods pay after the valuation date."""
    if issue >= _regular_date(grid, 0):
        return 0
    count = _dates_after(grid, max(issue, first_end, as_of - _LONGEST_MOVE_DAYS))
    while count > 0 and adjusted_day(_regular_date(grid, count - 1), calendar, business_day, shifts) <= as_of:
        count -= 1
    if first_end == ABSENT_DATE or adjusted_day(first_end, calendar, business_day, shifts) <= as_of:
        return count
    return count + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _period(k: int, grid: tuple[int, int, int, bool], issue: int, first_end: int) -> tuple[int, int, int, int]:
    """Start, end and notional regular period, which ends with it, of the period that k others follow."""
    end = max(_regular_date(grid, k), first_end)
    if end > first_end:
        regular_start = _regular_date(grid, k + 1)
        start = max(regular_start, issue, first_end)
    else:
        later = _dates_after(grid, end)
        on_grid = _regular_date(grid, later) == end
        regular_start = _regular_date(grid, later + 1) if on_grid else _interval_before(end, grid)
        start = regular_start if issue == ABSENT_DATE else issue
    return start, end, start if start == regular_start else _interval_before(end, grid), end


@njit(cache=True, nogil=True, error_model="numpy")
def _interval_before(end: int, grid: tuple[int, int, int, bool]) -> int:
    """One interval of whole months back from a day; a month's end stays one where maturity rolls on month ends."""
    year, month, day = civil_of_day(end)
    if grid[3] and day == month_length(year, month):
        day = MONTH_END
    return day_in_month(12 * year + month - 1 - grid[2], day)
