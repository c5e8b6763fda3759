"""Postgres as the process manager and the workers see it, in memory: the log, the queue, and the tables beside them.

Small and real: the same keys, the same all-or-nothing, the same leases. A statement is known by the constant that
names it, so that a new one has to be said here too. `pause` is called before and after every statement and every
append, never inside a transaction: where a process can be stopped or killed, and others go on.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from eventsourcing.persistence import OperationalError

from commands.processes import run as manager
from compute import worker
from domain.event import Event
from domain.ports import AlreadyThere, LogEntry
from domain.runs.facts import Block

LEASE_SECONDS = 10.0
SWEEPER_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('tenor.sweeper'))"

Pause = Callable[[], None]


@dataclass
class Job:
    job_id: int
    key: str
    payload: bytes
    is_picked: bool = False
    heartbeat: float = 0.0


@dataclass
class Tables:
    """What a transaction may change beside the log; kept whole or put back whole."""

    positions: dict[str, int] = field(default_factory=dict)
    open_runs: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    done: dict[tuple[UUID, str, int], tuple[str, int]] = field(default_factory=dict)
    tries: dict[tuple[UUID, int, int], tuple[int, str]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    jobs_made: int = 0


@dataclass
class Database:
    """`keyless` names events that the unique key of streams does not hold for, to see what it is good for."""

    keyless: tuple[type[Event], ...] = ()
    events: list[Event] = field(default_factory=list)
    blocks: dict[tuple[UUID, str, int], bytes] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)
    now: float = 0.0
    appends_to_lose: int = 0
    """the next ones fail as on a server that restarts, or on a full disk"""

    def kept(self) -> set[tuple[UUID, int]]:
        return {(event.originator_id, event.originator_version) for event in self.events}


class Rows:
    def __init__(self, rows: Sequence[tuple[Any, ...]], changed: int = 0) -> None:
        self._rows, self.rowcount = list(rows), changed

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)


class Connection:
    """The named statements of the process manager and of the worker."""

    def __init__(self, database: Database, pause: Pause) -> None:
        self._database, self._pause, self._depth = database, pause, 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with whole_or_not_at_all(self._database):
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        if self._depth == 0:
            self._pause()
        rows = STATEMENTS[statement](self._database.tables, *parameters)
        if self._depth == 0:
            self._pause()
        return rows


class Store:
    """domain.ports.EventStore."""

    def __init__(self, database: Database, pause: Pause) -> None:
        self._database, self._pause_outside, self._is_inside = database, pause, False
        self.acknowledged: list[Event] = []

    def _pause(self) -> None:
        if not self._is_inside:
            self._pause_outside()

    def append(
        self,
        events: Sequence[Event],
        *,
        blocks: Sequence[Block] = (),
        also: Callable[[Any], Sequence[Event]] | None = None,
    ) -> list[int]:
        self._pause()
        if self._database.appends_to_lose:
            self._database.appends_to_lose -= 1
            raise OperationalError("No space left on device")
        with whole_or_not_at_all(self._database):
            whole = [*events, *(self._run_inside(also) if also else ())]
            self._insert(whole, blocks)
        self._pause()
        self.acknowledged += whole
        return [self.position(event.originator_id, event.originator_version) for event in whole]

    def _run_inside(self, also: Callable[[Any], Sequence[Event]]) -> Sequence[Event]:
        """Others wait for the rows that a transaction has changed: nobody is let in before its end."""
        self._is_inside = True
        try:
            return also(Connection(self._database, lambda: None))
        finally:
            self._is_inside = False

    def _insert(self, events: Sequence[Event], blocks: Sequence[Block]) -> None:
        database, taken = self._database, self._database.kept()
        for event in events:
            place = (event.originator_id, event.originator_version)
            if place in taken and not isinstance(event, database.keyless):
                raise AlreadyThere(f"{place}")
            taken.add(place)
        database.events += events
        for block in blocks:
            database.blocks[block.run_id, block.kind, block.chunk_no] = block.payload

    def stream(self, originator_id: UUID) -> list[Event]:
        self._pause()
        return [event for event in self._database.events if event.originator_id == originator_id]

    def position(self, originator_id: UUID, version: int) -> int:
        places = [(event.originator_id, event.originator_version) for event in self._database.events]
        return places.index((originator_id, version)) + 1

    def log(self, after: int, limit: int) -> list[LogEntry]:
        self._pause()
        events = self._database.events[after : after + limit]
        return [LogEntry(position, event) for position, event in enumerate(events, start=after + 1)]

    def head(self) -> int:
        return len(self._database.events)

    def block(self, run_id: UUID, kind: str, chunk_no: int) -> bytes:
        return self._database.blocks[run_id, kind, chunk_no]


class Queue:
    """domain.ports.WorkQueue, and what a worker does with it: one live job for each key, and leases that end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, _connection: Any, jobs: Sequence[tuple[str, bytes]]) -> None:
        tables = self._database.tables
        for key, payload in jobs:
            if key not in {job.key for job in tables.jobs}:
                tables.jobs_made += 1
                tables.jobs.append(Job(tables.jobs_made, key, payload))

    def live_keys(self, _connection: Any, prefix: str) -> set[str]:
        return {job.key for job in self._database.tables.jobs if job.key.startswith(prefix)}

    def forget(self, _connection: Any, prefix: str) -> None:
        tables = self._database.tables
        tables.jobs = [job for job in tables.jobs if job.is_picked or not job.key.startswith(prefix)]

    def dequeue(self) -> Job | None:
        """The first that nobody holds, or whose holder has not been heard of for as long as a lease."""
        now = self._database.now
        for job in self._database.tables.jobs:
            if not job.is_picked or job.heartbeat < now - LEASE_SECONDS:
                job.is_picked, job.heartbeat = True, now
                return copy.copy(job)
        return None

    def beat(self, job_id: int) -> None:
        for job in self._database.tables.jobs:
            if job.job_id == job_id:
                job.heartbeat = self._database.now

    def finish(self, job_id: int) -> None:
        """Whoever says so, even one whose lease has ended: the queue is a hint."""
        tables = self._database.tables
        tables.jobs = [job for job in tables.jobs if job.job_id != job_id]


@contextmanager
def whole_or_not_at_all(database: Database) -> Iterator[None]:
    before = copy.deepcopy(database.tables)
    try:
        yield
    except BaseException:
        database.tables = before
        raise


# --- the statements -------------------------------------------------------------------------------------------------


def make_position(tables: Tables, reader: str) -> Rows:
    tables.positions.setdefault(reader, 0)
    return Rows([])


def move_position(tables: Tables, position: int, reader: str, expected: int) -> Rows:
    if tables.positions[reader] != expected:
        return Rows([])
    tables.positions[reader] = position
    return Rows([], changed=1)


def open_run(tables: Tables, run_id: UUID, chunks: int, kinds: list[str], chunks_per_job: int) -> Rows:
    tables.open_runs.setdefault(run_id, (run_id, chunks, kinds, chunks_per_job, 1))
    return Rows([])


def reopen_run(tables: Tables, run_id: UUID, chunks: int, kinds: list[str], attempt: int) -> Rows:
    before = tables.open_runs.get(run_id, (run_id, chunks, kinds, 1, attempt))
    tables.open_runs[run_id] = (*before[:4], attempt)
    return Rows([])


def close_run(tables: Tables, run_id: UUID) -> Rows:
    tables.open_runs.pop(run_id, None)
    return Rows([])


def mark_done(tables: Tables, run_id: UUID, kinds: list[str], chunk_no: int, sha256: str, failed: int) -> Rows:
    for kind in kinds:
        tables.done.setdefault((run_id, kind, chunk_no), (sha256, failed))
    return Rows([])


def forget_failures(tables: Tables, run_id: UUID) -> Rows:
    kept = {key: value for key, value in tables.done.items() if key[0] != run_id or value[0]}
    tables.done = kept
    return Rows([])


def done_rows(tables: Tables, run_id: UUID) -> list[tuple[Any, ...]]:
    return sorted((kind, chunk, *value) for (one, kind, chunk), value in tables.done.items() if one == run_id)


def select_missing(tables: Tables, chunks: int, run_id: UUID, kinds: int) -> Rows:
    done = [row[1] for row in done_rows(tables, run_id)]
    return Rows([(chunk,) for chunk in range(chunks) if done.count(chunk) < kinds])


def start_try(tables: Tables, run_id: UUID, chunk_no: int, attempt: int, error: str) -> Rows:
    key = (run_id, chunk_no, attempt)
    tries, before = tables.tries.get(key, (0, error))
    tables.tries[key] = (tries + 1, before)
    return Rows([tables.tries[key]])


def record_error(tables: Tables, error: str, run_id: UUID, chunk_no: int, attempt: int) -> Rows:
    key = (run_id, chunk_no, attempt)
    if key in tables.tries:
        tables.tries[key] = (tables.tries[key][0], error)
    return Rows([])


def undo_try(tables: Tables, run_id: UUID, chunk_no: int, attempt: int) -> Rows:
    key = (run_id, chunk_no, attempt)
    if key in tables.tries:
        tables.tries[key] = (tables.tries[key][0] - 1, tables.tries[key][1])
    return Rows([])


def end_try(tables: Tables, run_id: UUID, chunk_no: int, attempt: int) -> Rows:
    tables.tries.pop((run_id, chunk_no, attempt), None)
    return Rows([])


STATEMENTS: dict[str, Callable[..., Rows]] = {
    SWEEPER_LOCK: lambda _tables: Rows([(True,)]),
    manager.MAKE_POSITION: make_position,
    manager.READ_POSITION: lambda tables, reader: Rows([(tables.positions[reader],)]),
    manager.MOVE_POSITION: move_position,
    manager.OPEN_RUN: open_run,
    manager.REOPEN_RUN: reopen_run,
    manager.CLOSE_RUN: close_run,
    manager.MARK_DONE: mark_done,
    manager.FORGET_FAILURES: forget_failures,
    manager.COUNT_DONE: lambda tables, run_id: Rows([(len(done_rows(tables, run_id)),)]),
    manager.SELECT_DONE: lambda tables, run_id: Rows(done_rows(tables, run_id)),
    manager.SELECT_OPEN: lambda tables: Rows([*tables.open_runs.values()]),
    manager.SELECT_OPEN_RUN: lambda tables, run_id: Rows(
        [tables.open_runs[run_id]] if run_id in tables.open_runs else []
    ),
    manager.SELECT_MISSING: select_missing,
    worker.START_TRY: start_try,
    worker.RECORD_ERROR: record_error,
    worker.UNDO_TRY: undo_try,
    worker.END_TRY: end_try,
}
