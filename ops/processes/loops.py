"""The loops behind the commands: the process manager with its sweeper, the projections, and who is alive."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import structlog
from eventsourcing.persistence import PersistenceError

from ops.adapters.database import is_there
from ops.wiring import Tenor
from projections.engine.runner import DATABASE_AWAY

BEAT_SECONDS = 2.0
ALIVE_SECONDS = 10.0
POLL_SECONDS = 0.1
SWEEP_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
PATIENCE_SECONDS = 2.0

BEAT = (
    "INSERT INTO process_heartbeat (process_id, role, host, pid) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (process_id) DO UPDATE SET beat_at = now()"
)
GONE = "DELETE FROM process_heartbeat WHERE process_id = %s"
COUNT_ALIVE = (
    "SELECT count(*) FROM process_heartbeat WHERE role = %s AND beat_at > now() - make_interval(secs => %s) "
    "AND process_id <> ALL (%s)"
)
FORGET_DEAD = "DELETE FROM process_heartbeat WHERE beat_at < now() - interval '1 hour'"

log = structlog.get_logger()


def run_process_manager(tenor: Tenor, stop: threading.Event) -> None:
    """Step through the log and sweep; a lost connection is waited out."""
    since_sweep = SWEEP_SECONDS
    while not stop.is_set():
        try:
            if since_sweep >= SWEEP_SECONDS:
                tenor.run_process.sweep()
                since_sweep = 0.0
            if tenor.run_process.step() == 0:
                stop.wait(POLL_SECONDS)
                since_sweep += POLL_SECONDS
        except (*DATABASE_AWAY, PersistenceError) as error:
            log.warning("process_manager.database_lost", error=str(error))
            stop.wait(RECONNECT_SECONDS)


def run_projections(tenor: Tenor, stop: threading.Event) -> None:
    from ops.read_models import build_projections
    from projections.engine.runner import run_forever

    run_forever(build_projections(tenor), tenor.store, tenor.database.connect, stop)


def seal_log(tenor: Tenor, stop: threading.Event) -> None:
    from ops.audit.sealing.sealer import run_sealer

    run_sealer(tenor, stop)


def beat(tenor: Tenor, role: str, stop: threading.Event, process_id: UUID) -> None:
    """Say that this process is alive until told to stop; then say that it is gone."""
    while True:
        try:
            with tenor.database.connect() as connection:
                connection.execute(BEAT, (process_id, role, socket.gethostname(), os.getpid()))
        except DATABASE_AWAY as error:
            log.warning("heartbeat.database_lost", error=str(error))
        if stop.wait(BEAT_SECONDS):
            break
    try:
        with tenor.database.connect() as connection:
            connection.execute(GONE, (process_id,))
            connection.execute(FORGET_DEAD)
    except DATABASE_AWAY:
        return


def count_alive(tenor: Tenor, role: str, but_for: list[UUID] | None = None) -> int:
    with tenor.database.connect() as connection:
        row = connection.execute(COUNT_ALIVE, (role, ALIVE_SECONDS, but_for or [])).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def background(tenor: Tenor, *, manager: bool = True, projections: bool = True) -> Iterator[None]:
    """The process manager and the projections in threads of this process, for as long as the block runs.

    The sealer ends last: what the others still write is sealed."""
    stop, seal_last = threading.Event(), threading.Event()
    threads, sealer = [], threading.Thread(target=seal_log, args=(tenor, seal_last), name="sealer")
    if manager:
        threads.append(threading.Thread(target=run_process_manager, args=(tenor, stop), name="process-manager"))
        threads.append(threading.Thread(target=beat, args=(tenor, "process-manager", stop, uuid4()), name="beat-pm"))
        sealer.start()
    if projections:
        threads.append(threading.Thread(target=run_projections, args=(tenor, stop), name="projections"))
        threads.append(threading.Thread(target=beat, args=(tenor, "projections", stop, uuid4()), name="beat-proj"))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        _join(tenor, threads)
        seal_last.set()
        if manager:
            _join(tenor, [sealer])


def _join(tenor: Tenor, threads: list[threading.Thread]) -> None:
    """Who waits for a database that is away waits no longer: what it would write is written at the next start."""
    until = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in threads) and not is_there(tenor.database_url):
        tenor.close()
    for thread in threads:
        thread.join()
