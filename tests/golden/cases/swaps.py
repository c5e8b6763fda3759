"""Swaps, options on them and strips of caplets, from the library's schedules, flows and option kernels."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import log_discount_factors
from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.options.caplet_volatilities import LOGNORMAL
from compute.kernels.options.option_strips import option_values
from compute.kernels.options.options import CAPLET, FLOORLET
from compute.kernels.valuing.discounting import present_values
from domain.portfolio.columns import ABSENT_DATE
from tests.golden.cases import conventions
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible

Array = NDArray[np.float64]
MODIFIED = "TARGET ModifiedFollowing"


@dataclass(frozen=True)
class Leg:
    """One leg's periods, and the fraction of the year of each."""

    schedules: Schedules
    fraction: Array
    today: int

    def days(self, days: NDArray[np.int32]) -> NDArray[np.int32]:
        return (days - self.today).astype(np.int32)

    def value(self, amounts: Array, factors: Array) -> float:
        """Of amounts paid on the periods' payment days."""
        pay = self.days(self.schedules.pay)
        return value_of(pay, amounts, factors)

    def forwards(self, factors: Array) -> Array:
        reset, stop = self.days(self.schedules.accrual_start), self.days(self.schedules.accrual_end)
        rates: Array = (factors[0, reset, 0] / factors[0, stop, 0] - 1.0) / self.fraction
        return rates


def value_of(days: NDArray[np.int32], amounts: Array, factors: Array) -> float:
    """By the discounting kernel: amounts on days of a table [1, days, 1]."""
    count, none, one = len(days), np.zeros((len(days), 1)), np.zeros(1, np.int32)
    flows = Flows(np.array([0, count]), days, np.zeros(count, np.int32), amounts[:, None], none, one)
    on = DiscountTerms(curve_row=one, spread_row=one, spread=np.zeros((1, 1)))
    pv = present_values(flows, on, factors=factors, spread_factors=np.ones((1, factors.shape[1])))
    return float(pv[0, 0])


def leg(today: int, start: int, end: int, frequency: int, day_count: int, rule: str) -> Leg:
    calendar, business_day = conventions.calendar_and_rule(rule)
    schedules = build_schedules(
        min(today, start),
        maturity_day=[end],
        issue_day=[start],
        first_payment_day=[ABSENT_DATE],
        frequency=[frequency],
        calendar=[calendar],
        business_day=[business_day],
        end_of_month=[False],
        adjust_accrual=[True],
    )
    return Leg(schedules, period_fraction(schedules, np.array([day_count]), np.array([frequency])), today)


def swap(case: Case) -> Figures:
    return by_bonds(case) if "times" in case.inputs else dual_curve(case)


def by_bonds(case: Case) -> Figures:
    """Two bonds on a curve given at a few times in years: day k of the table is the k-th of them."""
    inputs = case.inputs
    receive = re.fullmatch(r"([\d.]+)% semiannual", inputs.text("receive"))
    pay = re.fullmatch(r"6m LIBOR \(last fixing ([\d.]+)% semi\)", inputs.text("pay"))
    if not receive or not pay:
        raise NotExpressible("legs other than a semi-annual fixed one against 6 months' LIBOR")
    times, zeros = np.array(inputs.numbers("times")), np.array(inputs.numbers("zeros_cont"))
    notional = inputs.number("notional")
    factors = np.exp(-np.concatenate(([0.0], zeros * times)))[None, :, None]
    days = np.arange(1, len(times) + 1, dtype=np.int32)
    coupon, fixing = (notional * float(found[1]) / 200 for found in (receive, pay))
    redeemed = np.where(days == len(times), notional, 0.0)
    fixed = value_of(days, coupon + redeemed, factors)
    floating = value_of(days[:1], np.array([notional + fixing]), factors)
    return {"bfix": fixed, "bfl": floating, "value": fixed - floating}


def dual_curve(case: Case) -> Figures:
    inputs = case.inputs
    fixed_terms = re.fullmatch(r"([\d.]+)% annual Act/360 TARGET MF", inputs.text("receive"))
    if not fixed_terms or inputs.text("pay") != "Euribor6M Act/360":
        raise NotExpressible("legs other than an annual fixed one against Euribor6M")
    today, start, end = (inputs.day(name) for name in ("evaluation_date", "start", "end"))
    first = re.fullmatch(
        r"simple ([\d.]+)% Act/360 to (\S+) .*extended at that constant continuous rate", inputs.text("discount")
    )
    same = re.fullmatch(r"same with ([\d.]+)%", inputs.text("forward"))
    if not first or not same:
        raise NotExpressible("curves other than one simple rate, extended")
    node = conventions_day(first[2]) - today
    discount, forward = (simple_curve(float(found[1]) / 100, node, end - today + 40) for found in (first, same))
    count = conventions.day_count("Act/360")
    fixed, floating = (leg(today, start, end, frequency, count, MODIFIED) for frequency in (1, 2))
    received = fixed.value(float(fixed_terms[1]) / 100 * fixed.fraction, discount)
    paid = floating.value(floating.forwards(forward) * floating.fraction, discount)
    return {VALUE: inputs.number("notional") * (received - paid)}


def conventions_day(text: str) -> int:
    return Inputs({"day": text}).day("day")


def simple_curve(rate: float, node_day: int, days: int) -> Array:
    """[1, days, 1] discount factors at the continuous rate that gives one simple rate, Act/360, at a node."""
    zero = math.log1p(rate * node_day / 360) / (node_day / 365)
    return np.exp(log_discount_factors("LOG_LINEAR_DF", np.array([node_day], np.int32), np.array([[zero]]), days))[None]


def overnight_swap(case: Case) -> Figures:
    """One period, its compounded overnight rate the growth of the curve; the receiver of it pays the fixed rate."""
    inputs = case.inputs
    if inputs.text("tenor") != "1Y" or inputs.text("fixed") != "exp(0.05)-1, Act/360" or inputs.whole("payment_lag"):
        raise NotExpressible("an overnight swap other than of a year, paid without lag")
    inputs.skip("evaluation_date", "index")
    settle = inputs.day("settle")
    factors = curve_from(inputs.text("curve"), "settlement", 400)
    one = leg(settle, settle, settle + 365, 1, conventions.day_count("Act/360"), MODIFIED)
    floating = one.value(one.forwards(factors) * one.fraction, factors)
    return {VALUE: inputs.number("notional") * (floating - one.value(math.expm1(0.05) * one.fraction, factors))}


def curve_from(text: str, where: str, days: int) -> Array:
    """[1, days, 1] of a flat curve that starts on the settlement date."""
    if not text.endswith(f" from {where}"):
        raise NotExpressible(f"curve {text!r} is none that is read here")
    return conventions.flat_curve(text.removesuffix(f" from {where}")).factors(days)


def swaption(case: Case) -> Figures:
    return on_even_periods(case) if "swap_years" in case.inputs else on_dates(case)


def on_even_periods(case: Case) -> Figures:
    """Periods of exactly 1 / freq of a year: day k of the table is k periods from today."""
    inputs, found = case.inputs, re.fullmatch(r"flat ([\d.]+)% continuous", case.inputs.text("curve"))
    if not found or inputs.text("type") != "payer":
        raise NotExpressible("a swaption other than a payer's on a flat curve")
    freq, expiry, years = (inputs.whole(name) for name in ("freq", "expiry", "swap_years"))
    periods = np.arange(freq * (expiry + years) + 1)
    factors = np.exp(-float(found[1]) / 100 * periods / freq)[None, :, None]
    days = periods[freq * expiry + 1 :].astype(np.int32)
    annuity = value_of(days, np.full(len(days), 1.0 / freq), factors)
    rate = (factors[0, freq * expiry, 0] - factors[0, -1, 0]) / annuity
    value = black(CAPLET, rate, inputs.number("strike"), inputs.number("vol"), expiry)
    return {"annuity": annuity, "forward": rate, "value": inputs.number("notional") * annuity * value}


def on_dates(case: Case) -> Figures:
    inputs, settled = case.inputs, re.search(r" from (\S+)$", case.inputs.text("curve"))
    fixed_terms = re.fullmatch(r"([\d.]+)% annual 30/360", inputs.text("fixed"))
    if not settled or not fixed_terms or inputs.text("tenor") != "10Y" or inputs.text("index") != "Euribor6M":
        raise NotExpressible("a swaption other than on 10 years, annual 30/360, against Euribor6M")
    settle, start = conventions_day(settled[1]), inputs.day("start")
    factors = curve_from(inputs.text("curve"), settled[1], 6000)
    end = conventions_day(f"{int(inputs.text('start')[:4]) + 10}{inputs.text('start')[4:]}")
    fixed = leg(settle, start, end, 1, conventions.day_count("30/360"), MODIFIED)
    floating = leg(settle, start, end, 2, conventions.day_count("Act/360"), MODIFIED)
    annuity = fixed.value(fixed.fraction, factors)
    rate = floating.value(floating.forwards(factors) * floating.fraction, factors) / annuity
    expiry_yr = (inputs.day("expiry") - inputs.day("evaluation_date")) / 365
    value = black(CAPLET, rate, float(fixed_terms[1]) / 100, inputs.number("vol_lognormal"), expiry_yr)
    return {VALUE: inputs.number("notional") * annuity * value}


def strip(case: Case) -> Figures:
    """A floor on Euribor6M: every floorlet expires when its index fixes, two TARGET days before the period."""
    inputs, settled = case.inputs, re.search(r" from (\S+)$", case.inputs.text("curve"))
    if not settled or inputs.text("tenor") != "20Y" or inputs.text("index") != "Euribor6M":
        raise NotExpressible("a strip other than of 20 years on Euribor6M")
    settle, start, today = conventions_day(settled[1]), inputs.day("start"), inputs.day("evaluation_date")
    end = conventions_day(f"{int(inputs.text('start')[:4]) + 20}{inputs.text('start')[4:]}")
    factors = curve_from(inputs.text("curve"), settled[1], 7500)
    periods = leg(settle, start, end, 2, conventions.day_count("Act/360"), MODIFIED)
    target = conventions.calendar("TARGET")
    fixed_on = [conventions.business_days_from(int(day), -2, target) for day in periods.schedules.accrual_start]
    expiries_yr = np.maximum(np.array(fixed_on) - today, 0) / 365
    forwards, strike, vol = periods.forwards(factors), inputs.number("strike"), inputs.number("vol_lognormal")
    values = np.array([black(FLOORLET, f, strike, vol, t) for f, t in zip(forwards, expiries_yr, strict=True)])
    return {VALUE: inputs.number("nominal") * periods.value(values * periods.fraction, factors)}


def black(side: float, forward: float, strike: float, vol: float, expiry_yr: float) -> float:
    deviation = np.array([[vol * math.sqrt(expiry_yr)]])
    value = option_values(
        np.array([LOGNORMAL], np.int8), np.array([side]), np.array([[forward]]), np.array([strike]), deviation
    )
    return float(value[0, 0])
