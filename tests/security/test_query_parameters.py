"""A parameter that a route does not know is never ignored: on every route of every service."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ops.services import SERVICE_PORTS, build_app
from ops.wiring import Tenor

NOBODY = "00000000-0000-0000-0000-000000000999"
ALONE = ("/healthz", "/readyz", "/metrics", "/openapi.json")


@pytest.fixture(scope="module")
def apps(tenor: Tenor) -> dict[str, TestClient]:
    names = {name: (name,) for name in SERVICE_PORTS} | {"all": tuple(SERVICE_PORTS)}
    return {
        name: TestClient(build_app(tenor, services), raise_server_exceptions=False) for name, services in names.items()
    }


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route with its method, and a value for each place in its path."""
    described = client.get("/openapi.json").json()
    for template, methods in described["paths"].items():
        for method, operation in methods.items():
            path = template
            for parameter in operation.get("parameters", []):
                path = path.replace("{" + parameter["name"] + "}", "1" if parameter["in"] == "path" else "")
            yield method, path, operation
    yield from (("get", path, {}) for path in ALONE)


@pytest.mark.parametrize("service", [*SERVICE_PORTS, "all"])
def test_every_route_refuses_what_it_does_not_know(apps: dict[str, TestClient], service: str) -> None:
    client = apps[service]
    seen = 0
    for method, path, _ in operations(client):
        answer = client.request(method, f"{path}?no_such_parameter=1")
        if method == "post" and answer.json()["code"] in ("INVALID_REQUEST", "UNSUPPORTED_MEDIA_TYPE"):
            answer = client.request(method, f"{path}?no_such_parameter=1", json={})
        assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_PARAMETER"), f"{method} {path}"
        seen += 1
    assert seen >= len(ALONE)


def test_every_parameter_is_refused_twice(apps: dict[str, TestClient]) -> None:
    client = apps["all"]
    for method, path, operation in operations(client):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                name = parameter["name"]
                answer = client.request(method, f"{path}?{name}=1&{name}=1")
                assert answer.json()["code"] == "REPEATED_PARAMETER", f"{method} {path} {name}"
                assert answer.json()["parameter"] == name


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("results/runs/{run}/totals?bye=desk", "by"),
        ("results/runs/{run}/positions?scenarios=up100", "scenario"),
        ("results/runs/{run}/positions?Format=csv", "format"),
        ("results/runs/{run}/top?measures=PV", "measure"),
        ("risk/runs/{run}/var?confidnce=0.9", "confidence"),
        ("orchestrator/runs?limits=3", "limit"),
        ("scenario/scenarios?as-of-event=3", "as_of_event"),
        ("results/runs/{run}/positions?book=B1", None),
        ("results/runs/{run}/positions?sorted=pv", "sort"),
    ],
)
def test_the_nearest_name_is_said(apps: dict[str, TestClient], asked: str, nearest: str | None) -> None:
    answer = apps["all"].get("/api/v1/" + asked.format(run=NOBODY))
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "UNKNOWN_PARAMETER")
    assert answer.headers["content-type"] == "application/problem+json"
    if nearest:
        assert body["nearest"] == nearest
        assert f"write {nearest}" in body["fix"]
    assert body["parameters"] and body["fix"]


def test_the_value_of_what_is_refused_is_not_echoed(apps: dict[str, TestClient]) -> None:
    answer = apps["all"].get("/api/v1/orchestrator/runs?token=hunter2")
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert len(apps["all"].get("/healthz?" + "x" * 5000).text) < 1000
