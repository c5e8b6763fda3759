"""Files as they are sent: one as the body, or several as parts of a form; and work that ends when its client leaves."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from commands.api.multipart import MULTIPART, boundary_of, read_form, safe_name
from domain.documents import JsonObject

_BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES: JsonObject = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": _BINARY,
            "application/zip": _BINARY,
            "application/gzip": _BINARY,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _BINARY,
            "application/xml": _BINARY,
            "text/csv": _BINARY,
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "edits": {"type": "string", "description": 'JSON: [{"table", "row", "column", "value"}]'},
                    },
                }
            },
        },
    }
}


@dataclass(frozen=True)
class Received:
    """`sha256` is that of the body as it was sent."""

    files: list[Path]
    sha256: str
    fields: dict[str, bytes] = field(default_factory=dict)


async def received(request: Request, folder: Path, name: str | None = None) -> Received:
    """Piece by piece to disk; the application's frame counts the bytes."""
    digest = hashlib.sha256()

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in request.stream():
            digest.update(piece)
            yield piece

    said = request.headers.get("content-type", "")
    if said.partition(";")[0].strip().lower() == MULTIPART:
        form = await read_form(pieces(), boundary_of(said), folder)
        return Received(form.files, digest.hexdigest(), form.fields)
    upload = folder / safe_name(name or "upload")
    with upload.open("xb") as file:
        async for piece in pieces():
            await run_in_threadpool(file.write, piece)
    return Received([upload], digest.hexdigest())


async def while_connected(request: Request, work: Callable[[Callable[[], bool]], JsonObject]) -> JsonObject:
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
