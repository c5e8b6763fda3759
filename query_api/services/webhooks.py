"""Webhooks, and what has become of their messages."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import document, listing

ListWebhooks = Callable[[str | None], list[dict[str, Any]]]
"""All, or the one named."""


def build_router(list_webhooks: ListWebhooks) -> APIRouter:
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

    return router
