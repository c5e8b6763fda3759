"""What the siblings are handed: the log, the queue, blobs and codecs. Adapters live in ops/adapters."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from domain.event import Event
from domain.packing import PART_POSITIONS as PART_POSITIONS
from domain.packing import Packed as Packed
from domain.portfolio.columns import Portfolio
from domain.refusals import AlreadyThere as AlreadyThere
from domain.runs.facts import Block, BlockColumns

Connection = Any
"""A psycopg connection inside an open transaction; `domain` knows no driver."""


@dataclass(frozen=True)
class LogEntry:
    position: int
    event: Event


class EventStore(Protocol):
    def append(
        self,
        events: Sequence[Event],
        *,
        blocks: Sequence[Block] = (),
        also: Callable[[Connection], Sequence[Event]] | None = None,
    ) -> list[int]:
        """All in one transaction, or nothing: blocks, `also`, then the events under the ordering lock.

        `also` is work of the caller's own in the same transaction; the events it returns are appended too.
        Returns the log positions. Raises AlreadyThere on a unique key."""
        ...

    def stream(self, originator_id: UUID) -> list[Event]: ...

    def position(self, originator_id: UUID, version: int) -> int:
        """Log position of an event that is there."""
        ...

    def log(self, after: int, limit: int) -> list[LogEntry]:
        """The next events in log order; never skips one that commits later."""
        ...

    def head(self) -> int: ...

    def block(self, run_id: UUID, kind: str, chunk_no: int) -> bytes: ...


class BlobStore(Protocol):
    def put(self, sha256: str, data: bytes) -> None:
        """Once per name: putting the same name again is nothing."""
        ...

    def get(self, sha256: str) -> bytes: ...


class WorkQueue(Protocol):
    def enqueue(self, connection: Connection, jobs: Sequence[tuple[str, bytes]]) -> None:
        """(dedupe key, payload) pairs, in the caller's transaction; a live job of the same key is kept."""
        ...

    def live_keys(self, connection: Connection, prefix: str) -> set[str]: ...

    def forget(self, connection: Connection, prefix: str) -> None:
        """Drop queued jobs of this prefix (a cancelled run)."""
        ...


class BlockCodec(Protocol):
    def content_sha256(self, columns: BlockColumns) -> str:
        """Of the uncompressed canonical columns."""
        ...

    def content_sha256_of(self, payload: bytes | memoryview) -> str:
        """The same, of packed columns: never all of them unpacked at once."""
        ...

    def encode(self, columns: BlockColumns) -> bytes: ...

    def decode(self, payload: bytes | memoryview) -> BlockColumns: ...

    def packed(self, payload: bytes | memoryview) -> Packed:
        """The result columns as they are packed, without opening them."""
        ...

    def pack(self, values: Any) -> Sequence[Sequence[bytes]]:
        """float64 [scenarios, positions] to [parts][scenarios] frames."""
        ...


class PortfolioCodec(Protocol):
    def encode(self, portfolio: Portfolio) -> bytes: ...

    def decode(self, data: bytes | memoryview, tables: Collection[str] | None = None) -> Portfolio: ...
