"""Answers packed as the reader takes them: zstd before gzip, piece by piece as they come.

A packed answer is another representation: its strong ETag ends in -zstd or -gzip, and is known again by that.
"""

import re
import zlib
from collections.abc import Callable
from typing import Any, Protocol

import zstandard
from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST_BYTES = 1024
BESIDE_THE_LOOP_BYTES = 64 * 1024
"""Larger pieces are packed in a thread."""
PACKABLE = re.compile(
    r"(text/(?!event-stream)|application/(json|problem\+json|vnd\.apache\.arrow\.stream|openmetrics-text))"
)
"""Parquet and workbooks are packed already; events must not wait for more of them."""


class Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: int = ..., /) -> bytes: ...


def gzip_packer() -> Any:
    return zlib.compressobj(4, wbits=31)


def zstd_packer() -> Any:
    return zstandard.ZstdCompressor(level=3).compressobj()


PACKERS: dict[str, Callable[[], Packer]] = {"zstd": zstd_packer, "gzip": gzip_packer}
"""The better one first."""


class Compression:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        coding = wanted(Headers(scope=scope).get("accept-encoding", ""))
        if coding is None:
            return await self._app(scope, receive, marked_as_varying(send))
        is_known = take_plain_tags(scope, coding)
        return await self._app(scope, receive, Packed(send, coding, is_known))


def wanted(accept_encoding: str) -> str | None:
    """The reader's own order counts by weight; where weights are equal, ours."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([0-9.]{1,6})\s*", parameters)
        try:
            weights[name.strip()] = float(weight[1]) if weight else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    anything = weights.get("*", 0.0)
    found = [(weights.get(name, anything), name) for name in PACKERS]
    best = max(weight for weight, _ in found)
    return next(name for weight, name in found if weight == best) if best > 0 else None


def take_plain_tags(scope: Scope, coding: str) -> bool:
    """Routes know the plain ETag: that of the packed answer which the reader holds is told by it."""
    suffix, is_known, headers = f'-{coding}"'.encode(), False, []
    for name, value in scope["headers"]:
        is_ours = name == b"if-none-match" and suffix in value
        headers.append((name, value.replace(suffix, b'"') if is_ours else value))
        is_known = is_known or is_ours
    scope["headers"] = headers
    return is_known


def marked_as_varying(send: Send) -> Send:
    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start" and is_packable(Headers(raw=message["headers"])):
            MutableHeaders(scope=message).add_vary_header("Accept-Encoding")
        await send(message)

    return send_marked


def is_packable(headers: Headers) -> bool:
    return PACKABLE.match(headers.get("content-type", "")) is not None and "content-encoding" not in headers


class Packed:
    """The way to the client; the head waits for the first piece of a body whose length nobody has said."""

    def __init__(self, send: Send, coding: str, is_known: bool) -> None:
        self._send, self._coding, self._is_known = send, coding, is_known
        self._packer: Packer | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
            await self._send(message)
        elif self._packer is None:
            await self._send(message)
        else:
            more = bool(message.get("more_body"))
            await self._send({**message, "body": await self._pack(message.get("body", b""), is_last=not more)})

    def _begin(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        if message["status"] == 304:
            headers.add_vary_header("Accept-Encoding")
            if self._is_known and "etag" in headers:
                headers["etag"] = packed_tag(headers["etag"], self._coding)
            return
        if not is_packable(headers):
            return
        headers.add_vary_header("Accept-Encoding")
        length = headers.get("content-length")
        if message["status"] in (204, 206) or (length is not None and int(length) < SMALLEST_BYTES):
            return
        self._packer = PACKERS[self._coding]()
        headers["Content-Encoding"] = self._coding
        del headers["content-length"]
        if "etag" in headers:
            headers["etag"] = packed_tag(headers["etag"], self._coding)

    async def _pack(self, piece: bytes, *, is_last: bool) -> bytes:
        if len(piece) >= BESIDE_THE_LOOP_BYTES:
            return await to_thread.run_sync(self._packed, piece, is_last)
        return self._packed(piece, is_last)

    def _packed(self, piece: bytes, is_last: bool) -> bytes:
        assert self._packer is not None
        packed = self._packer.compress(piece)
        return packed + self._packer.flush() if is_last else packed


def packed_tag(tag: str, coding: str) -> str:
    """A weak one says nothing of bytes and stays as it is."""
    return tag if tag.startswith("W/") or not tag.endswith('"') else f'{tag[:-1]}-{coding}"'
