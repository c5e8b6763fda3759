"""The process manager: the one place that plans runs, counts their chunks and completes them.

It reads the log with one position. What it does on an event is in the transaction that moves the position, so a
crash anywhere repeats or has done it, and two process managers at once are safe: the second one's move finds the
position moved and its transaction is undone.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from commands.processes.run_life import log_life
from domain.event import Envelope, Event
from domain.ports import AlreadyThere, EventStore, LogEntry, WorkQueue
from domain.runs import run as runs
from domain.runs.facts import BlockFact, PositionPriced, fact_stream, kinds_of_run
from domain.sealing.merkle import merkle_root

READER = "process-manager"
BATCH = 500
ACTOR = "process-manager"
JOBS_PER_RUN = 64
"""Enough jobs for many workers to share evenly; a chunk is the least that a job can be."""

MAKE_POSITION = "INSERT INTO reader_position (reader, position) VALUES (%s, 0) ON CONFLICT DO NOTHING"
READ_POSITION = "SELECT position FROM reader_position WHERE reader = %s"
MOVE_POSITION = "UPDATE reader_position SET position = %s, moved_at = now() WHERE reader = %s AND position = %s"
OPEN_RUN = "INSERT INTO run_open (run_id, chunks, kinds, chunks_per_job) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
REOPEN_RUN = (
    "INSERT INTO run_open (run_id, chunks, kinds, chunks_per_job, attempt) VALUES (%s, %s, %s, 1, %s) "
    "ON CONFLICT (run_id) DO UPDATE SET attempt = excluded.attempt"
)
CLOSE_RUN = "DELETE FROM run_open WHERE run_id = %s"
MARK_DONE = (
    "INSERT INTO run_chunk_done (run_id, kind, chunk_no, content_sha256, failed_positions) "
    "SELECT %s, unnest(%s::text[]), %s, %s, %s ON CONFLICT DO NOTHING"
)
FORGET_FAILURES = "DELETE FROM run_chunk_done WHERE run_id = %s AND content_sha256 = ''"
COUNT_DONE = "SELECT count(*) FROM run_chunk_done WHERE run_id = %s"
SELECT_DONE = (
    "SELECT kind, chunk_no, content_sha256, failed_positions FROM run_chunk_done WHERE run_id = %s "
    "ORDER BY kind, chunk_no"
)
SELECT_OPEN = "SELECT run_id, chunks, kinds, chunks_per_job, attempt FROM run_open"
SELECT_OPEN_RUN = SELECT_OPEN + " WHERE run_id = %s"
SELECT_MISSING = (
    "SELECT n FROM generate_series(0, %s - 1) n WHERE (SELECT count(*) FROM run_chunk_done d "
    "WHERE d.run_id = %s AND d.chunk_no = n) < %s ORDER BY n"
)

Connect = Callable[[], AbstractContextManager[Any]]


class RivalMoved(Exception):
    """Another process manager has moved the position; its transaction stands, ours is undone."""


@dataclass(frozen=True)
class OpenRun:
    run_id: UUID
    chunks: int
    kinds: list[str]
    chunks_per_job: int
    attempt: int

    @property
    def facts(self) -> int:
        return self.chunks * len(self.kinds)


class RunProcess:
    """Handed the log, the queue, connections and a clock."""

    def __init__(self, store: EventStore, queue: WorkQueue, connect: Connect, now: Callable[[], datetime]) -> None:
        self._store, self._queue, self._connect, self._now = store, queue, connect, now

    def step(self) -> int:
        """Read the next events and do what they ask. Returns how many were read; 0 when at the head."""
        with self._connect() as connection:
            connection.execute(MAKE_POSITION, (READER,))
            position = connection.execute(READ_POSITION, (READER,)).fetchone()[0]
        entries = self._store.log(position, BATCH)
        if not entries:
            return 0
        batch = self._up_to_first_decision(entries)
        try:
            self._handle(position, batch)
        except (RivalMoved, AlreadyThere):
            return 1  # somebody else was there first: look again
        log_life([entry.event for entry in batch], self._store.stream)
        return len(batch)

    def sweep(self) -> int:
        """Enqueue every chunk of an open run that has no facts and no live job. Returns how many jobs that made."""
        with self._connect() as connection, connection.transaction():
            if not connection.execute("SELECT pg_try_advisory_xact_lock(hashtext('tenor.sweeper'))").fetchone()[0]:
                return 0
            return sum(self._sweep_run(connection, open_run) for open_run in self._open_runs(connection))

    def _up_to_first_decision(self, entries: Sequence[LogEntry]) -> list[LogEntry]:
        """Facts are counted by the hundred; an event that we answer with an event ends the batch."""
        batch: list[LogEntry] = []
        for entry in entries:
            batch.append(entry)
            if isinstance(entry.event, runs.RunRequested | runs.RunRetried | runs.RunCancelled):
                break
        return batch

    def _handle(self, position: int, batch: Sequence[LogEntry]) -> None:
        def in_one_transaction(connection: Any) -> list[Event]:
            moved = connection.execute(MOVE_POSITION, (batch[-1].position, READER, position))
            if moved.rowcount != 1:
                raise RivalMoved
            return self._answer(connection, batch)

        self._store.append([], also=in_one_transaction)

    def _answer(self, connection: Any, batch: Sequence[LogEntry]) -> list[Event]:
        touched: dict[UUID, None] = {}
        decisions: list[Event] = []
        for entry in batch:
            match entry.event:
                case runs.RunRequested() as requested:
                    decisions += self._plan(connection, requested)
                case runs.RunRetried() as retried:
                    self._reopen(connection, retried, entry.position)
                    touched[retried.originator_id] = None
                case runs.RunCancelled() as cancelled:
                    self._close(connection, cancelled.originator_id)
                case BlockFact() | runs.ChunkFailed() as terminal:
                    self._count(connection, terminal)
                    touched[terminal.run_id] = None
                case _:
                    pass
        for run_id in touched:
            decisions += self._complete_if_done(connection, run_id)
        return decisions

    def _plan(self, connection: Any, requested: runs.RunRequested) -> list[runs.RunEvent]:
        run_id = requested.originator_id
        chunks = -(-requested.positions // requested.chunk_size)
        kinds = kinds_of_run(requested.measures, bool(requested.cashflows))
        planned = runs.plan(
            self._run(run_id), self._envelope(requested), run_id, kinds, max(1, min(8, chunks // JOBS_PER_RUN))
        )
        for event in planned:
            assert isinstance(event, runs.RunPlanned)
            connection.execute(OPEN_RUN, (run_id, event.chunks, kinds, event.chunks_per_job))
            open_run = OpenRun(run_id, event.chunks, kinds, event.chunks_per_job, 1)
            self._queue.enqueue(connection, jobs(open_run, list(range(event.chunks))))
        return planned

    def _reopen(self, connection: Any, retried: runs.RunRetried, position: int) -> None:
        """Failures are forgotten, facts stay; the chunks that failed become jobs again.

        Facts that came when their chunk had been given up did not count then and do now: they never come again."""
        run_id = retried.originator_id
        plan = next(event for event in self._store.stream(run_id) if isinstance(event, runs.RunPlanned))
        connection.execute(FORGET_FAILURES, (run_id,))
        connection.execute(REOPEN_RUN, (run_id, plan.chunks, plan.kinds, retried.attempt))
        for chunk_no in retried.chunks:
            for kind in plan.kinds:
                for fact in self._store.stream(fact_stream(run_id, kind, chunk_no)):
                    if self._store.position(fact.originator_id, 1) < position:
                        self._count(connection, cast(BlockFact, fact))
        open_run = OpenRun(run_id, plan.chunks, plan.kinds, 1, retried.attempt)
        self._queue.enqueue(connection, jobs(open_run, retried.chunks))

    def _close(self, connection: Any, run_id: UUID) -> None:
        connection.execute(CLOSE_RUN, (run_id,))
        self._queue.forget(connection, key_prefix(run_id))

    def _count(self, connection: Any, terminal: BlockFact | runs.ChunkFailed) -> None:
        """The first terminal fact of a chunk counts; a failed chunk ends all its kinds."""
        if isinstance(terminal, runs.ChunkFailed):
            open_run = self._open_run(connection, terminal.run_id)
            if open_run and open_run.attempt == terminal.attempt:
                connection.execute(MARK_DONE, (terminal.run_id, open_run.kinds, terminal.chunk_no, "", 0))
            return
        failed = terminal.failed if isinstance(terminal, PositionPriced) else 0
        kind = type(terminal).__name__
        connection.execute(MARK_DONE, (terminal.run_id, [kind], terminal.chunk_no, terminal.content_sha256, failed))

    def _complete_if_done(self, connection: Any, run_id: UUID) -> list[runs.RunEvent]:
        open_run = self._open_run(connection, run_id)
        if open_run is None or connection.execute(COUNT_DONE, (run_id,)).fetchone()[0] < open_run.facts:
            return []
        done = connection.execute(SELECT_DONE, (run_id,)).fetchall()
        connection.execute(CLOSE_RUN, (run_id,))
        hashes = [bytes.fromhex(sha256) for _, _, sha256, _ in done if sha256]
        run = self._run(run_id)
        assert run.requested is not None
        return runs.complete(
            run,
            self._envelope(run.requested),
            run_id,
            blocks=len(hashes),
            blocks_root=merkle_root(hashes).hex(),
            failed_positions=sum(failed for *_, failed in done),
            failed_chunks=sorted({chunk_no for _, chunk_no, sha256, _ in done if not sha256}),
        )

    def _sweep_run(self, connection: Any, open_run: OpenRun) -> int:
        missing = [
            row[0]
            for row in connection.execute(SELECT_MISSING, (open_run.chunks, open_run.run_id, len(open_run.kinds)))
        ]
        live = self._queue.live_keys(connection, key_prefix(open_run.run_id))
        wanted = [job for job in jobs(open_run, missing, stride=open_run.chunks_per_job) if job[0] not in live]
        self._queue.enqueue(connection, wanted)
        return len(wanted)

    def _open_runs(self, connection: Any) -> list[OpenRun]:
        return [OpenRun(*row) for row in connection.execute(SELECT_OPEN).fetchall()]

    def _open_run(self, connection: Any, run_id: UUID) -> OpenRun | None:
        row = connection.execute(SELECT_OPEN_RUN, (run_id,)).fetchone()
        return OpenRun(*row) if row else None

    def _run(self, run_id: UUID) -> runs.Run:
        return runs.fold(cast(list[runs.RunEvent], self._store.stream(run_id)))

    def _envelope(self, cause: Event) -> Envelope:
        return Envelope(ACTOR, self._now(), cause.correlation_id, cause.originator_id)


def key_prefix(run_id: UUID) -> str:
    return f"{run_id}:"


def jobs(open_run: OpenRun, chunks: Sequence[int], stride: int | None = None) -> list[tuple[str, bytes]]:
    """Jobs of consecutive chunks, keyed by run and first slot, so that a second job for the same work is dropped."""
    width = stride or open_run.chunks_per_job
    slots: dict[int, list[int]] = {}
    for chunk in chunks:
        slots.setdefault(chunk // width, []).append(chunk)
    return [
        (f"{key_prefix(open_run.run_id)}{open_run.attempt}:{slot}", payload(open_run, numbers))
        for slot, numbers in slots.items()
    ]


def payload(open_run: OpenRun, chunks: list[int]) -> bytes:
    """Ids only: what the work is, is in the log."""
    return json.dumps({"run_id": str(open_run.run_id), "attempt": open_run.attempt, "chunks": chunks}).encode()
