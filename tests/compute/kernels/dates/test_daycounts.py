from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.dates.daycounts import accrual_fraction, period_fraction, year_fraction
from domain.portfolio.tables import DAY_COUNTS
from tests.compute.kernels.dates.reference_dates import (
    QL_DAY_COUNTS,
    Terms,
    counted_from,
    day_counts,
    epoch,
    frequencies,
    from_ql,
    ql_date,
    random_terms,
    regular_dates,
    schedules_of,
)

AS_OF = epoch("2026-01-23")


def _code(name: str) -> int:
    return DAY_COUNTS.index(name)


def _pairs(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Days of 1990-2090 in order, four in ten at a month's end."""
    rng = np.random.default_rng(seed)
    days = rng.integers(epoch("1990-01-01"), epoch("2090-01-01"), (count, 2))
    for index in zip(*np.nonzero(rng.random((count, 2)) < 0.4), strict=True):
        days[index] = from_ql(ql.Date.endOfMonth(ql_date(days[index])))
    return days.min(axis=1), days.max(axis=1)


@pytest.mark.parametrize("name", [name for name in DAY_COUNTS if name != "ACT/ACT.ICMA"])
def test_fractions_are_quantlibs(name: str) -> None:
    start, end = _pairs(11, 4_000)
    expected = [QL_DAY_COUNTS[name].yearFraction(ql_date(a), ql_date(b)) for a, b in zip(start, end, strict=True)]
    ours = year_fraction(_code(name), start, end, start, end, 2)
    # QuantLib adds whole years first: of a hundred years the last bit is 1.4e-14
    np.testing.assert_allclose(ours, expected, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "start", "end", "days"),
    [
        ("30/360", "2024-01-31", "2024-02-29", 29),
        ("30/360", "2024-02-29", "2024-03-31", 32),  # no February rule: QuantLib's USA convention has 30
        ("30/360", "2024-01-30", "2024-03-31", 60),
        ("30/360", "2024-01-15", "2024-01-31", 16),
        ("30E/360", "2024-01-15", "2024-01-31", 15),
        ("30E/360", "2024-02-29", "2024-03-31", 31),
    ],
)
def test_thirty_day_months(name: str, start: str, end: str, days: int) -> None:
    assert year_fraction(_code(name), [epoch(start)], [epoch(end)], 0, 0, 2).tolist() == [days / 360]


@pytest.mark.parametrize(
    ("start", "end", "reference_start", "reference_end", "frequency", "expected"),
    [  # ISDA, "EMU and Market Conventions" (1998), as in QuantLib's test-suite/daycounters.cpp testActualActual
        ("2003-11-01", "2004-05-01", "2003-11-01", "2004-05-01", 2, 0.5),
        ("1999-02-01", "1999-07-01", "1998-07-01", "1999-07-01", 1, 0.410958904110),
        ("1999-07-01", "2000-07-01", "1999-07-01", "2000-07-01", 1, 1.0),
        ("2002-08-15", "2003-07-15", "2003-01-15", "2003-07-15", 2, 0.915760869565),
        ("2003-07-15", "2004-01-15", "2003-07-15", "2004-01-15", 2, 0.5),
        ("1999-07-30", "2000-01-30", "1999-07-30", "2000-01-30", 2, 0.5),
        ("2000-01-30", "2000-06-30", "2000-01-30", "2000-07-30", 2, 0.417582417582),
        ("1999-11-30", "2000-04-30", "1999-11-30", "2000-02-29", 4, 0.415760869565),
    ],
)
def test_icma_cases_of_the_isda_memorandum(
    start: str, end: str, reference_start: str, reference_end: str, frequency: int, expected: float
) -> None:
    first, last, *reference = (np.array([epoch(day)]) for day in (start, end, reference_start, reference_end))
    assert year_fraction(_code("ACT/ACT.ICMA"), first, last, reference[0], reference[1], frequency)[0] == pytest.approx(
        expected, abs=5e-13
    )


def test_icma_stubs_are_quantlibs() -> None:
    rng = np.random.default_rng(5)
    for _ in range(500):
        frequency = int(rng.choice([1, 2, 4, 12]))
        terms = Terms(epoch("2030-01-01") + int(rng.integers(0, 28)), frequency=frequency)
        reference = regular_dates(terms)[1], terms.maturity
        start = terms.maturity - int(rng.integers(1, 2 * 360 // frequency))
        expected = QL_DAY_COUNTS["ACT/ACT.ICMA"].yearFraction(
            ql_date(start), ql_date(terms.maturity), *map(ql_date, reference)
        )
        ours = year_fraction(_code("ACT/ACT.ICMA"), [start], terms.maturity, *reference, frequency)[0]
        assert ours == pytest.approx(expected, abs=1e-15)


def test_icma_adds_over_notional_periods() -> None:
    """Against the sum over notional periods counted from the end; frequencies whose roll day one period tells."""
    terms = [t for t in random_terms(21, 600, AS_OF) if t.frequency in (2, 12)]
    schedules = schedules_of(terms, AS_OF)
    ours = period_fraction(schedules, _icma(terms), frequencies(terms))
    for position, start, end, fraction in zip(
        schedules.position_of_period, schedules.start, schedules.end, ours, strict=True
    ):
        assert fraction == pytest.approx(_plain_icma(terms[position], start, end), abs=1e-14)


def _icma(terms: list[Terms]) -> np.ndarray:
    return np.full(len(terms), _code("ACT/ACT.ICMA"), dtype=np.int8)


def _plain_icma(terms: Terms, start: int, end: int) -> float:
    is_regular = (end, start) in pairwise(regular_dates(terms))
    notional = pairwise(regular_dates(terms if is_regular else counted_from(terms, end)))
    overlap = [(min(end, b) - max(start, a), b - a) for b, a in notional]
    return sum(days / length / terms.frequency for days, length in overlap if days > 0)


def test_regular_icma_periods_pay_one_over_frequency_whatever_the_calendar() -> None:
    terms = list(random_terms(8, 200, AS_OF, stubs=False))
    schedules = schedules_of(terms, AS_OF)
    ours = period_fraction(schedules, _icma(terms), frequencies(terms))
    assert schedules.regular.all()
    assert (ours == 1 / frequencies(terms)[schedules.position_of_period]).all()


def test_frequency_zero_has_notional_periods_of_a_year() -> None:
    terms = [Terms(epoch("2026-07-01"), issue=epoch("2023-01-01"), frequency=0)]
    fraction = period_fraction(schedules_of(terms, AS_OF), day_counts(terms), frequencies(terms))
    assert fraction[0] == pytest.approx(3 + 181 / 365, abs=1e-15)


@pytest.mark.parametrize(
    ("terms", "as_of", "expected"),
    [
        (Terms(epoch("2030-03-15"), day_count="30/360"), "2026-01-31", 136 / 360),
        (Terms(epoch("2030-03-15"), day_count="ACT/ACT.ICMA"), "2026-01-31", 138 / 181 / 2),
        (Terms(epoch("2030-03-15"), day_count="ACT/360"), "2026-03-15", 0.0),
        (Terms(epoch("2030-03-15"), issue=epoch("2026-06-01"), day_count="ACT/360"), "2026-03-15", 0.0),
        # 15 March 2026 is a Sunday: on that day the coupon of six months is earned and not paid
        (
            Terms(epoch("2030-03-15"), None, None, 2, "WEEKEND", "FOLLOWING", day_count="ACT/360"),
            "2026-03-15",
            181 / 360,
        ),
        (Terms(epoch("2030-03-15"), None, None, 2, "WEEKEND", "FOLLOWING", day_count="ACT/360"), "2026-03-16", 1 / 360),
        (Terms(epoch("2030-03-15"), None, None, 2, "WEEKEND", "PRECEDING", day_count="ACT/360"), "2026-03-14", 0.0),
        (Terms(epoch("2026-01-01"), day_count="ACT/360"), "2026-01-01", 0.0),
    ],
)
def test_accrual_runs_from_the_start_of_the_unpaid_period(terms: Terms, as_of: str, expected: float) -> None:
    schedules = schedules_of([terms], epoch(as_of))
    ours = accrual_fraction(schedules, day_counts([terms]), frequencies([terms]), epoch(as_of))
    assert ours[0] == pytest.approx(expected, abs=1e-15)
