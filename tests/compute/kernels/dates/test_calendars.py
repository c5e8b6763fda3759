from datetime import date

import numpy as np
import pytest

from compute.kernels.dates.calendars import FIRST_DAY, LAST_DAY, adjust, civil_of_day, day_in_month, day_of_civil
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS
from tests.compute.kernels.dates.reference_dates import EPOCH, adjusted, epoch


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("rule", BUSINESS_DAYS)
def test_adjusts_as_quantlib_does(calendar: str, rule: str) -> None:
    days = np.random.default_rng(7).integers(FIRST_DAY + 10, LAST_DAY - 10, 2_000)
    expected = [adjusted(day, calendar, rule) for day in days]
    assert adjust(days, CALENDARS.index(calendar), BUSINESS_DAYS.index(rule)).tolist() == expected


@pytest.mark.parametrize(
    ("calendar", "rule", "day", "moved"),
    [
        ("US.GOVT", "FOLLOWING", "2012-10-30", "2012-10-31"),  # bond market shut for Hurricane Sandy
        ("US.SETTLEMENT", "FOLLOWING", "2012-10-30", "2012-10-30"),
        ("UK", "FOLLOWING", "2022-06-02", "2022-06-06"),  # platinum jubilee
        ("TARGET", "MODIFIED_FOLLOWING", "2024-03-29", "2024-03-28"),  # Good Friday at the month's end
        ("TARGET", "FOLLOWING", "2024-03-29", "2024-04-02"),
        ("TARGET", "PRECEDING", "2024-04-01", "2024-03-28"),
        ("WEEKEND", "FOLLOWING", "2024-12-25", "2024-12-25"),
        ("NONE", "FOLLOWING", "2026-08-01", "2026-08-01"),
        ("UK", "UNADJUSTED", "2026-08-01", "2026-08-01"),
        ("UK", "FOLLOWING", "2101-01-01", "2101-01-03"),  # after the tables: weekends only
        ("UK", "FOLLOWING", "2103-12-25", "2103-12-25"),
        ("UK", "MODIFIED_FOLLOWING", "2105-01-31", "2105-01-30"),
        ("UK", "PRECEDING", "1989-12-31", "1989-12-29"),
        ("TARGET", "PRECEDING", "1990-01-01", "1989-12-29"),
    ],
)
def test_moves(calendar: str, rule: str, day: str, moved: str) -> None:
    assert adjust([epoch(day)], CALENDARS.index(calendar), BUSINESS_DAYS.index(rule)).tolist() == [epoch(moved)]


def test_calendars_and_rules_go_by_row() -> None:
    saturday = epoch("2026-08-01")
    rules = [BUSINESS_DAYS.index(rule) for rule in ("UNADJUSTED", "FOLLOWING", "PRECEDING")]
    assert adjust([saturday] * 3, [1, 2, 5], rules).tolist() == [saturday, saturday + 2, saturday - 1]


def test_civil_dates_are_pythons() -> None:
    for ordinal in np.random.default_rng(3).integers(date(1600, 1, 1).toordinal(), date(2600, 1, 1).toordinal(), 2_000):
        day = date.fromordinal(int(ordinal))
        assert civil_of_day(day.toordinal() - EPOCH) == (day.year, day.month, day.day)
        assert day_of_civil(day.year, day.month, day.day) == day.toordinal() - EPOCH


def test_the_roll_day_is_clipped_to_its_month() -> None:
    assert [day_in_month(12 * 2024 + month, 31) for month in (0, 1, 3)] == [
        epoch("2024-01-31"),
        epoch("2024-02-29"),
        epoch("2024-04-30"),
    ]
