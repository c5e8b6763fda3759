"""Change the tree of a portfolio: create, move, rename and close nodes."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.change_hierarchy import NewestTree, change_hierarchy
from domain.portfolio.hierarchy import Change
from domain.ports import EventStore

PREFIX = "/api/v1/portfolio"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewNode(_Body):
    node_id: str
    kind: str
    parent_id: str | None = None
    name: str | None = None


class NewParent(_Body):
    parent_id: str | None = None


class NewName(_Body):
    name: str


class Closing(_Body):
    reason: str = ""


def build_router(store: EventStore, envelope_of: EnvelopeOf, newest: NewestTree) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["portfolio"], route_class=CommandRoute)

    def change(request: Request, portfolio: str, asked: Change, body: Any, key: str | None) -> JSONResponse:
        envelope = envelope_of(request)
        once = key_of(request, envelope, key, sha256_of(body))
        changed, position = change_hierarchy(store, envelope, portfolio, asked, newest, key=once)
        location = f"{PREFIX}/hierarchies/{quote(changed['portfolio'], safe='')}"
        return accepted({**changed, "event_position": position}, position, location)

    @router.post("/hierarchies/{portfolio}/nodes", status_code=202, operation_id="portfolio_create_node")
    def create(request: Request, portfolio: str, body: NewNode, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """A fund, sub-fund, desk or book that the next files of this portfolio have."""
        asked = Change("create", body.node_id, body.parent_id, body.name, body.kind)
        return change(request, portfolio, asked, body, idempotency_key)

    @router.post("/hierarchies/{portfolio}/nodes/{node}/move", status_code=202, operation_id="portfolio_move_node")
    def move(
        request: Request, portfolio: str, node: str, body: NewParent, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Below another node; without a parent to the top."""
        return change(request, portfolio, Change("move", node, body.parent_id), body, idempotency_key)

    @router.post("/hierarchies/{portfolio}/nodes/{node}/rename", status_code=202, operation_id="portfolio_rename_node")
    def rename(
        request: Request, portfolio: str, node: str, body: NewName, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Its name for people; the id stays."""
        return change(request, portfolio, Change("rename", node, name=body.name), body, idempotency_key)

    @router.post("/hierarchies/{portfolio}/nodes/{node}/close", status_code=202, operation_id="portfolio_close_node")
    def close(
        request: Request, portfolio: str, node: str, body: Closing, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Nothing may hang on it from then on."""
        return change(request, portfolio, Change("close", node, reason=body.reason), body, idempotency_key)

    return router
