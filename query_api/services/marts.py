"""Which runs' figures are plain tables for other tools."""

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.documents import JsonObject
from query_api.http.answers import document, listing


class Marts(Protocol):
    """Handed down: what was written, the log says."""

    def list(self) -> list[dict[str, Any]]: ...

    def show(self, run: str, *, check: bool) -> dict[str, Any]: ...

    def readers(self) -> Sequence[JsonObject]: ...


Check = Annotated[bool, Query(description="Read its rows, and say whether they are those that were written.")]


def build_router(marts: Marts) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/marts", operation_id="orchestrator_list_marts")
    def list_marts(request: Request) -> Response:
        """Runs in schema mart, newest first."""
        rows = marts.list()
        return listing(request, rows, total=len(rows))

    @router.get("/marts/{run_id}", operation_id="orchestrator_get_mart")
    def get_mart(request: Request, run_id: str, check: Check = False) -> Response:
        """What was written of a run, with its hashes; or that it is on its way."""
        return document(request, marts.show(run_id, check=check))

    @router.get("/mart-readers", operation_id="orchestrator_list_mart_readers")
    def list_readers(request: Request) -> Response:
        """Login roles of schema mart, and the nodes that each sees."""
        rows = marts.readers()
        return listing(request, list(rows), total=len(rows))

    return router
