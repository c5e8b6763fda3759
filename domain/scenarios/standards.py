"""The Basel Committee's standards of interest rate shocks: their sizes, and which one a shock that names none takes."""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from domain.scenarios.shocks import IrrbbShock, IrrbbStandard, ScenarioDocument

NEWEST: IrrbbStandard = "d578"
STANDARDS: dict[str, IrrbbStandard] = {"irrbb-2018": "d368", "irrbb-2026": "d578"}
"""By rule set."""


def standard_of(shock: IrrbbShock) -> IrrbbStandard:
    """A shock that names none, in a run that pinned none, takes the newest."""
    return shock.standard or NEWEST


def with_standard(document: dict[str, object], rules: tuple[str, ...]) -> dict[str, object]:
    """A scenario's document as a run pins it; the same one where nothing is left open."""
    known = [STANDARDS[name] for name in rules if name in STANDARDS]
    scenario = ScenarioDocument.model_validate(document)
    if not known or not any(_is_open(shock) for shock in scenario.shocks):
        return document
    shocks = tuple(
        shock.model_copy(update={"standard": known[0]}) if _is_open(shock) else shock for shock in scenario.shocks
    )
    return scenario.model_copy(update={"shocks": shocks}).model_dump(mode="json", exclude_none=True)


def _is_open(shock: object) -> bool:
    return isinstance(shock, IrrbbShock) and shock.standard is None


class IrrbbSizes(NamedTuple):
    parallel_bp: float
    short_bp: float
    long_bp: float


def irrbb_sizes(standard: str, currency: str) -> IrrbbSizes | None:
    """The standard's shock sizes for a currency; None where the committee gives none."""
    row = _irrbb_table().get(currency)
    if row is None:
        return None
    return IrrbbSizes(*(float(row[f"{standard}_{size}"]) for size in ("parallel", "short", "long")))


@cache
def _irrbb_table() -> dict[str, dict[str, str]]:
    text = files("domain").joinpath("data", "irrbb_shocks.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {row["currency"]: row for row in csv.DictReader(lines)}
