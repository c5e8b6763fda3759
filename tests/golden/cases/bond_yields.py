"""Bonds between price and yield: accrued interest, yields, durations and convexity."""

import math
from dataclasses import replace

import numpy as np

from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.yields import YieldTimes, durations, solve_yields
from tests.golden.cases.bond_curves import clean_from_curve
from tests.golden.cases.bond_terms import Bond, read_bond, refuse_what_is_not_ours, settlement
from tests.golden.cases.case import VALUE, Case, Figures, NotExpressible
from tests.golden.cases.conventions import calendar_and_rule

STEP = 1e-5
"""of the yield, for the slope of the duration"""
MAX_STEPS = 20


def fixed_bond(case: Case) -> Figures:
    """From a yield the price, from a clean price the yield, from neither the clean price that the curve gives.

    A bare number expected is the clean price; where the clean price is given, the yield, and continuously compounded
    as in the test of QuantLib's that such cases come from. Strata writes prices for one of face, the others for 100.
    """
    if "tree_pct" in case.inputs:
        raise NotExpressible("a binomial lattice of given rates: ours is Hull-White's, fitted to a curve")
    bond = read_bond(case.inputs)
    if "yield_" in case.inputs or "yield_semiannual" in case.inputs:
        return _from_yield(case, bond)
    if "clean" in case.inputs:
        return _from_price(case, bond)
    return clean_from_curve(case, bond)


def _face(case: Case) -> float:
    return 1.0 if case.source.startswith("OpenGamma/Strata") else 100.0


def _from_yield(case: Case, bond: Bond) -> Figures:
    settle = _settled(case, bond)
    name = "yield_" if "yield_" in case.inputs else "yield_semiannual"
    if name == "yield_semiannual" and bond.frequency != 2:
        raise NotExpressible("a semi-annual yield of a bond that does not pay twice a year")
    rate = case.inputs.number(name)
    flows, times = bond.flows(settle), bond.times(settle)
    dirty = price_at_yield(flows, times, rate)
    figures = _figures(case, bond, settle, dirty, rate)
    return {**figures, VALUE: figures["clean"]}


def _from_price(case: Case, bond: Bond) -> Figures:
    settle = _settled(case, bond)
    dirty = case.inputs.number("clean") * 100 / _face(case) + bond.accrued(settle)
    rate = yield_at_price(bond.flows(settle), bond.times(settle), dirty)
    per_year = max(bond.frequency, 1)
    continuous = per_year * math.log1p(rate / per_year)
    return {**_figures(case, bond, settle, dirty, rate), VALUE: continuous}


def _settled(case: Case, bond: Bond) -> int:
    settle = settlement(case, bond)
    case.inputs.skip("curve")
    refuse_what_is_not_ours(case, bond, settle)
    if "evaluation_date" in case.inputs:
        _refuse_moved_payments(case, bond, settle)
    return settle


def _refuse_moved_payments(case: Case, bond: Bond, settle: int) -> None:
    """QuantLib's yields count to the days of payment, ours to the unadjusted ends of the periods.

    Where a case of QuantLib's leaves the calendar out, its test has the US government bonds' and MODIFIED_FOLLOWING.
    """
    if "calendar" not in case.inputs and "pay_conv" not in case.inputs:
        codes = calendar_and_rule("ModifiedFollowing US.GOVT")
        bond = replace(bond, calendar=codes[0], rule=codes[1])
    schedules = bond.schedules(settle)
    if (schedules.pay != schedules.end).any():
        raise NotExpressible("a yield to payment days that holidays move; ours counts to the unadjusted ones")


def _figures(case: Case, bond: Bond, settle: int, dirty: float, rate: float) -> dict[str, float]:
    flows, times = bond.flows(settle), bond.times(settle)
    found, curved = durations(flows, times, np.array([[rate]])), convexity(flows, times, rate)
    accrued, scale = bond.accrued(settle), _face(case) / 100
    return {
        "accrued": accrued * scale,
        "dirty": dirty * scale,
        "clean": (dirty - accrued) * scale,
        "yield_": rate,
        "macaulay": float(found.macaulay_yr[0, 0]),
        "mod_duration": float(found.modified_yr[0, 0]),
        "convexity": curved,
        "convexity_over_100": curved / 100,
    }


def yield_at_price(flows: Flows, times: YieldTimes, dirty: float) -> float:
    yields, converged = solve_yields(flows, times, price_ccy=np.array([[dirty]]))
    if not converged.all():
        raise NotExpressible("no yield")
    return float(yields[0, 0])


def price_at_yield(flows: Flows, times: YieldTimes, rate: float) -> float:
    """The price that the kernel finds `rate` for: Newton's method on its logarithm, whose slope is the duration."""
    dirty = 100.0
    for _ in range(MAX_STEPS):
        found = yield_at_price(flows, times, dirty)
        step = _modified_duration(flows, times, found) * (rate - found)
        dirty *= math.exp(-step)
        if abs(step) < 1e-14:
            break
    return dirty


def convexity(flows: Flows, times: YieldTimes, rate: float) -> float:
    """(1 / P) d2P / dy2 = D^2 - dD / dy, by the modified duration D of the kernel."""
    here, up, down = (_modified_duration(flows, times, y) for y in (rate, rate + STEP, rate - STEP))
    return here**2 - (up - down) / (2 * STEP)


def _modified_duration(flows: Flows, times: YieldTimes, rate: float) -> float:
    return float(durations(flows, times, np.array([[rate]])).modified_yr[0, 0])
