"""Who is let in with a key, and who is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from commands.manage_keys import create_key
from domain.access.keys import KeyTerms
from ops.access.settings import Access, Auth
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    made = Tenor(Settings(tmp_path, database_url), database_url)
    yield made
    made.close()


@pytest.fixture
def client(tenor: Tenor) -> TestClient:
    return TestClient(build_app(tenor, access=Access(Auth.KEYS)), raise_server_exceptions=False)


def test_a_key_opens_and_a_revoked_one_does_not(tenor: Tenor, client: TestClient) -> None:
    made, _ = create_key(tenor.store, tenor.envelope(), KeyTerms("ada", "admin"))
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/api/v1/orchestrator/runs").status_code == 401
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/orchestrator/runs", headers=bearer).json() == []
    me = client.get("/auth/me", headers=bearer).json()
    assert (me["actor"], me["role"], me["nodes"], me["auth"]) == ("ada", "admin", ["*"], "keys")
    assert "orchestrator_create_key" in me["may"]
    answer = client.post(
        "/api/v1/orchestrator/keys",
        json={"name": "bob", "role": "viewer", "nodes": ["D1"], "expires": "90d"},
        headers=bearer,
    )
    assert answer.status_code == 202
    bob = {"Authorization": f"Bearer {answer.json()['key']}"}
    assert client.get("/api/v1/orchestrator/runs", headers=bob).status_code == 200
    assert client.get("/api/v1/orchestrator/keys", headers=bob).status_code == 403
    signed = client.post("/auth/sign-in", json={"key": answer.json()["key"]})
    assert signed.status_code == 200 and "HttpOnly" in signed.headers["set-cookie"]
    assert client.get("/auth/me").json()["actor"] == "bob"
    client.post(f"/api/v1/orchestrator/keys/{answer.json()['key_id']}/revoke", headers=bearer)
    assert client.get("/auth/me").status_code == 401
    assert client.get("/api/v1/orchestrator/runs", headers=bob).status_code == 401
    listed = client.get("/api/v1/orchestrator/keys", headers=bearer).json()
    assert [one["name"] for one in listed] == ["bob", "ada"]
    log = client.get("/api/v1/orchestrator/access-log", headers=bearer).json()
    assert {one["actor"] for one in log} == {"ada", "bob", ""}
