"""What is told of an event outside: a type, when it was, and ids to ask further by. No figure of a position."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.capital.limits import LimitBreached
from domain.event import Event
from domain.portfolio.rejected import PortfolioRejected
from domain.runs.run import RunCompleted, RunPublished, RunRequested
from domain.webhooks.document import INGESTION_REJECTED, LIMIT_BREACHED, RUN_COMPLETED, RUN_PUBLISHED

HistoryOf = Callable[[UUID], Sequence[Event]]


@dataclass(frozen=True)
class Message:
    """`requested` is the run that it is about; None where it is about none."""

    type: str
    event: Event
    data: dict[str, Any]
    requested: RunRequested | None = None

    @property
    def body(self) -> str:
        said = {"type": self.type, "timestamp": self.event.timestamp.isoformat(), "data": self.data}
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def message_of(event: Event, history_of: HistoryOf) -> Message | None:
    """None for an event that nobody is told of."""
    match event:
        case RunCompleted():
            status = "COMPLETED_WITH_EXCEPTIONS" if event.failed_positions or event.failed_chunks else "COMPLETED"
            return _of_run(RUN_COMPLETED, event, event.originator_id, {"status": status}, history_of)
        case RunPublished():
            return _of_run(RUN_PUBLISHED, event, event.originator_id, {"status": "PUBLISHED"}, history_of)
        case LimitBreached():
            names = ("policy", "limit_id", "group", "value", "limit")
            breach = {name: getattr(event, name) for name in names}
            return _of_run(LIMIT_BREACHED, event, event.run_id, breach, history_of)
        case PortfolioRejected():
            data = {"portfolio": event.name, "as_of": event.as_of.isoformat(), "errors": event.errors}
            return Message(INGESTION_REJECTED, event, data)
        case _:
            return None


def _of_run(kind: str, event: Event, run_id: UUID, more: dict[str, Any], history_of: HistoryOf) -> Message | None:
    requested = next((each for each in history_of(run_id) if isinstance(each, RunRequested)), None)
    if requested is None:
        return None
    data = {
        "run_id": str(run_id),
        **more,
        "as_of": requested.as_of.isoformat(),
        "portfolio_snapshot_id": str(requested.portfolio_snapshot_id),
        "market_snapshot_id": str(requested.market_snapshot_id),
        "scenarios": requested.scenarios,
        "measures": requested.measures,
    }
    return Message(kind, event, data, requested)
