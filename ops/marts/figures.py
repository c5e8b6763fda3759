"""The figures of a run as rows for other tools: what `tenor results` shows, in the columns of schema mart."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar
from uuid import UUID

import pyarrow as pa

from commands.refusals import UnknownRun
from domain.refusals import Unknown
from domain.runs.run import RunCompleted
from ops.ports import Storage
from projections.marts.tables import DETAILS, FIRST, POSITIONS, TOTALS, MartRun, Rows
from query_api.errors import NotFound
from query_api.reading import Connection, reading
from query_api.results.columns import layout
from query_api.results.table import position_results
from query_api.results.totals import totals_asked
from query_api.runs import RunRow, queryable_run

NODE = "node"
AHEAD = 8
"""Batches of 4,096 rows that are read before they are written."""
LOOK_SECONDS = 0.2

Item = TypeVar("Item")


@dataclass(frozen=True)
class Figures:
    """Of a run that can be queried, at the completion that they belong to; to be read once."""

    run: MartRun
    completed_version: int
    tables: dict[str, Rows]


@contextmanager
def figures_of(storage: Storage, run_id: UUID) -> Iterator[Figures]:
    """All from one snapshot of the database; position rows are read ahead of whoever writes them."""
    with reading(storage.connect) as connection:
        run = run_of(connection, run_id)
        positions, totals, details = _positions(connection, run), *_totals(connection, run)
        with ahead(positions.batches) as batches:
            tables = {POSITIONS: Rows(positions.schema, batches), TOTALS: totals, DETAILS: details}
            yield Figures(mart_run(run), completed_version(storage, run), tables)


def run_of(connection: Connection, run_id: UUID) -> RunRow:
    try:
        return queryable_run(connection, run_id)
    except NotFound as unknown:
        raise UnknownRun(str(run_id)) from unknown


def mart_run(run: RunRow) -> MartRun:
    return MartRun(
        run.run_id,
        run.run_no,
        run.as_of,
        run.base_currency,
        run.portfolio_snapshot_id,
        run.market_snapshot_id,
        list(run.scenario_ids),
        run.measures,
    )


def completed_version(storage: Storage, run: RunRow) -> int:
    """Of the completion whose figures the read model has: its blocks have the same root."""
    found = [
        event.originator_version
        for event in storage.store.stream(run.run_id)
        if isinstance(event, RunCompleted) and event.blocks_root == run.blocks_root
    ]
    if not found:
        raise Unknown("RUN_NOT_COMPLETED", f"run {run.run_id} has no completion in the log", "see `tenor run show`")
    return found[-1]


def _positions(connection: Connection, run: RunRow) -> Rows:
    table = position_results(connection, run.run_id)
    measured = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    names = [*FIRST[POSITIONS], *measured]
    return Rows(chosen(table.schema, names), (batch.select(names) for batch in table.batches))


def _totals(connection: Connection, run: RunRow) -> tuple[Rows, Rows]:
    """Of every node of the tree, and what they are of."""
    table = totals_asked(connection, run, NODE, layout(run)).table
    table = table.rename_columns(["node_id" if name == NODE else name for name in table.column_names])
    measured = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    return _of(table, [*FIRST[TOTALS], *measured]), _of(table, list(FIRST[DETAILS]))


def _of(table: pa.Table, names: list[str]) -> Rows:
    picked = table.select(names).combine_chunks()
    return Rows(chosen(table.schema, names), picked.to_batches())


def chosen(schema: pa.Schema, names: list[str]) -> pa.Schema:
    return pa.schema([schema.field(name) for name in names])


@contextmanager
def ahead(items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """The same items in the same order, read by a thread of their own while earlier ones are worked on."""
    coming: Queue[Any] = Queue(AHEAD)
    left = Event()

    def put(told: tuple[Any, BaseException | None]) -> bool:
        while not left.is_set():
            try:
                coming.put(told, timeout=LOOK_SECONDS)
            except Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for item in items:
                if not put(((item,), None)):
                    return
        except BaseException as error:
            put((None, error))
        else:
            put((None, None))

    reader = Thread(target=read, name="mart-read")
    reader.start()
    try:
        yield _until_end(coming.get)
    finally:
        left.set()
        reader.join()


def _until_end(get: Callable[[], Any]) -> Iterator[Any]:
    while True:
        item, error = get()
        if error is not None:
            raise error
        if item is None:
            return
        yield item[0]
