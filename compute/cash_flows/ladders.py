"""Ladders: the flows of all positions of a run by time bucket and cell, a cell being a group in one currency.

Chunks are summed apart, on as many threads as there are processors, and added up in their order: the same numbers
whoever works them out.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.families import FamilyFlows, family_flows
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.valuing.ladders import AMOUNTS, NOWHERE, add_to_ladder
from compute.product_families import check
from domain.buckets import Buckets

Rows = NDArray[np.int64]
Amounts = NDArray[np.float64]
Chunk = TypeVar("Chunk")
Sums = TypeVar("Sums")


@dataclass(frozen=True)
class LadderCells:
    """Where each position of the portfolio is added: `count` cells, NOWHERE for those that are not asked for."""

    of_position: Rows
    count: int


@dataclass(frozen=True)
class LadderSums:
    amounts_ccy: Amounts
    """[S, cells, buckets, AMOUNTS] in the cell's currency"""
    positions: Rows
    """[S, cells] that are in it"""
    left_out: Rows
    """[S, cells] of products without cash flows here, and those that failed"""


def bucket_of_day(run: RunInputs, buckets: Buckets) -> NDArray[np.int32]:
    """[days] bucket of a payment so many days after the valuation date: start < payment date <= end."""
    edges = [(edge - buckets.start[0]).days for edge in buckets.edges]
    days = np.arange(run.tables.discount_factors.shape[1])
    return np.searchsorted(np.array(edges), days, side="left").astype(np.int32)


def ladder_of_run(run: RunInputs, cells: LadderCells, buckets: Buckets) -> LadderSums:
    of_day = bucket_of_day(run, buckets)

    def of_chunk(terms: Terms, cell: Rows, count: int) -> LadderSums:
        return ladder_of(run, terms, cell, count, of_day, len(buckets))

    shape = (run.scenario_count, cells.count)
    amounts_ccy, counts = np.zeros((*shape, len(buckets), len(AMOUNTS))), np.zeros((2, *shape), np.int64)
    whole = LadderSums(amounts_ccy, *counts)
    for used, part in over_chunks(run, cells, of_chunk):
        whole.amounts_ccy[:, used] += part.amounts_ccy
        whole.positions[:, used] += part.positions
        whole.left_out[:, used] += part.left_out
    return whole


def ladder_of(
    run: RunInputs, terms: Terms, cell: Rows, count: int, of_day: NDArray[np.int32], bucket_count: int
) -> LadderSums:
    """Of some positions, each in one of `count` cells or NOWHERE."""
    sums = no_ladder(run.scenario_count, cell, count, bucket_count)
    for family in family_flows(run.with_parts(), terms, check(run, terms)):
        add_family(run, family, cell, of_day, sums)
    return sums


def no_ladder(scenario_count: int, cell: Rows, count: int, bucket_count: int) -> LadderSums:
    """Everybody is left out."""
    shape = (scenario_count, count)
    asked = np.bincount(cell[cell != NOWHERE], minlength=count)
    left_out = np.repeat(asked[None, :], scenario_count, axis=0)
    return LadderSums(np.zeros((*shape, bucket_count, len(AMOUNTS))), np.zeros(shape, np.int64), left_out)


def add_family(run: RunInputs, family: FamilyFlows, cell: Rows, of_day: NDArray[np.int32], sums: LadderSums) -> None:
    """Who is added is no longer left out."""
    of_family = (family.notional_ccy, family.has_parts, cell[family.place], of_day)
    market = (run.tables.discount_factors, run.tables.spread_factors)
    positions = np.zeros_like(sums.positions)
    add_to_ladder(family.flows, family.discount_terms, *of_family, *market, sums.amounts_ccy, positions)
    sums.positions[...] += positions
    sums.left_out[...] -= positions


def over_chunks(
    run: RunInputs, cells: LadderCells, of_chunk: Callable[[Terms, Rows, int], Sums]
) -> Iterator[tuple[Rows, Sums]]:
    """The cells that a chunk's positions are in, and its sums by them, chunk after chunk."""

    def one(rows: Rows) -> tuple[Rows, Sums]:
        used, place = np.unique(cells.of_position[rows], return_inverse=True)
        return used, of_chunk(run.terms_of(rows), place.astype(np.int64), len(used))

    with ThreadPoolExecutor(processors()) as pool:
        yield from in_order(pool, one, _chunks(run, cells))


def _chunks(run: RunInputs, cells: LadderCells) -> Iterator[Rows]:
    """Rows of the positions that are asked for, by the run's chunks."""
    for first in range(0, run.portfolio.position_count, run.chunk_size):
        of_chunk = cells.of_position[first : first + run.chunk_size]
        rows = first + np.flatnonzero(of_chunk != NOWHERE)
        if len(rows):
            yield rows


def in_order(pool: ThreadPoolExecutor, work: Callable[[Chunk], Sums], chunks: Iterable[Chunk]) -> Iterator[Sums]:
    """As `map`, with no more chunks under way than twice the processors: what is summed is let go."""
    waiting = []
    for chunk in chunks:
        waiting.append(pool.submit(work, chunk))
        if len(waiting) > 2 * processors():
            yield waiting.pop(0).result()
    for each in waiting:
        yield each.result()


def processors() -> int:
    return os.cpu_count() or 1
