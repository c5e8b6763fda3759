"""What was brought in: portfolio snapshots with their counts, control totals and sources."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.http.answers import AsOfEvent, Cursor, Limit, document
from query_api.reading import Connect, patiently
from query_api.snapshot_pages import list_page
from query_api.snapshots import find_snapshot, snapshot_document


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(prefix="/api/v1/ingestion", tags=["ingestion"])

    @router.get("/snapshots", operation_id="ingestion_list_snapshots")
    def list_snapshots(
        request: Request, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """Portfolio snapshots, newest first."""
        return list_page(connect, request, "PORTFOLIO", limit, cursor, as_of_event)

    @router.get("/snapshots/{snapshot_id}", operation_id="ingestion_get_snapshot")
    def get_snapshot(request: Request, snapshot_id: str, as_of_event: AsOfEvent = None) -> Response:
        """What a portfolio snapshot holds and where it came from."""
        found = patiently(connect, snapshot_id, lambda c: find_snapshot(c, "PORTFOLIO", snapshot_id, as_of_event))
        return document(request, snapshot_document(found))

    return router
