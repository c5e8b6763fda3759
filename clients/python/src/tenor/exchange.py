"""Requests and answers without a wire: operations are generators of steps, which a driver takes, blocking or not."""

import json
import os
import random
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from tenor.errors import TenorError, Unreachable, error_of

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
NOW_AND_THEN = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may be answered."""
LONGEST_PAUSE_SECONDS = 20.0

Params: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """One request. `content` is bytes or a file to be sent piece by piece; `to` a file that takes the answer's body."""

    method: str
    path: str
    params: Params = field(default_factory=dict)
    content: bytes | Path | None = None
    content_type: str = JSON
    accept: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    to: Path | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """names in lower case"""
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Broken:
    """No answer, or one that ended early."""

    reason: str


@dataclass(frozen=True)
class Send:
    ask: Ask


@dataclass(frozen=True)
class Listen:
    """Open a stream of lines; what is answered is its head."""

    ask: Ask


@dataclass(frozen=True)
class NextLine:
    """Of the stream that is open: a line, or Broken when it has ended."""


@dataclass(frozen=True)
class Pause:
    seconds: float


Step: TypeAlias = Send | Listen | NextLine | Pause
T = TypeVar("T")
Operation: TypeAlias = Generator[Step, Any, T]


@dataclass(frozen=True)
class Retries:
    """How often, and how long the first pause is; each next one is twice as long, and some of it is chance."""

    attempts: int = 5
    first_pause_seconds: float = 0.2

    def pause(self, attempt: int, answer: "Answer | Broken") -> float:
        if isinstance(answer, Answer):
            asked = answer.headers.get("retry-after", "")
            if asked.isdigit():
                return min(float(asked), LONGEST_PAUSE_SECONDS)
        longest = min(self.first_pause_seconds * 2.0**attempt, LONGEST_PAUSE_SECONDS)
        return longest * (0.5 + random.random() / 2)


@dataclass
class Session:
    """`unseen`: the position of our last command, until a read has been answered at it or after."""

    retries: Retries = field(default_factory=Retries)
    unseen: int | None = None

    def prepared(self, ask: Ask) -> Ask:
        """A command has a key of its own, so that a second sending is the first; a read sees what we have done."""
        if ask.method == "POST" and "Idempotency-Key" not in ask.headers:
            return replace(ask, headers={**ask.headers, "Idempotency-Key": str(uuid.uuid4())})
        if ask.method == "GET" and self.unseen is not None and "?" not in ask.path:
            return replace(ask, params={**ask.params, "min_position": str(self.unseen)})
        return ask

    def note(self, ask: Ask, answer: Answer) -> None:
        position = answer.headers.get("x-event-position", "")
        if ask.method == "POST" and position.isdigit():
            self.unseen = max(int(position), self.unseen or 0)
        elif ask.params.get("min_position") == str(self.unseen):
            self.unseen = None


def asked(ask: Ask, session: Session) -> Operation[Answer]:
    """The answer of a request that succeeds; what may be tried again is."""
    ask, retries = session.prepared(ask), session.retries
    for attempt in range(retries.attempts):
        answer: Answer | Broken = yield Send(ask)
        if isinstance(answer, Answer) and answer.status < 300:
            session.note(ask, answer)
            return answer
        if isinstance(answer, Answer) and answer.status not in NOW_AND_THEN:
            break
        if attempt + 1 < retries.attempts:
            yield Pause(retries.pause(attempt, answer))
    raise refusal(answer)


def refusal(answer: Answer | Broken) -> TenorError:
    if isinstance(answer, Broken):
        return unreachable(answer.reason)
    try:
        said = answer.document
    except ValueError:
        said = None
    return error_of(answer.status, said)


def unreachable(reason: str) -> Unreachable:
    fix = "start it with `tenor up`, or set TENOR_SERVER (or connect(url=…)) to where it is"
    return Unreachable(f"the server does not answer: {reason}", code="SERVER_UNREACHABLE", fix=fix)


def query(**params: Any) -> dict[str, str]:
    """What is asked for, without what is not: lists by commas, truth as HTTP says it."""
    said: dict[str, str] = {}
    for name, value in params.items():
        match value:
            case None | False | "":
                continue
            case True:
                said[name] = "true"
            case list() | tuple():
                if value:
                    said[name] = ",".join(map(str, value))
            case _:
                said[name] = str(value)
    return said


def server_url(url: str | None) -> str:
    found = (url or os.environ.get("TENOR_SERVER") or "").strip().rstrip("/")
    if not found:
        fix = "set TENOR_SERVER, or connect(url='http://127.0.0.1:8000')"
        raise TenorError("no server is named", code="NO_SERVER", fix=fix)
    if not found.startswith(("http://", "https://")):
        fix = f"write http://{found} or https://{found}"
        raise TenorError(f"{found!r} is no address of a server", code="NO_SERVER", fix=fix)
    return found


def server_key(key: str | None) -> str | None:
    return (key or os.environ.get("TENOR_KEY") or "").strip() or None
