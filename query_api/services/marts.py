"""Which runs' figures are plain tables for other tools."""

from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.http.answers import document, listing


class Marts(Protocol):
    """Handed down: what was written, the log says."""

    def list(self) -> list[dict[str, Any]]: ...

    def show(self, run: str) -> dict[str, Any]: ...


def build_router(marts: Marts) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/marts", operation_id="orchestrator_list_marts")
    def list_marts(request: Request) -> Response:
        """Runs in schema mart, newest first."""
        rows = marts.list()
        return listing(request, rows, total=len(rows))

    @router.get("/marts/{run_id}", operation_id="orchestrator_get_mart")
    def get_mart(request: Request, run_id: str) -> Response:
        """What was written of a run, with its hashes; or that it is on its way."""
        return document(request, marts.show(run_id))

    return router
