"""Dates as the contract says them: months clipped to their end, business days, day counts, payment schedules.

Written from the contract alone, one date at a time; nothing is shared with the program. Every bump of a market asks
for the same dates again, so what has been worked out is kept.
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
    at_the_end: bool = False
    """a stub before maturity: its notional regular periods are counted on from its start, others' back from the end"""
    day_of_month: int = 0
    """on which its notional regular periods end, where a month has clipped its start"""


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


@cache
def is_business_day(name: str, day: date) -> bool:
    return bool(_holidays(name).isBusinessDay(ql.Date(day.day, day.month, day.year)))


def _moved(name: str, day: date, step: int) -> date:
    while not is_business_day(name, day):
        day += timedelta(days=step)
    return day


@cache
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
    """Maturity less k periods, each counted from maturity: of whole months, or of 14 or 7 days."""

    maturity: date
    frequency: int
    keep_month_end: bool
    day_of_month: int = 0
    """where another than maturity's: clipped to the month"""

    def __call__(self, k: int) -> date:
        if self.frequency > 12:
            return self.maturity - timedelta(days=k * 364 // self.frequency)
        months = -k * (12 // (self.frequency or 1))
        if self.day_of_month:
            first = add_months(self.maturity.replace(day=1), months)
            return first.replace(day=min(self.day_of_month, calendar.monthrange(first.year, first.month)[1]))
        month_end = add_months(self.maturity, 0, True)
        return add_months(self.maturity, months, self.keep_month_end and self.maturity == month_end)


def rolls_from(maturity: date, last: date | None, first: date | None, frequency: int, keep: bool) -> Rolls:
    """Regular dates run from the first payment date to the last regular one, whose day its month may have clipped."""
    anchor = last or maturity
    if last and first and frequency <= 12 and not (keep and add_months(last, 0, True) == last):
        apart = (last.year - first.year) * 12 + last.month - first.month
        clipped = first.day > last.day and add_months(last, 0, True) == last
        if clipped and apart % (12 // frequency) == 0:
            return Rolls(anchor, frequency, False, first.day)
    return Rolls(anchor, frequency, keep)


def _ends(rolls: Rolls, after: date) -> list[date]:
    found, k = [], 0
    while rolls(k) > after:
        found.append(rolls(k))
        k += 1
    return found[::-1]


@dataclass(frozen=True)
class Moving:
    """How payment days leave holidays, and whether the accrual moves with them."""

    holidays: str = "NONE"
    rule: str = "UNADJUSTED"
    adjust_accrual: bool = False

    def __call__(self, day: date) -> date:
        return adjusted(self.holidays, self.rule, day)


UNMOVED = Moving()


@cache
def schedule(
    *,
    as_of: date,
    issue: date | None,
    first: date | None,
    maturity: date,
    frequency: int,
    last: date | None = None,
    keep_month_end: bool = False,
    move: Moving = UNMOVED,
) -> tuple[Period, ...]:
    """Every period of the instrument, from its first (or from well before `as_of` where nothing dates its start)."""
    if frequency == 0:
        if issue is None:
            raise InvalidTerms("nothing says when the only period starts")
        pairs = [(issue, maturity, False)]
    else:
        rolls = rolls_from(maturity, last, first, frequency, keep_month_end)
        pairs = _pairs(rolls, as_of, issue, first)
    tail = [] if frequency == 0 or last in (None, maturity) else [_tail(rolls, maturity)]

    regular_ones = [
        Period(a, b, move(a) if move.adjust_accrual else a, move(b) if move.adjust_accrual else b, move(b), regular)
        for a, b, regular in pairs
    ]
    last_one = [
        Period(
            a,
            b,
            move(a) if move.adjust_accrual else a,
            move(b) if move.adjust_accrual else b,
            move(b),
            regular,
            not regular,
            rolls.day_of_month,
        )
        for a, b, regular in tail
    ]
    return (*regular_ones, *last_one)


def _tail(rolls: Rolls, maturity: date) -> tuple[date, date, bool]:
    back = Rolls(
        maturity, rolls.frequency, rolls.keep_month_end and rolls.maturity == add_months(rolls.maturity, 0, True)
    )
    return rolls.maturity, maturity, maturity == rolls(-1) or rolls.maturity == back(1)


def _pairs(rolls: Rolls, as_of: date, issue: date | None, first: date | None) -> list[tuple[date, date, bool]]:
    if first is not None:
        ends = [first, *_ends(rolls, first)]
        start = issue or Rolls(first, rolls.frequency, rolls.keep_month_end)(1)
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


def icma_on(start: date, end: date, last: Period, frequency: int, keep_month_end: bool) -> float:
    """Parts of notional regular periods counted on from a last period's start, each 1 / frequency of a year."""
    rolls, total, k = Rolls(last.start, frequency, keep_month_end, last.day_of_month), 0.0, 0
    while rolls(-k) < end:
        a, b = rolls(-k), rolls(-k - 1)
        total += max((min(b, end) - max(a, start)).days, 0) / (b - a).days
        k += 1
    return total / frequency


def icma(start: date, end: date, period_end: date, frequency: int, keep_month_end: bool) -> float:
    """Parts of notional regular periods counted back from the period's end, each 1 / frequency of a year."""
    total, k = 0.0, 0
    rolls = Rolls(period_end, frequency, keep_month_end)
    while rolls(k) > start:
        a, b = rolls(k + 1), rolls(k)
        total += max((min(b, end) - max(a, start)).days, 0) / (b - a).days
        k += 1
    return total / frequency


@cache
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
        case "ACT/ACT.ICMA" if period.at_the_end:
            return icma_on(start, end, period, frequency, keep_month_end)
        case "ACT/ACT.ICMA":
            return icma(start, end, period.accrual_end, frequency or 1, keep_month_end)
        case _:
            raise InvalidTerms(day_count)
