"""Answers of runs' figures kept beside the services, where somebody hands in a place for them: never needed.

The key is the answer's ETag: by run, log position, versions of the read models, canonical query and the caller's nodes.
So what is kept is never wrong, and is forgotten by time alone.
"""

from typing import Protocol

import orjson
from fastapi import Request
from fastapi.responses import Response

MAX_BYTES = 1024 * 1024
"""Of an answer; a larger one is made anew whenever it is asked for."""
STATE = "kept_answers"
BY_ITSELF = frozenset({"content-length", "content-type"})


class KeptAnswers(Protocol):
    """Both return quickly whatever happens, and raise nothing."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, answer: bytes) -> None: ...


def kept_answer(request: Request, tag: str) -> Response | None:
    place = place_of(request)
    found = place.get(tag) if place is not None else None
    if found is None:
        return None
    head, _, body = found.partition(b"\n")
    said = orjson.loads(head)
    return Response(body, media_type=said["type"], headers=said["headers"])


def keep_answer(request: Request, tag: str, body: bytes, media_type: str, headers: dict[str, str]) -> None:
    place = place_of(request)
    if place is not None and len(body) <= MAX_BYTES:
        own = {name: value for name, value in headers.items() if name.lower() not in BY_ITSELF}
        place.put(tag, orjson.dumps({"type": media_type, "headers": own}) + b"\n" + body)


def place_of(request: Request) -> KeptAnswers | None:
    place: KeptAnswers | None = getattr(request.app.state, STATE, None)
    return place
