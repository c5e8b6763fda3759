"""The frame: problems, caching, paging, headers, health, and what is refused."""

from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from query_api.http.app import create_app
from tests.builders.hand_made_run import CANCELLED_ID, FAILURES, MARKET_ID, PORTFOLIO_ID, RUN_ID, UNFINISHED_ID
from tests.query_api.conftest import Connect, client_over

RESULTS = f"/api/v1/results/runs/{RUN_ID}"
RUNS = "/api/v1/orchestrator/runs"
NOBODY = UUID(int=999)

REFUSALS = [
    (f"/api/v1/results/runs/{NOBODY}/positions", 404, "NOT_FOUND"),
    ("/api/v1/results/runs/no-such-run/positions", 404, "NOT_FOUND"),
    (f"{RUNS}/{NOBODY}", 404, "NOT_FOUND"),
    (f"{RUNS}/{NOBODY}/events", 404, "NOT_FOUND"),
    (f"/api/v1/marketdata/markets/{PORTFOLIO_ID}", 404, "NOT_FOUND"),
    (f"/api/v1/ingestion/snapshots/{NOBODY}", 404, "NOT_FOUND"),
    (f"/api/v1/portfolio/snapshots/{MARKET_ID}/tree", 404, "NOT_FOUND"),
    ("/api/v1/scenario/scenarios/none", 404, "NOT_FOUND"),
    ("/api/v1/scenario/scenarios/up100@3", 404, "NOT_FOUND"),
    ("/api/v1/scenario/sets/none", 404, "NOT_FOUND"),
    (f"{RESULTS}/positions/P9", 404, "NOT_FOUND"),
    ("/no/such/path", 404, "NOT_FOUND"),
    (f"{RESULTS}/positions?scenario=up200", 422, "BAD_QUERY"),
    (f"{RESULTS}/positions?measures=VEGA", 422, "BAD_QUERY"),
    (f"{RESULTS}/positions?cursor=%C3%A4", 422, "BAD_QUERY"),
    (f"{RESULTS}/positions?cursor=WyJhIl0", 422, "BAD_QUERY"),
    (f"{RESULTS}/positions?limit=0", 422, "INVALID_REQUEST"),
    (f"{RESULTS}/positions/%00", 422, "CONTROL_CHARACTER"),
    (f"{RESULTS}/positions?as_of_event=11", 422, "NO_HISTORY"),
    (f"{RUNS}?as_of_event=3", 422, "NO_HISTORY"),
    (f"{RESULTS}/positions?format=pdf", 406, "NOT_ACCEPTABLE"),
    (f"{RESULTS}/totals?by=shoe_size", 422, "BAD_QUERY"),
    (f"{RESULTS}/totals", 422, "INVALID_REQUEST"),
    (f"{RESULTS}/top?measure=YIELD", 422, "BAD_QUERY"),
    (f"{RESULTS}/top?measure=KEY_RATE_DV01", 422, "BAD_QUERY"),
    (f"/api/v1/results/runs/{UNFINISHED_ID}/positions", 409, "RUN_NOT_QUERYABLE"),
    (f"/api/v1/results/runs/{CANCELLED_ID}/totals?by=desk", 409, "RUN_NOT_QUERYABLE"),
    (f"/api/v1/risk/runs/{RUN_ID}/key-rates?by=nothing", 404, "NOT_FOUND"),
]


@pytest.mark.parametrize(("address", "status", "code"), REFUSALS)
def test_every_refusal_is_a_problem_document(client: TestClient, address: str, status: int, code: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"] == "/docs/problems/" + code.lower().replace("_", "-")
    assert body["title"] and body["detail"]


@pytest.mark.parametrize(
    ("address", "fix"),
    [
        ("/api/v1/scenario/scenarios/UP100", "the nearest: up100"),
        ("/api/v1/scenario/scenarios/base", "the nearest: BASE"),
        ("/api/v1/scenario/scenarios/up100@3", "its versions are 1 to 2"),
        ("/api/v1/scenario/scenarios/qqqqq", "`tenor scenario list` names the scenarios"),
        ("/no/such/path", "see /openapi.json for the addresses and their methods"),
    ],
)
def test_what_is_not_there_is_answered_with_what_may_be_meant(client: TestClient, address: str, fix: str) -> None:
    assert client.get(address).json()["fix"] == fix


def test_a_run_without_figures_says_how_far_it_is(client: TestClient) -> None:
    body = client.get(f"/api/v1/results/runs/{UNFINISHED_ID}/positions").json()
    done = {"done": [[0, 0]], "excepted": []}
    assert body["progress"] == {"chunks": 2, "chunks_done": 1, "failed_chunks": []} | done
    assert (body["run_id"], body["status"]) == (str(UNFINISHED_ID), 409)
    assert body["run_status"] == "RUNNING"


def test_an_unknown_grouping_is_answered_with_those_that_there_are(client: TestClient) -> None:
    groupings = client.get(f"{RESULTS}/totals?by=shoe_size").json()["groupings"]
    assert groupings == ["book", "currency", "desk", "node", "total"]
    assert client.get(f"{RESULTS}/groupings").json() == groupings


def test_what_was_sent_is_not_echoed(client: TestClient) -> None:
    answer = client.get(f"{RESULTS}/positions?limit=hunter2")
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert answer.json()["errors"][0]["loc"] == ["query", "limit"]


def test_a_method_that_is_not_there(client: TestClient) -> None:
    answer = client.delete(RUNS)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET"


def test_none_of_the_types_asked_for(client: TestClient) -> None:
    assert client.get(f"{RESULTS}/positions", headers={"Accept": "image/png"}).status_code == 406
    chosen = client.get(f"{RESULTS}/positions", headers={"Accept": "image/png, text/csv;q=0.5, application/json;q=0.4"})
    assert chosen.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    "address", [f"{RESULTS}/positions", f"{RESULTS}/totals?by=desk", f"{RUNS}/{RUN_ID}", f"{RESULTS}/positions/P1"]
)
def test_an_answer_that_one_has_is_not_sent_again(client: TestClient, address: str) -> None:
    first = client.get(address)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Accept, Authorization, Cookie, Accept-Encoding"
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_formats_and_questions_have_tags_of_their_own(client: TestClient) -> None:
    addresses = ["positions", "positions?format=csv", "positions?scenario=BASE", "totals?by=desk", "totals?by=book"]
    assert len({client.get(f"{RESULTS}/{address}").headers["etag"] for address in addresses}) == len(addresses)


def test_a_rebuild_that_corrects_a_published_run_is_seen(own_connect: Connect) -> None:
    """A rebuilt read model may correct a figure: whoever holds the old answer is told, published or not."""
    client = client_over(own_connect)
    with own_connect() as connection:
        connection.execute("UPDATE projection.run_v1 SET status = 'PUBLISHED' WHERE run_id = %s", (RUN_ID,))
    for address in (f"{RESULTS}/positions", f"{RESULTS}/totals?by=desk", f"{RESULTS}/positions/P1", f"{RUNS}/{RUN_ID}"):
        caching = client.get(address).headers["cache-control"]
        assert caching == "private, no-cache"
    before = client.get(f"{RESULTS}/positions").headers["etag"]
    with own_connect() as connection:
        connection.execute("UPDATE read_model_version SET state = 'RETIRED' WHERE read_model = 'result'")
        connection.execute(
            "INSERT INTO read_model_version (read_model, version, state, tables, swapped_at) "
            "VALUES ('result', 2, 'LIVE', '{}', now())"
        )
    after = client.get(f"{RESULTS}/positions", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after.headers["etag"] != before


def walked(client: TestClient, address: str) -> list[Any]:
    rows: list[Any] = []
    while address:
        answer = client.get(address)
        rows += answer.json()
        address = answer.links.get("next", {}).get("url", "")
    return rows


@pytest.mark.parametrize(
    "address",
    [RUNS, "/api/v1/scenario/scenarios", "/api/v1/scenario/sets", "/api/v1/marketdata/markets"],
)
def test_lists_page_by_key(client: TestClient, address: str) -> None:
    whole = client.get(address).json()
    assert whole
    assert walked(client, f"{address}?limit=1") == whole
    assert walked(client, f"{address}?limit=2") == whole


def test_runs_are_listed_newest_first(client: TestClient) -> None:
    answer = client.get(RUNS)
    assert [row["run_id"] for row in answer.json()] == [str(each) for each in (CANCELLED_ID, UNFINISHED_ID, RUN_ID)]
    assert {"run_id", "status", "portfolio_snapshot_id", "market_snapshot_id", "requested_at"} <= set(answer.json()[0])
    assert answer.headers["x-total-count"] == "3"


def test_a_run_as_a_document(client: TestClient) -> None:
    run = client.get(f"{RUNS}/{RUN_ID}").json()
    wanted = {"status": "COMPLETED_WITH_EXCEPTIONS", "positions": 5, "priced": 4, "failed": 1, "results": 10}
    assert run.items() >= {"run_id": str(RUN_ID), "seconds": 3.5, **wanted}.items()
    assert (run["partial"], run["failures"]) == (0, FAILURES)
    assert client.get(f"{RUNS}/{UNFINISHED_ID}").json()["results"] == 0


def test_history_is_kept_where_events_are(client: TestClient) -> None:
    def events(query: str) -> list[str]:
        return [row["event"] for row in client.get(f"{RUNS}/{RUN_ID}/history{query}").json()]

    assert events("") == ["run.requested", "run.planned", "run.completed"]
    assert events("?as_of_event=8") == ["run.requested", "run.planned"]
    versions = {query: client.get(f"/api/v1/scenario/scenarios/up100{query}").json()["version"] for query in ("", "@1")}
    assert versions == {"": 2, "@1": 1}
    assert client.get("/api/v1/scenario/scenarios/up100?as_of_event=3").json()["version"] == 1
    assert client.get("/api/v1/scenario/scenarios/up100?as_of_event=2").status_code == 404
    assert client.get("/api/v1/ingestion/snapshots?as_of_event=0").json() == []
    assert client.get(f"{RESULTS}/positions?as_of_event=12").status_code == 200


def test_base_always_exists(client: TestClient) -> None:
    listed = client.get("/api/v1/scenario/scenarios").json()
    assert [(row["scenario_id"], row["version"]) for row in listed] == [
        ("BASE", 1),
        ("Zero", 1),
        ("down", 1),
        ("up100", 2),
    ]
    assert client.get("/api/v1/scenario/scenarios/BASE").json()["document"]["shocks"] == []


def test_a_market_is_its_document_named_by_its_hash(client: TestClient) -> None:
    answer = client.get(f"/api/v1/marketdata/markets/{MARKET_ID}")
    assert answer.content == b'{"as_of":"2026-01-23"}'
    assert answer.headers["etag"] == f'"{2:064x}"'
    assert answer.headers["cache-control"] == "private, no-cache"


def test_the_tree_with_totals(client: TestClient) -> None:
    nodes = client.get(f"/api/v1/portfolio/runs/{RUN_ID}/tree?measures=PV,DV01").json()
    assert [node["node_id"] for node in nodes] == ["F", "<D>", "B1", "B2"]
    desk = nodes[1]
    assert (desk["path"], desk["left_out"], desk["dv01"]) == (["F", "<D>"], 1, None)
    assert desk["dv01_base"] == 11 + 22 * 1.09 - 33
    assert nodes[2]["pv_base"] is None  # nothing is kept for it
    plain = client.get(f"/api/v1/portfolio/snapshots/{PORTFOLIO_ID}/tree").json()
    assert [node["kind"] for node in plain] == ["FUND", "DESK", "BOOK", "BOOK"]


def test_every_answer_has_the_headers_of_a_careful_server(client: TestClient) -> None:
    for address in ("/", "/healthz", RUNS, "/no/such/path"):
        headers = client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self';" in headers["content-security-policy"]


def test_another_host_name_is_refused(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"Host": "evil.example:8000"})
    assert (answer.status_code, answer.json()["code"]) == (421, "HOST_NOT_ALLOWED")
    assert client.get("/healthz", headers={"Host": "[::1]:8000"}).status_code == 200


def test_a_body_is_counted_as_it_arrives() -> None:
    def endless() -> Any:
        for _ in range(20):
            yield bytes(1024 * 1024)

    router = APIRouter()

    @router.post("/swallow")
    def swallow(body: dict[str, int]) -> None: ...

    small = TestClient(create_app([router], "small", list, CollectorRegistry()))
    answer = small.post("/swallow", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    said = small.post("/swallow", content=b"{}", headers={"Content-Length": "99999999999"})
    assert said.status_code == 413


def test_health_readiness_and_metrics(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready", "problems": []}
    client.get(f"{RUNS}/{RUN_ID}")
    counted = client.get("/metrics").text
    assert 'tenor_http_requests_total{method="GET",route="/api/v1/orchestrator/runs/{run_id}",status="200"}' in counted
    assert str(RUN_ID) not in counted
    waiting = TestClient(create_app([], "waiting", lambda: ["the database does not answer"], CollectorRegistry()))
    assert (waiting.get("/readyz").status_code, waiting.get("/healthz").status_code) == (503, 200)


def test_what_breaks_says_nothing_of_itself() -> None:
    router = APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise RuntimeError("postgresql://tenor:s3cret@host")

    app = create_app([router], "broken", list, CollectorRegistry())
    answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert "s3cret" not in answer.text


def test_openapi_names_every_operation_once(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        (service,) = operation["tags"]
        assert operation["operationId"].startswith(f"{service}_")


def test_the_progress_of_a_settled_run_ends(client: TestClient) -> None:
    answer = client.get(f"{RUNS}/{RUN_ID}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [frame.split("\n") for frame in answer.text.strip().split("\n\n")]
    assert [frame[0] for frame in frames[:3]] == ["id: 7", "id: 8", "id: 12"]
    assert [frame[-2] for frame in frames] == [
        *("event: run.requested", "event: run.planned", "event: run.completed", "event: progress", "event: end")
    ]
    later = client.get(f"{RUNS}/{RUN_ID}/events", headers={"Last-Event-ID": "8"}).text
    assert later.startswith("id: 12\n")
    assert client.get(f"{RUNS}/{RUN_ID}/events", headers={"Last-Event-ID": "x"}).status_code == 422


def test_scenarios_are_listed_with_their_documents_where_asked(client: TestClient) -> None:
    plain = client.get("/api/v1/scenario/scenarios").json()
    assert all("document" not in row for row in plain)
    whole = client.get("/api/v1/scenario/scenarios?documents=true").json()
    assert [{name: row[name] for name in row if name != "document"} for row in whole] == plain
    assert {row["scenario_id"]: row["document"].get("shocks") for row in whole}["up100"][0]["bp"] == 200
