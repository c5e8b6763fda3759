"""The book of schedules, and what has become of each moment at which one fell due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id
from domain.refusals import Unknown
from domain.schedules.document import ScheduleDocument, stored_schedule


class ScheduleDefined(Event):
    """All schedules are one book, so that it can be listed; `version` counts the definitions of the id."""

    TOPIC: ClassVar[str] = "schedule.defined"

    schedule_id: str
    version: int
    document: dict[str, object]


class ScheduleDropped(Event):
    TOPIC: ClassVar[str] = "schedule.dropped"

    schedule_id: str


class ScheduleRan(Event):
    """The run of this moment has been asked for; the stream of the moment holds one event."""

    TOPIC: ClassVar[str] = "schedule.ran"

    schedule_id: str
    due_at: datetime
    run_id: UUID


class ScheduleSkipped(Event):
    """Nothing runs for this moment, and why."""

    TOPIC: ClassVar[str] = "schedule.skipped"

    schedule_id: str
    due_at: datetime
    reason: str


BookEvent = ScheduleDefined | ScheduleDropped


@dataclass(frozen=True)
class Schedule:
    version: int
    document: ScheduleDocument
    defined_at: datetime
    """Moments later than this count."""
    actor: str


@dataclass(frozen=True)
class Schedules:
    length: int = 0
    active: Mapping[str, Schedule] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    """of dropped ones too"""


def schedules_stream() -> UUID:
    return stream_id("schedules")


def moment_stream(schedule_id: str, due_at: datetime) -> UUID:
    return stream_id("schedule_due", schedule_id, due_at.isoformat())


def fold(events: Sequence[Event]) -> Schedules:
    active: dict[str, Schedule] = {}
    versions: dict[str, int] = {}
    for event in events:
        match event:
            case ScheduleDefined():
                document = stored_schedule(event.document)
                active[event.schedule_id] = Schedule(event.version, document, event.timestamp, event.actor)
                versions[event.schedule_id] = event.version
            case ScheduleDropped():
                active.pop(event.schedule_id, None)
    return Schedules(len(events), active, versions)


def define(schedules: Schedules, envelope: Envelope, document: ScheduleDocument) -> list[ScheduleDefined]:
    """The same document again is the same version; another one is the next."""
    known = schedules.active.get(document.schedule_id)
    if known is not None and known.document == document:
        return []
    said = document.model_dump(mode="json", exclude_none=True)
    place = envelope.at(schedules_stream(), schedules.length + 1)
    version = schedules.versions.get(document.schedule_id, 0) + 1
    return [ScheduleDefined(**place, schedule_id=document.schedule_id, version=version, document=said)]


def drop(schedules: Schedules, envelope: Envelope, schedule_id: str) -> list[ScheduleDropped]:
    if schedule_id not in schedules.active:
        fix = "`tenor schedule list` names the schedules"
        raise Unknown("UNKNOWN_SCHEDULE", f"there is no schedule {schedule_id!r}", fix)
    return [ScheduleDropped(**envelope.at(schedules_stream(), schedules.length + 1), schedule_id=schedule_id)]


def skip(envelope: Envelope, schedule_id: str, due_at: datetime, reason: str) -> ScheduleSkipped:
    place = envelope.at(moment_stream(schedule_id, due_at), 1)
    return ScheduleSkipped(**place, schedule_id=schedule_id, due_at=due_at, reason=reason)


def ran(envelope: Envelope, schedule_id: str, due_at: datetime, run_id: UUID) -> ScheduleRan:
    place = envelope.at(moment_stream(schedule_id, due_at), 1)
    return ScheduleRan(**place, schedule_id=schedule_id, due_at=due_at, run_id=run_id)
