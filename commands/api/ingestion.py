"""Bring a portfolio: a .zip of its tables, or the .xlsx workbook, as the body."""

import asyncio
import hashlib
import tempfile
import threading
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from commands.api import uploads
from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of, keyed
from commands.api.command_route import CommandRoute
from commands.ingest_portfolio import Called, Digested, ReadingOptions, ingest_portfolio
from commands.ingestion.limits import Budget
from commands.ingestion.outcome import refused
from commands.once import position_after
from commands.record_rejection import BEYOND_BUDGET
from domain.answered_commands import Key
from domain.ports import BlobStore, EventStore, PortfolioCodec

PREFIX = "/api/v1/ingestion"
NAME = "portfolio"
"""Of a portfolio when nobody says: an upload has no folder that could."""
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


DigestUpload = Callable[[Path, ReadingOptions, Callable[[], bool]], Digested]
"""Reads an upload in a process of its own; asked now and then whether anybody still waits for it."""


def build_router(
    store: EventStore,
    blobs: BlobStore,
    codec: PortfolioCodec,
    envelope_of: EnvelopeOf,
    digest_upload: DigestUpload | None = None,
) -> APIRouter:
    """Without `digest_upload` uploads are read in this process: for trusted callers only."""
    digest_elsewhere = digest_upload or partial(digest_here, codec)
    router = APIRouter(prefix=PREFIX, tags=["ingestion"], route_class=CommandRoute)

    @router.post("/portfolios", status_code=202, operation_id="ingestion_ingest_portfolio", openapi_extra=UPLOADS)
    async def ingest(
        request: Request,
        dry_run: Annotated[bool, Query(description="Validate only.")] = False,
        accept_valid: Annotated[bool, Query(description="Store what is valid, and report the rest.")] = False,
        rates_are_decimals: Annotated[bool, Query(description="Rates that look like percent are meant.")] = False,
        portfolio: Annotated[str | None, Query(description="Its name; `portfolio` by default.")] = None,
        as_of: Annotated[date | None, Query(description="Its date; today by default.")] = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Validate everything, then store it; the same content is the same snapshot, whatever its name and date."""
        envelope = keyed(envelope_of(request), idempotency_key)

        def bring(upload: Path, key: Key | None, is_wanted: Callable[[], bool]) -> dict[str, Any]:
            def digest(source: Path, options: ReadingOptions) -> Digested:
                return digest_elsewhere(source, options, is_wanted)

            return ingest_portfolio(
                store,
                blobs,
                codec,
                envelope,
                upload,
                options=ReadingOptions(accept_valid, dry_run, rates_are_decimals),
                called=Called(NAME if portfolio is None else portfolio, as_of, key),
                digest=digest,
            )

        with tempfile.TemporaryDirectory(prefix="tenor-upload-") as name:
            upload, body_sha256 = await _save(request, Path(name))
            key = None if dry_run else key_of(request, envelope, idempotency_key, body_sha256)
            report = await while_connected(request, lambda is_wanted: bring(upload, key, is_wanted))
        return await run_in_threadpool(_answer, store, key, report, dry_run)

    return router


def digest_here(
    codec: PortfolioCodec, upload: Path, options: ReadingOptions, _is_wanted: Callable[[], bool]
) -> Digested:
    return uploads.digest_upload(codec, upload, upload.parent / "portfolio", options, Budget())


async def while_connected(request: Request, work: Callable[[Callable[[], bool]], dict[str, Any]]) -> dict[str, Any]:
    """Work in a thread that learns when its client has left, and then ends by an exception of its own."""
    has_left = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue
        has_left.set()

    watching = asyncio.create_task(watch())
    try:
        return await run_in_threadpool(work, lambda: not has_left.is_set())
    finally:
        watching.cancel()


async def _save(request: Request, folder: Path) -> tuple[Path, str]:
    """Piece by piece to disk; the application's frame counts the bytes. Returns the file and its sha256."""
    upload, digest = folder / "upload", hashlib.sha256()
    with upload.open("wb") as file:
        async for piece in request.stream():
            digest.update(piece)
            await run_in_threadpool(file.write, piece)
    return upload, digest.hexdigest()


def _answer(store: EventStore, key: Key | None, report: dict[str, Any], dry_run: bool) -> JSONResponse:
    beyond = next((each for each in report["errors"] if each["code"] in BEYOND_BUDGET), None)
    if beyond is not None:
        told = {"code": beyond["code"], "detail": beyond["message"], "fix": beyond["fix"]}
        raise HTTPException(413, told | report)
    if dry_run:
        return JSONResponse(report)
    if report["snapshot_id"] is None:
        detail, fix = refused(report, "?accept_valid=true")
        raise HTTPException(422, {"code": "PORTFOLIO_REJECTED", "detail": detail, "fix": fix, **report})
    position = position_after(store, key)
    location = f"{PREFIX}/snapshots/{report['snapshot_id']}"
    return accepted(report | {"event_position": position}, position, location)
