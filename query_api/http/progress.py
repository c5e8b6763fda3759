"""A run's progress as server-sent events: ids are log positions, so a reader who was cut off goes on where it was."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import orjson
import psycopg
from fastapi.concurrency import run_in_threadpool

from domain.access.asking import nodes_asked, who_asks
from domain.access.principal import Nodes
from query_api.reading import Connect, reading
from query_api.runs import RunRow, find_run, progress, run_document, run_events

POLL_SECONDS = 0.2
AWAY_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15.0
MAX_SECONDS = 3600.0
"""Then the stream ends, and a browser asks again by itself with Last-Event-ID."""


@dataclass(frozen=True)
class Seen:
    """A run and its events after a position, both of one moment."""

    run: RunRow
    events: list[dict[str, Any]]


Asked = tuple[UUID, bool, Nodes]


@dataclass(frozen=True)
class Look:
    task: asyncio.Future[Seen]
    at: float


def look(connect: Connect, run_id: UUID, after: int) -> Seen:
    with reading(connect) as connection:
        return Seen(find_run(connection, run_id), run_events(connection, run_id, after))


class Looks:
    """However many follow a run, the database is asked once for all of them who see the same of it."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._taken: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Asked, Look]] = WeakKeyDictionary()

    async def see(self, run_id: UUID, after: int) -> Seen:
        looks, now = self._taken.setdefault(asyncio.get_running_loop(), {}), time.monotonic()
        for stale in [one for one, taken in looks.items() if taken.task.done() and now - taken.at >= POLL_SECONDS / 2]:
            del looks[stale]
        asked = run_id, who_asks().is_local, nodes_asked()
        taken = looks.get(asked)
        if taken is None:
            task = asyncio.ensure_future(run_in_threadpool(look, self._connect, run_id, 0))
            taken = looks[asked] = Look(task, now)
        seen = await asyncio.shield(taken.task)  # whoever leaves leaves it to the others
        return Seen(seen.run, [event for event in seen.events if event["event_position"] > after])


async def progress_events(ask: Callable[[int], Awaitable[Seen]], after: int) -> AsyncIterator[bytes]:
    """`event: <topic>` for each event of the run, `progress` when chunks are done, `end` when figures are there."""
    started = told_at = time.monotonic()
    told: dict[str, Any] | None = None
    while time.monotonic() - started < MAX_SECONDS:
        try:
            seen = await ask(after)
        except psycopg.OperationalError:  # the reader stays, and goes on where it was
            yield b": the database is away\n\n"
            await asyncio.sleep(AWAY_SECONDS)
            continue
        for event in seen.events:
            after = event["event_position"]
            yield _frame(event["event"], event, after)
        if told != progress(seen.run) or seen.events:
            told, told_at = progress(seen.run), time.monotonic()
            yield _frame("progress", told)
        if seen.run.is_settled:
            yield _frame("end", run_document(seen.run))
            return
        if time.monotonic() - told_at > KEEP_ALIVE_SECONDS:
            told_at = time.monotonic()
            yield b": still there\n\n"
        await asyncio.sleep(POLL_SECONDS)


def _frame(event: str, data: dict[str, Any], position: int | None = None) -> bytes:
    """JSON has no line breaks of its own, so one data line holds it."""
    place = b"" if position is None else b"id: %d\n" % position
    return place + b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
