"""See a run through: bring what is not running, show progress, return when the results can be queried."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import structlog
from psycopg.rows import dict_row

from domain.runs.run import UNFINISHED
from ops.adapters.database import DatabaseProblem
from ops.embedded_postgres.keeper import kept_up
from ops.ports import Connect, Processes
from ops.processes.kernel_cache import compiling_told
from ops.processes.loops import RECONNECT_SECONDS, background, count_alive
from ops.processes.supervisor import WorkerPool, workers
from ops.projection_status import refuse_if_halted

POLL_SECONDS = 0.05
LOOK_SECONDS = 2.0
"""Between two looks at who is alive."""
MAX_AWAY_SECONDS = 300.0
ENDED_WITHOUT_RESULTS = ("FAILED", "CANCELLED", "ARCHIVED")

log = structlog.get_logger()

SELECT_RUN = (
    "SELECT run_id, status, positions, priced, failed, partial, failures, cardinality(scenarios) AS scenarios, chunks, "
    "chunks_done, requested_at, queryable_at, "
    "extract(epoch FROM coalesce(queryable_at, now()) - requested_at)::float8 AS seconds "
    "FROM read.run WHERE run_id = %s"
)


class RunningProcesses:
    """Workers, process manager and projections: those of other processes where alive, else our own.

    Workers are brought last, and so end first: the last seal is over all that they wrote."""

    def __init__(self, processes: Processes, worker_count: int | None, stack: ExitStack) -> None:
        self._processes, self._worker_count, self._stack = processes, worker_count, stack
        self._ours: set[str] = set()
        self._pool: WorkerPool | None = None
        self._looked_at = float("-inf")

    def keep(self) -> None:
        """Bring what is alive nowhere; asked again and again, since others may end or die while we wait."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        if self._pool and self._pool.has_given_up:
            raise DatabaseProblem(
                "WORKERS_CANNOT_START",
                "worker processes die as soon as they start; what they said stands above",
                "mend what they name (often a broken installation: make clean && make setup), then run again",
            )
        for role in ("process-manager", "projections"):
            if role not in self._ours and not count_alive(self._processes.storage.connect, role):
                self._ours.add(role)
                is_manager = role == "process-manager"
                self._stack.enter_context(background(self._processes, manager=is_manager, projections=not is_manager))

        if "worker" not in self._ours and (
            self._worker_count or not count_alive(self._processes.storage.connect, "worker")
        ):
            self._ours.add("worker")
            count = self._worker_count or default_workers()
            self._pool = self._stack.enter_context(workers(self._processes, count))


@contextmanager
def everything_running(processes: Processes, worker_count: int | None) -> Iterator[RunningProcesses]:
    with kept_up(processes.settings), ExitStack() as stack:
        running = RunningProcesses(processes, worker_count, stack)
        running.keep()
        yield running


def default_workers() -> int:
    return max(1, min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def wait_until_queryable(
    connect: Connect, run_id: str, *, quiet: bool, running: RunningProcesses | None = None
) -> dict[str, Any]:
    """The run's row when its results can be queried, or when it has ended without any."""
    started = answered_at = time.monotonic()
    with compiling_told() as look, progress_bar(quiet) as show:
        while True:
            try:
                if running:
                    running.keep()
                row = read_run(connect, run_id)
                answered_at = time.monotonic()
                if not is_over(row):
                    with connect() as connection:
                        refuse_if_halted(connection, answered_at - started)
            except psycopg.OperationalError as error:
                wait_out(error, time.monotonic() - answered_at)
                continue
            look()
            if row:
                show(row)
                if is_over(row):
                    return row
            time.sleep(POLL_SECONDS)


def is_over(row: dict[str, Any] | None) -> bool:
    """A run that is retried has results of its attempt before, which nobody waits for."""
    if row is None or row["status"] in UNFINISHED:
        return False
    return row["queryable_at"] is not None or row["status"] in ENDED_WITHOUT_RESULTS


def wait_out(error: psycopg.OperationalError, away_seconds: float) -> None:
    """The database is away: the run goes on where it was when it is back."""
    log.warning("waiting.database_away", error=str(error).strip())
    if away_seconds > MAX_AWAY_SECONDS:
        message = f"the database has not answered for {away_seconds:.0f} seconds"
        fix = "start it, then `tenor run watch` the run: nothing that was done is lost"
        raise DatabaseProblem("DATABASE_LOST", message, fix) from error
    time.sleep(RECONNECT_SECONDS)


def read_run(connect: Connect, run_id: str) -> dict[str, Any] | None:
    with connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        row: dict[str, Any] | None = cursor.execute(SELECT_RUN, (run_id,)).fetchone()
    return row


def summary(row: dict[str, Any]) -> dict[str, Any]:
    """The JSON of contract section 7."""
    return {
        "run_id": str(row["run_id"]),
        "status": row["status"],
        "positions": row["positions"],
        "priced": row["priced"] or 0,
        "failed": row["failed"] or 0,
        "results": row["positions"] * row["scenarios"] if row["queryable_at"] else 0,
        "seconds": round(float(row["seconds"]), 3),
    }


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; always on stderr."""
    if quiet or not sys.stderr.isatty():
        yield lambda _row: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("requested", total=None)

        def show(row: dict[str, Any]) -> None:
            done = row["chunks"] is not None and row["chunks_done"] >= row["chunks"]
            stage = "publishing results" if done else "pricing chunks"
            progress.update(task, description=stage, total=row["chunks"], completed=row["chunks_done"])

        yield show
