"""Wishes about a run that exists: cancel, retry, approve, reject, publish."""

from collections.abc import Callable
from typing import NamedTuple, cast
from uuid import UUID

from commands.once import once
from commands.refusals import UnknownRun
from domain.answered_commands import Key
from domain.event import Envelope
from domain.ports import EventStore
from domain.runs import run as runs


class Changed(NamedTuple):
    status: str
    """that the run came to"""
    position: int
    """of the last event in the log"""


def cancel_run(store: EventStore, envelope: Envelope, run_id: str, reason: str, key: Key | None = None) -> Changed:
    return change(store, envelope, run_id, lambda run, id_: runs.cancel(run, envelope, id_, reason), key)


def retry_run(store: EventStore, envelope: Envelope, run_id: str, key: Key | None = None) -> Changed:
    return change(store, envelope, run_id, lambda run, id_: runs.retry(run, envelope, id_), key)


def approve_run(
    store: EventStore,
    envelope: Envelope,
    run_id: str,
    reason: str,
    key: Key | None = None,
    *,
    same_person: runs.SamePerson | None = None,
) -> Changed:
    def decide(run: runs.Run, id_: UUID) -> list[runs.RunEvent]:
        return runs.approve(run, envelope, id_, reason, same_person=same_person)

    return change(store, envelope, run_id, decide, key)


def reject_run(store: EventStore, envelope: Envelope, run_id: str, reason: str, key: Key | None = None) -> Changed:
    return change(store, envelope, run_id, lambda run, id_: runs.reject(run, envelope, id_, reason), key)


def publish_run(
    store: EventStore,
    envelope: Envelope,
    run_id: str,
    reason: str,
    key: Key | None = None,
    *,
    same_person: runs.SamePerson | None = None,
) -> Changed:
    def decide(run: runs.Run, id_: UUID) -> list[runs.RunEvent]:
        return runs.publish(run, envelope, id_, reason, same_person=same_person)

    return change(store, envelope, run_id, decide, key)


def load_run(store: EventStore, run_id: str) -> tuple[UUID, runs.Run]:
    requested, events = events_of_run(store, run_id)
    return requested.originator_id, runs.fold(events)


def events_of_run(store: EventStore, run_id: str) -> tuple[runs.RunRequested, list[runs.RunEvent]]:
    """The request, and all that followed with the request at its head; an id of something else is no run."""
    try:
        events = cast(list[runs.RunEvent], store.stream(UUID(run_id)))
    except ValueError:
        raise UnknownRun(run_id) from None
    if not events or not isinstance(events[0], runs.RunRequested):
        raise UnknownRun(run_id)
    return events[0], events


def change(
    store: EventStore,
    envelope: Envelope,
    run_id: str,
    decide: Callable[[runs.Run, UUID], list[runs.RunEvent]],
    key: Key | None = None,
) -> Changed:
    """A request that changes nothing answers with the log's head; one whose key was used, as it was answered then."""

    def decided() -> tuple[list[runs.RunEvent], str]:
        requested, past = events_of_run(store, run_id)
        events = decide(runs.fold(past), requested.originator_id)
        return events, runs.fold([*past, *events]).status.value

    return Changed(*once(store, envelope, key, decided))
