"""What groups of positions gain under each of many scenarios: read from the rollups, or summed from the chunks.

A position that has a value under one of the scenarios and none under another would gain or lose all of it: it is
counted as left out of them all, which only its chunk can say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from query_api.reading import Connection
from query_api.results.columns import columns_of_run
from query_api.results.group_of_position import (
    CHILDREN,
    KINDS,
    NOBODY,
    NODE,
    TOTAL,
    Grouping,
    LoadPortfolio,
    group_positions,
    node_named,
    nodes_of,
    refuse_too_many,
)
from query_api.results.table import chunks_of, facts_of_run, identities_of, read_piece
from query_api.runs import RunRow

Array = np.ndarray[Any, Any]

SELECT_ROLLUPS = """
SELECT key, max(positions), max(left_out), array_agg(coalesce(value, 'NaN') ORDER BY scenario_no) FROM read.rollup
 WHERE run_no = %s AND dimension = %s AND column_no = %s AND scenario_no = ANY(%s::smallint[])
   AND (%s::text[] IS NULL OR key = ANY(%s::text[]))
 GROUP BY key ORDER BY key COLLATE "C"
"""

# The same reasons under every scenario are one array; a chunk with several may hold a position that comes and goes.
SELECT_UNEVEN = """
SELECT chunk_no FROM read.result_status WHERE run_no = %s AND scenario_no = ANY(%s::smallint[])
 GROUP BY chunk_no HAVING count(DISTINCT reason_no) > 1
"""


@dataclass(frozen=True)
class Gains:
    """By group, in base currency."""

    keys: list[str]
    pv: Array
    """[groups] as the market is, of the positions that count"""
    gains: Array
    """[groups, scenarios]; NaN where no position of the group counts"""
    positions: Array
    left_out: Array


class ChunkGains(NamedTuple):
    """Of the positions of one chunk."""

    rows: slice
    """their places in the run"""
    counts: Array
    """[m] whether it has a value under all scenarios"""
    pv: Array
    """[m] base currency, 0 where it does not count"""
    gains: Array
    """[m, scenarios]"""


def gains_by_group(
    connection: Connection,
    run: RunRow,
    base_no: int,
    scenarios: list[int],
    by: str,
    node: str | None,
    load_portfolio: LoadPortfolio | None,
) -> Gains:
    uneven = uneven_chunks(connection, run, [base_no, *scenarios])
    found = None if uneven else _from_rollups(connection, run, base_no, scenarios, by, node)
    if found is not None:
        return found
    grouping = group_positions(connection, run, by, node, load_portfolio)
    return _from_chunks(connection, run, base_no, scenarios, grouping)


def uneven_chunks(connection: Connection, run: RunRow, scenarios: list[int]) -> set[int]:
    """Chunks in which a position may have a value under some of the scenarios only."""
    if not any(reason.startswith("PV:") for reason in run.failure_counts):
        return set()
    return {row[0] for row in connection.execute(SELECT_UNEVEN, (run.run_no, scenarios))}


def chunk_gains(connection: Connection, run: RunRow, base_no: int, scenarios: list[int]) -> Iterator[ChunkGains]:
    """Every chunk in its order; memory does not grow with the run."""
    cursor, facts = connection.cursor(binary=True), facts_of_run(connection, run)
    pv_column = next(column.number for column in columns_of_run(run) if column.name == "pv")
    numbers = [base_no, *scenarios]
    for piece in chunks_of(run):
        encoded = identities_of(cursor, run, piece)["currency"].dictionary_encode()
        rates = [[facts.rates.get((s, name), np.nan) for name in encoded.dictionary.to_pylist()] for s in numbers]
        amounts = read_piece(cursor, run, piece, numbers, [pv_column])[pv_column]
        values = np.stack([amounts[s] for s in numbers]) * np.array(rates)[:, encoded.indices.to_numpy()]
        counts = ~np.isnan(values).any(axis=0)
        values[:, ~counts] = 0.0
        yield ChunkGains(piece.rows, counts, values[0], (values[1:] - values[0]).T)


def _from_rollups(
    connection: Connection, run: RunRow, base_no: int, scenarios: list[int], by: str, node: str | None
) -> Gains | None:
    """None where no rollup holds these groups."""
    wanted = _rollups_for(connection, run, by, node)
    if wanted is None:
        return None
    dimension, keys = wanted
    numbers = sorted({base_no, *scenarios})
    pv_column = next(column.number for column in columns_of_run(run) if column.name == "pv")
    asked = (run.run_no, dimension, pv_column, numbers, keys, keys)
    rows = connection.cursor(binary=True).execute(SELECT_ROLLUPS, asked).fetchall()
    if not rows:
        return None
    names, positions, left_out, values = zip(*rows, strict=True)
    if run.rows is not None and by in KINDS and sum(positions) != run.positions:
        return None  # some hang on no node of this kind in scope
    totals = np.stack(values)
    pv = totals[:, numbers.index(base_no)]
    gains = totals[:, [numbers.index(scenario) for scenario in scenarios]] - pv[:, None]
    return Gains(list(names), pv, gains, np.array(positions), np.array(left_out))


def _rollups_for(connection: Connection, run: RunRow, by: str, node: str | None) -> tuple[str, list[str] | None] | None:
    """Dimension, and its keys; None means all of them."""
    nodes = nodes_of(connection, run)
    asked = node_named(nodes, node) if node is not None else None
    if by == CHILDREN:
        depth = len(asked.path) if asked else 0
        children = [n for n in nodes if len(n.path) == depth + 1 and (asked is None or n.path[:-1] == asked.path)]
        all_below = asked is None or sum(n.positions for n in children) == asked.positions
        return (NODE, [n.node_id for n in children if n.positions]) if all_below else None
    if asked is None:
        return by, None
    if by == TOTAL:
        return NODE, [asked.node_id]
    if by == NODE:
        return NODE, [n.node_id for n in nodes if asked.node_id in n.path and n.positions]
    return None


def _from_chunks(connection: Connection, run: RunRow, base_no: int, scenarios: list[int], grouping: Grouping) -> Gains:
    cells = grouping.cell_count
    refuse_too_many(cells, len(scenarios))
    pv, gains = np.zeros(cells), np.zeros((cells, len(scenarios)))
    positions, counted = np.zeros(cells), np.zeros(cells)
    for chunk in chunk_gains(connection, run, base_no, scenarios):
        cell = grouping.cells[chunk.rows]
        asked = cell != NOBODY
        cell = cell[asked]
        positions += np.bincount(cell, minlength=cells)
        counted += np.bincount(cell, chunk.counts[asked], cells)
        pv += np.bincount(cell, chunk.pv[asked], cells)
        for scenario, column in enumerate(chunk.gains[asked].T):
            gains[:, scenario] += np.bincount(cell, column, cells)
    by_group = [grouping.by_group(each) for each in (pv, gains, positions, counted)]
    nobody = by_group[3] == 0
    by_group[0][nobody], by_group[1][nobody] = np.nan, np.nan
    left_out = (by_group[2] - by_group[3]).astype(np.int64)
    return Gains(grouping.keys, by_group[0], by_group[1], by_group[2].astype(np.int64), left_out)
