"""Bring a portfolio: a .zip of its tables, or the .xlsx workbook, as the body."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, keyed
from commands.api.refusals import CommandRoute
from commands.api.uploads import unpack
from commands.ingest_portfolio import ingest_portfolio
from domain.ports import BlobStore, EventStore, PortfolioCodec

PREFIX = "/api/v1/ingestion"
UPLOADS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
        },
    }
}


def build_router(store: EventStore, blobs: BlobStore, codec: PortfolioCodec, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["ingestion"], route_class=CommandRoute)

    @router.post("/portfolios", status_code=202, operation_id="ingestion_ingest_portfolio", openapi_extra=UPLOADS)
    async def ingest(
        request: Request,
        dry_run: Annotated[bool, Query(description="Validate only.")] = False,
        accept_valid: Annotated[bool, Query(description="Store what is valid, and report the rest.")] = False,
        rates_are_decimals: Annotated[bool, Query(description="Rates that look like percent are meant.")] = False,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Validate everything, then store it; the same content is the same snapshot."""
        envelope = keyed(envelope_of(request), idempotency_key)

        def bring(upload: Path, folder: Path) -> dict[str, Any]:
            source = unpack(upload, folder)
            return ingest_portfolio(
                store,
                blobs,
                codec,
                envelope,
                source,
                accept_valid=accept_valid,
                dry_run=dry_run,
                rates_are_decimals=rates_are_decimals,
            )

        with tempfile.TemporaryDirectory(prefix="tenor-upload-") as name:
            upload = Path(name, "upload")
            await _save(request, upload)
            report = await run_in_threadpool(bring, upload, Path(name, "portfolio"))
        return _answer(store, report, dry_run)

    return router


async def _save(request: Request, upload: Path) -> None:
    """Piece by piece to disk; the application's frame counts the bytes."""
    with upload.open("wb") as file:
        async for piece in request.stream():
            await run_in_threadpool(file.write, piece)


def _answer(store: EventStore, report: dict[str, Any], dry_run: bool) -> JSONResponse:
    if dry_run:
        return JSONResponse(report)
    if report["snapshot_id"] is None:
        detail = f"the portfolio has {report['rejected']:,} rows that cannot be used; nothing was stored"
        fix = "mend the rows that `errors` names, or send ?accept_valid=true"
        raise HTTPException(422, {"code": "PORTFOLIO_REJECTED", "detail": detail, "fix": fix, **report})
    position = store.head()
    location = f"{PREFIX}/snapshots/{report['snapshot_id']}"
    return accepted(report | {"event_position": position}, position, location)
