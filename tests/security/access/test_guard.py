"""Every route of every service, asked in every role: the table says who may, and nothing is missing in it."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Route

from domain.access.roles import MAY, OPERATIONS, Right, Role, operations_of
from ops.access.guard import Guard, operation_of
from ops.access.settings import Access, Auth, Oidc
from ops.read_models import catch_up_catalogues
from ops.services import SERVICE_PORTS, build_app
from tests.security.access.conftest import KEYS, MINE, Opened
from tests.security.conftest import FUND

PROVIDER = Oidc("http://127.0.0.1:1/", "tenor", "page", None, "tenor_role", "tenor_nodes")
EVERYTHING_ON = Access(Auth.OIDC, PROVIDER)


@dataclass(frozen=True)
class Asked:
    operation: str
    method: str
    path: str


def routes_of(opened: Opened, *services: str) -> list[BaseRoute]:
    """As the guard is handed them."""
    app = build_app(opened.tenor, services or tuple(SERVICE_PORTS), EVERYTHING_ON)
    (guard,) = (each for each in app.user_middleware if str(each.cls) == str(Guard))
    return cast(list[BaseRoute], guard.kwargs["routes"])


def asked_of(routes: list[BaseRoute]) -> Iterator[Asked]:
    for route in routes:
        assert isinstance(route, Route | APIRoute), f"{route} is no route that has a name"
        for method in sorted(set(route.methods or ()) - {"HEAD"}):
            yield Asked(operation_of(route) or "", method, route.path)


def test_every_route_has_an_entry_and_every_entry_a_route(opened: Opened) -> None:
    found = {asked.operation for asked in asked_of(routes_of(opened))}
    assert found == set(OPERATIONS), found ^ set(OPERATIONS)


@pytest.mark.parametrize("service", SERVICE_PORTS)
def test_services_alone_have_no_routes_of_their_own(opened: Opened, service: str) -> None:
    assert {asked.operation for asked in asked_of(routes_of(opened, service))} <= set(OPERATIONS)


@pytest.mark.parametrize("role", Role)
def test_every_route_in_every_role(opened: Opened, role: Role) -> None:
    """What a role may is never 401 or 403, whatever else it is; what it may not is 403, whatever is sent."""
    who = opened.key(role, name=f"everything as {role}")
    client = TestClient(build_app(opened.tenor, access=KEYS), raise_server_exceptions=False)
    for asked in asked_of(routes_of(opened)):
        right = OPERATIONS[asked.operation]
        if right in (Right.OPEN, Right.SELF) or asked.operation == "orchestrator_stream_run_events":
            continue
        path = asked.path.replace("{run_id}", "no-such").replace("{", "").replace("}", "").replace(":path", "")
        how: dict[str, Any] = {"content": b"{}"} if asked.method == "POST" else {}
        answer = client.request(asked.method, path, headers=who | {"Content-Type": "application/json"}, **how)
        if role in MAY[right]:
            assert answer.status_code not in (401, 403), (asked, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN"), (asked, answer.text)


def test_every_route_without_credentials(opened: Opened) -> None:
    """One answer for all, whatever is asked for, there or not."""
    bodies = set()
    for asked in [*asked_of(routes_of(opened)), Asked("", "GET", "/no/such"), Asked("", "GET", "/api/v1/no/such")]:
        if OPERATIONS.get(asked.operation) is Right.OPEN:
            continue
        path = asked.path.replace("{", "").replace("}", "").replace(":path", "")
        for headers in ({}, {"Authorization": "Bearer tnr_000000000000_" + "x" * 43}, {"Authorization": "Basic eDp5"}):
            answer = opened.client.request(asked.method, path, headers=headers)
            assert answer.status_code == 401, (asked, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
            bodies.add(answer.content)
    assert len(bodies) == 1


def test_me_says_what_the_guard_does(opened: Opened) -> None:
    me = opened.client.get("/auth/me", headers=opened.key("viewer", MINE, name="vera")).json()
    assert (me["actor"], me["role"], me["nodes"], me["auth"]) == ("vera", "viewer", [MINE], "keys")
    assert me["may"] == operations_of(Role.VIEWER, is_whole=False)
    assert "results_list_positions" in me["may"]
    assert not {"audit_get_certificate", "orchestrator_submit_run", "orchestrator_list_keys"} & set(me["may"])
    local = TestClient(build_app(opened.tenor)).get("/auth/me").json()
    assert (local["actor"], local["role"], local["nodes"], local["auth"]) == ("local", "admin", ["*"], "local")
    assert local["may"] == sorted(OPERATIONS)


def test_local_may_say_who_it_is_and_others_may_not(opened: Opened) -> None:
    local = TestClient(build_app(opened.tenor))
    assert local.get("/auth/me", headers={"Tenor-Actor": "grace"}).json()["actor"] == "grace"
    vera = opened.key("viewer", name="vera") | {"Tenor-Actor": "grace"}
    assert opened.client.get("/auth/me", headers=vera).json()["actor"] == "vera"


def test_the_access_log_says_who_read_what(opened: Opened) -> None:
    reader = opened.key("viewer", MINE, name="reader of rows")
    rows = opened.get(f"results/runs/{opened.run_id}/positions?limit=3", reader).json()
    opened.get("orchestrator/keys", reader)
    log = opened.get("orchestrator/access-log?actor=reader of rows", opened.key("auditor")).json()
    told = [(entry["method"], entry["path"], entry["status"], entry["rows"], entry["role"]) for entry in log]
    positions = f"/api/v1/results/runs/{opened.run_id}/positions"
    assert told == [
        ("GET", "/api/v1/orchestrator/keys", 403, None, "viewer"),
        ("GET", positions, 200, len(rows), "viewer"),
    ]
    keys = opened.get("orchestrator/keys", opened.key("admin")).json()
    (mine,) = (key for key in keys if key["name"] == "reader of rows")
    assert mine["last_used_at"] is not None
    assert "tnr_" not in json.dumps(keys)


def test_a_retired_keys_reads_stay_in_the_log(opened: Opened) -> None:
    who = opened.key("viewer", name="short stay")
    opened.get("orchestrator/runs", who)
    admin = opened.key("admin")
    key_id = who["Authorization"].split("_")[1]
    assert opened.client.post(f"/api/v1/orchestrator/keys/{key_id}/revoke", headers=admin).status_code == 202
    assert opened.get("orchestrator/runs", who).status_code == 401
    assert len(opened.get("orchestrator/access-log?actor=short stay", admin).json()) == 1


def test_a_role_cancels_its_own_runs(opened: Opened) -> None:
    body = {"portfolio": opened.portfolio, "market": opened.market, "measures": ["PV"]}
    ann, bob = opened.key("analyst", name="ann"), opened.key("analyst", name="bob")
    made = opened.client.post("/api/v1/orchestrator/runs", json=body, headers=ann)
    assert made.status_code == 202
    run = made.headers["location"]
    refused = opened.client.post(f"{run}/cancel", headers=bob)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert opened.client.post(f"{run}/cancel", headers=ann).status_code == 202
    again = opened.client.post("/api/v1/orchestrator/runs", json=body, headers=ann).headers["location"]
    assert opened.client.post(f"{again}/cancel", headers=opened.key("operator")).status_code == 202


def test_an_idempotency_key_belongs_to_its_actor(opened: Opened) -> None:
    body = {"portfolio": opened.portfolio, "market": opened.market, "measures": ["PV"]}
    made = [
        opened.client.post(
            "/api/v1/orchestrator/runs",
            json=body,
            headers=opened.key("analyst", name=name) | {"Idempotency-Key": "one"},
        )
        for name in ("cleo", "cleo", "dora")
    ]
    ids = [answer.json()["run_id"] for answer in made]
    assert ids[0] == ids[1] != ids[2]


def test_a_key_is_told_once(opened: Opened) -> None:
    admin = opened.key("admin", name="admin of keys") | {"Idempotency-Key": "make it"}
    terms = {"name": "eve", "role": "viewer", "expires": "90d"}
    first, second = (
        opened.client.post("/api/v1/orchestrator/keys", json=terms, headers=admin).json() for _ in range(2)
    )
    assert first["key_id"] == second["key_id"]
    assert first["key"].startswith(f"tnr_{first['key_id']}_")
    assert (second["key"], second["nodes"]) == (None, ["*"])


def test_whoever_asks_too_often_waits(opened: Opened) -> None:
    slow = TestClient(build_app(opened.tenor, access=Access(Auth.KEYS, requests_per_second=2)))
    who, other = opened.key("viewer", name="eager"), opened.key("viewer", name="patient")
    answers = [slow.get("/auth/me", headers=who) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert next(answer for answer in answers if answer.status_code == 429).headers["retry-after"] == "1"
    assert slow.get("/auth/me", headers=other).status_code == 200


def test_open_runs_are_counted(opened: Opened) -> None:
    few = TestClient(build_app(opened.tenor, access=Access(Auth.KEYS, open_runs=1)))
    body = {"portfolio": opened.portfolio, "market": opened.market, "measures": ["PV"]}
    who = opened.key("analyst", name="busy")
    assert few.post("/api/v1/orchestrator/runs", json=body, headers=who).status_code == 202
    catch_up_catalogues(opened.tenor.storage)
    refused = few.post("/api/v1/orchestrator/runs", json=body, headers=who)
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_RUNS")


def zipped_fund() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in FUND.glob("*.csv"):
            archive.write(path, path.name)
    return file.getvalue()


def test_whoever_has_a_scope_brings_positions_below_it_alone(opened: Opened) -> None:
    body = zipped_fund()
    for nodes, status in ((("MERIDIAN",), 403), (("MERIDIAN", "HARBOUR"), 202), ((), 202)):
        who = opened.key("analyst", *nodes) | {"Content-Type": "application/zip"}
        answer = opened.client.post("/api/v1/ingestion/portfolios", content=body, headers=who)
        assert answer.status_code == status, answer.text[:500]
    refused = opened.client.post(
        "/api/v1/ingestion/portfolios",
        content=body,
        headers=opened.key("analyst", MINE) | {"Content-Type": "application/zip"},
    )
    assert refused.json()["code"] == "OUT_OF_SCOPE"
