"""What a replayed chunk has otherwise than the log: which position, which measure, both values, and how far apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME
from domain.portfolio.columns import Portfolio
from domain.runs.facts import BlockColumns
from domain.runs.run import RunRequested

NamePlace = Callable[[int, int], tuple[str, str]]
"""(scenario, row) -> who it is of, and the scenario"""
KEPT = "CASH_FLOWS"
MAX_TOLD = 20
"""Of a chunk's kind, the largest first; all are counted."""


@dataclass(frozen=True)
class Difference:
    """`difference` is recomputed - stored, `relative` to max(1, |stored|, |recomputed|); both None where one of the two
    is blank, or where only the reasons of a blank differ, which stand in place of the values then."""

    position_id: str
    scenario: str
    measure: str
    column: str
    stored: float | str | None
    recomputed: float | str | None
    difference: float | None = None
    relative: float | None = None


@dataclass(frozen=True)
class Differences:
    count: int
    told: list[Difference]
    note: str = ""


NONE = Differences(0, [])


def differences(
    stored: BlockColumns,
    again: BlockColumns,
    first_row: int,
    requested: RunRequested,
    portfolio: Portfolio,
    place: NamePlace | None = None,
) -> Differences:
    """`place` says what stands where in a block that is not one of positions."""
    shapes = [(each.columns, each.measures, each.values.shape, each.reasons.shape) for each in (stored, again)]
    if shapes[0] != shapes[1]:
        return Differences(0, [], "it has other columns, measures, scenarios or positions than are stored")
    values, relative = differing_values(stored.values, again.values)
    reasons = np.argwhere(stored.reasons != again.reasons)
    if not len(values) and not len(reasons):
        return Differences(0, [], "the numbers are the same; its sentences, or how blanks are stored, are not")
    ids = portfolio.tables["positions"].columns["position_id"]

    def of_position(scenario: int, row: int) -> tuple[str, str]:
        return str(ids.categories[ids.values[first_row + row]]), requested.scenarios[scenario]

    place = place or of_position
    largest_first = np.argsort(-relative, kind="stable")[:MAX_TOLD]
    told = [
        differing_value(stored, again, column, *place(scenario, row), (column, scenario, row))
        for column, scenario, row in values[largest_first].tolist()
    ]
    for measure, scenario, row in reasons[: MAX_TOLD - len(told)].tolist():
        here, there = (Reason(int(each.reasons[measure, scenario, row])).name for each in (stored, again))
        told.append(Difference(*place(scenario, row), stored.measures[measure], "reason", here, there))
    return Differences(len(values) + len(reasons), told)


def places_of_cells(requested: RunRequested, stored: BlockColumns) -> NamePlace:
    """Of kept cash flows: the book, product and currency with the number of its bucket, and the scenario."""
    buckets = stored.values.shape[2] // max(1, len(stored.details))

    def place(scenario: int, row: int) -> tuple[str, str]:
        return f"{stored.details[row // buckets]} bucket {row % buckets + 1}", requested.cashflows[scenario]

    return place


def differing_values(stored: Any, again: Any) -> tuple[Any, Any]:
    """Places [n, 3] of numbers whose bits differ, and how far apart each two are: infinitely where one is blank."""
    both_blank = np.isnan(stored) & np.isnan(again)
    bits, bits_again = (np.ascontiguousarray(each).view(np.uint64) for each in (stored, again))
    places = np.argwhere((bits != bits_again) & ~both_blank)
    a, b = (each[tuple(places.T)] for each in (stored, again))
    apart = np.abs(a - b) / np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
    return places, np.where(np.isnan(apart), np.inf, apart)


def differing_value(
    stored: BlockColumns, again: BlockColumns, column: int, position_id: str, scenario: str, place: tuple[int, int, int]
) -> Difference:
    name = stored.columns[column]
    measure = next((each for each in stored.measures if name in BY_NAME[each].result_columns), KEPT)
    values = [float(each.values[place]) for each in (stored, again)]
    here, there = (None if np.isnan(value) else value for value in values)
    if here is None or there is None:
        return Difference(position_id, scenario, measure, name, here, there)
    relative = abs(there - here) / max(1.0, abs(here), abs(there))
    return Difference(position_id, scenario, measure, name, here, there, there - here, relative)


def line_of(difference: dict[str, Any]) -> str:
    """For a person; every digit, so that the last one that differs can be seen."""
    stored, recomputed = (shown(difference[name]) for name in ("stored", "recomputed"))
    size = ""
    if difference["difference"] is not None:
        size = f", off by {difference['difference']:.3g} ({difference['relative']:.3g} of it)"
    where = f"{difference['position_id']} {difference['column']} under {difference['scenario']}"
    return f"  {where}: stored {stored}, recomputed {recomputed}{size}"


def shown(value: float | str | None) -> str:
    return "blank" if value is None else value if isinstance(value, str) else repr(value)
