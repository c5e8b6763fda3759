"""Structured notes once more, one coupon at a time: the state under the payment's measure by its drift, and quadrature.

Written from the model's textbook form (Brigo and Mercurio 2006, 3.3): x = r - f(0, t) has, under the measure of the
bond of U, the mean  integral of exp(-a (t - u)) [y(u) - sigma^2 B(u, U)] du, and P(t, T) = P(0, T) / P(0, t)
exp(-B x - B^2 y / 2). Every coupon depends on one date's state alone, so an integral over it is exact.
"""

import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import QuantLib as ql
from scipy.integrate import quad
from scipy.interpolate import CubicSpline
from scipy.stats import norm

from tests.builders.derivative_fund import AS_OF, INDEX, QL_DAY_COUNTS, ql_curve, ql_day

ABOVE = 25e-4
"""of the index's curve over the discount curve, as in `derivative_fund.market`"""
Rate = Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
STATES = np.linspace(-9.0, 9.0, 72_001)
CHANCES = norm.pdf(STATES) * (STATES[1] - STATES[0])


def note(payoff: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """An instrument of `derivative_fund.priced`, its payoff quoted for CSV."""
    quoted = '"' + json.dumps(payoff).replace('"', '""') + '"'
    terms = {"product_type": "STRUCTURED", "currency": "USD", "index": INDEX, "day_count": "ACT/360", "frequency": 4}
    dates = {"issue_date": date(2025, 3, 16), "maturity_date": date(2033, 3, 16)}
    return terms | dates | columns | {"payoff": quoted}


class Model:
    """Hull-White on the curves of `derivative_fund`, both of them or the discount curve alone."""

    def __init__(self, mean_reversion: float, sigma: float, above: float = ABOVE) -> None:
        self.a, self.sigma = mean_reversion, sigma
        self.discount, self.projection = ql_curve(0.0), ql_curve(above)

    def loading(self, years: float) -> float:
        return years if self.a == 0 else (1 - np.exp(-self.a * years)) / self.a

    def variance(self, t: float) -> float:
        return self.sigma**2 * (t if self.a == 0 else (1 - np.exp(-2 * self.a * t)) / (2 * self.a))

    def mean(self, t: float, pay: float) -> float:
        def drift(u: float) -> float:
            pull = self.variance(u) - self.sigma**2 * self.loading(pay - u)
            return float(np.exp(-self.a * (t - u)) * pull)

        return float(quad(drift, 0, t, epsabs=1e-14)[0])

    def bond(self, x: np.ndarray[Any, Any], start: ql.Date, end: ql.Date) -> np.ndarray[Any, Any]:
        b = self.loading(years(end) - years(start))
        ratio = self.discount.discount(end) / self.discount.discount(start)
        value: np.ndarray[Any, Any] = ratio * np.exp(-b * x - b * b * self.variance(years(start)) / 2)
        return value

    def growth(self, x: np.ndarray[Any, Any], day: ql.Date, start: ql.Date, end: ql.Date) -> np.ndarray[Any, Any]:
        """On the projection curve, whose spread over the discount curve is deterministic."""
        value: np.ndarray[Any, Any] = self.spread(start, end) * self.bond(x, day, start) / self.bond(x, day, end)
        return value

    def spread(self, start: ql.Date, end: ql.Date) -> float:
        projected = self.projection.discount(start) / self.projection.discount(end)
        return float(projected * self.discount.discount(end) / self.discount.discount(start))

    def forward_rate(self, start: ql.Date, end: ql.Date, fraction: float) -> Rate:
        return lambda x: (self.growth(x, start, start, end) - 1) / fraction

    def swap_rate(self, start: ql.Date, tenor_yr: int, float_months: int = 3) -> Rate:
        """Fixed leg yearly ACT/360."""
        fixed = [start + ql.Period(k, ql.Years) for k in range(tenor_yr + 1)]
        floating = [start + ql.Period(float_months * k, ql.Months) for k in range(12 * tenor_yr // float_months + 1)]

        def rate(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            bonds = {day.serialNumber(): self.bond(x, start, day) for day in (*floating, *fixed)}
            # (spread x bond to s / bond to e - 1) x bond to e, of each period
            paid = sum(
                self.spread(s, e) * bonds[s.serialNumber()] - bonds[e.serialNumber()] for s, e in pairwise(floating)
            )
            annuity = sum((e - s) / 360 * bonds[e.serialNumber()] for s, e in pairwise(fixed))
            return np.asarray(paid / annuity)

        return rate

    def expected(self, payoff: Rate, day: ql.Date, pay: ql.Date) -> float:
        """Of a coupon that is smooth but for kinks, under the payment's measure."""
        t = years(day)
        mean, deviation = self.mean(t, years(pay)), np.sqrt(self.variance(t))
        if deviation == 0:
            return float(payoff(np.array([mean]))[0])
        return float((payoff(mean + deviation * STATES) * CHANCES).sum())

    def chance(self, rate: Rate, lower: float, upper: float, day: ql.Date, pay: ql.Date) -> float:
        """That a rate which rises with the state is within a range: its edges interpolated on the grid of states."""
        t = years(day)
        mean, deviation = self.mean(t, years(pay)), np.sqrt(self.variance(t))
        grid = np.linspace(-12, 12, 4001)
        rates = rate(mean + deviation * grid)
        edges = [float(np.interp(bound, rates, grid, left=-40, right=40)) for bound in (lower, upper)]
        return float(norm.cdf(edges[1]) - norm.cdf(edges[0]))


def years(day: ql.Date) -> float:
    return float(day - ql_day(AS_OF)) / 365


def periods(terms: dict[str, Any]) -> list[tuple[ql.Date, ql.Date, float]]:
    """Start, end and fraction of the periods still to be paid."""
    schedule = ql.Schedule(
        ql_day(terms["issue_date"]),
        ql_day(terms["maturity_date"]),
        ql.Period(12 // terms["frequency"], ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        False,
    )
    count = QL_DAY_COUNTS[terms["day_count"]]
    return [(s, e, count.yearFraction(s, e)) for s, e in pairwise(list(schedule)) if e > ql_day(AS_OF)]


def present_value(terms: dict[str, Any], model: Model, coupon: Callable[[ql.Date, ql.Date, float], float]) -> float:
    """Of 1,000,000: coupons, whose expected rates are given by period, and the principal."""
    total = sum(
        1e6 * fraction * coupon(start, end, fraction) * model.discount.discount(end)
        for start, end, fraction in periods(terms)
    )
    return float(total + 1e6 * model.discount.discount(ql_day(terms["maturity_date"])))


def replicated_swap_rate(model: Model, start: ql.Date, tenor_yr: int, pay: ql.Date) -> float:
    """Expected swap rate under the payment's measure by static replication with swaptions, on one curve.

        A(0) / P(0, Tp) E^A[f(S)],  f(S) = S P(t, Tp) / A(t),  E^A[f] = f(S0) + integral of f''(K) x swaption(K) / A(0)

    with payers above the forward rate S0, receivers below. A swaption is Jamshidian's sum of QuantLib's bond options.
    """
    quantlib, t = ql.HullWhite(model.discount, model.a, model.sigma), years(start)
    fixed = [start + ql.Period(k, ql.Years) for k in range(tenor_yr + 1)]
    fractions = [(e - s) / 360 for s, e in pairwise(fixed)]
    x = np.linspace(-8, 8, 1601) * np.sqrt(model.variance(t))
    bonds = np.array([model.bond(x, start, day) for day in fixed[1:]])
    annuity, rates = np.array(fractions) @ bonds, model.swap_rate(start, tenor_yr)(x)
    curvature = CubicSpline(rates, rates * model.bond(x, start, pay) / annuity).derivative(2)
    factors = [model.discount.discount(day) for day in fixed]
    annuity_now = float(np.dot(fractions, factors[1:]))
    forward = (factors[0] - factors[-1]) / annuity_now

    def swaption(side: int, row: int) -> float:
        weights = rates[row] * np.array(fractions) + np.append(np.zeros(tenor_yr - 1), 1.0)
        options = [
            quantlib.discountBondOption(side, float(bonds[k, row]), t, years(day)) for k, day in enumerate(fixed[1:])
        ]
        return float(weights @ options)

    split = int(np.searchsorted(rates, forward))
    values = np.array([swaption(ql.Option.Put if k >= split else ql.Option.Call, k) for k in range(len(x))])
    at_forward = float(CubicSpline(rates, rates * model.bond(x, start, pay) / annuity)(forward))
    integral = np.trapezoid(curvature(rates) * values / annuity_now, rates)
    return float(annuity_now * (at_forward + integral) / model.discount.discount(pay))
