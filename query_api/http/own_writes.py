"""`?min_position=N` of a read: whoever has written at N sees it, or learns that the read models are not there yet."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from domain.refusals import Unavailable
from query_api.errors import QueryRefused

NAME = "min_position"
DESCRIPTION = "Not before the read models have seen this event, as `X-Event-Position` said it; waits 2 seconds at most."
PARAMETER: dict[str, Any] = {
    "name": NAME,
    "in": "query",
    "required": False,
    "description": DESCRIPTION,
    "schema": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
}
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.05
OF_CATALOGUES = frozenset({"orchestrator", "scenario", "ingestion", "marketdata", "audit"})
"""Services that answer from lists of what there is; the others need figures as well."""

Reached = Callable[[bool], Awaitable[int]]
"""How far the read models have read the log: those of lists alone, or all."""


class Behind(QueryRefused, Unavailable):
    """The log may have it; the read models have not been told yet."""

    CODE = "READ_MODEL_BEHIND"


def waiting_for(reached: Reached) -> Callable[[Request], Awaitable[None]]:
    """A dependency of the whole application. No thread is held between two looks."""

    async def wait_for_own_writes(request: Request) -> None:
        if request.method not in ("GET", "HEAD") or NAME not in request.query_params:
            return
        wanted = position_of(request.query_params[NAME])
        lists_alone = request.url.path.split("/")[3:4] in [[name] for name in OF_CATALOGUES]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (at := await reached(lists_alone)) < wanted:
            if time.monotonic() > deadline:
                message = f"the read models stand at event {at}, and {wanted} was asked for"
                raise Behind(message, "ask again in a moment", event_position=at)
            await asyncio.sleep(PAUSE_SECONDS)

    return wait_for_own_writes


def position_of(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    said = {"type": "int_parsing", "loc": ("query", NAME), "msg": "Input should be the position of an event"}
    raise RequestValidationError([said])
