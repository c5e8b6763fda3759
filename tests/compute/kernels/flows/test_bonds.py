from dataclasses import replace

import numpy as np
import QuantLib as ql

from compute.kernels.flows.bonds import accrued_interest, bond_flows
from compute.kernels.flows.flows import Flows
from tests.compute.kernels.dates.reference_dates import (
    QL_CALENDARS,
    QL_DAY_COUNTS,
    QL_RULES,
    Terms,
    day_counts,
    epoch,
    frequencies,
    ql_date,
    random_terms,
    schedules_of,
)

AS_OF = epoch("2026-01-23")
NODE_DAYS = [0, 182, 365, 730, 1825, 3650, 5500]
NODE_RATES = [0.021, 0.021, 0.0225, 0.0245, 0.0288, 0.0325, 0.0341]
LOG_DF = -np.array(NODE_RATES) * np.array(NODE_DAYS) / 365


def _flows(terms: list[Terms], as_of: int, coupon: np.ndarray, **changes: np.ndarray) -> Flows:
    n = len(terms)
    columns = {
        "notional": np.full(n, 1e6),
        "rate_type_is_zero": np.zeros(n, dtype=bool),
        "redemption_per_100": np.full(n, 100.0),
    }
    return bond_flows(
        schedules_of(terms, as_of),
        coupon=coupon,
        day_count=day_counts(terms),
        frequency=frequencies(terms),
        as_of_day=as_of,
        scenario_count=1,
        **(columns | changes),
    )


def _accrued(terms: list[Terms], as_of: int, coupon: np.ndarray) -> np.ndarray:
    return accrued_interest(
        schedules_of(terms, as_of),
        balance=np.full(len(terms), 1e6),
        rate=coupon,
        day_count=day_counts(terms),
        frequency=frequencies(terms),
        as_of_day=as_of,
    )


def _pv(flows: Flows) -> np.ndarray:
    factors = np.exp(np.interp(flows.day, NODE_DAYS, LOG_DF))
    values = (flows.interest + flows.principal)[:, 0] * factors
    return np.array([values[a:b].sum() for a, b in zip(flows.offsets[:-1], flows.offsets[1:], strict=True)])


def _quantlib_engine() -> ql.DiscountingBondEngine:
    ql.Settings.instance().evaluationDate = ql_date(AS_OF)
    dates = [ql_date(AS_OF + day) for day in NODE_DAYS]
    curve = ql.DiscountCurve(dates, list(np.exp(LOG_DF)), ql.Actual365Fixed())
    return ql.DiscountingBondEngine(ql.YieldTermStructureHandle(curve))


def _quantlib_bond(terms: Terms, coupon: float) -> ql.FixedRateBond:
    schedule = ql.Schedule(
        ql_date(terms.issue or 0),
        ql_date(terms.maturity),
        ql.Period(12 // terms.frequency, ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        terms.end_of_month,
        ql_date(terms.first_payment) if terms.first_payment else ql.Date(),
    )
    return ql.FixedRateBond(
        0,
        1e6,
        schedule,
        [coupon],
        QL_DAY_COUNTS[terms.day_count],
        QL_RULES[terms.business_day],
        100.0,
        ql_date(terms.issue or 0),
        QL_CALENDARS[terms.calendar],
    )


def _comparable(count: int) -> list[Terms]:
    """Bonds that QuantLib's own schedule can say; its long ICMA stubs roll otherwise at month ends."""
    terms = [replace(t, adjust_accrual=False) for t in random_terms(31, count, AS_OF) if t.issue is not None]
    live = [t for t in terms if t.maturity > AS_OF + 10 and t.first_payment != t.maturity]
    return [t for t in live if t.day_count != "ACT/ACT.ICMA" or ql_date(t.maturity).dayOfMonth() <= 28]


def test_present_values_and_accrued_interest_are_quantlibs() -> None:
    terms = _comparable(700)
    coupon = np.random.default_rng(1).uniform(-0.01, 0.12, len(terms)).round(5)
    engine, ours, accrued = _quantlib_engine(), _pv(_flows(terms, AS_OF, coupon)), _accrued(terms, AS_OF, coupon)
    assert len(terms) > 400
    for i, one in enumerate(terms):
        bond = _quantlib_bond(one, coupon[i])
        bond.setPricingEngine(engine)
        np.testing.assert_allclose(ours[i], bond.NPV(), rtol=1e-12, err_msg=str(one))
        expected = ql.BondFunctions.accruedAmount(bond, ql_date(AS_OF)) * 1e4
        np.testing.assert_allclose(accrued[i], expected, rtol=1e-12, atol=1e-9, err_msg=str(one))


def test_adjusted_accruals_are_quantlibs() -> None:
    """Accrual days move with payments: QuantLib counts between the dates of an adjusted schedule."""
    terms = [
        replace(t, adjust_accrual=True, end_of_month=False)
        for t in random_terms(32, 150, AS_OF, stubs=False)
        if t.maturity > AS_OF + 10 and t.day_count != "ACT/ACT.ICMA"
    ]
    coupon, engine = np.full(len(terms), 0.05), _quantlib_engine()
    ours = _pv(_flows(terms, AS_OF, coupon))
    for i, one in enumerate(terms):
        unadjusted = [c.date() for c in _quantlib_bond(replace(one, business_day="UNADJUSTED"), 0.05).cashflows()]
        calendar, rule = QL_CALENDARS[one.calendar], QL_RULES[one.business_day]
        dates = [calendar.adjust(day, rule) for day in (ql_date(one.issue or 0), *unadjusted[:-1])]
        schedule = ql.Schedule(dates, calendar, rule)
        bond = ql.FixedRateBond(0, 1e6, schedule, [0.05], QL_DAY_COUNTS[one.day_count], rule)
        bond.setPricingEngine(engine)
        np.testing.assert_allclose(ours[i], bond.NPV(), rtol=1e-12, err_msg=str(one))


def test_zero_coupon_bonds_are_quantlibs() -> None:
    terms = [t for t in random_terms(33, 200, AS_OF) if t.maturity > AS_OF + 10]
    redemption, n = np.random.default_rng(4).uniform(90, 110, len(terms)), len(terms)
    flows = _flows(
        terms, AS_OF, np.full(n, np.nan), rate_type_is_zero=np.ones(n, dtype=bool), redemption_per_100=redemption
    )
    ours, engine = _pv(flows), _quantlib_engine()
    assert (np.diff(flows.offsets) == 1).all()
    for i, one in enumerate(terms):
        calendar, rule = QL_CALENDARS[one.calendar], QL_RULES[one.business_day]
        bond = ql.ZeroCouponBond(0, calendar, 1e6, ql_date(one.maturity), rule, redemption[i], ql_date(AS_OF - 99))
        bond.setPricingEngine(engine)
        np.testing.assert_allclose(ours[i], bond.NPV(), rtol=1e-12, err_msg=str(one))


def test_flows_of_a_semi_annual_bond_by_hand() -> None:
    flows = _flows([Terms(epoch("2027-01-31"), day_count="30/360")], epoch("2026-01-31"), np.array([0.06]))
    # 31 January to 31 July is 180 days of 30/360, 31 July to 31 January too
    assert flows.day.tolist() == [181, 365]
    assert flows.period.tolist() == [0, 1]
    np.testing.assert_allclose(flows.interest[:, 0], [30_000, 30_000], rtol=1e-15)
    assert flows.principal[:, 0].tolist() == [0, 1e6]


def test_a_negative_notional_mirrors_a_positive_one() -> None:
    terms, coupon = list(random_terms(34, 100, AS_OF)), np.full(100, 0.04)
    long, short = (_flows(terms, AS_OF, coupon, notional=np.full(100, face)) for face in (1e6, -1e6))
    assert (long.interest == -short.interest).all()
    assert (long.principal == -short.principal).all()


def test_a_matured_bond_has_no_flows_and_accrues_nothing() -> None:
    terms = [Terms(AS_OF, AS_OF - 700), Terms(AS_OF + 700, AS_OF - 700)]
    assert np.diff(_flows(terms, AS_OF, np.full(2, 0.05)).offsets).tolist() == [0, 4]
    assert _accrued(terms, AS_OF, np.full(2, 0.05))[0] == 0
