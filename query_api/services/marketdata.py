"""Markets: the snapshots, and each one's document as it was loaded."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from domain.ports import BlobStore
from query_api.http.answers import AsOfEvent, Cursor, Limit, raw_document
from query_api.reading import Connect, patiently
from query_api.snapshot_pages import list_page
from query_api.snapshots import find_snapshot


def build_router(connect: Connect, blobs: BlobStore) -> APIRouter:
    router = APIRouter(prefix="/api/v1/marketdata", tags=["marketdata"])

    @router.get("/markets", operation_id="marketdata_list_markets")
    def list_markets(
        request: Request, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """Market snapshots, newest first."""
        return list_page(connect, request, "MARKET", limit, cursor, as_of_event)

    @router.get("/markets/{snapshot_id}", operation_id="marketdata_get_market")
    def get_market(request: Request, snapshot_id: str, as_of_event: AsOfEvent = None) -> Response:
        """The market document, canonical; its bytes have the snapshot's sha256, which never changes."""
        found = patiently(connect, snapshot_id, lambda c: find_snapshot(c, "MARKET", snapshot_id, as_of_event))
        return raw_document(request, blobs.get(found.sha256), found.sha256)

    return router
