"""Blobs in Postgres, by content hash, in parts well under the 1 GB limit of a value."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

PART_BYTES = 64 * 1024 * 1024

COUNT_PARTS = "SELECT count(*) FROM blob WHERE sha256 = %s"
INSERT_PART = "INSERT INTO blob (sha256, part_no, parts, payload) VALUES (%b, %b, %b, %b)"
SELECT_PARTS = "SELECT payload FROM blob WHERE sha256 = %s ORDER BY part_no"
NAME_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

Connect = Callable[[], AbstractContextManager[Any]]


class BlobMissing(LookupError):
    def __init__(self, sha256: str) -> None:
        super().__init__(f"the store has no blob {sha256}; the snapshot was not stored, or the store is damaged")


class PostgresBlobStore:
    """domain.ports.BlobStore: `put` is once per name, all parts or none."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def put(self, sha256: str, data: bytes) -> None:
        with self._connect() as connection, connection.transaction():
            connection.execute(NAME_LOCK, (sha256,))
            if connection.execute(COUNT_PARTS, (sha256,)).fetchone()[0]:
                return
            parts = max(1, -(-len(data) // PART_BYTES))
            view = memoryview(data)
            with connection.cursor() as cursor:
                for part_no in range(parts):
                    part = view[part_no * PART_BYTES : (part_no + 1) * PART_BYTES]
                    cursor.execute(INSERT_PART, (sha256, part_no, parts, part), binary=True)

    def get(self, sha256: str) -> bytes:
        with self._connect() as connection, connection.cursor(binary=True) as cursor:
            parts = [row[0] for row in cursor.execute(SELECT_PARTS, (sha256,))]
        if not parts:
            raise BlobMissing(sha256)
        return parts[0] if len(parts) == 1 else b"".join(parts)
