"""Spreads and theta from the oracle's own flows: by bisection, and by discounting from tomorrow."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.walk.oracle.curves import Curve
from tests.walk.oracle.dates import years_between
from tests.walk.oracle.flows import Flow
from tests.walk.oracle.market import Market
from tests.walk.oracle.terms import Terms

A_DAY = 1 / 365
SPREADS = (-20.0, 20.0)


@dataclass
class Later(Curve):
    """A curve seen from the next day, its times still counted from today."""

    def df(self, t: float) -> float:
        return super().df(max(t - A_DAY, 0.0))


def tomorrow(market: Market) -> Market:
    """What forwards are read from the next day; spreads are read by `theta` itself."""
    return replace(market, curves={k: Later(**vars(curve)) for k, curve in market.curves.items()}, days_on=1)


def discounting(terms: Terms, market: Market) -> Curve:
    return market.curve(terms.instrument.get("discount_curve") or market.discount.get(terms.currency))


def theta(
    terms: Terms, market: Market, flows: list[Flow], pv: float, spread_of: Callable[[Terms, Market, float], float]
) -> float:
    """`flows` as they are projected tomorrow; those of that day count in full."""
    curve, worth = discounting(terms, market), 0.0
    for flow in flows:
        t = years_between(market.as_of, flow.pay) - A_DAY
        worth += flow.amount * curve.df(t) * math.exp(-spread_of(terms, market, t) * t)
    return worth - pv


def forward_theta(terms: Terms, market: Market, pv: float) -> float:
    """Of an FX forward: the spot is then for a day later as well."""
    if terms.day("maturity_date") <= market.as_of:
        return 0.0
    base, quote = terms.text("pair")[:3], terms.text("pair")[3:]
    base_curve, quote_curve = (market.curve(market.discount.get(each)) for each in (base, quote))
    t = years_between(market.as_of, terms.day("maturity_date")) - A_DAY
    lag = terms.whole("spot_lag_days", 0) / 365.0
    spot = market.fx(base, quote) * quote_curve.df(lag) / base_curve.df(lag)
    return terms.notional * (spot * base_curve.df(t) - terms.number("strike") * quote_curve.df(t)) - pv


def spread_measures(
    terms: Terms, market: Market, flows: list[Flow], pv: float, root: Callable[..., float]
) -> dict[str, float]:
    """In basis points, at the model's price: over the curve, and running on the principal to come."""
    curve, times = discounting(terms, market), [years_between(market.as_of, flow.pay) for flow in flows]
    values = [flow.amount * curve.df(t) for flow, t in zip(flows, times, strict=True)]

    def gap(z: float) -> float:
        return sum(value * math.exp(-z * t) for value, t in zip(values, times, strict=True)) - pv

    low, high = next(((-b, b) for b in (0.5, 2.0, 8.0, 32.0) if gap(-b) * gap(b) <= 0), SPREADS)
    z_bp = 1e4 * root(gap, low, high)
    found = {"z_spread": z_bp, "oas": z_bp}
    annuity = 0.0
    for day in sorted({flow.pay for flow in flows}):
        owed = sum(flow.principal for flow in flows if flow.pay >= day)
        before = max((flow.pay for flow in flows if flow.pay < day), default=market.as_of)
        annuity += owed * years_between(before, day) * curve.df(years_between(market.as_of, day))
    if annuity:
        found["par_spread"] = 1e4 * (sum(values) - pv) / annuity
    return found
