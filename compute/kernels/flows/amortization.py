"""How a loan repays: the share of its balance that each payment amortises, and the months behind each payment."""

import math

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import civil_of_day, day_in_month, month_length
from compute.kernels.dates.daycounts import THIRTY_360, period_fraction
from compute.kernels.dates.schedules import MAX_BY_MONTHS, YEAR_DAYS, Schedules
from compute.kernels.kernel import kernel
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import AMORTIZATIONS

BULLET, LEVEL_PAY, LINEAR, CUSTOM = range(len(AMORTIZATIONS))


def period_fractions(
    schedules: Schedules, day_count: NDArray[np.int8], frequency: NDArray[np.int32], is_loan: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """[P] year fraction of each period; 30/360 on a loan makes every regular period exactly 1 / frequency.

    Dated 30/360 would pay 4 % less in February and 6 % more in March on loans dated the 31st.
    """
    position, even = schedules.position_of_period, is_loan & (day_count == THIRTY_360) & (frequency > 0)
    if bool((even[position] & schedules.regular).all()):
        return 1.0 / frequency[position]
    fraction = period_fraction(schedules, day_count, frequency)
    return np.where(even[position] & schedules.regular, 1.0 / np.maximum(frequency, 1)[position], fraction)


def interest_only_until(issue_day: NDArray[np.int32], io_months: NDArray[np.int32]) -> NDArray[np.int32]:
    """[n] epoch day of issue + io_months, the day clipped to its month; ABSENT_DATE where there are none."""
    issued = issue_day.astype("datetime64[D]")
    month = issued.astype("datetime64[M]")
    end = month + io_months.astype("timedelta64[M]")
    length = (end + 1).astype("datetime64[D]") - end.astype("datetime64[D]")
    day_of_month = np.minimum(issued - month.astype("datetime64[D]"), length - np.timedelta64(1, "D"))
    until = (end.astype("datetime64[D]") + day_of_month).astype(np.int64)
    absent = (io_months <= 0) | (issue_day == ABSENT_DATE)
    return np.where(absent, ABSENT_DATE, until).astype(np.int32)


@kernel
def level_share(rate: float, payments: float) -> float:
    """A level payment per unit of balance, r / (1 - (1 + r)^-n), 1 / n at r = 0; n may be any positive number."""
    if rate == 0.0:
        return 1.0 / payments
    return rate / -math.expm1(-payments * math.log1p(rate))


@kernel
def level_share_slope(rate: float, payments: float) -> float:
    """d level_share / d rate; by its series below |r n| = 1e-4, where the closed form loses digits."""
    n = payments
    if abs(rate * n) < 1e-4:
        return (n + 1.0) / (2.0 * n) + rate * (n * n - 1.0) / (6.0 * n)
    repaid = -math.expm1(-n * math.log1p(rate))
    return (repaid - rate * n * (1.0 - repaid) / (1.0 + rate)) / (repaid * repaid)


@kernel
def payments_past_maturity(amortization_months: int, issue_day: int, maturity_day: int, frequency: int) -> float:
    """Payment dates from maturity to `issue_day` and the levelling months (a balloon); 0 without one."""
    if amortization_months <= 0 or frequency <= 0:
        return 0.0
    year, month, day = civil_of_day(issue_day)
    levelled_to = day_in_month(12 * year + month - 1 + amortization_months, day)
    if levelled_to <= maturity_day:
        return 0.0
    if frequency > MAX_BY_MONTHS:
        return float((levelled_to - maturity_day) // (YEAR_DAYS // frequency))
    return float(whole_months(maturity_day, levelled_to) // (12 // frequency))


@kernel
def whole_months(start_day: int, end_day: int) -> int:
    """Whole months from one epoch day to another, the start's day clipped to the end's month."""
    start_year, start_month, start_dom = civil_of_day(start_day)
    end_year, end_month, end_dom = civil_of_day(end_day)
    complete = end_dom >= min(start_dom, month_length(end_year, end_month))
    return 12 * (end_year - start_year) + end_month - start_month - (0 if complete else 1)


@kernel
def months_of_periods(
    as_of_day: int, start: NDArray[np.int32], end: NDArray[np.int32], regular: NDArray[np.bool_], frequency: int
) -> NDArray[np.int32]:
    """Months of speeds that each period of one position sees; payments every 14 or 7 days: so many days instead.

    A period in progress counts in full, as its interest does; a stub its whole months, at least one. A loan that
    pays only at maturity is exposed from the valuation date.
    """
    months = np.empty(len(start), np.int32)
    for j in range(len(start)):
        if frequency > MAX_BY_MONTHS:
            months[j] = max((end[j] - start[j]) // (YEAR_DAYS // frequency), 1)
        elif frequency == 0:
            months[j] = max(whole_months(max(start[j], as_of_day), end[j]), 0)
        else:
            months[j] = 12 // frequency if regular[j] else max(whole_months(start[j], end[j]), 1)
    return months


@kernel
def months_of_all_periods(
    as_of_day: int,
    offsets: NDArray[np.int64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    regular: NDArray[np.bool_],
    frequency: NDArray[np.int32],
) -> NDArray[np.float64]:
    """[P] months of speeds of every period of n positions; parts of a month where payments are 14 or 7 days apart."""
    months = np.empty(len(start))
    for i in range(len(frequency)):
        rows, step_mo = slice(offsets[i], offsets[i + 1]), step_of_speeds_mo(frequency[i])
        months[rows] = step_mo * months_of_periods(as_of_day, start[rows], end[rows], regular[rows], frequency[i])
    return months


@kernel
def payments_beyond(
    amortization_months: NDArray[np.int32],
    issue_day: NDArray[np.int32],
    maturity_day: NDArray[np.int32],
    frequency: NDArray[np.int32],
) -> NDArray[np.float64]:
    """[n] `payments_past_maturity`"""
    beyond = np.empty(len(frequency))
    for i in range(len(frequency)):
        beyond[i] = payments_past_maturity(amortization_months[i], issue_day[i], maturity_day[i], frequency[i])
    return beyond


@kernel
def step_of_speeds_mo(frequency: int) -> float:
    """Length in months of what `months_of_periods` counts."""
    return 12.0 / frequency if frequency > MAX_BY_MONTHS else 1.0


@kernel
def ages_mo(issue_day: int, end: NDArray[np.int32]) -> NDArray[np.int32]:
    """Loan age at each payment: whole months from issue to its unadjusted date, so no holiday makes a loan younger."""
    age = np.empty(len(end), np.int32)
    for j in range(len(end)):
        age[j] = whole_months(issue_day, end[j])
    return age


@kernel
def cents(amount: float) -> float:
    """Half a cent goes away from zero; a millionth of a cent of slack keeps decimal halves halves in binary."""
    return math.copysign(math.floor(abs(amount) * 100.0 + 0.5 + 1e-6) / 100.0, amount)
