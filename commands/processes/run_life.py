"""A line in the process's own log for each step of a run's life: seconds since it was asked for, and counts."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from domain.event import Event
from domain.runs import run as runs
from domain.runs.results import ResultsRecorded

log = structlog.get_logger()

STEPS: dict[type[Event], str] = {
    runs.RunRequested: "run.requested",
    runs.RunPlanned: "run.planned",
    runs.RunCompleted: "run.completed",
    runs.RunFailed: "run.failed",
    runs.RunCancelled: "run.cancelled",
    runs.RunRetried: "run.retried",
    ResultsRecorded: "run.queryable",
    runs.RunApproved: "run.approved",
    runs.RunRejected: "run.rejected",
    runs.RunPublished: "run.published",
}


def log_life(events: Sequence[Event], history_of: Callable[[UUID], Sequence[Event]]) -> None:
    """Of the events that the process manager has just answered: each once, whatever machine does it."""
    for event in events:
        if (step := STEPS.get(type(event))) is not None:
            run_id = event.run_id if isinstance(event, ResultsRecorded) else event.originator_id
            requested = next((each for each in history_of(run_id) if isinstance(each, runs.RunRequested)), None)
            seconds = (event.timestamp - requested.timestamp).total_seconds() if requested else None
            log.info(step, run_id=str(run_id), trace_id=event.correlation_id.hex, seconds=seconds, **counts(event))


def counts(event: Event) -> dict[str, Any]:
    match event:
        case runs.RunRequested():
            return {"positions": event.positions, "scenarios": len(event.scenarios), "measures": len(event.measures)}
        case runs.RunPlanned():
            return {"chunks": event.chunks}
        case runs.RunCompleted():
            return {
                "blocks": event.blocks,
                "failed_positions": event.failed_positions,
                "failed_chunks": len(event.failed_chunks),
            }
        case runs.RunFailed() | runs.RunCancelled() | runs.RunRejected():
            return {"reason": event.reason}
        case _:
            return {}
