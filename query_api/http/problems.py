"""Every error as RFC 9457 problem+json: what is wrong, how to mend it, never what was sent and never a secret."""

from http import HTTPStatus
from typing import Any

import orjson
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from domain.documents import fields_at, unknown_field
from query_api.errors import (
    BadQuery,
    Busy,
    NoHistory,
    NotAcceptable,
    NotFound,
    NotProvable,
    NotQueryable,
    NotYet,
    QueryRefused,
    RepeatedParameter,
    UnknownParameter,
)

PROBLEM = "application/problem+json"

STATUS: dict[type[QueryRefused], int] = {
    BadQuery: 422,
    UnknownParameter: 422,
    RepeatedParameter: 422,
    NoHistory: 422,
    NotFound: 404,
    NotQueryable: 409,
    NotYet: 409,
    NotProvable: 409,
    Busy: 503,
    NotAcceptable: 406,
}


def problem(
    request: Request | None, status: int, code: str, detail: str, fix: str = "", headers: Any = None, **facts: Any
) -> Response:
    body: dict[str, Any] = {
        "type": "urn:tenor:problem:" + code.lower().replace("_", "-"),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **({"fix": fix} if fix else {}),
        **({"instance": request.url.path} if request else {}),
        **facts,
    }
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=PROBLEM)


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(QueryRefused, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(psycopg.DataError, cannot_be_asked)
    app.add_exception_handler(psycopg.OperationalError, unreachable)
    app.add_exception_handler(psycopg.InterfaceError, unreachable)
    app.add_exception_handler(TimeoutError, too_slow)
    app.add_exception_handler(Exception, broken)


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueryRefused)
    headers = {"Retry-After": "2"} if isinstance(error, Busy) else None
    return problem(request, STATUS[type(error)], error.code, str(error), error.fix, headers, **error.facts)


def http_error(request: Request, error: Exception) -> Response:
    """Raised by the framework (404, 405, 413 …), or by a command router with a document as its detail."""
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    if isinstance(detail, dict):
        said = {"code": "REFUSED", "detail": "", **detail}
        return problem(request, error.status_code, headers=error.headers, **said)
    code = HTTPStatus(error.status_code).name
    return problem(request, error.status_code, code, str(detail), headers=error.headers)


def invalid(request: Request, error: Exception) -> Response:
    """The place and the rule of each violation, without the value."""
    assert isinstance(error, RequestValidationError)
    errors = [_violation(request, one) for one in error.errors()]
    first = f"{'.'.join(str(step) for step in errors[0]['loc'])}: {errors[0]['message']}"
    fix = errors[0].get("fix", "see /openapi.json for what is taken here")
    return problem(request, 422, "INVALID_REQUEST", first, fix, errors=errors)


def _violation(request: Request, one: dict[str, Any]) -> dict[str, Any]:
    """A field of the body that nothing reads is told with the nearest that is read."""
    where, said = list(one["loc"]), {"message": one["msg"], "type": one["type"]}
    body = getattr(request.scope.get("route"), "body_field", None)
    if one["type"] == "extra_forbidden" and body is not None and where[0] == "body":
        unknown = unknown_field("", str(where[-1]), fields_at(body.field_info.annotation, where[1:-1], None))
        said |= {"message": unknown.message, "fix": unknown.fix}
    return {"loc": where} | said


def cannot_be_asked(request: Request, error: Exception) -> Response:
    """A NUL in a text, a whole number beyond 64 bits: nothing that a table could hold."""
    return problem(request, 422, "INVALID_REQUEST", "a value of the request is none that a table could hold")


def unreachable(request: Request, error: Exception) -> Response:
    if isinstance(error, PoolTimeout):
        detail = "every connection to the database is in use"
        return problem(request, 503, "BUSY", detail, "try again in a moment", {"Retry-After": "2"})
    detail = "the database does not answer"
    return problem(request, 503, "DATABASE_UNREACHABLE", detail, "try again; see `tenor doctor`", {"Retry-After": "1"})


def too_slow(request: Request, error: Exception) -> Response:
    return problem(request, 503, "BUSY", "this could not be said in time", "try again", {"Retry-After": "2"})


def broken(request: Request, error: Exception) -> Response:
    """The server logs the exception; the caller learns that it is not their fault."""
    return problem(request, 500, "INTERNAL_ERROR", "something broke on our side", "see the service's log")
