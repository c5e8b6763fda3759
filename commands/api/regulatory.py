"""Define policies: the same content again is the same version, so every repeat is harmless."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RawBody, accepted, key_of, keyed, sha256_of
from commands.api.command_route import CommandRoute
from commands.define_policy import define_policy
from domain.ports import EventStore

PREFIX = "/api/v1/regulatory"


def build_router(store: EventStore, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["regulatory"], route_class=CommandRoute)

    @router.post("/policies", status_code=202, operation_id="regulatory_define_policy", openapi_extra=JSON_BODY)
    def define(request: Request, document: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """A policy of credit and capital; its version counts the documents under its id."""
        envelope = keyed(envelope_of(request), idempotency_key)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        defined, position = define_policy(store, envelope, document, key=key)
        return accepted({**defined, "event_position": position}, position, f"{PREFIX}/policies")

    return router
