"""Regular dates that end before maturity, and payments every 14 or 7 days, against QuantLib's schedules and legs."""

from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.dates.schedules import Schedules, build_schedules
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import DAY_COUNTS
from tests.compute.kernels.dates.reference_dates import QL_DAY_COUNTS, epoch, from_ql, ql_date

LONG_AGO = epoch("1930-01-01")
TENORS = {
    1: ql.Period(1, ql.Years),
    2: ql.Period(6, ql.Months),
    4: ql.Period(3, ql.Months),
    6: ql.Period(2, ql.Months),
    12: ql.Period(1, ql.Months),
    26: ql.Period(2, ql.Weeks),
    52: ql.Period(1, ql.Weeks),
}
Dated = tuple[int, int | None, int | None, int, int, bool]
"""issue, first payment, last regular payment, maturity, frequency, end of month"""


def random_dates(count: int, *, stub: bool) -> list[Dated]:
    """First and last regular dates on one grid; without a first date the front stub is short."""
    rng = np.random.default_rng(26)
    found: list[Dated] = []
    while len(found) < count:
        frequency = int(rng.choice([*TENORS]))
        last = epoch("2026-01-23") + int(rng.integers(60, 3000))
        periods = int(rng.integers(2, 40))
        grid = [from_ql(ql_date(last) - k * TENORS[frequency]) for k in range(periods + 1)]
        if ql_date(last).dayOfMonth() > 28:  # where months clip, QuantLib steps from the date before
            continue
        issue = grid[-1] + int(rng.integers(-3, 0)) if rng.random() < 0.5 else grid[-1] - int(rng.integers(5, 60))
        first = grid[-1] if rng.random() < 0.5 else None
        maturity = last + int(rng.integers(1, 400)) if stub else last
        found.append((issue, first, last if stub else None, maturity, frequency, bool(rng.random() < 0.3)))
    return found


def schedules_of(dated: list[Dated], as_of: int = LONG_AGO) -> Schedules:
    def days(values: list[int | None]) -> list[int]:
        return [ABSENT_DATE if day is None else day for day in values]

    return build_schedules(
        as_of,
        maturity_day=[each[3] for each in dated],
        issue_day=[each[0] for each in dated],
        first_payment_day=days([each[1] for each in dated]),
        last_regular_day=days([each[2] for each in dated]),
        frequency=[each[4] for each in dated],
        calendar=0,
        business_day=0,
        end_of_month=[each[5] for each in dated],
        adjust_accrual=False,
    )


def quantlib_schedule(dated: Dated) -> ql.Schedule:
    issue, first, last, maturity, frequency, end_of_month = dated
    return ql.Schedule(
        ql_date(issue),
        ql_date(maturity),
        TENORS[frequency],
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        end_of_month,
        ql_date(first) if first else ql.Date(),
        ql_date(last) if last else ql.Date(),
    )


@pytest.mark.parametrize("stub", [True, False])
def test_dates_are_quantlibs(stub: bool) -> None:
    dated = random_dates(600, stub=stub)
    schedules = schedules_of(dated)
    for i, each in enumerate(dated):
        rows = slice(schedules.offsets[i], schedules.offsets[i + 1])
        expected = list(pairwise(from_ql(day) for day in quantlib_schedule(each)))
        assert list(zip(schedules.start[rows], schedules.end[rows], strict=True)) == expected, each


@pytest.mark.parametrize("day_count", DAY_COUNTS)
def test_what_a_last_period_pays_is_quantlibs(day_count: str) -> None:
    """A short one; QuantLib's ISMA count of a long one at the end steps by its own rounding of the period's months."""
    dated = [each for each in random_dates(600, stub=True) if each[4] <= 12 and not each[5]]
    dated = [each for each in dated if from_ql(ql_date(each[2] or 0) + TENORS[each[4]]) > each[3]]
    assert len(dated) > 50
    schedules = schedules_of(dated)
    last = schedules.offsets[1:] - 1
    count, frequency = DAY_COUNTS.index(day_count), np.array([each[4] for each in dated], np.int32)
    ours = period_fraction(schedules, np.full(len(dated), count, np.int8), frequency)[last]
    for fraction, each in zip(ours, dated, strict=True):
        leg = ql.FixedRateLeg(quantlib_schedule(each), QL_DAY_COUNTS[day_count], [1.0], [1.0])
        assert fraction == pytest.approx(leg[len(leg) - 1].amount(), rel=1e-12), each


def test_a_long_last_period_of_icma_by_hand() -> None:
    """From 20 May 2030 to 15 February 2031, paid twice a year: half a year to 20 November, then 87 of 181 days."""
    long = (epoch("2024-05-20"), None, epoch("2030-05-20"), epoch("2031-02-15"), 2, False)
    count = np.array([DAY_COUNTS.index("ACT/ACT.ICMA")], np.int8)
    fraction = period_fraction(schedules_of([long]), count, np.array([2], np.int32))[-1]
    assert fraction == pytest.approx(0.5 + 87 / 181 / 2, rel=1e-15)


def test_a_last_regular_date_that_february_clips_keeps_the_first_dates_day() -> None:
    clipped = (epoch("2024-02-29"), epoch("2024-08-31"), epoch("2026-02-28"), epoch("2026-06-15"), 2, False)
    ends = [epoch(day) for day in ("2024-08-31", "2025-02-28", "2025-08-31", "2026-02-28", "2026-06-15")]
    assert schedules_of([clipped]).end.tolist() == ends


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (None, "2024-01-15"),  # on issue
        (None, "2029-01-15"),  # on maturity
        ("2024-07-15", "2024-04-15"),  # before the first payment
    ],
)
def test_a_last_regular_date_that_cannot_be_one_is_ignored(first: str | None, last: str) -> None:
    start = epoch(first) if first else None
    dated = (epoch("2024-01-15"), start, epoch(last), epoch("2029-01-15"), 2, False)
    without = (epoch("2024-01-15"), start, None, epoch("2029-01-15"), 2, False)
    assert schedules_of([dated]).end.tolist() == schedules_of([without]).end.tolist()


def test_the_last_period_alone_is_left() -> None:
    dated = (epoch("2024-05-20"), None, epoch("2025-11-20"), epoch("2026-02-15"), 2, False)
    schedules = schedules_of([dated], epoch("2026-01-23"))
    assert (schedules.start.tolist(), schedules.end.tolist()) == ([epoch("2025-11-20")], [epoch("2026-02-15")])
    assert schedules_of([dated], epoch("2026-02-15")).offsets.tolist() == [0, 0]
