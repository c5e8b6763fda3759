"""A position in the log that is moved by compare and set, in the transaction of what was done for the entries."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from domain.ports import Connection

MAKE_POSITION = "INSERT INTO reader_position (reader, position) VALUES (%s, %s) ON CONFLICT DO NOTHING"
READ_POSITION = "SELECT position FROM reader_position WHERE reader = %s"
MOVE_POSITION = "UPDATE reader_position SET position = %s, moved_at = now() WHERE reader = %s AND position = %s"

Connect = Callable[[], AbstractContextManager[Any]]


class RivalMoved(Exception):
    """Another process has moved the position; its transaction stands, ours is undone."""


def position_of(connect: Connect, reader: str, start: int = 0) -> int:
    """Where the reader is; one that is new begins after `start`."""
    with connect() as connection:
        row = connection.execute(READ_POSITION, (reader,)).fetchone()
        if row is None:
            connection.execute(MAKE_POSITION, (reader, start))
            row = connection.execute(READ_POSITION, (reader,)).fetchone()
    return int(row[0])


def move(connection: Connection, reader: str, position: int, to: int) -> bool:
    return bool(connection.execute(MOVE_POSITION, (to, reader, position)).rowcount == 1)
