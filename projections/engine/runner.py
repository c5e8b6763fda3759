"""Keeps read models up with the log: batches, a position moved in the reader's own transaction, and nothing skipped.

    live version -> its position -> next entries of the log -> ONE transaction a batch: move (compare and set), handle

Two rival runners of a projection are safe: the second waits for the row of the position, finds it moved, changes
nothing and reads again. A handler that raises halts its projection exactly before the entry, and says so beside the
position; where the read model parks, the entry becomes a dead letter and the rest goes on. The others go on anyhow.
When a rebuild swaps versions, the next batch goes to the new one: it is asked for each time.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError as LogInterfaceError
from eventsourcing.persistence import OperationalError as LogOperationalError

from domain.event import Event
from domain.ports import Connection, EventStore, LogEntry
from projections.engine.dead_letters import POISON, describe, park
from projections.engine.digestible import digestible
from projections.engine.versions import OnPoison, Projection, ReadModel

BATCH = 500
POLL_SECONDS = 0.25
BEAT_SECONDS = 2.0
MAX_PAUSE_SECONDS = 5.0

MAKE_POSITION = "INSERT INTO reader_position (reader, position) VALUES (%s, 0) ON CONFLICT DO NOTHING"
READ_POSITION = "SELECT position FROM reader_position WHERE reader = %s"
MOVE_POSITION = """\
UPDATE reader_position
   SET position = %s, moved_at = now(), beat_at = now(), halted_at = NULL, halt_error = NULL,
       events_per_s = %s / greatest(extract(epoch FROM clock_timestamp() - moved_at)::float8, 0.001)
 WHERE reader = %s AND position = %s
"""
BEAT = """
UPDATE reader_position SET beat_at = now()
 WHERE reader = (SELECT reader FROM reader_position WHERE reader = %s FOR UPDATE SKIP LOCKED)
"""
PUT_HALT = """
INSERT INTO reader_position (reader, position, halted_at, halt_error) VALUES (%s, 0, now(), %s)
ON CONFLICT (reader) DO UPDATE SET halted_at = excluded.halted_at, halt_error = excluded.halt_error
"""
FORGET_HALT = (
    "UPDATE reader_position SET halted_at = NULL, halt_error = NULL WHERE reader = %s AND halted_at IS NOT NULL"
)

DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, LogOperationalError, LogInterfaceError)
"""A server that restarts, a network that drops, a pool or a disk that is full: wait, and try again."""

Connect = Callable[[], AbstractContextManager[Connection]]
OnHalt = Callable[[str, BaseException], None]
Subject = Projection | ReadModel

log = structlog.get_logger()


class Following:
    """The version of a read model that is live by now, or a projection that has but one."""

    def __init__(self, subject: Subject) -> None:
        self._subject, self._version = subject, 0
        self.name = subject.name
        self.on_poison = subject.on_poison if isinstance(subject, ReadModel) else OnPoison.HALT
        self._built: Projection | None = None if isinstance(subject, ReadModel) else subject

    def current(self, connect: Connect) -> Projection:
        if isinstance(self._subject, ReadModel):
            with connect() as connection:
                version = self._subject.live_version(connection)
            if version != self._version:
                self._built, self._version = self._subject.build(version), version
        assert self._built is not None
        return self._built

    def step(self, store: EventStore, connect: Connect, batch: int = BATCH) -> int | None:
        """A batch; returns how many entries it handled, None at the head of the log."""
        projection = self.current(connect)
        position = read_position(connect, projection.name)
        entries = store.log(position, batch)
        handled = 0
        for part in transactions(entries, projection.alone):
            if not self._tell(projection, connect, position, part):
                break
            position = part[-1].position
            handled += len(part)
        return handled if entries else None

    def _tell(self, projection: Projection, connect: Connect, position: int, entries: Sequence[LogEntry]) -> bool:
        """Entries of a batch that cannot be digested are told one by one, so that what is wrong is one entry."""
        try:
            return _advance(projection, connect, position, entries)
        except POISON as error:
            if len(entries) == 1:
                if self.on_poison is OnPoison.PARK:
                    return _pass_by(projection, connect, position, entries[0], error)
                error.add_note(f"at log position {entries[0].position}, {entries[0].event.TOPIC}")
                raise
        for entry in entries:
            if not self._tell(projection, connect, position, [entry]):
                return False
            position = entry.position
        return True


def catch_up(subject: Subject, store: EventStore, connect: Connect, batch: int = BATCH) -> int:
    """Handle everything up to the head of the log; returns how many entries that was."""
    following, handled = Following(subject), 0
    while (step := following.step(store, connect, batch)) is not None:
        handled += step
    return handled


def run_forever(
    subjects: Sequence[Subject],
    store: EventStore,
    connect: Connect,
    stop: threading.Event,
    on_halt: OnHalt | None = None,
) -> None:
    """A thread for each projection until `stop`; raises what halted the first one, once all have ended."""
    wakes = [threading.Event() for _ in subjects]
    listener = threading.Thread(target=_listen, args=(connect, wakes, stop), name="ledger-listener")
    listener.start()
    halted: list[BaseException] = []
    with ThreadPoolExecutor(max(1, len(subjects)), "projection") as pool:
        followed = [(Following(subject), wake) for subject, wake in zip(subjects, wakes, strict=True)]
        running = {pool.submit(_follow, each, store, connect, stop, wake): each for each, wake in followed}
        try:
            for done in as_completed(running):
                if error := done.exception():
                    _halt(running[done], connect, error)
                    halted.append(error)
                    if on_halt:
                        on_halt(running[done].name, error)
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


def move(connection: Connection, reader: str, position: int, entries: Sequence[LogEntry]) -> bool:
    """Past the entries; False when a rival was there before, or the version is no more. The row is the lock."""
    moved = connection.execute(MOVE_POSITION, (entries[-1].position, len(entries), reader, position))
    return bool(moved.rowcount == 1)


def _advance(projection: Projection, connect: Connect, position: int, entries: Sequence[LogEntry]) -> bool:
    with connect() as connection, connection.transaction():
        if not move(connection, projection.name, position, entries):
            return False
        projection.handle(connection, digestible(entries))
    return True


def _pass_by(projection: Projection, connect: Connect, position: int, entry: LogEntry, error: BaseException) -> bool:
    log.error("projection.parked", projection=projection.name, position=entry.position, error=describe(error))
    with connect() as connection, connection.transaction():
        if not move(connection, projection.name, position, [entry]):
            return False
        park(connection, projection.name, entry, error)
    return True


def _follow(
    following: Following, store: EventStore, connect: Connect, stop: threading.Event, wake: threading.Event
) -> None:
    pause_seconds, beat_at = POLL_SECONDS, 0.0
    while not stop.is_set():
        wake.clear()
        try:
            if time.monotonic() - beat_at >= BEAT_SECONDS:
                _beat(following, connect, first=beat_at == 0.0)
                beat_at = time.monotonic()
            at_head = following.step(store, connect) is None
            pause_seconds = POLL_SECONDS
            if at_head:
                wake.wait(POLL_SECONDS)
        except DATABASE_AWAY as error:
            log.warning("projection.database_away", projection=following.name, error=str(error).strip())
            stop.wait(pause_seconds)
            pause_seconds = min(MAX_PAUSE_SECONDS, 2 * pause_seconds)


def _beat(following: Following, connect: Connect, *, first: bool) -> None:
    """Whoever starts has not halted yet, whatever was said of the one before."""
    reader = following.current(connect).name
    with connect() as connection:
        if first:
            connection.execute(FORGET_HALT, (reader,))
        connection.execute(BEAT, (reader,))


def _halt(following: Following, connect: Connect, error: BaseException) -> None:
    """Said where those who wait for it look."""
    log.error("projection.halted", projection=following.name, error=describe(error), exc_info=error)
    try:
        reader = following.current(connect).name
        with connect() as connection:
            connection.execute(PUT_HALT, (reader, describe(error)))
    except DATABASE_AWAY as away:
        log.warning("projection.database_away", projection=following.name, error=str(away).strip())


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
