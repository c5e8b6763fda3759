"""Credit default swaps against QuantLib's ISDA engine, and the measures against scenarios that do the bumping."""

import itertools
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from domain.measures.failures import Reason
from domain.measures.measures import SPREAD_LABELS, SPREAD_TENORS_YR
from tests.builders.derivative_fund import (
    AS_OF,
    TENORS,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
    ql_day,
    reason,
)

NOTIONAL = 1_000_000
HAZARDS = {"6M": 0.008, "1Y": 0.011, "3Y": 0.017, "5Y": 0.024, "7Y": 0.02, "10Y": 0.03}
SPREADS = {"1Y": 0.006, "3Y": 0.0095, "5Y": 0.0125, "7Y": 0.0138, "10Y": 0.0142}
RECOVERY = 0.35
CDS: dict[str, Any] = {
    "product_type": "CDS",
    "currency": "USD",
    "option_type": "BUY",
    "coupon": 0.01,
    "credit_curve": "ACME",
    "maturity_date": "2030-12-20",
    "calendar": "WEEKEND",
}


def credit_market(**changes: Any) -> dict[str, Any]:
    """Discount curves whose forwards are constant between nodes, as the standard model has them."""
    document = market()
    for curve in document["curves"]:
        curve["interpolation"] = "LOG_LINEAR_DF"
    hazards = [{"tenor": tenor, "hazard_rate": rate} for tenor, rate in HAZARDS.items()]
    spreads = [{"tenor": tenor, "cds_spread": rate} for tenor, rate in SPREADS.items()]
    curves = [
        {"curve_id": "ACME", "recovery": RECOVERY, "nodes": hazards},
        {"curve_id": "QUOTED", "recovery": 0.4, "nodes": spreads},
    ]
    return document | {"credit_curves": curves} | changes


def seeded(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(11)
    found = list[dict[str, Any]]()
    for _ in range(count):
        quarter, year = int(rng.integers(1, 5)), int(rng.integers(2026, 2036))
        maturity = date(year, 3 * quarter, 20) if rng.random() < 0.8 else AS_OF + timedelta(int(rng.integers(5, 3000)))
        side, coupon = str(rng.choice(["BUY", "SELL"])), float(rng.choice([0.0025, 0.01, 0.05]))
        found.append(CDS | {"option_type": side, "coupon": coupon, "maturity_date": maturity})
    # QuantLib does not count the final day of a leg with one period.
    return [each for each in found if each["maturity_date"] > date(2026, 3, 20)]


def ql_curves() -> tuple[ql.YieldTermStructureHandle, ql.DefaultProbabilityTermStructureHandle]:
    as_of = ql_day(AS_OF)
    ql.Settings.instance().evaluationDate = as_of
    days = [as_of + ql.Period(tenor) for tenor in TENORS]
    factors = [np.exp(-rate * (day - as_of) / 365) for day, rate in zip(days, TENORS.values(), strict=True)]
    discount = ql.DiscountCurve([as_of, *days], [1.0, *factors], ql.Actual365Fixed())
    nodes = [as_of, *(as_of + ql.Period(tenor) for tenor in HAZARDS), as_of + ql.Period(40, ql.Years)]
    rates = [next(iter(HAZARDS.values())), *HAZARDS.values(), list(HAZARDS.values())[-1]]
    hazard = ql.HazardRateCurve(nodes, rates, ql.Actual365Fixed())
    return ql.YieldTermStructureHandle(discount), ql.DefaultProbabilityTermStructureHandle(hazard)


def imm_dates(maturity: date) -> list[ql.Date]:
    """From the 20th before the valuation date to the maturity."""
    months = [(y, m) for y in range(AS_OF.year - 1, maturity.year + 1) for m in (3, 6, 9, 12)]
    twentieths = [date(y, m, 20) for y, m in months]
    begun = max(day for day in twentieths if day <= AS_OF)
    return [ql_day(day) for day in twentieths if begun <= day < maturity] + [ql_day(maturity)]


def ql_value(terms: dict[str, Any], engine: ql.PricingEngine) -> float:
    """A seasoned swap: no rebate of accrued premium is still to come."""
    adjusted = [ql.WeekendsOnly().adjust(day, ql.Following) for day in imm_dates(terms["maturity_date"])]
    dates = [*adjusted[:-1], ql_day(terms["maturity_date"])]
    quarterly = ql.Period(3, ql.Months), ql.DateGeneration.CDS, False, [True] * (len(dates) - 1)
    schedule = ql.Schedule(dates, ql.WeekendsOnly(), ql.Following, ql.Unadjusted, *quarterly)
    swap = ql.CreditDefaultSwap(
        ql.Protection.Buyer if terms["option_type"] == "BUY" else ql.Protection.Seller,
        float(NOTIONAL),
        terms["coupon"],
        schedule,
        ql.Following,
        ql.Actual360(),
        True,
        True,
        dates[0],
        ql.FaceValueClaim(),
        ql.Actual360(True),
        False,
    )
    swap.setPricingEngine(engine)
    return float(swap.NPV())


def test_values_are_those_of_the_isda_engine(tmp_path: Path) -> None:
    swaps = seeded(60)
    pv = column(priced(tmp_path, swaps, credit_market()), "pv")[0]
    discount, hazard = ql_curves()
    engine = ql.IsdaCdsEngine(hazard, RECOVERY, discount)
    expected = np.array([ql_value(each, engine) for each in swaps])
    assert np.abs(pv - expected).max() < 1e-9 * NOTIONAL


def test_sensitivities_are_central_differences(tmp_path: Path) -> None:
    facts = priced(tmp_path, seeded(12), credit_market(), *central_shocks())
    assert_sensitivities_are_central_differences(facts, within=1e-5, keys_within=1e-5)


def test_a_basis_point_of_spread_is_cs01_and_moves_hazard_by_the_credit_triangle(tmp_path: Path) -> None:
    shocks = [[{"kind": "SPREAD", "match": {"product_type": "CDS"}, "bp": bp}] for bp in (-1, 1)]
    facts = priced(tmp_path, seeded(12), credit_market(), *shocks)
    pv = column(facts, "pv")
    np.testing.assert_allclose(column(facts, "cs01")[0], (pv[1] - pv[2]) / 2, rtol=1e-6)
    assert (np.sign(column(facts, "cs01")[0]) == [-1 if s["option_type"] == "BUY" else 1 for s in seeded(12)]).all()


def flat_credit(moved: int | None = None, bp: float = 0.0) -> dict[str, Any]:
    """A hazard rate of 2 % by nodes of 20 days; about a tenor its average to each of them is moved by a triangle."""
    days = np.arange(0, 4001, 20)
    heights = np.zeros(len(days)) if moved is None else np.interp(days / 365, SPREAD_TENORS_YR, np.eye(5)[moved])
    average = 0.02 + heights * bp * 1e-4 / (1 - RECOVERY)
    rates = np.diff(average * days) / np.diff(days)
    dates = [str(AS_OF + timedelta(int(day))) for day in days[1:]]
    nodes = [{"date": day, "hazard_rate": float(rate)} for day, rate in zip(dates, rates, strict=True)]
    return credit_market(credit_curves=[{"curve_id": "ACME", "recovery": RECOVERY, "nodes": nodes}])


def test_a_basis_point_about_a_tenor_moves_the_average_hazard_rate_by_a_triangle(tmp_path: Path) -> None:
    swaps, asked = seeded(12), ("PV", "CS01", "KEY_RATE_CS01")
    facts = priced(tmp_path / "as it is", swaps, flat_credit(), measures=asked)
    whole, total = column(facts, "cs01")[0], np.zeros(len(swaps))
    for tenor, label in enumerate(SPREAD_LABELS):
        below, above = (
            column(priced(tmp_path / f"{label}{bp}", swaps, flat_credit(tenor, bp), measures=("PV",)), "pv")[0]
            for bp in (-1, 1)
        )
        found = column(facts, f"key_rate_cs01_{label}")[0]
        np.testing.assert_allclose(found, (below - above) / 2, rtol=0, atol=2e-4 * np.abs(whole).max())
        total += found
    np.testing.assert_allclose(total, whole, rtol=1e-11)


@pytest.mark.parametrize("calendar", ["WEEKEND", "US.GOVT", "NONE"])
@pytest.mark.parametrize("tenor", SPREADS)
def test_a_swap_at_a_quoted_spread_is_worth_the_accrued_premium(tmp_path: Path, tenor: str, calendar: str) -> None:
    """Its standard maturity, 20 December after a January day, by whatever calendar its payments move."""
    maturity = date(AS_OF.year - 1 + int(tenor[:-1]), 12, 20)
    quoted = CDS | {"credit_curve": "QUOTED", "coupon": SPREADS[tenor], "maturity_date": maturity, "calendar": calendar}
    shock = [{"kind": "PARALLEL", "curves": "*", "bp": 100}]
    facts = priced(tmp_path, [quoted], credit_market(), shock)
    begun = date(2025, 12, 20) if calendar == "NONE" else date(2025, 12, 22)  # the 20th was a Saturday
    days = (AS_OF - begun).days + 1
    np.testing.assert_allclose(column(facts, "accrued_interest"), -NOTIONAL * SPREADS[tenor] * days / 360, rtol=1e-14)
    np.testing.assert_allclose(column(facts, "pv"), column(facts, "accrued_interest"), atol=1e-9 * NOTIONAL)


def test_other_interpolations_are_integrated_by_the_week(tmp_path: Path) -> None:
    """The same premiums and defaults summed by the day."""
    given = credit_market()
    given["curves"] = market()["curves"]
    swap = CDS | {"calendar": "NONE"}
    pv = column(priced(tmp_path, [swap], given), "pv")[0, 0]
    assert pv == pytest.approx(daily_value(date(2030, 12, 20)) * NOTIONAL, abs=2e-8 * NOTIONAL)


def daily_value(maturity: date) -> float:
    """By hand, with flat hazard and discount rates inside a day; defaults fall at mid-day for what accrues."""
    as_of = ql_day(AS_OF)
    nodes = [(as_of + ql.Period(tenor)) - as_of for tenor in TENORS]
    zero = np.interp(np.arange(4000), nodes, list(TENORS.values()))
    factors = np.exp(-zero * np.arange(4000) / 365)
    ends = [(as_of + ql.Period(tenor)) - as_of for tenor in HAZARDS]
    hazard = np.array([HAZARDS[list(HAZARDS)[min(int(np.searchsorted(ends, day)), 5)]] for day in range(1, 4001)])
    alive = np.concatenate(([1.0], np.exp(-np.cumsum(hazard) / 365)))[:4000]
    dates = [day - as_of for day in imm_dates(maturity)]
    value = 0.0
    for start, end in itertools.pairwise(dates):
        last = end == dates[-1]
        value -= 0.01 * (end - start + last) / 360 * factors[end] * alive[end - 1]
        for day in range(max(start - 1, 0), end - 1):
            dead = alive[day] - alive[day + 1]
            value -= 0.01 * (day + 0.5 - (start - 1) + 0.5) / 360 * dead * np.sqrt(factors[day] * factors[day + 1])
    for day in range(dates[-1]):
        value += (1 - RECOVERY) * (alive[day] - alive[day + 1]) * np.sqrt(factors[day] * factors[day + 1])
    return float(value)


def test_what_is_missing_is_named_and_what_a_swap_has_not_does_not_apply(tmp_path: Path) -> None:
    unsolvable = [{"tenor": "1Y", "cds_spread": 0.2}, {"tenor": "2Y", "cds_spread": 0.001}]
    given = credit_market()
    given["credit_curves"] = [*given["credit_curves"], {"curve_id": "BAD", "recovery": 0.4, "nodes": unsolvable}]
    swaps = [CDS, CDS | {"credit_curve": "NOBODY"}, CDS | {"discount_curve": "NONE"}, CDS | {"credit_curve": "BAD"}]
    swaps.append(CDS | {"maturity_date": AS_OF})
    facts = priced(tmp_path, swaps, given)
    missing, past = Reason.MISSING_MARKET_DATA, Reason.INVALID_TERMS
    assert reason(facts, "PV").tolist() == [Reason.NONE, missing, missing, Reason.DID_NOT_CONVERGE, past]
    assert np.isnan(column(facts, "pv")[0, 4])
    assert reason(facts, "CLEAN_PRICE")[0] == reason(facts, "VEGA")[0] == Reason.NOT_APPLICABLE


def test_a_swap_is_worth_the_same_bits_whoever_shares_its_curves(tmp_path: Path) -> None:
    swaps = seeded(12)
    together = priced(tmp_path, swaps, credit_market(), [{"kind": "PARALLEL", "curves": "*", "bp": 25}])
    alone = priced(tmp_path, swaps[4:5], credit_market(), [{"kind": "PARALLEL", "curves": "*", "bp": 25}])
    for name in ("pv", "cs01", "key_rate_dv01_5y"):
        np.testing.assert_array_equal(column(together, name)[:, 4], column(alone, name)[:, 0])


def test_a_scenario_holds_quoted_spreads_and_dv01_the_hazard_rates(tmp_path: Path) -> None:
    """What a swap costs at par is its quote again under moved rates; a curve of hazard rates has another par spread."""
    held = [CDS | {"credit_curve": curve} for curve in ("QUOTED", "ACME")]
    shocks = [[{"kind": "PARALLEL", "curves": "*", "bp": bp}] for bp in (100, 1, -1)]
    block = priced(tmp_path, held, credit_market(), *shocks, measures=("PV", "DV01", "PAR_SPREAD"))
    par_bp, pv, dv01 = (column(block, name) for name in ("par_spread", "pv", "dv01"))
    assert par_bp[:2, 0] == pytest.approx(1e4 * SPREADS["5Y"], rel=1e-9)
    assert abs(par_bp[1, 1] - par_bp[0, 1]) > 1e-4
    moved = (pv[3] - pv[2]) / 2
    assert dv01[0, 1] == pytest.approx(moved[1], rel=1e-5)
    assert abs(moved[0] / dv01[0, 0] - 1) > 0.01
