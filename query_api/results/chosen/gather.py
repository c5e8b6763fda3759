"""Numbers of positions anywhere in a run: the frames of the chunks that they are in, a few chunks at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from domain.packing import PART_POSITIONS
from query_api.frames import opened_part
from query_api.reading import Array, unpacked_numbers
from query_api.runs import RunRow

SELECT_FRAMES = """
SELECT c.chunk_no, c.part_no, c.column_no, c.scenario_no, c.packed
  FROM unnest(%s::int[], %s::smallint[]) AS part (chunk_no, part_no)
  JOIN read.result_chunk c ON c.run_no = %s AND c.chunk_no = part.chunk_no AND c.part_no = part.part_no
 WHERE c.scenario_no = ANY(%s::smallint[]) AND c.column_no = ANY(%s::smallint[])
"""

SELECT_STATUSES = """
SELECT chunk_no, reason_no FROM read.result_status WHERE run_no = %s AND chunk_no = ANY(%s::int[]) AND scenario_no = %s
"""

SELECT_DETAILS = """
SELECT chunk_no, detail FROM read.result_position WHERE run_no = %s AND chunk_no = ANY(%s::int[]) AND detail IS NOT NULL
"""

MAX_FRAMES = 4_000
"""Read at once: some 40 MB."""


def gather_amounts(cursor: Any, run: RunRow, rows: Array, scenario_no: int, columns: list[int]) -> dict[int, Array]:
    """By column, in the order of `rows`."""
    found = {column: np.full(len(rows), np.nan) for column in columns}
    if not len(rows) or not columns:
        return found
    chunks, within = np.divmod(places_of(run, rows), run.chunk_size)
    parts = chunks * (run.chunk_size // PART_POSITIONS + 1) + within // PART_POSITIONS
    order = np.argsort(parts, kind="stable")
    places = np.split(order, np.flatnonzero(np.diff(parts[order])) + 1)
    scenarios = sorted({0, scenario_no})
    at_once = max(1, MAX_FRAMES // (len(columns) * len(scenarios)))
    for some in _some_of(places, at_once):
        of_part = {(int(chunks[each[0]]), int(within[each[0]]) // PART_POSITIONS): each for each in some}
        frames: dict[tuple[int, int, int], dict[int, bytes]] = {}
        numbers = ([chunk for chunk, _ in of_part], [part for _, part in of_part])
        asked = (*numbers, run.run_no, scenarios, columns)
        for chunk, part, column, scenario, frame in cursor.execute(SELECT_FRAMES, asked).fetchall():
            frames.setdefault((chunk, part, column), {})[scenario] = frame
        for (chunk, part, column), by_scenario in frames.items():
            mine = of_part[chunk, part]
            found[column][mine] = opened_part(by_scenario, within[mine] - part * PART_POSITIONS)[scenario_no]
    return found


def gather_reason_numbers(cursor: Any, run: RunRow, rows: Array, scenario_no: int) -> Array:
    found = np.zeros(len(rows), np.int64)
    chunks, within = np.divmod(places_of(run, rows), run.chunk_size)
    used = np.unique(chunks).tolist()
    for chunk, packed in cursor.execute(SELECT_STATUSES, (run.run_no, used, scenario_no)).fetchall():
        mine = chunks == chunk if len(used) > 1 else slice(None)
        found[mine] = unpacked_numbers(packed, "<i2")[within[mine]]
    return found


def gather_details(cursor: Any, run: RunRow, rows: Array) -> list[str]:
    """A sentence on why something failed, or ''."""
    found = [""] * len(rows)
    chunks, within = np.divmod(places_of(run, rows), run.chunk_size)
    for chunk, details in cursor.execute(SELECT_DETAILS, (run.run_no, np.unique(chunks).tolist())).fetchall():
        for place in np.flatnonzero(chunks == chunk).tolist():
            found[place] = details[within[place]]
    return found


def places_of(run: RunRow, rows: Array) -> Array:
    """Where the run's tables have them: `rows` count what is in scope."""
    found: Array = rows if run.rows is None else run.rows[rows]
    return found


def _some_of(places: list[Array], count: int) -> Iterator[list[Array]]:
    for start in range(0, len(places), count):
        yield places[start : start + count]
