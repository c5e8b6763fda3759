"""202: what has been written to the log, where, and where to look for it."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from domain.answered_commands import Key
from domain.answered_commands import key_of as key_for
from domain.event import Envelope

EnvelopeOf = Callable[[Request], Envelope]
"""Who asks, and when; handed in, since only the wiring knows the clock and how callers are told apart."""

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="Of the actor: the same key again is the same command."),
]

RatesAreDecimals = Annotated[bool, Query(description="Rates that look like percent are meant as they stand.")]

JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


async def raw_body(request: Request) -> bytes:
    """The document as it was sent: its own parser says what is wrong with it, and where."""
    return await request.body()


RawBody = Annotated[bytes, Depends(raw_body)]


def accepted(body: Any, position: int, location: str) -> JSONResponse:
    return JSONResponse(body, 202, {"Location": location, "X-Event-Position": str(position)})


def told_once(body: object, position: int, location: str) -> JSONResponse:
    """What holds a secret: nobody on the way keeps it."""
    answer = accepted(body, position, location)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def key_of(request: Request, envelope: Envelope, idempotency_key: str | None, body_sha256: str) -> Key | None:
    """What it is used for: the path, the query in whatever order, and the body byte for byte."""
    if idempotency_key is None:
        return None
    query = sorted(request.query_params.multi_items())
    return key_for(envelope.actor, idempotency_key, request.url.path, body_sha256, *query)


def sha256_of(body: bytes | BaseModel | None) -> str:
    """Of bytes as they came; of a document that was read, as it was understood."""
    raw = body if isinstance(body, bytes) else body.model_dump_json().encode() if body else b""
    return sha256(raw).hexdigest()
