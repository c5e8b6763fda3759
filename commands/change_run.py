"""Wishes about a run that exists: cancel, retry, approve, reject, publish."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from commands.refusals import UnknownRun
from domain.event import Envelope
from domain.ports import AlreadyThere, EventStore
from domain.refusals import Conflict
from domain.runs import run as runs


def cancel_run(store: EventStore, envelope: Envelope, run_id: str, reason: str) -> int:
    return change(store, run_id, lambda run, id_: runs.cancel(run, envelope, id_, reason))


def retry_run(store: EventStore, envelope: Envelope, run_id: str) -> int:
    return change(store, run_id, lambda run, id_: runs.retry(run, envelope, id_))


def approve_run(store: EventStore, envelope: Envelope, run_id: str, reason: str) -> int:
    return change(store, run_id, lambda run, id_: runs.approve(run, envelope, id_, reason))


def reject_run(store: EventStore, envelope: Envelope, run_id: str, reason: str) -> int:
    return change(store, run_id, lambda run, id_: runs.reject(run, envelope, id_, reason))


def publish_run(store: EventStore, envelope: Envelope, run_id: str, reason: str) -> int:
    return change(store, run_id, lambda run, id_: runs.publish(run, envelope, id_, reason))


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


def change(store: EventStore, run_id: str, decide: Callable[[runs.Run, UUID], list[runs.RunEvent]]) -> int:
    """Returns the log position of the last event; a request that changes nothing answers with the log's head."""
    identity, run = load_run(store, run_id)
    events = decide(run, identity)
    try:
        return store.append(events)[-1] if events else store.head()
    except AlreadyThere:
        raise Conflict("RUN_MOVED", f"run {run_id} changed at the same moment", "look at it and ask again") from None
