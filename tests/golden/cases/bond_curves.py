"""Bonds on a curve: clean prices forward to settlement, stepped coupons, z-spreads and key rates."""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import log_discount_factors
from compute.kernels.dates.calendars import adjust, civil_of_day, day_in_month, month_number_of_day
from compute.kernels.dates.daycounts import period_fraction, year_fraction
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.loans import Cashflows, custom_flows
from compute.kernels.valuing.discounting import present_values
from compute.kernels.valuing.spreads import z_spreads
from tests.golden.cases.bond_terms import Bond, read_bond, refuse_what_is_not_ours, settlement
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible
from tests.golden.cases.conventions import Curve, flat_curve

BASIS_POINT = 1e-4
Array = NDArray[np.float64]


def zero_bond(case: Case) -> Figures:
    return clean_from_curve(case, read_bond(case.inputs))


def clean_from_curve(case: Case, bond: Bond) -> Figures:
    settle = settlement(case, bond)
    refuse_what_is_not_ours(case, bond, settle)
    factors = _forward_factors(case.inputs, flat_curve(case.inputs.text("curve")), settle, bond)
    clean = _value(bond.flows(settle), factors) - bond.accrued(settle)
    return {"clean": clean, VALUE: clean}


def stepped_bond(case: Case) -> Figures:
    """One coupon a period, the last for all that follow: the amounts come as the CUSTOM cash flows of a loan.

    `next_to_last` ends the regular periods; what follows is a short last one, which our schedules do not have.
    """
    inputs = case.inputs
    bond = replace(read_bond(inputs), coupon=1.0)
    settle = settlement(case, bond)
    last, amounts = bond.maturity, np.array(inputs.numbers("coupons"))
    regular = replace(bond, maturity=inputs.day("next_to_last") if "next_to_last" in inputs else last)
    schedules = regular.schedules(regular.issue)
    fraction = period_fraction(schedules, np.array([bond.day_count], np.int8), np.array([bond.frequency], np.int32))
    pay = schedules.pay
    if last != regular.maturity:
        fraction = np.append(fraction, _last_stub(bond, regular.maturity))
        pay = np.append(pay, adjust([last], bond.calendar, bond.rule))
    coupons = np.concatenate([amounts, np.full(max(len(pay) - len(amounts), 0), amounts[-1])])[: len(pay)]
    principal = np.where(np.arange(len(pay)) == len(pay) - 1, 100.0, 0.0)
    table = Cashflows(np.array([0, len(pay)]), pay, principal, 100.0 * coupons * fraction)
    flows = custom_flows(settle, table, np.array([0]), np.array([100.0]), np.array([np.nan]), 1)
    factors = _forward_factors(inputs, flat_curve(inputs.text("curve")), settle, bond)
    accrued = coupons[len(pay) - len(flows.day)] * regular.accrued(settle)
    clean = _value(flows, factors) - accrued
    return {"clean": clean, VALUE: clean}


def _last_stub(bond: Bond, start: int) -> Array:
    notional_end = day_in_month(month_number_of_day(start) + 12 // bond.frequency, civil_of_day(start)[2])
    return year_fraction(bond.day_count, [start], [bond.maturity], [start], [notional_end], bond.frequency)


def z_spread(case: Case) -> Figures:
    """`clean` is the curve's own price, `zspread` the continuous spread that gives the clean price of the inputs."""
    inputs = case.inputs
    if inputs.text("zspread") != "continuous Act/365F from settlement":
        raise NotExpressible("a z-spread other than a continuous one, ACT/365F")
    bond = read_bond(inputs)
    settle = settlement(case, bond)
    factors, flows = _forward_factors(inputs, _pillars(inputs), settle, bond), bond.flows(settle)
    accrued = bond.accrued(settle)
    spread = _continuous_spread(flows, factors, inputs.number("clean") + accrued)
    return {"clean": _value(flows, factors) - accrued, "zspread": spread}


def _continuous_spread(flows: Flows, factors: Array, dirty: float) -> float:
    one, price = np.zeros(1, np.int32), np.array([[dirty]])
    spread = z_spreads(flows, curve_row=one, discount_factors=factors, price_ccy=price, wanted=np.ones(1, np.bool_))
    if np.isnan(spread).any():
        raise NotExpressible("no z-spread")
    return float(spread[0, 0])


def key_rates(case: Case) -> Figures:
    """Loss per basis point of each of the curve's nodes, and of all: central differences of the value at evaluation."""
    inputs = case.inputs
    if inputs.text("bump") != "1bp central on each zero pillar":
        raise NotExpressible(f"bump {inputs.text('bump')!r} is none that is read here")
    other = _referred_bond(case)
    bond, settle = read_bond(other), other.day("settle")
    today, flows = inputs.day("evaluation_date"), bond.flows(settle)
    flows = replace(flows, day=flows.day + np.int32(settle - today))
    curve, nodes = _pillars(inputs), len(inputs.numbers("curve_days"))
    bumps = BASIS_POINT * np.hstack([np.eye(nodes), np.ones((nodes, 1))])
    down, up = (_bumped_values(flows, curve, sign * bumps) for sign in (-1.0, 1.0))
    gain = (down - up) / 2
    return {"kr": list(gain[:-1]), "parallel": float(gain[-1])}


def _referred_bond(case: Case) -> Inputs:
    text = case.inputs.text("bond")
    found = re.fullmatch(r"as (\S+), flows after settlement", text)
    if not found:
        raise NotExpressible(f"bond {text!r} is none that is read here")
    return case.other(found[1])


def _bumped_values(flows: Flows, curve: Curve, bumps: Array) -> Array:
    """[bumps]"""
    days, columns = int(flows.day[-1]) + 1, bumps.shape[1]
    logs = log_discount_factors("LOG_LINEAR_DF", curve.node_days, curve.zero_rates[:, None] + bumps, days)
    flows = replace(flows, variant_of_scenario=np.zeros(columns, np.int32))
    values: Array = _present_values(flows, np.exp(logs)[None])[0]
    return values


def _pillars(inputs: Inputs) -> Curve:
    if inputs.text("interpolation") != "log-linear DF":
        raise NotExpressible(f"interpolation {inputs.text('interpolation')!r} is none that is read here")
    days = np.array(inputs.numbers("curve_days")).astype(np.int32)
    return Curve(days, np.array(inputs.numbers("zero_cont_act365")))


def _forward_factors(inputs: Inputs, curve: Curve, settle: int, bond: Bond) -> Array:
    """[1, days, 1] from settlement on, of a curve that starts on the evaluation date."""
    longest_days = int(bond.schedules(settle).pay[-1]) - settle + 1
    return curve.factors(longest_days, settle - inputs.day("evaluation_date"))


def _value(flows: Flows, factors: Array) -> float:
    return float(_present_values(flows, factors)[0, 0])


def _present_values(flows: Flows, factors: Array) -> Array:
    row = np.zeros(1, np.int32)
    on = DiscountTerms(curve_row=row, spread_row=row, spread=np.zeros((1, flows.scenario_count)))
    return present_values(flows, on, factors=factors, spread_factors=np.ones((1, factors.shape[1])))
