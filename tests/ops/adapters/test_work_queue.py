"""The queue on a real Postgres: one live job per key, taken once, given again when its worker is gone."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ops.adapters.database import Database
from ops.adapters.work_queue import PgWorkQueue, consume

JOBS = [(f"run:1:{slot}", f"job {slot}".encode()) for slot in range(6)]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


async def as_application(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("SET ROLE tenor_app")


def enqueue(database: Database, jobs: list[tuple[str, bytes]]) -> None:
    with database.connect() as connection, connection.transaction():
        PgWorkQueue().enqueue(connection, jobs)


def live(database: Database) -> set[str]:
    with database.connect() as connection:
        return PgWorkQueue().live_keys(connection, "run:")


def work_until(url: str, taken: list[bytes], count: int, fail: bytes | None = None) -> None:
    """A consumer of its own loop, until `count` jobs have been taken by all."""
    lock = threading.Lock()

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def handle(payload: bytes) -> None:
            with lock:
                taken.append(payload)
                if len(taken) >= count:
                    loop.call_soon_threadsafe(stop.set)
            if payload == fail:
                raise RuntimeError("as told")

        await asyncio.wait_for(consume(url, handle, stop, as_application), 30)

    asyncio.run(main())


def test_a_live_key_is_enqueued_once(database: Database) -> None:
    enqueue(database, JOBS)
    enqueue(database, JOBS[:3])
    assert live(database) == {key for key, _ in JOBS}
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM pgqueuer").fetchone()
    assert row == (len(JOBS),)


def test_jobs_come_with_the_transaction_or_not_at_all(database: Database) -> None:
    with database.connect() as connection, connection.transaction(force_rollback=True):
        PgWorkQueue().enqueue(connection, JOBS)
    assert live(database) == set()


def test_forgetting_drops_what_nobody_has_taken(database: Database) -> None:
    enqueue(database, [*JOBS, ("other:1:0", b"x")])
    with database.connect() as connection:
        PgWorkQueue().forget(connection, "run:")
        assert PgWorkQueue().live_keys(connection, "") == {"other:1:0"}


def test_every_job_is_taken_once_and_is_gone_afterwards(database: Database, database_url: str) -> None:
    enqueue(database, JOBS)
    taken: list[bytes] = []
    work_until(database_url, taken, len(JOBS))
    assert sorted(taken) == sorted(payload for _, payload in JOBS)
    assert live(database) == set()


def test_a_job_that_fails_is_logged_and_does_not_stop_the_others(database: Database, database_url: str) -> None:
    enqueue(database, JOBS)
    taken: list[bytes] = []
    work_until(database_url, taken, len(JOBS), fail=b"job 2")
    assert len(taken) == len(JOBS)
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM pgqueuer_log WHERE status = 'exception'").fetchone()
    assert row == (1,)


def test_a_job_whose_worker_is_gone_is_given_again(database: Database, database_url: str) -> None:
    """Picked by somebody whose heartbeat stopped longer ago than the lease."""
    enqueue(database, JOBS[:1])
    with database.connect() as connection:
        connection.execute(
            "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(), "
            "heartbeat = now() - interval '1 minute'"
        )
    taken: list[bytes] = []
    work_until(database_url, taken, 1)
    assert taken == [b"job 0"]
