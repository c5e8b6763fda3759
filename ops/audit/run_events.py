"""A run as its own events tell it."""

from dataclasses import dataclass

from commands.change_run import events_of_run
from domain.ports import EventStore
from domain.runs import run as runs


@dataclass(frozen=True)
class RunEvents:
    requested: runs.RunRequested
    events: list[runs.RunEvent]
    state: runs.Run


def read_run(store: EventStore, run: str) -> RunEvents:
    requested, events = events_of_run(store, run)
    return RunEvents(requested, events, runs.fold(events))
