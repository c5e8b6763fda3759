"""A run's event stream while things happen."""

import asyncio
from collections.abc import AsyncIterator

import orjson
from psycopg.types.json import Jsonb

from query_api.http.progress import Looks, progress_events
from tests.query_api.conftest import Connect
from tests.query_api.hand_made_run import ASKED_AT, UNFINISHED_ID


def test_a_stream_follows_its_run_to_the_end(own_connect: Connect) -> None:
    asyncio.run(follow(own_connect))


async def follow(connect: Connect) -> None:
    looks = Looks(connect)
    frames = progress_events(lambda after: looks.see(UNFINISHED_ID, after), 0)
    assert await told(frames) == ("progress", None, 1)
    with connect() as connection:
        connection.execute("UPDATE projection.run_v1 SET priced_chunks = '{0,1}' WHERE run_id = %s", (UNFINISHED_ID,))
    assert await told(frames) == ("progress", None, 2)
    with connect() as connection, connection.transaction():
        connection.execute(
            "INSERT INTO projection.run_event_v1 (run_id, log_position, topic, at, actor, payload) "
            "VALUES (%s, 20, 'run.failed', %s, 'tester', %s)",
            (UNFINISHED_ID, ASKED_AT, Jsonb({"reason": "no worker"})),
        )
        connection.execute("UPDATE projection.run_v1 SET status = 'FAILED' WHERE run_id = %s", (UNFINISHED_ID,))
    assert await told(frames) == ("run.failed", 20, None)
    assert await told(frames) == ("progress", None, 2)
    assert await told(frames) == ("end", None, 2)
    assert [frame async for frame in frames] == []


async def told(frames: AsyncIterator[bytes]) -> tuple[str, int | None, int | None]:
    """(event, id, chunks done)"""
    lines = dict(line.split(": ", 1) for line in (await anext(frames)).decode().strip().split("\n"))
    data = orjson.loads(lines["data"])
    return lines["event"], int(lines["id"]) if "id" in lines else None, data.get("progress", {}).get("chunks_done")
