"""Swaps from a portfolio folder on: values leg by leg as QuantLib has them, key rates as revaluation has them."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from domain.measures.failures import Reason
from tests.builders.derivative_fund import (
    AS_OF,
    INDEX,
    QL_BUSINESS_DAYS,
    QL_CALENDARS,
    QL_DAY_COUNTS,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
    ql_curve,
    ql_day,
    reason,
)

COUNT = 300


def random_swaps() -> list[dict[str, Any]]:
    rng = np.random.default_rng(11)
    return [random_swap(rng) for _ in range(COUNT)]


def random_swap(rng: np.random.Generator) -> dict[str, Any]:
    issue = AS_OF + timedelta(days=int(rng.integers(-350, 400)))
    return {
        "product_type": "IRS",
        "currency": "USD",
        "issue_date": issue,
        "maturity_date": issue + timedelta(days=int(rng.integers(430, 9000))),
        "coupon": round(float(rng.uniform(0.01, 0.06)), 5),
        "index": INDEX,
        "margin": round(float(rng.uniform(-0.002, 0.004)), 5),
        "pay_receive": str(rng.choice(["PAY", "RECEIVE"])),
        "fixed_frequency": int(rng.choice([1, 2, 4])),
        "fixed_day_count": str(rng.choice([*QL_DAY_COUNTS])),
        "float_frequency": int(rng.choice([2, 4, 12])),
        "float_day_count": str(rng.choice(["ACT/360", "ACT/365F"])),
        "calendar": str(rng.choice([*QL_CALENDARS])),
        "business_day": str(rng.choice([*QL_BUSINESS_DAYS])),
    }


def periods(terms: dict[str, Any], frequency: int) -> list[tuple[ql.Date, ql.Date, ql.Date]]:
    """Start, end and payment of the periods still to be paid."""
    tenor, calendar = ql.Period(12 // frequency, ql.Months), QL_CALENDARS[terms["calendar"]]
    schedule = ql.Schedule(
        ql_day(terms["issue_date"]),
        ql_day(terms["maturity_date"]),
        tenor,
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        False,
    )
    days = list(schedule)
    paid = [calendar.adjust(day, QL_BUSINESS_DAYS[terms["business_day"]]) for day in days[1:]]
    return [each for each in zip(days, days[1:], paid, strict=False) if each[2] > ql_day(AS_OF)]


def value(
    terms: dict[str, Any], discount: ql.YieldTermStructureHandle, projection: ql.YieldTermStructureHandle
) -> float:
    fixed_count, float_count = QL_DAY_COUNTS[terms["fixed_day_count"]], QL_DAY_COUNTS[terms["float_day_count"]]
    fixed = sum(
        terms["coupon"] * fixed_count.yearFraction(start, end) * discount.discount(pay)
        for start, end, pay in periods(terms, terms["fixed_frequency"])
    )
    floating = 0.0
    for start, end, pay in periods(terms, terms["float_frequency"]):
        accrual = float_count.yearFraction(start, end)
        if start <= ql_day(AS_OF):
            rate = 0.04 + (ql_day(AS_OF) - start) * 1e-6
        else:
            rate = (projection.discount(start) / projection.discount(end) - 1) / accrual
        floating += (rate + terms["margin"]) * accrual * discount.discount(pay)
    return float(fixed - floating) * (1e6 if terms["pay_receive"] == "RECEIVE" else -1e6)


def test_swaps_are_worth_what_their_legs_are(tmp_path: Path) -> None:
    swaps = random_swaps()
    discount, projection = ql_curve(0.0), ql_curve(25e-4)
    pv = column(priced(tmp_path, swaps, market()), "pv")[0]
    expected = np.array([value(terms, discount, projection) for terms in swaps])
    # of a leg's size, since a swap may be worth nothing
    np.testing.assert_allclose(pv, expected, rtol=1e-10, atol=1e-10 * 1e6)


def test_a_vanilla_swap_is_quantlibs(tmp_path: Path) -> None:
    """One curve, whole years, nothing to adjust."""
    terms = random_swap(np.random.default_rng(1)) | {
        "issue_date": date(2026, 2, 10),
        "maturity_date": date(2036, 2, 10),
        "fixed_frequency": 1,
        "fixed_day_count": "30/360",
        "float_frequency": 4,
        "float_day_count": "ACT/360",
        "business_day": "UNADJUSTED",
        "pay_receive": "PAY",
        "margin": 0.001,
    }
    curve = ql_curve(0.0)
    index = ql.IborIndex("I", ql.Period("3M"), 0, ql.USDCurrency(), ql.NullCalendar(), 0, False, ql.Actual360(), curve)
    legs = [
        ql.MakeSchedule(ql_day(terms["issue_date"]), ql_day(terms["maturity_date"]), ql.Period(tenor))
        for tenor in ("1Y", "3M")
    ]
    count = ql.Thirty360(ql.Thirty360.BondBasis)
    swap = ql.VanillaSwap(
        ql.VanillaSwap.Payer, 1e6, legs[0], terms["coupon"], count, legs[1], index, 0.001, ql.Actual360()
    )
    swap.setPricingEngine(ql.DiscountingSwapEngine(curve))
    given = market(projection={INDEX: "USD-OIS"})
    assert column(priced(tmp_path, [terms], given), "pv")[0, 0] == pytest.approx(swap.NPV(), rel=1e-10)


def test_key_rates_are_what_revaluation_says_and_add_up(tmp_path: Path) -> None:
    facts = priced(tmp_path, random_swaps()[:60], market(), *central_shocks())
    assert_sensitivities_are_central_differences(facts, within=1e-6, keys_within=1e-5)


def test_both_sides_of_a_swap_cancel(tmp_path: Path) -> None:
    one = random_swap(np.random.default_rng(3)) | {"pay_receive": "PAY"}
    facts = priced(tmp_path, [one, one | {"pay_receive": "RECEIVE"}], market())
    for name in ("pv", "dv01", "key_rate_dv01_5y"):
        assert column(facts, name)[0, 0] == -column(facts, name)[0, 1] != 0.0


def test_interest_accrued_is_net_and_nothing_is_quoted_per_100(tmp_path: Path) -> None:
    terms = random_swap(np.random.default_rng(4)) | {
        "issue_date": date(2025, 10, 25),
        "maturity_date": date(2030, 10, 25),
        "coupon": 0.03,
        "margin": 0.0,
        "fixed_frequency": 4,
        "fixed_day_count": "ACT/360",
        "float_frequency": 4,
        "float_day_count": "ACT/360",
        "pay_receive": "RECEIVE",
    }
    facts = priced(tmp_path, [terms], market())
    fixing = 0.04 + 90e-6
    assert column(facts, "accrued_interest")[0, 0] == pytest.approx(1e6 * (0.03 - fixing) * 90 / 360, rel=1e-12)
    for name in ("CLEAN_PRICE", "CS01"):
        assert reason(facts, name)[0] == Reason.NOT_APPLICABLE


BROKEN: list[tuple[dict[str, Any], dict[str, Any], Reason]] = [
    ({"issue_date": date(2025, 11, 3)}, {"fixings": []}, Reason.MISSING_MARKET_DATA),
    ({"index": "NONE-3M"}, {}, Reason.MISSING_MARKET_DATA),
    ({"discount_curve": "NOWHERE"}, {}, Reason.MISSING_MARKET_DATA),
    ({"spread_curve": "NOWHERE"}, {}, Reason.MISSING_MARKET_DATA),
]


@pytest.mark.parametrize(("terms", "changes", "expected"), BROKEN)
def test_what_is_missing_fails_that_swap(
    tmp_path: Path, terms: dict[str, Any], changes: dict[str, Any], expected: Reason
) -> None:
    forward = random_swap(np.random.default_rng(5)) | {
        "issue_date": date(2026, 6, 1),
        "maturity_date": date(2031, 6, 1),
    }
    facts = priced(tmp_path, [forward, forward | terms], market(**changes))
    assert reason(facts, "PV").tolist() == [Reason.NONE, expected]
