"""Snapshots: a portfolio or a market as it was brought, named by its content."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id


class SnapshotKind(StrEnum):
    PORTFOLIO = "PORTFOLIO"
    MARKET = "MARKET"


class SnapshotRegistered(Event):
    TOPIC: ClassVar[str] = "snapshot.registered"

    kind: SnapshotKind
    sha256: str
    schema_version: int
    rows: dict[str, int]
    control_totals: dict[str, Any]
    source: dict[str, Any]
    as_of: date | None = None
    base_currency: str | None = None


@dataclass(frozen=True)
class Content:
    """What is registered, and where it came from."""

    kind: SnapshotKind
    sha256: str
    rows: dict[str, int]
    control_totals: dict[str, Any]
    source: dict[str, Any]
    as_of: date | None = None
    base_currency: str | None = None


@dataclass(frozen=True)
class Snapshot:
    registered: SnapshotRegistered | None = None


def evolve(_: Snapshot, event: SnapshotRegistered) -> Snapshot:
    return Snapshot(event)


def fold(events: list[SnapshotRegistered]) -> Snapshot:
    snapshot = Snapshot()
    for event in events:
        snapshot = evolve(snapshot, event)
    return snapshot


def snapshot_id(kind: SnapshotKind, sha256: str) -> UUID:
    """The same content is the same snapshot, whoever brings it."""
    return stream_id("snapshot", kind.value, sha256)


def register(snapshot: Snapshot, envelope: Envelope, content: Content) -> list[SnapshotRegistered]:
    """Registering the same content again is one snapshot: nothing happens."""
    if snapshot.registered is not None:
        return []
    identity = snapshot_id(content.kind, content.sha256)
    return [SnapshotRegistered(**envelope.at(identity, 1), schema_version=1, **vars(content))]
