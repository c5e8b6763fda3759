"""What a server says of itself: services, OpenAPI documents; and how long it waits for a reader's own writes."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ops.services import SERVICE_PORTS, build_app
from ops.wiring import Tenor
from query_api.http.gateway import SERVICES
from query_api.http.openapi import STATUSES
from tests.security.conftest import FUND, Service

RUNS = "/api/v1/orchestrator/runs"


def test_the_gateway_lists_the_ten_services(client: TestClient) -> None:
    rows = client.get("/api/v1").json()
    assert [(row["service"], row["port"]) for row in rows] == list(SERVICE_PORTS.items())
    assert set(SERVICES) == set(SERVICE_PORTS)
    page = client.get("/api/v1", headers={"Accept": "text/html"}).text
    assert all(row["openapi"] in page for row in rows)


@pytest.mark.parametrize("service", SERVICE_PORTS)
def test_every_service_has_an_openapi_document_of_its_own(client: TestClient, tenor: Tenor, service: str) -> None:
    own = client.get(f"/api/v1/{service}/openapi.json").json()
    assert own["info"]["title"] == f"Tenor {service}"
    assert own["paths"] and all(path.startswith(f"/api/v1/{service}/") for path in own["paths"])
    alone = TestClient(build_app(tenor, (service,)))
    assert set(alone.get(f"/api/v1/{service}/openapi.json").json()["paths"]) == set(own["paths"])
    assert [row["service"] for row in alone.get("/api/v1").json()] == [service]
    other = next(name for name in SERVICE_PORTS if name != service)
    assert alone.get(f"/api/v1/{other}/openapi.json").status_code == 404


def described(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(method, path, operation) for path, methods in paths.items() for method, operation in methods.items()]


def test_every_operation_says_every_status_with_an_example(client: TestClient) -> None:
    pages: set[str] = set()
    for method, path, operation in described(client):
        responses = operation["responses"]
        assert any(status.startswith("2") for status in responses), path
        assert {"422", "500", "503", "421"} <= set(responses), path
        assert ("304" in responses) is (method == "get" and path.startswith("/api/v1/")), path
        assert ("415" in responses) is (method != "get"), path
        for status, said in responses.items():
            if int(status) >= 400:
                example = said["content"]["application/problem+json"]["example"]
                assert example["status"] == int(status) and int(status) in STATUSES
                pages.add(example["type"])
    assert all(client.get(page).status_code == 200 for page in pages)


def test_every_operation_has_an_example_of_what_is_asked_and_answered(client: TestClient) -> None:
    lacking = []
    for method, path, operation in described(client):
        required = [each for each in operation.get("parameters", []) if each.get("required")]
        lacking += [f"{method} {path} {each['name']}" for each in required if "example" not in each]
        bodies = operation.get("requestBody", {}).get("content", {}).items()
        lacking += [f"{method} {path} {kind}" for kind, body in bodies if is_text(kind) and "example" not in body]
    assert lacking == []


def is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind == "application/json"


def test_a_read_waits_for_what_its_reader_has_written(fresh: Service) -> None:
    answer = fresh.post("marketdata/markets", content=(FUND / "market.json").read_bytes())
    position = answer.headers["x-event-position"]
    started = time.monotonic()
    refused = fresh.client.get(f"/api/v1/marketdata/markets?min_position={position}")
    assert time.monotonic() - started > 1.5
    assert (refused.status_code, refused.json()["code"]) == (503, "READ_MODEL_BEHIND")
    assert int(refused.headers["retry-after"]) > 0
    fresh.catch_up()
    seen = fresh.client.get(f"/api/v1/marketdata/markets?min_position={position}")
    assert (seen.status_code, len(seen.json())) == (200, 1)


@pytest.mark.parametrize("text", ["-1", "x", "1.5", "", "9" * 40, "%00"])
def test_a_position_that_is_none_is_refused(client: TestClient, text: str) -> None:
    answer = client.get(f"{RUNS}?min_position={text}")
    assert answer.status_code == 422, answer.text


def test_a_position_is_of_reads_alone_and_changes_no_etag(client: TestClient) -> None:
    assert client.post(f"{RUNS}?min_position=0", json={}).json()["code"] in ("UNKNOWN_PARAMETER", "INVALID_REQUEST")
    assert client.get("/healthz?min_position=0").json()["code"] == "UNKNOWN_PARAMETER"
    plain, with_position = client.get(RUNS), client.get(f"{RUNS}?min_position=0")
    assert plain.headers["etag"] == with_position.headers["etag"]
