"""The loops behind the commands: the process manager with its sweeper, the projections, and who is alive."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from uuid import UUID, uuid4

import structlog
from eventsourcing.persistence import PersistenceError

from commands.processes.run import RunProcess
from compute.at_work import AtWork
from ops.adapters.database import is_there
from ops.ports import Connect, Processes, Sealing, Storage
from ops.processes.companions import run_companions
from projections.engine.runner import DATABASE_AWAY

BEAT_SECONDS = 2.0
ALIVE_SECONDS = 10.0
POLL_SECONDS = 0.1
SWEEP_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
PATIENCE_SECONDS = 2.0

BEAT = """
INSERT INTO process_heartbeat (process_id, role, host, pid, engine, run_id, chunk_no, chunks_done, chunks_a_minute)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (process_id) DO UPDATE
   SET beat_at = now(), engine = excluded.engine, run_id = excluded.run_id, chunk_no = excluded.chunk_no,
       chunks_done = excluded.chunks_done, chunks_a_minute = excluded.chunks_a_minute
"""
NOT_AT_WORK = (None, None, None, 0, 0)
GONE = "DELETE FROM process_heartbeat WHERE process_id = %s"
COUNT_ALIVE = (
    "SELECT count(*) FROM process_heartbeat WHERE role = %s AND beat_at > now() - make_interval(secs => %s) "
    "AND process_id <> ALL (%s)"
)
FORGET_DEAD = "DELETE FROM process_heartbeat WHERE beat_at < now() - interval '1 hour'"

log = structlog.get_logger()


def run_process_manager(process: RunProcess, stop: threading.Event) -> None:
    """Step through the log and sweep; a lost connection is waited out."""
    since_sweep = SWEEP_SECONDS
    while not stop.is_set():
        try:
            if since_sweep >= SWEEP_SECONDS:
                process.sweep()
                since_sweep = 0.0
            if process.step() == 0:
                stop.wait(POLL_SECONDS)
                since_sweep += POLL_SECONDS
        except (*DATABASE_AWAY, PersistenceError) as error:
            log.warning("process_manager.database_lost", error=str(error))
            stop.wait(RECONNECT_SECONDS)


def run_projections(storage: Storage, stop: threading.Event) -> None:
    from ops.read_models import build_projections
    from projections.engine.runner import run_forever

    run_forever(build_projections(storage), storage.store, storage.connect, stop)


def run_rebuilds(storage: Storage, stop: threading.Event) -> None:
    from ops.asked_rebuilds import do_what_is_asked

    do_what_is_asked(storage, stop)


def seal_log(sealing: Sealing, stop: threading.Event) -> None:
    from ops.audit.sealing.sealer import run_sealer

    run_sealer(sealing, stop)


def beat(
    connect: Connect,
    role: str,
    stop: threading.Event,
    process_id: UUID,
    at_work: Callable[[], AtWork] | None = None,
) -> None:
    """Say that this process is alive, and what a worker does, until told to stop; then say that it is gone."""
    while True:
        try:
            with connect() as connection:
                doing = astuple(at_work()) if at_work else NOT_AT_WORK
                connection.execute(BEAT, (process_id, role, socket.gethostname(), os.getpid(), *doing))
        except DATABASE_AWAY as error:
            log.warning("heartbeat.database_lost", error=str(error))
        if stop.wait(BEAT_SECONDS):
            break
    try:
        with connect() as connection:
            connection.execute(GONE, (process_id,))
            connection.execute(FORGET_DEAD)
    except DATABASE_AWAY:
        return


def count_alive(connect: Connect, role: str, but_for: list[UUID] | None = None) -> int:
    with connect() as connection:
        row = connection.execute(COUNT_ALIVE, (role, ALIVE_SECONDS, but_for or [])).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def background(processes: Processes, *, manager: bool = True, projections: bool = True) -> Iterator[None]:
    """The process manager and the projections in threads of this process, for as long as the block runs.

    The sealer ends last: what the others still write is sealed."""
    stop, seal_last = threading.Event(), threading.Event()
    connect = processes.storage.connect
    threads, sealer = [], threading.Thread(target=seal_log, args=(processes.sealing, seal_last), name="sealer")
    if manager:
        threads.append(
            threading.Thread(target=run_process_manager, args=(processes.manager, stop), name="process-manager")
        )
        threads.append(threading.Thread(target=beat, args=(connect, "process-manager", stop, uuid4()), name="beat-pm"))
        threads.append(threading.Thread(target=run_companions, args=(processes, stop), name="companions"))
        sealer.start()
    if projections:
        threads.append(threading.Thread(target=run_projections, args=(processes.storage, stop), name="projections"))
        threads.append(threading.Thread(target=beat, args=(connect, "projections", stop, uuid4()), name="beat-proj"))
        threads.append(threading.Thread(target=run_rebuilds, args=(processes.storage, stop), name="rebuilds"))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        _join(processes, threads)
        seal_last.set()
        if manager:
            _join(processes, [sealer])


def _join(processes: Processes, threads: list[threading.Thread]) -> None:
    """Who waits for a database that is away waits no longer: what it would write is written at the next start."""
    until = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in threads) and not is_there(processes.database_url):
        processes.close()
    for thread in threads:
        thread.join()
