"""Dates as the contract says them: months clipped to their end, business days, day counts, payment schedules.

Written from the contract alone, one date at a time; nothing is shared with the program.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import QuantLib as ql


class InvalidTerms(ValueError):
    """The terms cannot be valued as the contract words them."""


@dataclass(frozen=True)
class Period:
    """From `start` to `end` as counted from maturity, the accrual's own ends, and the day it is paid."""

    start: date
    end: date
    accrual_start: date
    accrual_end: date
    pay: date
    regular: bool


def add_months(day: date, months: int, keep_month_end: bool = False) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, last if keep_month_end else min(day.day, last))


def whole_months(start: date, end: date) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def years_between(start: date, end: date) -> float:
    return (end - start).days / 365.0


@cache
def _holidays(name: str) -> Any:
    return {
        "NONE": ql.NullCalendar(),
        "WEEKEND": ql.WeekendsOnly(),
        "TARGET": ql.TARGET(),
        "US.SETTLEMENT": ql.UnitedStates(ql.UnitedStates.Settlement),
        "US.GOVT": ql.UnitedStates(ql.UnitedStates.GovernmentBond),
        "UK": ql.UnitedKingdom(),
    }[name]


def is_business_day(name: str, day: date) -> bool:
    return bool(_holidays(name).isBusinessDay(ql.Date(day.day, day.month, day.year)))


def _moved(name: str, day: date, step: int) -> date:
    while not is_business_day(name, day):
        day += timedelta(days=step)
    return day


def adjusted(name: str, rule: str, day: date) -> date:
    if rule == "UNADJUSTED":
        return day
    if rule == "PRECEDING":
        return _moved(name, day, -1)
    following = _moved(name, day, 1)
    if rule == "MODIFIED_FOLLOWING" and following.month != day.month:
        return _moved(name, day, -1)
    return following


@dataclass(frozen=True)
class Rolls:
    """Maturity less k periods of whole months, each counted from maturity."""

    maturity: date
    months: int
    keep_month_end: bool

    def __call__(self, k: int) -> date:
        month_end = add_months(self.maturity, 0, True)
        return add_months(self.maturity, -k * self.months, self.keep_month_end and self.maturity == month_end)


def _ends(rolls: Rolls, after: date) -> list[date]:
    found, k = [], 0
    while rolls(k) > after:
        found.append(rolls(k))
        k += 1
    return found[::-1]


def schedule(
    *,
    as_of: date,
    issue: date | None,
    first: date | None,
    maturity: date,
    frequency: int,
    keep_month_end: bool = False,
    holidays: str = "NONE",
    rule: str = "UNADJUSTED",
    adjust_accrual: bool = False,
) -> list[Period]:
    """Every period of the instrument, from its first (or from well before `as_of` where nothing dates its start)."""
    if frequency == 0:
        if issue is None:
            raise InvalidTerms("nothing says when the only period starts")
        pairs = [(issue, maturity, False)]
    else:
        pairs = _pairs(Rolls(maturity, 12 // frequency, keep_month_end), as_of, issue, first)

    def move(day: date) -> date:
        return adjusted(holidays, rule, day)

    return [
        Period(a, b, move(a) if adjust_accrual else a, move(b) if adjust_accrual else b, move(b), regular)
        for a, b, regular in pairs
    ]


def _pairs(rolls: Rolls, as_of: date, issue: date | None, first: date | None) -> list[tuple[date, date, bool]]:
    if first is not None:
        ends = [first, *_ends(rolls, first)]
        start = issue or add_months(first, -rolls.months)
    elif issue is not None:
        ends, start = _ends(rolls, issue), issue
    else:
        ends = _ends(rolls, min(as_of, rolls.maturity) - timedelta(days=800))
        start = ends.pop(0)
    regular = {(rolls(k + 1), rolls(k)) for k in range(len(ends) + 4)}
    return [(a, b, (a, b) in regular) for a, b in zip([start, *ends[:-1]], ends, strict=True)]


def thirty_360(start: date, end: date, european: bool) -> float:
    first = min(start.day, 30)
    last = 30 if end.day == 31 and (european or first == 30) else end.day
    return ((end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first) / 360.0


def isda(start: date, end: date) -> float:
    total = 0.0
    for year in range(start.year, end.year + 1):
        a, b = max(start, date(year, 1, 1)), min(end, date(year + 1, 1, 1))
        total += (b - a).days / (366.0 if calendar.isleap(year) else 365.0)
    return total


def icma(start: date, end: date, period_end: date, frequency: int, keep_month_end: bool) -> float:
    """Parts of notional regular periods counted back from the period's end, each 1 / frequency of a year."""
    months, total, k = 12 // frequency, 0.0, 0
    rolls = Rolls(period_end, months, keep_month_end)
    while rolls(k) > start:
        a, b = rolls(k + 1), rolls(k)
        total += max((min(b, end) - max(a, start)).days, 0) / (b - a).days
        k += 1
    return total / frequency


def fraction(
    day_count: str, period: Period, frequency: int, until: date | None = None, keep_month_end: bool = False
) -> float:
    """The day-count fraction of a period, or of its part up to `until`."""
    start, end = period.accrual_start, until or period.accrual_end
    match day_count:
        case "30/360" | "30E/360":
            return thirty_360(start, end, day_count == "30E/360")
        case "ACT/360":
            return (end - start).days / 360.0
        case "ACT/365F":
            return (end - start).days / 365.0
        case "ACT/ACT.ISDA":
            return isda(start, end)
        case "ACT/ACT.ICMA" if period.regular:
            return (end - start).days / (period.accrual_end - start).days / frequency
        case "ACT/ACT.ICMA":
            return icma(start, end, period.accrual_end, frequency or 1, keep_month_end)
        case _:
            raise InvalidTerms(day_count)
