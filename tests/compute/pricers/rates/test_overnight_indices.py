"""Overnight indices compounded in arrears, fixings by calendar and lag, and periods of no length: section 2.

Expected values are worked out here day by day from the contract's words; the small funds are those of public bug
reports on other systems.
"""

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.product_families import ChunkFacts
from domain.measures.failures import Reason
from tests.builders.derivative_fund import AS_OF, central_shocks, column, priced, ql_day, reason

CALENDAR = ql.UnitedStates(ql.UnitedStates.GovernmentBond)
QUOTES = {"1M": 0.0431, "3M": 0.0425, "6M": 0.0405, "1Y": 0.036, "2Y": 0.034, "5Y": 0.0345}
MEASURES = ("PV", "DV01", "KEY_RATE_DV01", "ACCRUED_INTEREST", "THETA", "CONVEXITY", "YIELD", "DISCOUNT_MARGIN")
ZERO = 0.03
NODES = [{"tenor": tenor, "rate": ZERO} for tenor in ("1Y", "50Y")]
START = date(2025, 10, 25)
"""A Saturday: its fixing is Friday's."""


def sofr(day: date) -> float:
    return 0.04 + 1e-5 * (day.toordinal() % 97)


def is_business(day: date) -> bool:
    return bool(CALENDAR.isBusinessDay(ql_day(day)))


def business_days(first: date, end: date) -> list[date]:
    days = (first + timedelta(days=k) for k in range((end - first).days))
    return [day for day in days if is_business(day)]


def before(day: date, lag: int) -> date:
    """`lag` business days before a day, from the preceding business day where it is none."""
    while not is_business(day):
        day -= timedelta(days=1)
    for _ in range(lag):
        day -= timedelta(days=1)
        while not is_business(day):
            day -= timedelta(days=1)
    return day


def compounded(start: date, end: date, lag: int = 0) -> float:
    """One day of the period after the other: each takes the fixing that holds on it, weekends simply with Friday's."""
    growth, day = 1.0, start
    while day < end:
        following = day + timedelta(days=1)
        while following < end and not is_business(following):
            following += timedelta(days=1)
        growth *= 1.0 + sofr(before(day, lag)) * (following - day).days / 360
        day = following
    return growth


def flat(*, fixings: list[date], index: str = "USD-SOFR", **more: Any) -> dict[str, Any]:
    return {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [
            {"curve_id": "FLAT", "currency": "USD", "nodes": [{"tenor": t, "rate": ZERO} for t in ("1Y", "50Y")]}
        ],
        "discount": {"USD": "FLAT"},
        "projection": {"USD-SOFR": "FLAT", "USD-SOFR-3M": "FLAT"},
        "fixings": [{"index": index, "date": str(day), "rate": sofr(day)} for day in fixings],
    } | more


def sentences(facts: ChunkFacts) -> list[str]:
    return list(dict.fromkeys(sentence for block in facts.blocks.values() for sentence in block.details))


PUBLISHED = business_days(date(2025, 6, 1), AS_OF)


def df(day: date) -> float:
    return math.exp(-ZERO * (day - AS_OF).days / 365)


def swap(**changes: Any) -> dict[str, Any]:
    return {
        "product_type": "IRS",
        "currency": "USD",
        "issue_date": AS_OF,
        "maturity_date": AS_OF.replace(year=2031),
        "coupon": 0.0345,
        "index": "USD-SOFR",
        "pay_receive": "PAY",
        "fixed_frequency": 1,
        "fixed_day_count": "ACT/360",
        "float_frequency": 1,
        "float_day_count": "ACT/360",
    } | changes


def floater(**changes: Any) -> dict[str, Any]:
    return {
        "product_type": "BOND",
        "currency": "USD",
        "issue_date": START,
        "maturity_date": date(2026, 4, 25),
        "rate_type": "FLOATING",
        "index": "USD-SOFR",
        "margin": 0.002,
        "frequency": 2,
        "day_count": "ACT/360",
    } | changes


def test_the_swap_struck_today_at_its_curves_own_quote_is_worth_nothing(tmp_path: Path) -> None:
    nodes = [{"type": "OIS", "tenor": tenor, "rate": rate} for tenor, rate in QUOTES.items()]
    curve = {"curve_id": "USD-SOFR", "currency": "USD", "kind": "PAR", "nodes": nodes}
    market = {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [curve],
        "discount": {"USD": "USD-SOFR"},
        "projection": {"USD-SOFR": "USD-SOFR"},
        "fixings": [{"index": "USD-SOFR", "date": str(AS_OF - timedelta(days=1)), "rate": 0.0433}],
    }
    one_year = swap(maturity_date=AS_OF.replace(year=2027), coupon=0.036)
    seasoned = swap(issue_date=date(2025, 7, 23), maturity_date=date(2030, 7, 23))
    facts = priced(tmp_path, [one_year, swap(), seasoned], market, measures=MEASURES)
    np.testing.assert_allclose(column(facts, "pv")[0, :2], 0.0, atol=5e-5)  # of 1,000,000: half a cent of 100m
    # DV01 of a payer is the holder's gain from a fall: -9,999 of 100m a year, as the reporters' curves have it
    assert 100 * column(facts, "dv01")[0, 0] == pytest.approx(-9_999, abs=1)
    assert reason(facts, "PV")[2] == Reason.MISSING_MARKET_DATA
    (sentence,) = sentences(facts)
    assert sentence == "the market has no fixing of 'USD-SOFR' for 2025-07-23 to 2026-01-21"


def test_todays_fixing_changes_nothing(tmp_path: Path) -> None:
    without = priced(tmp_path, [swap(), floater()], flat(fixings=PUBLISHED), measures=MEASURES)
    with_it = priced(tmp_path, [swap(), floater()], flat(fixings=[*PUBLISHED, AS_OF]), measures=MEASURES)
    for name in ("pv", "dv01", "accrued_interest"):
        np.testing.assert_array_equal(column(without, name), column(with_it, name))


@pytest.mark.parametrize("lag", [0, 2, 5])
def test_a_period_in_progress_compounds_its_fixings_and_then_the_curve(tmp_path: Path, lag: int) -> None:
    facts = priced(tmp_path, [floater(fixing_lag_days=lag)], flat(fixings=PUBLISHED), measures=MEASURES)
    end, grown = date(2026, 4, 25), compounded(START, AS_OF, lag)
    years, margin = (end - START).days / 360, 0.002
    interest = grown / df(end) - 1.0 + margin * years
    assert column(facts, "pv")[0, 0] == pytest.approx(1e6 * (1 + interest) * df(end), rel=1e-13)
    earned = grown - 1.0 + margin * (AS_OF - START).days / 360
    assert column(facts, "accrued_interest")[0, 0] == pytest.approx(1e6 * earned, rel=1e-12)


def test_capped_in_arrears_on_the_whole_periods_rate(tmp_path: Path) -> None:
    end = date(2026, 4, 25)
    years = (end - START).days / 360
    rate = (compounded(START, AS_OF) / df(end) - 1.0) / years
    capped = floater(margin=0, cap=rate - 1e-3)
    facts = priced(tmp_path, [capped, floater(margin=0, floor=rate + 1e-3)], flat(fixings=PUBLISHED))
    paid = [1e6 * (1 + (rate + off) * years) * df(end) for off in (-1e-3, 1e-3)]
    np.testing.assert_allclose(column(facts, "pv")[0], paid, rtol=1e-13)


def test_a_missing_overnight_fixing_is_named(tmp_path: Path) -> None:
    lost = {date(2025, 11, 10), date(2025, 12, 24), date(2025, 12, 26)}
    market = flat(fixings=[day for day in PUBLISHED if day not in lost])
    facts = priced(tmp_path, [floater(), swap(issue_date=START, maturity_date=date(2030, 10, 25))], market)
    assert list(reason(facts, "PV")) == [Reason.MISSING_MARKET_DATA] * 2
    dates = "2025-11-10, 2025-12-24 to 2025-12-26"  # Christmas is no business day between them
    assert set(sentences(facts)) == {f"the market has no fixing of 'USD-SOFR' for {dates}"}


LOANS = [
    {"amortization": "LEVEL_PAY", "frequency": 4},
    {"amortization": "LEVEL_PAY", "frequency": 4, "prepayment": "CPR 8", "cap": 0.05},
    {"amortization": "LINEAR", "frequency": 4, "servicing_fee": 0.0025},
    {"amortization": "BULLET", "frequency": 2, "floor": 0.01},
]


def test_sensitivities_of_everything_overnight_are_central_differences(tmp_path: Path) -> None:
    loan = floater(product_type="LOAN", maturity_date=date(2029, 10, 25))
    given = [loan | changes for changes in LOANS]
    given += [floater(maturity_date=date(2030, 10, 25)), swap(issue_date=date(2025, 7, 23)), swap()]
    facts = priced(tmp_path, given, flat(fixings=PUBLISHED), *central_shocks(), measures=MEASURES)
    assert np.isfinite(column(facts, "pv")).all()
    pv = column(facts, "pv")
    np.testing.assert_allclose(column(facts, "dv01")[0], (pv[2] - pv[1]) / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fixed_today", [True, False])
def test_theta_compounds_a_day_more(tmp_path: Path, fixed_today: bool) -> None:
    """Tomorrow's value on the same curve by tenor; today's fixing where the market has it, else today's forward."""
    end, published = date(2026, 4, 25), [*PUBLISHED, AS_OF] if fixed_today else PUBLISHED
    facts = priced(tmp_path, [floater(margin=0)], flat(fixings=published), measures=MEASURES)
    today = 1.0 + sofr(AS_OF) / 360 if fixed_today else math.exp(ZERO / 365)
    later = df(end) / math.exp(-ZERO / 365)
    tomorrow = 1e6 * (compounded(START, AS_OF) * today / later) * later
    assert column(facts, "theta")[0, 0] == pytest.approx(tomorrow - column(facts, "pv")[0, 0], rel=1e-8)


def test_a_resets_fixing_is_dated_by_the_indexs_calendar_and_the_lag(tmp_path: Path) -> None:
    """Resets on every day of October: weekends and Columbus Day take the day before, whatever the bond's calendar."""
    resets = [date(2025, 10, day) for day in range(24, 32)] + [date(2025, 11, day) for day in range(1, 24)]
    lags = [0, 2]
    bonds = [
        floater(
            index="USD-SOFR-3M",
            issue_date=reset,
            maturity_date=date(2026, 1, 24) + (reset - resets[0]),
            frequency=0,
            margin=0,
            fixing_lag_days=lag,
        )
        for lag in lags
        for reset in resets
    ]
    market = flat(fixings=PUBLISHED, index="USD-SOFR-3M")
    facts = priced(tmp_path, bonds, market)
    expected = [
        1e6
        * (
            1
            + sofr(before(bond["issue_date"], bond["fixing_lag_days"]))
            * (bond["maturity_date"] - bond["issue_date"]).days
            / 360
        )
        * df(bond["maturity_date"])
        for bond in bonds
    ]
    np.testing.assert_allclose(column(facts, "pv")[0], expected, rtol=1e-13)


def test_a_missing_fixing_is_named_by_the_day_it_is_dated(tmp_path: Path) -> None:
    bonds = [floater(index="USD-SOFR-3M", fixing_lag_days=lag) for lag in (0, 2)]
    facts = priced(tmp_path, bonds, flat(fixings=PUBLISHED))
    assert sentences(facts) == [
        f"the market has no fixing of 'USD-SOFR-3M' for {day}" for day in ("2025-10-24", "2025-10-22")
    ]


EURO = {
    "as_of": AS_OF.isoformat(),
    "base_currency": "EUR",
    "curves": [
        {"curve_id": "EUR-FLAT", "currency": "EUR", "nodes": [{"tenor": t, "rate": 0.03} for t in ("1Y", "50Y")]}
    ],
    "discount": {"EUR": "EUR-FLAT"},
    "projection": {"EUR-EURIBOR-6M": "EUR-FLAT"},
    "fx_spots": [{"pair": "EURUSD", "spot": 1.1}],
    "volatilities": [
        {
            "surface_id": "C",
            "product": "CAP_FLOOR",
            "index": "EUR-EURIBOR-6M",
            "kind": "NORMAL",
            "expiries_yr": [1, 10],
            "vols": [0.008, 0.008],
        }
    ],
}
ADJUSTED = {
    "currency": "EUR",
    "calendar": "TARGET",
    "business_day": "FOLLOWING",
    "adjust_accrual": "true",
    "index": "EUR-EURIBOR-6M",
    "maturity_date": date(2036, 2, 2),
}
SATURDAY, MONDAY = date(2026, 1, 31), date(2026, 2, 2)


def test_a_period_of_no_length_accrues_and_resets_nothing(tmp_path: Path) -> None:
    """Issued on a Saturday and adjusted to the Monday that the regular dates begin on: as without the stub."""
    legs = {"fixed_day_count": "30/360", "float_frequency": 2, "coupon": 0.03, "pay_receive": "RECEIVE"}
    products = [
        swap(**ADJUSTED, **legs),
        floater(**ADJUSTED, frequency=2, margin=0.01),
        floater(**ADJUSTED, product_type="LOAN", amortization="BULLET", frequency=2),
        {**ADJUSTED, "product_type": "CAP_FLOOR", "option_type": "CAP", "strike": 0.03, "float_frequency": 2},
        {
            **ADJUSTED,
            "product_type": "BOND",
            "rate_type": "FIXED",
            "coupon": 0.03,
            "frequency": 2,
            "day_count": "ACT/360",
        },
    ]
    measures = ("PV", "DV01", "THETA", "ACCRUED_INTEREST", "CONVEXITY")
    for product in products:
        both = [{**product, "issue_date": day} for day in (SATURDAY, MONDAY)]
        facts = priced(tmp_path, both, EURO, measures=measures)
        assert (reason(facts, "PV") == Reason.NONE).all(), sentences(facts)
        for name in ("pv", "dv01", "theta"):
            stub, plain = column(facts, name)[0]
            assert stub == pytest.approx(plain, rel=1e-12), (product, name)
        if product["product_type"] == "IRS":
            assert 10 * column(facts, "pv")[0, 0] == pytest.approx(-40_126.70, abs=0.005)


KINKS = [(product, off) for product in ("BULLET", "LEVEL_PAY", "LINEAR", "PREPAYS") for off in (-0.7, 0.0, 0.4)]


@pytest.mark.parametrize("bound", ["cap", "floor"])
def test_dv01_at_an_intrinsic_caps_strike_is_the_central_difference(tmp_path: Path, bound: str) -> None:
    """Within a basis point of the strike a slope is up to half of the difference off; the contract allows 1e-5."""
    margin, strike = 0.01, 4 * math.expm1(ZERO / 4) + 0.01
    given = []
    for product, off_bp in KINKS:
        terms = {"amortization": product} if product != "PREPAYS" else {"amortization": "LINEAR", "prepayment": "CPR 9"}
        given.append(
            floater(
                product_type="LOAN",
                issue_date=AS_OF + timedelta(days=3),
                maturity_date=date(2041, 1, 26),
                frequency=4,
                index="USD-SOFR-3M",
                margin=margin,
                day_count="ACT/365F",
                **terms,
                **{bound: strike + off_bp * 1e-4},
            )
        )
    facts: ChunkFacts = priced(
        tmp_path, given, flat(fixings=[]), *central_shocks(), measures=("PV", "DV01", "KEY_RATE_DV01")
    )
    pv, dv01 = column(facts, "pv"), column(facts, "dv01")
    np.testing.assert_allclose(dv01[0], (pv[2] - pv[1]) / 2, rtol=1e-5)
    # Under the shocked markets too the sensitivities are those of the market already shocked, and finite.
    assert np.isfinite(dv01).all()


def test_dv01_of_a_cap_without_volatility_at_its_strike(tmp_path: Path) -> None:
    cap = {
        "product_type": "CAP_FLOOR",
        "currency": "USD",
        "option_type": "CAP",
        "index": "USD-SOFR-3M",
        "float_frequency": 4,
        "float_day_count": "ACT/365F",
        "issue_date": AS_OF,
        "maturity_date": date(2046, 1, 23),
    }
    strike = 4 * math.expm1(ZERO / 4)
    given = [
        cap | {"strike": strike + off * 1e-4, "option_type": side} for side in ("CAP", "FLOOR") for off in (-0.6, 0.2)
    ]
    surface = {
        "surface_id": "C",
        "product": "CAP_FLOOR",
        "index": "USD-SOFR-3M",
        "kind": "NORMAL",
        "expiries_yr": [1, 10],
        "vols": [1e-9, 1e-9],
    }
    facts = priced(
        tmp_path,
        given,
        flat(fixings=[], volatilities=[surface]),
        *central_shocks(),
        measures=("PV", "DV01", "KEY_RATE_DV01"),
    )
    pv = column(facts, "pv")
    np.testing.assert_allclose(column(facts, "dv01")[0], (pv[2] - pv[1]) / 2, rtol=1e-5)
