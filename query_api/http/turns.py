"""Requests that take long have turns, a kind at a time, so that none of them shuts out the others.

Threads and connections to the database are few. Who reads a whole table waits for one of a few turns without holding
either; who follows a run holds neither between looks. What is beyond the limits is told to come back.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from query_api.http.problems import problem

RETRY_SECONDS = "2"


@dataclass(frozen=True)
class Kind:
    """A turn begins when all of the request is there, since a body may be slow to come, and ends with the first byte of
    the answer, which waits for its reader without a thread; `to_the_end`: with the last."""

    name: str
    method: str
    paths: re.Pattern[str]
    at_once: int
    waiting: int
    wait_seconds: float
    to_the_end: bool = False


STREAMS = Kind(
    "streams of events", "GET", re.compile(r"/api/v1/orchestrator/runs/[^/]+/events"), 256, 0, 0.0, to_the_end=True
)
FIGURES = Kind(
    "questions about figures", "GET", re.compile(r"/api/v1/(results|risk|portfolio|audit)/runs/.+"), 4, 200, 20.0
)
REVALUATIONS = Kind("revaluations", "GET", re.compile(r"/api/v1/risk/runs/[^/]+/quotes"), 1, 20, 60.0)
UPLOADS = Kind(
    "uploads",
    "POST",
    re.compile(
        r"/api/v1/(ingestion/portfolios|marketdata/markets|scenario/histories|risk/backtest|orchestrator/checks)"
    ),
    4,
    50,
    60.0,
)
COMMANDS = Kind("commands", "POST", re.compile(r"/api/.*"), 12, 200, 20.0)
KINDS = (STREAMS, REVALUATIONS, FIGURES, UPLOADS, COMMANDS)
"""The first that fits. Together they leave threads to lists and to health."""


class NoTurn(HTTPException):
    """Too many wait already, or this one has waited too long."""

    def __init__(self, kind: Kind) -> None:
        detail = f"as many {kind.name} as can be are being answered, and others wait"
        document = {"code": "BUSY", "detail": detail, "fix": "try again in a moment"}
        super().__init__(503, document, {"Retry-After": RETRY_SECONDS})  # type: ignore[arg-type]


@dataclass
class Line:
    """Of one kind, in one event loop: first come, first served."""

    kind: Kind
    free: asyncio.Semaphore = field(init=False)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.kind.at_once)

    async def take(self) -> None:
        if self.free.locked():
            if self.waiting >= self.kind.waiting:
                raise NoTurn(self.kind)
            self.waiting += 1
            try:
                await asyncio.wait_for(self.free.acquire(), self.kind.wait_seconds)
            except TimeoutError:
                raise NoTurn(self.kind) from None
            finally:
                self.waiting -= 1
        else:
            await self.free.acquire()


class Turns:
    def __init__(self, app: ASGIApp, kinds: tuple[Kind, ...] = KINDS) -> None:
        self._app, self._kinds = app, kinds
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Line]] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = self._kind_of(scope)
        if kind is None:
            return await self._app(scope, receive, send)
        turn = Turn(self._line(kind))
        try:
            if kind.method == "GET":
                await turn.begin()
                return await self._app(scope, receive, turn.ending_with(send))
            return await self._app(scope, turn.beginning_with(receive), turn.ending_with(send))
        except NoTurn as refusal:  # of a GET; that of a body is answered where the body is read
            return await busy(refusal, scope)(scope, receive, send)
        finally:
            turn.end()

    def _kind_of(self, scope: Scope) -> Kind | None:
        if scope["type"] != "http":
            return None
        fitting = (one for one in self._kinds if one.method == scope["method"] and one.paths.fullmatch(scope["path"]))
        return next(fitting, None)

    def _line(self, kind: Kind) -> Line:
        lines = self._lines.setdefault(asyncio.get_running_loop(), {})
        return lines.setdefault(kind.name, Line(kind))


class Turn:
    """Of one request; begun and ended once, however often that is said."""

    def __init__(self, line: Line) -> None:
        self._line, self._is_held = line, False

    async def begin(self) -> None:
        if not self._is_held:
            await self._line.take()
            self._is_held = True

    def end(self) -> None:
        if self._is_held:
            self._is_held = False
            self._line.free.release()

    def beginning_with(self, receive: Receive) -> Receive:
        async def receive_and_begin() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                await self.begin()
            return message

        return receive_and_begin

    def ending_with(self, send: Send) -> Send:
        async def send_and_end(message: Message) -> None:
            if message["type"] == "http.response.start" and not self._line.kind.to_the_end:
                self.end()
            await send(message)

        return send_and_end


def busy(refusal: NoTurn, scope: Scope) -> Response:
    said: Any = refusal.detail
    return problem(None, refusal.status_code, headers=refusal.headers, instance=scope["path"], **said)
