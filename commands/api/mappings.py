"""Define mappings, and have one proposed for a file."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RawBody, accepted, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.api.received import FILES, received, while_connected
from commands.define_mapping import define_mapping
from commands.refusals import InvalidInput
from domain.documents import JsonObject
from domain.ports import EventStore

PREFIX = "/api/v1/ingestion"

Suggest = Callable[[Path, str, Callable[[], bool]], JsonObject]
"""Reads the file in a process of its own; asked now and then whether anybody still waits for it."""


def build_router(store: EventStore, envelope_of: EnvelopeOf, suggest: Suggest) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["ingestion"], route_class=CommandRoute)

    @router.post("/mappings", status_code=202, operation_id="ingestion_define_mapping", openapi_extra=JSON_BODY)
    def define(request: Request, mapping: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """The same document again is the same version."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(mapping))
        defined, position = define_mapping(store, envelope, mapping, key=key)
        location = f"{PREFIX}/mappings/{quote(str(defined['mapping_id']), safe='')}@{defined['version']}"
        return accepted({**defined, "event_position": position}, position, location)

    @router.post("/mappings/suggest", operation_id="ingestion_suggest_mapping", openapi_extra=FILES)
    async def propose(
        request: Request,
        file: Annotated[str | None, Query(description="What the file is called, where the body is the file.")] = None,
    ) -> JSONResponse:
        """What is taken for what, how surely, what is missing or to be asked, and ten rows as they would be read."""
        with tempfile.TemporaryDirectory(prefix="tenor-upload-") as name:
            sent = await received(request, Path(name), file)
            if len(sent.files) != 1:
                message = f"a mapping is proposed for one file, and {len(sent.files)} were sent"
                raise InvalidInput("ONE_FILE", message, "send one file")
            upload = sent.files[0]
            found = await while_connected(request, lambda is_wanted: suggest(upload, upload.name, is_wanted))
        return JSONResponse(found)

    return router
