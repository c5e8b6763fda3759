"""The OpenAPI document: every operation with examples that are tried, and every status that it can answer.

Examples are what the lines of docs/http.md asked and were answered; a test asks them again.
"""

import json
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from query_api.http.own_writes import PARAMETER
from query_api.http.problem_types import TYPES, uri_of

Described: TypeAlias = dict[str, Any]
"""A part of the document."""

API, PROBLEM = "/api/v1/", "application/problem+json"
PROBLEM_SCHEMA: Described = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "A page of this server says more."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in a sentence."},
        "code": {"type": "string", "description": "The same for every problem of its kind."},
        "fix": {"type": "string", "description": "What would make it right."},
        "instance": {"type": "string"},
    },
}

STATUSES: dict[int, tuple[str, str]] = {
    401: ("No credentials, or none that are valid.", "UNAUTHORIZED"),
    403: ("The role may not do this, or the request comes from another site.", "CROSS_SITE"),
    404: ("It is not there, or not in your scope.", "NOT_FOUND"),
    406: ("None of the formats asked for can be given.", "NOT_ACCEPTABLE"),
    408: ("The body came too slowly.", "REQUEST_TOO_SLOW"),
    409: ("It does not fit the present state.", "RUN_NOT_QUERYABLE"),
    413: ("The body is too large, or beyond another limit.", "BODY_TOO_LARGE"),
    414: ("The address is too long.", "ADDRESS_TOO_LONG"),
    415: ("The body has another type than is taken.", "UNSUPPORTED_MEDIA_TYPE"),
    421: ("The host name is not served here.", "HOST_NOT_ALLOWED"),
    422: ("A value, a parameter or the document is not valid.", "INVALID_REQUEST"),
    429: ("Too many requests of one principal.", "TOO_MANY_REQUESTS"),
    431: ("The headers are too large.", "HEAD_TOO_LARGE"),
    500: ("Our fault; the log has it under the request's id.", "INTERNAL_ERROR"),
    503: ("Busy, or the database is away; Retry-After says when to ask again.", "BUSY"),
}
OF_EVERY_ADDRESS = (414, 421, 422, 431, 500, 503)
OF_THE_API = (401, 403, 404, 409, 429)
OF_COMMANDS = (408, 413, 415)
NOT_CHANGED = {"description": "What you have is still right."}
HEADERS: Described = {
    "X-Request-Id": {"schema": {"type": "string"}, "description": "The log has the request under this id."},
    "ETag": {"schema": {"type": "string"}, "description": "Send it as If-None-Match to be answered 304."},
}
OF_A_COMMAND: Described = {
    "Location": {"schema": {"type": "string"}, "description": "Where to look for what was made."},
    "X-Event-Position": {"schema": {"type": "integer"}, "description": "For min_position of a read."},
}


def described(app: FastAPI, only: str | None = None) -> Described:
    """Of the whole application, or of one of its services."""
    title = app.title if only is None else f"Tenor {only}"
    document = deepcopy(get_openapi(title=title, version=app.version, routes=app.routes))
    if only is not None:
        paths = document["paths"].items()
        document["paths"] = {path: said for path, said in paths if path.startswith(f"{API}{only}/")}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            describe(path, method, operation)
    components = document.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = PROBLEM_SCHEMA
    return document


def describe(path: str, method: str, operation: Described) -> None:
    is_of_api, example = path.startswith(API), examples().get(operation.get("operationId", ""), {})
    if is_of_api and method == "get":
        operation.setdefault("parameters", []).append(deepcopy(PARAMETER))
    for parameter in operation.get("parameters", []):
        told = example.get("parameters", {}).get(parameter["name"])
        if told is not None:
            parameter["example"] = told
    body = operation.get("requestBody", {})
    for content in body.get("content", {}).values():
        if "body" in example or not body.get("required"):
            content["example"] = example.get("body", {})
    operation["responses"] = responses_of(path, method, operation, example)


def responses_of(path: str, method: str, operation: Described, example: Described) -> Described:
    kept = {code: said for code, said in operation["responses"].items() if code.startswith("2")}
    for said in kept.values():
        own = HEADERS if method == "get" else {**HEADERS, **OF_A_COMMAND}
        said["headers"] = {**own, **said.get("headers", {})}
        for mime, content in said.get("content", {}).items():
            if mime == "application/json" and "answer" in example:
                content["example"] = example["answer"]
    responses: Described = dict(kept)
    if method == "get" and path.startswith(API):
        responses["304"] = NOT_CHANGED
    for status in statuses_of(path, method, operation):
        responses[str(status)] = refusal(status)
    return dict(sorted(responses.items()))


def statuses_of(path: str, method: str, operation: Described) -> list[int]:
    """Every one that such an operation can be refused with."""
    found = [*OF_EVERY_ADDRESS]
    if path.startswith(API):
        found += OF_THE_API
    if method != "get":
        found += OF_COMMANDS
    if any(each["name"] == "format" for each in operation.get("parameters", [])):
        found.append(406)
    return sorted(found)


def refusal(status: int) -> Described:
    what, code = STATUSES[status]
    title, meaning = TYPES.get(code, (what, what))
    example = {"type": uri_of(code), "title": title, "status": status, "detail": meaning, "code": code}
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": what, "content": content}


@cache
def examples() -> Described:
    found: Described = json.loads(files("query_api.http").joinpath("examples.json").read_text(encoding="utf-8"))
    return found
