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

from domain.measures.failures import failure_text, holes_text
from domain.runs.run import UNFINISHED
from ops.adapters.database import DatabaseProblem
from ops.embedded_postgres.keeper import kept_up
from ops.processes.loops import RECONNECT_SECONDS, background, count_alive
from ops.processes.supervisor import WorkerPool, workers
from ops.projection_status import refuse_if_halted
from ops.wiring import Tenor

POLL_SECONDS = 0.05
LOOK_SECONDS = 2.0
"""Between two looks at who is alive."""
LONGEST_AWAY_SECONDS = 300.0
ENDED_WITHOUT_RESULTS = ("FAILED", "CANCELLED", "ARCHIVED")

log = structlog.get_logger()

SELECT_RUN = (
    "SELECT run_id, status, positions, priced, failed, partial, failures, cardinality(scenarios) AS scenarios, chunks, "
    "chunks_done, requested_at, queryable_at, "
    "extract(epoch FROM coalesce(queryable_at, now()) - requested_at)::float8 AS seconds "
    "FROM read.run WHERE run_id = %s"
)


class Company:
    """Workers, process manager and projections: those of other processes where alive, else our own.

    Workers are brought last, and so end first: the last seal is over all that they wrote."""

    def __init__(self, tenor: Tenor, worker_count: int | None, stack: ExitStack) -> None:
        self._tenor, self._worker_count, self._stack = tenor, worker_count, stack
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
            if role not in self._ours and not count_alive(self._tenor, role):
                self._ours.add(role)
                is_manager = role == "process-manager"
                self._stack.enter_context(background(self._tenor, manager=is_manager, projections=not is_manager))

        if "worker" not in self._ours and (self._worker_count or not count_alive(self._tenor, "worker")):
            self._ours.add("worker")
            count = self._worker_count or default_workers()
            self._pool = self._stack.enter_context(workers(self._tenor, count))


@contextmanager
def everything_running(tenor: Tenor, worker_count: int | None) -> Iterator[Company]:
    with kept_up(tenor.settings), ExitStack() as stack:
        company = Company(tenor, worker_count, stack)
        company.keep()
        yield company


def default_workers() -> int:
    return max(1, min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def wait_until_queryable(tenor: Tenor, run_id: str, *, quiet: bool, company: Company | None = None) -> dict[str, Any]:
    """The run's row when its results can be queried, or when it has ended without any."""
    started = answered_at = time.monotonic()
    with progress_bar(quiet) as show:
        while True:
            try:
                if company:
                    company.keep()
                row = read_run(tenor, run_id)
                answered_at = time.monotonic()
                if not is_over(row):
                    with tenor.database.connect() as connection:
                        refuse_if_halted(connection, answered_at - started)
            except psycopg.OperationalError as error:
                wait_out(error, time.monotonic() - answered_at)
                continue
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
    if away_seconds > LONGEST_AWAY_SECONDS:
        message = f"the database has not answered for {away_seconds:.0f} seconds"
        fix = "start it, then `tenor run watch` the run: nothing that was done is lost"
        raise DatabaseProblem("DATABASE_LOST", message, fix) from error
    time.sleep(RECONNECT_SECONDS)


def read_run(tenor: Tenor, run_id: str) -> dict[str, Any] | None:
    with tenor.database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SELECT_RUN, (run_id,)).fetchone()


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


def failure_lines(run: dict[str, Any]) -> list[str]:
    """Every sentence that the run keeps, with its count."""
    holes = holes_text(run["positions"], run["failed"], run["partial"])
    return [holes, *(f"  {failure_text(each)}" for each in run["failures"] or [])] if holes else []


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; always on stderr."""
    if quiet or not sys.stderr.isatty():
        yield lambda row: None
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
