"""The guard before every route: who asks, whether they may, how often; and afterwards what they read or changed.

It looks at a request's address and headers only. A body is not read for somebody who may not send it.
"""

import time
from dataclasses import replace

from anyio import to_thread
from fastapi.routing import APIRoute
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.access.asking import asked_by
from domain.access.keys import KEY
from domain.access.principal import LOCAL, Principal
from domain.access.roles import OF_EVERYTHING, OPERATIONS, Right
from domain.refusals import Unavailable
from domain.texts import of_header
from ops.access.access_log import MAX_PATH, AccessLog, Entry
from ops.access.credentials import Credentials
from ops.access.settings import Access
from ops.access.tokens import NotEnough
from ops.ports import Now
from ops.secrets import hide
from query_api.http.answers import ROWS
from query_api.http.problems import problem

ACTOR_HEADER = "tenor-actor"
MAX_ACTOR = 100
READS = ("GET", "HEAD")
API, AUTH = "/api/", "/auth/"
UNAUTHORIZED = 401
SIGN_IN = "/auth/sign-in"
STRANGERS = RateLimitItemPerSecond(20)
"""Requests without credentials that count, which the log keeps; all are counted in the metrics."""


class Guard:
    """`credentials` None: whoever asks is `local`."""

    def __init__(
        self,
        app: ASGIApp,
        routes: list[BaseRoute],
        access: Access,
        credentials: Credentials | None,
        log: AccessLog,
        now: Now,
    ) -> None:
        self._app, self._routes, self._credentials, self._log, self._now = app, routes, credentials, log, now
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._rate = RateLimitItemPerSecond(access.requests_per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if self._credentials is None:
            return await self._let_in(local_of(Headers(scope=scope)), scope, receive, send)
        return await self._look(self._credentials, scope, receive, send)

    async def _look(self, credentials: Credentials, scope: Scope, receive: Receive, send: Send) -> None:
        operation = operation_asked(self._routes, scope)
        right = OPERATIONS.get(operation) if operation is not None else Right.SELF
        if right is Right.OPEN:
            return await self._let_anybody_in(operation or "", scope, receive, send)
        principal = await to_thread.run_sync(holder_or_refusal, credentials, scope)
        if isinstance(principal, Response):
            self._log_stranger(scope, operation or "", principal.status_code)
            return await principal(scope, receive, send)
        refusal = self._refusal(principal, right, scope)
        if refusal is None:
            return await self._let_in(principal, scope, receive, send)
        self._log_request(principal, scope, operation or "", refusal.status_code)
        return await refusal(scope, receive, send)

    async def _let_anybody_in(self, operation: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Who signs in with what does not count is a stranger too."""

        async def send_and_see(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == UNAUTHORIZED:
                self._log_stranger(scope, operation, UNAUTHORIZED)
            await send(message)

        await self._app(scope, receive, send_and_see)

    def _refusal(self, principal: Principal, right: Right | None, scope: Scope) -> Response | None:
        if not self._limiter.hit(self._rate, principal.auth, principal.actor):
            return too_many(self._rate.amount, scope)
        if right is None or not principal.may(right):
            return forbidden(f"the role {principal.role} may not do this", scope)
        if right in OF_EVERYTHING and not principal.is_whole:
            return not_there(scope)
        return None

    async def _let_in(self, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        status, rows = 500, None

        async def send_and_see(message: Message) -> None:
            nonlocal status, rows
            if message["type"] == "http.response.start":
                status, rows = message["status"], scope.get(ROWS)
            await send(message)

        with asked_by(principal):
            try:
                await self._app(scope, receive, send_and_see)
            finally:
                self._log_request(principal, scope, operation_of(scope.get("route")) or "", status, rows)

    def _log_request(
        self, principal: Principal, scope: Scope, operation: str, status: int, rows: int | None = None
    ) -> None:
        if not scope["path"].startswith(API):
            return
        who = principal.actor, principal.role.value, principal.key_id
        self._log.add(Entry(self._now(), *who, scope["method"], shown_path(scope), operation, status, rows))

    def _log_stranger(self, scope: Scope, operation: str, status: int) -> None:
        """Nobody's name and no role; of a key its id. So many a second: whoever is nobody fills no disk."""
        if scope["path"].startswith((API, AUTH)) and self._limiter.hit(STRANGERS, "strangers"):
            key_id = id_of_key(Headers(scope=scope))
            self._log.add(
                Entry(self._now(), "", "", key_id, scope["method"], shown_path(scope), operation, status, None)
            )


def shown_path(scope: Scope) -> str:
    """A key that somebody wrote into an address is none of the log's."""
    return hide(scope["path"])[:MAX_PATH]


def id_of_key(headers: Headers) -> str | None:
    """Of what is written as a key, whether or not there is one."""
    found = KEY.fullmatch(headers.get("authorization", "").partition(" ")[2].strip())
    return found["key_id"] if found else None


def holder_or_refusal(credentials: Credentials, scope: Scope) -> Principal | Response:
    try:
        return credentials.holder(Headers(scope=scope)) or unauthorized()
    except NotEnough:
        return forbidden("the token says neither what you may do nor where", scope)
    except Unavailable as away:
        return problem(None, 503, away.code, away.message, away.fix, {"Retry-After": "2"})


def local_of(headers: Headers) -> Principal:
    """Who has signed in on this machine may say who they are."""
    named = of_header(headers.get(ACTOR_HEADER, ""))[:MAX_ACTOR]
    return replace(LOCAL, actor=named) if named else LOCAL


def operation_asked(routes: list[BaseRoute], scope: Scope) -> str | None:
    """None where no route fits; '' for one that has no name, and may be asked for by nobody."""
    for route in routes:
        if route.matches(scope)[0] is Match.FULL:
            return operation_of(route) or ""
    return None


def operation_of(route: object) -> str | None:
    """By its operation id; what is not described, by the name of its function."""
    if isinstance(route, APIRoute):
        return route.operation_id or route.name
    name: str | None = getattr(route, "name", None)
    return name


def unauthorized() -> Response:
    """One answer for all."""
    fix = "send a key or a token that counts: Authorization: Bearer …"
    return problem(None, 401, "UNAUTHORIZED", "who asks is not known here", fix, {"WWW-Authenticate": "Bearer"})


def forbidden(why: str, scope: Scope) -> Response:
    return problem(None, 403, "FORBIDDEN", why, "ask whoever gives out keys", instance=scope["path"])


def not_there(scope: Scope) -> Response:
    return problem(None, 404, "NOT_FOUND", "there is nothing of that name", "look at the lists", instance=scope["path"])


def too_many(amount: int, scope: Scope) -> Response:
    detail = f"more than {amount} requests in a second"
    headers = {"Retry-After": "1", "X-RateLimit-Reset": str(int(time.time()) + 1)}
    return problem(None, 429, "TOO_MANY_REQUESTS", detail, "ask less often", headers, instance=scope["path"])
