"""A worker as a process of its own: one job at a time, a lease kept alive beside it, and a clean end on SIGTERM."""

import asyncio
import os
import signal
import threading
from typing import Any
from uuid import uuid4

import psycopg
import structlog

from compute.engine_version import pin_arithmetic
from ops.processes.kernel_cache import use_numba_cache
from ops.settings import Settings

log = structlog.get_logger()
PARENT_POLL_SECONDS = 1.0
RESTART_SECONDS = 1.0
LAST_SECONDS = 30.0
"""For the job at hand when the parent is gone; a database that went with it would be tried for minutes."""


def run_worker(settings: Settings, database_url: str, parent: int) -> None:
    pin_arithmetic()
    use_numba_cache(settings)
    from compute.worker import Ports, Worker
    from ops.processes.loops import beat
    from ops.wiring import connected, utc_now

    with connected(settings, database_url) as tenor:
        connect = tenor.database.connect
        ports = Ports(tenor.store, tenor.blobs, tenor.portfolio_codec, tenor.block_codec, connect, utc_now)
        gone, worker = threading.Event(), Worker(ports)
        beating = (connect, "worker", gone, uuid4(), worker.work_log.now)
        heart = threading.Thread(target=beat, args=beating, daemon=True)
        heart.start()
        try:
            asyncio.run(consume_until_told(database_url, worker.handle, parent))
        finally:
            gone.set()
            heart.join(timeout=5)


async def consume_until_told(database_url: str, handle: Any, parent: int) -> None:
    from ops.adapters.work_queue import consume

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watcher = asyncio.create_task(stop_with_parent(stop, parent))
    while not stop.is_set():
        try:
            await consume(database_url, handle, stop, as_application_async)
        except (psycopg.OperationalError, RuntimeError) as error:
            log.warning("worker.queue_lost", error=str(error))
            await asyncio.sleep(RESTART_SECONDS)
    watcher.cancel()


async def as_application_async(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("SET ROLE tenor_app")


async def stop_with_parent(stop: asyncio.Event, parent: int) -> None:
    """A worker does not outlive the command that brought it, even one that was killed before we could look."""
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_POLL_SECONDS)
    stop.set()
    end = threading.Timer(LAST_SECONDS, os._exit, (1,))
    end.daemon = True
    end.start()


def main() -> None:
    """Started by the supervisor, which says database and parent in the environment."""
    from ops.processes.collecting import collect_seldom

    collect_seldom()
    from ops.logs import configure_logs
    from ops.secrets import keep_secret
    from ops.settings import read_settings

    configure_logs()
    keep_secret(os.environ["TENOR_WORKER_DATABASE"])
    run_worker(read_settings(), os.environ["TENOR_WORKER_DATABASE"], int(os.environ["TENOR_WORKER_PARENT"]))


if __name__ == "__main__":
    main()
