"""Payment dates that holidays pass over, and those that are added at the end in their place.

issue            holiday            maturity    as many more
  |---|---|---|===|===|---|---|---|---|+++|+++|
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import (
    MONTH_END,
    adjusted_day,
    business_day_shifts,
    civil_of_day,
    day_in_month,
    month_length,
)
from compute.kernels.dates.schedules import MAX_BY_MONTHS, YEAR_DAYS, Schedules
from compute.kernels.kernel import kernel

Days = NDArray[np.int32]
MAX_ADDED = 10_000
"""Every date is passed over once, so holidays end before so many."""


class Extension(NamedTuple):
    """How holidays lengthen n schedules."""

    added: Days
    """[n] dates after maturity"""
    ahead: Days
    """[n] n of the first payment to come: dates to the unextended end, and one for each passed over before it"""
    last_day: Days
    """[n] unadjusted day of the last date"""


class DateRules(NamedTuple):
    """Of n schedules, as `schedules.build_schedules` takes them."""

    maturity_day: Days
    frequency: Days
    calendar: NDArray[np.int8]
    business_day: NDArray[np.int8]
    end_of_month: NDArray[np.bool_]
    adjust_accrual: NDArray[np.bool_]

    def typed(self) -> "DateRules":
        dtypes = (np.int32, np.int32, np.int8, np.int8, np.bool_, np.bool_)
        return DateRules(*(np.require(v, t, ["C", "W"]) for v, t in zip(self, dtypes, strict=True)))


def extension_of(
    as_of_day: int,
    full: Schedules,
    rules: DateRules,
    windows: NDArray[np.int64],
    from_day: Days,
    to_day: Days,
) -> Extension:
    """Dates that the windows pass over are added at the end; an added date in a window is passed over too.

    Args: full [n] every date from issue on; windows [n + 1] offsets into from_day and to_day [W]
    """
    rules = rules.typed()
    found = np.empty((3, len(rules.frequency)), np.int32)
    _extend(as_of_day, full.offsets, full.end, full.pay, rules, windows, from_day, to_day, business_day_shifts(), found)
    return Extension(found[0], found[1], found[2])


def lengthened(as_of_day: int, schedules: Schedules, rules: DateRules, added: Days) -> Schedules:
    """Schedules with the added dates that are still to be paid."""
    rules, shifts = rules.typed(), business_day_shifts()
    to_come = _count_to_come(as_of_day, rules, added, shifts)
    counts = np.diff(schedules.offsets)
    offsets = np.concatenate(([0], np.cumsum(counts + to_come))).astype(np.int64)
    old = np.repeat(offsets[:-1] - schedules.offsets[:-1], counts) + np.arange(schedules.offsets[-1])
    days, regular = np.empty((7, offsets[-1]), np.int32), np.ones(offsets[-1], np.bool_)
    columns = (
        *(schedules.start, schedules.end, schedules.accrual_start, schedules.accrual_end, schedules.pay),
        *(schedules.reference_start, schedules.reference_end),
    )
    for row, column in enumerate(columns):
        days[row, old] = column
    regular[old] = schedules.regular
    _fill_added(rules, added, to_come, offsets, shifts, days)
    return Schedules(offsets, days[0], days[1], days[2], days[3], days[4], days[5], days[6], regular)


@kernel
def _extend(
    as_of_day: int,
    offsets: NDArray[np.int64],
    end: Days,
    pay: Days,
    rules: DateRules,
    windows: NDArray[np.int64],
    from_day: Days,
    to_day: Days,
    shifts: NDArray[np.int8],
    found: Days,
) -> None:
    for i in range(len(rules.frequency)):
        first, last = windows[i], windows[i + 1]
        starts, ends = from_day[first:last], to_day[first:last]
        added, ahead = 0, 0
        for j in range(offsets[i], offsets[i + 1]):
            passed = rules.frequency[i] > 0 and _is_within(end[j], starts, ends)
            added += 1 if passed else 0
            if pay[j] > as_of_day or passed:
                ahead += 1
        k = 0
        while k < added and added < MAX_ADDED:
            k += 1
            day = _date_after(k, rules.maturity_day[i], rules.frequency[i], rules.end_of_month[i])
            passed = _is_within(day, starts, ends)
            added += 1 if passed else 0
            if adjusted_day(day, rules.calendar[i], rules.business_day[i], shifts) <= as_of_day:
                ahead += 0 if passed else -1
        found[0, i], found[1, i] = added, ahead
        found[2, i] = _date_after(added, rules.maturity_day[i], rules.frequency[i], rules.end_of_month[i])


@kernel
def fill_kinds(
    offsets: NDArray[np.int64],
    end: Days,
    windows: NDArray[np.int64],
    from_day: Days,
    to_day: Days,
    kind: NDArray[np.int8],
    first_of: int,
    kinds: NDArray[np.int8],
) -> None:
    """Fills kinds [P] with that of the window which a date falls in; of several, `first_of` before others."""
    for i in range(len(windows) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            for w in range(windows[i], windows[i + 1]):
                if from_day[w] <= end[j] <= to_day[w] and kinds[j] != first_of:
                    kinds[j] = kind[w]


@kernel
def _is_within(day: int, from_day: Days, to_day: Days) -> bool:
    within = False
    for w in range(len(from_day)):
        within = within or from_day[w] <= day <= to_day[w]
    return within


@kernel
def _date_after(k: int, maturity: int, frequency: int, end_of_month: bool) -> int:
    """The k-th date after maturity, counted from it with the day clipped to its month."""
    if k == 0:
        return maturity
    if frequency > MAX_BY_MONTHS:
        return maturity + k * (YEAR_DAYS // frequency)
    year, month, day = civil_of_day(maturity)
    roll = MONTH_END if end_of_month and day == month_length(year, month) else day
    return day_in_month(12 * year + month - 1 + k * (12 // max(frequency, 1)), roll)


@kernel
def _count_to_come(as_of_day: int, rules: DateRules, added: Days, shifts: NDArray[np.int8]) -> NDArray[np.int64]:
    count = np.zeros(len(added), np.int64)
    for i in range(len(added)):
        for k in range(1, added[i] + 1):
            day = _date_after(k, rules.maturity_day[i], rules.frequency[i], rules.end_of_month[i])
            if adjusted_day(day, rules.calendar[i], rules.business_day[i], shifts) > as_of_day:
                count[i] += 1
    return count


@kernel
def _fill_added(
    rules: DateRules,
    added: Days,
    to_come: NDArray[np.int64],
    offsets: NDArray[np.int64],
    shifts: NDArray[np.int8],
    days: Days,
) -> None:
    for i in range(len(added)):
        maturity, frequency, on_ends = rules.maturity_day[i], rules.frequency[i], rules.end_of_month[i]
        calendar, rule, adjusts = rules.calendar[i], rules.business_day[i], rules.adjust_accrual[i]
        for back in range(to_come[i]):
            row, k = offsets[i + 1] - 1 - back, added[i] - back
            start, end = _date_after(k - 1, maturity, frequency, on_ends), _date_after(k, maturity, frequency, on_ends)
            pay = adjusted_day(end, calendar, rule, shifts)
            days[0, row], days[1, row], days[4, row] = start, end, pay
            days[2, row] = adjusted_day(start, calendar, rule, shifts) if adjusts else start
            days[3, row] = pay if adjusts else end
            days[5, row], days[6, row] = start, end
