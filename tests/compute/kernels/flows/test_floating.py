"""Floating loans and notes against a month-by-month reference, bump and revaluation, and QuantLib."""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.dates.fixings import fixings_at, reset_rows
from compute.kernels.dates.schedules import build_schedules
from compute.kernels.flows.floating import FloatingFlows, floating_flows
from compute.kernels.flows.prepaying_pool import Speeds, distinct_variants
from compute.kernels.options.caplet_volatilities import LOGNORMAL, NORMAL, CapletSurfaces
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS
from tests.builders.floating_arrays import (
    AS_OF,
    DAYS,
    KEYS,
    MULTIPLIERS,
    SHIFTS,
    discounting_of,
    factors,
    terms_of,
)
from tests.builders.loan_arrays import schedules_of, speeds_of
from tests.compute.kernels.flows.reference_loans import (
    Loan,
    add_months,
    epoch_day,
    flows,
    fraction,
    random_loan,
    remaining_periods,
)


def floating_of(
    loans: list[Loan],
    bumps: np.ndarray | float = 0.0,
    sensitive: bool = False,
    surfaces: CapletSurfaces | None = None,
    **rates: Any,
) -> FloatingFlows:
    schedules, speeds = schedules_of(loans), speeds_of(loans)
    variants = distinct_variants(speeds, *MULTIPLIERS)
    terms, table = terms_of(loans, schedules, **rates), factors(bumps)
    discounting = discounting_of(len(loans)) if sensitive else None
    return floating_flows(epoch_day(AS_OF), schedules, terms, speeds, variants, table, discounting, surfaces)


EXPIRIES_YR, STRIKES = np.array([0.5, 2.0, 6.0]), np.array([0.0, 0.02, 0.05])
SMILE = np.array([[1.1, 1.0, 1.05], [1.02, 0.93, 1.0], [0.95, 0.88, 0.97]])
SURFACES = CapletSurfaces(
    np.array([NORMAL, LOGNORMAL], np.int8),
    np.array([EXPIRIES_YR, EXPIRIES_YR]),
    np.array([STRIKES, [0.0, np.inf, np.inf]]),
    np.array([[level * SMILE for level in (0.009, 0.012, 0.007)], [level * SMILE for level in (0.3, 0.35, 0.2)]]),
    np.zeros(2),
)
"""A normal surface with a smile, and a lognormal one whose strikes share the first column; one level a scenario."""


def surface_volatility(row: int, scenario: int, expiry_yr: float, strike: float) -> float:
    vols = SURFACES.vols[row, scenario]
    if row == LOGNORMAL:
        return float(np.interp(expiry_yr, EXPIRIES_YR, vols[:, 0]))
    return float(np.interp(expiry_yr, EXPIRIES_YR, [np.interp(strike, STRIKES, smile) for smile in vols]))


def quantlib_option(row: int, scenario: int, side: int, expiry_yr: float, forward: float, strike: float) -> float:
    deviation = surface_volatility(row, scenario, expiry_yr, strike) * expiry_yr**0.5
    if row == NORMAL:
        return float(ql.bachelierBlackFormula(side, strike, forward, deviation))
    if strike <= 0:
        return max(side * (forward - strike), 0.0)
    return float(ql.blackFormula(side, strike, forward, deviation))


def expected_rates(loan: Loan, scenario: int, row: int, cap: float, floor: float) -> list[float]:
    """A caplet sold and a floorlet bought on every reset to come."""
    unbounded = reference_rates(loan, scenario, 0.0412, np.nan, np.nan)
    rates = reference_rates(loan, scenario, 0.0412, cap, floor)
    for j, (start, _) in enumerate(remaining_periods(loan, AS_OF)):
        expiry_yr, forward = (start - AS_OF).days / 365, unbounded[j] - loan.coupon
        if expiry_yr > 0:
            sold = quantlib_option(row, scenario, ql.Option.Call, expiry_yr, forward, cap - loan.coupon)
            bought = quantlib_option(row, scenario, ql.Option.Put, expiry_yr, forward, floor - loan.coupon)
            rates[j] = unbounded[j] + bought - sold
    return rates


def reference_rates(loan: Loan, scenario: int, fixing: float, cap: float, floor: float) -> list[float]:
    rates, table = [], factors()[1, :, scenario]
    for start, end in remaining_periods(loan, AS_OF):
        s, e = (start - AS_OF).days, (end - AS_OF).days
        rate = fixing if s <= 0 else (table[s] / table[e] - 1) / fraction(loan, start, end)
        rate += loan.coupon
        rate = cap if rate > cap else rate
        rates.append(floor if rate < floor else rate)
    return rates


def present_values(projected: FloatingFlows, count: int) -> np.ndarray:
    """[n, S] with discount factors that no bump moves."""
    held, table, paid = discounting_of(count), factors()[0], projected.flows
    position = np.repeat(np.arange(count), np.diff(paid.offsets))
    times = paid.day[:, None] / 365
    factor = table[paid.day] * held.spread_factors[1, paid.day][:, None] * np.exp(-held.spread[position] * times)
    values = np.zeros((count, len(SHIFTS)))
    np.add.at(values, position, (paid.interest + paid.principal) * factor)
    return values


@pytest.fixture(scope="module")
def book() -> list[Loan]:
    generator = Random(99)
    return [random_loan(generator, AS_OF, floating=True) for _ in range(90)]


@pytest.mark.parametrize(("cap", "floor"), [(np.nan, np.nan), (0.075, 0.0378)])
def test_random_floaters_pay_what_the_month_by_month_reference_says(book: list[Loan], cap: float, floor: float) -> None:
    projected = floating_of(book, cap=cap, floor=floor).flows
    for i, loan in enumerate(book):
        rows = slice(projected.offsets[i], projected.offsets[i + 1])
        for s, changes in enumerate(zip(*MULTIPLIERS, strict=True)):
            resetting = replace(loan, rates=reference_rates(loan, s, 0.0412, cap, floor))
            expected, atol = flows(resetting, AS_OF, *changes), abs(loan.balance) * 1e-11
            np.testing.assert_allclose(projected.interest[rows, s], [f[1] for f in expected], 1e-11, atol)
            np.testing.assert_allclose(projected.principal[rows, s], [f[2] for f in expected], 1e-11, atol)
    assert list(projected.variant_of_scenario) == [0, 1, 2]


def test_projection_key_rates_are_what_bump_and_revaluation_says(book: list[Loan]) -> None:
    sensitive, h, n = floating_of(book, sensitive=True), 1e-6, len(book)
    scale = np.abs(sensitive.projection_key_rate_dv01).sum(axis=2) + 1e-9 * np.abs([[loan.balance] for loan in book])
    for k in range(len(KEYS)):
        bump = np.eye(len(KEYS))[k] * h
        up, down = (present_values(floating_of(book, sign * bump), n) for sign in (1, -1))
        central = (down - up) / (2 * h) * 1e-4
        assert (np.abs(sensitive.projection_key_rate_dv01[:, :, k] - central) <= 1e-5 * scale).all()
    assert (np.abs(sensitive.projection_key_rate_dv01).sum(axis=(1, 2)) > 0).sum() > n / 2


@pytest.mark.parametrize("row", [NORMAL, LOGNORMAL])
def test_with_a_surface_a_floater_pays_its_caplets_and_floorlets(book: list[Loan], row: int) -> None:
    """Level payments are set on the expected rate."""
    some = book[:30]
    projected = floating_of(some, surfaces=SURFACES, volatility_row=row, cap=0.075, floor=0.0378).flows
    intrinsic = floating_of(some, cap=0.075, floor=0.0378).flows
    for i, loan in enumerate(some):
        rows = slice(projected.offsets[i], projected.offsets[i + 1])
        for s, changes in enumerate(zip(*MULTIPLIERS, strict=True)):
            resetting = replace(loan, rates=expected_rates(loan, s, row, 0.075, 0.0378))
            expected, atol = flows(resetting, AS_OF, *changes), abs(loan.balance) * 1e-11
            np.testing.assert_allclose(projected.interest[rows, s], [f[1] for f in expected], 1e-10, atol)
            np.testing.assert_allclose(projected.principal[rows, s], [f[2] for f in expected], 1e-10, atol)
    assert (projected.interest != intrinsic.interest).mean() > 0.5


@pytest.mark.parametrize("row", [NORMAL, LOGNORMAL])
@pytest.mark.parametrize("bounds", [{"cap": 0.075, "floor": 0.0378}, {"cap": 0.06}, {"floor": 0.05}])
def test_key_rates_through_options_are_what_a_basis_point_says(
    book: list[Loan], row: int, bounds: dict[str, float]
) -> None:
    """Their sum is DV01's central difference; one alone moves a forward by less, and an option days before its
    reset bends within a basis point: such a key rate's own difference is a little off."""
    held: dict[str, Any] = {"surfaces": SURFACES, "volatility_row": row, **bounds}
    key_rates, n = floating_of(book, sensitive=True, **held).projection_key_rate_dv01, len(book)
    scale = np.abs(key_rates).sum(axis=2) + 1e-8 * np.abs([[loan.balance] for loan in book])

    def central(bump: np.ndarray) -> np.ndarray:
        up, down = (present_values(floating_of(book, sign * 1e-4 * bump, **held), n) for sign in (1, -1))
        moved: np.ndarray = (down - up) / 2
        return moved

    assert (np.abs(key_rates.sum(axis=2) - central(np.ones(len(KEYS)))) <= 1e-6 * scale).all()
    for k in range(len(KEYS)):
        off = np.abs(key_rates[:, :, k] - central(np.eye(len(KEYS))[k])) / scale
        assert np.median(off) <= 1e-5 and off.max() <= 1e-3


def test_without_volatility_options_are_worth_their_intrinsic_value(book: list[Loan]) -> None:
    bounds: dict[str, Any] = {"cap": 0.075, "floor": 0.0378}
    intrinsic = floating_of(book, **bounds).flows
    for row in (NORMAL, LOGNORMAL):
        calm = floating_of(book, surfaces=SURFACES._replace(vols=SURFACES.vols * 1e-9), volatility_row=row, **bounds)
        balance = np.repeat([abs(loan.balance) for loan in book], np.diff(intrinsic.offsets))[:, None]
        assert (np.abs(calm.flows.interest - intrinsic.interest) <= 1e-12 * balance).all()
        none = floating_of(book, surfaces=SURFACES._replace(vols=SURFACES.vols * 0), volatility_row=row, **bounds)
        assert none.flows.interest == pytest.approx(intrinsic.interest, rel=1e-13, abs=1e-12)


def test_a_surface_changes_no_bit_of_what_has_neither_cap_nor_floor(book: list[Loan]) -> None:
    plain, beside = floating_of(book, sensitive=True), floating_of(book, sensitive=True, surfaces=SURFACES)
    assert (plain.projection_key_rate_dv01 == beside.projection_key_rate_dv01).all()
    for other in (beside, floating_of(book, surfaces=SURFACES, volatility_row=NORMAL)):
        assert (plain.flows.interest == other.flows.interest).all()
        assert (plain.flows.principal == other.flows.principal).all()


@pytest.mark.parametrize("row", [NORMAL, LOGNORMAL])
def test_a_collar_of_equal_strikes_pays_the_strike(book: list[Loan], row: int) -> None:
    """Cap-floor parity; also in level payments and key rates, which nothing then moves."""
    collared = floating_of(book, sensitive=True, surfaces=SURFACES, volatility_row=row, cap=0.05, floor=0.05)
    fixed = floating_of(book, cap=0.05, floor=0.05).flows
    assert (collared.flows.interest == fixed.interest).all()
    assert (collared.projection_key_rate_dv01 == 0.0).all()


def test_a_capped_floater_pays_the_same_bits_alone_and_in_company(book: list[Loan]) -> None:
    held: dict[str, Any] = {"sensitive": True, "surfaces": SURFACES, "volatility_row": NORMAL, "cap": 0.06}
    together = floating_of(book, **held)
    for i, loan in enumerate(book[:20]):
        alone, rows = floating_of([loan], **held), slice(together.flows.offsets[i], together.flows.offsets[i + 1])
        assert (together.flows.interest[rows] == alone.flows.interest).all()
        assert (together.projection_key_rate_dv01[i] == alone.projection_key_rate_dv01[0]).all()


def test_amounts_do_not_depend_on_whether_sensitivities_are_asked_for(book: list[Loan]) -> None:
    plain, sensitive = floating_of(book), floating_of(book, sensitive=True)
    assert plain.projection_key_rate_dv01.shape == (len(book), 3, 0)
    assert (plain.flows.interest == sensitive.flows.interest).all()
    assert (plain.flows.principal == sensitive.flows.principal).all()


def test_where_cap_or_floor_binds_key_rates_do_not_matter(book: list[Loan]) -> None:
    bounds: tuple[dict[str, Any], ...] = ({"cap": 0.001}, {"floor": 0.9})
    for bound in bounds:
        assert (floating_of(book, sensitive=True, **bound).projection_key_rate_dv01 == 0.0).all()


def test_a_negative_notional_mirrors_a_positive_one(book: list[Loan]) -> None:
    ours = floating_of(book, sensitive=True)
    theirs = floating_of([replace(loan, balance=-loan.balance) for loan in book], sensitive=True)
    assert (ours.flows.interest == -theirs.flows.interest).all()
    assert (ours.flows.principal == -theirs.flows.principal).all()
    assert (ours.projection_key_rate_dv01 == -theirs.projection_key_rate_dv01).all()


def test_a_floater_pays_the_same_bits_alone_and_in_company(book: list[Loan]) -> None:
    together = floating_of(book, sensitive=True)
    for i, loan in enumerate(book[:40]):
        alone, rows = (
            floating_of([loan], sensitive=True),
            slice(together.flows.offsets[i], together.flows.offsets[i + 1]),
        )
        assert (together.flows.interest[rows] == alone.flows.interest).all()
        assert (together.flows.principal[rows] == alone.flows.principal).all()
        assert (together.projection_key_rate_dv01[i] == alone.projection_key_rate_dv01[0]).all()


def test_a_bullet_at_no_margin_is_worth_par_at_a_reset() -> None:
    """Discounted on its own projection curve, forwards telescope."""
    loan = Loan(100.0, 0.0, AS_OF, add_months(AS_OF, 60), 4, "ACT/360", "BULLET")
    projected = floating_of([loan], fixing=np.nan).flows
    table = factors()[1]
    values = ((projected.interest + projected.principal) * table[projected.day]).sum(axis=0)
    assert values == pytest.approx(np.full(3, 100.0), rel=1e-13)


def test_a_period_that_has_begun_without_a_fixing_is_not_a_number() -> None:
    loan = Loan(100.0, 0.01, date(2025, 12, 1), date(2027, 12, 1), 4, "ACT/360", "BULLET")
    projected = floating_of([loan], fixing=np.nan, sensitive=True).flows
    assert np.isnan(projected.interest[0]).all()
    assert np.isfinite(projected.interest[1:]).all()


def test_resets_in_progress_today_and_of_delayed_payments() -> None:
    """On Monday 19 January 2026, a holiday: what the second note pays on Saturday the 17th comes on the 20th."""
    schedules = build_schedules(
        epoch_day(date(2026, 1, 19)),
        maturity_day=[epoch_day(day) for day in (date(2027, 3, 2), date(2027, 1, 17), date(2027, 1, 19))],
        issue_day=[epoch_day(day) for day in (date(2025, 3, 2), date(2025, 1, 17), date(2026, 1, 19))],
        first_payment_day=ABSENT_DATE,
        frequency=4,
        calendar=CALENDARS.index("US.SETTLEMENT"),
        business_day=BUSINESS_DAYS.index("FOLLOWING"),
        end_of_month=False,
        adjust_accrual=False,
    )
    as_of = epoch_day(date(2026, 1, 19))
    resets = schedules.accrual_start[reset_rows(schedules, as_of)]
    expected = [date(2025, 12, 2), date(2025, 10, 17), date(2026, 1, 17), date(2026, 1, 19)]
    assert list(resets) == [epoch_day(day) for day in expected]


def test_a_fixing_counts_on_its_exact_date_only() -> None:
    days, rates = np.array([10, 20], np.int32), np.array([0.01, 0.02])
    found = fixings_at(np.array([9, 10, 15, 20, 21], np.int32), days, rates)
    np.testing.assert_array_equal(found, [np.nan, 0.01, np.nan, 0.02, np.nan])
    assert np.isnan(fixings_at(np.array([9], np.int32), days[:0], rates[:0])).all()


def test_cents_are_whole_and_the_last_payment_clears_the_balance() -> None:
    loan = Loan(123456.78, 0.02, date(2025, 12, 1), date(2031, 12, 1))
    schedules, speeds = schedules_of([loan]), Speeds.none(1)
    variants = distinct_variants(speeds, *MULTIPLIERS)
    terms = terms_of([loan], schedules)
    rounded, exact = (
        floating_flows(epoch_day(AS_OF), schedules, terms._replace(round_to_cent=flag), speeds, variants, factors())
        for flag in (np.array([True]), np.array([False]))
    )
    for amounts in (rounded.flows.interest, rounded.flows.principal):
        assert 100 * amounts == pytest.approx(np.round(100 * amounts), abs=1e-6)
    assert rounded.flows.principal.sum(axis=0) == pytest.approx(np.full(3, 123456.78), abs=1e-7)
    assert rounded.flows.principal == pytest.approx(exact.flows.principal, abs=0.25)


@pytest.mark.parametrize(("day_count", "quantlib"), [("ACT/360", ql.Actual360()), ("ACT/365F", ql.Actual365Fixed())])
def test_floating_notes_pay_as_quantlibs(day_count: str, quantlib: ql.DayCounter) -> None:
    """Par coupons: the index accrues over the note's own period with the note's own day count."""
    index, discount = quantlib_market(quantlib)
    start, schedule = QUANTLIB_START, quantlib_schedule()
    note = ql.FloatingRateBond(
        0, 1e6, schedule, index, quantlib, ql.Unadjusted, 0, spreads=[0.0125], redemption=102.0, issueDate=start
    )
    note.setPricingEngine(ql.DiscountingBondEngine(discount))
    ours = Loan(1e6, 0.0125, AS_OF, date(2033, 1, 23), 4, day_count, "BULLET", redemption=1.02)
    projected = floating_of([ours]).flows
    theirs = [flow.amount() for flow in note.cashflows()]
    assert projected.interest[:, 0] == pytest.approx(theirs[:-1], rel=1e-10)
    assert projected.principal[-1, 0] == pytest.approx(theirs[-1], rel=1e-14)
    value = (projected.interest + projected.principal)[:, 0] @ factors()[0, projected.day, 0]
    assert value == pytest.approx(note.NPV(), rel=1e-10)


@pytest.mark.parametrize("row", [NORMAL, LOGNORMAL])
def test_every_caplet_and_floorlet_is_worth_what_quantlibs_is(row: int) -> None:
    """Each optionlet by QuantLib's own engine at the volatility of its reset and strike, discounting and all."""
    cap, floor, margin, face = 0.052, 0.041, 0.0125, 1e6
    index, discount = quantlib_market(ql.Actual360())
    leg = ql.IborLeg([face], quantlib_schedule(), index, ql.Actual360(), ql.Unadjusted)
    loan = Loan(face, margin, AS_OF, date(2033, 1, 23), 4, "ACT/360", "BULLET")
    held: dict[str, Any] = {"surfaces": SURFACES, "volatility_row": row}
    plain, capped, floored, both = (
        floating_of([loan], **(held | bounds)).flows.interest[:, 0]
        for bounds in ({}, {"cap": cap}, {"floor": floor}, {"cap": cap, "floor": floor})
    )
    table = factors()[0, :, 0]
    for j in range(1, len(plain)):
        accrual = ql.as_coupon(leg[j])
        reset, pay = accrual.accrualStartDate() - QUANTLIB_START, accrual.date() - QUANTLIB_START
        for option, strike, ours in (
            (ql.Cap, cap - margin, plain[j] - capped[j]),
            (ql.Floor, floor - margin, floored[j] - plain[j]),
        ):
            theirs = option([leg[j]], [strike])
            theirs.setPricingEngine(quantlib_engine(row, surface_volatility(row, 0, reset / 365, strike), discount))
            assert ours * table[pay] == pytest.approx(theirs.NPV(), rel=1e-10, abs=1e-9)
    assert both - plain == pytest.approx((capped - plain) + (floored - plain), abs=1e-9)


QUANTLIB_START = ql.Date(23, 1, 2026)


def quantlib_market(day_count: ql.DayCounter) -> tuple[ql.IborIndex, ql.YieldTermStructureHandle]:
    """The first scenario's index, with its fixing of the valuation date, and discount curve."""
    ql.Settings.instance().evaluationDate = QUANTLIB_START
    nodes = [QUANTLIB_START + int(day) for day in DAYS]
    projection, discount = (
        ql.YieldTermStructureHandle(ql.DiscountCurve(nodes, list(factors()[row, :, 0]), ql.Actual365Fixed()))
        for row in (1, 0)
    )
    period, usd, calendar = ql.Period(3, ql.Months), ql.USDCurrency(), ql.NullCalendar()
    index = ql.IborIndex("index", period, 0, usd, calendar, ql.Unadjusted, False, day_count, projection)
    index.addFixing(QUANTLIB_START, 0.0412, True)
    return index, discount


def quantlib_schedule() -> ql.Schedule:
    maturity, quarter = ql.Date(23, 1, 2033), ql.Period(3, ql.Months)
    return ql.MakeSchedule(QUANTLIB_START, maturity, quarter, calendar=ql.NullCalendar(), backwards=True)


def quantlib_engine(row: int, volatility: float, discount: ql.YieldTermStructureHandle) -> ql.PricingEngine:
    engine = ql.BachelierCapFloorEngine if row == NORMAL else ql.BlackCapFloorEngine
    return engine(discount, ql.QuoteHandle(ql.SimpleQuote(volatility)))
