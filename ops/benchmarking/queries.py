"""How long the questions of a screen take, asked one after another over one connection."""

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from ops.ports import Connect
from query_api.results.position import position_results_of
from query_api.results.table import position_results, read_identities
from query_api.results.top import top_positions
from query_api.results.totals import totals
from query_api.runs import RunRow, find_run

TIMES = 200
TOP = 20
PAGE = 100


def query_times_ms(connect: Connect, run_ids: Sequence[UUID], seed: int = 1) -> dict[str, list[float]]:
    """Every question 200 times, each time of another place, of one stored run after another (all of one shape)."""
    rng = np.random.default_rng(seed)
    with connect() as connection:
        runs = [find_run(connection, run_id) for run_id in run_ids]
        run = runs[0]
        rows = rng.integers(0, run.positions, TIMES).tolist()
        names = [_position_id(connection, run, row) for row in rows]
        scenarios = [run.scenario_ids[n] for n in rng.integers(0, len(run.scenarios), TIMES)]
        starts = rng.integers(0, max(1, run.positions * len(run.scenarios) - PAGE), TIMES).tolist()
        turns = [runs[n % len(runs)] for n in range(TIMES)]
        return {
            "totals_by_desk": _times_ms(lambda n: totals(connection, turns[n].run_id, "desk")),
            "top_20": _times_ms(lambda n: _top(connection, turns[n], scenarios[n])),
            "one_position": _times_ms(lambda n: position_results_of(connection, turns[n].run_id, names[n])),
            "page_of_100": _times_ms(lambda n: _page(connection, turns[n].run_id, starts[n])),
        }


def percentile_ms(times_ms: dict[str, list[float]], percent: float) -> dict[str, float]:
    return {name: round(float(np.percentile(values, percent)), 3) for name, values in times_ms.items()}


def _position_id(connection: Any, run: RunRow, row: int) -> str:
    chunk_no, place = divmod(row, run.chunk_size)
    return str(read_identities(connection.cursor(binary=True), run, chunk_no)["position_id"][place])


def _top(connection: Any, run: RunRow, scenario: str) -> object:
    measure = "DV01" if "DV01" in run.measures else "PV"
    return top_positions(connection, run.run_id, measure=measure, scenario=scenario, limit=TOP)


def _page(connection: Any, run_id: UUID, start: int) -> object:
    return list(position_results(connection, run_id, start=start, limit=PAGE).batches)


def _times_ms(ask: Callable[[int], object]) -> list[float]:
    found = []
    for number in range(TIMES):
        started = time.perf_counter()
        ask(number)
        found.append((time.perf_counter() - started) * 1e3)
    return found
