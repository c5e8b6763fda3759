"""The Federal Reserve's supervisory scenarios: their paths, and how far they move prices from the jump-off quarter."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from domain.scenarios.shocks import SupervisoryShock
from domain.scenarios.variables import VARIABLES

TREASURY_TENORS_YR = (0.25, 5.0, 10.0)
_TREASURIES = ("treasury_3m", "treasury_5y", "treasury_10y")
_PAIRS = {"EURUSD": "eurusd", "GBPUSD": "gbpusd", "USDJPY": "usdjpy"}

Row = Mapping[str, str]


@dataclass(frozen=True)
class SupervisoryMove:
    """What has changed at one quarter of the path since the last historic quarter."""

    quarter: str
    treasury_bp: tuple[float, ...]
    """at TREASURY_TENORS_YR"""
    spread_bp: float
    """BBB corporate yield less ten-year Treasury yield"""
    fx_pct: Mapping[str, float]
    """by pair; only the 2025 scenarios bring exchange rates"""


@dataclass(frozen=True)
class SupervisoryPath:
    """The printed table of one scenario, by variable; those that its cycle does not print are absent."""

    start: Mapping[str, float]
    values: Mapping[str, tuple[float, ...]]
    quarters: tuple[str, ...]
    """the jump-off quarter first"""


class UnknownQuarter(ValueError):
    """The path has no such quarter; `quarters` lists those that it has."""

    def __init__(self, quarter: str, quarters: list[str]) -> None:
        super().__init__(f"the path has no quarter {quarter}")
        self.quarters = quarters


@cache
def supervisory_path(cycle: int, name: str) -> SupervisoryPath:
    jump_off, path = _tables(cycle, name)
    rows = list(path.values())
    printed = [variable for variable in VARIABLES if rows[0].get(variable)]
    start = {variable: float(jump_off[variable]) for variable in printed}
    values = {variable: tuple(float(row[variable]) for row in rows) for variable in printed}
    return SupervisoryPath(start, values, (jump_off["quarter"], *path))


def supervisory_move(shock: SupervisoryShock) -> SupervisoryMove:
    """At the quarter that the shock names, or where the BBB spread is widest (the first of equals)."""
    start, path = _tables(shock.cycle, shock.name)
    widest = max(path, key=lambda quarter: _bbb_spread_pct(path[quarter]))
    quarter = _quarter(shock.quarter, list(path)) or widest
    if quarter not in path:
        raise UnknownQuarter(quarter, list(path))
    there = path[quarter]
    return SupervisoryMove(
        quarter,
        tuple(round(100 * (float(there[name]) - float(start[name])), 6) for name in _TREASURIES),
        round(100 * (_bbb_spread_pct(there) - _bbb_spread_pct(start)), 6),
        {pair: 100 * (float(there[name]) / float(start[name]) - 1) for pair, name in _PAIRS.items() if there[name]},
    )


def _tables(cycle: int, name: str) -> tuple[Row, dict[str, Row]]:
    """The jump-off quarter, and the path by quarter."""
    rows = [row for row in _paths() if row["cycle"] == str(cycle)]
    start = next(row for row in rows if row["scenario"] == "JUMP_OFF")
    return start, {row["quarter"]: row for row in rows if row["scenario"] == name}


def _quarter(named: str | int | None, quarters: list[str]) -> str | None:
    if isinstance(named, int):
        return quarters[named - 1]
    return named and f"{named[:4]} {named[-2:]}"


def _bbb_spread_pct(row: Row) -> float:
    """Rounded to the table's own precision, so that equal spreads compare equal."""
    return round(float(row["bbb_yield"]) - float(row["treasury_10y"]), 6)


@cache
def _paths() -> list[Row]:
    text = files("domain").joinpath("data", "supervisory_paths.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
