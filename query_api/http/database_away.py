"""While the database is away everything is answered at once: 503, when to come back, and nobody's thread is held.

Whether it answers is looked at before a request is let in, and again while one is under way: a server that is frozen,
or a network that swallows, says nothing by itself. A request that is given up is left to end when it can.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from query_api.http.problems import problem

DatabaseAnswers = Callable[[], Awaitable[bool]]
"""Within a second, whatever the database does."""

LOOK_SECONDS = 0.4
WITHOUT_DATABASE = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"})
RETRY_SECONDS = "1"


class RefuseWhileAway:
    def __init__(self, app: ASGIApp, answers: DatabaseAnswers) -> None:
        self._app, self._answers = app, answers
        self._left: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in WITHOUT_DATABASE:
            return await self._app(scope, receive, send)
        if not await self._answers():
            return await _refuse(scope, receive, send)
        answer = Answer(send)
        task = asyncio.ensure_future(self._run(scope, receive, answer))
        try:
            while not answer.is_begun and not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
                if not answer.is_begun and not await self._answers() and not answer.is_begun:
                    answer.is_given_up = True
                    self._leave(task)
                    return await _refuse(scope, receive, send)
            await task
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _leave(self, task: asyncio.Task[None]) -> None:
        """Kept from being forgotten; how it ends concerns nobody any more."""
        self._left.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._left.discard(task)
        with suppress(asyncio.CancelledError):
            task.exception()


class Answer:
    """The way to the client, until somebody else has answered."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_begun = self.is_given_up = False

    async def __call__(self, message: Message) -> None:
        if not self.is_given_up:
            self.is_begun = True
            await self._send(message)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = problem(
        None,
        503,
        "DATABASE_UNREACHABLE",
        "the database does not answer",
        "try again; see `tenor doctor`",
        {"Retry-After": RETRY_SECONDS},
        instance=scope["path"],
    )
    await refusal(scope, receive, send)
