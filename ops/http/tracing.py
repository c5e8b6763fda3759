"""Who asked what, from the request to the facts: W3C trace context, request ids, and log lines that carry both.

The trace id is the correlation id of whatever the request writes; events, jobs and facts hand it on.
"""

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
KEY = "tenor.trace"

log = structlog.get_logger()


@dataclass(frozen=True)
class Trace:
    trace_id: str
    span_id: str
    flags: str
    request_id: str

    @property
    def parent(self) -> str:
        """What is said to whoever is asked next, and in the answer."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


class Tracing:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        trace = trace_of(Headers(scope=scope))
        scope[KEY] = trace

        async def send_traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"], headers["traceparent"] = trace.request_id, trace.parent
            await send(message)

        with structlog.contextvars.bound_contextvars(trace_id=trace.trace_id, request_id=trace.request_id):
            try:
                await self._app(scope, receive, send_traced)
            except Exception as error:
                route = getattr(scope.get("route"), "path", "unmatched")
                log.error("request.failed", method=scope["method"], route=route, error=type(error).__name__)
                raise


def trace_of(headers: Headers) -> Trace:
    """The caller's trace goes on here under a span of ours; one that is none, or comes twice, is begun anew."""
    said = headers.getlist("traceparent")
    found = TRACEPARENT.fullmatch(said[0].strip()) if len(said) == 1 else None
    request_id = headers.get("x-request-id", "")
    if not REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(8)
    if found is None or not is_valid(found):
        return Trace(secrets.token_hex(16), secrets.token_hex(8), "00", request_id)
    return Trace(found[2], secrets.token_hex(8), "01" if int(found[4], 16) & 1 else "00", request_id)


def is_valid(found: re.Match[str]) -> bool:
    version, trace_id, parent_id, _, more = found.groups()
    is_known = version != "ff" and (version != "00" or more is None)
    return is_known and int(trace_id, 16) > 0 and int(parent_id, 16) > 0


def correlation_of(request: Request) -> UUID:
    trace: Trace | None = request.scope.get(KEY)
    return UUID(hex=trace.trace_id if trace else secrets.token_hex(16))
