"""Fixings as section 2 of the contract words them: dated by the index's calendar and lag, overnight ones compounded."""

import re
from datetime import date, timedelta
from functools import cache

from tests.walk.oracle.dates import adjusted, is_business_day, years_between
from tests.walk.oracle.market import Market

CALENDARS = {"USD": "US.GOVT", "EUR": "TARGET", "GBP": "UK"}
YEARS = {"GBP": 365.0}
A_DAY = timedelta(days=1)


@cache
def is_overnight(index: str) -> bool:
    """A currency and a name, without a tenor."""
    return bool(re.fullmatch(r"[A-Z]{3}-.+", index)) and not re.search(r"-\d+[DWMY]$", index)


def calendar_of(index: str) -> str:
    return CALENDARS.get(index[:3], "WEEKEND")


@cache
def fixing_date(index: str, lag: int, reset: date) -> date:
    """So many business days before the reset, from the preceding business day where the reset is none."""
    dated = adjusted(calendar_of(index), "PRECEDING", reset)
    for _ in range(lag):
        dated = adjusted(calendar_of(index), "PRECEDING", dated - A_DAY)
    return dated


def reset_fixing(index: str, lag: int, market: Market, reset: date) -> float:
    """One that the market dates on the reset itself, though that is no business day, is believed."""
    if lag == 0 and (index, reset) in market.fixings:
        return market.fixings[index, reset]
    return market.fixing(index, fixing_date(index, lag, reset))


def overnight_growth(index: str, lag: int, market: Market, start: date, end: date) -> float:
    """Known fixings day by day to the valuation date, each held to the next business day, then the curve.

    Seen a day later, today's fixing where the market has it, else today's forward of a day.
    """
    curve, seen = market.curve(market.projection.get(index)), market.as_of + market.days_on * A_DAY
    growth, day = 1.0, start
    while day < min(end, seen):
        until = day + A_DAY
        while not is_business_day(calendar_of(index), until):
            until += A_DAY
        until, dated = min(until, end, seen), fixing_date(index, lag, day)
        if day == market.as_of and (index, dated) not in market.fixings:
            growth /= curve.df(years_between(market.as_of, until + A_DAY))
        else:
            growth *= 1.0 + market.fixing(index, dated) * (until - day).days / YEARS.get(index[:3], 360.0)
        day = until
    if day >= end:
        return growth
    return growth * curve.df(years_between(market.as_of, day)) / curve.df(years_between(market.as_of, end))
