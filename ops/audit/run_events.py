"""A run as its own events tell it."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from commands.refusals import UnknownRun
from domain.ports import EventStore
from domain.runs import run as runs


@dataclass(frozen=True)
class RunEvents:
    requested: runs.RunRequested
    events: list[runs.RunEvent]
    state: runs.Run


def read_run(store: EventStore, run: str) -> RunEvents:
    try:
        events = cast(list[runs.RunEvent], store.stream(UUID(run)))
    except ValueError:
        raise UnknownRun(run) from None
    if not events or not isinstance(events[0], runs.RunRequested):
        raise UnknownRun(run)
    return RunEvents(events[0], events, runs.fold(events))
