"""Schedules the slow and obvious way, with QuantLib's calendars, and the bridge from our codes to QuantLib's."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
import QuantLib as ql

from compute.kernels.dates.schedules import Schedules, build_schedules
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS

EPOCH = date(1970, 1, 1).toordinal()
QL_CALENDARS = {
    "NONE": ql.NullCalendar(),
    "WEEKEND": ql.WeekendsOnly(),
    "TARGET": ql.TARGET(),
    "US.SETTLEMENT": ql.UnitedStates(ql.UnitedStates.Settlement),
    "US.GOVT": ql.UnitedStates(ql.UnitedStates.GovernmentBond),
    "UK": ql.UnitedKingdom(ql.UnitedKingdom.Settlement),
}
QL_RULES = {
    "UNADJUSTED": ql.Unadjusted,
    "FOLLOWING": ql.Following,
    "MODIFIED_FOLLOWING": ql.ModifiedFollowing,
    "PRECEDING": ql.Preceding,
}
QL_DAY_COUNTS = {
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30E/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
    "ACT/360": ql.Actual360(),
    "ACT/365F": ql.Actual365Fixed(),
    "ACT/ACT.ISDA": ql.ActualActual(ql.ActualActual.ISDA),
    "ACT/ACT.ICMA": ql.ActualActual(ql.ActualActual.ISMA),
}
QL_FREQUENCIES = {0: ql.Once, 1: ql.Annual, 2: ql.Semiannual, 4: ql.Quarterly, 12: ql.Monthly}


def epoch(text: str) -> int:
    return date.fromisoformat(text).toordinal() - EPOCH


def ql_date(day: int) -> ql.Date:
    return ql.Date(int(day) + 25569)


def from_ql(day: ql.Date) -> int:
    return int(day.serialNumber()) - 25569


def adjusted(day: int, calendar_name: str, rule: str) -> int:
    return from_ql(QL_CALENDARS[calendar_name].adjust(ql_date(day), QL_RULES[rule]))


@dataclass(frozen=True)
class Terms:
    maturity: int
    issue: int | None = None
    first_payment: int | None = None
    frequency: int = 2
    calendar: str = "NONE"
    business_day: str = "UNADJUSTED"
    end_of_month: bool = False
    adjust_accrual: bool = False
    day_count: str = "ACT/ACT.ICMA"


def schedules_of(terms: list[Terms], as_of_day: int) -> Schedules:
    return build_schedules(
        as_of_day,
        maturity_day=[t.maturity for t in terms],
        issue_day=[ABSENT_DATE if t.issue is None else t.issue for t in terms],
        first_payment_day=[ABSENT_DATE if t.first_payment is None else t.first_payment for t in terms],
        frequency=frequencies(terms),
        calendar=[CALENDARS.index(t.calendar) for t in terms],
        business_day=[BUSINESS_DAYS.index(t.business_day) for t in terms],
        end_of_month=[t.end_of_month for t in terms],
        adjust_accrual=[t.adjust_accrual for t in terms],
    )


def frequencies(terms: list[Terms]) -> np.ndarray:
    return np.array([t.frequency for t in terms], dtype=np.int32)


def day_counts(terms: list[Terms]) -> np.ndarray:
    return np.array([DAY_COUNTS.index(t.day_count) for t in terms], dtype=np.int8)


@cache
def regular_dates(terms: Terms) -> list[int]:
    """Maturity less k = 0, 1, 2 ... intervals, with the day clipped to its month."""
    return [_regular_date(terms, k) for k in range(400)]


def _regular_date(terms: Terms, k: int) -> int:
    day = date.fromordinal(terms.maturity + EPOCH)
    at_end = terms.end_of_month and day.day == calendar.monthrange(day.year, day.month)[1]
    year, month = divmod(12 * day.year + day.month - 1 - k * 12 // max(terms.frequency, 1), 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, last if at_end else min(day.day, last)).toordinal() - EPOCH


def plain_periods(terms: Terms, as_of: int) -> list[tuple[int, int]]:
    """(start, end) of the periods still to be paid, oldest first."""
    maturity, issue, regular = terms.maturity, terms.issue, regular_dates(terms)
    if issue is not None and issue >= maturity:
        return []
    if terms.frequency == 0:
        return [(as_of if issue is None else issue, maturity)] if maturity > as_of else []
    dates = set(regular) if issue is None else {issue, *(d for d in regular if d > issue)}
    if terms.first_payment is not None and (issue is None or terms.first_payment > issue):
        first = min(terms.first_payment, maturity)
        before = max(d for d in regular if d < first) if first in regular else interval_before(terms, first)
        start = before if issue is None else issue
        dates = {start, first, *(d for d in regular if d > first)}
    recent = [p for p in pairwise(sorted(dates)) if p[1] > as_of - 40]
    return [p for p in recent if adjusted(p[1], terms.calendar, terms.business_day) > as_of]


def interval_before(terms: Terms, end: int) -> int:
    return regular_dates(counted_from(terms, end))[1]


def counted_from(terms: Terms, end: int) -> Terms:
    """The same roll counted from a day; a month's end stays one where the schedule rolls on month ends."""
    maturity = date.fromordinal(terms.maturity + EPOCH)
    rolls_on_ends = terms.end_of_month and maturity.day == calendar.monthrange(maturity.year, maturity.month)[1]
    return replace(terms, maturity=end, end_of_month=rolls_on_ends)


def plain_reference(terms: Terms, start: int, end: int) -> tuple[int, int]:
    """The notional regular period of a period: itself when it is one, else counted back from its end."""
    if (end, start) in pairwise(regular_dates(terms)):
        return start, end
    return interval_before(terms, end), end


def random_terms(seed: int, count: int, as_of: int, *, stubs: bool = True) -> Iterator[Terms]:
    """Terms of every kind around a valuation date; four in ten mature at a month's end."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        maturity = as_of + int(rng.integers(-30, 12 * 365))
        if rng.random() < 0.4:
            maturity = from_ql(ql.Date.endOfMonth(ql_date(maturity)))
        terms = Terms(
            maturity,
            frequency=int(rng.choice([1, 2, 4, 12])),
            calendar=str(rng.choice(CALENDARS)),
            business_day=str(rng.choice(BUSINESS_DAYS)),
            end_of_month=bool(rng.random() < 0.5),
            adjust_accrual=bool(rng.random() < 0.3),
            day_count=str(rng.choice(DAY_COUNTS)),
        )
        yield _with_issue(terms, rng, stubs)


def _with_issue(terms: Terms, rng: np.random.Generator, stubs: bool) -> Terms:
    if not stubs:
        return replace(terms, issue=regular_dates(terms)[rng.integers(1, 40)])
    if rng.random() < 0.15:
        return terms
    issue = terms.maturity - int(rng.integers(20, 6000))
    if rng.random() < 0.6:
        return replace(terms, issue=issue)
    after = [d for d in regular_dates(terms) if d > issue]
    return replace(terms, issue=issue, first_payment=after[-min(int(rng.integers(1, 4)), len(after))])
