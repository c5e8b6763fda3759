"""The access log: strangers stand in it without what they presented, and it is shortened by one way alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from commands.manage_keys import create_key
from commands.prune_access_log import prune_access_log
from domain.access.keys import KeyTerms
from domain.access.log_pruning import AccessLogPruned, access_log_stream
from domain.refusals import Refused
from ops.access.pruning import Pruning
from ops.access.settings import Access, Auth
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor

NOBODYS = f"tnr_0123456789ab_{'s' * 43}"
RUNS = "/api/v1/orchestrator/runs"
LOG = "/api/v1/orchestrator/access-log"


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    made = Tenor(Settings(tmp_path, database_url), database_url)
    yield made
    made.close()


@pytest.fixture
def client(tenor: Tenor) -> TestClient:
    return TestClient(build_app(tenor, access=Access(Auth.KEYS)), raise_server_exceptions=False)


def bearer(tenor: Tenor, role: str) -> dict[str, str]:
    made, _ = create_key(tenor.store, tenor.envelope(), KeyTerms(role, role))
    return {"Authorization": f"Bearer {made['key']}"}


def test_who_is_turned_away_stands_in_the_log_without_what_they_presented(tenor: Tenor, client: TestClient) -> None:
    for headers in ({}, {"Authorization": f"Bearer {NOBODYS}"}, {"Authorization": "Bearer eyJhbGciOi.a.b"}):
        assert client.get(RUNS, headers=headers).status_code == 401
    assert client.get(f"{RUNS}/{NOBODYS}").status_code == 401
    assert client.post("/auth/session", json={"key": NOBODYS}).status_code == 401
    told = client.get(LOG, headers=bearer(tenor, "auditor")).json()
    strangers = [each for each in told if each["status"] == 401]
    assert {(each["actor"], each["role"]) for each in strangers} == {("", "")}
    assert [each["path"] for each in strangers] == [
        "/auth/session",
        f"{RUNS}/tnr_0123456789ab_***",
        *[RUNS] * 3,
    ]
    with tenor.database.connect() as connection:
        rows = connection.execute("SELECT * FROM access_log").fetchall()
        ids = connection.execute("SELECT key_id FROM access_log WHERE status = 401 ORDER BY entry_no").fetchall()
    assert [each for (each,) in ids] == [None, "0123456789ab", None, None, None]
    assert "s" * 43 not in str(rows) and "eyJhbGciOi" not in str(rows)


def test_a_flood_of_strangers_does_not_fill_the_log(tenor: Tenor, client: TestClient) -> None:
    for _ in range(300):
        client.get(RUNS)
    told = client.get(LOG, headers=bearer(tenor, "auditor"), params={"limit": 1000}).json()
    assert 0 < sum(each["status"] == 401 for each in told) < 300


def aged(tenor: Tenor, *days: float) -> None:
    with tenor.database.connect() as connection:
        for age in days:
            connection.execute(
                "INSERT INTO access_log (at, actor, role, method, path, operation, status) "
                "VALUES (now() - make_interval(secs => %s), 'ada', 'viewer', 'GET', '/', '', 200)",
                (age * 86_400,),
            )


def ages(tenor: Tenor) -> list[int]:
    with tenor.database.connect() as connection:
        found = connection.execute("SELECT extract(day FROM now() - at)::int FROM access_log ORDER BY at").fetchall()
    return [age for (age,) in found]


def test_what_is_older_than_is_kept_goes_and_the_log_of_events_says_so(tenor: Tenor) -> None:
    aged(tenor, 500, 399, 401, 31, 1)
    document, position = prune_access_log(tenor.store, tenor.envelope("grace"), "400d")
    assert (document["entries"], ages(tenor)) == (2, [399, 31, 1])
    (event,) = tenor.store.stream(access_log_stream())
    assert isinstance(event, AccessLogPruned)
    assert (event.entries, event.actor, tenor.store.position(access_log_stream(), 1)) == (2, "grace", position)
    assert prune_access_log(tenor.store, tenor.envelope(), "400d")[0]["entries"] == 0
    assert len(tenor.store.stream(access_log_stream())) == 1


def test_thirty_days_are_always_kept(tenor: Tenor) -> None:
    aged(tenor, 40, 29)
    for keep in ("29d", "12h", "1w", "soon"):
        with pytest.raises(Refused):
            prune_access_log(tenor.store, tenor.envelope(), keep)
    later = replace(tenor.envelope(), now=datetime.now(UTC) + timedelta(days=1_000))
    assert prune_access_log(tenor.store, later, "30d")[0]["entries"] == 1  # by the database's clock, not ours
    assert ages(tenor) == [29]


@pytest.mark.parametrize("statement", [
    "DELETE FROM access_log", "UPDATE access_log SET actor = 'bob'", "TRUNCATE access_log",
    "SET tenor.access_log_before = '2100-01-01'; DELETE FROM access_log",
])  # fmt: skip
def test_there_is_no_other_way(tenor: Tenor, database_url: str, statement: str) -> None:
    aged(tenor, 100, 1)
    with tenor.database.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
    with psycopg.connect(database_url, autocommit=True) as owner, pytest.raises(psycopg.Error):
        owner.execute(statement)
    assert len(ages(tenor)) == 2


def test_an_hour_passes_between_two_looks(tenor: Tenor) -> None:
    aged(tenor, 100)
    now = [datetime.now(UTC)]
    pruning = Pruning(tenor.store, lambda actor=None: replace(tenor.envelope(actor), now=now[0]), "30d")
    assert (pruning.step(), pruning.step()) == (1, 0)
    aged(tenor, 100)
    now[0] += timedelta(minutes=59)
    assert pruning.step() == 0
    now[0] += timedelta(minutes=2)
    assert pruning.step() == 1


def test_admins_alone_prune_over_http(tenor: Tenor, client: TestClient) -> None:
    aged(tenor, 100)
    body: dict[str, Any] = {"json": {"keep": "60d"}}
    for role in ("viewer", "analyst", "operator", "approver", "auditor"):
        assert client.post(f"{LOG}/prune", headers=bearer(tenor, role), **body).status_code == 403
    answer = client.post(f"{LOG}/prune", headers=bearer(tenor, "admin"), **body)
    assert (answer.status_code, answer.json()["entries"]) == (202, 1)
    refused = client.post(f"{LOG}/prune", headers=bearer(tenor, "admin"), json={"keep": "1d"})
    assert (refused.status_code, refused.json()["code"]) == (422, "ACCESS_LOG_TOO_SHORT")
