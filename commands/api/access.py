"""Create and revoke keys over HTTP."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of, sha256_of, told_once
from commands.api.command_route import CommandRoute
from commands.manage_keys import create_key, revoke_key
from commands.prune_access_log import prune_access_log
from domain.access.keys import MAX_NODES, KeyTerms
from domain.ports import EventStore

PREFIX = "/api/v1/orchestrator"


class KeyBody(BaseModel):
    """`nodes`: ids of nodes of the portfolio tree; without any, every position. `expires`: `12h`, `90d`, `52w`.
    `person`: whose key it is, where somebody has keys of several names."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    role: str = Field(max_length=20)
    nodes: list[str] = Field([], max_length=MAX_NODES)
    expires: str | None = Field(None, max_length=20)
    person: str | None = Field(None, min_length=1, max_length=100)


class PruneBody(BaseModel):
    """`keep`: `400d`; what is older goes, and never what is younger than 30 days."""

    model_config = ConfigDict(extra="forbid")

    keep: str = Field(max_length=20)


def build_router(store: EventStore, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["orchestrator"], route_class=CommandRoute)

    @router.post("/keys", status_code=202, operation_id="orchestrator_create_key")
    def create(request: Request, asked: KeyBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """A key; it is shown in this answer and never again."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(asked))
        terms = KeyTerms(asked.name, asked.role, tuple(asked.nodes), asked.expires, asked.person)
        document, position = create_key(store, envelope, terms, key)
        return told_once({**document, "event_position": position}, position, f"{PREFIX}/keys")

    @router.post("/keys/{key_id}/revoke", status_code=202, operation_id="orchestrator_revoke_key")
    def revoke(request: Request, key_id: str, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """The key is worth nothing from now on."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(None))
        document, position = revoke_key(store, envelope, key_id, key)
        return accepted({**document, "event_position": position}, position, f"{PREFIX}/keys")

    @router.post("/access-log/prune", status_code=202, operation_id="orchestrator_prune_access_log")
    def prune(request: Request, asked: PruneBody) -> JSONResponse:
        """Let go of the oldest entries; that it was done is an event."""
        document, position = prune_access_log(store, envelope_of(request), asked.keep)
        return accepted({**document, "event_position": position}, position, f"{PREFIX}/access-log")

    return router
