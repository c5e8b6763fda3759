"""Callable bonds through chunks: against QuantLib's tree, and what must hold of any lattice."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.hull_white.callable_bonds import prices, prices_and_flows
from compute.kernels.hull_white.lattice import lattice_at, lattice_times
from compute.kernels.hull_white.steps import step_counts
from compute.pricers.callable import values as callable_values
from domain.measures.failures import Reason
from domain.measures.measures import KEY_RATE_LABELS
from tests.builders.callable_fund import bond, bonds_of, priced, ql_bond, ql_engine, random_bonds, right, run_of
from tests.builders.derivative_fund import AS_OF, central_shocks, column, ql_curve, ql_day, reason

KEYS = [f"key_rate_dv01_{label}" for label in KEY_RATE_LABELS]
PRICE = ("PV", "ACCRUED_INTEREST", "CLEAN_PRICE")
TEN_YEARS = date(2036, 3, 15)
CALLS = [right(date(year, 3, 15)) for year in range(2027, 2036)]


def test_on_the_same_grid_every_price_is_quantlibs(tmp_path: Path) -> None:
    """150 bonds with calls, puts and both: nodes, branching, refit and exercise to 1e-9 per 100.

    QuantLib discounts a step at its start; so does the lattice here, while official prices take the mean of both ends.
    """
    given = random_bonds(150, seed=11)
    run = run_of(tmp_path, given, measures=PRICE)
    debt, bonds = bonds_of(run)
    everything = slice(0, 1)
    present = callable_values._present(run, debt.discount_terms, bonds.amounts, everything)
    groups = bonds.on(np.full(150, 0.03), np.full(150, 0.01)).groups
    plain = replace(
        bonds,
        groups=tuple(
            replace(
                each,
                lattice=lattice_at(each.lattice.times_yr, each.lattice.step_of_event, 0.03, 0.01, False, 7.0),
            )
            for each in groups
        ),
    )
    ours = 100.0 * prices(plain, present, smooth=False)[:, 0]
    counts = step_counts(bonds.dates.offsets, bonds.dates.day, bonds.has_right.any(axis=0), np.full(150, 0.01))
    for number, (terms, rights) in enumerate(given):
        own = slice(bonds.dates.offsets[number], bonds.dates.offsets[number + 1])
        times, _ = lattice_times(bonds.dates.day[own].astype(np.int64), counts[own])
        theirs = ql_bond(terms, rights)
        theirs.setPricingEngine(ql_engine(ql.TimeGrid([float(t) for t in times[1:]]), terms["spread"]))
        assert ours[number] == pytest.approx(theirs.NPV(), abs=1e-9), (terms, rights)


@pytest.mark.parametrize("count", [10, pytest.param(40, marks=pytest.mark.long)])
def test_within_a_cent_per_100_of_a_thousand_steps(tmp_path: Path, count: int) -> None:
    bonds = random_bonds(count, seed=5, longest_yr=15)
    facts = priced(run_of(tmp_path, bonds, measures=PRICE))
    for number, (terms, rights) in enumerate(bonds):
        theirs = ql_bond(terms, rights)
        theirs.setPricingEngine(ql_engine(1000, terms["spread"]))
        assert column(facts, "pv")[0, number] / 1e4 == pytest.approx(theirs.NPV(), abs=0.01), (terms, rights)


@pytest.mark.parametrize("sigma", [0.01, pytest.param(0.015, marks=pytest.mark.long)])
def test_within_a_cent_per_100_of_a_thousand_steps_for_twenty_to_thirty_years(tmp_path: Path, sigma: float) -> None:
    bonds = [each for each in random_bonds(60, seed=6, longest_yr=30) if each[0]["maturity_date"].year >= 2046][:8]
    parameters = {"USD": {"mean_reversion": 0.03, "sigma": sigma}}
    facts = priced(run_of(tmp_path, bonds, hull_white=parameters, measures=PRICE))
    for number, (terms, rights) in enumerate(bonds):
        theirs = ql_bond(terms, rights)
        theirs.setPricingEngine(ql_engine(1000, terms["spread"], (0.03, sigma)))
        assert column(facts, "pv")[0, number] / 1e4 == pytest.approx(theirs.NPV(), abs=0.01), (terms, rights)


def test_sensitivities_are_central_differences_on_one_grid(tmp_path: Path) -> None:
    """DV01 and CS01 are the bumps themselves; key rates, from one pass, add up to DV01 and are near their own bumps."""
    facts = priced(run_of(tmp_path, random_bonds(60, seed=3), *central_shocks()))
    pv = column(facts, "pv")
    bumped = np.array([(pv[2 + 2 * k] - pv[1 + 2 * k]) / 2 for k in range(1 + len(KEYS))])
    dv01, keys = column(facts, "dv01")[0], np.array([column(facts, name)[0] for name in KEYS])
    np.testing.assert_allclose(dv01, bumped[0], rtol=1e-7)
    np.testing.assert_allclose(keys.sum(axis=0), dv01, rtol=1e-12)
    off = np.abs(keys - bumped[1:]).max(axis=0) / dv01
    # 1e-5 in the median; more where calls follow each other within a step or two, and the rest to DV01 is shared out
    assert np.median(off) < 2e-5 and off.max() < 3e-4, np.sort(off)


def test_what_is_paid_on_average_is_worth_the_price_and_its_slope_is_the_prices(tmp_path: Path) -> None:
    """Of a step of 1e-7, so that no kink of the second order lies within."""
    run = run_of(tmp_path, random_bonds(60, seed=8), measures=PRICE)
    debt, bonds = bonds_of(run)
    bonds = bonds.on(np.full(60, 0.03), np.full(60, 0.01))
    present = callable_values._present(run, debt.discount_terms, bonds.amounts, slice(0, 1))
    price, flows = prices_and_flows(bonds, present)
    position, years = np.repeat(np.arange(60), np.diff(flows.offsets)), flows.day / 365.0
    factor = run.tables.discount_factors[debt.discount_terms.curve_row[position], flows.day, 0]
    worth = (flows.interest + flows.principal)[:, 0] * factor * np.exp(-debt.discount_terms.spread[position, 0] * years)
    np.testing.assert_allclose(np.bincount(position, worth), price[:, 0], rtol=1e-12)
    up, down = (prices(bonds, present * np.exp(-h * bonds.amounts.day[:, None] / 365.0))[:, 0] for h in (1e-7, -1e-7))
    np.testing.assert_allclose(np.bincount(position, worth * years), (down - up) / 2e-7, rtol=1e-6)


def test_convexity_vega_and_durations(tmp_path: Path) -> None:
    shocks = [[{"kind": "PARALLEL", "curves": "*", "bp": bp}] for bp in (25, -25)]
    bonds = [(bond(TEN_YEARS, 0.045), CALLS)]
    facts = priced(run_of(tmp_path, bonds, *shocks))
    pv, up, down = column(facts, "pv")[:, 0]
    assert column(facts, "convexity")[0, 0] == pytest.approx((up + down - 2 * pv) / (pv * 25e-4**2), rel=1e-8)
    assert column(facts, "effective_duration")[0, 0] == pytest.approx(column(facts, "dv01")[0, 0] * 1e4 / pv)
    assert column(facts, "spread_duration")[0, 0] == column(facts, "effective_duration")[0, 0]
    more, less = (
        column(priced(run_of(tmp_path, bonds, hull_white={"USD": {"mean_reversion": 0.03, "sigma": s}})), "pv")[0, 0]
        for s in (0.0101, 0.0099)
    )
    assert column(facts, "vega")[0, 0] == pytest.approx((more - less) / 2, rel=1e-9) and more < less


def test_a_number_depends_on_neither_chunk_nor_neighbours_nor_other_scenarios(tmp_path: Path) -> None:
    """The grid of a bond is a part of its longer neighbours' grid, to the last bit."""
    bonds = [(bond(date(2026 + k, 3, 15), 0.03 + 0.001 * k), CALLS[: k - 1]) for k in range(2, 11)]
    bonds += random_bonds(20, seed=21)
    shock = [{"kind": "PARALLEL", "curves": "*", "bp": 100}]
    whole = priced(run_of(tmp_path, bonds, shock))
    run = run_of(tmp_path, bonds, chunk_size=2)
    names = ("pv", "dv01", "key_rate_dv01_5y", "convexity", "vega", "oas")
    parts = [priced(run, chunk_no) for chunk_no in range(15)]
    for name in names:
        apart = np.concatenate([column(each, name)[0] for each in parts])
        assert apart.tobytes() == np.ascontiguousarray(column(whole, name)[0]).tobytes(), name


def test_bonds_of_one_cycle_share_a_lattice(tmp_path: Path) -> None:
    bonds = [(bond(date(2026 + k, 3, 15), 0.04), CALLS[: k - 1]) for k in range(2, 11)]
    _, bonds = bonds_of(run_of(tmp_path, bonds, measures=PRICE))
    groups = bonds.on(np.full(9, 0.03), np.full(9, 0.01)).groups
    assert [len(each.members) for each in groups] == [9]
    assert groups[0].members[0] == 8


def test_a_bond_is_repriced_by_its_oas(tmp_path: Path) -> None:
    """The model's price gives the bond's own spread; a market price gives a spread that brings it back."""
    bonds = [(bond(TEN_YEARS, 0.045, spread=0.012), CALLS), (bond(TEN_YEARS, 0.03, spread=0.005), CALLS)]
    held: list[dict[str, Any]] = [{"market_price": 97.0}, {"market_price": None}]
    oas = column(priced(run_of(tmp_path, bonds, held=held)), "oas")[0]
    assert oas[1] == pytest.approx(50.0, abs=1e-9)
    again = [(bond(TEN_YEARS, 0.045, spread=oas[0] * 1e-4), CALLS)]
    facts = priced(run_of(tmp_path, again))
    assert column(facts, "clean_price")[0, 0] == pytest.approx(97.0, abs=1e-9)
    theirs = ql_bond(bonds[0][0], CALLS)
    theirs.setPricingEngine(ql_engine(1000, 0.0))
    quantlibs = theirs.OAS(97.0, ql_curve(0.0), ql.Actual365Fixed(), ql.Continuous, ql.Annual, ql_day(AS_OF))
    assert oas[0] == pytest.approx(quantlibs * 1e4, abs=0.2)


def test_no_spread_makes_a_callable_dearer_than_its_calls(tmp_path: Path) -> None:
    """QuantLib answers such a price with some hundreds of basis points below nil."""
    bonds = [(bond(TEN_YEARS, 0.045), [right(date(2026, 3, 16)), *CALLS])]
    facts = priced(run_of(tmp_path, bonds, held=[{"market_price": 140.0}]))
    assert np.isnan(column(facts, "oas")[0, 0]) and reason(facts, "OAS")[0] == Reason.DID_NOT_CONVERGE


@pytest.mark.parametrize("a", [0.0, 1e-13, 1e-6, 0.5])
def test_any_mean_reversion_and_negative_rates(a: float, tmp_path: Path) -> None:
    curves = [{"curve_id": "N", "currency": "USD", "nodes": [{"tenor": t, "rate": -0.01} for t in ("1Y", "20Y")]}]
    own: dict[str, Any] = {"curves": curves, "discount": {"USD": "N"}, "projection": {}, "fixings": []}
    bonds = [(bond(TEN_YEARS, 0.0), CALLS), (bond(TEN_YEARS, 0.01), [{**each, "kind": "PUT"} for each in CALLS])]
    parameters = {"USD": {"mean_reversion": a, "sigma": 0.01}}
    facts = priced(run_of(tmp_path, bonds, hull_white=parameters, measures=PRICE, **own))
    flat = ql.YieldTermStructureHandle(ql.FlatForward(ql_day(AS_OF), -0.01, ql.Actual365Fixed()))
    for number, (terms, rights) in enumerate(bonds):
        theirs = ql_bond(terms, rights)
        model = ql.HullWhite(flat, a if abs(a) > 1e-9 else 1e-9, 0.01)
        theirs.setPricingEngine(ql.TreeCallableFixedRateBondEngine(model, 400))
        assert column(facts, "pv")[0, number] / 1e4 == pytest.approx(theirs.NPV(), abs=0.02)


def test_a_negative_mean_reversion_goes_on_from_a_positive_one(tmp_path: Path) -> None:
    """QuantLib refuses it: the price is smooth through nil."""
    below, nil, above = (
        column(
            priced(
                run_of(
                    tmp_path,
                    [(bond(TEN_YEARS, 0.04), CALLS)],
                    hull_white={"USD": {"mean_reversion": a, "sigma": 0.01}},
                    measures=PRICE,
                )
            ),
            "clean_price",
        )[0, 0]
        for a in (-0.01, 0.0, 0.01)
    )
    assert below < nil < above
    assert below + above - 2 * nil == pytest.approx(0.0, abs=0.02)


def test_bounds_that_hold_of_any_model(tmp_path: Path) -> None:
    """A callable is worth less than the bond without calls, a puttable more; a right never used changes nothing."""
    straight = bond(TEN_YEARS, 0.04)
    rights: tuple[Any, ...] = (
        [],
        CALLS,
        [{**e, "kind": "PUT"} for e in CALLS],
        [{**e, "price_per_100": 900.0} for e in CALLS],
    )
    plain, called, put, never = column(priced(run_of(tmp_path, [(straight, r) for r in rights])), "pv")[0]
    assert called < plain < put
    assert never == pytest.approx(plain, rel=1e-13)


def test_exercise_between_coupons_pays_interest_accrued(tmp_path: Path) -> None:
    """Nearly no volatility: the bond is called for certain on the day, at the clean price and 60 of 360 days."""
    day = date(2027, 5, 15)
    calm = {"USD": {"mean_reversion": 0.03, "sigma": 1e-7}}
    run = run_of(tmp_path, [(bond(TEN_YEARS, 0.09), [right(day)])], hull_white=calm, measures=PRICE)
    factors = run.tables.discount_factors[run.tables.discount_curve_of["USD"], :, 0]
    coupons = sum(4.5 * factors[(d - AS_OF).days] for d in (date(2026, 3, 15), date(2026, 9, 15), date(2027, 3, 15)))
    expected = coupons + (100 + 9 * 60 / 360) * factors[(day - AS_OF).days]
    assert column(priced(run), "pv")[0, 0] / 1e4 == pytest.approx(expected, abs=1e-6)


def test_notice_is_given_before_the_exercise(tmp_path: Path) -> None:
    """For certain, notice changes nothing; a coupon due in between is still paid; at random, it costs the issuer."""
    day, terms = date(2027, 3, 15), bond(TEN_YEARS, 0.09)
    calm = {"USD": {"mean_reversion": 0.03, "sigma": 1e-7}}
    with_notice = {**terms, "notice_days": 45}
    pair = [(terms, [right(day)]), (with_notice, [right(day)])]
    at_once, later = column(priced(run_of(tmp_path, pair, hull_white=calm, measures=PRICE)), "pv")[0]
    assert later == pytest.approx(at_once, abs=1e-3)
    fair = [({**each, "coupon": 0.037}, rights) for each, rights in pair]
    at_once, later = column(priced(run_of(tmp_path, fair, measures=PRICE)), "pv")[0]
    assert 0.0 < later - at_once < 2e3


def test_rights_that_are_over_or_too_late_do_not_count(tmp_path: Path) -> None:
    """Past, today, notice already due, on the day of maturity: a straight bond, to the last bit."""
    rights = [right(date(2025, 3, 15)), right(AS_OF), right(AS_OF + timedelta(days=20)), right(TEN_YEARS)]
    called, plain = bond(TEN_YEARS, 0.045, notice_days=30), bond(TEN_YEARS, 0.045, product_type="BOND")
    facts = priced(run_of(tmp_path, [(plain, []), (called, rights)]))
    for name in ("pv", "dv01", "yield", "convexity"):
        assert column(facts, name)[0, 0] == column(facts, name)[0, 1]


def test_holidays_move_payments_and_not_the_grid(tmp_path: Path) -> None:
    """The straight part is exact: a call out of reach leaves the bond whose payments holidays move."""
    moved = {"calendar": "TARGET", "business_day": "FOLLOWING"}
    terms = bond(date(2036, 3, 15), 0.04, **moved)
    rights = [{**each, "price_per_100": 900.0} for each in CALLS]
    never, plain = column(priced(run_of(tmp_path, [(terms, rights), (terms, [])])), "pv")[0]
    assert never == pytest.approx(plain, rel=1e-13)


def test_what_cannot_be_valued_has_a_reason(tmp_path: Path) -> None:
    floating = {"rate_type": "FLOATING", "coupon": "", "index": "USD-TERM-3M", "frequency": 4, "day_count": "ACT/360"}
    bonds = [(bond(TEN_YEARS, 0.04), CALLS), (bond(TEN_YEARS, 0.04) | floating, CALLS), (bond(TEN_YEARS, 0.04), [])]
    facts = priced(run_of(tmp_path, bonds, hull_white={}))
    assert reason(facts, "PV").tolist() == [Reason.MISSING_MARKET_DATA, Reason.UNSUPPORTED, Reason.NONE]
    block = next(iter(facts.blocks.values()))
    assert "the market has no hull_white for USD, which calls and puts need" in block.details


def test_the_grid_error_is_known(tmp_path: Path) -> None:
    """The difference to half the grid is of the size of the error, which a grid six times as dense shows."""
    bonds = random_bonds(30, seed=4, longest_yr=12)
    run = run_of(tmp_path, bonds, measures=PRICE)
    debt, bonds = bonds_of(run)
    stated = callable_values.grid_errors_per_100(run, debt, bonds)[:, 0]
    present = callable_values._present(run, debt.discount_terms, bonds.amounts, slice(0, 1))
    a, sigma = np.full(30, 0.03), np.full(30, 0.01)
    true = 100 * (prices(bonds.on(a, sigma), present) - prices(bonds.on(a, sigma, 6.0), present))[:, 0]
    assert np.abs(true).max() < 0.01
    assert np.sqrt((true**2).mean()) < np.sqrt((stated**2).mean()) < 20 * np.sqrt((true**2).mean())
