"""Bring a market as files of quotes, read by a mapping."""

import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from commands.api.answers import EnvelopeOf, IdempotencyKey, RatesAreDecimals, accepted, key_of
from commands.api.command_route import CommandRoute
from commands.api.received import FILES, Received, received, while_connected
from commands.define_mapping import document_of, mapping_pinned, refuse_portfolio
from commands.load_market import FindUnsolved, load_market
from commands.once import position_after
from commands.refusals import InvalidInput
from commands.tapes.markets.prepare import MarketMade, MarketWanted
from domain.documents import JsonObject
from domain.ports import BlobStore, EventStore

PREFIX = "/api/v1/ingestion"
MARKETS = "/api/v1/marketdata/markets"

MakeMarket = Callable[[MarketWanted, Callable[[], bool]], MarketMade]
"""Reads the files in a process of its own; asked now and then whether anybody still waits for it."""


def build_router(
    store: EventStore, blobs: BlobStore, envelope_of: EnvelopeOf, find_unsolved: FindUnsolved, make: MakeMarket
) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["ingestion"], route_class=CommandRoute)

    @router.post("/markets", status_code=202, operation_id="ingestion_ingest_market", openapi_extra=FILES)
    async def ingest(
        request: Request,
        mapping: Annotated[str, Query(description="How the quotes are read: `ore_market`, `id` or `id@version`.")],
        as_of: Annotated[date | None, Query(description="The date of the quotes; their newest by default.")] = None,
        base_currency: Annotated[str | None, Query(description="Where the quotes do not say it.")] = None,
        rates_are_decimals: RatesAreDecimals = False,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """A market document is built of the quotes, and the file and line of each is kept."""
        envelope = envelope_of(request)

        def bring(sent: Received, is_wanted: Callable[[], bool]) -> JsonObject:
            day = as_of.isoformat() if as_of else None
            made = make(wanted(store, sent, mapping, day, base_currency), is_wanted)
            key = key_of(request, envelope, idempotency_key, sent.sha256)
            load = partial(load_market, store, blobs, envelope, made.raw, find_unsolved)
            loaded = load(rates_are_decimals=rates_are_decimals, key=key, made=made)
            return loaded | {"event_position": position_after(store, key)}

        with tempfile.TemporaryDirectory(prefix="tenor-upload-") as name:
            folder = Path(name, "sent")
            await run_in_threadpool(folder.mkdir)
            sent = await received(request, folder)
            loaded = await while_connected(request, lambda is_wanted: bring(sent, is_wanted))
        return accepted(loaded, loaded["event_position"], f"{MARKETS}/{loaded['snapshot_id']}")

    return router


def wanted(
    store: EventStore, sent: Received, mapping: str, as_of: str | None, base_currency: str | None
) -> MarketWanted:
    if sent.fields:
        message = f"the form has a part {next(iter(sent.fields))[:40]!r} that is no file"
        raise InvalidInput("UNKNOWN_PART", message, "send files alone")
    pinned = mapping_pinned(store, mapping)
    refuse_portfolio(pinned)
    files = tuple(str(each) for each in sent.files)
    return MarketWanted(document_of(pinned), pinned.reference, files, as_of, base_currency)
