"""Runs: what was asked, how far it is, how it ended; and the short history of each.

A batch is folded in memory and written once per run. A run remembers the position of the last event told, so an
event told twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from domain.event import Event
from domain.measures.measures import columns_of
from domain.ports import Connection, LogEntry
from domain.runs.facts import PositionPriced
from domain.runs.run import (
    ChunkFailed,
    Run,
    RunCancelled,
    RunCompleted,
    RunEvent,
    RunFailed,
    RunPlanned,
    RunPublished,
    RunRejected,
    RunRequested,
    RunRestored,
    RunRetried,
    RunStatus,
    evolve,
)
from projections.engine.versions import FIRST, Tables, versioned

INSERT_RUN = """
INSERT INTO {run}
       (run_id, run_no, status, portfolio_snapshot_id, market_snapshot_id, as_of, base_currency, scenarios, measures,
        columns, positions, chunk_size, actor, requested_at, log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

SELECT_PROGRESS = """
SELECT run_id, log_position, status, chunks, priced_chunks, failed_chunks, excepted_chunks, planned_at, completed_at,
       completed_position, blocks_root,
       (SELECT e.topic FROM {run_event} e WHERE e.run_id = r.run_id AND e.topic = ANY (%s)
         ORDER BY e.log_position DESC LIMIT 1)
  FROM {run} r WHERE run_id = ANY (%s)
"""

UPDATE_PROGRESS = """
UPDATE {run}
   SET log_position = %s, status = %s, chunks = %s, priced_chunks = %s, failed_chunks = %s, excepted_chunks = %s,
       planned_at = %s, completed_at = %s, completed_position = %s, blocks_root = %s
 WHERE run_id = %s
"""

INSERT_HISTORY = """
INSERT INTO {run_event} (run_id, log_position, topic, at, actor, payload)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

RUN_EVENTS: tuple[type[Event], ...] = get_args(RunEvent)
HISTORY: tuple[type[Event], ...] = (*RUN_EVENTS, ChunkFailed)
ENDED_BY = {
    RunPublished.TOPIC: RunStatus.PUBLISHED,
    RunRejected.TOPIC: RunStatus.REJECTED,
    RunCancelled.TOPIC: RunStatus.CANCELLED,
    RunFailed.TOPIC: RunStatus.FAILED,
}
NOT_SHOWN = {*Event.model_fields, "run_id", "scenario_documents"}
"""The envelope has columns of its own; the scenarios' documents are in the table of scenarios."""


@dataclass
class Progress:
    """What changes about a run."""

    log_position: int
    status: str
    chunks: int | None
    priced_chunks: set[int] = field(default_factory=set)
    failed_chunks: set[int] = field(default_factory=set)
    excepted_chunks: set[int] = field(default_factory=set)
    """whose facts tell of positions without a value; one that was given up counts as failed alone"""
    planned_at: datetime | None = None
    completed_at: datetime | None = None
    completed_position: int | None = None
    blocks_root: str | None = None
    ended_by: str | None = None
    """the topic of what it comes back as when it is restored"""

    def observe(self, event: Event, position: int) -> None:
        """The first terminal fact of a chunk counts, as it does for whoever completes the run."""
        self.log_position = position
        match event:
            case PositionPriced():
                self.priced_chunks |= {event.chunk_no} - self.failed_chunks
                self.excepted_chunks |= {event.chunk_no} if event.failed else set()
                self._running()
            case ChunkFailed():
                self.failed_chunks |= {event.chunk_no} - self.priced_chunks
                self._running()
            case RunPlanned():
                self.chunks, self.planned_at = event.chunks, event.timestamp
            case RunRetried():
                self.failed_chunks -= set(event.chunks)
                self.completed_at = None
            case RunCompleted():
                self.completed_at, self.completed_position = event.timestamp, position
                self.blocks_root = event.blocks_root
                self.failed_chunks = set(event.failed_chunks)
                self.priced_chunks = set(range(self.chunks or 0)) - self.failed_chunks
        if isinstance(event, RunRestored):
            self.status = ENDED_BY.get(self.ended_by or "", RunStatus.PUBLISHED)
        elif isinstance(event, RUN_EVENTS):
            self.status = evolve(Run(), event).status  # type: ignore[arg-type]  # narrowed to RunEvent's members

    def _running(self) -> None:
        if self.status == RunStatus.PLANNED:
            self.status = RunStatus.RUNNING


class RunStatusProjection:
    tables = ("run", "run_event")
    alone: tuple[type[Event], ...] = ()

    def __init__(self, version: int = FIRST) -> None:
        self.name = versioned("run", version)
        tables = Tables(self.tables, version)
        self._insert_run, self._insert_history = tables.sql(INSERT_RUN), tables.sql(INSERT_HISTORY)
        self._select_progress, self._update_progress = tables.sql(SELECT_PROGRESS), tables.sql(UPDATE_PROGRESS)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        mine = [entry for entry in entries if isinstance(entry.event, (*HISTORY, PositionPriced))]
        for entry in mine:
            if isinstance(entry.event, RunRequested):
                connection.execute(self._insert_run, request_row(entry.event, entry.position))
            if isinstance(entry.event, HISTORY):
                connection.execute(self._insert_history, history_row(entry.event, entry.position))
        self._advance(connection, mine)

    def _advance(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        progress = self._progress(connection, {run_of(entry.event) for entry in entries})
        moved = set()
        for entry in entries:
            run = progress[run_of(entry.event)]
            if entry.position > run.log_position:
                run.observe(entry.event, entry.position)
                moved.add(run_of(entry.event))
        for run_id in sorted(moved):
            connection.execute(self._update_progress, (*progress_row(progress[run_id]), run_id))

    def _progress(self, connection: Connection, run_ids: set[UUID]) -> dict[UUID, Progress]:
        with connection.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(self._select_progress, (list(ENDED_BY), sorted(run_ids))).fetchall()
        return {
            run_id: Progress(position, status, chunks, set(priced), set(failed), set(excepted), *rest)
            for run_id, position, status, chunks, priced, failed, excepted, *rest in rows
        }


def run_of(event: Any) -> UUID:
    """Facts and failures of chunks have streams of their own and name their run."""
    run_id: UUID = getattr(event, "run_id", event.originator_id)
    return run_id


def progress_row(run: Progress) -> tuple[Any, ...]:
    chunks = (run.chunks, sorted(run.priced_chunks), sorted(run.failed_chunks), sorted(run.excepted_chunks))
    ended = (run.planned_at, run.completed_at, run.completed_position, run.blocks_root)
    return (run.log_position, run.status, *chunks, *ended)


def request_row(event: RunRequested, position: int) -> tuple[Any, ...]:
    """The columns of the results follow from the measures, in the order of their table."""
    snapshots = (event.portfolio_snapshot_id, event.market_snapshot_id, event.as_of, event.base_currency)
    columns = list(columns_of(tuple(event.measures)))
    asked = (event.scenarios, event.measures, columns, event.positions, event.chunk_size)
    status = RunStatus.REQUESTED.value
    return (event.originator_id, position, status, *snapshots, *asked, event.actor, event.timestamp, position)


def history_row(event: Event, position: int) -> tuple[Any, ...]:
    payload = Jsonb(event.model_dump(mode="json", exclude=NOT_SHOWN))
    return (run_of(event), position, event.TOPIC, event.timestamp, event.actor, payload)
