"""Tranches of a folder's deal under a market: the deal projected, payments discounted, everything by revaluation."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.walk.oracle.behaviour import QUOTED, shocked_speed
from tests.walk.oracle.dates import years_between
from tests.walk.oracle.deals import Deal, Row, Shocks, speed_of
from tests.walk.oracle.market import Market, read_table
from tests.walk.oracle.prepayment_models import Month, Seen, smm_of
from tests.walk.oracle.pricer import Bumps, sensitivities

Flows = list[tuple[date, float]]


@dataclass(frozen=True)
class Files:
    """The tables of one deal."""

    deal: Row
    lines: list[Row]
    tranches: list[Row]


def read_deal(folder: Path) -> Files:
    return Files(read_table(folder, "deals")[0], read_table(folder, "collateral"), read_table(folder, "tranches"))


def values(files: Files, bumps: Bumps) -> dict[str, dict[str, float]]:
    """instrument_id -> PV and what is made of it under moved rates, of the whole tranche."""
    made: dict[int, dict[str, Flows]] = {}

    def flows(market: Market) -> dict[str, Flows]:
        if id(market) not in made:
            made[id(market)] = project(files, market)
        return made[id(market)]

    found = {}
    for row in files.tranches:
        name = row["instrument_id"]

        def value(market: Market, name: str = name) -> float:
            return worth(flows(market)[name], market, files.deal["currency"])

        pv = value(bumps.market)
        found[name] = {"pv": pv} | sensitivities(pv, value, bumps)
    return found


def worth(flows: Flows, market: Market, currency: str) -> float:
    curve = market.curve(market.discount.get(currency))
    return sum(cash * curve.df(years_between(market.as_of, day)) for day, cash in flows if day > market.as_of)


def project(files: Files, market: Market) -> dict[str, Flows]:
    shocks, lines = under(files.lines, market)
    deal = Deal(files.deal, lines, files.tranches, as_of=market.as_of, shocks=shocks)
    deal.forward, deal.speed_by_model = forwards(market), speeds(market)
    deal.project()
    flows: dict[str, Flows] = {row["instrument_id"]: [] for row in files.tranches}
    for row in deal.tranche_rows:
        cash = float(row["interest"]) + float(row["principal"])  # type: ignore[arg-type]
        flows[str(row["instrument_id"])].append((row["pay_date"], cash))  # type: ignore[arg-type]
    return flows


def under(lines: list[Row], market: Market) -> tuple[Shocks, list[Row]]:
    """A multiplier of all lines is the deal's; what replaces or matches is written into the lines."""
    prepayment, default = market.prepayment_shocks, market.default_shocks
    if all(set(shock) == {"kind", "multiplier"} for shock in [*prepayment, *default]):
        times = [math.prod(shock["multiplier"] for shock in each) for each in (prepayment, default)]
        return Shocks(times[0], times[1], market.severity_add), lines
    moved = []
    for line in lines:
        kind, percent = shocked_speed(speed_of(line.get("prepayment")), prepayment, matching(line)) or ("", 0.0)
        assert kind in QUOTED or percent == 100.0
        moved.append(line | {"prepayment": f"{kind} {percent!r}" if kind in QUOTED else f"MODEL {kind}"})
    return Shocks(severity_add=market.severity_add), moved


def matching(line: Row) -> Callable[[dict[str, str]], bool]:
    return lambda patterns: all(line.get(name) == wanted for name, wanted in patterns.items())


def speeds(market: Market) -> Callable[[str, date, float, int, float, float], float]:
    def speed(name: str, on: date, gross: float, age: int, left: float, multiplier: float) -> float:
        model = market.model(name)
        seen = Seen(market.curve(model["rate"]["curve"]), market.as_of, market.days_on)
        return smm_of(model, seen, Month(on, gross, left), age, multiplier)

    return speed


def forwards(market: Market) -> Callable[[str, date, date, str], float]:
    def forward(index: str, start: date, end: date, day_count: str) -> float:
        if start <= market.as_of:
            return market.fixing(index, start)
        curve = market.curve(market.projection.get(index))
        growth = curve.df(years_between(market.as_of, start)) / curve.df(years_between(market.as_of, end))
        year = {"MONTH": 1 / 12, "30/360": 1 / 12, "ACT/360": (end - start).days / 360}[day_count]
        return (growth - 1.0) / year

    return forward
