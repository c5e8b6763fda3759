"""A position with the terms of its instrument, read from the tables of a portfolio folder."""

from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.walk.oracle.dates import InvalidTerms
from tests.walk.oracle.market import read_table


@dataclass(frozen=True, eq=False)
class Terms:
    """Everything the tables say of a position: its own row over its instrument's over its issuer's.

    One object for a position, so that what is worked out of its terms alone can be kept.
    """

    position: dict[str, str]
    instrument: dict[str, str]
    issuer: dict[str, str]
    cashflows: list[tuple[date, float, float]] = field(default_factory=list)
    steps: list[dict[str, str]] = field(default_factory=list)
    holidays: list[dict[str, str]] = field(default_factory=list)
    draws: list[dict[str, str]] = field(default_factory=list)
    matched: dict[tuple[tuple[str, str], ...], bool] = field(default_factory=dict, init=False, repr=False)
    """what `matches` has found"""

    def text(self, name: str, default: str | None = None) -> str:
        value = self.instrument.get(name, default)
        if value is None:
            raise InvalidTerms(f"no {name}")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        return default if default is not None and name not in self.instrument else float(self.text(name))

    def whole(self, name: str, default: int | None = None) -> int:
        return int(self.number(name, default))

    def flag(self, name: str) -> bool:
        return self.instrument.get(name, "false").lower() == "true"

    def day(self, name: str) -> date:
        return date.fromisoformat(self.text(name))

    def day_or_none(self, name: str) -> date | None:
        return self.day(name) if name in self.instrument else None

    @property
    def notional(self) -> float:
        return float(self.position["notional"])

    @property
    def position_id(self) -> str:
        return self.position["position_id"]

    @property
    def product(self) -> str:
        return self.instrument["product_type"]

    @property
    def currency(self) -> str:
        """The currency that the position's value is in: a forward's is the pair's quote currency."""
        return self.instrument["pair"][3:] if self.product == "FX_FWD" else self.instrument["currency"]

    @property
    def tags(self) -> dict[str, str]:
        """`KEY=VALUE;…` as attributes named `tag:KEY`."""
        pairs = (tag.partition("=") for tag in self.position.get("tags", "").split(";") if tag)
        return {f"tag:{key}": word or "true" for key, _, word in pairs}

    def matches(self, patterns: dict[str, str]) -> bool:
        asked = tuple(patterns.items())
        if asked not in self.matched:
            row: dict[str, Any] = self.issuer | self.instrument | self.position | self.tags
            self.matched[asked] = all(fnmatchcase(row.get(name, ""), pattern) for name, pattern in asked)
        return self.matched[asked]


def read_positions(folder: Path) -> list[Terms]:
    instruments = {row["instrument_id"]: row for row in read_table(folder, "instruments")}
    issuers = {row["issuer_id"]: row for row in read_table(folder, "issuers")}
    flows: dict[str, list[tuple[date, float, float]]] = {}
    for row in read_table(folder, "cashflows"):
        entry = (date.fromisoformat(row["pay_date"]), float(row.get("principal", 0)), float(row.get("interest", 0)))
        flows.setdefault(row["instrument_id"], []).append(entry)
    return [
        Terms(
            row,
            it,
            issuers.get(it.get("issuer_id", ""), {}),
            sorted(flows.get(row["instrument_id"], [])),
            *(_attached(folder, name, row["instrument_id"]) for name in ("steps", "payment_holidays", "draws")),
        )
        for row in read_table(folder, "positions")
        for it in [instruments[row["instrument_id"]]]
    ]


def _attached(folder: Path, table: str, instrument_id: str) -> list[dict[str, str]]:
    """Rows of an instrument, by date."""
    rows = [row for row in read_table(folder, table) if row["instrument_id"] == instrument_id]
    return sorted(rows, key=lambda row: row.get("date") or row["from_date"])
