"""Keeps read models up with the log: batches, a position moved in the reader's own transaction, and nothing skipped.

    read position -> next entries of the log -> per batch, ONE transaction: move the position (compare and set), handle

Two rival runners of a projection are safe: the second waits for the row of the position, finds it moved, changes
nothing and reads again. A handler that raises halts its projection exactly before the entry; the others go on.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from typing import Protocol

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError as LogInterfaceError
from eventsourcing.persistence import OperationalError as LogOperationalError

from domain.event import Event
from domain.ports import Connection, EventStore, LogEntry

BATCH = 500
POLL_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0

MAKE_POSITION = "INSERT INTO reader_position (reader, position) VALUES (%s, 0) ON CONFLICT DO NOTHING"
READ_POSITION = "SELECT position FROM reader_position WHERE reader = %s"
MOVE_POSITION = "UPDATE reader_position SET position = %s, moved_at = now() WHERE reader = %s AND position = %s"

DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, LogOperationalError, LogInterfaceError)
"""A server that restarts, a network that drops, a pool or a disk that is full: wait, and try again."""

Connect = Callable[[], AbstractContextManager[Connection]]
OnHalt = Callable[[str, BaseException], None]

log = structlog.get_logger()


class Projection(Protocol):
    """`name` is its row in reader_position. Events of a type in `alone` get a transaction of their own."""

    name: str
    alone: tuple[type[Event], ...]

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        """Told the same entries twice, it must not notice."""
        ...


def catch_up(projection: Projection, store: EventStore, connect: Connect, batch: int = BATCH) -> int:
    """Handle everything up to the head of the log; returns how many entries that was."""
    handled = 0
    while entries := store.log(position := read_position(connect, projection.name), batch):
        for part in transactions(entries, projection.alone):
            if not _advance(projection, connect, position, part):
                break
            position = part[-1].position
            handled += len(part)
    return handled


def run_forever(
    projections: Sequence[Projection],
    store: EventStore,
    connect: Connect,
    stop: threading.Event,
    on_halt: OnHalt | None = None,
) -> None:
    """A thread for each projection until `stop`; raises what halted the first one, once all have ended."""
    wakes = [threading.Event() for _ in projections]
    listener = threading.Thread(target=_listen, args=(connect, wakes, stop), name="ledger-listener")
    listener.start()
    halted: list[BaseException] = []
    with ThreadPoolExecutor(max(1, len(projections)), "projection") as pool:
        pairs = zip(projections, wakes, strict=True)
        names = {pool.submit(_follow, each, store, connect, stop, wake): each.name for each, wake in pairs}
        try:
            for done in as_completed(names):
                if error := done.exception():
                    log.error("projection.halted", projection=names[done], error=repr(error), exc_info=error)
                    halted.append(error)
                    if on_halt:
                        on_halt(names[done], error)
        finally:
            stop.set()
            listener.join()
    if halted:
        raise halted[0]


def read_position(connect: Connect, name: str) -> int:
    with connect() as connection:
        if row := connection.execute(READ_POSITION, (name,)).fetchone():
            return int(row[0])
        connection.execute(MAKE_POSITION, (name,))
    return 0


def transactions(entries: Sequence[LogEntry], alone: tuple[type[Event], ...]) -> Iterator[Sequence[LogEntry]]:
    """Consecutive entries that share a transaction; an expensive one is by itself."""
    start = 0
    for index, entry in enumerate(entries):
        if isinstance(entry.event, alone):
            if start < index:
                yield entries[start:index]
            yield entries[index : index + 1]
            start = index + 1
    if start < len(entries):
        yield entries[start:]


def _advance(projection: Projection, connect: Connect, position: int, entries: Sequence[LogEntry]) -> bool:
    """The position first: its row is the lock that a rival waits for. False when the rival was there before."""
    with connect() as connection, connection.transaction():
        moved = connection.execute(MOVE_POSITION, (entries[-1].position, projection.name, position))
        if moved.rowcount != 1:
            return False
        projection.handle(connection, entries)
    return True


def _follow(
    projection: Projection, store: EventStore, connect: Connect, stop: threading.Event, wake: threading.Event
) -> None:
    pause_seconds = POLL_SECONDS
    while not stop.is_set():
        wake.clear()
        try:
            catch_up(projection, store, connect)
            pause_seconds = POLL_SECONDS
            wake.wait(POLL_SECONDS)
        except DATABASE_AWAY as error:
            log.warning("projection.database_away", projection=projection.name, error=str(error).strip())
            stop.wait(pause_seconds)
            pause_seconds = min(LONGEST_PAUSE_SECONDS, 2 * pause_seconds)


def _listen(connect: Connect, wakes: Sequence[threading.Event], stop: threading.Event) -> None:
    """A hint only: a notice that is lost costs a poll's wait. The connection goes back as it came."""
    while not stop.is_set():
        try:
            with connect() as connection:
                connection.execute("LISTEN ledger_events")
                while not stop.is_set():
                    if any(True for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1)):
                        for wake in wakes:
                            wake.set()
                connection.execute("UNLISTEN *")
        except DATABASE_AWAY as error:
            log.warning("projection.listener_away", error=str(error).strip())
            stop.wait(POLL_SECONDS)
