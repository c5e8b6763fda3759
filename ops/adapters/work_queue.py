"""The work queue: `pgqueuer` behind our port. The queue is a hint, the log decides."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver, SyncPsycopgDriver
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries, SyncQueries
from psycopg.rows import tuple_row

ENTRYPOINT = QueueEntrypoint("price_chunks")
UNLIMITED = EntrypointExecutionParameter(concurrency_limit=0)
LEASE = timedelta(seconds=10)
POLL_SECONDS = 0.5
LISTEN = "LISTEN ch_pgqueuer"

log = structlog.get_logger()

SELECT_LIVE_KEYS = (
    "SELECT dedupe_key FROM pgqueuer WHERE starts_with(dedupe_key, %s) AND status IN ('queued', 'picked')"
)
DELETE_QUEUED = "DELETE FROM pgqueuer WHERE starts_with(dedupe_key, %s) AND status = 'queued'"


class PgWorkQueue:
    """domain.ports.WorkQueue: enqueue in the caller's transaction, once per live key."""

    def enqueue(self, connection: Any, jobs: Sequence[tuple[str, bytes]]) -> None:
        if not jobs:
            return
        count = len(jobs)
        SyncQueries(SyncPsycopgDriver(connection)).enqueue(
            [ENTRYPOINT] * count,
            [payload for _, payload in jobs],
            [0] * count,
            dedupe_key=[key for key, _ in jobs],
            on_conflict="skip",
        )

    def live_keys(self, connection: Any, prefix: str) -> set[str]:
        with connection.cursor(row_factory=tuple_row) as cursor:
            return {row[0] for row in cursor.execute(SELECT_LIVE_KEYS, (prefix,))}

    def forget(self, connection: Any, prefix: str) -> None:
        connection.execute(DELETE_QUEUED, (prefix,))


async def consume(
    database_url: str,
    handle: Callable[[bytes], None],
    stop: asyncio.Event,
    prepare: Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]],
) -> None:
    """Take one job at a time until `stop`, over one connection.

    The library's own manager shares its connection between LISTEN and queries, which then wait for one another up to
    a second a job (measured); here LISTEN is heard only while there is nothing to do.
    """
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await prepare(connection)
        await connection.execute(LISTEN)
        queue, me = Queries(PsycopgDriver(connection)), QueueManagerId(uuid4())
        while not stop.is_set():
            jobs = await queue.dequeue(1, {ENTRYPOINT: UNLIMITED}, me, None, LEASE)
            if jobs:
                await _work(queue, jobs[0], handle)
            else:
                await _hear(connection)


async def _hear(connection: psycopg.AsyncConnection[Any]) -> None:
    """Until something changes in the queue, or the poll's time is over."""
    async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
        return


async def _work(queue: Queries, job: Job, handle: Callable[[bytes], None]) -> None:
    """The job runs in a thread, so that the lease is renewed meanwhile; a job that fails is logged and forgotten:
    what it left undone is in the log, and the sweeper sees it."""
    beating = asyncio.create_task(_renew(queue, job))
    outcome: tuple[Job, JOB_STATUS, TracebackRecord | None] = (job, "successful", None)
    try:
        await asyncio.to_thread(handle, job.payload or b"")
    except Exception as error:
        log.error("job.failed", job_id=int(job.id), error=str(error), exc_info=error)
        outcome = (job, "exception", TracebackRecord.from_exception(error, job.id))
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    await queue.log_jobs([outcome])


async def _renew(queue: Queries, job: Job) -> None:
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 4)
        await queue.update_heartbeat([job.id])
