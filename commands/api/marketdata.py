"""Load a market document: the same content is the same snapshot, so every repeat is harmless."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RawBody, accepted, keyed
from commands.api.refusals import CommandRoute
from commands.load_market import load_market
from domain.ports import BlobStore, EventStore

PREFIX = "/api/v1/marketdata"


def build_router(store: EventStore, blobs: BlobStore, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["marketdata"], route_class=CommandRoute)

    @router.post("/markets", status_code=202, operation_id="marketdata_load_market", openapi_extra=JSON_BODY)
    def load(request: Request, document: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """The market file, as the command line takes it."""
        loaded = load_market(store, blobs, keyed(envelope_of(request), idempotency_key), document)
        position = store.head()
        return accepted(loaded | {"event_position": position}, position, f"{PREFIX}/markets/{loaded['snapshot_id']}")

    return router
