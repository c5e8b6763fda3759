"""Answers packed as the reader takes them: the same content, an ETag of their own; events stay plain."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import zstandard
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.testclient import TestClient
from httpx import Headers

from query_api.http.answers import document
from query_api.http.compression import Compression, wanted

ROWS = [{"position_id": f"P{number:05}", "pv": number * 1.5} for number in range(4000)]
PLAIN = json.dumps(ROWS, separators=(",", ":")).encode()


async def events() -> AsyncIterator[bytes]:
    for number in range(3):
        yield b"id: %d\ndata: {}\n\n" % number


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI()

    @app.get("/rows")
    def rows(request: Request) -> Response:
        return document(request, ROWS)

    @app.get("/streamed")
    def streamed() -> Response:
        pieces = (PLAIN[place : place + 70_000] for place in range(0, len(PLAIN), 70_000))
        return StreamingResponse(pieces, media_type="text/csv", headers={"Content-Length": str(len(PLAIN))})

    @app.get("/small")
    def small(request: Request) -> Response:
        return document(request, [1])

    @app.get("/parquet")
    def parquet() -> Response:
        return Response(b"PAR1" * 1000, media_type="application/vnd.apache.parquet")

    @app.get("/events")
    def stream_events() -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    app.add_middleware(Compression)
    with TestClient(app) as client:
        yield client


def raw(client: TestClient, path: str, **headers: str) -> tuple[int, Headers, bytes]:
    """As it came, unpacked by nobody."""
    with client.stream("GET", path, headers={"Accept-Encoding": "", **headers}) as answer:
        return answer.status_code, answer.headers, b"".join(answer.iter_raw())


UNPACK: dict[str, Any] = {
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "gzip": gzip.decompress,
}


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
@pytest.mark.parametrize("path", ["/rows", "/streamed"])
def test_the_packed_answer_holds_the_plain_one(client: TestClient, path: str, coding: str) -> None:
    status, headers, body = raw(client, path, **{"Accept-Encoding": coding})
    assert (status, headers["content-encoding"]) == (200, coding)
    assert UNPACK[coding](body) == PLAIN and len(body) < len(PLAIN) / 3
    assert "Accept-Encoding" in headers["vary"] and "content-length" not in headers


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
def test_a_packed_answer_has_an_etag_of_its_own_and_is_known_by_it(client: TestClient, coding: str) -> None:
    _, plain, _ = raw(client, "/rows")
    _, packed, _ = raw(client, "/rows", **{"Accept-Encoding": coding})
    assert packed["etag"] == plain["etag"][:-1] + f'-{coding}"'
    status, headers, body = raw(client, "/rows", **{"Accept-Encoding": coding, "If-None-Match": packed["etag"]})
    assert (status, headers["etag"], body) == (304, packed["etag"], b"")
    assert raw(client, "/rows", **{"If-None-Match": packed["etag"]})[0] == 200
    status, headers, _ = raw(client, "/rows", **{"Accept-Encoding": coding, "If-None-Match": plain["etag"]})
    assert (status, headers["etag"]) == (304, plain["etag"])


@pytest.mark.parametrize("path", ["/small", "/parquet", "/events"])
def test_what_gains_nothing_and_what_must_not_wait_stays_plain(client: TestClient, path: str) -> None:
    _, headers, body = raw(client, path, **{"Accept-Encoding": "zstd, gzip"})
    assert "content-encoding" not in headers and body == raw(client, path)[2]


@pytest.mark.parametrize(
    ("said", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip;q=0", None),
        ("*", "zstd"),
        ("*;q=0.1, gzip", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("GZIP", "gzip"),
        ("zstd;q=nonsense", "zstd"),
        ("zstd;q=..1", None),
    ],
)
def test_the_coding_is_the_one_wanted_most(said: str, coding: str | None) -> None:
    assert wanted(said) == coding
