"""What stands before every route: allowed hosts, a limit on bodies, security headers, counts and times."""

import re
import time
from collections.abc import Callable, Mapping

from fastapi import HTTPException
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from query_api.http.problems import problem

MAX_ADDRESS_BYTES = 16 * 1024
MAX_HEADER_BYTES = 32 * 1024
DEFAULT_BODY_BYTES = 16 * 1024 * 1024
BODY_BYTES: dict[str, int] = {
    "/api/v1/ingestion/": 1024 * 1024 * 1024,
    "/api/v1/marketdata/": 64 * 1024 * 1024,
    "/api/v1/scenario/histories": 256 * 1024 * 1024,
}

# The page loads its own files and nothing from elsewhere; no script or style is written in a document; nothing may
# frame it.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # under no-referrer a browser's own forms come from nowhere: Origin: null
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
}

IsAllowed = Callable[[str], bool]
"""Whether a Host header (name without port) is ours: the guard against DNS rebinding."""


class Meter:
    """Requests and their seconds by route template, never by path: ids are not labels."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "tenor_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "tenor_http_request_seconds", "Until the last byte.", ["method", "route"], registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started, status = time.perf_counter(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self._requests.labels(scope["method"], route, str(status)).inc()
            self._seconds.labels(scope["method"], route).observe(time.perf_counter() - started)


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class AllowedHosts:
    """A wrong host is 421 and a problem document; Starlette's TrustedHostMiddleware answers 400 in plain text."""

    def __init__(self, app: ASGIApp, is_allowed: IsAllowed) -> None:
        self._app, self._is_allowed = app, is_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_allowed(host_name(Headers(scope=scope).get("host", ""))):
            fix = "ask by the name that it is served at"
            refusal = problem(None, 421, "HOST_NOT_ALLOWED", "this host name is not served here", fix)
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


class HeadLimit:
    """An address or headers beyond what anybody needs; more than this comes in one piece only from those who try."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            address = len(scope["path"]) + len(scope["query_string"])
            if address > MAX_ADDRESS_BYTES:
                refusal = problem(None, 414, "ADDRESS_TOO_LONG", f"an address may have {MAX_ADDRESS_BYTES:,} bytes")
                return await refusal(scope, receive, send)
            if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
                refusal = problem(None, 431, "HEAD_TOO_LARGE", f"headers may have {MAX_HEADER_BYTES:,} bytes")
                return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


class BodyLimit:
    """Counts what arrives; a Content-Length is only believed when it is already too much."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int] = BODY_BYTES, default: int = DEFAULT_BODY_BYTES) -> None:
        self._app, self._limits, self._default = app, limits, default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = scope["path"]
        limit = next((most for prefix, most in self._limits.items() if path.startswith(prefix)), self._default)
        said = Headers(scope=scope).get("content-length", "0")
        if not re.fullmatch(r"[0-9]{1,18}", said) or int(said) > limit:
            refusal = problem(None, 413, "BODY_TOO_LARGE", f"a body here may have {limit:,} bytes")
            return await refusal(scope, receive, send)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, {"code": "BODY_TOO_LARGE", "detail": f"a body here may have {limit:,} bytes"})
            return message

        return await self._app(scope, receive_counted, send)


def host_name(host: str) -> str:
    """Without the port; an IPv6 address without its brackets."""
    name = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    return name.lower()
