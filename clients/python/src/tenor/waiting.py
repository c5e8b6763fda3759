"""How a run is waited for: its events as they come, resumed after a cut, and plain questions where no stream passes."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tenor.errors import RunFailed, TenorError, TimedOut
from tenor.exchange import Answer, Ask, Broken, Listen, NextLine, Operation, Pause, Session, asked, refusal

EVENT_STREAM = "text/event-stream"
STREAMS_TRIED = 3
"""In a row without an event; then the run is asked about now and then."""
FIRST_LOOK_SECONDS, SLOWEST_LOOK_SECONDS = 0.25, 5.0
WITHOUT_FIGURES = ("FAILED", "CANCELLED")
ENDED = ("COMPLETED", "COMPLETED_WITH_EXCEPTIONS", "APPROVED", "REJECTED", "PUBLISHED", "ARCHIVED", *WITHOUT_FIGURES)

Tell = Callable[[dict[str, Any]], None]
"""What is told of a run's progress: `run_id`, `status`, `progress` with `chunks` and `chunks_done`."""


@dataclass
class Events:
    """Server-sent events, line by line."""

    last_id: str = ""
    _name: str = ""
    _data: list[str] = field(default_factory=list)

    def take(self, line: str) -> tuple[str, Any] | None:
        """An event's name and document, when its last line has come."""
        if not line:
            name, data = self._name, "\n".join(self._data)
            self._name, self._data = "", []
            return (name, json.loads(data)) if data else None
        word, _, rest = line.partition(":")
        rest = rest.removeprefix(" ")
        if word == "event":
            self._name = rest
        elif word == "data":
            self._data.append(rest)
        elif word == "id":
            self.last_id = rest
        return None


def until_settled(run_id: str, tell: Tell, timeout: float | None, session: Session) -> Operation[dict[str, Any]]:
    """The run's document once its figures can be asked for."""
    deadline = Deadline(run_id, timeout)
    document = yield from listened(run_id, tell, deadline)
    if document is None:
        document = yield from looked_at(run_id, tell, deadline, session)
    if document["status"] in WITHOUT_FIGURES:
        raise ended_without_figures(document)
    return document


@dataclass(frozen=True)
class Deadline:
    run_id: str
    timeout: float | None
    started: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        if self.timeout is not None and time.monotonic() - self.started > self.timeout:
            message = f"run {self.run_id} has not ended within {self.timeout:g} seconds"
            raise TimedOut(message, code="WAIT_TIMED_OUT", fix="wait again: the run goes on")


def listened(run_id: str, tell: Tell, deadline: Deadline) -> Operation[dict[str, Any] | None]:
    """By the stream of events; None when none passes."""
    events, in_vain = Events(), 0
    while in_vain < STREAMS_TRIED:
        headers = {"Last-Event-ID": events.last_id} if events.last_id else {}
        path = f"/api/v1/orchestrator/runs/{run_id}/events"
        answer: Answer | Broken = yield Listen(Ask("GET", path, accept=EVENT_STREAM, headers=headers))
        if isinstance(answer, Answer) and answer.status in (401, 403, 404):
            raise refusal(answer)
        if not is_stream(answer):
            return None
        heard, document = yield from told(events, tell, deadline)
        if document is not None:
            return document
        in_vain = 0 if heard else in_vain + 1
        yield Pause(FIRST_LOOK_SECONDS)
        deadline.check()
    return None


def is_stream(answer: Answer | Broken) -> bool:
    if isinstance(answer, Broken):
        return False
    return answer.status == 200 and answer.headers.get("content-type", "").startswith(EVENT_STREAM)


def told(events: Events, tell: Tell, deadline: Deadline) -> Operation[tuple[bool, dict[str, Any] | None]]:
    """Of one stream: whether anything came, and the run's document if it came to its end."""
    heard = False
    while True:
        line: str | Broken = yield NextLine()
        if isinstance(line, Broken):
            return heard, None
        deadline.check()
        event = events.take(line)
        if event is None:
            continue
        heard, (name, said) = True, event
        if name == "progress":
            tell(said)
        elif name == "end":
            tell(said)
            return heard, said


def looked_at(run_id: str, tell: Tell, deadline: Deadline, session: Session) -> Operation[dict[str, Any]]:
    pause = FIRST_LOOK_SECONDS
    while True:
        answer = yield from asked(Ask("GET", f"/api/v1/orchestrator/runs/{run_id}"), session)
        document: dict[str, Any] = answer.document
        tell(document)
        if document["status"] in ENDED and (
            document["queryable"] or document["status"] in (*WITHOUT_FIGURES, "ARCHIVED")
        ):
            return document
        deadline.check()
        yield Pause(pause)
        pause = min(2 * pause, SLOWEST_LOOK_SECONDS)


def is_settled(document: dict[str, Any]) -> bool:
    """Nothing more will happen by itself."""
    status = document["status"]
    return status in ENDED and (document["queryable"] or status in WITHOUT_FIGURES or status == "ARCHIVED")


def ended_without_figures(document: dict[str, Any]) -> TenorError:
    run_id, status = document["run_id"], document["status"]
    fix = "run.retry() opens its failed chunks again" if status == "FAILED" else "submit a new run"
    return RunFailed(f"run {run_id} is {status}", code=f"RUN_{status}", fix=fix, document=document)
