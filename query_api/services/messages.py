"""What has happened that others are told of, in the order of the log: `tenor watch` asks here."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import Limit, document

Messages = Callable[[int | None, int], dict[str, Any]]
"""(log position, how many at most) -> messages after it, and where to go on; handed down, since the log's events are
read for them."""

After = Annotated[int | None, Query(ge=0, description="Messages after this log position; none by default.")]


def build_router(messages: Messages) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/messages", operation_id="orchestrator_list_messages")
    def list_messages(request: Request, after: After = None, limit: Limit = 100) -> Response:
        """Runs that ended or were published, breaches, rejected files. Ask again after `position`."""
        return document(request, messages(after, limit))

    return router
