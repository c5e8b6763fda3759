"""Connections as queries use them: read-only snapshots, and arrays straight into numpy."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as pa
import zstandard
from psycopg.abc import Buffer

from domain.ports import PART_POSITIONS
from query_api.errors import Busy, NotFound, NotYet

Connection = psycopg.Connection[Any]
Array = np.ndarray[Any, Any]
Connect = Callable[[], AbstractContextManager[Connection]]

PLANES = 8
INT32 = 4

READ_ONLY_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

IS_IN_LOG = "SELECT EXISTS (SELECT FROM ledger_events WHERE originator_id = %s)"
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.05
MOST_PATIENT = 8
"""Each of them holds a thread while it waits; there are forty for everybody."""

_patience = BoundedSemaphore(MOST_PATIENT)

Answer = TypeVar("Answer")


@contextmanager
def reading(connect: Connect) -> Iterator[Connection]:
    """One snapshot for all statements of an answer: a run that is published meanwhile does not mix in."""
    with connect() as connection, connection.transaction():
        connection.execute(READ_ONLY_SNAPSHOT)
        yield connection


def patiently(connect: Connect, originator_id: str, ask: Callable[[Connection], Answer]) -> Answer:
    """Whoever follows the Location of a command is not told 404 because a read model is a moment behind the log."""
    try:
        with reading(connect) as connection:
            return ask(connection)
    except NotFound:
        if not _is_in_log(connect, originator_id):
            raise
    if not _patience.acquire(blocking=False):
        raise Busy("the read models are behind, and many wait for them", "ask again in a moment")
    try:
        return _waited_for(connect, ask)
    finally:
        _patience.release()


def _waited_for(connect: Connect, ask: Callable[[Connection], Answer]) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        time.sleep(PAUSE_SECONDS)
        try:
            with reading(connect) as connection:
                return ask(connection)
        except NotFound:
            if time.monotonic() > deadline:
                raise NotYet("the log has it, the read models are behind", "ask again in a moment") from None


def _is_in_log(connect: Connect, originator_id: str) -> bool:
    try:
        identity = UUID(originator_id)
    except ValueError:
        return False
    with connect() as connection:
        row = connection.execute(IS_IN_LOG, (identity,)).fetchone()
        return bool(row and row[0])


def parts_of(rows: slice) -> tuple[int, int]:
    """Of a chunk, the first and the last that hold the rows."""
    return rows.start // PART_POSITIONS, (rows.stop - 1) // PART_POSITIONS


def unpacked(parts: Mapping[int, Mapping[int, Buffer]], rows: slice) -> dict[int, Array]:
    """Numbers of a column of a chunk by scenario, from the frames of its parts (read.result_chunk.packed)."""
    found: dict[int, list[Array]] = {}
    for part, frames in sorted(parts.items()):
        first = part * PART_POSITIONS
        for scenario, numbers in _unpacked(frames, slice(max(0, rows.start - first), rows.stop - first)).items():
            found.setdefault(scenario, []).append(numbers)
    return {scenario: np.concatenate(numbers) for scenario, numbers in found.items()}


def _unpacked(frames: Mapping[int, Buffer], rows: slice) -> dict[int, Array]:
    """Byte planes of doubles, lowest first. Every scenario's but that of scenario 0, which must be there, are XOR those
    of scenario 0."""
    decompress = zstandard.ZstdDecompressor().decompress
    planes = {
        scenario: np.frombuffer(decompress(frame), np.uint8).reshape(PLANES, -1)[:, rows]
        for scenario, frame in frames.items()
    }
    return {scenario: _doubles(each ^ planes[0] if scenario else each) for scenario, each in planes.items()}


def unpacked_numbers(packed: bytes, kind: str = "<i4") -> Array:
    """Whole numbers as read models keep them: one after another, little-endian."""
    return np.frombuffer(packed, kind).astype(np.int64)


def unpacked_texts(packed: bytes) -> pa.StringArray:
    """Texts as read models keep them: their count n, n + 1 offsets, all little-endian int32, then their bytes."""
    count, buffer = int.from_bytes(packed[:INT32], "little"), pa.py_buffer(packed)
    end = INT32 * (count + 2)
    return pa.StringArray.from_buffers(count, buffer[INT32:end], buffer[end:])


def _doubles(planes: Array) -> Array:
    return np.ascontiguousarray(planes.T).view("<f8")[:, 0]


def parse_id(kind: str, text: str | UUID) -> UUID:
    """What is not an id at all is an id that nobody knows."""
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except ValueError as error:
        raise NotFound(f"there is no {kind} {text!r}", f"list the {kind}s and take an id from there") from error
