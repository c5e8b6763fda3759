"""Snapshots: a portfolio or a market as it was brought, named by its content; and under which name and date it came."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from domain.event import Envelope, Event, stream_id
from domain.refusals import Refused

MAX_NAME = 200


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


class SnapshotBrought(Event):
    """Somebody brought this content, under this name and date. The same content may come again, under others.

    A market has no name, and the date that its document says. `reading` says by which mapping a tape was read, and
    which cells were edited on the way.
    """

    TOPIC: ClassVar[str] = "snapshot.brought"

    kind: SnapshotKind
    snapshot_id: UUID
    name: str | None = None
    as_of: date
    reading: dict[str, Any] | None = Field(default=None, exclude_if=lambda reading: reading is None)


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


def bring(
    envelope: Envelope,
    kind: SnapshotKind,
    identity: UUID,
    *,
    name: str | None = None,
    as_of: date,
    reading: dict[str, Any] | None = None,
) -> SnapshotBrought:
    """The same content under the same name and date is brought once: told twice, it meets the unique key."""
    stream = stream_id("brought", identity, as_of, name or "")
    place = envelope.at(stream, 1)
    return SnapshotBrought(**place, kind=kind, snapshot_id=identity, name=name, as_of=as_of, reading=reading)


def portfolio_name(text: str) -> str:
    """As it is kept; refuses what nobody could type or read."""
    name = text.strip()
    if not name.isprintable():
        fix = "write the name in letters, digits and signs that can be seen"
        raise Refused("CONTROL_CHARACTER", "the name of the portfolio holds a control character", fix)
    if not 0 < len(name) <= MAX_NAME:
        message = f"the name of a portfolio has 1 to {MAX_NAME} characters, not {len(name)}"
        raise Refused("BAD_PORTFOLIO_NAME", message, "choose another with --portfolio")
    return name


def name_of_folder(folder: str) -> str:
    """What a portfolio is called when nobody says: its folder's name, as far as it can be read."""
    seen = "".join(each for each in folder if each.isprintable()).strip()
    return seen[:MAX_NAME].strip() or "portfolio"
