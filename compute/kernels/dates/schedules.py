"""Payment schedules: periods counted back from maturity, only those whose payment is still to come.

    issue      first payment                            last regular       maturity
      |-- first --|---- regular ----|---- regular ----|---- regular ----|-- last --|
      short or long                                                  short or long

Regular dates are maturity less k intervals, each counted from maturity: of whole months with the day clipped to its
month, or of 14 or 7 days. Regular dates on or before the first payment date, where one is given, end no period of
their own. With a last regular payment date they count back from that instead, and what is left to maturity is one
last period. A last regular date that its month has clipped keeps the day of the first payment date.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
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
from compute.kernels.kernel import kernel
from domain.portfolio.columns import ABSENT_DATE

Days = NDArray[np.int32]

_MAX_MOVE_DAYS = 31
"""No adjustment moves a payment by more."""
YEAR_DAYS = 364
"""Of payments every 14 or 7 days: 26 or 52 a year."""
MAX_BY_MONTHS = 12
"""Payments a year that fall on days of a month; more of them are counted in days."""


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
    """[P] start of the notional regular period for ACT/ACT.ICMA: `start` when regular, else counted back from `end`;
    that of a last period begins with it and is counted on"""
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


def each_alone(schedules: Schedules) -> Schedules:
    """Every period as the only one of a position."""
    return replace(schedules, offsets=np.arange(len(schedules.pay) + 1, dtype=np.int64))


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
    last_regular_day: ArrayLike = ABSENT_DATE,
) -> Schedules:
    """Periods of every position whose adjusted payment day is after the valuation date.

    Args:    as_of_day                                    valuation date, epoch day
             maturity_day, issue_day, first_payment_day   [n]  epoch days; the last two ABSENT_DATE where absent
             last_regular_day                             [n]  epoch days, ABSENT_DATE where absent
             frequency                                    [n]  as domain.portfolio.tables.FREQUENCIES; 0 is one
                                                               at maturity
             calendar, business_day                       [n]  index in domain.portfolio.tables.CALENDARS, BUSINESS_DAYS
             end_of_month, adjust_accrual                 [n]  bool
    Returns: Schedules. A matured position, or one issued on or after its maturity, has no periods. Without an issue
             date the schedule reaches back to the period in progress. Frequency 0: one period, from the issue date
             or else the valuation date. A first payment date on or before issue, or at frequency 0, is ignored; one
             on or after maturity leaves a single period. A last regular date is ignored at frequency 0, on or before
             issue, before the first payment date and on or after maturity.
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
            column(last_regular_day, np.int32),
            column(frequency, np.int32),
            column(calendar, np.int8),
            column(business_day, np.int8),
            column(end_of_month, np.bool_),
            column(adjust_accrual, np.bool_),
            business_day_shifts(),
        )
    )


class _Grid(NamedTuple):
    """Regular dates of one position: `anchor` less k intervals."""

    anchor: int
    """maturity, or the last regular payment date"""
    month: int
    """12 x year + month - 1 of the anchor"""
    roll: int
    """day of the month, clipped"""
    months: int
    """between two dates"""
    days: int
    """between two dates; 0 where months count"""
    on_ends: bool
    """rolls on month ends"""


@kernel
def _build(
    as_of: int,
    maturity: Days,
    issue: Days,
    first_payment: Days,
    last_regular: Days,
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
        anchor = _anchor(issue[i], first_payment[i], last_regular[i], maturity[i], frequency[i])
        grid = _grid(anchor, first_payment[i], maturity[i], frequency[i], end_of_month[i])
        first = _first_end(issue[i], first_payment[i], anchor, frequency[i])
        count = _unpaid(as_of, grid, issue[i], first, calendar[i], business_day[i], shifts)
        if anchor < maturity[i] and adjusted_day(maturity[i], calendar[i], business_day[i], shifts) > as_of:
            count += 1
        offsets[i + 1] = offsets[i] + count
    days = np.empty((7, offsets[n]), dtype=np.int32)
    regular = np.empty(offsets[n], dtype=np.bool_)
    for i in range(n):
        anchor = _anchor(issue[i], first_payment[i], last_regular[i], maturity[i], frequency[i])
        grid = _grid(anchor, first_payment[i], maturity[i], frequency[i], end_of_month[i])
        first = _first_end(issue[i], first_payment[i], anchor, frequency[i])
        after = offsets[i + 1] - 1 - (1 if anchor < maturity[i] else 0)
        for row in range(offsets[i], offsets[i + 1]):
            period = _period(after - row, grid, issue[i], first) if row <= after else _last_period(maturity[i], grid)
            start = as_of if issue[i] == ABSENT_DATE and frequency[i] == 0 else period[0]
            pay = adjusted_day(period[1], calendar[i], business_day[i], shifts)
            days[0, row], days[1, row], days[4, row] = start, period[1], pay
            days[2, row] = adjusted_day(start, calendar[i], business_day[i], shifts) if adjust_accrual[i] else start
            days[3, row] = pay if adjust_accrual[i] else period[1]
            days[5, row], days[6, row] = period[2], period[3]
            regular[row] = frequency[i] > 0 and start == period[2] and period[1] == period[3]
    return offsets, days[0], days[1], days[2], days[3], days[4], days[5], days[6], regular


@kernel
def _anchor(issue: int, first_payment: int, last_regular: int, maturity: int, frequency: int) -> int:
    """The day that regular dates count back from; ABSENT_DATE is before every date."""
    if frequency == 0 or last_regular <= issue or last_regular < first_payment:
        return maturity
    return last_regular if ABSENT_DATE < last_regular < maturity else maturity


@kernel
def _first_end(issue: int, first_payment: int, anchor: int, frequency: int) -> int:
    """The day that ends the first period where it need not be a regular date, else ABSENT_DATE."""
    if frequency == 0:
        return anchor
    return min(first_payment, anchor) if first_payment > issue else ABSENT_DATE


@kernel
def _grid(anchor: int, first_payment: int, maturity: int, frequency: int, end_of_month: bool) -> _Grid:
    """Frequency 0 has intervals of a year."""
    year, month, day = civil_of_day(anchor)
    number, at_end = 12 * year + month - 1, day == month_length(year, month)
    days = YEAR_DAYS // frequency if frequency > MAX_BY_MONTHS else 0
    months = 0 if days else 12 // max(frequency, 1)
    on_ends = end_of_month and at_end and days == 0
    roll = MONTH_END if on_ends else day
    if at_end and days == 0 and anchor < maturity and first_payment != ABSENT_DATE:
        first_year, first_month, first_day = civil_of_day(first_payment)
        if first_day > day and (number - (12 * first_year + first_month - 1)) % months == 0:
            roll = first_day
    return _Grid(anchor, number, roll, months, days, on_ends)


@kernel
def _regular_date(grid: _Grid, k: int) -> int:
    if grid.days:
        return grid.anchor - k * grid.days
    return day_in_month(grid.month - k * grid.months, grid.roll)


@kernel
def _dates_after(grid: _Grid, day: int) -> int:
    """How many regular dates, the anchor among them, are after a day."""
    if grid.days:
        return max((grid.anchor - day + grid.days - 1) // grid.days, 0)
    count = max((grid.month - month_number_of_day(day)) // grid.months + 1, 0)
    while count > 0 and _regular_date(grid, count - 1) <= day:
        count -= 1
    return count


@kernel
def _unpaid(
    as_of: int,
    grid: _Grid,
    issue: int,
    first_end: int,
    calendar: int,
    business_day: int,
    shifts: NDArray[np.int8],
) -> int:
    """How many periods up to the anchor pay after the valuation date."""
    if issue >= grid.anchor:
        return 0
    count = _dates_after(grid, max(issue, first_end, as_of - _MAX_MOVE_DAYS))
    while count > 0 and adjusted_day(_regular_date(grid, count - 1), calendar, business_day, shifts) <= as_of:
        count -= 1
    if first_end == ABSENT_DATE or adjusted_day(first_end, calendar, business_day, shifts) <= as_of:
        return count
    return count + 1


@kernel
def _period(k: int, grid: _Grid, issue: int, first_end: int) -> tuple[int, int, int, int]:
    """Start, end and notional regular period, which ends with it, of the period that k others follow to the anchor."""
    end = max(_regular_date(grid, k), first_end)
    if end > first_end:
        regular_start = _regular_date(grid, k + 1)
        start = max(regular_start, issue, first_end)
    else:
        later = _dates_after(grid, end)
        on_grid = _regular_date(grid, later) == end
        regular_start = _regular_date(grid, later + 1) if on_grid else _interval_from(end, grid, -1)
        start = regular_start if issue == ABSENT_DATE else issue
    return start, end, start if start == regular_start else _interval_from(end, grid, -1), end


@kernel
def _last_period(maturity: int, grid: _Grid) -> tuple[int, int, int, int]:
    """As `_period`, of the one from the anchor to maturity; its notional regular period begins with it."""
    regular = _interval_from(maturity, grid, -1) == grid.anchor
    return grid.anchor, maturity, grid.anchor, maturity if regular else _regular_date(grid, -1)


@kernel
def _interval_from(day: int, grid: _Grid, sign: int) -> int:
    """One interval on or back from a day; a month's end stays one where the anchor rolls on month ends."""
    if grid.days:
        return day + sign * grid.days
    year, month, roll = civil_of_day(day)
    if grid.on_ends and roll == month_length(year, month):
        roll = MONTH_END
    return day_in_month(12 * year + month - 1 + sign * grid.months, roll)
