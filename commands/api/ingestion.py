"""Bring a portfolio: a .zip of its tables, the .xlsx workbook, or with a mapping any tape, as the body or as a form."""

import tempfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from commands.api import uploads
from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of
from commands.api.command_route import CommandRoute
from commands.api.received import FILES, Received, received, while_connected
from commands.define_mapping import document_of, mapping_given, refuse_market
from commands.edits import parse_edits
from commands.ingest_portfolio import ByMapping, Called, Digested, ReadingOptions, ingest_portfolio, name_and_date
from commands.ingestion.limits import Budget
from commands.ingestion.outcome import refused
from commands.once import position_after
from commands.record_rejection import BEYOND_BUDGET
from commands.refusals import InvalidInput
from domain.answered_commands import Key
from domain.documents import JsonObject
from domain.event import Envelope
from domain.ports import BlobStore, EventStore, PortfolioCodec

PREFIX = "/api/v1/ingestion"
NAME = "portfolio"
"""Of a portfolio when nobody says: an upload has no folder that could."""
FIELDS = ("edits", "mapping")
MAX_REJECTS_BYTES = 32 * 1024 * 1024
"""In an answer; more are counted there, and are had where the database is."""


@dataclass(frozen=True)
class Asked:
    """The query of a portfolio that is brought."""

    dry_run: Annotated[bool, Query(description="Validate only.")] = False
    accept_valid: Annotated[bool, Query(description="Store what is valid, and report the rest.")] = False
    rates_are_decimals: Annotated[bool, Query(description="Rates that look like percent are meant.")] = False
    portfolio: Annotated[str | None, Query(description="Its name; `portfolio` by default.")] = None
    as_of: Annotated[date | None, Query(description="Its date; today by default.")] = None
    mapping: Annotated[str | None, Query(description="How a tape is read: `id` or `id@version`.")] = None
    book: Annotated[str | None, Query(description="With a mapping: the book that holds all positions.")] = None
    rejects: Annotated[bool, Query(description="With a mapping: rejected rows come back, with reasons.")] = False
    file: Annotated[str | None, Query(description="What the file is called, where the body is the file.")] = None


DigestUpload = Callable[[Path, ReadingOptions, Callable[[], bool]], Digested]
"""Reads an upload in a process of its own; asked now and then whether anybody still waits for it."""


def build_router(
    store: EventStore,
    blobs: BlobStore,
    codec: PortfolioCodec,
    envelope_of: EnvelopeOf,
    digest_upload: DigestUpload | None = None,
    refuse_beyond: Callable[[Digested], None] | None = None,
) -> APIRouter:
    """Without `digest_upload` uploads are read in this process: for trusted callers only. `refuse_beyond` looks at what
    was read, before it is stored."""
    digest_elsewhere = looked_at(digest_upload or partial(digest_here, codec), refuse_beyond)
    router = APIRouter(prefix=PREFIX, tags=["ingestion"], route_class=CommandRoute)

    @router.post("/portfolios", status_code=202, operation_id="ingestion_ingest_portfolio", openapi_extra=FILES)
    async def ingest(
        request: Request, asked: Annotated[Asked, Depends()], idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Validate everything, then store it; the same content is the same snapshot, whatever its name and date.

        A form has the files as parts, and may have `edits`, cells that were changed on the way, and `mapping`, one that
        is defined with it.
        """
        envelope = envelope_of(request)

        def bring(sent: Received, key: Key | None, is_wanted: Callable[[], bool]) -> JsonObject:
            called = Called(NAME if asked.portfolio is None else asked.portfolio, asked.as_of, key)
            options = options_of(store, envelope, asked, called, sent)

            def digest(source: Path, options: ReadingOptions) -> Digested:
                return digest_elsewhere(source, options, is_wanted)

            source = one_source(sent)
            return ingest_portfolio(
                store, blobs, codec, envelope, source, options=options, called=called, digest=digest
            )

        with tempfile.TemporaryDirectory(prefix="tenor-upload-") as name:
            folder = Path(name, "sent")
            folder.mkdir()
            sent = await received(request, folder, asked.file)
            key = None if asked.dry_run else key_of(request, envelope, idempotency_key, sent.sha256)
            report = await while_connected(request, lambda is_wanted: bring(sent, key, is_wanted))
            if asked.rejects:
                report |= {"rejects": await run_in_threadpool(rejected_rows, rejects_beside(sent))}
        return await run_in_threadpool(_answer, store, key, report, asked.dry_run)

    return router


def options_of(store: EventStore, envelope: Envelope, asked: Asked, called: Called, sent: Received) -> ReadingOptions:
    refuse_other_fields(sent)
    options = ReadingOptions(asked.accept_valid, asked.dry_run, asked.rates_are_decimals)
    options = with_edits(options, sent, envelope)
    if asked.mapping is not None or "mapping" in sent.fields:
        return by_mapping(store, envelope, options, called, sent, asked)
    if asked.book is not None:
        message = "a book is given with a mapping; tables of a portfolio say their books themselves"
        raise InvalidInput("NEEDS_MAPPING", message, "add mapping, or leave out book")
    if asked.rejects:
        message = "rejected rows of a tape come back as they came; those of tables the report names by file and row"
        raise InvalidInput("NEEDS_MAPPING", message, "add mapping, or leave out rejects")
    return options


def rejects_beside(sent: Received) -> Path:
    return sent.files[0].parent.parent / "rejects"


def rejected_rows(file: Path) -> JsonObject | None:
    """In the format that they came in; None where the tape could not be read at all."""
    if not file.is_file():
        return None
    size = file.stat().st_size
    content = b64encode(file.read_bytes()).decode() if size <= MAX_REJECTS_BYTES else None
    return {"bytes": size, "base64": content}


def refuse_other_fields(sent: Received) -> None:
    for name in sent.fields:
        if name not in FIELDS:
            shown = name[:40]
            message = f"the form has a part {shown!r} that is no file"
            raise InvalidInput("UNKNOWN_PART", message, f"parts beside files are {' and '.join(FIELDS)}")
    if not sent.files:
        raise InvalidInput("NO_FILE", "no file was sent", "send the files as parts with a filename")


def one_source(sent: Received) -> Path:
    """One file as it is; of tables that were sent one by one, the folder that holds them."""
    only = sent.files[0]
    is_table = only.suffix.lower() in uploads.TABLE_SUFFIXES
    return only.parent if len(sent.files) > 1 or is_table else only


def with_edits(options: ReadingOptions, sent: Received, envelope: Envelope) -> ReadingOptions:
    raw = sent.fields.get("edits")
    if raw is None:
        return options
    by = f"{envelope.actor} at {envelope.now.isoformat()}"
    return replace(options, edits=tuple(parse_edits(raw)), edited_by=by)


def by_mapping(
    store: EventStore,
    envelope: Envelope,
    options: ReadingOptions,
    called: Called,
    sent: Received,
    asked: Asked,
) -> ReadingOptions:
    raw = sent.fields.get("mapping")
    pinned = mapping_given(store, envelope, asked.mapping, raw, is_tried=options.dry_run)
    refuse_market(pinned)
    name, as_of = name_and_date(called, sent.files[0], envelope)
    files = tuple(str(each) for each in sent.files)
    rejects = str(rejects_beside(sent)) if asked.rejects else None
    said = ByMapping(document_of(pinned), pinned.reference, name, as_of.isoformat(), asked.book, files, rejects)
    return replace(options, by_mapping=said)


def looked_at(digest: DigestUpload, refuse_beyond: Callable[[Digested], None] | None) -> DigestUpload:
    def digest_and_look(upload: Path, options: ReadingOptions, is_wanted: Callable[[], bool]) -> Digested:
        found = digest(upload, options, is_wanted)
        if refuse_beyond is not None:
            refuse_beyond(found)
        return found

    return digest_and_look


def digest_here(
    codec: PortfolioCodec, upload: Path, options: ReadingOptions, _is_wanted: Callable[[], bool]
) -> Digested:
    return uploads.digest_upload(codec, upload, upload.parent.parent / "portfolio", options, Budget())


def _answer(store: EventStore, key: Key | None, report: JsonObject, dry_run: bool) -> JSONResponse:
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
