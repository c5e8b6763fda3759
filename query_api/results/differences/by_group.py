"""Why a total moved from one run to another, as far as two runs say it.

    from + new + gone + changed + one_side = to

A position is new in a group where it stands in the later run alone, and gone where in the earlier alone: one that hangs
elsewhere is gone from the one book, new in the other, and changed in the fund above both. What has a value in one run
and none in the other is on one side. Sums are of positions, in base currency.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from query_api.reading import Array
from query_api.results.asked_groups import BETWEEN_KEYS, NODE, TOTAL, ChosenGroups, parse_by
from query_api.results.chosen.selection import measured_names
from query_api.results.differences.sides import NOWHERE, Both, Side
from query_api.results.in_scope import refuse_above

AMOUNTS = ("from", "new", "gone", "changed", "one_side", "to", "change")
COUNTS = (*(f"positions_{name}" for name in AMOUNTS[:-1]), "left_out_from", "left_out_to")
SHARED = ("measure", "scenario_id", "base_currency")

Sums = dict[str, Any]


@dataclass(frozen=True)
class Members:
    """Each position's cell, and the groups that a cell counts in: of nodes, itself and all above it."""

    cell: Array
    groups: list[frozenset[str]]


@dataclass(frozen=True)
class Between:
    """Positions that come from one cell and go to one cell, added up.

    `only_was`, `only_now`: of those with a value in the earlier run alone, in the later alone."""

    before: int
    after: int
    was: float
    now: float
    only_was: float
    only_now: float
    positions: float
    valued_was: float
    valued_now: float
    moved: float
    on_one_side: float


def differences(both: Both, by: str) -> pa.Table:
    """A row for each group: both totals, what leads from the one to the other, and the positions behind each."""
    names = [each.name for each in parse_by(by)]
    if TOTAL in names and both.question.node is None:
        for side in (both.earlier, both.later):
            refuse_above(side.run, TOTAL, [])
    shared = dict(zip(SHARED, (both.measure, both.question.scenario, both.later.run.base_currency), strict=True))
    rows = []
    for key, sums in sorted(_grouped(both, by).items()):
        parts = key.split(BETWEEN_KEYS) if len(names) > 1 else [key]
        change = {"change": sums["to"] - sums["from"]}
        rows.append(dict(zip(names, parts, strict=True)) | sums | change | shared)
    kinds = [*((name, pa.string()) for name in names), *((name, pa.float64()) for name in AMOUNTS)]
    kinds += [*((name, pa.int64()) for name in COUNTS), *((name, pa.string()) for name in SHARED)]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _grouped(both: Both, by: str) -> dict[str, Sums]:
    before, after = (_members(side, by) for side in (both.earlier, both.later))
    found: dict[str, Sums] = defaultdict(lambda: dict.fromkeys(AMOUNTS[:-1], 0.0) | dict.fromkeys(COUNTS, 0))
    for some in _between(both, before.cell, after.cell):
        old = before.groups[some.before] if some.before != NOWHERE else frozenset()
        new = after.groups[some.after] if some.after != NOWHERE else frozenset()
        for key in old | new:
            for name, value in _told(some, key in old, key in new):
                found[key][name] += value
    return found


def _told(some: Between, was: bool, is_now: bool) -> Iterator[tuple[str, float]]:
    """What they add to a group that they were in, are in, or both."""
    if was:
        yield from (("from", some.was), ("positions_from", int(some.positions)))
        yield "left_out_from", int(some.positions - some.valued_was)
    if is_now:
        yield from (("to", some.now), ("positions_to", int(some.positions)))
        yield "left_out_to", int(some.positions - some.valued_now)
    if was and is_now:
        yield "changed", (some.now - some.only_now) - (some.was - some.only_was)
        yield "one_side", some.only_now - some.only_was
        yield from (("positions_changed", int(some.moved)), ("positions_one_side", int(some.on_one_side)))
    elif was:
        yield from (("gone", -some.was), ("positions_gone", int(some.positions)))
    else:
        yield from (("new", some.now), ("positions_new", int(some.positions)))


def _members(side: Side, by: str) -> Members:
    seen = side.seen_nodes
    if by == NODE:
        groups = [frozenset(path) if seen is None else seen & frozenset(path) for path in side.book.paths()]
        return Members(side.book.portfolio.book_row[side.rows], groups)
    labels, codes = ChosenGroups(side.book, parse_by(by), list(measured_names(side.run)), []).coded
    return Members(codes[side.rows], [frozenset((label,)) for label in labels])


def _between(both: Both, before: Array, after: Array) -> Iterator[Between]:
    """Every pair of cells that positions go between, NOWHERE for those that are new or gone."""
    old = np.concatenate([np.append(before, NOWHERE)[both.place], before[both.gone]]).astype(np.int64)
    new = np.concatenate([after, np.full(len(both.gone), NOWHERE)]).astype(np.int64)
    width = int(new.max(initial=0)) + 2
    pairs, at = np.unique((old + 1) * width + new + 1, return_inverse=True)
    was, now = both.was, both.now
    there, here = ~np.isnan(was), ~np.isnan(now)
    was, now = np.nan_to_num(was), np.nan_to_num(now)
    alone = there != here
    weights = (was, now, was * alone, now * alone, np.ones(len(at)), there, here, there & here & (was != now), alone)
    sums = [np.bincount(at, weights=each, minlength=len(pairs)).tolist() for each in weights]
    for place, pair in enumerate(pairs.tolist()):
        first, second = divmod(pair, width)
        yield Between(first - 1, second - 1, *(each[place] for each in sums))
