"""Runs: what was asked, how far each is, and its progress as it happens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from query_api.errors import BadQuery
from query_api.http.answers import AsOfEvent, Cursor, Limit, document, listing
from query_api.http.paging import decode_cursor, encode_cursor
from query_api.http.progress import Looks, progress_events
from query_api.reading import Connect, patiently, reading
from query_api.runs import (
    RunRow,
    count_runs,
    find_run,
    newest_runs,
    refuse_past,
    run_document,
    run_events,
    run_line,
)

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])
    looks = Looks(connect)

    @router.get("/runs", operation_id="orchestrator_list_runs")
    def list_runs(
        request: Request, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """All runs, newest first."""
        before = _before(cursor)
        with reading(connect) as connection:
            total, last_event = count_runs(connection)
            refuse_past(as_of_event, last_event, "the list of runs")
            runs = newest_runs(connection, limit + 1, before)
        more = _cursor_after(runs[limit - 1]) if len(runs) > limit else None
        return listing(request, [run_line(run) for run in runs[:limit]], total=total, cursor=more)

    @router.get("/runs/{run_id}", operation_id="orchestrator_get_run")
    def get_run(request: Request, run_id: str, as_of_event: AsOfEvent = None) -> Response:
        """A run's terms, progress and failures."""
        run = patiently(connect, run_id, lambda connection: find_run(connection, run_id))
        refuse_past(as_of_event, run.log_position, f"run {run_id}")
        return document(request, run_document(run))

    @router.get("/runs/{run_id}/history", operation_id="orchestrator_list_run_history")
    def list_history(request: Request, run_id: str, as_of_event: AsOfEvent = None) -> Response:
        """What has happened to a run, in the log's order."""
        with reading(connect) as connection:
            run = find_run(connection, run_id)
            return listing(request, run_events(connection, run.run_id, until=as_of_event))

    @router.get(
        "/runs/{run_id}/events",
        operation_id="orchestrator_stream_run_events",
        responses={200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
    )
    async def stream_events(run_id: str, last_event_id: Annotated[str | None, Header()] = None) -> Response:
        """The run's events as they happen, from after Last-Event-ID; ends when its results are queryable."""
        after = _position(last_event_id)
        run = await run_in_threadpool(patiently, connect, run_id, lambda connection: find_run(connection, run_id))
        events = progress_events(lambda position: looks.see(run.run_id, position), after)
        return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)

    return router


def _before(cursor: str | None) -> tuple[datetime, int] | None:
    key = decode_cursor(cursor, str, int)
    if key is None:
        return None
    try:
        return datetime.fromisoformat(key[0]), key[1]
    except ValueError as error:
        raise BadQuery("the cursor is none of this list", "start without a cursor") from error


def _cursor_after(run: RunRow) -> str:
    return encode_cursor(run.requested_at.isoformat(), run.run_no)


def _position(last_event_id: str | None) -> int:
    if not last_event_id:
        return 0
    if not last_event_id.isdecimal():
        raise BadQuery("Last-Event-ID is no event position", "send the id of the last event received, or nothing")
    return int(last_event_id)
