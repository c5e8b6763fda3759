"""Connections as queries use them: read-only snapshots, and arrays straight into numpy."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as pa

from domain.access.asking import who_asks
from query_api.errors import Busy, NotFound, NotYet

Connection = psycopg.Connection[Any]
Cursor = Any
"""Of psycopg, giving values in binary."""
Array = np.ndarray[Any, Any]
Connect = Callable[[], AbstractContextManager[Connection]]

INT32 = 4

# Only for this transaction: the role that is limited to what the setting names.
READ_WITHIN = "SELECT set_config('role', 'tenor_reader', true), set_config('tenor.nodes', %s, true)"
BETWEEN_NODES = "\x1f"

READ_ONLY_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

CATALOGUES = ["snapshot", "scenario", "model", "run"]
"""The read models that answer for what a command has just made."""

IS_BEHIND = """
SELECT EXISTS (
    SELECT FROM ledger_events e CROSS JOIN read_model_version v
      LEFT JOIN reader_position p ON p.reader = v.read_model || '_v' || v.version
     WHERE e.originator_id = %s AND v.state = 'LIVE' AND v.read_model = ANY (%s)
       AND coalesce(p.position, 0) < e.notification_id)
"""
POSITION_REACHED = """
SELECT coalesce(min(coalesce(p.position, 0)), 0) FROM read_model_version v
  LEFT JOIN reader_position p ON p.reader = v.read_model || '_v' || v.version
 WHERE v.state = 'LIVE' AND (NOT %s OR v.read_model = ANY (%s))
"""
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.05
MAX_PATIENT = 8
"""Each of them holds a thread while it waits; there are forty for everybody."""

_patience = BoundedSemaphore(MAX_PATIENT)

Answer = TypeVar("Answer")


@contextmanager
def reading(connect: Connect) -> Iterator[Connection]:
    """One snapshot for all statements of an answer: a run that is published meanwhile does not mix in.

    Whoever has credentials reads as a role that sees what their scope allows; whoever is `local`, as the application.
    """
    with connect() as connection, connection.transaction():
        connection.execute(READ_ONLY_SNAPSHOT)
        principal = who_asks()
        if not principal.is_local:
            connection.execute(READ_WITHIN, (BETWEEN_NODES.join(principal.nodes_said),))
        yield connection


@contextmanager
def reading_definitions(connect: Connect) -> Iterator[Connection]:
    """What the log says of no position, and every role may know: how files are read. No scope limits it."""
    with connect() as connection, connection.transaction():
        connection.execute(READ_ONLY_SNAPSHOT)
        yield connection


@contextmanager
def reading_log(connect: Connect) -> Iterator[Connection]:
    """The log itself, which shows whole books: for those alone who may see all of them."""
    if not who_asks().is_whole:
        raise NotFound("there is nothing of that name", "look at the lists")
    with connect() as connection, connection.transaction():
        connection.execute(READ_ONLY_SNAPSHOT)
        yield connection


def position_reached(connect: Connect, lists_alone: bool) -> int:
    """The event up to which every live read model has been told: of those that list what there is, or of all."""
    with connect() as connection:
        (position,) = connection.execute(POSITION_REACHED, (lists_alone, CATALOGUES)).fetchone() or (0,)
        return int(position)


def patiently(connect: Connect, originator_id: str, ask: Callable[[Connection], Answer]) -> Answer:
    """Whoever follows the Location of a command is not told 404 because a read model is a moment behind the log.

    What the read models have been told of and do not have is not there: another version, a moment before it was.
    """
    try:
        with reading(connect) as connection:
            return ask(connection)
    except NotFound:
        if not _is_behind(connect, originator_id):
            with reading(connect) as connection:
                return ask(connection)  # they may have caught up between the two questions
    if not _patience.acquire(blocking=False):
        raise Busy("the read models are behind, and many wait for them", "ask again in a moment")
    try:
        return _waited_for(connect, originator_id, ask)
    finally:
        _patience.release()


def _waited_for(connect: Connect, originator_id: str, ask: Callable[[Connection], Answer]) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        time.sleep(PAUSE_SECONDS)
        is_behind = _is_behind(connect, originator_id)
        try:
            with reading(connect) as connection:
                return ask(connection)
        except NotFound:
            if not is_behind:
                raise
            if time.monotonic() > deadline:
                if not who_asks().is_whole:
                    raise  # it may be somebody else's
                raise NotYet("the log has it, the read models are behind", "ask again in a moment") from None


def _is_behind(connect: Connect, originator_id: str) -> bool:
    """Whether the log has an event of the stream that a read model has not been told."""
    try:
        identity = UUID(originator_id)
    except ValueError:
        return False
    with connect() as connection:
        row = connection.execute(IS_BEHIND, (identity, CATALOGUES)).fetchone()
        return bool(row and row[0])


def unpacked_numbers(packed: bytes, kind: str = "<i4") -> Array:
    """Whole numbers as read models keep them: one after another, little-endian."""
    return np.frombuffer(packed, kind).astype(np.int64)


def unpacked_texts(packed: bytes) -> pa.StringArray:
    """Texts as read models keep them: their count n, n + 1 offsets, all little-endian int32, then their bytes."""
    count, buffer = int.from_bytes(packed[:INT32], "little"), pa.py_buffer(packed)
    end = INT32 * (count + 2)
    return pa.StringArray.from_buffers(count, buffer[INT32:end], buffer[end:])
