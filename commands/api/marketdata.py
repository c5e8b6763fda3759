"""Load a market document: the same content is the same snapshot, so every repeat is harmless."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from commands.api.answers import (
    JSON_BODY,
    EnvelopeOf,
    IdempotencyKey,
    RatesAreDecimals,
    RawBody,
    accepted,
    key_of,
    sha256_of,
)
from commands.api.command_route import CommandRoute
from commands.load_market import FindUnsolved, load_market
from commands.once import position_after
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
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        loaded = load_market(
            store, blobs, envelope, document, find_unsolved, rates_are_decimals=rates_are_decimals, key=key
        )
        position = position_after(store, key)
        return accepted(loaded | {"event_position": position}, position, f"{PREFIX}/markets/{loaded['snapshot_id']}")

    return router
