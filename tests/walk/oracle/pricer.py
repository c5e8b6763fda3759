"""Every measure of section 5, by revaluation: a bumped market, all flows again, all discount factors again."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from tests.walk.oracle.dates import (
    InvalidTerms,
    Period,
    Rolls,
    add_months,
    fraction,
    icma_on,
    thirty_360,
    years_between,
)
from tests.walk.oracle.flows import Flow, accruing_rate, live_periods, period_fraction, periods_of, project
from tests.walk.oracle.market import Market, MissingMarketData, read_market, read_scenarios, triangle
from tests.walk.oracle.pools import pool_accrued, pool_times, project_pool
from tests.walk.oracle.spreads import forward_theta, spread_measures, theta, tomorrow
from tests.walk.oracle.terms import Terms, read_positions

BP = 1e-4
KEY_LABELS = ("3m", "6m", "1y", "2y", "3y", "5y", "7y", "10y", "15y", "20y", "30y")
YIELD_TOLERANCE = 1e-15


@dataclass
class Result:
    """A position under a scenario: numbers by result column, and why the rest is blank."""

    currency: str
    values: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    detail: str = ""

    def why_blank(self) -> str:
        """A position whose only payment left is held up past its date has a value and no yield: nothing can move it."""
        return self.reason or "NOT_APPLICABLE"


class Bumps:
    """A scenario's market with its zero rates moved, each made once."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.made: dict[tuple[int, float], Market] = {}

    def all(self, bp: float) -> Market:
        return self._make(-1, bp, lambda _: bp * BP)

    def key(self, k: int, bp: float) -> Market:
        return self._make(k, bp, lambda t: triangle(k, t) * bp * BP)

    def _make(self, k: int, bp: float, shift: Callable[[float], float]) -> Market:
        if (k, bp) not in self.made:
            self.made[k, bp] = replace(self.market.with_zeros_moved(shift), is_bumped=True)
        return self.made[k, bp]


def spread_of(terms: Terms, market: Market, t: float) -> float:
    total = terms.number("spread", 0.0)
    if "spread_curve" in terms.instrument:
        total += market.spread(terms.text("spread_curve"), t)
    return total + sum(size for patterns, size in market.spread_shocks if terms.matches(patterns))


def spread_triangle(tenors: Sequence[float], k: int) -> Callable[[float], float]:
    """One at its own tenor, nil at its neighbours'; the first is flat before it, the last after it."""

    def height(t: float) -> float:
        held = min(max(t, tenors[0]), tenors[-1])
        if k > 0 and tenors[k - 1] <= held <= tenors[k]:
            return (held - tenors[k - 1]) / (tenors[k] - tenors[k - 1])
        if k + 1 < len(tenors) and tenors[k] <= held <= tenors[k + 1]:
            return (tenors[k + 1] - held) / (tenors[k + 1] - tenors[k])
        return float(held == tenors[k])

    return height


SPREAD_TENORS = {"6m": 0.5, "1y": 1.0, "3y": 3.0, "5y": 5.0, "10y": 10.0}
TENORS_OF_SPREADS = tuple(SPREAD_TENORS.values())
SPREAD_TRIANGLES = {label: spread_triangle(TENORS_OF_SPREADS, k) for k, label in enumerate(SPREAD_TENORS)}


def everywhere(_t: float) -> float:
    return 1.0


def present_value(
    terms: Terms,
    market: Market,
    flows: list[Flow],
    spread_bump: float = 0.0,
    shape: Callable[[float], float] = everywhere,
) -> float:
    curve = market.curve(terms.instrument.get("discount_curve") or market.discount.get(terms.currency))
    total = 0.0
    for flow in flows:
        t = years_between(market.as_of, flow.pay)
        if flow.pay >= market.as_of:
            total += flow.amount * curve.df(t) * math.exp(-(spread_of(terms, market, t) + spread_bump * shape(t)) * t)
    return total


def forward_value(terms: Terms, market: Market) -> float:
    """PV in quote currency of units of base bought at the strike; the spot settles after its lag."""
    base, quote = terms.text("pair")[:3], terms.text("pair")[3:]
    base_curve, quote_curve = (market.curve(market.discount.get(each)) for each in (base, quote))
    t = years_between(market.as_of, terms.day("maturity_date"))
    lag = terms.whole("spot_lag_days", 0) / 365.0
    today = market.fx(base, quote) * quote_curve.df(lag) / base_curve.df(lag)
    return terms.notional * (today * base_curve.df(t) - terms.number("strike") * quote_curve.df(t))


def value(terms: Terms, market: Market, spread_bump: float = 0.0) -> float:
    if terms.product == "FX_FWD":
        return forward_value(terms, market)
    return present_value(terms, market, flows_of(terms, market), spread_bump)


def flows_of(terms: Terms, market: Market) -> list[Flow]:
    flows = project_pool(terms, market) if terms.product == "ABS_MBS" else project(terms, market)
    return flows or recovered(terms, market)


def recovered(terms: Terms, market: Market) -> list[Flow]:
    """Every payment is past and something is held: that is a mistake, or what a severity leaves comes back."""
    if terms.notional == 0:
        return []
    if "severity" not in terms.instrument:
        raise InvalidTerms("past maturity")
    lost = min(max(terms.number("severity") + market.severity_add, 0.0), 1.0)
    pay = add_months(market.as_of, terms.whole("recovery_lag_months", 0))
    return [Flow(pay, terms.notional * (1.0 - lost), 0.0, 0)]


def is_past(terms: Terms, market: Market) -> bool:
    if terms.product == "FX_FWD":
        return terms.day("maturity_date") <= market.as_of
    return not (project_pool(terms, market) if terms.product == "ABS_MBS" else project(terms, market))


def accrued_interest(terms: Terms, market: Market) -> float:
    """From the unpaid period's start to `as_of`, before the fee, at most one period."""
    if terms.product == "ABS_MBS":
        return pool_accrued(terms, market, project_pool(terms, market))
    live = live_periods(terms, market.as_of)
    if not live or live[0].accrual_start >= market.as_of:
        return 0.0
    period = live[0]
    earned = fraction(
        terms.text("day_count"), period, terms.whole("frequency"), market.as_of, terms.flag("end_of_month")
    )
    part = min(earned, period_fraction(terms, period))
    return terms.notional * accruing_rate(terms, market, period, part) * part if part else 0.0


def part_to_run(terms: Terms, period: Period, as_of: date) -> float:
    """What is left of the current period, in regular periods counted back from its end: what has not run of each.

    A period that has not begun is whole, and the time before it is added.
    """
    start, end, keep = period.start, period.end, terms.flag("end_of_month")
    days = partial(day_span, terms.text("day_count"))
    if period.regular and start <= as_of:
        return 1.0 - days(start, as_of) / days(start, end)
    if period.at_the_end:
        return part_of_last(terms, period, as_of)
    rolls, k = Rolls(period.end, terms.whole("frequency"), keep), 0
    if terms.text("day_count").startswith("30"):
        run = days(start, as_of) if start <= as_of else -days(as_of, start)
        return (days(start, end) - run) / days(rolls(1), end)
    while rolls(k + 1) > as_of:
        k += 1
    return k + 1.0 - days(rolls(k + 1), as_of) / days(rolls(k + 1), rolls(k))


def part_of_last(terms: Terms, period: Period, as_of: date) -> float:
    """Of a stub before maturity, in regular periods counted on from its start."""
    rolls = Rolls(period.start, terms.whole("frequency"), terms.flag("end_of_month"), period.day_of_month)
    days, keep = partial(day_span, terms.text("day_count")), terms.flag("end_of_month")
    if terms.text("day_count").startswith("30"):
        return (days(period.start, period.end) - days(period.start, as_of)) / days(period.start, rolls(-1))
    return icma_on(as_of, period.end, period, terms.whole("frequency"), keep) * terms.whole("frequency")


def day_span(day_count: str, start: date, end: date) -> float:
    if day_count.startswith("30"):
        return thirty_360(start, end, day_count == "30E/360") * 360
    return float((end - start).days)


def yield_times(terms: Terms, market: Market, flows: list[Flow]) -> tuple[list[float], int]:
    """Years to each flow as the yield counts them, and compoundings a year."""
    if terms.product == "ABS_MBS":
        return pool_times(terms, market, flows), 2
    f = terms.whole("frequency")
    live = live_periods(terms, market.as_of)
    period = live[0]
    if f == 0:
        whole = Period(market.as_of, period.pay, market.as_of, period.pay, period.pay, False)
        return [fraction(terms.text("day_count"), whole, 0) for _ in flows], 1
    w = part_to_run(terms, period, market.as_of)
    if terms.instrument.get("amortization") == "CUSTOM":
        return custom_times(terms, market, flows, w, f), f
    beyond = part_of_last(terms, live[-1], live[-1].start) - 1.0 if live[-1].at_the_end and len(live) > 1 else 0.0
    return [(w + flow.periods + (beyond if flow.periods == len(live) - 1 else 0.0)) / f for flow in flows], f


def custom_times(terms: Terms, market: Market, flows: list[Flow], w: float, f: int) -> list[float]:
    """A table may skip payment dates: k counts the schedule's payments before the flow's; off the schedule, years."""
    pays = [period.pay for period in live_periods(terms, market.as_of)]
    if all(flow.pay in pays for flow in flows):
        return [(w + pays.index(flow.pay)) / f for flow in flows]
    return [years_between(market.as_of, flow.pay) for flow in flows]


def price_at(rate: float, f: int, times: list[float], flows: list[Flow]) -> float:
    grown = math.log1p(rate / f) * f
    return sum(flow.amount * math.exp(-grown * t) for flow, t in zip(flows, times, strict=True))


def bisected(function: Callable[[float], float], low: float, high: float) -> float:
    """A root where the function changes sign once."""
    sign = math.copysign(1.0, function(low))
    while high - low > YIELD_TOLERANCE * max(1.0, abs(low)):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if function(middle) * sign > 0 else (low, middle)
    return 0.5 * (low + high)


def widening(f: int) -> list[tuple[float, float]]:
    """Ranges of the yield around nil, each wider than the one before."""
    return [(-f * (1 - 0.9**k), 0.1 * 3**k) for k in range(1, 14)]


def yield_measures(terms: Terms, market: Market, flows: list[Flow], pv: float) -> dict[str, float]:
    times, f = yield_times(terms, market, flows)

    def gap(rate: float) -> float:
        return price_at(rate, f, times, flows) - pv

    bracket = next(((low, high) for low, high in widening(f) if gap(low) * gap(high) <= 0), None)
    if bracket is None or max(times) <= 0:
        return {}
    y = bisected(gap, *bracket)
    discounted = [flow.amount * (1 + y / f) ** (-f * t) for flow, t in zip(flows, times, strict=True)]
    macaulay = sum(d * t for d, t in zip(discounted, times, strict=True)) / sum(discounted)
    return {"yield": y, "macaulay_duration": macaulay, "modified_duration": macaulay / (1 + y / f)}


def sensitivities(pv: float, revalued: Callable[[Market], float], bumps: Bumps) -> dict[str, float]:
    found = {"dv01": (revalued(bumps.all(-1)) - revalued(bumps.all(1))) / 2}
    parts = [(revalued(bumps.key(k, -1)) - revalued(bumps.key(k, 1))) / 2 for k in range(len(KEY_LABELS))]
    left, size = found["dv01"] - sum(parts), sum(map(abs, parts))
    for label, part in zip(KEY_LABELS, parts, strict=True):  # they add up to DV01, which wins
        found[f"key_rate_dv01_{label}"] = part + (left * abs(part) / size if size else 0.0)
    if pv:
        h = 25 * BP
        found["convexity"] = (revalued(bumps.all(-25)) + revalued(bumps.all(25)) - 2 * pv) / (pv * h * h)
        found["effective_duration"] = found["dv01"] * 1e4 / pv
    return found


def fx_delta(terms: Terms, market: Market, pv: float, run_base: str) -> float:
    """Gain in base currency for +1 % of the currency's spot against base: of the pair's base for a forward."""
    if terms.product != "FX_FWD":
        return 0.0 if terms.currency == run_base else 0.01 * pv * market.fx(terms.currency, run_base)
    pair = terms.text("pair")
    bought, rate = pair[:3], market.fx(pair[:3], pair[3:])
    if bought == run_base:
        return value(terms, with_spot(market, pair, 1.01 * rate)) / (1.01 * rate) - pv / rate
    up = with_spot(market, pair, 1.01 * rate)
    return (value(terms, up) - pv) * market.fx(pair[3:], run_base)


def with_spot(market: Market, pair: str, spot: float) -> Market:
    others = {k: v for k, v in market.spots.items() if k != pair[3:] + pair[:3]}
    return replace(market, spots=others | {pair: spot})


def lives(terms: Terms, market: Market, flows: list[Flow]) -> dict[str, float]:
    if terms.product == "ABS_MBS":
        found = {"wam": terms.number("wam")} if not is_past(terms, market) else {}
    else:
        last = periods_of(terms, market.as_of)[-1].end if terms.holidays else terms.day("maturity_date")
        left = years_between(market.as_of, last)
        found = {"wam": 12 * left} if left > 0 else {}
    received = [flow.principal if flow.received is None else flow.received for flow in flows]
    if sum(received):
        times = [years_between(market.as_of, flow.pay) for flow in flows]
        found["wal"] = sum(p * t for p, t in zip(received, times, strict=True)) / sum(received)
    return found


def measured(terms: Terms, bumps: Bumps, run_base: str) -> dict[str, float]:
    market = bumps.market
    found = {"fx_to_base": market.fx(terms.currency, run_base)}
    if terms.product == "FX_FWD" and is_past(terms, market) and terms.notional:
        raise InvalidTerms("past maturity")
    flows = [] if terms.product == "FX_FWD" else flows_of(terms, market)
    pv = value(terms, market)
    found |= {"pv": pv} | sensitivities(pv, partial(value, terms), bumps)
    found["fx_delta"] = fx_delta(terms, market, pv, run_base)
    if terms.product == "FX_FWD":
        return found | {"theta": forward_theta(terms, market, pv)}
    found["theta"] = theta(terms, market, flows_of(terms, tomorrow(market)), pv, spread_of)
    if is_past(terms, market) and flows and flows[0].pay == market.as_of:
        found["theta"] = 0.0
    accrued = accrued_interest(terms, market)
    cs01 = (value(terms, market, -BP) - value(terms, market, BP)) / 2
    found |= {"accrued_interest": accrued, "cs01": cs01} | lives(terms, market, flows)
    for label, shape in SPREAD_TRIANGLES.items():
        moved = [present_value(terms, market, flows, bump, shape) for bump in (-BP, BP)]
        found[f"key_rate_cs01_{label}"] = (moved[0] - moved[1]) / 2
    if terms.notional:
        dirty = pv / terms.notional * 100
        found |= {"dirty_price": dirty, "clean_price": dirty - accrued / terms.notional * 100}
    if pv and flows:
        found |= {"spread_duration": cs01 * 1e4 / pv}
        found |= {} if is_past(terms, market) else yield_measures(terms, market, flows, pv)
        found |= spread_measures(terms, market, flows, pv, bisected)
    return found


def price_position(terms: Terms, bumps: Bumps, run_base: str) -> Result:
    try:
        return Result(terms.currency, measured(terms, bumps, run_base))
    except MissingMarketData as problem:
        return Result(terms.currency, reason="MISSING_MARKET_DATA", detail=str(problem))
    except InvalidTerms as problem:
        return Result(terms.currency, reason="INVALID_TERMS", detail=str(problem))


def price_folder(folder: Path, run_base: str) -> dict[tuple[str, str], Result]:
    """(position, scenario) to its result, for every position of the folder's tables."""
    market, positions = read_market(folder), read_positions(folder)
    results = {}
    for scenario_id, under in read_scenarios(folder, market).items():
        bumps = Bumps(under)
        for terms in positions:
            results[terms.position_id, scenario_id] = price_position(terms, bumps, run_base)
    return results
