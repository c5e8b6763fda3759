"""Seals of the log: the leaf of an event, checkpoints that sign the tree over them, and the keys that may sign.

The leaf of an event is its place and its stored bytes, so that an edit, a move and a deletion all change the tree:

    position (8 bytes, big endian) | originator_id (16) | version (8) | length of topic (4) | topic | state
"""

import re
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id
from domain.sealing.merkle import leaf_hash

SEALING_STREAM = stream_id("sealing_keys")
VERIFICATIONS_STREAM = stream_id("log_verifications")
PROBLEMS_KEPT = 50
"""Of a verification, in the event: enough to know where to look."""
NO_PREVIOUS = "0" * 64

_LEAF = struct.Struct(">q16sqI")
_BODY = re.compile(
    r"(?P<origin>tenor\.log/[0-9a-f-]{36})\n(?P<size>[1-9]\d*)\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"position (?P<position>[1-9]\d*)\ntime (?P<time>\S+)\nprevious (?P<previous>[0-9a-f]{64})\n"
)


class SealingKeyRotated(Event):
    """From this event on checkpoints are signed by this key. Public parts only; the private key is never in the log.

    `endorsement` is the signature of the key before over `endorsed_text`, empty for the log's first key.
    """

    TOPIC: ClassVar[str] = "sealing_key.rotated"

    log_id: UUID
    key_id: str
    public_key: str
    previous_key_id: str | None
    endorsement: str
    reason: str


class LogVerified(Event):
    """Somebody compared everything that is stored with everything that vouches for it; `problems` are the first ones,
    each with its code, where and message."""

    TOPIC: ClassVar[str] = "log.verified"

    ok: bool
    events: int
    sealed_events: int
    blocks: int
    blobs: int
    bytes: int
    checkpoints: int
    exported_checkpoints: int
    problems: list[dict[str, str]]
    problems_total: int


def event_leaf_hash(position: int, originator_id: UUID, version: int, topic: str, state: bytes) -> bytes:
    name = topic.encode()
    return leaf_hash(_LEAF.pack(position, originator_id.bytes, version, len(name)) + name + state)


def key_id_of(public_key: bytes) -> str:
    return sha256(public_key).hexdigest()


def endorsed_text(log_id: UUID, public_key: bytes) -> bytes:
    return b"tenor sealing key\n" + log_id.bytes + public_key


def introduce_key(envelope: Envelope, log_id: UUID, public_key: bytes) -> SealingKeyRotated:
    """The log's first key; a second attempt meets the unique key of the stream."""
    return SealingKeyRotated(
        **envelope.at(SEALING_STREAM, 1),
        log_id=log_id,
        key_id=key_id_of(public_key),
        public_key=public_key.hex(),
        previous_key_id=None,
        endorsement="",
        reason="first use",
    )


def rotate_key(
    keys: Sequence[SealingKeyRotated], envelope: Envelope, public_key: bytes, endorsement: bytes, reason: str
) -> SealingKeyRotated:
    current = keys[-1]
    return SealingKeyRotated(
        **envelope.at(SEALING_STREAM, current.originator_version + 1),
        log_id=current.log_id,
        key_id=key_id_of(public_key),
        public_key=public_key.hex(),
        previous_key_id=current.key_id,
        endorsement=endorsement.hex(),
        reason=reason,
    )


def record_verification(envelope: Envelope, version: int, report: dict[str, Any]) -> LogVerified:
    """`report` is what `tenor audit verify --json` prints."""
    reported = {name: report[name] for name in LogVerified.model_fields if name in report}
    place = envelope.at(VERIFICATIONS_STREAM, version)
    return LogVerified(**place, **(reported | {"problems": report["problems"][:PROBLEMS_KEPT]}))


@dataclass(frozen=True)
class Checkpoint:
    """What is signed: the tree's size and root, how far in the log it reaches, when, and the note before it."""

    origin: str
    size: int
    root: bytes
    position: int
    sealed_at: datetime
    previous: str

    def body(self) -> str:
        """C2SP tlog-checkpoint: origin, size, root, then lines of our own."""
        root = b64encode(self.root).decode()
        lines = (
            self.origin,
            str(self.size),
            root,
            f"position {self.position}",
            f"time {self.sealed_at.isoformat()}",
            f"previous {self.previous}",
        )
        return "".join(line + "\n" for line in lines)


class NotACheckpoint(ValueError):
    """A text that no sealer has written."""


def origin_of(log_id: UUID) -> str:
    return f"tenor.log/{log_id}"


def parse_checkpoint(body: str) -> Checkpoint:
    found = _BODY.fullmatch(body)
    if found is None:
        raise NotACheckpoint("not the text of a checkpoint")
    try:
        sealed_at, root = datetime.fromisoformat(found["time"]), b64decode(found["root"], validate=True)
    except (ValueError, NotBase64) as error:
        raise NotACheckpoint(f"not the text of a checkpoint: {error}") from error
    return Checkpoint(found["origin"], int(found["size"]), root, int(found["position"]), sealed_at, found["previous"])


def note_hash(note: str) -> str:
    """By which the next checkpoint names this one."""
    return sha256(note.encode()).hexdigest()
