"""Spreads at which flows have a price: as QuantLib solves them, and there and back."""

import itertools
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.scenarios.shocks import BASE_SCENARIO
from tests.builders.derivative_fund import AS_OF, INDEX, column, market, priced, ql_curve, ql_day, reason
from tests.builders.instruments import bond, floater, loan, pool

MEASURES = ("PV", "ACCRUED_INTEREST", "CLEAN_PRICE", "Z_SPREAD", "OAS", "DISCOUNT_MARGIN", "PAR_SPREAD")
NAMES = ("z_spread", "oas", "discount_margin", "par_spread")


def solved(folder: Path, instruments: list[dict[str, Any]], *shocks: Any, **changes: Any) -> ChunkFacts:
    return priced(folder, instruments, market(**changes), *shocks, measures=MEASURES)


def random_bonds(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(21)
    return [
        bond(
            coupon=round(float(rng.uniform(0.0, 0.09)), 4),
            maturity_date=AS_OF + timedelta(days=int(rng.integers(200, 10500))),
            frequency=int(rng.choice([1, 2, 4, 12])),
            market_price=round(float(rng.uniform(60, 140)), 3),
            spread=0.01,
        )
        for _ in range(count)
    ]


def ql_bond(terms: dict[str, Any]) -> ql.FixedRateBond:
    months = ql.Period(12 // terms["frequency"], ql.Months)
    schedule = ql.Schedule(
        ql_day(terms["issue_date"]),
        ql_day(terms["maturity_date"]),
        months,
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        False,
    )
    count = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    return ql.FixedRateBond(0, 100.0, schedule, [terms["coupon"]], count, ql.Unadjusted, 100.0)


def test_z_spreads_are_quantlibs(tmp_path: Path) -> None:
    bonds, curve = random_bonds(200), ql_curve(0.0)
    z_spread = column(solved(tmp_path, bonds), "z_spread")[0]
    expected = [
        ql.BondFunctions.zSpread(
            ql_bond(terms),
            ql.BondPrice(terms["market_price"], ql.BondPrice.Clean),
            curve.currentLink(),
            ql.Actual365Fixed(),
            ql.Continuous,
            ql.Annual,
            ql_day(AS_OF),
            1e-14,
            1000,
            0.01,
        )
        for terms in bonds
    ]
    np.testing.assert_allclose(z_spread, np.array(expected) * 1e4, atol=1e-6)


def test_par_spreads_of_bonds_are_quantlibs_asset_swap_spreads(tmp_path: Path) -> None:
    """A par swap whose floating leg pays with the bond, counted ACT/365F."""
    bonds, curve = random_bonds(40), ql_curve(0.0)
    par_spread = column(solved(tmp_path, bonds), "par_spread")[0]
    for terms, ours in zip(bonds, par_spread, strict=True):
        security = ql_bond(terms)
        security.setPricingEngine(ql.DiscountingBondEngine(curve))
        days = [ql_day(AS_OF), *(c.date() for c in security.cashflows() if c.date() > ql_day(AS_OF))]
        dates = sorted(set(days))
        annuity = sum((b - a) / 365 * curve.discount(b) for a, b in itertools.pairwise(dates))
        dirty = terms["market_price"] + security.accruedAmount(ql_day(AS_OF))
        assert ours == pytest.approx((security.NPV() - dirty) / 100 / annuity * 1e4, rel=1e-9, abs=1e-7)


def test_an_asset_swap_at_the_par_spread_is_fair(tmp_path: Path) -> None:
    terms = bond(issue_date=AS_OF, maturity_date=date(2033, 1, 23), frequency=4, market_price=96.5)
    ours = column(solved(tmp_path, [terms]), "par_spread")[0, 0]
    curve = ql_curve(0.0)
    index = ql.IborIndex(
        "I", ql.Period("3M"), 0, ql.USDCurrency(), ql.NullCalendar(), 0, False, ql.Actual365Fixed(), curve
    )
    swap = ql.AssetSwap(True, ql_bond(terms), 96.5, index, 0.0, ql.Schedule(), ql.Actual365Fixed(), True)
    swap.setPricingEngine(ql.DiscountingSwapEngine(curve, True))  # with what is paid up front today
    assert ours == pytest.approx(swap.fairSpread() * 1e4, abs=1e-6)


def test_a_models_own_price_has_the_models_own_spread(tmp_path: Path) -> None:
    """Through the search where a spread curve of one height says so, directly where the instrument does."""
    wide = {"spread_curves": [{"curve_id": "WIDE", "nodes": [{"tenor": "5Y", "rate": 0.0123}]}]}
    own = [make(spread=0.0123) for make in (bond, loan, floater, pool)]
    by_curve = [make(spread_curve="WIDE") for make in (bond, loan, floater, pool)]
    shocks = (
        [{"kind": "PARALLEL", "curves": "*", "bp": 150}],
        [{"kind": "SPREAD", "match": {"currency": "USD"}, "bp": 27}],
    )
    facts = solved(tmp_path, own + by_curve, *shocks, **wide)
    for name in ("z_spread", "oas"):
        np.testing.assert_allclose(column(facts, name)[:2], 123.0, atol=1e-8)
    np.testing.assert_allclose(column(facts, "z_spread")[2], 150.0, atol=1e-8)


@pytest.mark.parametrize("make", [bond, loan, floater, pool])
def test_at_its_z_spread_a_position_is_worth_its_market_price(tmp_path: Path, make: Any) -> None:
    prices = [71.25, 99.0, 123.5]
    facts = solved(tmp_path, [make(market_price=price, spread=0.02) for price in prices])
    z_spread = column(facts, "z_spread")[0]
    again = solved(tmp_path, [make(spread=z / 1e4) for z in z_spread])
    np.testing.assert_allclose(column(again, "clean_price")[0], prices, atol=1e-9)


def test_a_floater_at_par_on_its_reset_has_its_margin_for_a_discount_margin(tmp_path: Path) -> None:
    """Its first period pays the forward, so every period is worth index + margin."""
    terms = floater(issue_date=AS_OF, maturity_date=date(2033, 1, 23), market_price=100)
    curve, end = ql_curve(25e-4), ql_day(date(2026, 4, 23))
    first = (1 / curve.discount(end) - 1) / ((end - ql_day(AS_OF)) / 360)
    fixings = [{"index": INDEX, "date": str(AS_OF), "rate": first}]
    facts = solved(tmp_path, [terms, terms | {"product_type": "LOAN", "amortization": "LINEAR"}], fixings=fixings)
    np.testing.assert_allclose(column(facts, "discount_margin")[0], 40.0, atol=1e-7)


def test_a_discount_margin_gives_the_price_back(tmp_path: Path) -> None:
    """Held flows, period by period, in plain Python."""
    terms = floater(market_price=97.3, maturity_date=date(2029, 8, 17))
    facts = solved(tmp_path, [terms], [{"kind": "PARALLEL", "curves": "*", "bp": 80}])
    margin, accrued = column(facts, "discount_margin")[:, 0] / 1e4, column(facts, "accrued_interest")[0, 0] / 1e4
    dates = [date(2026, 2, 17) - timedelta(days=92)]  # 17 November 2025
    for k in range(15):
        month = 1 + 3 * k
        dates.append(date(2026 + month // 12, month % 12 + 1, 17))
    for scenario, bump in enumerate((0.0, 80e-4)):
        curve = ql_curve(25e-4 + bump)
        value, growth, before = 0.0, 1.0, AS_OF
        for start, end in itertools.pairwise(dates):
            accrual = (end - start).days / 360
            reset = start > AS_OF
            forward = (curve.discount(ql_day(start)) / curve.discount(ql_day(end)) - 1) / accrual if reset else 0.0
            rate = forward if reset else 0.04 + (AS_OF - start).days * 1e-6
            held = curve.discount(ql_day(before)) / curve.discount(ql_day(end))
            growth *= held + margin[scenario] * (end - before).days / 360
            value += 100 * ((rate + 0.004) * accrual + (end == dates[-1])) / growth
            before = end
        assert dates[-1] == terms["maturity_date"]
        assert value - accrued == pytest.approx(97.3, abs=1e-9)


def test_the_par_spread_of_a_swap_is_quantlibs_fair_rate_less_the_coupon(tmp_path: Path) -> None:
    terms = {
        "product_type": "IRS",
        "currency": "USD",
        "issue_date": date(2026, 2, 10),
        "maturity_date": date(2036, 2, 10),
        "coupon": 0.035,
        "index": INDEX,
        "margin": 0.001,
        "fixed_frequency": 1,
        "fixed_day_count": "30/360",
        "float_frequency": 4,
        "float_day_count": "ACT/360",
    }
    curve = ql_curve(0.0)
    index = ql.IborIndex("I", ql.Period("3M"), 0, ql.USDCurrency(), ql.NullCalendar(), 0, False, ql.Actual360(), curve)
    legs = [ql.MakeSchedule(ql.Date(10, 2, 2026), ql.Date(10, 2, 2036), ql.Period(tenor)) for tenor in ("1Y", "3M")]
    count = ql.Thirty360(ql.Thirty360.BondBasis)
    swap = ql.VanillaSwap(ql.VanillaSwap.Payer, 1e6, legs[0], 0.035, count, legs[1], index, 0.001, ql.Actual360())
    swap.setPricingEngine(ql.DiscountingSwapEngine(curve))
    both = [terms | {"pay_receive": side} for side in ("PAY", "RECEIVE")]
    par_spread = column(solved(tmp_path, both, projection={INDEX: "USD-OIS"}), "par_spread")[0]
    np.testing.assert_allclose(par_spread, (swap.fairRate() - 0.035) * 1e4, rtol=1e-9)


def test_the_par_spread_of_a_default_swap_is_what_its_curve_was_quoted_at(tmp_path: Path) -> None:
    """The swap that matures on a node of quoted spreads has that spread, whatever its coupon and its side."""
    nodes = [{"date": "2029-06-20", "cds_spread": 0.0088}, {"date": "2031-06-20", "cds_spread": 0.0121}]
    curve = {"curve_id": "ACME", "recovery": 0.4, "nodes": nodes}
    swaps = [
        {
            "product_type": "CDS",
            "currency": "USD",
            "option_type": side,
            "coupon": coupon,
            "credit_curve": "ACME",
            "maturity_date": maturity,
        }
        for side, coupon in (("BUY", 0.01), ("SELL", 0.05))
        for maturity in (date(2029, 6, 20), date(2031, 6, 20))
    ]
    facts = solved(tmp_path, swaps, [{"kind": "PARALLEL", "curves": "*", "bp": 100}], credit_curves=[curve])
    np.testing.assert_allclose(column(facts, "par_spread"), [[88, 121, 88, 121]] * 2, atol=1e-7)


@pytest.mark.parametrize("price", ["0", "-97.5", "n/a", "2026-01-01"])
def test_a_market_price_that_is_none_costs_the_spreads_alone(tmp_path: Path, price: str) -> None:
    facts = solved(tmp_path, [bond(market_price=price), floater(market_price=98.0), bond()])
    for name in NAMES:
        if name != "discount_margin":
            assert reason(facts, name.upper())[0] == Reason.INVALID_TERMS
        assert np.isfinite(column(facts, name)[0, 1])
    assert np.isfinite(column(facts, "pv")).all() and facts.failed == 0


def test_a_positions_own_price_goes_before_its_instruments(tmp_path: Path) -> None:
    """Two holdings of an instrument quoted at 98, one of them marked at 95."""
    quoted = [bond(market_price=price) for price in (98.0, 95.0)]
    expected = column(solved(tmp_path, quoted), "z_spread")[0]
    solved(tmp_path, quoted[:1])
    held = ["position_id,instrument_id,book_id,notional,market_price", "A,I00000,BOOK,1000000,", "B,I00000,BOOK,5,95"]
    (tmp_path / "positions.csv").write_text("\n".join(held))
    portfolio = prepare_portfolio(tmp_path).portfolio
    assert portfolio is not None
    given, asked = parse_market(json.dumps(market())), ("PV", "Z_SPREAD")
    run = resolve(portfolio, given, [BASE_SCENARIO], base_currency="USD", measures=asked, chunk_size=4096)
    np.testing.assert_allclose(column(price_chunk(run, 0), "z_spread")[0], expected, atol=1e-7)


def test_the_sentence_names_the_price(tmp_path: Path) -> None:
    facts = solved(tmp_path, [bond(market_price="n/a"), bond(market_price=-3), bond(market_price=98)])
    block = next(iter(facts.blocks.values()))
    said = [block.details[number] if number >= 0 else "" for number in block.detail]
    assert "market_price 'n/a'" in said[0] and "market_price '-3'" in said[1] and said[2] == ""


def test_a_price_that_no_spread_gives_did_not_converge(tmp_path: Path) -> None:
    """A zero-coupon bond a day before its end at a price no curve reaches; and flows of both signs."""
    near = bond(rate_type="ZERO", maturity_date=AS_OF + timedelta(days=1), market_price=1e30)
    facts = solved(tmp_path, [{name: term for name, term in near.items() if name != "coupon"}, bond(market_price=99)])
    assert reason(facts, "Z_SPREAD").tolist() == [Reason.DID_NOT_CONVERGE, Reason.NONE]


def test_what_has_no_flows_has_no_spread(tmp_path: Path) -> None:
    option = {
        "product_type": "FX_FWD",
        "currency": "USD",
        "pair": "EURUSD",
        "strike": 1.2,
        "maturity_date": "2027-01-23",
    }
    facts = solved(tmp_path, [option, bond(maturity_date=AS_OF - timedelta(days=3), market_price=99)])
    assert reason(facts, "Z_SPREAD").tolist() == [Reason.INVALID_TERMS, Reason.NOT_APPLICABLE]
    assert reason(facts, "PAR_SPREAD").tolist() == [Reason.INVALID_TERMS, Reason.NOT_APPLICABLE]
