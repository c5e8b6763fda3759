"""Events that a projection could not digest: set aside with the reason, listed, told again when somebody says so.

Only a projection whose events stand each for itself parks; a rebuild never does.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg

from domain.ports import Connection, EventStore, LogEntry
from projections.engine.digestible import digestible
from projections.engine.versions import Projection

POISON = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    psycopg.DataError,
    psycopg.IntegrityError,
)
"""What an event looks like that a handler cannot digest. Anything else (memory, disk, a missing table) is the
machine's trouble or the operator's, would be the same for the next event, and halts."""

INSERT_LETTER = """
INSERT INTO dead_letter (reader, position, topic, error) VALUES (%s, %s, %s, %s)
ON CONFLICT (reader, position) DO UPDATE
   SET error = excluded.error, at = now(), tries = dead_letter.tries + 1, replayed_at = NULL
"""
SELECT_WAITING = """
SELECT position FROM dead_letter
 WHERE reader = %s AND replayed_at IS NULL AND position = coalesce(%s, position) ORDER BY position
"""
LOCK_READER = "SELECT position FROM reader_position WHERE reader = %s FOR UPDATE"
MARK_REPLAYED = "UPDATE dead_letter SET replayed_at = now(), tries = tries + 1 WHERE reader = %s AND position = %s"
MARK_FAILED = "UPDATE dead_letter SET error = %s, tries = tries + 1 WHERE reader = %s AND position = %s"

Connect = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Replayed:
    """Positions of the log, and of those that failed again what was wrong."""

    done: list[int]
    failed: dict[int, str]


def park(connection: Connection, reader: str, entry: LogEntry, error: BaseException) -> None:
    """In the transaction that moves the reader past the entry."""
    connection.execute(INSERT_LETTER, (reader, entry.position, entry.event.TOPIC, describe(error)))


def replay(projection: Projection, store: EventStore, connect: Connect, position: int | None = None) -> Replayed:
    """Tell the projection again, oldest first; one that fails again stays, and does not keep the others."""
    replayed = Replayed([], {})
    with connect() as connection:
        waiting = connection.execute(SELECT_WAITING, (projection.name, position)).fetchall()
    for (place,) in waiting:
        try:
            _tell_again(projection, store, connect, place)
            replayed.done.append(place)
        except POISON as error:
            replayed.failed[place] = describe(error)
            with connect() as connection:
                connection.execute(MARK_FAILED, (describe(error), projection.name, place))
    return replayed


def _tell_again(projection: Projection, store: EventStore, connect: Connect, position: int) -> None:
    """Holding the reader's row: its runner waits, as for a rival."""
    entries = store.log(position - 1, 1)
    with connect() as connection, connection.transaction():
        connection.execute(LOCK_READER, (projection.name,))
        projection.handle(connection, digestible(entries))
        connection.execute(MARK_REPLAYED, (projection.name, position))


def describe(error: BaseException) -> str:
    """Its kind, what it says, and where in the log, if that is known."""
    said = f"{type(error).__name__}: {str(error).strip()}".removesuffix(": ")
    return "; ".join([said, *getattr(error, "__notes__", [])])
