"""See a run through: bring what is not running, show progress, return when the results can be queried."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from psycopg.rows import dict_row

from ops.background import background, count_alive
from ops.supervisor import workers
from ops.wiring import Tenor

POLL_SECONDS = 0.05
ENDED_WITHOUT_RESULTS = ("FAILED", "CANCELLED")

SELECT_RUN = (
    "SELECT run_id, status, positions, priced, failed, cardinality(scenarios) AS scenarios, chunks, chunks_done, "
    "requested_at, queryable_at, extract(epoch FROM coalesce(queryable_at, now()) - requested_at)::float8 AS seconds "
    "FROM read.run WHERE run_id = %s"
)


@contextmanager
def everything_running(tenor: Tenor, worker_count: int | None) -> Iterator[None]:
    """Workers, process manager and projections: those of other processes where alive, else our own for the block."""
    with ExitStack() as stack:
        if worker_count or not count_alive(tenor, "worker"):
            stack.enter_context(workers(tenor, worker_count or default_workers()))
        manager = not count_alive(tenor, "process-manager")
        projections = not count_alive(tenor, "projections")
        stack.enter_context(background(tenor, manager=manager, projections=projections))
        yield


def default_workers() -> int:
    return max(1, min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def wait_until_queryable(tenor: Tenor, run_id: str, *, quiet: bool) -> dict[str, Any]:
    with progress_bar(quiet) as show:
        while True:
            row = read_run(tenor, run_id)
            if row:
                show(row)
                if row["queryable_at"] is not None or row["status"] in ENDED_WITHOUT_RESULTS:
                    return row
            time.sleep(POLL_SECONDS)


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
