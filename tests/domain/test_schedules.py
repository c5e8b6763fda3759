"""When schedules fall due: by the wall clock of their zone, on business days, through both changes of the clocks."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.schedules.document import InvalidSchedule, moments, next_moment, own_day, parse_schedule

NIGHTLY = {"schedule_id": "nightly", "portfolio": "fund", "at": "18:30", "zone": "America/New_York"}


def schedule(**changes: Any) -> Any:
    return parse_schedule(json.dumps(NIGHTLY | changes))


def every_day(_calendar: str, _day: date) -> bool:
    return True


def weekdays(_calendar: str, day: date) -> bool:
    return day.weekday() < 5


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(document: Any, after: str, until: str, is_business_day: Any = every_day) -> list[str]:
    return [f"{each:%Y-%m-%d %H:%M}" for each in moments(document, utc(after), utc(until), is_business_day)]


CASES = [
    # time, zone, from, until, moments in UTC
    # New York puts its clocks forward on 2026-03-08 at 02:00 (07:00 UTC) and back on 2026-11-01 at 02:00 (06:00 UTC).
    ("18:30", "America/New_York", "2026-03-06", "2026-03-10", "03-06 23:30, 03-07 23:30, 03-08 22:30, 03-09 22:30"),
    ("02:30", "America/New_York", "2026-03-07", "2026-03-10", "03-07 07:30, 03-08 07:30, 03-09 06:30"),
    ("01:30", "America/New_York", "2026-10-31", "2026-11-03", "10-31 05:30, 11-01 05:30, 11-02 06:30"),
    ("02:30", "America/New_York", "2026-10-31", "2026-11-03", "10-31 06:30, 11-01 07:30, 11-02 07:30"),
    # London: 2026-03-29 at 01:00 and 2026-10-25 at 02:00. Lord Howe moves by half an hour, on 2026-10-04 at 02:00.
    ("01:30", "Europe/London", "2026-03-28", "2026-03-31", "03-28 01:30, 03-29 01:30, 03-30 00:30"),
    ("01:30", "Europe/London", "2026-10-24", "2026-10-27", "10-24 00:30, 10-25 00:30, 10-26 01:30"),
    ("02:15", "Australia/Lord_Howe", "2026-10-03", "2026-10-05", "10-03 15:45, 10-04 15:15"),
    ("00:00", "UTC", "2026-01-01", "2026-01-03", "01-02 00:00, 01-03 00:00"),
    # Samoa skipped 2011-12-30.
    ("12:00", "Pacific/Apia", "2011-12-29", "2012-01-01", "12-29 22:00, 12-30 22:00, 12-31 22:00"),
]


@pytest.mark.parametrize(("at", "zone", "after", "until", "expected"), CASES)
def test_moments(at: str, zone: str, after: str, until: str, expected: str) -> None:
    found = due(schedule(at=at, zone=zone), after, until)
    assert ", ".join(each[5:] for each in found) == expected


def test_a_moment_belongs_to_the_day_on_the_wall() -> None:
    document = schedule(at="20:30")
    (moment,) = moments(document, utc("2026-11-30 12:00"), utc("2026-12-01 02:00"), every_day)
    assert (f"{moment:%Y-%m-%d %H:%M}", own_day(document, moment)) == ("2026-12-01 01:30", date(2026, 11, 30))


def test_no_moment_falls_on_a_holiday() -> None:
    assert due(schedule(), "2026-11-27", "2026-12-01 12:00", weekdays) == ["2026-11-27 23:30", "2026-11-30 23:30"]
    assert next_moment(schedule(), utc("2026-11-28"), weekdays) == utc("2026-11-30 23:30")
    assert next_moment(schedule(), utc("2026-11-28"), lambda _calendar, _day: False) is None


def test_bounds_are_after_and_up_to() -> None:
    assert due(schedule(zone="UTC"), "2026-01-01 18:30", "2026-01-02 18:30") == ["2026-01-02 18:30"]


def test_nobody_looks_back_further_than_a_year_and_a_month() -> None:
    assert len(due(schedule(zone="UTC"), "1990-01-01", "2026-01-01")) == 400


BAD = [
    ({"at": "24:00"}, "at", "INVALID_TIME"),
    ({"at": "7:30"}, "at", "INVALID_TIME"),
    ({"zone": "Mars/Olympus"}, "zone", "UNKNOWN_ZONE"),
    ({"zone": "../etc/passwd"}, "zone", "UNKNOWN_ZONE"),
    ({"zone": "America"}, "zone", "UNKNOWN_ZONE"),
    ({"calendar": "MOON"}, "calendar", "UNKNOWN_VALUE"),
    ({"catch_up": "SOME"}, "catch_up", "UNKNOWN_VALUE"),
    ({"market": "yesterday"}, "market", "UNKNOWN_VALUE"),
    ({"measures": ["PV", "PVV"]}, "measures[1]", "UNKNOWN_MEASURE"),
    ({"schedule_id": "a/b"}, "schedule_id", "INVALID_ID"),
    ({"portfolio": ""}, "portfolio", "INVALID_VALUE"),
    ({"weekday": 1}, "weekday", "UNKNOWN_FIELD"),
]


@pytest.mark.parametrize(("change", "path", "code"), BAD)
def test_what_cannot_be_used_is_told_with_its_place(change: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        schedule(**change)
    assert [(each.path, each.code) for each in refused.value.problems] == [(path, code)]
