"""Commands over HTTP, on a real log: what is accepted, what is refused, and what a repeat does."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import xlsxwriter
from fastapi import Request
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from commands.api import ingestion, marketdata, orchestrator, scenario
from domain.event import Envelope
from domain.runs import run as runs
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.market_checks import check_scenarios, find_unsolved
from query_api.http.app import create_app

EXAMPLE = Path(__file__).parents[3] / "examples" / "small_fund"
MARKET = (EXAMPLE / "market.json").read_bytes()
SCENARIO = {"scenario_id": "up", "name": "+100 bp", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]}
RUNS = "/api/v1/orchestrator/runs"


@dataclass
class Service:
    client: TestClient
    store: PostgresEventStore

    def post(self, address: str, body: Any = None, key: str | None = None, content: bytes | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        if content is not None:
            return self.client.post(address, content=content, headers=headers | {"Content-Type": "application/json"})
        return self.client.post(address, json=body, headers=headers)

    def finish(self, run_id: str) -> None:
        """What the process manager would write."""
        identity = UUID(run_id)
        run = runs.Run(version=len(self.store.stream(identity)), status=runs.RunStatus.RUNNING)
        envelope = Envelope("process", datetime(2026, 1, 23, tzinfo=UTC), uuid4())
        facts: dict[str, Any] = {"blocks": 0, "blocks_root": "", "failed_positions": 0, "failed_chunks": []}
        self.store.append(runs.complete(run, envelope, identity, **facts))


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    database = Database(database_url)
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 4)))
    blobs = PostgresBlobStore(database.connect)

    def envelope_of(_: Request) -> Envelope:
        return Envelope("tester", datetime(2026, 1, 23, tzinfo=UTC), uuid4())

    routers = [
        orchestrator.build_router(
            store, blobs, envelope_of, check_scenarios, lambda _envelope, _wish: {}, lambda _what, text: text
        ),
        scenario.build_router(store, envelope_of),
        marketdata.build_router(store, blobs, envelope_of, find_unsolved),
        ingestion.build_router(store, blobs, SnapshotCodec(), envelope_of),
    ]
    client = TestClient(create_app(routers, "commands", list, CollectorRegistry()))
    yield Service(client, store)
    store.close()
    database.close()


def zipped(*names: str, **more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or [path.name for path in EXAMPLE.glob("*.csv")]:
            archive.write(EXAMPLE / name, f"fund/{name}")
        for name, data in more.items():
            archive.writestr(name, data)
    return file.getvalue()


def brought(service: Service) -> dict[str, str]:
    portfolio = service.client.post("/api/v1/ingestion/portfolios", content=zipped()).json()
    market = service.post("/api/v1/marketdata/markets", content=MARKET).json()
    return {"portfolio": portfolio["snapshot_id"], "market": market["snapshot_id"]}


def is_problem(answer: Any, status: int, code: str) -> bool:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), answer.text
    return bool(body["detail"])


def test_a_portfolio_comes_as_a_zip_or_a_workbook(service: Service) -> None:
    answer = service.client.post("/api/v1/ingestion/portfolios", content=zipped())
    assert answer.status_code == 202, answer.text
    report = answer.json()
    assert report["rejected"] == 0
    assert answer.headers["location"] == f"/api/v1/ingestion/snapshots/{report['snapshot_id']}"
    assert report["event_position"] == service.store.head()
    again = service.client.post("/api/v1/ingestion/portfolios", content=zipped())
    assert (again.status_code, again.json()["snapshot_id"]) == (202, report["snapshot_id"])
    workbook = service.client.post("/api/v1/ingestion/portfolios", content=as_workbook())
    assert workbook.json()["sha256"] == report["sha256"]
    assert len(service.store.log(0, 10)) == 2, "registered and brought, once each"


def as_workbook() -> bytes:
    import csv

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for path in EXAMPLE.glob("*.csv"):
        sheet = book.add_worksheet(path.stem)
        for row, cells in enumerate(csv.reader(path.open(newline="", encoding="utf-8"))):
            for place, cell in enumerate(cells):
                if cell:
                    sheet.write_string(row, place, cell)
    book.close()
    return file.getvalue()


def test_a_dry_run_stores_nothing(service: Service) -> None:
    answer = service.client.post("/api/v1/ingestion/portfolios?dry_run=true", content=zipped())
    assert (answer.status_code, answer.json()["snapshot_id"]) == (200, None)
    assert service.store.head() == 0


def test_rows_that_cannot_be_used_are_named(service: Service) -> None:
    names = [path.name for path in EXAMPLE.glob("*.csv") if path.name != "positions.csv"]
    positions = b"position_id,instrument_id,book_id,notional\nX1,NO-SUCH,HARBOUR-CONSUMER,1\n"
    body = zipped(*names, **{"positions.csv": positions})
    answer = service.client.post("/api/v1/ingestion/portfolios", content=body)
    assert is_problem(answer, 422, "PORTFOLIO_REJECTED")
    (error,) = answer.json()["errors"]
    assert (error["table"], error["row"], error["column"]) == ("positions", 2, "instrument_id")


def test_rates_in_percent_are_refused_unless_they_are_meant(service: Service) -> None:
    names = [path.name for path in EXAMPLE.glob("*.csv") if path.name != "issuers.csv"]
    lines = [line.split(",") for line in (EXAMPLE / "issuers.csv").read_text().splitlines()]
    place = lines[0].index("pd_12m")
    for line in lines[1:]:
        line[place] = "0.75"
    body = zipped(*names, **{"issuers.csv": "\n".join(map(",".join, lines)).encode()})
    answer = service.client.post("/api/v1/ingestion/portfolios?dry_run=true", content=body)
    assert [error["code"] for error in answer.json()["errors"]] == ["PERCENT_SUSPECTED"]
    meant = service.client.post("/api/v1/ingestion/portfolios?dry_run=true&rates_are_decimals=true", content=body)
    assert meant.json()["errors"] == []
    assert meant.json()["attributes"]["instruments"] == ["isin"]


def test_a_run_is_asked_for(service: Service) -> None:
    answer = service.post(RUNS, brought(service) | {"measures": "PV,DV01"})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body == {"run_id": body["run_id"], "status": "REQUESTED", "event_position": service.store.head()}
    assert answer.headers["location"] == f"{RUNS}/{body['run_id']}"
    assert answer.headers["x-event-position"] == str(body["event_position"])


def test_the_same_key_is_the_same_run_and_another_body_is_refused(service: Service) -> None:
    body = brought(service) | {"measures": ["PV"]}
    first, again = service.post(RUNS, body, "key-1"), service.post(RUNS, body, "key-1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["run_id"] == again.json()["run_id"]
    assert is_problem(service.post(RUNS, body | {"measures": ["DV01"]}, "key-1"), 422, "IDEMPOTENCY_KEY_REUSED")
    assert service.post(RUNS, body, "key-2").json()["run_id"] != first.json()["run_id"]


def test_what_a_run_cannot_be_asked_with(service: Service) -> None:
    body = brought(service)
    assert is_problem(service.post(RUNS, body | {"portfolio": str(UUID(int=1))}), 404, "UNKNOWN_SNAPSHOT")
    assert is_problem(service.post(RUNS, body | {"market": body["portfolio"]}), 404, "UNKNOWN_SNAPSHOT")
    assert is_problem(service.post(RUNS, body | {"scenarios": ["nothing"]}), 404, "UNKNOWN_SCENARIO")
    assert is_problem(service.post(RUNS, body | {"measures": ["SHOE_SIZE"]}), 422, "UNKNOWN_MEASURE")
    assert is_problem(service.post(RUNS, body | {"measure": ["PV"]}), 422, "INVALID_REQUEST")
    assert is_problem(service.post(RUNS, body | {"base_currency": "dollars"}), 422, "INVALID_REQUEST")
    assert is_problem(service.post(RUNS, content=b"{"), 422, "INVALID_REQUEST")


def test_the_life_of_a_run(service: Service) -> None:
    run_id = service.post(RUNS, brought(service)).json()["run_id"]
    home = f"{RUNS}/{run_id}"
    assert is_problem(service.post(f"{home}/approve", {"reason": "early"}), 409, "RUN_REFUSED")
    service.finish(run_id)
    approved = service.post(f"{home}/approve", {"reason": "looks right"})
    assert (approved.status_code, approved.json()["status"]) == (202, "APPROVED")
    assert approved.headers["location"] == home
    assert service.post(f"{home}/publish").json() == {
        "run_id": run_id,
        "status": "PUBLISHED",
        "event_position": service.store.head(),
    }
    assert is_problem(service.post(f"{home}/reject"), 409, "RUN_REFUSED")
    assert is_problem(service.post(f"{home}/retry"), 409, "RUN_REFUSED")


def test_a_change_that_comes_twice_with_its_key_happens_once(service: Service) -> None:
    run_id = service.post(RUNS, brought(service)).json()["run_id"]
    service.finish(run_id)
    home = f"{RUNS}/{run_id}"
    first = service.post(f"{home}/approve", {"reason": "fine"}, "k")
    before = service.store.head()
    again = service.post(f"{home}/approve", {"reason": "fine"}, "k")
    assert (first.status_code, again.status_code, service.store.head()) == (202, 202, before)
    assert again.json() == first.json()
    assert is_problem(service.post(f"{home}/approve", {"reason": "other"}, "k"), 422, "IDEMPOTENCY_KEY_REUSED")
    assert is_problem(service.post(f"{home}/publish", {"reason": "fine"}, "k"), 422, "IDEMPOTENCY_KEY_REUSED")
    assert is_problem(service.post(f"{home}/approve", {"reason": "fine"}, "k2"), 409, "RUN_REFUSED")
    assert service.post(f"{home}/publish", {"reason": "fine"}).json()["status"] == "PUBLISHED"
    assert service.post(f"{home}/approve", {"reason": "fine"}, "k").json() == first.json(), "as it was answered"


def test_a_key_is_used_for_one_command_of_any_kind(service: Service) -> None:
    run = brought(service)
    one, other = (service.post(RUNS, run).json()["run_id"] for _ in range(2))
    assert service.post(f"{RUNS}/{one}/cancel", {"reason": "enough"}, "k").status_code == 202
    for address, body in (
        (f"{RUNS}/{other}/cancel", {"reason": "enough"}),
        (RUNS, run),
        ("/api/v1/scenario/scenarios", {"scenario_id": "s", "shocks": []}),
    ):
        assert is_problem(service.post(address, body, "k"), 422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("change", ["cancel", "retry", "approve", "reject", "publish"])
def test_nobody_knows_the_run(service: Service, change: str) -> None:
    assert is_problem(service.post(f"{RUNS}/{UUID(int=5)}/{change}"), 404, "UNKNOWN_RUN")
    assert is_problem(service.post(f"{RUNS}/nonsense/{change}"), 404, "UNKNOWN_RUN")
    of_a_market = service.post("/api/v1/marketdata/markets", content=MARKET).json()["snapshot_id"]
    assert is_problem(service.post(f"{RUNS}/{of_a_market}/{change}"), 404, "UNKNOWN_RUN")


def test_scenarios_are_defined_one_or_many(service: Service) -> None:
    one = service.post("/api/v1/scenario/scenarios", SCENARIO)
    assert one.status_code == 202, one.text
    assert one.json() == {"scenario_id": "up", "version": 1, "event_position": service.store.head()}
    assert one.headers["location"] == "/api/v1/scenario/scenarios/up"
    many = service.post("/api/v1/scenario/scenarios", [SCENARIO, SCENARIO | {"scenario_id": "also"}])
    assert [row["version"] for row in many.json()] == [1, 1]
    chosen = service.post("/api/v1/scenario/sets", {"scenario_set_id": "nightly", "scenarios": ["up", "also"]})
    assert (chosen.status_code, chosen.json()["version"]) == (202, 1)
    assert chosen.headers["location"] == "/api/v1/scenario/sets/nightly"
    bad = service.post("/api/v1/scenario/scenarios", {"scenario_id": "x", "shocks": [{"kind": "SOLAR"}]})
    assert is_problem(bad, 422, "INVALID_SCENARIO")
    assert bad.json()["problems"]


def test_a_market_is_loaded_once(service: Service) -> None:
    first = service.post("/api/v1/marketdata/markets", content=MARKET)
    assert first.status_code == 202, first.text
    body = first.json()
    assert body["as_of"] == json.loads(MARKET)["as_of"]
    assert first.headers["location"] == f"/api/v1/marketdata/markets/{body['snapshot_id']}"
    assert service.post("/api/v1/marketdata/markets", content=MARKET).json() == body
    assert is_problem(service.post("/api/v1/marketdata/markets", content=b"[1]"), 422, "INVALID_MARKET")


def test_a_market_says_what_it_warns_of_and_percent_is_refused(service: Service) -> None:
    document = json.loads(MARKET)
    assert service.post("/api/v1/marketdata/markets", document).json()["warnings"] == []
    document["fixings"][0]["rate"] = 4.31
    address = "/api/v1/marketdata/markets"
    refused = service.post(address, document)
    assert is_problem(refused, 422, "INVALID_MARKET")
    assert refused.json()["problems"][0]["code"] == "PERCENT_SUSPECTED"
    meant = service.post(f"{address}?rates_are_decimals=true", document)
    assert meant.status_code == 202 and [each["code"] for each in meant.json()["warnings"]] == ["PERCENT_SUSPECTED"]


def test_a_curve_without_a_solution_is_refused_when_it_is_loaded(service: Service) -> None:
    document = json.loads(MARKET)
    quotes = [{"type": "OIS", "tenor": "1Y", "rate": 0.25}, {"type": "OIS", "tenor": "13M", "rate": 0.01}]
    document["curves"].append({"curve_id": "STEEP", "currency": "USD", "kind": "PAR", "nodes": quotes})
    refused = service.post("/api/v1/marketdata/markets", document)
    assert is_problem(refused, 422, "INVALID_MARKET")
    problem = refused.json()["problems"][0]
    assert (
        problem["code"] == "CURVE_NOT_SOLVED" and problem["path"].endswith("nodes[1]") and "STEEP" in problem["message"]
    )


@pytest.mark.parametrize(
    ("address", "body", "nearest"),
    [
        ("orchestrator/runs", {"portfolio": "a", "market": "b", "measure": ["PV"]}, "measures"),
        ("orchestrator/runs/1/reject", {"reson": "x"}, "reason"),
    ],
)
def test_a_field_that_a_request_does_not_have_is_told_with_the_nearest(
    service: Service, address: str, body: dict[str, Any], nearest: str
) -> None:
    refused = service.post(f"/api/v1/{address}", body)
    assert is_problem(refused, 422, "INVALID_REQUEST") and f"did you mean '{nearest}'" in refused.json()["fix"]
