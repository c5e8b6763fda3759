"""Proof that an event is in the log: its leaf, and the path from there to the root of the checkpoint that sealed it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.sealing.merkle import Frontier, inclusion_path, root_of_inclusion
from domain.sealing.seals import event_leaf_hash
from ops.audit.sealing.checkpoints import SELECT_BEFORE, SELECT_COVERING, one

_COLUMNS = "SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events "
SELECT_EVENT = _COLUMNS + "WHERE originator_id = %s AND originator_version = %s"
SELECT_STREAM = _COLUMNS + "WHERE originator_id = %s ORDER BY originator_version"


@dataclass(frozen=True)
class RawEvent:
    """An event as it is stored, to the byte."""

    position: int
    originator_id: UUID
    version: int
    topic: str
    state: bytes

    def leaf_hash(self) -> bytes:
        return event_leaf_hash(self.position, self.originator_id, self.version, self.topic, self.state)


@dataclass(frozen=True)
class InclusionProof:
    leaf_index: int
    tree_size: int
    path: list[bytes]
    note: str

    def document(self, leaf_hash: bytes) -> dict[str, Any]:
        root = root_of_inclusion(leaf_hash, self.leaf_index, self.tree_size, self.path)
        assert root is not None
        return {
            "leaf_hash": leaf_hash.hex(),
            "leaf_index": self.leaf_index,
            "tree_size": self.tree_size,
            "path": [sibling.hex() for sibling in self.path],
            "root": root.hex(),
            "checkpoint": self.note,
        }


def raw_event(connection: Any, originator_id: UUID, version: int) -> RawEvent | None:
    row = connection.execute(SELECT_EVENT, (originator_id, version)).fetchone()
    return read_raw(row) if row else None


def raw_stream(connection: Any, originator_id: UUID) -> list[RawEvent]:
    rows = connection.execute(SELECT_STREAM, (originator_id,)).fetchall()
    return [read_raw(row) for row in rows]


def read_raw(row: tuple[Any, ...]) -> RawEvent:
    position, originator_id, version, topic, state = row
    return RawEvent(position, originator_id, version, topic, bytes(state))


def prove(connection: Any, event: RawEvent) -> InclusionProof | None:
    """None for an event that is not sealed yet, or not as it was sealed."""
    covering = one(connection, SELECT_COVERING, event.position)
    if covering is None:
        return None
    before = one(connection, SELECT_BEFORE, covering.size)
    start = before.tree() if before else Frontier()
    entries = covering.entries()
    leaf = (event.position, event.leaf_hash())
    if leaf not in entries:
        return None
    index = start.size + entries.index(leaf)
    path = inclusion_path(start, [hashed for _, hashed in entries], index)
    return InclusionProof(index, covering.size, path, covering.note)
