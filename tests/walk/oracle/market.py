"""The market file and the scenarios, as sections 3 and 4 of the contract word them: one curve, one date at a time."""

import csv
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.walk.oracle.curves import Curve
from tests.walk.oracle.dates import add_months, years_between

KEY_RATES_YR = (0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30)
IRRBB_BP = {  # BCBS d578 table 2 and d368 annex 2 table 2: parallel, short, long
    ("d578", "USD"): (200, 300, 225),
    ("d578", "EUR"): (225, 350, 200),
    ("d578", "GBP"): (275, 425, 250),
    ("d368", "USD"): (200, 300, 150),
    ("d368", "EUR"): (200, 250, 100),
    ("d368", "GBP"): (250, 300, 150),
}


class MissingMarketData(LookupError):
    """A curve, a spot or a fixing that the position needs is not in the market."""


def node_date(as_of: date, node: dict[str, Any]) -> date:
    if "date" in node:
        return date.fromisoformat(node["date"])
    parts = {unit: int(number) for number, unit in re.findall(r"(\d+)([YMWD])", node["tenor"])}
    day = add_months(as_of, 12 * parts.get("Y", 0) + parts.get("M", 0))
    return day + timedelta(days=7 * parts.get("W", 0) + parts.get("D", 0))


@dataclass
class Market:
    """A market under one scenario; a shock makes another one."""

    as_of: date
    base_currency: str
    curves: dict[str, Curve]
    spread_curves: dict[str, list[tuple[float, float]]]
    discount: dict[str, str]
    projection: dict[str, str]
    spots: dict[str, float]
    fixings: dict[tuple[str, date], float]
    spread_shocks: list[tuple[dict[str, str], float]] = field(default_factory=list)
    prepayment_shocks: list[dict[str, Any]] = field(default_factory=list)
    default_shocks: list[dict[str, Any]] = field(default_factory=list)
    call_shocks: list[dict[str, Any]] = field(default_factory=list)
    severity_add: float = 0.0
    is_bumped: bool = False
    """zero rates moved for a sensitivity, of which a difference of cents is none"""
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    """of prepayment"""
    days_on: int = 0
    """1 where curves and fixings are those that tomorrow sees, days still counted from today"""

    def curve(self, curve_id: str | None) -> Curve:
        if curve_id is None or curve_id not in self.curves:
            raise MissingMarketData(f"no curve {curve_id}")
        return self.curves[curve_id]

    def model(self, name: str) -> dict[str, Any]:
        if name not in self.models:
            raise MissingMarketData(f"no prepayment model {name}")
        return self.models[name]

    def spread(self, curve_id: str, t: float) -> float:
        if curve_id not in self.spread_curves:
            raise MissingMarketData(f"no spread curve {curve_id}")
        nodes = self.spread_curves[curve_id]
        if t <= nodes[0][0]:
            return nodes[0][1]
        for (t0, s0), (t1, s1) in pairwise(nodes):
            if t <= t1:
                return s0 + (s1 - s0) * (t - t0) / (t1 - t0)
        return nodes[-1][1]

    def fixing(self, index: str, day: date) -> float:
        if (index, day) not in self.fixings:
            raise MissingMarketData(f"no fixing of {index} on {day}")
        return self.fixings[index, day]

    def fx(self, bought: str, sold: str) -> float:
        """Units of `sold` for one `bought`, by the shortest chain; of equals over USD, then EUR, then by name."""
        ways = [[bought]]
        while ways:
            there = [way for way in ways if way[-1] == sold]
            if there:
                best = min(there, key=lambda way: ("USD" not in way[1:-1], "EUR" not in way[1:-1], way))
                return math.prod(self._quoted(a, b) or math.nan for a, b in pairwise(best))
            ways = [[*way, each] for way in ways for each in self._quoted_against(way[-1]) if each not in way]
        raise MissingMarketData(f"no spot {bought}{sold}")

    def _quoted_against(self, currency: str) -> set[str]:
        """Every currency that a quoted pair joins with this one."""
        return {pair.replace(currency, "", 1) for pair in self.spots if currency in (pair[:3], pair[3:])}

    def _quoted(self, bought: str, sold: str) -> float | None:
        if bought + sold in self.spots:
            return self.spots[bought + sold]
        return 1.0 / self.spots[sold + bought] if sold + bought in self.spots else None

    def with_zeros_moved(self, shift: Callable[[float], float], pattern: str = "*") -> "Market":
        curves = {k: c.moved(shift) if fnmatchcase(k, pattern) else c for k, c in self.curves.items()}
        return replace(self, curves=curves)


def read_market(folder: Path) -> Market:
    raw = json.loads((folder / "market.json").read_text())
    as_of = date.fromisoformat(raw["as_of"])
    return Market(
        as_of=as_of,
        base_currency=raw["base_currency"],
        curves={c["curve_id"]: _curve(as_of, c) for c in raw["curves"]},
        spread_curves={
            c["curve_id"]: sorted((years_between(as_of, node_date(as_of, n)), n["rate"]) for n in c["nodes"])
            for c in raw.get("spread_curves", [])
        },
        discount=raw.get("discount", {}),
        projection=raw.get("projection", {}),
        spots={s["pair"]: s["spot"] for s in raw.get("fx_spots", [])},
        models=raw.get("prepayment_models", {}),
        fixings={(f["index"], date.fromisoformat(f["date"])): f["rate"] for f in raw.get("fixings", [])},
    )


def _curve(as_of: date, raw: dict[str, Any]) -> Curve:
    nodes = sorted((years_between(as_of, node_date(as_of, n)), n["rate"]) for n in raw["nodes"])
    return Curve(
        raw["currency"], raw.get("interpolation", "LOG_LINEAR_DF"), [t for t, _ in nodes], [z for _, z in nodes]
    )


def triangle(k: int, t: float) -> float:
    """The weight of the k-th key rate at t: one at its own tenor, nil at its neighbours', flat outside the keys."""
    here = KEY_RATES_YR[k]
    if t <= here:
        below = KEY_RATES_YR[k - 1] if k else -math.inf
        return 1.0 if not k else max(0.0, (t - below) / (here - below))
    if k == len(KEY_RATES_YR) - 1:
        return 1.0
    above = KEY_RATES_YR[k + 1]
    return max(0.0, (above - t) / (above - here))


def twist_bp(shock: dict[str, Any], t: float) -> float:
    pivot = shock["pivot_yr"]
    if t <= pivot:
        return float(shock["short_bp"] * (pivot - t) / pivot)
    return float(shock["long_bp"] * min((t - pivot) / (30 - pivot), 1.0))


def irrbb_bp(standard: str, name: str, currency: str, t: float) -> float:
    parallel, short, long = IRRBB_BP[standard, currency]
    at_short, at_long = short * math.exp(-t / 4), long * (1 - math.exp(-t / 4))
    return {
        "PARALLEL_UP": parallel,
        "PARALLEL_DOWN": -parallel,
        "STEEPENER": -0.65 * at_short + 0.9 * at_long,
        "FLATTENER": 0.8 * at_short - 0.6 * at_long,
        "SHORT_UP": at_short,
        "SHORT_DOWN": -at_short,
    }[name]


def shocked(market: Market, shock: dict[str, Any]) -> Market:
    kind = shock["kind"]
    match kind:
        case "PARALLEL":
            return market.with_zeros_moved(lambda _: shock["bp"] / 1e4, shock["curves"])
        case "KEY_RATE":
            k = KEY_RATES_YR.index(shock["tenor_yr"])
            return market.with_zeros_moved(lambda t: triangle(k, t) * shock["bp"] / 1e4, shock["curves"])
        case "TWIST":
            return market.with_zeros_moved(lambda t: twist_bp(shock, t) / 1e4, shock["curves"])
        case "IRRBB":
            return _irrbb(market, shock)
        case "CURVE":
            old = market.curves[shock["curve_id"]]
            new = _curve(market.as_of, shock | {"currency": old.currency, "interpolation": old.interpolation})
            return replace(market, curves=market.curves | {shock["curve_id"]: new})
        case "SPREAD":
            return replace(market, spread_shocks=[*market.spread_shocks, (shock["match"], shock["bp"] / 1e4)])
        case "FX":
            return replace(market, spots=_moved_spots(market.spots, shock["pair"], 1 + shock["pct"] / 100))
        case "PREPAYMENT":
            return replace(market, prepayment_shocks=[*market.prepayment_shocks, shock])
        case "DEFAULT":
            return replace(market, default_shocks=[*market.default_shocks, shock])
        case "CLEAN_UP_CALL":
            return replace(market, call_shocks=[*market.call_shocks, shock])
        case "SEVERITY":
            return replace(market, severity_add=market.severity_add + shock["add"])
        case _:
            raise ValueError(f"the oracle knows no shock {kind!r}")


def _irrbb(market: Market, shock: dict[str, Any]) -> Market:
    standard, name = shock.get("standard", "d578"), shock["name"]

    def moved(curve: Curve) -> Curve:
        return curve.moved(lambda t: irrbb_bp(standard, name, curve.currency, t) / 1e4)

    return replace(market, curves={k: moved(c) for k, c in market.curves.items()})


def _moved_spots(spots: dict[str, float], pair: str, factor: float) -> dict[str, float]:
    if pair in spots:
        return spots | {pair: spots[pair] * factor}
    reverse = pair[3:] + pair[:3]
    return spots | {reverse: spots[reverse] / factor}


def read_scenarios(folder: Path, market: Market) -> dict[str, Market]:
    """BASE and the file's scenarios, each as the market that it makes."""
    found = {"BASE": market}
    for scenario in json.loads((folder / "scenarios.json").read_text()):
        under = market
        for shock in scenario["shocks"]:
            under = shocked(under, shock)
        found[scenario["scenario_id"]] = under
    return found


def read_table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table, empty cells left out; nothing where there is no such file."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
