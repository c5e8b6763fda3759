from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.dates.schedules import Schedules
from tests.compute.kernels.dates.reference_dates import (
    Terms,
    adjusted,
    epoch,
    from_ql,
    plain_periods,
    plain_reference,
    ql_date,
    random_terms,
    schedules_of,
)

AS_OF = epoch("2026-01-23")


def _rows(schedules: Schedules, i: int) -> list[tuple[int, ...]]:
    columns = ("start", "end", "accrual_start", "accrual_end", "pay", "reference_start", "reference_end", "regular")
    rows = slice(schedules.offsets[i], schedules.offsets[i + 1])
    return list(zip(*(getattr(schedules, column)[rows].tolist() for column in columns), strict=True))


def _plain_rows(terms: Terms, as_of: int) -> list[tuple[int, ...]]:
    rows = []
    for start, end in plain_periods(terms, as_of):
        moved = [adjusted(day, terms.calendar, terms.business_day) for day in (start, end)]
        accrual = moved if terms.adjust_accrual else [start, end]
        reference = plain_reference(terms, start, end)
        regular = (start, end) == reference and terms.frequency > 0
        rows.append((start, end, *accrual, moved[1], *reference, regular))
    return rows


def test_every_column_is_the_plain_schedules() -> None:
    terms = list(random_terms(1, 400, AS_OF))
    schedules = schedules_of(terms, AS_OF)
    for i, one in enumerate(terms):
        assert _rows(schedules, i) == _plain_rows(one, AS_OF), one


def test_first_payments_off_the_regular_dates() -> None:
    rng = np.random.default_rng(2)
    terms = [
        Terms(
            AS_OF + int(rng.integers(100, 3000)),
            issue=None if rng.random() < 0.3 else AS_OF - int(rng.integers(-400, 900)),
            first_payment=AS_OF + int(rng.integers(-600, 900)),
            frequency=int(rng.choice([1, 2, 4, 12])),
            end_of_month=bool(rng.random() < 0.5),
        )
        for _ in range(400)
    ]
    schedules = schedules_of(terms, AS_OF)
    for i, one in enumerate(terms):
        assert _rows(schedules, i) == _plain_rows(one, AS_OF), one


def test_dates_are_quantlibs() -> None:
    terms = [t for t in random_terms(4, 3_000, AS_OF) if t.issue is not None and t.first_payment != t.maturity]
    schedules = schedules_of(terms, AS_OF)
    for i, one in enumerate(terms):
        dates = _quantlib_dates(one)
        periods = [row[:2] for row in _rows(schedules, i)]
        expected = list(pairwise(dates))
        unpaid = [p for p in expected if adjusted(p[1], one.calendar, one.business_day) > AS_OF]
        assert periods == unpaid, one


def _quantlib_dates(terms: Terms) -> list[int]:
    schedule = ql.Schedule(
        ql_date(terms.issue or 0),
        ql_date(terms.maturity),
        ql.Period(12 // terms.frequency, ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        terms.end_of_month,
        ql_date(terms.first_payment) if terms.first_payment else ql.Date(),
    )
    return [from_ql(day) for day in schedule]


@pytest.mark.parametrize(
    ("terms", "as_of", "ends"),
    [
        # each date counts from maturity, not from the clipped date before it
        (
            Terms(epoch("2026-08-31"), frequency=4),
            "2025-12-01",
            ["2026-02-28", "2026-05-31", "2026-08-31"],
        ),
        (Terms(epoch("2026-06-30"), frequency=4, end_of_month=True), "2026-03-30", ["2026-03-31", "2026-06-30"]),
        (Terms(epoch("2026-06-30"), frequency=4), "2026-03-30", ["2026-06-30"]),
        # a short stub, and a first payment date that makes it a long one
        (Terms(epoch("2027-03-01"), epoch("2026-02-20")), "2026-02-20", ["2026-03-01", "2026-09-01", "2027-03-01"]),
        (
            Terms(epoch("2027-03-01"), epoch("2026-02-20"), epoch("2026-09-01")),
            "2026-02-20",
            ["2026-09-01", "2027-03-01"],
        ),
        # Sunday 1 March 2026, paid on Monday: still to come on Sunday, past on Monday
        (
            Terms(epoch("2026-09-01"), None, None, 2, "WEEKEND", "FOLLOWING"),
            "2026-03-01",
            ["2026-03-01", "2026-09-01"],
        ),
        (Terms(epoch("2026-09-01"), None, None, 2, "WEEKEND", "FOLLOWING"), "2026-03-02", ["2026-09-01"]),
        (Terms(epoch("2026-03-01"), None, None, 2, "WEEKEND", "PRECEDING"), "2026-02-27", []),
        (Terms(epoch("2026-03-01"), frequency=12), "2026-03-01", []),
        (Terms(epoch("2026-03-01"), epoch("2026-03-01")), "2026-01-01", []),
        (Terms(epoch("2036-03-01"), epoch("2025-03-01"), frequency=0), "2026-01-01", ["2036-03-01"]),
        (Terms(epoch("2026-12-01"), epoch("2026-01-01"), epoch("2027-01-01")), "2026-01-01", ["2026-12-01"]),
    ],
)
def test_ends_of_the_periods_still_to_be_paid(terms: Terms, as_of: str, ends: list[str]) -> None:
    assert schedules_of([terms], epoch(as_of)).end.tolist() == [epoch(end) for end in ends]


def test_without_an_issue_date_frequency_zero_starts_today() -> None:
    schedules = schedules_of([Terms(AS_OF + 500, frequency=0)], AS_OF)
    assert (schedules.start.tolist(), schedules.regular.tolist()) == ([AS_OF], [False])


def test_a_position_does_not_depend_on_its_neighbours() -> None:
    terms = list(random_terms(9, 300, AS_OF))
    together = schedules_of(terms, AS_OF)
    halves = [schedules_of(half, AS_OF) for half in (terms[:130], terms[130:])]
    rows = [_rows(half, i) for half in halves for i in range(half.position_count)]
    assert rows == [_rows(together, i) for i in range(together.position_count)]


def test_no_positions_have_no_periods() -> None:
    schedules = schedules_of([], AS_OF)
    assert (schedules.position_count, len(schedules.pay)) == (0, 0)
