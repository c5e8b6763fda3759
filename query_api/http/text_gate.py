"""The gate for texts before every route: no control character in a path, a parameter or a header that Tenor reads."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from domain import texts
from query_api.http.problems import problem

HEADERS = ("tenor-actor", "idempotency-key", "last-event-id", "if-none-match", "accept", "host", "origin")


class TextGate:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for where, text in texts_of(scope):
                if not texts.is_clean(text):
                    refusal = problem(None, 422, texts.CODE, f"{where} holds {texts.named(text)}", texts.FIX)
                    return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def texts_of(scope: Scope) -> Iterator[tuple[str, str]]:
    yield "the path", scope["path"]
    for name, value in parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True):
        yield "the name of a query parameter", name
        yield f"the query parameter {texts.visible(name)[:80]}", value
    headers = Headers(scope=scope)
    for name in HEADERS:
        for value in headers.getlist(name):
            yield f"the header {name}", texts.of_header(value)
