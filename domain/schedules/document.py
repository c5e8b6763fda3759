"""A schedule: which run is wanted every business day at a time of the wall clock, and on which moments that falls."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from domain.documents import (
    Currency,
    InvalidDocument,
    Part,
    Problem,
    Text,
    parse_document,
)
from domain.measures.measures import UnknownMeasure, resolve
from domain.portfolio.tables import CALENDARS

LONGEST_LOOK_BACK = timedelta(days=400)
"""Moments before that are not caught up with."""

IsBusinessDay = Callable[[str, date], bool]
"""Of a calendar; handed down, since compute has the holidays."""


def _schedule_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", text):
        fix = "use letters, digits, and _ . - between them"
        raise PydanticCustomError("invalid_id", "this cannot be an id", {"fix": fix})
    return text


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        fix = "write hours and minutes as 18:30, from 00:00 to 23:59"
        raise PydanticCustomError("invalid_time", "this is no time of the day", {"fix": fix})
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, OSError, ValueError) as error:  # unknown, a folder of zones, or no key at all
        fix = "name one of the IANA database, such as America/New_York, Europe/London or UTC"
        raise PydanticCustomError("unknown_zone", "there is no such time zone", {"fix": fix}) from error
    return text


Id = Annotated[Text, AfterValidator(_schedule_id)]


class ScheduleDocument(Part):
    """`portfolio` is a name under which portfolios are brought; the newest of that name and the newest market are
    taken, both dated the schedule's own day. The rest is as in a run that is asked for by hand."""

    schedule_id: Id
    portfolio: Annotated[str, Field(strict=True, min_length=1, max_length=200)]
    market: Literal["latest"] = "latest"
    scenarios: tuple[Text, ...] = ()
    measures: tuple[Text, ...] = ()
    at: Annotated[str, Field(strict=True), AfterValidator(_clock)]
    zone: Annotated[Text, AfterValidator(_zone)]
    calendar: Literal[CALENDARS] = "NONE"  # type: ignore[valid-type]
    catch_up: Literal["LAST", "ALL", "NONE"] = "LAST"
    base_currency: Currency | None = None
    cashflows: tuple[Text, ...] = ("BASE",)
    policy: Text | None = None
    rules: tuple[Text, ...] = ()


class InvalidSchedule(InvalidDocument):
    """A schedule that cannot be used."""


def parse_schedule(raw: bytes | str) -> ScheduleDocument:
    """Raises InvalidSchedule with everything that is wrong."""
    return parse_document(raw, ScheduleDocument, InvalidSchedule, _measure_problems)


def _measure_problems(document: ScheduleDocument) -> Iterator[Problem]:
    for place, name in enumerate(document.measures):
        try:
            resolve((name,))
        except UnknownMeasure:
            message, fix = f"there is no measure {name!r}", "see docs/measures.md, or leave it out"
            yield Problem(f"measures[{place}]", "UNKNOWN_MEASURE", name, message, fix)


def stored_schedule(content: Any) -> ScheduleDocument:
    """What was checked when it was defined."""
    return ScheduleDocument.model_validate(content)


def moments(
    schedule: ScheduleDocument, after: datetime, until: datetime, is_business_day: IsBusinessDay
) -> Iterator[datetime]:
    """Moments when it falls due, in UTC, later than `after` and not later than `until`.

    A time that a day does not have, since clocks are put forward, is as long after midnight as it would be by the clock
    of before; one that a day has twice is the first of the two.

        New York, 02:30    ─ Sat 07:30 UTC ─ Sun (no 02:30) 07:30 UTC = 03:30 ─ Mon 06:30 UTC ─
    """
    zone = ZoneInfo(schedule.zone)
    start = max(after, until - LONGEST_LOOK_BACK)
    day, last = start.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        moment = moment_of(schedule, day)
        is_on_the_calendar = own_day(schedule, moment) == day  # Samoa had no 2011-12-30
        if start < moment <= until and is_on_the_calendar and is_business_day(schedule.calendar, day):
            yield moment
        day += timedelta(days=1)


def moment_of(schedule: ScheduleDocument, day: date) -> datetime:
    at = time.fromisoformat(schedule.at)
    return datetime.combine(day, at, ZoneInfo(schedule.zone)).astimezone(UTC)


def own_day(schedule: ScheduleDocument, moment: datetime) -> date:
    """The date on the wall where the schedule is at home."""
    return moment.astimezone(ZoneInfo(schedule.zone)).date()


def next_moment(schedule: ScheduleDocument, now: datetime, is_business_day: IsBusinessDay) -> datetime | None:
    """None where no business day comes within half a year."""
    return next(moments(schedule, now, now + timedelta(days=180), is_business_day), None)
