"""Every error as RFC 9457 problem+json: what is wrong, how to mend it, never what was sent and never a secret."""

from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from domain import texts
from domain.documents import fields_at, unknown_field
from domain.refusals import Conflict, Forbidden, Refused, TooMany, Unavailable, Unknown
from query_api.errors import NotAcceptable
from query_api.http.documents import as_json
from query_api.http.problem_types import TYPES, uri_of

PROBLEM = "application/problem+json"
MAX_TOLD = 1_000
_MAX_STEP, _MAX_MESSAGE = 80, 300

STATUS: dict[type, int] = {
    Forbidden: 403,
    Unknown: 404,
    NotAcceptable: 406,
    Conflict: 409,
    Refused: 422,
    TooMany: 429,
    Unavailable: 503,
}
"""The one table from a refusal, of a command or of a query, to its HTTP status: by the nearest of its kinds."""

STATUS_OF_CODE = {
    "IDEMPOTENCY_KEY_REUSED": 422,
    "LIMIT_EXCEEDED": 413,
    "ARCHIVE_TOO_LARGE": 413,
    "PARSERS_BUSY": 503,
    "PARSER_DIED": 503,
}
"""A key that comes again with another body: draft-ietf-httpapi-idempotency-key-header-07, section 2.7. A body within
the limit on bytes and beyond another of the limits is too large as well."""


NO_ROUTE = {404: "there is no such address", 405: "this address has no such method"}
"""What the framework says when no route fits."""


def problem(
    request: Request | None, status: int, code: str, detail: str, fix: str = "", headers: Any = None, **facts: Any
) -> Response:
    body: dict[str, Any] = {
        "type": uri_of(code),
        "title": TYPES[code][0] if code in TYPES else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **({"fix": fix} if fix else {}),
        **({"instance": request.url.path} if request else {}),
        **facts,
    }
    return Response(as_json(body), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=PROBLEM)


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(psycopg.DataError, cannot_be_asked)
    app.add_exception_handler(psycopg.OperationalError, unreachable)
    app.add_exception_handler(psycopg.InterfaceError, unreachable)
    app.add_exception_handler(TimeoutError, too_slow)
    app.add_exception_handler(Exception, broken)


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {"Retry-After": "2"} if isinstance(error, Unavailable | TooMany) else None
    facts = error.facts | ({"problems": error.problems} if error.problems else {})
    return problem(request, status_of(error), error.code, error.message, error.fix, headers, **facts)


def status_of(error: Refused) -> int:
    return STATUS_OF_CODE.get(error.code) or next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def http_error(request: Request, error: Exception) -> Response:
    """Raised by the framework (404, 405, 413 …), or by what stands before a route, with a document as its detail."""
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    if isinstance(detail, dict):
        said = {"code": "REFUSED", "detail": "", **detail}
        return problem(request, error.status_code, headers=error.headers, **said)
    code = HTTPStatus(error.status_code).name
    if error.status_code in NO_ROUTE:
        detail, fix = NO_ROUTE[error.status_code], "see /openapi.json for the addresses and their methods"
    else:
        fix = ""
    return problem(request, error.status_code, code, str(detail), fix, headers=error.headers)


def invalid(request: Request, error: Exception) -> Response:
    """The place and the rule of each violation, without the value."""
    assert isinstance(error, RequestValidationError)
    errors = [_violation(request, one) for one in error.errors()[:MAX_TOLD]]
    first = f"{'.'.join(str(step) for step in errors[0]['loc'])}: {errors[0]['message']}"
    fix = errors[0].get("fix", "see /openapi.json for what is taken here")
    return problem(request, 422, "INVALID_REQUEST", first, fix, errors=errors)


def _violation(request: Request, one: dict[str, Any]) -> dict[str, Any]:
    """A field of the body that nothing reads is told with the nearest that is read."""
    where = list(one["loc"])
    said = {"message": texts.visible(one["msg"][:_MAX_MESSAGE]), "type": one["type"]}
    body = getattr(request.scope.get("route"), "body_field", None)
    if one["type"] == "extra_forbidden" and body is not None and where[0] == "body":
        unknown = unknown_field("", str(where[-1]), fields_at(body.field_info.annotation, where[1:-1], None))
        said |= {"message": unknown.message, "fix": unknown.fix}
    return {"loc": [_shown_step(step) for step in where]} | said


def _shown_step(step: Any) -> int | str:
    return step if isinstance(step, int) else texts.visible(str(step)[:_MAX_STEP])


def cannot_be_asked(request: Request, _error: Exception) -> Response:
    """A NUL in a text, a whole number beyond 64 bits: nothing that a table could hold."""
    return problem(
        request,
        422,
        "INVALID_REQUEST",
        "a value of the request cannot be stored: a NUL character, or a number out of range",
    )


def unreachable(request: Request, error: Exception) -> Response:
    if isinstance(error, PoolTimeout):
        detail = "every connection to the database is in use"
        return problem(request, 503, "BUSY", detail, "try again in a moment", {"Retry-After": "2"})
    detail = "the database does not answer"
    return problem(request, 503, "DATABASE_UNREACHABLE", detail, "try again; see `tenor doctor`", {"Retry-After": "1"})


def too_slow(request: Request, _error: Exception) -> Response:
    return problem(request, 503, "BUSY", "the request took too long", "try again", {"Retry-After": "2"})


def broken(request: Request, _error: Exception) -> Response:
    """The server logs the exception; the caller learns that it is not their fault."""
    return problem(request, 500, "INTERNAL_ERROR", "something broke on our side", "see the service's log")
