"""What the same numbers cost as most systems would keep them, on a sample of a run that was just measured.

    row per event    a JSON event for each position and scenario, all its numbers in it, through the same store
    row per result   a row for each position and scenario, its numbers as float8 columns, COPY in binary, then its key

`whole_run` is multiplied out, not run.
"""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Identifier

from domain.runs.facts import BlockColumns, fact_stream
from ops.adapters.database import as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder
from ops.ports import Connect, Storage
from projections.engine.binary_copy import Field, FixedRows, copy
from query_api.runs import RunRow, find_run

SAMPLE = 20_000
EVENTS_A_SAVE = 1_000
KINDS = ("PositionPriced", "RiskComputed")

LOG_SIZE = "SELECT pg_total_relation_size('ledger_events')"
TABLE_SIZE = "SELECT pg_total_relation_size('bench_long_row')"
CREATE_ROWS = SQL("CREATE TABLE bench_long_row (position_no int4, scenario_no int2, {columns})")
ADD_KEY = "ALTER TABLE bench_long_row ADD PRIMARY KEY (scenario_no, position_no)"

Columns = dict[str, Any]
"""name -> float64 [scenarios, positions]"""


def measure_alternatives(storage: Storage, database_url: str, run_id: UUID) -> dict[str, Any]:
    with storage.connect() as connection:
        run = find_run(connection, run_id)
    columns = _sample(storage, run)
    scenarios, positions = next(iter(columns.values())).shape
    results = int(scenarios * positions)
    took = {
        "row_per_event": _row_per_event(storage.connect, database_url, run, columns),
        "row_per_result": _row_per_result(storage.connect, columns),
    }
    scale = run.positions * len(run.scenarios) / results
    for figures in took.values():
        figures["whole_run"] = {"seconds": round(figures["seconds"] * scale, 1), "mb": round(figures["mb"] * scale)}
    return {"sample_results": results, "columns": len(columns), **took}


def _sample(storage: Storage, run: RunRow) -> Columns:
    parts: dict[str, list[Any]] = {}
    for chunk_no in range(min(-(-run.positions // run.chunk_size), -(-SAMPLE // run.chunk_size))):
        for block in _blocks(storage, run.run_id, chunk_no):
            for name, values in zip(block.columns, block.values, strict=True):
                parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values, axis=1)[:, :SAMPLE] for name, values in parts.items()}


def _blocks(storage: Storage, run_id: UUID, chunk_no: int) -> Iterator[BlockColumns]:
    for kind in KINDS:
        if storage.store.stream(fact_stream(run_id, kind, chunk_no)):
            yield storage.block_codec.decode(storage.store.block(run_id, kind, chunk_no))


def _row_per_event(connect: Connect, database_url: str, run: RunRow, columns: Columns) -> dict[str, Any]:
    recorder = LedgerRecorder(LedgerDatastore(database_url, as_application, 1))
    before, started = _scalar(connect, LOG_SIZE), time.perf_counter()
    waiting: list[StoredEvent] = []
    for state in _states(run, columns):
        waiting.append(StoredEvent(uuid4(), 1, "bench.position_priced", state))
        if len(waiting) == EVENTS_A_SAVE:
            recorder.insert_events(waiting)
            waiting = []
    if waiting:
        recorder.insert_events(waiting)
    seconds = time.perf_counter() - started
    recorder.datastore.close()
    return {"seconds": round(seconds, 3), "mb": round((_scalar(connect, LOG_SIZE) - before) / 1e6, 1)}


def _states(run: RunRow, columns: Columns) -> Iterator[bytes]:
    names = list(columns)
    for scenario_no, scenario in enumerate(run.scenarios):
        of_position = np.stack([columns[name][scenario_no] for name in names], axis=1).tolist()
        for position_no, values in enumerate(of_position):
            place = {"run_id": str(run.run_id), "scenario": scenario, "position_no": position_no}
            yield json.dumps(place | dict(zip(names, values, strict=True)), separators=(",", ":")).encode()


def _row_per_result(connect: Connect, columns: Columns) -> dict[str, Any]:
    started = time.perf_counter()
    with connect() as connection, connection.transaction():
        described = SQL(", ").join(SQL("{} float8").format(Identifier(name)) for name in columns)
        connection.execute("SET LOCAL search_path = projection")
        connection.execute(CREATE_ROWS.format(columns=described))
        names = ("position_no", "scenario_no", *columns)
        copy(connection, Identifier("bench_long_row"), names, _rows(columns), freeze=True)
        connection.execute(ADD_KEY)
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 3), "mb": round(_scalar(connect, TABLE_SIZE) / 1e6, 1)}


def _rows(columns: Columns) -> Iterator[Any]:
    scenarios, positions = next(iter(columns.values())).shape
    fields = [Field("position_no", "int4"), Field("scenario_no", "int2"), *(Field(name, "float8") for name in columns)]
    rows = FixedRows(positions, fields)
    rows["position_no"] = np.arange(positions)
    for scenario_no in range(scenarios):
        rows["scenario_no"] = scenario_no
        for name, values in columns.items():
            rows[name] = values[scenario_no]
        yield rows.data()


def _scalar(connect: Connect, query: str) -> int:
    with connect() as connection, connection.transaction():
        connection.execute("SET LOCAL search_path = projection, public")
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])
