"""Paging by key: an opaque cursor that names the last row seen, and the Link to the next page."""

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request

from query_api.errors import BadQuery


def encode_cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """The key, checked by type: a cursor comes from outside."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _not_ours() from error
    if not isinstance(key, list) or [type(part) for part in key] != list(types):
        raise _not_ours()
    return tuple(key)


def next_link(request: Request, cursor: str) -> str:
    """Relative to the host, so that it is right behind any proxy."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'


def _not_ours() -> BadQuery:
    return BadQuery("the cursor is none of this list", "follow the Link header, or start without a cursor")
