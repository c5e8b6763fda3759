"""Load a market document: the same content is the same snapshot, so every repeat is harmless."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RatesAreDecimals, RawBody, accepted, keyed
from commands.api.refusals import CommandRoute
from commands.load_market import FindUnsolved, load_market
from domain.ports import BlobStore, EventStore

PREFIX = "/api/v1/marketdata"


def build_router(
    store: EventStore, blobs: BlobStore, envelope_of: EnvelopeOf, find_unsolved: FindUnsolved
) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["marketdata"], route_class=CommandRoute)

    @router.post("/markets", status_code=202, operation_id="marketdata_load_market", openapi_extra=JSON_BODY)
    def load(
        request: Request,
        document: RawBody,
        rates_are_decimals: RatesAreDecimals = False,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """The market file, as the command line takes it."""
        envelope = keyed(envelope_of(request), idempotency_key)
        loaded = load_market(store, blobs, envelope, document, find_unsolved, rates_are_decimals=rates_are_decimals)
        position = store.head()
        return accepted(loaded | {"event_position": position}, position, f"{PREFIX}/markets/{loaded['snapshot_id']}")

    return router
