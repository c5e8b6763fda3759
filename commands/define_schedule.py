"""Define schedules of runs, and drop them."""

from commands.define_scenario import invalid_input
from commands.once import once, use_before
from domain.answered_commands import Key
from domain.event import Envelope
from domain.ports import EventStore
from domain.schedules import book
from domain.schedules.document import InvalidSchedule, parse_schedule


def define_schedule(
    store: EventStore, envelope: Envelope, raw: bytes, *, key: Key | None = None
) -> tuple[dict[str, object], int]:
    """The version, and where the log has it; the same document again is the same version."""
    use_before(store, key)
    try:
        document = parse_schedule(raw)
    except InvalidSchedule as invalid:
        raise invalid_input("INVALID_SCHEDULE", "the schedule cannot be used", invalid) from invalid

    def decided() -> tuple[list[book.ScheduleDefined], dict[str, object]]:
        schedules = schedules_of(store)
        events = book.define(schedules, envelope, document)
        version = schedules.versions.get(document.schedule_id, 0) + len(events)
        return events, {"schedule_id": document.schedule_id, "version": version}

    return once(store, envelope, key, decided)


def drop_schedule(
    store: EventStore, envelope: Envelope, schedule_id: str, *, key: Key | None = None
) -> tuple[dict[str, object], int]:
    def decided() -> tuple[list[book.ScheduleDropped], dict[str, object]]:
        events = book.drop(schedules_of(store), envelope, schedule_id)
        return events, {"schedule_id": schedule_id, "status": "DROPPED"}

    return once(store, envelope, key, decided)


def schedules_of(store: EventStore) -> book.Schedules:
    return book.fold(store.stream(book.schedules_stream()))
