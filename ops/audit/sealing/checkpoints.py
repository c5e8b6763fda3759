"""Checkpoints as they are stored: one row for each seal, its note signed, its leaves beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.sealing.merkle import HASH_BYTES, Frontier, frontier_from_bytes

ENTRY_BYTES = 8 + HASH_BYTES

_COLUMNS = "SELECT tree_size, last_position, note, frontier, leaves FROM log_checkpoint "
SELECT_ALL = _COLUMNS + "ORDER BY tree_size"
SELECT_LAST = _COLUMNS + "ORDER BY tree_size DESC LIMIT 1"
SELECT_COVERING = _COLUMNS + "WHERE last_position >= %s ORDER BY tree_size LIMIT 1"
SELECT_BEFORE = _COLUMNS + "WHERE tree_size < %s ORDER BY tree_size DESC LIMIT 1"
SELECT_NOTES_AFTER = "SELECT tree_size, note FROM log_checkpoint WHERE tree_size > %s ORDER BY tree_size"
INSERT = "INSERT INTO log_checkpoint (tree_size, last_position, note, frontier, leaves) VALUES (%b, %b, %b, %b, %b)"

Leaf = tuple[int, bytes]
"""A log position and the hash of the leaf there."""


@dataclass(frozen=True)
class StoredCheckpoint:
    size: int
    position: int
    note: str
    frontier: bytes
    leaves: bytes

    def entries(self) -> list[Leaf]:
        return [
            (int.from_bytes(self.leaves[at : at + 8], "big"), self.leaves[at + 8 : at + ENTRY_BYTES])
            for at in range(0, len(self.leaves), ENTRY_BYTES)
        ]

    def tree(self) -> Frontier:
        return frontier_from_bytes(self.size, self.frontier)


def one(connection: Any, query: str, *parameters: object) -> StoredCheckpoint | None:
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(query, parameters).fetchone()
    return StoredCheckpoint(*row) if row else None


def last_checkpoint(connection: Any) -> StoredCheckpoint | None:
    return one(connection, SELECT_LAST)


def stored_checkpoints(connection: Any) -> Iterator[StoredCheckpoint]:
    """In order, streamed; inside a transaction."""
    with connection.cursor("checkpoints", binary=True) as cursor:
        cursor.itersize = 16
        for row in cursor.execute(SELECT_ALL):
            yield StoredCheckpoint(*row)


def packed(leaves: Sequence[Leaf]) -> bytes:
    return b"".join(position.to_bytes(8, "big") + hashed for position, hashed in leaves)
