"""Expected losses and allowances, plain and slow, from the words of the contract's section on them; nothing of it is
shared with the program. Payments are those of `tests.walk.oracle.flows`, with prepayment and without default.

What is said of a position is one dictionary of texts; amounts are in its currency. A function gives a figure or raises
`Blank` with the code of the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from math import ceil, exp, log
from statistics import NormalDist
from typing import Any

from tests.walk.oracle import flows, pools
from tests.walk.oracle.capital import Blank, Exposure, factor, years
from tests.walk.oracle.market import Market
from tests.walk.oracle.terms import Terms

NORMAL = NormalDist()
LEVELS = ("equity_index", "house_price_index", "cre_price_index", "eurusd", "gbpusd", "usdjpy")
GROWTH = (
    *("real_gdp_growth", "nominal_gdp_growth", "real_disposable_income_growth", "nominal_disposable_income_growth"),
    "cpi_inflation_rate",
)
Said = dict[str, Any]


@dataclass(frozen=True)
class Payment:
    balance: float
    interest: float
    principal: float
    fraction: float
    time: float


@dataclass(frozen=True)
class Run:
    """A policy, and scenarios by name, each a list of shocks; rates of exchange and one-year PDs by rating."""

    policy: Said
    scenarios: dict[str, list[Said]]
    markets: dict[str, Market]
    rates: dict[str, float]

    @property
    def horizon(self) -> Said:
        found: Said = self.policy.get("cecl") or self.policy.get("ifrs9") or {}
        return found


# --- one position ---------------------------------------------------------------------------------------------------


def cost(x: Exposure) -> float:
    return float(x.get("amortised_cost") or x.get("book_value") or x["notional"])


def is_defaulted(x: Exposure) -> bool:
    late = float(x.get("days_past_due") or 0) > 90
    return x.get("defaulted") == "true" or x.get("asset_class") == "DEFAULTED" or late


def undrawn(x: Exposure) -> float:
    amount = float(x.get("undrawn") or 0.0)
    if not amount or x.get("commitment_type") == "UNCONDITIONALLY_CANCELLABLE":
        return 0.0
    return (float(x["ccf"]) if x.get("ccf") else factor(x)) * amount


def pd_12m(x: Exposure) -> float | None:
    if is_defaulted(x):
        return 1.0
    return float(x["pd_12m"]) if x.get("pd_12m") else None


def lgd(x: Exposure, policy: Said, segment: Said) -> float | None:
    if "lgd" in segment:
        return float(segment["lgd"])
    if x.get("lgd"):
        return float(x["lgd"])
    defaults: dict[str, float] = policy.get("lgd_defaults", {})
    return defaults.get(x.get("seniority", ""), defaults.get("*"))


def first_of(terms: Terms, parts: list[Said]) -> Said:
    return next((part for part in parts if terms.matches(part.get("match", {}))), {})


# --- scenarios ------------------------------------------------------------------------------------------------------


def moved(pd: float, shocks: list[Said]) -> float:
    for shock in shocks:
        if shock["kind"] == "DEFAULT":
            pd = min(1.0, pd * shock["multiplier"])
        elif shock["kind"] == "CREDIT_FACTOR" and 0.0 < pd < 1.0:
            z, rho = shock["z"], shock["rho"]
            pd = NORMAL.cdf((NORMAL.inv_cdf(pd) - rho**0.5 * z) / (1.0 - rho) ** 0.5)
    return pd


def macro(shocks: list[Said]) -> Said | None:
    return next((shock for shock in shocks if shock["kind"] == "MACRO"), None)


def change(name: str, start: float, path: list[float], quarter: int) -> float:
    if name in GROWTH:
        grown = 1.0
        for value in path[:quarter]:
            grown *= (1.0 + value / 100.0) ** 0.25
        return grown - 1.0
    return path[quarter - 1] / start - 1.0 if name in LEVELS else path[quarter - 1] - start


def effect(coefficients: dict[str, float], shock: Said, quarter: int) -> float:
    """Of those variables that the path has."""
    return sum(
        by * change(name, shock["start"][name], shock["path"][name], quarter)
        for name, by in coefficients.items()
        if name in shock["path"]
    )


@dataclass(frozen=True)
class Path:
    """PD and LGD of quarter 1, 2, … of one position under one scenario."""

    first: float | None
    loss: float
    segment: Said
    satellite: Said
    horizon: Said
    shocks: tuple[Said, ...]

    def macro(self) -> Said | None:
        return macro(list(self.shocks))

    def heard(self) -> int:
        shock = self.macro()
        return min(len(next(iter(shock["path"].values()))), self.horizon.get("forecast_quarters", 13)) if shock else 0

    def forecasts(self, part: str) -> int:
        if self.heard() and self.satellite.get(part):
            return self.heard()
        given = self.segment.get("pd_forecast", []) if part == "pd" else []
        return min(len(given), int(self.horizon.get("forecast_quarters", 13)))

    def phase(self, quarter: int) -> str:
        ahead = max(self.forecasts("pd"), self.forecasts("lgd"))
        if not ahead:
            return "LONG_RUN"
        if quarter <= ahead:
            return "FORECAST"
        return "REVERSION" if quarter <= ahead + self.horizon.get("reversion_quarters", 0) else "LONG_RUN"

    def pd(self, quarter: int) -> float:
        ahead, shocks = self.forecasts("pd"), list(self.shocks)
        if self.first == 1.0:
            return 1.0
        if not ahead:
            if "pd_term" in self.segment:
                by_year = self.segment["pd_term"]
                return moved(by_year[min((quarter - 1) // 4, len(by_year) - 1)], shocks)
            return moved(self.known(), shocks)
        if quarter <= ahead:
            if self.heard() and self.satellite.get("pd"):
                base = moved(self.known(), shocks)
                if base in (0.0, 1.0):
                    return base
                odds = log(base / (1.0 - base)) + effect(self.satellite["pd"], self.macro() or {}, quarter)
                return 1.0 / (1.0 + exp(-odds))
            return moved(self.segment["pd_forecast"][quarter - 1], shocks)
        long_run = self.segment["pd_long_run"] if "pd_long_run" in self.segment else self.known()
        return self.on_the_way(lambda: self.pd(ahead), moved(long_run, shocks), quarter - ahead)

    def lgd(self, quarter: int) -> float:
        added = sum(shock["add"] for shock in self.shocks if shock["kind"] == "SEVERITY")
        long_run, ahead = float(min(max(self.loss + added, 0.0), 1.0)), self.forecasts("lgd")
        if not ahead:
            return long_run
        if quarter <= ahead:
            return min(max(long_run + effect(self.satellite["lgd"], self.macro() or {}, quarter), 0.0), 1.0)
        return self.on_the_way(lambda: self.lgd(ahead), long_run, quarter - ahead)

    def on_the_way(self, last: Callable[[], float], long_run: float, quarter: int) -> float:
        way = self.horizon.get("reversion_quarters", 0)
        return last() + (long_run - last()) * quarter / way if quarter <= way else long_run

    def known(self) -> float:
        if self.first is None:
            raise Blank("MISSING_MARKET_DATA")
        return self.first

    def survival(self, time: float) -> float:
        """Month by month, a part month to its share."""
        months, left = time * 12.0, 1.0
        whole = int(months + 1e-9)
        for month in range(1, whole + 1):
            left *= (1.0 - self.pd(quarter_of(month / 12.0))) ** (1.0 / 12.0)
        part = months - whole
        return left * (1.0 - self.pd(quarter_of((whole + 1) / 12.0))) ** (part / 12.0) if part > 1e-9 else left


def quarter_of(time: float) -> int:
    """A quarter's last day is in it."""
    return max(ceil(time * 4.0 - 1e-9), 1)


# --- payments -------------------------------------------------------------------------------------------------------


@cache
def payments(terms: Terms, market_key: int) -> tuple[Payment, ...]:
    market = MARKETS[market_key]
    plain = replace(terms, instrument={k: v for k, v in terms.instrument.items() if k not in ("default", "severity")})
    if plain.product == "ABS_MBS":
        return _pool(plain, market)
    if plain.product not in ("LOAN", "BOND"):
        raise Blank("UNSUPPORTED")
    custom = plain.instrument.get("amortization") == "CUSTOM"
    told, f = flows.project(plain, market), plain.whole("frequency", 0)
    by_years = custom or plain.text("rate_type", "") == "ZERO" or f == 0
    live = flows.live_periods(plain, market.as_of)
    if not custom:
        told = told[: len(live)]  # what follows pays nothing
    if by_years:
        dates = [flow.pay for flow in told] if custom else [period.end for period in live]
        dates = dates[-len(told) :]
        paid = [(flow, day) for flow, day in zip(told, dates, strict=True) if flow.principal or flow.interest]
        before = [market.as_of, *(day for _, day in paid)]
        times = [(years(start, day), years(market.as_of, day)) for start, (_, day) in zip(before, paid, strict=False)]
        told = [flow for flow, _ in paid]
    else:
        times = [(flows.period_fraction(plain, period), k / f) for k, period in enumerate(live, 1)]
    return _with_balances(plain.notional, told, times)


def _pool(terms: Terms, market: Market) -> tuple[Payment, ...]:
    told = pools.project_pool(terms, market)
    return _with_balances(
        sum(flow.principal for flow in told), told, [(1 / 12, k / 12) for k in range(1, len(told) + 1)]
    )


def _with_balances(balance: float, told: Any, times: list[tuple[float, float]]) -> tuple[Payment, ...]:
    rows = []
    for flow, (part, time) in zip(told, times, strict=True):
        rows.append(Payment(balance, flow.interest, flow.principal, part, time))
        balance -= flow.principal
    return tuple(rows)


MARKETS: dict[int, Market] = {}
"""By a number, so that payments can be kept."""


# --- losses ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loan:
    """A position under one scenario."""

    terms: Terms
    x: Exposure
    path: Path
    market_key: int

    def rate(self) -> float:
        return float(self.x.get("effective_interest_rate") or self.terms.instrument.get("coupon") or 0.0)

    def payments(self) -> tuple[Payment, ...]:
        found = payments(self.terms, self.market_key)
        if not found:
            raise Blank("INVALID_TERMS")
        return found

    def expected(self, cut: float = 1e9, carried: float | None = None) -> float:
        """By PD and LGD; with survival cut at a time."""
        amount, extra = cost(self.x) if carried is None else carried, undrawn(self.x)
        if is_defaulted(self.x):
            return self.path.lgd(1) * (amount + extra)
        total, discount, before = 0.0, 1.0, 0.0
        rows = self.payments()
        for row in rows:
            discount /= 1.0 + self.rate() * row.fraction
            lost = self.path.survival(min(before, cut)) - self.path.survival(min(row.time, cut))
            share = row.balance / rows[0].balance
            total += lost * self.path.lgd(quarter_of(row.time)) * (amount * share + extra) * discount
            before = row.time
        return total

    def discounted(self) -> float:
        if is_defaulted(self.x):
            return self.expected()
        received, discount, before = 0.0, 1.0, 0.0
        for row in self.payments():
            discount /= 1.0 + self.rate() * row.fraction
            survived, lost = self.path.survival(row.time), self.path.survival(before) - self.path.survival(row.time)
            kept = (1.0 - self.path.lgd(quarter_of(row.time))) * row.balance
            received += discount * (survived * (row.interest + row.principal) + lost * kept)
            before = row.time
        return cost(self.x) - received + self.expected(carried=0.0)

    def warm(self, annual_rate: float) -> float:
        rows = self.payments()
        total, year = 0.0, 0
        while True:
            left = rows[0].balance - sum(row.principal for row in rows if row.time <= year + 1e-9)
            if year >= rows[-1].time - 1e-9 or left <= 1e-9 * rows[0].balance:
                return annual_rate * cost(self.x) * total
            total += left / rows[0].balance
            year += 1


def loan_of(terms: Terms, run: Run, scenario: str) -> Loan:
    x = said_of(terms)
    segment = first_of(terms, run.policy.get("cecl", {}).get("segments", []))
    satellite = first_of(terms, run.policy.get("satellites", []))
    loss = lgd(x, run.policy, segment)
    if loss is None:
        raise Blank("MISSING_MARKET_DATA")
    path = Path(pd_12m(x), loss, segment, satellite, run.horizon, tuple(run.scenarios[scenario]))
    key = id(run.markets[scenario])
    MARKETS[key] = run.markets[scenario]
    return Loan(terms, x, path, key)


def said_of(terms: Terms) -> Exposure:
    return Exposure(terms.issuer | terms.instrument | {k: v for k, v in terms.position.items() if v})


# --- methods --------------------------------------------------------------------------------------------------------


def scope(x: Exposure, terms: Terms, run: Run) -> None:
    """Raises where there is no allowance at all."""
    if float(x["notional"]) < 0 or x.get("accounting_class") in ("HFS", "FVO", "TRADING"):
        raise Blank("NOT_APPLICABLE")
    if "cecl" in run.policy and not first_of(terms, run.policy["cecl"]["segments"]):
        raise Blank("UNSUPPORTED")


def model_under(terms: Terms, run: Run, scenario: str, fair_value: float | None, everyone: list[Terms]) -> float:
    x = said_of(terms)
    scope(x, terms, run)
    if "ifrs9" in run.policy:
        loan = loan_of(terms, run, scenario)
        return loan.expected(1.0) if stage(x, run.policy["ifrs9"]) == 1 else loan.expected()
    segment = first_of(terms, run.policy["cecl"]["segments"])
    if x.get("accounting_class") == "AFS":
        value = float(x["market_value"]) if x.get("market_value") else fair_value
        loss = loan_of(terms, run, scenario).discounted()
        assert value is not None
        return max(0.0, min(loss, cost(x) - value))
    match segment["method"]:
        case "PD_LGD":
            return loan_of(terms, run, scenario).expected()
        case "DCF":
            return loan_of(terms, run, scenario).discounted()
        case "WARM":
            key = id(run.markets[scenario])
            MARKETS[key] = run.markets[scenario]
            return Loan(terms, x, Path(None, 0.0, {}, {}, {}, ()), key).warm(segment["annual_rate"])
        case "LOSS_RATE":
            added = sum(each["rate"] for each in segment.get("adjustments", []))
            if "peer_allowance" in segment:
                return cost(x) * float(segment["peer_allowance"] / segment["peer_amortised_cost"] + added)
            return cost(x) * float(segment["historical_rate"] + added)
        case "AGING":
            place = bucket(x, segment)
            return cost(x) * float(segment["buckets"][place]["rate"]) * float(segment.get("factor", 1.0))
        case "ROLL_RATE":
            rolled = cost(x)
            for each in segment["buckets"][bucket(x, segment) :]:
                rolled *= each["roll"]
            return rolled
        case _:
            return vintage(x, run, segment, everyone)


def bucket(x: Exposure, segment: Said) -> int:
    days = float(x.get("days_past_due") or 0)
    for place, each in enumerate(segment["buckets"]):
        if each["max_days"] is None or days <= each["max_days"]:
            return place
    raise Blank("INVALID_TERMS")


def vintage(x: Exposure, run: Run, segment: Said, everyone: list[Terms]) -> float:
    def year(said: Exposure) -> str:
        return (said.get("origination_date") or said["issue_date"])[:4]

    total = 0.0
    for other in everyone:
        said = said_of(other)
        try:
            scope(said, other, run)
        except Blank:
            continue
        mine = first_of(other, run.policy["cecl"]["segments"]) is segment and said.get("accounting_class") != "AFS"
        if mine and year(said) == year(x):
            total += cost(said) * run.rates[other.currency]
    return float(sum(segment["remaining_losses"].get(year(x), []))) * cost(x) / total


def stage(x: Exposure, policy: Said) -> int:
    sicr = {"pd_ratio": 2.0, "pd_increase": 0.005, "days_past_due": 30} | policy.get("sicr", {})
    if x.get("stage"):
        return int(x["stage"])
    if is_defaulted(x):
        return 3
    if float(x.get("days_past_due") or 0) > sicr["days_past_due"] or x.get("watchlist") == "true":
        return 2
    now, then = pd_12m(x), x.get("pd_at_origination")
    if now is not None and then and now >= sicr["pd_ratio"] * float(then) and now - float(then) >= sicr["pd_increase"]:
        return 2
    return 1


def model(terms: Terms, run: Run, fair_value: float | None, everyone: list[Terms]) -> float:
    weights: dict[str, float] = run.horizon.get("scenario_weights") or {"BASE": 1.0}
    return sum(weight * model_under(terms, run, name, fair_value, everyone) for name, weight in weights.items())


def overlay(terms: Terms, run: Run, models: dict[str, float], everyone: list[Terms]) -> float:
    """`models` of the positions that have an allowance."""
    x, total = said_of(terms), 0.0
    for each in run.horizon.get("overlays", []):
        if not terms.matches(each.get("match", {})):
            continue
        total += each.get("rate", 0.0) * cost(x)
        if "amount" in each:
            there = [o for o in everyone if o.position_id in models and o.matches(each.get("match", {}))]
            share = sum(cost(said_of(other)) * run.rates[other.currency] for other in there)
            total += each["amount"] * cost(x) / share
        total += (each.get("multiplier", 1.0) - 1.0) * models[terms.position_id]
    return total


AS_OF = date(2026, 1, 23)
