"""Every event of the log against the leaves, the leaves against the signed roots, the roots against one another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain import codec
from domain.event import Event
from domain.sealing.merkle import Frontier
from domain.sealing.seals import (
    NO_PREVIOUS,
    Checkpoint,
    NotACheckpoint,
    SealingKeyRotated,
    event_leaf_hash,
    note_hash,
    origin_of,
    parse_checkpoint,
)
from ops.audit.sealing.checkpoints import Leaf, StoredCheckpoint, stored_checkpoints
from ops.audit.sealing.keys import key_at
from ops.audit.sealing.signed_notes import BadNote, open_note
from ops.audit.verification.findings import Findings

SELECT_EVENTS = "SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events ORDER BY 1"
SELECT_STREAM_GAPS = (
    "SELECT originator_id, count(*), max(originator_version) FROM ledger_events GROUP BY 1 "
    "HAVING count(*) <> max(originator_version) ORDER BY 1 LIMIT 1000"
)
EVENTS_AT_ONCE = 2_000

Keys = Sequence[tuple[int, SealingKeyRotated]]
See = Callable[[int, Event], None]
Row = tuple[Any, ...]


@dataclass
class Counts:
    events: int = 0
    bytes: int = 0
    checkpoints: int = 0
    sealed: int = 0
    position_gaps: int = 0
    last_position: int = 0


class LogVerification:
    """One pass over events and checkpoints side by side; holds the events of one checkpoint at a time."""

    def __init__(self, connection: Any, keys: Keys, findings: Findings, see: See) -> None:
        self._connection, self._keys, self._findings, self._see = connection, keys, findings, see
        self._tree, self._previous, self.counts = Frontier(), NO_PREVIOUS, Counts()

    def run(self) -> Counts:
        events, sealed_to = Ahead(event_rows(self._connection)), 0
        for stored in stored_checkpoints(self._connection):
            self._verify_segment(stored, [self._leaf(row) for row in events.up_to(stored.position)])
            self.counts.checkpoints += 1
            sealed_to = stored.position
        for row in events.up_to(None):
            self._leaf(row)
        if sealed_to > self.counts.last_position:
            message = f"the log ends here; the checkpoints in the database reach to position {sealed_to}"
            self._findings.add("TAIL_TRUNCATED", f"after position {self.counts.last_position}", message)
        self._verify_streams()
        return self.counts

    def _leaf(self, row: Row) -> Leaf:
        position, originator_id, version, topic, state = row
        self.counts.events += 1
        self.counts.bytes += len(state)
        self.counts.position_gaps += position != self.counts.last_position + 1
        self.counts.last_position = position
        self._read(position, originator_id, version, topic, bytes(state))
        return position, event_leaf_hash(position, originator_id, version, topic, bytes(state))

    def _read(self, position: int, originator_id: Any, version: int, topic: str, state: bytes) -> None:
        where = f"position {position}, {topic} version {version} of stream {originator_id}"
        try:
            event = codec.decode(topic, state)
        except codec.UnknownTopic:
            self._findings.add("UNKNOWN_TOPIC", where, "this release does not know the topic")
            return
        except (ValidationError, ValueError, AttributeError) as error:
            self._findings.add("EVENT_UNREADABLE", where, f"its state cannot be read: {str(error).splitlines()[0]}")
            return
        if (event.originator_id, event.originator_version) != (originator_id, version):
            self._findings.add("EVENT_MISPLACED", where, "its state names another stream or version")
        self._see(position, event)

    def _verify_segment(self, stored: StoredCheckpoint, events: list[Leaf]) -> None:
        where = f"checkpoint of {stored.size} events, to position {stored.position}"
        signed = self._signed(stored, where)
        listed = stored.entries()
        self._tree = self._verify_root(stored, signed, listed, events, where)
        if signed is not None:
            self.counts.sealed = stored.size
        for code, position, message in differences(listed, events):
            self._findings.add(code, f"position {position}", f"{message}; sealed by the {where}")
        self._previous = note_hash(stored.note)

    def _signed(self, stored: StoredCheckpoint, where: str) -> Checkpoint | None:
        """What the note says, if the right key has signed it and the row repeats it."""
        if not self._keys:
            self._findings.add("KEY_MISSING", where, "the log has no sealing key")
            return None
        key = key_at(self._keys, stored.position)
        origin = origin_of(key.log_id)
        try:
            body, _ = open_note(stored.note, origin, {key.key_id: bytes.fromhex(key.public_key)})
            checkpoint = parse_checkpoint(body)
        except (BadNote, NotACheckpoint) as error:
            self._findings.add("CHECKPOINT_REWRITTEN", where, str(error))
            return None
        if (checkpoint.origin, checkpoint.size, checkpoint.position) != (origin, stored.size, stored.position):
            self._findings.add("CHECKPOINT_REWRITTEN", where, "its row says something else than its signed note")
            return None
        if checkpoint.previous != self._previous:
            message = "the checkpoint before it is not the one that it names: one was deleted, added or rewritten"
            self._findings.add("CHECKPOINT_CHAIN", where, message)
        return checkpoint

    def _verify_root(
        self, stored: StoredCheckpoint, signed: Checkpoint | None, listed: list[Leaf], events: list[Leaf], where: str
    ) -> Frontier:
        """The tree to go on with: whichever the signature vouches for, so that one damage is told once."""
        of_list = self._tree.grown(hashed for _, hashed in listed)
        if signed is None:
            return of_list
        of_events = self._tree.grown(hashed for _, hashed in events)
        vouched = next((tree for tree in (of_list, of_events) if is_tree_of(tree, signed)), None)
        kept = kept_frontier(stored, signed)
        if of_list is not vouched or kept is None:
            self._findings.add("CHECKPOINT_REWRITTEN", where, "its leaves or subtrees do not give the root it signs")
        if vouched is None and kept is None:
            self._findings.add("ROOT_LOST", where, "nothing that is left gives the root that it signs")
        return vouched or kept or of_list

    def _verify_streams(self) -> None:
        for stream, count, last in self._connection.execute(SELECT_STREAM_GAPS).fetchall():
            message = f"its last version is {last}, but it has {count} events"
            self._findings.add("STREAM_GAP", f"stream {stream}", message)


def is_tree_of(tree: Frontier, signed: Checkpoint) -> bool:
    return (tree.size, tree.root()) == (signed.size, signed.root)


def kept_frontier(stored: StoredCheckpoint, signed: Checkpoint) -> Frontier | None:
    try:
        tree = stored.tree()
    except ValueError:
        return None
    return tree if is_tree_of(tree, signed) else None


def differences(listed: list[Leaf], events: list[Leaf]) -> Iterator[tuple[str, int, str]]:
    """Both are in order of position: what is listed and gone, there and not listed, there and not the same."""
    sealed, found = dict(listed), dict(events)
    for position in sorted(sealed.keys() | found.keys()):
        if position not in found:
            yield "EVENT_DELETED", position, "the event that was sealed here is gone"
        elif position not in sealed:
            yield "EVENT_INSERTED", position, "an event stands here that was not sealed"
        elif sealed[position] != found[position]:
            yield "EVENT_EDITED", position, "the event is not the one that was sealed"


def event_rows(connection: Any) -> Iterator[Row]:
    with connection.cursor("events", binary=True) as cursor:
        cursor.itersize = EVENTS_AT_ONCE
        yield from cursor.execute(SELECT_EVENTS)


class Ahead:
    """Rows with one looked at ahead, so that they can be taken up to a position."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def up_to(self, position: int | None) -> Iterator[Row]:
        while self._next is not None and (position is None or self._next[0] <= position):
            row, self._next = self._next, next(self._rows, None)
            yield row
