"""Nobody shuts others out: not by half requests, slow bodies, answers left lying, or by waiting in great numbers."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from ops.http.server import HEAD_BYTES, BoundedProtocol
from ops.services import build_app
from ops.wiring import Tenor
from query_api.http.app import create_app
from query_api.http.turns import FIGURES, STREAMS, UPLOADS
from tests.faults.patience import until
from tests.query_api import hand_made_run
from tests.query_api.hand_made_run import UNFINISHED_ID
from tests.security.serving import ask, opened, said_to, served

HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_BODY = (
    b"POST /api/v1/marketdata/markets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n{"
)
EVENTS = f"/api/v1/orchestrator/runs/{UNFINISHED_ID}/events"
RUNS = "/api/v1/orchestrator/runs"


class Hasty(BoundedProtocol):
    """The same rules with less patience."""

    most_connections = 40
    head_seconds, body_look_seconds, answer_seconds = 1.0, 1.0, 1.0


@pytest.fixture(scope="module")
def app(tenor: Tenor) -> FastAPI:
    with tenor.database.connect() as connection:
        hand_made_run.fill(connection)
    return build_app(tenor)


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    with served(app) as port:
        yield port


@pytest.fixture
def hasty(app: FastAPI) -> Iterator[int]:
    with served(app, Hasty) as port:
        yield port


def test_half_requests_end(hasty: int) -> None:
    started = time.monotonic()
    half, silent, body = opened(hasty, HALF_HEAD), opened(hasty), opened(hasty, HALF_BODY)
    assert b" 408 " in said_to(half)
    said_to(silent)
    assert b" 408 " in said_to(body)
    assert time.monotonic() - started < 10


def test_a_body_that_trickles_ends(hasty: int) -> None:
    connection, started = opened(hasty, HALF_BODY), time.monotonic()
    connection.settimeout(0.2)
    said = b""
    while time.monotonic() - started < 10 and not said:
        try:
            connection.sendall(b" ")
            said = connection.recv(1000)
        except TimeoutError:
            continue
    assert b" 408 " in said


def test_a_body_that_comes_in_time_is_taken(hasty: int) -> None:
    """Ten pieces in two seconds: slower than the longest wait for a look, faster than the slowest pace."""
    piece, pieces = b" " * 1000, 10
    head = b"POST /api/v1/marketdata/markets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    connection = opened(hasty, head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (len(piece) * pieces))
    for _ in range(pieces):
        time.sleep(0.2)
        connection.sendall(piece)
    assert b" 422 " in said_to(connection)


def test_half_requests_make_room_for_others(hasty: int) -> None:
    """Far more than may be connected, all at once; in between everybody else is answered."""
    halves = []
    for number in range(3 * Hasty.most_connections):
        halves.append(opened(hasty, HALF_HEAD if number % 2 else HALF_BODY))
        if number % 20 == 0:
            assert ask(hasty, "/healthz")[0] == 200
    assert ask(hasty, RUNS)[0] == 200
    for half in halves:
        half.close()


def test_an_answer_that_nobody_takes_ends() -> None:
    router = APIRouter()

    @router.get("/endless")
    def endless() -> StreamingResponse:
        return StreamingResponse(bytes(256 * 1024) for _ in range(1_000_000))

    app = create_app([router], "endless", list, CollectorRegistry())
    with served(app, Hasty) as port, opened(port) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(4)
        left, deadline = 0, time.monotonic() + 10
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1024 * 1024):
                left += len(piece)
                assert time.monotonic() < deadline, "it goes on"
        assert left < 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + b"x" * (HEAD_BYTES + 1) + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 431),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
        (b"GET /?" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_a_head_is_bounded(hasty: int, request_: bytes, status: int) -> None:
    connection = opened(hasty)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(request_)
    said = said_to(connection)
    assert said.startswith(b"HTTP/1.1 %d " % status), said[:200]
    assert b"application/problem+json" in said


def test_readers_who_wait_shut_nobody_out(port: int) -> None:
    """More than two hundred follow a run that does not move on; everybody else is answered as if nobody did."""
    request = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    readers = [opened(port, request) for _ in range(STREAMS.at_once)]
    try:
        for reader in readers:
            assert b" 200 " in reader.recv(1000)
        took = [ask(port, path)[3] for path in (RUNS, "/healthz", "/readyz", "/metrics", f"{RUNS}/{UNFINISHED_ID}")]
        assert max(took) < 2.0, took
        status, headers, body, _ = ask(port, EVENTS)
        assert (status, body["code"], headers["retry-after"]) == (503, "BUSY", "2")
        readers.pop().close()
        deadline = time.monotonic() + 20
        while True:  # the place of one who has left is somebody else's
            again = opened(port, request)
            if b" 200 " in again.recv(1000):
                break
            assert time.monotonic() < deadline
            time.sleep(0.2)
        readers.append(again)
    finally:
        for reader in readers:
            reader.close()


def test_questions_about_figures_have_turns(app: FastAPI, tenor: Tenor) -> None:
    """Whole tables take long; however many are asked for, lists and health are answered beside them."""
    path = f"/api/v1/results/runs/{hand_made_run.RUN_ID}/positions"
    with served(app) as port, tenor.database.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE projection.result_position_v1")
        answers: list[int] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(port, path)[0])) for _ in range(100)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(0.5)
            for other in (RUNS, "/healthz", "/readyz", "/metrics"):
                status, _, _, seconds = ask(port, other)
                assert status == 200 and seconds < 2.0
            assert answers == []
        finally:
            holder.execute("ROLLBACK")
            for thread in threads:
                thread.join()
        assert answers == [200] * len(threads)
    assert FIGURES.at_once < 8, "connections are left to others"


def test_those_who_are_patient_are_few(tenor: Tenor, app: FastAPI) -> None:
    """A read model that is behind is waited for by a few at a time; the others are told to come back."""
    from query_api.reading import MOST_PATIENT

    client = TestClient(app)
    body = {"scenario_id": "behind", "name": "behind", "shocks": []}
    assert client.post("/api/v1/scenario/scenarios", json=body).status_code == 202
    with served(app) as port:
        answers: list[int] = []
        path = "/api/v1/scenario/scenarios/behind"
        threads = [threading.Thread(target=lambda: answers.append(ask(port, path)[0])) for _ in range(60)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        status, _, _, seconds = ask(port, RUNS)
        assert status == 200 and seconds < 2.0
        for thread in threads:
            thread.join()
    assert set(answers) <= {409, 503} and answers.count(503) >= len(threads) - 3 * MOST_PATIENT


def test_uploads_have_turns_and_slow_bodies_hold_none() -> None:
    router = APIRouter()
    at_work, most, go_on = [0], [0], threading.Event()

    @router.post("/api/v1/marketdata/markets")
    async def load(request: Request) -> None:
        await request.body()
        await run_in_threadpool(work)

    def work() -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        go_on.wait(30)
        at_work[0] -= 1

    whole = HALF_BODY.replace(b"100000", b"1").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with served(create_app([router], "uploads", list, CollectorRegistry())) as port:
        slow = [opened(port, HALF_BODY) for _ in range(3 * UPLOADS.at_once)]
        asked = [opened(port, whole) for _ in range(UPLOADS.at_once + UPLOADS.waiting)]
        until(lambda: at_work[0] == UPLOADS.at_once)
        assert ask(port, "/healthz")[3] < 2.0
        beyond = said_to(opened(port, whole))
        assert b" 503 " in beyond and b"etry-" in beyond and b'"BUSY"' in beyond
        go_on.set()
        assert all(b" 200 " in said_to(one) for one in asked)
        for one in slow:
            one.close()
    assert most[0] == UPLOADS.at_once
