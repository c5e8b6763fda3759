import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql
from scipy.optimize import brentq

from compute.kernels.flows.bonds import accrued_interest, bond_flows
from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.yields import (
    YieldTimes,
    bond_equivalent,
    durations,
    part_of_period_left,
    solve_yields,
    yield_times,
)
from tests.compute.kernels.dates.reference_dates import (
    QL_DAY_COUNTS,
    QL_FREQUENCIES,
    Terms,
    day_counts,
    epoch,
    frequencies,
    ql_date,
    random_terms,
    schedules_of,
)

AS_OF = epoch("2026-01-23")
GOLDEN = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[3] / "golden" / "pricing.json").read_text(encoding="utf-8"))
}


def _bonds(terms: list[Terms], as_of: int, coupon: list[float] | np.ndarray) -> tuple[Flows, YieldTimes, np.ndarray]:
    """Flows, times and accrued interest for 100 of face."""
    n, schedules = len(terms), schedules_of(terms, as_of)
    common: dict[str, Any] = {"day_count": day_counts(terms), "frequency": frequencies(terms), "as_of_day": as_of}
    flows = bond_flows(
        schedules,
        notional=np.full(n, 100.0),
        coupon=np.asarray(coupon, dtype=np.float64),
        rate_type_is_zero=np.zeros(n, dtype=bool),
        redemption_per_100=np.full(n, 100.0),
        scenario_count=1,
        **common,
    )
    accrued = accrued_interest(schedules, balance=np.full(n, 100.0), rate=np.asarray(coupon), **common)
    return flows, yield_times(flows, schedules, **common), accrued


@pytest.mark.parametrize(
    ("case", "terms", "as_of"),
    [
        (
            "bond.agency_30360_31st",
            Terms(epoch("2018-08-13"), epoch("2014-02-13"), day_count="30/360"),
            "2017-07-31",
        ),
        ("bond.bloomberg.aapl_2.7_2022", Terms(epoch("2022-05-13"), day_count="30E/360"), "2017-07-21"),
        ("bond.bloomberg.ust_2.375_2027", Terms(epoch("2027-05-15")), "2017-07-21"),
        ("bond.strata.uk_newissue", Terms(epoch("2029-10-22"), epoch("2019-06-19")), "2019-06-20"),
    ],
)
def test_published_prices_have_their_published_yields(case: str, terms: Terms, as_of: str) -> None:
    golden = GOLDEN[case]
    inputs, expected, tolerance = golden["inputs"], golden["expected"], golden["tolerance"]
    flows, times, accrued = _bonds([terms], epoch(as_of), [inputs["coupon"]])
    clean = inputs["clean"] * (100 if case.startswith("bond.strata") else 1)
    yields, converged = solve_yields(flows, times, price_ccy=(clean + accrued)[:, np.newaxis])
    found = durations(flows, times, yields)
    assert converged.all()
    assert yields[0, 0] == pytest.approx(expected["yield_"], abs=tolerance["yield_"])
    if "mod_duration" in expected:
        assert found.modified_yr[0, 0] == pytest.approx(expected["mod_duration"], abs=tolerance["mod_duration"])
    if "macaulay" in expected:
        assert found.macaulay_yr[0, 0] == pytest.approx(expected["macaulay"], abs=tolerance["macaulay"])
    if "accrued" in expected:
        assert accrued[0] == pytest.approx(expected["accrued"], abs=tolerance["accrued"])


def test_eurex_conversion_factor_of_a_long_first_coupon() -> None:
    golden = GOLDEN["bond.eurex_cf.longfirst"]
    terms = Terms(epoch("2032-08-15"), epoch("2022-07-08"), epoch("2023-08-15"), 1)
    flows, times, accrued = _bonds([terms], epoch("2022-09-12"), [0.017])
    price = _price(flows, times, 0, golden["inputs"]["yield_"])
    # Strata's factor is the clean price at 6 % for 1 of face, the accrued interest to the delivery day off
    assert (price - accrued[0]) / 100 == pytest.approx(golden["expected"], abs=golden["tolerance"])


def _price(flows: Flows, times: YieldTimes, i: int, rate: float, variant: int = 0) -> float:
    """The definition, flow by flow."""
    rows = slice(flows.offsets[i], flows.offsets[i + 1])
    amount = flows.interest[rows, variant] + flows.principal[rows, variant]
    return float(np.sum(amount * (1 + rate / times.per_year[i]) ** -np.cumsum(times.gap[rows])))


def test_yields_and_durations_are_quantlibs() -> None:
    terms = [
        replace(t, day_count=day_count, calendar="NONE", business_day="UNADJUSTED", adjust_accrual=False)
        for t in random_terms(41, 150, AS_OF, stubs=False)
        for day_count in ("ACT/ACT.ICMA", "30/360", "30E/360")
        if t.maturity > AS_OF + 10
        and t.issue is not None
        and t.issue < AS_OF
        and ql_date(t.maturity).dayOfMonth() <= 28
    ]
    coupon = np.random.default_rng(2).uniform(0.0, 0.12, len(terms)).round(5)
    clean = np.random.default_rng(3).uniform(60, 140, len(terms))
    flows, times, accrued = _bonds(terms, AS_OF, coupon)
    yields, converged = solve_yields(flows, times, price_ccy=(clean + accrued)[:, np.newaxis])
    found = durations(flows, times, yields)
    assert converged.all()
    ql.Settings.instance().evaluationDate = ql_date(AS_OF)
    for i, one in enumerate(terms):
        schedule = ql.Schedule(
            ql_date(one.issue or 0),
            ql_date(one.maturity),
            ql.Period(12 // one.frequency, ql.Months),
            ql.NullCalendar(),
            ql.Unadjusted,
            ql.Unadjusted,
            ql.DateGeneration.Backward,
            one.end_of_month,
        )
        counter, frequency = QL_DAY_COUNTS[one.day_count], QL_FREQUENCIES[one.frequency]
        bond = ql.FixedRateBond(0, 100.0, schedule, [coupon[i]], counter)
        price = ql.BondPrice(clean[i], ql.BondPrice.Clean)
        expected = ql.BondFunctions.bondYield(
            bond, price, counter, ql.Compounded, frequency, ql_date(AS_OF), 1e-13, 200, 0.05
        )
        assert yields[i, 0] == pytest.approx(expected, abs=1e-10), one
        for kind, ours in ((ql.Duration.Macaulay, found.macaulay_yr), (ql.Duration.Modified, found.modified_yr)):
            years = ql.BondFunctions.duration(bond, expected, counter, ql.Compounded, frequency, kind, ql_date(AS_OF))
            assert ours[i, 0] == pytest.approx(years, rel=1e-8), one


def _random_flows(seed: int, n: int, scenarios: int, variants: int) -> tuple[Flows, YieldTimes, np.ndarray]:
    """Flows at uneven times, some held up to time zero, and prices at known yields."""
    rng = np.random.default_rng(seed)
    offsets = np.concatenate(([0], np.cumsum(rng.integers(1, 60, n))))
    total = offsets[-1]
    gap = rng.choice([0.0, 1.0, 1.0, 1.0, 2.0, 0.37], total)
    gap[offsets[:-1]] = rng.uniform(0.001, 1.5, n)
    amount = rng.uniform(0.5, 10, (total, variants))
    variant = rng.integers(0, variants, scenarios).astype(np.int32)
    flows = Flows(offsets, np.ones(total, np.int32), np.zeros(total, np.int32), 0.3 * amount, 0.7 * amount, variant)
    times = YieldTimes(gap, rng.choice([1.0, 2.0, 4.0, 12.0], n))
    rates = rng.uniform(-0.5, 1.5, (n, scenarios)) * np.minimum(times.per_year, 2)[:, np.newaxis]
    price = [[_price(flows, times, i, rates[i, s], variant[s]) for s in range(scenarios)] for i in range(n)]
    return flows, times, np.array(price)


@pytest.mark.parametrize(("scenarios", "variants"), [(1, 1), (11, 1), (19, 4)])
def test_yields_are_those_of_a_bracketing_solver(scenarios: int, variants: int) -> None:
    flows, times, price = _random_flows(6, 60, scenarios, variants)
    yields, converged = solve_yields(flows, times, price_ccy=price)
    assert converged.all()
    for i in range(60):
        for s, variant in enumerate(flows.variant_of_scenario):
            per_year = times.per_year[i]
            expected = brentq(
                lambda y, i=i, s=s, v=variant: _price(flows, times, i, y, v) / price[i, s] - 1,
                -0.9 * per_year,
                20 * per_year,
                xtol=1e-13,
                rtol=1e-14,
            )
            assert yields[i, s] == pytest.approx(expected, abs=1e-10)


def test_modified_duration_is_the_slope_of_price_in_yield() -> None:
    flows, times, price = _random_flows(7, 50, 1, 1)
    yields, _ = solve_yields(flows, times, price_ccy=price)
    found = durations(flows, times, yields)
    for i in range(50):
        up, down = (_price(flows, times, i, yields[i, 0] + h) for h in (1e-5, -1e-5))
        assert found.modified_yr[i, 0] == pytest.approx((down - up) / 2e-5 / price[i, 0], rel=1e-6)
    np.testing.assert_allclose(found.macaulay_yr, found.modified_yr * (1 + yields / times.per_year[:, np.newaxis]))


def test_a_yield_depends_on_its_own_position_and_scenario_alone() -> None:
    flows, times, price = _random_flows(8, 40, 13, 1)
    together, _ = solve_yields(flows, times, price_ccy=price)
    for i in (0, 17, 39):
        rows = slice(flows.offsets[i], flows.offsets[i + 1])
        alone = Flows(
            np.array([0, rows.stop - rows.start]),
            flows.day[rows],
            flows.period[rows],
            flows.interest[rows],
            flows.principal[rows],
            np.zeros(1, dtype=np.int32),
        )
        gap, per_year = times.gap[rows], times.per_year[i : i + 1]
        for s in (0, 7, 12):
            one, _ = solve_yields(alone, YieldTimes(gap, per_year), price_ccy=price[i : i + 1, s : s + 1])
            assert one[0, 0] == together[i, s]


def test_a_short_position_has_the_yield_of_a_long_one() -> None:
    flows, times, price = _random_flows(9, 40, 3, 1)
    short = replace(flows, interest=-flows.interest, principal=-flows.principal)
    long_yields, _ = solve_yields(flows, times, price_ccy=price)
    short_yields, converged = solve_yields(short, times, price_ccy=-price)
    assert converged.all()
    assert (long_yields == short_yields).all()


@pytest.mark.parametrize("price", [0.0, -5.0, np.nan, np.inf])
def test_a_price_without_a_yield_does_not_converge(price: float) -> None:
    flows, times, _ = _random_flows(10, 3, 1, 1)
    yields, converged = solve_yields(flows, times, price_ccy=np.full((3, 1), price))
    assert not converged.any()
    assert np.isnan(yields).all()
    assert np.isnan(durations(flows, times, yields).modified_yr).all()


def test_a_flow_due_now_that_is_worth_more_than_the_price_leaves_no_yield() -> None:
    flows, _, _ = _random_flows(10, 1, 1, 1)
    gap = np.ones_like(flows.interest[:, 0])
    gap[0] = 0
    due = (flows.interest + flows.principal)[0, 0]
    _, converged = solve_yields(flows, YieldTimes(gap, np.ones(1)), price_ccy=np.array([[0.9 * due]]))
    assert not converged.any()


def test_without_flows_there_is_no_yield() -> None:
    flows, times, _ = _bonds([Terms(AS_OF), Terms(AS_OF + 400)], AS_OF, [0.05, 0.05])
    yields, converged = solve_yields(flows, times, price_ccy=np.full((2, 1), 100.0))
    assert converged[:, 0].tolist() == [False, True]
    assert np.isnan(yields[0, 0])


def test_a_yield_is_found_past_rates_at_which_values_overflow() -> None:
    n = 300
    amount, due = np.ones((n, 1)), np.ones(n, dtype=np.int32)
    flows = Flows(np.array([0, n]), due, due, 0 * amount, amount, np.zeros(1, np.int32))
    times = YieldTimes(np.ones(n), np.array([12.0]))
    rate = 12 * -0.65
    yields, converged = solve_yields(flows, times, price_ccy=np.array([[_price(flows, times, 0, rate)]]))
    assert converged.all()
    assert yields[0, 0] == pytest.approx(rate, abs=1e-12)


def test_flows_of_both_signs_still_find_a_yield() -> None:
    amount = np.array([[5.0], [-3.0], [4.0], [110.0]])
    flows = Flows(
        np.array([0, 4]), np.ones(4, np.int32), np.arange(4, dtype=np.int32), amount, 0 * amount, np.zeros(1, np.int32)
    )
    times = YieldTimes(np.array([0.25, 1.0, 1.0, 1.0]), np.array([2.0]))
    yields, converged = solve_yields(flows, times, price_ccy=np.array([[97.0]]))
    assert converged.all()
    assert _price(flows, times, 0, yields[0, 0]) == pytest.approx(97, abs=1e-10)


@pytest.mark.parametrize(
    ("terms", "as_of", "w"),
    [
        (Terms(epoch("2030-03-15")), "2026-01-31", 43 / 181),
        (Terms(epoch("2030-03-15"), day_count="ACT/360"), "2026-01-31", 43 / 181),
        (Terms(epoch("2030-03-15"), day_count="30/360"), "2026-01-31", 1 - 136 / 180),
        (Terms(epoch("2030-03-15"), day_count="30E/360"), "2026-01-31", 1 - 135 / 180),
        (Terms(epoch("2030-03-15")), "2026-03-15", 1.0),
        # Sunday's coupon is paid on Monday: on Sunday it counts as due
        (Terms(epoch("2030-03-15"), None, None, 2, "WEEKEND", "FOLLOWING"), "2026-03-15", 0.0),
        # a short stub of a third of a period, and the long one of a period more, on the day of issue
        (Terms(epoch("2030-03-15"), epoch("2026-01-15"), day_count="30/360"), "2026-01-15", 1 / 3),
        (Terms(epoch("2030-03-15"), epoch("2026-01-15"), epoch("2026-09-15"), day_count="30/360"), "2026-01-15", 4 / 3),
        (Terms(epoch("2030-03-15"), epoch("2026-01-15"), epoch("2026-09-15")), "2026-01-15", 1 + 59 / 181),
        # forward: a period and a third before the first coupon
        (Terms(epoch("2030-03-15"), epoch("2026-03-15"), day_count="30/360"), "2026-01-15", 4 / 3),
    ],
)
def test_part_of_the_period_left(terms: Terms, as_of: str, w: float) -> None:
    schedules = schedules_of([terms], epoch(as_of))
    left = part_of_period_left(schedules, day_counts([terms]), frequencies([terms]), epoch(as_of))
    assert left[0] == pytest.approx(w, abs=1e-15)


def test_w_and_the_accrued_part_make_a_whole_period() -> None:
    terms = [replace(t, day_count="ACT/ACT.ICMA") for t in random_terms(44, 200, AS_OF, stubs=False)]
    live = [t for t in terms if t.issue is not None and t.issue <= AS_OF and t.maturity > AS_OF + 10]
    schedules = schedules_of(live, AS_OF)
    left = part_of_period_left(schedules, day_counts(live), frequencies(live), AS_OF)
    first = schedules.offsets[:-1]
    length = schedules.end[first] - schedules.start[first]
    done = np.clip((AS_OF - schedules.start[first]) / length, 0, 1)
    np.testing.assert_allclose(left[done > 0] + done[done > 0], 1, rtol=1e-15)


def test_frequency_zero_counts_years_by_the_own_day_count() -> None:
    day_count_years = {
        "ACT/360": 730 / 360,
        "ACT/365F": 2.0,
        "30/360": 2.0,
        "ACT/ACT.ICMA": 2.0,
        "ACT/ACT.ISDA": 343 / 365 + 1 + 22 / 366,
    }
    terms = [Terms(AS_OF + 730, AS_OF - 100, frequency=0, day_count=name) for name in day_count_years]
    flows, times, _ = _bonds(terms, AS_OF, np.full(5, 0.05))
    np.testing.assert_allclose(times.gap, list(day_count_years.values()), rtol=1e-15)
    yields, _ = solve_yields(flows, times, price_ccy=np.full((5, 1), 99.0))
    amount = (flows.interest + flows.principal)[:, 0]
    np.testing.assert_allclose(yields[:, 0], (amount / 99) ** (1 / times.gap) - 1, rtol=1e-12)


def test_bond_equivalent_yield_of_a_monthly_one() -> None:
    # Bond Market Association (SIFMA), Standard Formulas, SF-49: mortgage yield 8.93863 %, yield 9.10675 %
    assert bond_equivalent(np.array([0.0893863]), 12.0)[0] == pytest.approx(0.0910675, abs=5e-8)
