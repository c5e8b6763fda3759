"""A CMS coupon under a lognormal swap rate: the convexity adjustments of three static replications."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.options.caplet_volatilities import LOGNORMAL
from compute.kernels.options.options import CAPLET, FLOORLET, option_on_rate
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS
from tests.golden.cases.case import Case, Figures, Inputs, NotExpressible

Array = NDArray[np.float64]

INDEX = "EuriborSwapIsdaFixA 10Y"
TENOR_YR, FIXING_LAG_DAYS = 10, 2
CURVE = "flat 3% cont Act/365F"
ZERO_RATE = 0.03
SLOPE_STEP = 1e-5
NODES, FURTHEST_DEVIATIONS, STRETCHES = 64, 9.0, 32


def cms_coupon(case: Case) -> Figures:
    """Expected rates under the payment's measure: S0 + integral over strikes of options x f'', out of the money.

        linear TSR       f'' = 2 a A / P(0, Tp), a the slope of P(t, Tp) / A(t) from yields that move together
        Hagan, numeric   f = (S - S0) (G(S) / G(S0) - 1), G of a bond on the swap's dates at its yield ("standard")
        Hagan, analytic  f'' = 2 G'(S0) A / P(0, Tp) throughout: S0 + S0^2 (exp(vol^2 T) - 1) G' A / P

    Source: Hagan (2003), Convexity Conundrums; Andersen and Piterbarg (2010), 16.3 (linear terminal swap rate)
    """
    inputs = case.inputs
    swap = _swap(inputs)
    deviation = inputs.number("vol_lognormal") * math.sqrt(swap.fixing_yr)

    def replicated(curvature: Callable[[Array], Array]) -> float:
        return swap.rate + _over_strikes(swap.rate, deviation, curvature)

    at, slope = _standard(swap, swap.rate), _slope(swap, swap.rate)
    return {
        "swap_rate": swap.rate,
        "linear_tsr": replicated(lambda strikes: np.full(len(strikes), 2 * swap.linear_slope)),
        "hagan_analytic": swap.rate + swap.rate**2 * math.expm1(deviation**2) * slope * swap.annuities,
        "hagan_numeric": replicated(lambda x: (2 * _slope(swap, x) + (x - swap.rate) * _curvature(swap, x)) / at),
    }


class Swap:
    """The swap of the fixing on a flat curve, and the coupon's payment; days count from the valuation date."""

    def __init__(self, schedule: Schedules, as_of: int, fixing: int, pay: int) -> None:
        count, frequency = np.array([DAY_COUNTS.index("30/360")]), np.array([1])
        fraction = period_fraction(schedule, count, frequency)
        start, paid = int(schedule.accrual_start[0]) - as_of, schedule.pay - as_of
        factors = np.exp(-ZERO_RATE * paid / 365)
        worth = fraction * factors
        self.rate = float((math.exp(-ZERO_RATE * start / 365) - factors[-1]) / worth.sum())
        self.fixing_yr = (fixing - as_of) / 365
        self.delay = (pay - as_of - start) / float(paid[0] - start)
        self.annuities = float(worth.sum() / math.exp(-ZERO_RATE * (pay - as_of) / 365))
        self.linear_slope = self._slope_of_yields(worth, factors, paid.astype(np.float64), fixing - as_of, pay - as_of)

    def _slope_of_yields(self, worth: Array, factors: Array, paid: Array, fixing: int, pay: int) -> float:
        """d (P(t, Tp) / A) / d S x A / P(0, Tp), all yields moving alike."""
        ahead, own = (paid - fixing) / 365, (pay - fixing) / 365
        duration = float((worth * ahead).sum() / worth.sum())
        return (
            (duration - own) / float(factors[-1] * ahead[-1] + self.rate * worth.sum() * duration) * float(worth.sum())
        )


def _swap(inputs: Inputs) -> Swap:
    if inputs.text("index") != INDEX or inputs.text("curve") != CURVE or inputs.number("mean_reversion") != 0.0:
        raise NotExpressible("an index, a curve or a mean reversion that is none that is read here")
    as_of = inputs.day("evaluation_date")
    start, pay = (Inputs({"day": day}).day("day") for day in inputs.value("accrual"))
    holidays = CALENDARS.index("TARGET")
    end = np.datetime64(start, "D").astype("datetime64[M]") + 12 * TENOR_YR
    day = np.datetime64(start, "D") - np.datetime64(start, "D").astype("datetime64[M]").astype("datetime64[D]")
    schedule = build_schedules(
        as_of,
        maturity_day=np.array([(end.astype("datetime64[D]") + day).astype(int)]),
        issue_day=np.array([start]),
        first_payment_day=np.array([ABSENT_DATE]),
        frequency=np.array([1]),
        calendar=np.array([holidays]),
        business_day=np.array([BUSINESS_DAYS.index("MODIFIED_FOLLOWING")]),
        end_of_month=np.array([False]),
        adjust_accrual=np.array([True]),
    )
    fixing = np.busday_offset(np.datetime64(start, "D"), -FIXING_LAG_DAYS).astype(int)
    return Swap(schedule, as_of, int(fixing), pay)


def _over_strikes(forward: float, deviation: float, curvature: Callable[[Array], Array]) -> float:
    """Of out-of-the-money options x curvature, by Gauss and Legendre in the strike's logarithm."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = 0.0
    for side in (CAPLET, FLOORLET):
        edges = np.linspace(0.0, side * FURTHEST_DEVIATIONS * deviation, STRETCHES + 1)
        for low, high in pairwise(edges):
            log_strike = low + (nodes + 1) / 2 * (high - low)
            strikes = forward * np.exp(log_strike)
            options = [option_on_rate(LOGNORMAL, side, forward, strike, deviation) for strike in strikes]
            total += float((weights * np.array(options) * curvature(strikes) * strikes).sum()) * abs(high - low) / 2
    return total


def _standard(swap: Swap, yields: Any) -> Any:
    """G: what a payment is worth in annuities, both at one yield, yearly."""
    return yields / (1 + yields) ** swap.delay / (1 - (1 + yields) ** -TENOR_YR)


def _slope(swap: Swap, yields: Any) -> Any:
    """By a complex step: exact to rounding."""
    return np.imag(_standard(swap, yields + 1e-20j)) / 1e-20


def _curvature(swap: Swap, yields: Array) -> Array:
    bent: Array = (_slope(swap, yields + SLOPE_STEP) - _slope(swap, yields - SLOPE_STEP)) / (2 * SLOPE_STEP)
    return bent
