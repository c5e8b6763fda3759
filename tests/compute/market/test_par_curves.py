"""PAR curves: every quote is fair on its curve, QuantLib solves the same, quotes' risk is that of a new solution."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.market.day_tables import build_market_tables
from compute.market.par_curves import bootstrap
from domain.market.document import MarketDocument, parse_market
from domain.market.parts import ZeroCurve
from domain.scenarios.shocks import BASE_SCENARIO
from tests.compute.pricers.derivative_fund import AS_OF, column, priced, ql_day

Quotes = list[dict[str, Any]]

SOFR: Quotes = [
    {"type": "DEPOSIT", "tenor": "1M", "rate": 0.0368},
    {"type": "OIS", "tenor": "6M", "rate": 0.0362},
    {"type": "OIS", "tenor": "1Y", "rate": 0.0351},
    {"type": "OIS", "tenor": "2Y", "rate": 0.0341},
    {"type": "OIS", "tenor": "5Y", "rate": 0.0352},
    {"type": "OIS", "tenor": "10Y", "rate": 0.0381},
    {"type": "OIS", "tenor": "30Y", "rate": 0.0399},
]
ESTR = [{"type": "OIS", "tenor": tenor, "rate": rate} for tenor, rate in (("1Y", 0.019), ("5Y", 0.022), ("10Y", 0.026))]
EURIBOR = [
    {"type": "DEPOSIT", "tenor": "3M", "rate": 0.0203},
    {"type": "FRA", "tenor": "3x6", "rate": 0.0207},
    {"type": "FUTURE", "date": "2026-09-16", "rate": 0.0211},
    {"type": "SWAP", "tenor": "2Y", "rate": 0.0219, "fixed_day_count": "30E/360"},
    {"type": "SWAP", "tenor": "5Y", "rate": 0.0243, "fixed_day_count": "30E/360"},
    {"type": "SWAP", "tenor": "10Y", "rate": 0.0277, "fixed_day_count": "30E/360"},
]
INTERPOLATIONS = ["LOG_LINEAR_DF", "LINEAR_ZERO", "NATURAL_CUBIC_ZERO", "MONOTONE_CONVEX"]


def market(interpolation: str = "LOG_LINEAR_DF", sofr: Quotes = SOFR) -> MarketDocument:
    quoted = {"USD-SOFR": sofr, "EUR-EURIBOR-3M": EURIBOR, "EUR-ESTR": ESTR}
    curves = [
        {
            "curve_id": curve_id,
            "currency": curve_id[:3],
            "kind": "PAR",
            "interpolation": interpolation,
            "nodes": quotes,
            **({"discount_curve": "EUR-ESTR"} if "EURIBOR" in curve_id else {}),
        }
        for curve_id, quotes in quoted.items()
    ]
    document = {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": curves,
        "discount": {"USD": "USD-SOFR", "EUR": "EUR-ESTR"},
        "projection": {"EUR-EURIBOR-3M": "EUR-EURIBOR-3M"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.18}],
    }
    return parse_market(json.dumps(document), rates_are_decimals=True)


def factors(document: MarketDocument, curve_id: str) -> np.ndarray[Any, Any]:
    tables = build_market_tables(document, [BASE_SCENARIO], n_days=31 * 366)
    found: np.ndarray[Any, Any] = tables.discount_factors[tables.curve_row[curve_id], :, 0]
    return found


def days_from_now(count: int, months: int) -> list[int]:
    start = ql_day(AS_OF)
    return [(start + ql.Period(months * k, ql.Months)) - start for k in range(1, count + 1)]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_quote_is_fair_on_its_own_curve(interpolation: str) -> None:
    curve = factors(market(interpolation), "USD-SOFR")
    assert (1 / curve[31] - 1) / (31 / 360) == pytest.approx(0.0368, rel=1e-11)
    for years, rate in ((1, 0.0351), (2, 0.0341), (5, 0.0352), (10, 0.0381), (30, 0.0399)):
        days = days_from_now(years, 12)
        annuity = sum((b - a) / 360 * curve[b] for a, b in zip([0, *days], days, strict=False))
        assert (1 - curve[days[-1]]) / annuity == pytest.approx(rate, rel=1e-11)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_projection_curve_takes_the_discounting_that_was_solved_before_it(interpolation: str) -> None:
    given = market(interpolation)
    own, paid = factors(given, "EUR-EURIBOR-3M"), factors(given, "EUR-ESTR")
    start, end = (ql.Date(16, month, 2026) - ql_day(AS_OF) for month in (9, 12))
    assert (own[start] / own[end] - 1) / ((end - start) / 360) == pytest.approx(0.0211, rel=1e-11)
    for years, rate in ((2, 0.0219), (5, 0.0243), (10, 0.0277)):
        resets = [0, *days_from_now(4 * years, 3)]
        floating = sum((own[a] / own[b] - 1) * paid[b] for a, b in pairwise(resets))
        assert floating / sum(paid[day] for day in days_from_now(years, 12)) == pytest.approx(rate, rel=1e-11)


def test_quantlib_solves_the_same_curve() -> None:
    """Annual swaps of whole years and deposits, ln DF linear between the same nodes."""
    quotes = [SOFR[0], *SOFR[2:]]
    ql.Settings.instance().evaluationDate = ql_day(AS_OF)
    calendar, count = ql.NullCalendar(), ql.Actual360()
    index = ql.OvernightIndex("SOFR", 0, ql.USDCurrency(), calendar, count)
    helpers: list[Any] = [ql.DepositRateHelper(0.0368, ql.Period("1M"), 0, calendar, ql.Unadjusted, False, count)]
    helpers += [
        ql.OISRateHelper(0, ql.Period(each["tenor"]), ql.QuoteHandle(ql.SimpleQuote(each["rate"])), index)
        for each in quotes[1:]
    ]
    reference = ql.PiecewiseLogLinearDiscount(ql_day(AS_OF), helpers, ql.Actual365Fixed(), ql.IterativeBootstrap(1e-14))
    curve = factors(market(sofr=quotes), "USD-SOFR")
    days = np.arange(1, days_from_now(30, 12)[-1], 97)
    expected = [reference.discount(ql_day(AS_OF) + int(day)) for day in days]
    np.testing.assert_allclose(curve[days], expected, rtol=1e-10)


def test_the_jacobian_says_how_zero_rates_move_with_a_quote() -> None:
    solved = bootstrap(market()).solved["USD-SOFR"]
    for number, bump in ((1, 1e-6), (4, 1e-6), (6, 1e-6)):
        moved = [{**each, "rate": each["rate"] + bump * (k == number)} for k, each in enumerate(SOFR)]
        again = bootstrap(market(sofr=moved)).solved["USD-SOFR"]
        change = (again.zero_rates - solved.zero_rates) / bump
        np.testing.assert_allclose(change, solved.zero_by_quote[:, number], atol=2e-5)


def test_positions_are_priced_on_solved_curves(tmp_path: Path) -> None:
    """A swap at the quoted rate is worth nothing."""
    swap = {
        "product_type": "IRS",
        "currency": "EUR",
        "issue_date": AS_OF,
        "maturity_date": AS_OF.replace(year=2031),
        "coupon": 0.0243,
        "index": "EUR-EURIBOR-3M",
        "pay_receive": "PAY",
        "fixed_frequency": 1,
        "fixed_day_count": "30E/360",
        "float_frequency": 4,
        "float_day_count": "ACT/360",
    }
    document = json.loads(market().model_dump_json())
    spot_fixing = {"index": "EUR-EURIBOR-3M", "date": AS_OF.isoformat(), "rate": 0.0203}
    facts = priced(
        tmp_path, [swap], document | {"fixings": [spot_fixing]}, [{"kind": "PARALLEL", "curves": "*", "bp": 1}]
    )
    pv = column(facts, "pv")[:, 0]
    assert abs(pv[0]) < 1e-6 * 1e2 and pv[1] > 100


BROKEN = [
    ({"type": "FRA", "tenor": "6x3", "rate": 0.02}, "nodes[3]", "FRA"),
    ({"type": "OIS", "tenor": "soon", "rate": 0.02}, "nodes[3]", "soon"),
    ({"type": "OIS", "tenor": "12M", "rate": 0.02}, "nodes[3]", "same day"),
    ({"type": "OIS", "tenor": "5Y", "rate": 0.9}, "nodes[", "cannot be made"),
]


@pytest.mark.parametrize(("quote", "where", "says"), BROKEN)
def test_a_failure_names_the_curve_and_the_node_and_leaves_the_others(
    quote: dict[str, Any], where: str, says: str
) -> None:
    nodes = [*SOFR[2:4], SOFR[5], quote]
    made = bootstrap(market(sofr=nodes))
    problem = made.problems[0]
    assert where in problem.path and says in problem.message and "USD-SOFR" in problem.message and problem.fix
    kinds = {curve.curve_id: isinstance(curve, ZeroCurve) for curve in made.market.curves}
    assert kinds == {"USD-SOFR": False, "EUR-EURIBOR-3M": True, "EUR-ESTR": True}
