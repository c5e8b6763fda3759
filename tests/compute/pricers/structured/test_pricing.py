"""Structured notes from a portfolio folder on: every payoff against quadrature, formulas and QuantLib."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.inputs.terms import Lookups, Terms
from compute.pricers.structured.coupons import why_not
from compute.product_families import ChunkFacts
from domain.measures.failures import Reason
from domain.measures.measures import Fact
from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind
from tests.builders.derivative_fund import (
    AS_OF,
    INDEX,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
    ql_curve,
    ql_day,
    reason,
    zero_curve,
)
from tests.builders.markets import HULL_WHITE
from tests.compute.pricers.structured.reference import (
    Model,
    note,
    periods,
    present_value,
    replicated_swap_rate,
    years,
)

FIXED = {INDEX: 0.0412, "USD-CMS-10Y": 0.039, "USD-CMS-2Y": 0.036}
LAST_RESET = date(2025, 12, 16)
Clipped = tuple[dict[str, Any], dict[str, float], tuple[int, ...], float, float, float, float]
"""payoff, columns, tenors of its rates (0: the index), gearing, margin, cap, floor"""

CLIPPED: dict[str, Clipped] = {
    "capped": ({"kind": "CAPPED_FLOATER", "cap": 0.045, "margin": 0.004}, {}, (0,), 1, 0.004, 0.045, -np.inf),
    "collared": ({"kind": "CAPPED_FLOATER", "gearing": 1.5}, {"cap": 0.07, "floor": 0.03}, (0,), 1.5, 0, 0.07, 0.03),
    "inverse": ({"kind": "INVERSE_FLOATER", "fixed_rate": 0.09, "leverage": 2}, {}, (0,), -2, 0.09, np.inf, 0),
    "inverse by columns": ({"kind": "INVERSE_FLOATER", "cap": 0.06}, {"coupon": 0.08}, (0,), -1, 0.08, 0.06, 0),
    "cms": ({"kind": "CMS"}, {"cap": 0.05, "floor": 0.01}, (10,), 1, 0, 0.05, 0.01),
    "cms plain": ({"kind": "CMS", "tenor_yr": 20, "gearing": 0.8, "spread": 0.002}, {}, (20,), 0.8, 0.002, np.inf, -9),
    "spread": ({"kind": "CMS_SPREAD", "gearing": 4, "floor": 0}, {}, (10, 2), 4, 0, np.inf, 0),
}


def given(**changes: Any) -> dict[str, Any]:
    """The market of the other derivatives, the model, and fixings of every rate on the last reset alone."""
    fixings = [{"index": name, "date": str(LAST_RESET), "rate": rate} for name, rate in FIXED.items()]
    names = [f"USD-CMS-{tenor}Y" for tenor in (20, 5)]
    fixings += [{"index": name, "date": str(LAST_RESET), "rate": 0.0395} for name in names]
    return market(hull_white={"USD": HULL_WHITE}, fixings=fixings) | changes


def clipped_value(case: Clipped, terms: dict[str, Any], model: Model) -> float:
    _, _, tenors, gearing, margin, cap, floor = case
    names = [INDEX if tenor == 0 else f"USD-CMS-{tenor}Y" for tenor in tenors]

    def coupon(start: ql.Date, end: ql.Date, fraction: float) -> float:
        signs = (1, -1)
        if start <= ql_day(AS_OF):
            known = sum(sign * FIXED.get(name, 0.0395) for sign, name in zip(signs, names, strict=False))
            return float(np.clip(margin + gearing * known, floor, cap))
        rates = [
            model.forward_rate(start, end, fraction) if tenor == 0 else model.swap_rate(start, tenor)
            for tenor in tenors
        ]

        def paid(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            geared = sum(sign * rate(x) for sign, rate in zip(signs, rates, strict=False))
            return np.clip(margin + gearing * geared, floor, cap)

        return model.expected(paid, start, end)

    return present_value(terms, model, coupon)


RANGES: dict[str, tuple[dict[str, Any], dict[str, Any], int, float, float]] = {
    "above": ({"kind": "DIGITAL", "coupon": 0.06, "strike": 0.037}, {}, 0, 0.037, np.inf),
    "below": ({"kind": "DIGITAL", "pays": "BELOW"}, {"coupon": 0.06, "strike": 0.034}, 0, -np.inf, 0.034),
    "swap": ({"kind": "DIGITAL", "coupon": 0.05, "strike": 0.04, "tenor_yr": 5}, {"frequency": 1}, 5, 0.04, np.inf),
    "months": ({"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.02, "upper": 0.045}, {}, 0, 0.02, 0.045),
    "yearly": ({"kind": "RANGE_ACCRUAL", "coupon": 0.06, "upper": 0.04}, {"frequency": 1}, 0, -np.inf, 0.04),
    "of a swap": ({"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.036, "tenor_yr": 10}, {}, 10, 0.036, np.inf),
}


def range_notes() -> list[dict[str, Any]]:
    """They begin today or later, so that nothing is known; ranges are observed monthly."""
    dates = {"issue_date": date(2026, 3, 16), "maturity_date": date(2032, 3, 16)}
    monthly = {"observation": "MONTHLY"}
    return [
        note(payoff | (monthly if payoff["kind"] == "RANGE_ACCRUAL" else {}), **columns | dates)
        for payoff, columns, *_ in RANGES.values()
    ]


def range_value(terms: dict[str, Any], tenor: int, lower: float, upper: float, monthly: bool) -> float:
    model, coupon_rate = Model(**HULL_WHITE), 0.05 if terms.get("coupon") is None and tenor == 5 else 0.06

    def coupon(start: ql.Date, end: ql.Date, fraction: float) -> float:
        days = [start + ql.Period(k, ql.Months) for k in range(12 if monthly else 1)]
        chances = []
        for day in (each for each in days if each < end):
            until = day + ql.Period(3, ql.Months) if monthly else end
            of_index = model.forward_rate(day, until, (until - day) / 360 if monthly else fraction)
            rate = model.swap_rate(day, tenor) if tenor else of_index
            chances.append(model.chance(rate, lower, upper, day, end))
        return coupon_rate * float(np.mean(chances))

    return present_value(terms, model, coupon)


@pytest.fixture(scope="module")
def clipped(tmp_path_factory: pytest.TempPathFactory) -> ChunkFacts:
    notes = [note(payoff, **columns) for payoff, columns, *_ in CLIPPED.values()]
    return priced(tmp_path_factory.mktemp("clipped"), notes, given())


@pytest.mark.parametrize(("row", "name"), list(enumerate(CLIPPED)))
def test_a_clipped_coupon_is_worth_its_integral_over_the_state(clipped: ChunkFacts, row: int, name: str) -> None:
    case = CLIPPED[name]
    pv, error = (column(clipped, measure)[0, row] for measure in ("pv", "standard_error"))
    exact = clipped_value(case, note(case[0], **case[1]), Model(**HULL_WHITE))
    assert 0.01 < error < 150  # of 1,000,000
    assert abs(pv - exact) < 3 * error


@pytest.fixture(scope="module")
def ranged(tmp_path_factory: pytest.TempPathFactory) -> ChunkFacts:
    return priced(tmp_path_factory.mktemp("ranged"), range_notes(), given())


@pytest.mark.parametrize(("row", "name"), list(enumerate(RANGES)))
def test_a_range_is_worth_the_chance_of_its_states(ranged: ChunkFacts, row: int, name: str) -> None:
    pv, error = (column(ranged, measure)[0, row] for measure in ("pv", "standard_error"))
    payoff, _, tenor, lower, upper = RANGES[name]
    exact = range_value(range_notes()[row], tenor, lower, upper, monthly=payoff["kind"] == "RANGE_ACCRUAL")
    assert 1 < error < 400
    assert abs(pv - exact) < 3 * error


def test_daily_observations_stand_for_the_days_around_them(tmp_path: Path) -> None:
    """Every day by itself, against one in twenty: a tenth of a basis point of a note of six years."""
    payoff = {"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.03, "upper": 0.045}
    terms = note(payoff, issue_date=date(2026, 3, 16), maturity_date=date(2032, 3, 16))
    facts = priced(tmp_path, [terms], given())
    model = Model(**HULL_WHITE)

    def coupon(start: ql.Date, end: ql.Date, _fraction: float) -> float:
        days = [start + k for k in range(end - start)]
        chances = []
        for day in days:
            until = day + ql.Period(3, ql.Months)
            chances.append(model.chance(model.forward_rate(day, until, (until - day) / 360), 0.03, 0.045, day, end))
        return 0.06 * float(np.mean(chances))

    exact = present_value(terms, model, coupon)
    assert abs(column(facts, "pv")[0, 0] - exact) < 3 * column(facts, "standard_error")[0, 0] + 10


def test_a_capped_floater_is_a_floater_less_quantlibs_bond_options(tmp_path: Path) -> None:
    """A caplet is (1 + K t) puts on the bond of the period's end, struck at 1 / (1 + K t); one curve for both."""
    terms = note({"kind": "CAPPED_FLOATER", "cap": 0.04}, issue_date=date(2026, 3, 16), frequency=2)
    facts = priced(tmp_path, [terms], given(projection={INDEX: "USD-OIS"}))
    model, quantlib = Model(**HULL_WHITE, above=0.0), ql.HullWhite(ql_curve(0.0), *HULL_WHITE.values())

    def coupon(start: ql.Date, end: ql.Date, fraction: float) -> float:
        ahead, after = years(start), years(end)
        grown = 1 + 0.04 * fraction
        put = quantlib.discountBondOption(ql.Option.Put, 1 / grown, ahead, after)
        forward = (model.discount.discount(start) / model.discount.discount(end) - 1) / fraction
        return float(forward - grown * put / fraction / model.discount.discount(end))

    exact = present_value(terms, model, coupon)
    assert abs(column(facts, "pv")[0, 0] - exact) < 3 * column(facts, "standard_error")[0, 0]


def test_a_cms_note_is_worth_its_replication_with_swaptions(tmp_path: Path) -> None:
    """The smile is Hull-White's own; the replication and the quadrature agree to a thousandth of a basis point."""
    terms = note({"kind": "CMS"}, issue_date=date(2026, 3, 16), maturity_date=date(2031, 3, 16), frequency=1)
    facts = priced(tmp_path, [terms], given(projection={INDEX: "USD-OIS"}))
    model = Model(**HULL_WHITE, above=0.0)

    def coupon(start: ql.Date, end: ql.Date, _fraction: float) -> float:
        replicated = replicated_swap_rate(model, start, 10, end)
        assert replicated == pytest.approx(model.expected(model.swap_rate(start, 10, 12), start, end), abs=1e-7)
        return replicated

    error = column(facts, "standard_error")[0, 0]
    assert abs(column(facts, "pv")[0, 0] - present_value(terms, model, coupon)) < 3 * error + 0.1


# --- sensitivities --------------------------------------------------------------------------------------------------

EVERY_KIND = [
    note({"kind": "CAPPED_FLOATER", "cap": 0.045, "margin": 0.004}),
    note({"kind": "INVERSE_FLOATER", "fixed_rate": 0.09, "leverage": 2}),
    note({"kind": "CMS", "cap": 0.05}, frequency=2),
    note({"kind": "CMS_SPREAD", "gearing": 4, "floor": 0}, frequency=1),
    note({"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.03, "upper": 0.045, "observation": "MONTHLY"}),
    note({"kind": "DIGITAL", "coupon": 0.06, "strike": 0.037}, frequency=2),
]


def whole_market(**changes: Any) -> dict[str, Any]:
    """With a fixing of every rate on each of the last 400 days."""
    days = [str(AS_OF - timedelta(days=k)) for k in range(400)]
    fixings = [{"index": name, "date": day, "rate": rate} for name, rate in FIXED.items() for day in days]
    return given(fixings=fixings) | changes


def test_key_rates_are_what_revaluation_on_the_same_paths_says_and_add_up(tmp_path: Path) -> None:
    """A kink or an edge bends within the basis point, more so where one key rate alone moves a swap rate."""
    facts = priced(tmp_path, EVERY_KIND, whole_market(), *central_shocks())
    assert_sensitivities_are_central_differences(facts, within=1e-5, keys_within=2e-3)


def test_vega_is_a_basis_point_of_sigma_and_cs01_one_of_the_spread(tmp_path: Path) -> None:
    def moved(by: float, spread: float = 0.0) -> np.ndarray[Any, Any]:
        model = {"USD": HULL_WHITE | {"sigma": HULL_WHITE["sigma"] + by}}
        notes = [each | {"spread": spread} for each in EVERY_KIND]
        pv: np.ndarray[Any, Any] = column(priced(tmp_path, notes, whole_market(hull_white=model)), "pv")[0]
        return pv

    facts = priced(tmp_path, EVERY_KIND, whole_market())
    np.testing.assert_allclose(column(facts, "vega")[0], (moved(1e-4) - moved(-1e-4)) / 2, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(column(facts, "cs01")[0], (moved(0, -1e-4) - moved(0, 1e-4)) / 2, rtol=1e-6)
    assert column(facts, "vega")[0][0] < 0 < column(facts, "vega")[0][1]


def test_convexity_is_the_second_difference_of_25_bp(tmp_path: Path) -> None:
    shocks = [[{"kind": "PARALLEL", "curves": "*", "bp": bp}] for bp in (25, -25)]
    facts = priced(tmp_path, EVERY_KIND, whole_market(), *shocks)
    pv, up, down = column(facts, "pv")
    np.testing.assert_allclose(column(facts, "convexity")[0], (up + down - 2 * pv) / (pv * 25e-4**2), rtol=1e-6)


@pytest.mark.parametrize("kind", range(len(EVERY_KIND)))
def test_the_stated_errors_of_dv01_and_vega_are_their_scatter_over_seeds(tmp_path: Path, kind: int) -> None:
    """The same note under 60 names has 60 sets of paths."""
    facts = priced(tmp_path, [EVERY_KIND[kind]] * 60, whole_market())
    for name in ("dv01", "vega"):
        scatter = column(facts, name)[0].std(ddof=1)
        stated = np.sqrt((column(facts, f"{name}_standard_error")[0] ** 2).mean())
        assert stated == pytest.approx(scatter, rel=0.35), (name, scatter, stated)
        assert stated > 0.0


def test_errors_of_sensitivities_scale_with_the_position_and_are_blank_for_a_bond(tmp_path: Path) -> None:
    bond = note({}) | {"product_type": "BOND", "rate_type": "FIXED", "coupon": 0.06, "payoff": ""}
    facts = priced(tmp_path, [EVERY_KIND[0], bond], whole_market())
    for name in ("DV01_STANDARD_ERROR", "VEGA_STANDARD_ERROR"):
        assert list(reason(facts, name)) == [Reason.NOT_APPLICABLE, Reason.NONE]  # bonds come before notes
        assert np.isnan(column(facts, name.lower())[0, 0])


# --- limits and identities ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean_reversion", [0.0, 1e-9, 0.03, -0.02, 2.0])
def test_without_volatility_coupons_are_those_of_the_forwards(tmp_path: Path, mean_reversion: float) -> None:
    still = {"mean_reversion": mean_reversion, "sigma": 0.0}
    names = ("collared", "cms", "spread")
    notes = [note(CLIPPED[name][0], **CLIPPED[name][1]) for name in names]
    facts = priced(tmp_path, notes, given(hull_white={"USD": still}))
    exact = [clipped_value(CLIPPED[name], terms, Model(**still)) for name, terms in zip(names, notes, strict=True)]
    np.testing.assert_allclose(column(facts, "pv")[0], exact, rtol=1e-9)
    np.testing.assert_allclose(column(facts, "standard_error")[0], 0.0, atol=1e-6)


def test_a_range_without_volatility_counts_the_forwards_within_it(tmp_path: Path) -> None:
    still = {"mean_reversion": 0.03, "sigma": 0.0}
    model = Model(**still)
    terms = range_notes()[0]
    facts = priced(tmp_path, [terms], given(hull_white={"USD": still}))

    def coupon(start: ql.Date, end: ql.Date, fraction: float) -> float:
        return 0.06 * float(model.forward_rate(start, end, fraction)(np.zeros(1))[0] >= 0.037)

    np.testing.assert_allclose(column(facts, "pv")[0, 0], present_value(terms, model, coupon), rtol=1e-9)


@pytest.mark.parametrize("mean_reversion", [0.0, 1e-9])
def test_no_mean_reversion_is_its_limit(tmp_path: Path, mean_reversion: float) -> None:
    model = {"mean_reversion": mean_reversion, "sigma": 0.009}
    facts = priced(tmp_path, EVERY_KIND, whole_market(hull_white={"USD": model}))
    near = priced(tmp_path, EVERY_KIND, whole_market(hull_white={"USD": model | {"mean_reversion": 1e-7}}))
    np.testing.assert_allclose(column(facts, "pv"), column(near, "pv"), rtol=1e-6)


def test_extreme_parameters_have_a_value_or_a_reason(tmp_path: Path) -> None:
    """A mean reversion of 10 leaves the forwards; one of -0.5 explodes over the thirty years of a swap rate."""
    fast, wild = (
        priced(tmp_path, EVERY_KIND, whole_market(hull_white={"USD": {"mean_reversion": a, "sigma": 0.01}}))
        for a in (10.0, -0.5)
    )
    still = priced(tmp_path, EVERY_KIND, whole_market(hull_white={"USD": {"mean_reversion": 0.0, "sigma": 0.0}}))
    np.testing.assert_allclose(column(fast, "pv")[0, 3], column(still, "pv")[0, 3], rtol=1e-4)
    assert fast.failed == 0
    blank = np.isnan(column(wild, "pv")[0])
    assert (reason(wild, "PV")[blank] == Reason.INVALID_TERMS).all() and not blank.all()


def test_a_digital_and_its_complement_are_a_bond(tmp_path: Path) -> None:
    digital = {"kind": "DIGITAL", "coupon": 0.06, "strike": 0.037}
    bond = note({}) | {"product_type": "BOND", "rate_type": "FIXED", "coupon": 0.06, "payoff": ""}
    nothing = note({}) | {"product_type": "BOND", "rate_type": "ZERO", "payoff": ""}
    facts = priced(tmp_path, [bond, nothing, note(digital), note(digital | {"pays": "BELOW"})], whole_market())
    whole, principal, above, below = column(facts, "pv")[0]
    errors = column(facts, "standard_error")[0, 2:]
    assert abs(above + below - principal - whole) < 3 * np.hypot(*errors)


def test_negative_rates(tmp_path: Path) -> None:
    """A floored floater in a market below nil."""
    low = market(curves=[zero_curve(name, "USD", -0.045) for name in ("USD-OIS", "TERM")], discount={"USD": "USD-OIS"})
    terms = note({"kind": "CAPPED_FLOATER", "cap": 0.02, "floor": 0}, issue_date=date(2026, 3, 16))
    facts = priced(tmp_path, [terms], low | {"hull_white": {"USD": HULL_WHITE}})
    model = Model(**HULL_WHITE)
    model.discount = model.projection = ql_curve(-0.045)

    def coupon(start: ql.Date, end: ql.Date, fraction: float) -> float:
        rate = model.forward_rate(start, end, fraction)
        return model.expected(lambda x: np.clip(rate(x), 0, 0.02), start, end)

    exact = present_value(terms, model, coupon)
    assert abs(column(facts, "pv")[0, 0] - exact) < 3 * column(facts, "standard_error")[0, 0]


# --- the period in progress -----------------------------------------------------------------------------------------


def test_the_period_in_progress_pays_its_fixings(tmp_path: Path) -> None:
    """The last coupon of notes that are about to mature: nothing else is left, and nothing is uncertain."""
    ending = {"maturity_date": date(2026, 3, 16)}
    notes = [
        note({"kind": "CAPPED_FLOATER", "cap": 0.045, "margin": 0.004}, **ending),
        note({"kind": "INVERSE_FLOATER", "fixed_rate": 0.09, "leverage": 2}, **ending),
        note({"kind": "CMS"}, **ending),
        note({"kind": "CMS_SPREAD", "gearing": 4}, **ending),
        note({"kind": "DIGITAL", "coupon": 0.06, "strike": 0.04}, **ending),
        note({"kind": "DIGITAL", "coupon": 0.06, "strike": 0.0412, "pays": "BELOW"}, **ending),
    ]
    facts = priced(tmp_path, notes, given())
    rates = [0.045, 0.09 - 2 * 0.0412, 0.039, 4 * 0.003, 0.06, 0.06]
    (start, end, fraction), *rest = periods(notes[0])
    assert not rest
    factor = ql_curve(0.0).discount(end)
    exact = [(1e6 + 1e6 * rate * fraction) * factor for rate in rates]
    np.testing.assert_allclose(column(facts, "pv")[0], exact, rtol=1e-12)
    run_for = (ql_day(AS_OF) - start) / 360
    np.testing.assert_allclose(column(facts, "accrued_interest")[0], [1e6 * r * run_for for r in rates], rtol=1e-12)
    np.testing.assert_allclose(column(facts, "standard_error")[0], 0.0, atol=1e-9)


def test_a_range_in_progress_counts_the_days_that_were_within_it(tmp_path: Path) -> None:
    """Half of the days observed were inside, Sundays taking the last fixing; sigma is nil, and the rest is outside."""
    start = date(2025, 12, 16)
    days = [start + timedelta(days=k) for k in range((AS_OF - start).days + 1)]
    fixings = [
        {"index": INDEX, "date": str(day), "rate": 0.05 if k % 2 else 0.03}
        for k, day in enumerate(days)
        if day.weekday() < 5
    ]
    last: Any = 0.0
    inside = 0
    for day in days:
        last = next((each["rate"] for each in fixings if each["date"] == str(day)), last)
        inside += last >= 0.045
    terms = note({"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.045}, maturity_date=date(2026, 3, 16))
    still = {"USD": {"mean_reversion": 0.03, "sigma": 0.0}}
    facts = priced(tmp_path, [terms], given(hull_white=still, fixings=fixings))
    paid = 1e6 * 0.06 * inside / 90 * 90 / 360
    factor = ql_curve(0.0).discount(ql_day(date(2026, 3, 16)))
    assert column(facts, "pv")[0, 0] == pytest.approx((1e6 + paid) * factor, rel=1e-12)
    earned = 1e6 * 0.06 * inside / len(days) * (len(days) - 1) / 360
    assert column(facts, "accrued_interest")[0, 0] == pytest.approx(earned, rel=1e-12)


# --- determinism ----------------------------------------------------------------------------------------------------


def test_bits_depend_on_the_instrument_alone(tmp_path: Path) -> None:
    """The same with other notes before it, after it, or alone, and under other scenarios beside."""
    shock = [{"kind": "PARALLEL", "curves": "*", "bp": 50}]
    among = priced(tmp_path, EVERY_KIND, whole_market(), shock)
    alone = priced(tmp_path, EVERY_KIND[:1], whole_market())
    for name in ("pv", "standard_error", "dv01", "key_rate_dv01_5y", "vega", "convexity", "cs01"):
        assert column(among, name)[0, 0] == column(alone, name)[0, 0], name


# --- what cannot be valued ------------------------------------------------------------------------------------------

SOUND = {"kind": "CAPPED_FLOATER", "cap": 0.045}
WRONG: list[tuple[dict[str, Any], dict[str, Any], Reason, str]] = [
    ({"kind": "CAPPED_FLOATER"}, {}, Reason.INVALID_TERMS, "cap is missing"),
    ({"kind": "CAPPED_FLOATER", "cap": 0.01}, {"floor": 0.02}, Reason.INVALID_TERMS, "the floor 0.02 is above the cap"),
    ({"kind": "INVERSE_FLOATER"}, {}, Reason.INVALID_TERMS, "fixed_rate is missing"),
    ({"kind": "DIGITAL", "coupon": 0.06}, {}, Reason.INVALID_TERMS, "strike is missing"),
    ({"kind": "RANGE_ACCRUAL", "lower": 0.01}, {}, Reason.INVALID_TERMS, "coupon is missing"),
    (SOUND, {"index": ""}, Reason.INVALID_TERMS, "index is missing"),
    (SOUND, {"frequency": ""}, Reason.INVALID_TERMS, "frequency is missing"),
    (SOUND, {"day_count": ""}, Reason.INVALID_TERMS, "day_count is missing"),
    (SOUND, {"maturity_date": ""}, Reason.INVALID_TERMS, "maturity_date is missing"),
    (SOUND, {"currency": "EUR"}, Reason.MISSING_MARKET_DATA, "the market has no hull_white entry for EUR"),
    (SOUND, {"index": "USD-LIBOR"}, Reason.MISSING_MARKET_DATA, "no projection curve for index 'USD-LIBOR'"),
    (SOUND, {"issue_date": "2025-04-01", "maturity_date": "2030-04-01"}, Reason.MISSING_MARKET_DATA, "no fixing of"),
    ({"kind": "CMS", "tenor_yr": 7}, {}, Reason.MISSING_MARKET_DATA, "no fixing of 'USD-CMS-7Y'"),
    ({"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.01}, {}, Reason.MISSING_MARKET_DATA, "no fixing of"),
]


@pytest.mark.parametrize(("payoff", "columns", "why", "sentence"), WRONG)
def test_a_note_that_cannot_be_valued_says_why_and_leaves_the_others_alone(
    tmp_path: Path, payoff: dict[str, Any], columns: dict[str, Any], why: Reason, sentence: str
) -> None:
    facts = priced(tmp_path, [note(SOUND), note(payoff, **columns)], given())
    assert list(reason(facts, "PV")) == [Reason.NONE, why]
    block = facts.blocks[Fact.PRICED]
    assert sentence in block.details[block.detail[1]]
    assert np.isnan(column(facts, "pv")[:, 1]).all() and np.isfinite(column(facts, "pv")[:, 0]).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "payoff $: this is not JSON: "),
        ('{"kind": "LOTTERY"}', "payoff kind: "),
        ('{"kind": "CMS", "tenor": 5}', "payoff tenor: there is no field 'tenor' here; did you mean 'tenor_yr'?"),
    ],
)
def test_a_payoff_that_cannot_be_read_has_its_sentence(text: str, sentence: str) -> None:
    """Ingestion refuses it; a snapshot of an older release may hold one."""
    payoff = ColumnData(Kind.TEXT, np.zeros(1, np.int32), (text,))
    none = np.zeros(1, np.int32)
    terms = Terms(Portfolio({"instruments": TableData(1, {"payoff": payoff})}, none, none), np.zeros(1, int), Lookups())
    assert why_not(terms, 0).startswith(sentence)


def test_a_note_that_has_matured_is_past_maturity(tmp_path: Path) -> None:
    facts = priced(tmp_path, [note(SOUND, maturity_date=date(2026, 1, 16))], given())
    assert np.isnan(column(facts, "pv")[0, 0]) and reason(facts, "PV")[0] == Reason.INVALID_TERMS


def test_lives_and_redemption(tmp_path: Path) -> None:
    plain, premium = (note(SOUND, redemption_per_100=redemption) for redemption in (100, 103))
    facts = priced(tmp_path, [plain, premium], given())
    factor = ql_curve(0.0).discount(ql_day(date(2033, 3, 16)))
    pv, error = column(facts, "pv")[0], column(facts, "standard_error")[0]
    assert abs(pv[1] - pv[0] - 30_000 * factor) < 3 * np.hypot(*error)
    np.testing.assert_allclose(column(facts, "wal")[0], years(ql_day(date(2033, 3, 16))), rtol=1e-12)
