"""Floating-rate notes: forwards from one curve, discounted on another."""

import numpy as np

from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating import floating_flows
from compute.kernels.flows.prepaying_pool import Speeds, Variants
from compute.kernels.options.caplet_volatilities import NO_SURFACE
from compute.kernels.valuing.discounting import present_values
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import AMORTIZATIONS
from tests.golden.cases.bond_terms import Bond, read_bond, settlement
from tests.golden.cases.case import VALUE, Case, Figures, NotExpressible
from tests.golden.cases.conventions import Curve, calendar_and_rule, day_count, flat_curve

INDEX_DAY_COUNTS = {"USDLibor": "ACT/360", "Euribor": "ACT/360", "GBPLibor": "ACT/365F"}


def note(case: Case) -> Figures:
    """Clean price at settlement. Our forward counts its period as the coupon does, so the index has to as well."""
    inputs = case.inputs
    name = inputs.text("index").rstrip("0123456789MY")
    if name not in INDEX_DAY_COUNTS:
        raise NotExpressible(f"index {inputs.text('index')!r} is none that is read here")
    if day_count(inputs.text("daycount")) != day_count(INDEX_DAY_COUNTS[name]):
        counts = f"{INDEX_DAY_COUNTS[name]}, the coupon {inputs.text('daycount')}"
        raise NotExpressible(f"the index counts {counts}: our forwards count as the coupon does")
    bond, adjusted = read_bond(inputs), calendar_and_rule(inputs.text("conv", "Unadjusted"))
    inputs.skip("fixing_days", "curve")
    settle, today = settlement(case, bond), inputs.day("evaluation_date")
    if settle > bond.issue:
        raise NotExpressible("a note whose current coupon was fixed before settlement")
    schedules = _schedules(bond, adjusted, settle)
    curves = [flat_curve(inputs.text(which)) for which in ("forward_curve", "discount")]
    clean = _value(bond, schedules, curves, settle, settle - today)
    return {"clean": clean, VALUE: clean}


def _schedules(bond: Bond, adjusted: tuple[int, int], settle: int) -> Schedules:
    return build_schedules(
        settle,
        maturity_day=[bond.maturity],
        issue_day=[bond.issue],
        first_payment_day=[ABSENT_DATE],
        frequency=[bond.frequency],
        calendar=[adjusted[0]],
        business_day=[adjusted[1]],
        end_of_month=[bond.end_of_month],
        adjust_accrual=[True],
    )


def _value(bond: Bond, schedules: Schedules, curves: list[Curve], settle: int, ahead: int) -> float:
    """Per 100, on curves that start `ahead` days before settlement."""
    days = int(schedules.pay[-1]) - settle + 1
    factors = np.concatenate([curve.factors(days, ahead) for curve in curves])
    variants = Variants(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1, np.int32))
    projected = floating_flows(settle, schedules, _terms(bond, schedules), Speeds.none(1), variants, factors)
    row = np.zeros(1, np.int32)
    on = DiscountTerms(curve_row=row + 1, spread_row=row, spread=np.zeros((1, 1)))
    return float(present_values(projected.flows, on, factors=factors, spread_factors=np.ones((1, days)))[0, 0])


def _terms(bond: Bond, schedules: Schedules) -> FloatTerms:
    absent, none = np.full(1, np.nan), np.full(1, ABSENT_DATE, np.int32)
    return FloatTerms(
        balance_ccy=np.full(1, 100.0),
        margin=np.zeros(1),
        cap=absent,
        floor=absent,
        servicing_fee=np.zeros(1),
        redemption_per_100=np.full(1, 100.0),
        day_count=np.array([bond.day_count], np.int8),
        frequency=np.array([bond.frequency], np.int32),
        amortization=np.array([AMORTIZATIONS.index("BULLET")], np.int8),
        io_until_day=none,
        amortization_months=np.zeros(1, np.int32),
        issue_day=np.array([bond.issue], np.int32),
        maturity_day=np.array([bond.maturity], np.int32),
        round_to_cent=np.zeros(1, np.bool_),
        is_loan=np.zeros(1, np.bool_),
        projection_row=np.zeros(1, np.int32),
        volatility_row=np.full(1, NO_SURFACE, np.int32),
        fixing=np.full(len(schedules.pay), np.nan),
    )
