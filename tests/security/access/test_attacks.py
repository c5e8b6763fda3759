"""Every attack of the table is refused, and none learns anything."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from commands.manage_keys import create_key, revoke_key
from domain.access.keys import KeyTerms
from domain.event import Envelope
from ops.access.settings import Access, Auth, Oidc
from ops.http.server import BoundedProtocol
from ops.services import build_app
from tests.security.access.attacks import ATTACKS, Attack, World
from tests.security.access.conftest import MINE, OTHERS, Opened
from tests.security.access.provider import AUDIENCE, CLIENT, Provider, provider
from tests.security.serving import ask, said_to, served
from tests.security.serving import opened as connected

DOCS = Path(__file__).parents[3] / "docs" / "access.md"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(scope="module")
def client(opened: Opened, issuer: Provider) -> TestClient:
    settings = Oidc(issuer.issuer, AUDIENCE, CLIENT, None, "tenor_role", "tenor_nodes")
    access = Access(Auth.OIDC, settings, requests_per_second=10_000)
    return TestClient(build_app(opened.tenor, access=access), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def world(opened: Opened, issuer: Provider, client: TestClient) -> World:
    store, asked = opened.tenor.store, opened.tenor.envelope()
    viewer = opened.key("viewer", MINE, name="attacker")["Authorization"].removeprefix("Bearer ")
    long_ago = Envelope("local", datetime.now(UTC) - timedelta(days=2), uuid4())
    expired = str(create_key(store, long_ago, KeyTerms("late", "admin", (), "1d"))[0]["key"])
    revoked = create_key(store, asked, KeyTerms("gone", "admin"))[0]
    revoke_key(store, asked, str(revoked["key_id"]))
    signed = TestClient(client.app).post("/auth/sign-in", json={"key": viewer})
    whole = opened.key("viewer")
    rows = opened.get(f"results/runs/{opened.run_id}/positions?with=desk", whole).json()
    page = opened.get(f"results/runs/{opened.run_id}/positions?limit=10", whole)
    return World(
        issuer,
        viewer,
        opened.key("analyst", MINE, name="climber")["Authorization"].removeprefix("Bearer "),
        expired,
        str(revoked["key"]),
        signed.cookies["tenor_session"],
        opened.run_id,
        opened.portfolio,
        next(row["position_id"] for row in rows if row["desk"] == OTHERS),
        next(row["position_id"] for row in rows if row["desk"] == MINE),
        OTHERS,
        page.headers["link"].partition("cursor=")[2].partition(">")[0],
    )


def test_there_are_enough_of_them() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_the_attacker_has_something_that_counts(client: TestClient, world: World) -> None:
    """Else every attack would fail for want of it."""
    for headers in (
        {"Authorization": f"Bearer {world.viewer}"},
        {"Authorization": f"Bearer {world.issuer.token()}"},
        {"Cookie": f"tenor_session={world.session}"},
    ):
        assert TestClient(client.app).get("/auth/me", headers=headers).status_code == 200
    own = client.get(
        f"/api/v1/results/runs/{world.run}/positions/{world.own}", headers={"Authorization": f"Bearer {world.viewer}"}
    )
    assert own.status_code == 200


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused(client: TestClient, world: World, attack: Attack) -> None:
    path = attack.path
    for name in ("run", "portfolio", "theirs", "other_node", "whole_cursor"):
        path = path.replace(f"{{{name}}}", getattr(world, name))
    headers = attack.headers(world)
    if attack.body is not None and isinstance(headers, dict):
        headers = {"Content-Type": "application/json"} | headers
    alone = TestClient(client.app, raise_server_exceptions=False, follow_redirects=False)
    answer = alone.request(attack.method, path, headers=headers, content=attack.body)
    assert answer.status_code in attack.statuses, answer.text[:500]
    said = answer.text.replace(world.theirs, "") if answer.status_code == 200 else ""
    assert not [word for word in (*attack.never, world.theirs) if word in said]
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert world.viewer not in answer.text


def app_of(client: TestClient) -> FastAPI:
    return cast(FastAPI, client.app)


def test_a_slow_body_is_not_waited_for_without_credentials(client: TestClient) -> None:
    with served(app_of(client)) as port:
        head = b"POST /api/v1/ingestion/portfolios HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n"
        started = time.monotonic()
        connection = connected(port, head)
        connection.settimeout(20)
        assert connection.recv(4096).startswith(b"HTTP/1.1 401")
        assert time.monotonic() - started < 10
        connection.close()


class Hasty(BoundedProtocol):
    head_seconds = 0.3


def test_heads_that_never_end_shut_nobody_out(client: TestClient, world: World) -> None:
    with served(app_of(client), Hasty) as port:
        halves: list[socket.socket] = [connected(port, b"GET / HTTP/1.1\r\nAuthorization: Bearer ") for _ in range(50)]
        status, *_ = ask(port, "/auth/me", Authorization=f"Bearer {world.viewer}")
        assert status == 200
        assert said_to(halves[0]).startswith(b"HTTP/1.1 408")
        for half in halves:
            half.close()


def test_the_page_lists_every_attack() -> None:
    page = DOCS.read_text()
    assert [attack.name for attack in ATTACKS if attack.name not in page] == []
