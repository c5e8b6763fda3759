"""Under an idempotency key a command happens once: the same request is answered as it was, another one is refused."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from commands.api import ingestion, marketdata, scenario
from domain.answered_commands import CommandAnswered
from domain.event import Envelope
from domain.scenarios.versions import ScenarioDefined
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.market_checks import find_unsolved
from query_api.http.app import create_app

EXAMPLE = Path(__file__).parents[3] / "examples" / "small_fund"
MARKET = (EXAMPLE / "market.json").read_bytes()
SCENARIOS = "/api/v1/scenario/scenarios"
SETS = "/api/v1/scenario/sets"
HISTORIES = "/api/v1/scenario/histories?set=past"
MARKETS = "/api/v1/marketdata/markets"
PORTFOLIOS = "/api/v1/ingestion/portfolios"


def up(bp: int, name: str = "up") -> bytes:
    return json.dumps({"scenario_id": name, "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": bp}]}).encode()


def pinned(*members: str) -> bytes:
    return json.dumps({"scenario_set_id": "nightly", "scenarios": members}).encode()


def moves(of_euro: float) -> bytes:
    return f"date,kind,name,tenor,move\n2026-01-02,FX,EURUSD,,{of_euro}\n".encode()


def zipped(*but: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(EXAMPLE.glob("*.csv")):
            if path.name not in but:
                archive.write(path, path.name)
    return file.getvalue()


@dataclass
class Process:
    """One of several that share a log; the clock can be moved."""

    client: TestClient
    store: PostgresEventStore
    now: list[datetime]

    def post(self, address: str, body: bytes, key: str | None = "k", actor: str = "ada") -> Any:
        headers = {"Content-Type": "application/json", "X-Asker": actor}
        return self.client.post(address, content=body, headers=headers | ({"Idempotency-Key": key} if key else {}))


@pytest.fixture
def start(database_url: str) -> Iterator[Callable[[], Process]]:
    database, stores = Database(database_url), []

    def one_more() -> Process:
        store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 4)))
        stores.append(store)
        now = [datetime(2026, 1, 23, tzinfo=UTC)]

        def envelope_of(request: Request) -> Envelope:
            return Envelope(request.headers["X-Asker"], now[0], uuid4())

        blobs = PostgresBlobStore(database.connect)
        routers = [
            scenario.build_router(store, envelope_of),
            marketdata.build_router(store, blobs, envelope_of, find_unsolved),
            ingestion.build_router(store, blobs, SnapshotCodec(), envelope_of),
        ]
        return Process(TestClient(create_app(routers, "commands", list, CollectorRegistry())), store, now)

    yield one_more
    for store in stores:
        store.close()
    database.close()


@pytest.fixture
def process(start: Callable[[], Process]) -> Process:
    return start()


REUSES = [
    (SCENARIOS, up(1), SCENARIOS, up(2)),
    (SCENARIOS, up(1), SCENARIOS, up(1, "another")),
    (SCENARIOS, up(1), SCENARIOS, b"no JSON"),
    (SCENARIOS, up(1), SCENARIOS + "?rates_are_decimals=true", up(1)),
    (SCENARIOS, up(1), SETS, pinned("BASE")),
    (SETS, pinned("BASE"), SETS, pinned("BASE", "nothing")),
    (HISTORIES, moves(0.1), HISTORIES, moves(0.2)),
    (HISTORIES, moves(0.1), HISTORIES.replace("past", "other"), moves(0.1)),
    (HISTORIES, moves(0.1), HISTORIES + "&horizon=2", moves(0.1)),
    (MARKETS, MARKET, MARKETS, MARKET + b" "),
    (MARKETS, MARKET, PORTFOLIOS, zipped()),
    (PORTFOLIOS, zipped(), PORTFOLIOS, zipped("issuers.csv")),
    (PORTFOLIOS, zipped(), PORTFOLIOS + "?portfolio=other", zipped()),
]


@pytest.mark.parametrize(("address", "body", "other_address", "other_body"), REUSES)
def test_a_key_with_another_request_is_refused_and_writes_nothing(
    process: Process, address: str, body: bytes, other_address: str, other_body: bytes
) -> None:
    assert process.post(address, body).status_code == 202
    before = process.store.head()
    other = process.post(other_address, other_body)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED"), other.text
    assert other.json()["fix"] == "use a new key for a new request"
    assert process.store.head() == before


AGAIN = [(SCENARIOS, up(1)), (SETS, pinned("BASE")), (HISTORIES, moves(0.1)), (MARKETS, MARKET), (PORTFOLIOS, zipped())]


@pytest.mark.parametrize(("address", "body"), AGAIN)
def test_the_same_request_is_answered_as_it_was_by_any_process(
    start: Callable[[], Process], address: str, body: bytes
) -> None:
    """Another day, after other definitions, in another process; and what stood there already is keyed as well."""
    one, other = start(), start()
    assert one.post(address, body, key=None).status_code == 202
    first = one.post(address, body)
    assert one.post(SCENARIOS, up(7), "later").status_code == 202
    other.now[0] = datetime(2026, 1, 24, tzinfo=UTC)
    before = one.store.head()
    again = other.post(address, body)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again.headers["x-event-position"] == first.headers["x-event-position"]
    assert other.store.head() == before


def test_the_answer_is_the_version_made_then(process: Process) -> None:
    first = process.post(SCENARIOS, up(1))
    of_set = process.post(SETS, pinned("up"), "set")
    assert process.post(SCENARIOS, up(2), "later").json()["version"] == 2
    assert process.post(SETS, pinned("up"), "later set").json()["version"] == 2
    before = process.store.head()
    assert process.post(SCENARIOS, up(1)).json() == first.json()
    assert process.post(SETS, pinned("up"), "set").json() == of_set.json()
    assert process.store.head() == before


def test_a_key_belongs_to_its_actor(process: Process) -> None:
    assert process.post(SCENARIOS, up(1)).status_code == 202
    assert process.post(SCENARIOS, up(2), actor="eve").json()["version"] == 2


def test_a_refused_request_and_a_dry_run_leave_their_key(process: Process) -> None:
    assert process.post(SCENARIOS, b"{}").status_code == 422
    assert process.post(PORTFOLIOS + "?dry_run=true", zipped()).status_code == 200
    assert process.post(SCENARIOS, up(1)).status_code == 202


@pytest.mark.parametrize("is_same", [True, False])
def test_at_once_a_key_is_used_once(start: Callable[[], Process], *, is_same: bool) -> None:
    """Two processes, eight calls. Different bodies define different scenarios, so that only the key can collide."""
    processes, answers = [start(), start()], []
    bodies = [up(1, "up" if is_same else f"up{turn}") for turn in range(8)]
    ready = threading.Barrier(8)

    def ask(turn: int) -> None:
        ready.wait()
        answers.append(processes[turn % 2].post(SCENARIOS, bodies[turn]))

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [answer.json() for answer in answers if answer.status_code == 202]
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 202]
    assert refused == ([] if is_same else ["IDEMPOTENCY_KEY_REUSED"] * 7)
    assert all(answer == done[0] for answer in done)
    events = [entry.event for entry in processes[0].store.log(0, 100)]
    assert [type(event) for event in events] == [ScenarioDefined, CommandAnswered]
