"""DV01 by market quote of a run, worked out when it is asked for."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.documents import JsonObject
from query_api.http.answers import AsOfEvent, document
from query_api.reading import Connect
from query_api.runs import run_to_work_on

WorkOut = Callable[[str, str | None, str | None], JsonObject]
"""(run id, node, position) -> the answer; refuses as a query does."""

Node = Annotated[str | None, Query(description="Positions of this node and below; all in scope without.")]
Position = Annotated[str | None, Query(description="One position alone.")]


def build_router(connect: Connect, work_out: WorkOut) -> APIRouter:
    router = APIRouter(prefix="/api/v1/risk", tags=["risk"])

    @router.get("/runs/{run_id}/quotes", operation_id="risk_get_quotes")
    def get_quotes(
        request: Request, run_id: str, node: Node = None, position: Position = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """What positions gain when a quote falls by a basis point and its curves are solved again."""
        run = run_to_work_on(connect, run_id, as_of_event)
        return document(request, work_out(str(run.run_id), node, position))

    return router
