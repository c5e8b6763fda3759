"""Webhooks and what has become of their messages; and the messages themselves, for whoever asks."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.documents import JsonObject
from query_api.errors import NotFound
from query_api.http.answers import Limit, document, listing

ListWebhooks = Callable[[str | None], list[JsonObject]]
"""All, or the one named."""
Messages = Callable[[int | None, int], JsonObject]
"""(log position, how many at most) -> messages after it, and where to go on; handed down, since the log's events are
read for them."""

After = Annotated[int | None, Query(ge=0, description="Messages after this log position; none by default.")]


def build_router(list_webhooks: ListWebhooks, messages: Messages) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/webhooks", operation_id="orchestrator_list_webhooks")
    def list_all(request: Request) -> Response:
        """Every webhook, its messages by what became of them, and its dead letters; never a secret."""
        rows = list_webhooks(None)
        return listing(request, rows, total=len(rows))

    @router.get("/webhooks/{webhook_id}", operation_id="orchestrator_get_webhook")
    def get_one(request: Request, webhook_id: str) -> Response:
        """One webhook."""
        rows = list_webhooks(webhook_id)
        if not rows:
            raise NotFound(f"there is no webhook {webhook_id!r}", "`tenor webhook list` names the webhooks")
        return document(request, rows[0])

    @router.get("/messages", operation_id="orchestrator_list_messages")
    def list_messages(request: Request, after: After = None, limit: Limit = 100) -> Response:
        """Runs that ended or were published, breaches, rejected files. Ask again after `position`."""
        return document(request, messages(after, limit))

    return router
