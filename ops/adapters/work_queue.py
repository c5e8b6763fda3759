"""The work queue: `pgqueuer` behind our port. The queue is a hint, the log decides."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.psycopg import SyncPsycopgDriver
from pgqueuer.models import Job
from pgqueuer.queries import SyncQueries
from psycopg.rows import tuple_row

ENTRYPOINT = "price_chunks"
LEASE = timedelta(seconds=10)
POLL = timedelta(seconds=1)

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
    prepare: Callable[[psycopg.AsyncConnection[Any]], Any],
) -> None:
    """Take jobs one at a time until `stop`; the job runs in a thread, so that the lease's heartbeat never waits."""
    connection = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
    await prepare(connection)
    queue = PgQueuer.from_psycopg_connection(connection)
    one_at_a_time = asyncio.Lock()

    @queue.entrypoint(ENTRYPOINT)
    async def price(job: Job) -> None:
        async with one_at_a_time:
            await asyncio.to_thread(handle, job.payload or b"")

    async def stop_when_told() -> None:
        await stop.wait()
        queue.shutdown.set()

    watcher = asyncio.create_task(stop_when_told())
    try:
        await queue.qm.run(
            dequeue_timeout=POLL,
            batch_size=1,
            max_concurrent_tasks=2,
            shutdown_on_listener_failure=True,
            heartbeat_timeout=LEASE,
        )
    finally:
        watcher.cancel()
        await connection.close()
