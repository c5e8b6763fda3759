"""Pools: payment days, published months of SIFMA and Fabozzi on those days, accrued interest and mortgage yields."""

from datetime import date

import numpy as np
import pytest

from compute.kernels.flows.pass_throughs import (
    PoolDates,
    PoolTerms,
    pool_accrued_interest,
    pool_flows,
)
from compute.kernels.flows.prepaying_pool import Speeds, Variants
from compute.kernels.flows.speeds import parse_speed
from compute.kernels.valuing.pool_yields import pool_yield_times
from compute.kernels.valuing.yields import bond_equivalent, solve_yields
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS

EPOCH = date(1970, 1, 1)
BASE = Variants(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1, np.int32))


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def dates(first: str, delay: int = 0, end_of_month: bool = False, calendar: str = "NONE") -> PoolDates:
    rule = "UNADJUSTED" if calendar == "NONE" else "FOLLOWING"
    return PoolDates(
        np.array([day(first)], np.int32),
        np.array([delay], np.int32),
        np.array([end_of_month]),
        np.array([CALENDARS.index(calendar)], np.int8),
        np.array([BUSINESS_DAYS.index(rule)], np.int8),
    )


def pool(balance: float, wac: float, wam: int, age: int, pass_through: float) -> PoolTerms:
    months = np.array([wam], np.int32), np.array([age], np.int32)
    return PoolTerms(np.array([balance]), np.array([wac]), *months, np.array([pass_through]))


def speeds(prepayment: str) -> Speeds:
    quoted = parse_speed(prepayment)
    kind, pct = np.array([quoted.code], np.int8), np.array([quoted.quoted_pct])
    return Speeds.none(1)._replace(prepayment_kind=kind, prepayment_pct=pct)


def paid(as_of: str, when: PoolDates, terms: PoolTerms) -> list[str]:
    flows = pool_flows(day(as_of), when, terms, speeds("CPR 0"), BASE)
    return [str(np.datetime64(day(as_of) + int(offset), "D")) for offset in flows.day]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (dates("2026-02-01", 24), ["2026-02-25", "2026-03-25", "2026-04-25"]),
        (dates("2026-01-31", 0), ["2026-01-31", "2026-02-28", "2026-03-31"]),
        (dates("2026-02-28", 14), ["2026-03-14", "2026-04-11", "2026-05-12"]),
        (dates("2026-02-28", 14, end_of_month=True), ["2026-03-14", "2026-04-14", "2026-05-14"]),
        (dates("2026-02-27", 1, end_of_month=True), ["2026-02-28", "2026-03-28", "2026-04-28"]),
        (dates("2026-02-01", 24, calendar="US.GOVT"), ["2026-02-25", "2026-03-25", "2026-04-27"]),
        (dates("2025-12-15", 0), ["2026-02-15"]),
    ],
)
def test_the_kth_payment_falls_the_delay_after_the_kth_months_end(when: PoolDates, expected: list[str]) -> None:
    assert paid("2026-01-23", when, pool(100.0, 0.06, 3, 0, 0.055)) == expected


def test_month_100_of_fabozzis_pool_is_paid_with_its_delay() -> None:
    """Fabozzi, Bond Markets, Analysis and Strategies: 400 million, 8.125 %, 7.5 %, 357 months, 3 old, 165 PSA."""
    flows = pool_flows(
        day("2026-01-01"), dates("2026-02-01", 14), pool(400e6, 0.08125, 357, 3, 0.075), speeds("PSA 165"), BASE
    )
    assert flows.day[99] == day("2034-05-15") - day("2026-01-01")
    assert flows.interest[0, 0] == pytest.approx(2_500_000, abs=0.5)
    assert flows.principal[0, 0] == pytest.approx(267_535 + 442_389, abs=1)
    assert flows.principal.sum() == pytest.approx(400e6, rel=1e-12)


def test_a_pool_at_its_coupon_yields_the_coupon_bond_equivalent() -> None:
    """No delay, at the start of a month: par at the monthly rate, whatever prepays."""
    as_of, when = day("2026-01-01"), dates("2026-02-01")
    flows = pool_flows(as_of, when, pool(100.0, 0.065, 300, 60, 0.06), speeds("PSA 200"), BASE)
    monthly, converged = solve_yields(flows, pool_yield_times(as_of, when, flows), price_ccy=np.array([[100.0]]))
    assert converged.all()
    assert monthly[0, 0] == pytest.approx(0.06, abs=1e-12)
    assert bond_equivalent(monthly, 12.0)[0, 0] == pytest.approx(2 * (1.005**6 - 1), abs=1e-12)


def test_the_delay_and_the_part_of_the_month_still_to_run_are_months_of_thirty_days() -> None:
    when, as_of = dates("2026-02-01", 24), day("2026-01-16")
    flows = pool_flows(as_of, when, pool(100.0, 0.06, 3, 0, 0.055), speeds("CPR 0"), BASE)
    times = np.cumsum(pool_yield_times(as_of, when, flows).gap)
    np.testing.assert_allclose(times, np.array([0.5, 1.5, 2.5]) + 24 / 30, rtol=1e-15)


@pytest.mark.parametrize(
    ("as_of", "first", "thirtieths"),
    [
        ("2026-01-23", "2026-02-01", 22),
        ("2026-01-31", "2026-02-01", 30),
        ("2026-01-23", "2026-01-31", 23),
        ("2026-01-01", "2026-02-01", 0),
        ("2026-01-23", "2026-03-15", 0),
        ("2026-02-09", "2026-02-01", 30),
    ],
)
def test_accrued_interest_counts_from_the_months_start_and_at_most_a_month(
    as_of: str, first: str, thirtieths: int
) -> None:
    accrued = pool_accrued_interest(
        day(as_of),
        dates(first, 24),
        balance=np.array([1e6]),
        pass_through=np.array([0.06]),
        day_count=np.array([DAY_COUNTS.index("30/360")], np.int8),
    )
    assert accrued[0] == pytest.approx(1e6 * 0.06 * thirtieths / 360, abs=1e-9)
