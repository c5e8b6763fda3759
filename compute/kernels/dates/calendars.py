"""Dates as whole days since 1970-01-01: the civil calendar, and the move of a day to a business day."""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.kernels.kernel import kernel
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS

FIRST_DAY = np.datetime64("1990-01-01", "D").astype(int).item()
LAST_DAY = np.datetime64("2100-12-31", "D").astype(int).item()
MONTH_END = 31
"""Roll day of dates that keep to the end of the month: clipping does the rest."""

_NONE = CALENDARS.index("NONE")
_UNADJUSTED = BUSINESS_DAYS.index("UNADJUSTED")
_FOLLOWING = BUSINESS_DAYS.index("FOLLOWING")
_PRECEDING = BUSINESS_DAYS.index("PRECEDING")
_NUMPY_ROLL = {"FOLLOWING": "following", "MODIFIED_FOLLOWING": "modifiedfollowing", "PRECEDING": "preceding"}


def adjust(days: ArrayLike, calendar: ArrayLike, business_day: ArrayLike) -> NDArray[np.int32]:
    """Days moved to business days of their calendars.

    FOLLOWING: the next business day; PRECEDING: the one before; MODIFIED_FOLLOWING: the next, unless that is in
    another month, then the one before. A business day, calendar NONE and UNADJUSTED stay as they are.

    Args:    days          [n]  epoch days
             calendar      [n] or scalar  index in domain.portfolio.tables.CALENDARS
             business_day  [n] or scalar  index in domain.portfolio.tables.BUSINESS_DAYS
    Returns: [n]  epoch days
    Accuracy: exact for 1990-2100; outside, every calendar has weekends only
    Source:   holidays exported from QuantLib, see the header of each file of calendar_tables/
    """
    given = np.array(days, dtype=np.int32)
    calendars = np.array(np.broadcast_to(calendar, given.shape), dtype=np.int8)
    rules = np.array(np.broadcast_to(business_day, given.shape), dtype=np.int8)
    adjusted: NDArray[np.int32] = _adjust(given, calendars, rules, business_day_shifts())
    return adjusted


@cache
def business_day_shifts() -> NDArray[np.int8]:
    """[calendars, rules, days from FIRST_DAY to LAST_DAY] by how many days each day moves."""
    days = np.arange(FIRST_DAY, LAST_DAY + 1).astype("datetime64[D]")
    shifts = np.zeros((len(CALENDARS), len(BUSINESS_DAYS), len(days)), dtype=np.int8)
    for c, calendar in enumerate(CALENDARS):
        if calendar == "NONE":
            continue
        holidays = _holidays(calendar)
        for rule, roll in _NUMPY_ROLL.items():
            moved = np.busday_offset(days, 0, roll=roll, holidays=holidays)  # type: ignore[call-overload]
            shifts[c, BUSINESS_DAYS.index(rule)] = (moved - days).astype(np.int8)
    return shifts


@cache
def business_days(calendar: str) -> np.busdaycalendar:
    """For counting business days forward and back; every day of the week for calendar NONE."""
    if calendar == "NONE":
        return np.busdaycalendar(weekmask="1111111")
    return np.busdaycalendar(holidays=_holidays(calendar))


def _holidays(calendar: str) -> NDArray[np.datetime64]:
    if calendar == "WEEKEND":
        return np.empty(0, dtype="datetime64[D]")
    tables = files("compute.kernels.dates").joinpath("calendar_tables")
    text = tables.joinpath(f"{calendar.lower()}.txt").read_text(encoding="ascii")
    years = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return np.array([f"{year}-{day[:2]}-{day[2:]}" for year, *days in years for day in days], dtype="datetime64[D]")


@kernel
def _adjust(
    days: NDArray[np.int32], calendar: NDArray[np.int8], business_day: NDArray[np.int8], shifts: NDArray[np.int8]
) -> NDArray[np.int32]:
    out = np.empty_like(days)
    for i in range(days.shape[0]):
        out[i] = adjusted_day(days[i], calendar[i], business_day[i], shifts)
    return out


@kernel
def adjusted_day(day: int, calendar: int, business_day: int, shifts: NDArray[np.int8]) -> int:
    """One day moved to a business day; `shifts` are `business_day_shifts()`."""
    if calendar == _NONE or business_day == _UNADJUSTED:
        return day
    row = day - FIRST_DAY
    if 0 <= row < shifts.shape[2]:
        return day + int(shifts[calendar, business_day, row])
    return _moved_off_weekend(day, business_day)


@kernel
def _moved_off_weekend(day: int, business_day: int) -> int:
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    if weekday < 5:
        return day
    after, before = day + 7 - weekday, day + 4 - weekday
    if business_day == _PRECEDING:
        return before
    same_month = civil_of_day(after)[1] == civil_of_day(day)[1]
    return after if business_day == _FOLLOWING or same_month else before


@kernel
def day_of_civil(year: int, month: int, day: int) -> int:
    """Epoch day of a proleptic Gregorian date (Hinnant, chrono-compatible Low-Level Date Algorithms)."""
    y = year - (month <= 2)
    era = y // 400
    year_of_era = y - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


@kernel
def civil_of_day(day: int) -> tuple[int, int, int]:
    """(year, month, day of month) of an epoch day (the inverse of `day_of_civil`)."""
    z = day + 719468
    era = z // 146097
    day_of_era = z - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    m = (5 * day_of_year + 2) // 153
    month = m + (3 if m < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * m + 2) // 5 + 1


@kernel
def month_length(year: int, month: int) -> int:
    if month == 2:
        return 29 if (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31


_FIRST_MONTH = 12 * 1950
_MONTH_STARTS = np.arange("1950-01", "2150-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int32)
"""Looking a month up takes a third of the time of the civil calendar's divisions, and schedules do little else."""


@kernel
def day_in_month(month_number: int, roll_day: int) -> int:
    """Epoch day of a month (12 x year + month - 1), on the roll day clipped to the month's length."""
    row = month_number - _FIRST_MONTH
    if 0 <= row < len(_MONTH_STARTS) - 1:
        start, following = int(_MONTH_STARTS[row]), int(_MONTH_STARTS[row + 1])
        return min(start + roll_day, following) - 1
    year, month = month_number // 12, month_number % 12 + 1
    return day_of_civil(year, month, min(roll_day, month_length(year, month)))


@kernel
def month_number_of_day(day: int) -> int:
    year, month, _ = civil_of_day(day)
    return 12 * year + month - 1
