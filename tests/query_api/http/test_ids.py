"""Ids by their beginning, and `latest`, wherever a path asks for one."""

from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.builders.hand_made_run import MARKET_ID, PORTFOLIO_ID, RUN_ID
from tests.query_api.conftest import Connect, client_over

RUNS = "/api/v1/orchestrator/runs"


@pytest.fixture
def spread(own_connect: Connect) -> TestClient:
    """Runs whose ids differ early: ab12…, ab34…, and the finished one as it is."""
    with own_connect() as connection:
        for place, beginning in ((101, "ab12"), (102, "ab34")):
            new = UUID(beginning.ljust(32, "0"))
            connection.execute("UPDATE projection.run_v1 SET run_id = %s WHERE run_id = %s", (new, UUID(int=place)))
    return client_over(own_connect)


def test_a_beginning_that_fits_one(spread: TestClient) -> None:
    assert spread.get(f"{RUNS}/ab1").json()["run_id"].startswith("ab120000-")
    assert spread.get(f"{RUNS}/AB340000-00").json()["run_id"].startswith("ab340000-")
    assert spread.get("/api/v1/results/runs/0/positions?limit=1").status_code == 200


def test_a_beginning_that_fits_two_lists_both(spread: TestClient) -> None:
    answer = spread.get(f"{RUNS}/ab")
    assert (answer.status_code, answer.json()["code"]) == (409, "AMBIGUOUS_ID")
    assert [each[:4] for each in answer.json()["ids"]] == ["ab34", "ab12"]
    assert all(each in answer.json()["detail"] for each in answer.json()["ids"])


@pytest.mark.parametrize(
    ("typed", "fix"),
    [
        ("ab12000001", "the nearest: ab120000-"),
        ("ffff", "tenor run list"),
        ("nonsense", "tenor run list"),
        ("ab-12", "tenor run list"),
        (str(UUID(int=9)), "tenor run list"),
    ],
)
def test_what_begins_none(spread: TestClient, typed: str, fix: str) -> None:
    answer = spread.get(f"{RUNS}/{typed}")
    assert answer.status_code == 404
    assert fix in answer.json()["fix"]


def test_latest_is_the_newest_that_has_figures(spread: TestClient) -> None:
    assert spread.get(f"{RUNS}/latest").json()["run_id"] == str(RUN_ID)
    assert spread.get("/api/v1/ingestion/snapshots/latest").json()["snapshot_id"] == str(PORTFOLIO_ID)
    assert spread.get("/api/v1/marketdata/markets/latest").status_code == 200
    named = spread.get(f"/api/v1/portfolio/snapshots/{str(PORTFOLIO_ID)[:35]}/tree")
    assert named.status_code == 200
    assert MARKET_ID != PORTFOLIO_ID


def test_there_is_no_latest_before_the_first(own_connect: Connect) -> None:
    with own_connect() as connection:
        connection.execute("DELETE FROM projection.result_run_v1")
    answer = client_over(own_connect).get(f"{RUNS}/latest")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no run has completed yet")


def test_a_snapshot_is_listed_once_for_each_name_and_date(own_connect: Connect) -> None:
    insert = (
        "INSERT INTO projection.snapshot_brought_v1 (log_position, snapshot_id, name, as_of, brought_at, actor) "
        "VALUES (%s, %s, %s, %s, now(), 'ada')"
    )
    with own_connect() as connection:
        for position, name, day in ((20, "emea", "2026-01-02"), (21, "emea", "2026-01-03"), (22, "apac", "2026-01-03")):
            connection.execute(insert, (position, PORTFOLIO_ID, name, day))
    client = client_over(own_connect)
    answer = client.get("/api/v1/portfolio/snapshots?limit=2")
    assert [(row["name"], row["as_of"]) for row in answer.json()] == [("apac", "2026-01-03"), ("emea", "2026-01-03")]
    assert answer.headers["x-total-count"] == "3"
    (last,) = client.get(answer.links["next"]["url"]).json()
    assert (last["name"], last["as_of"], last["actor"]) == ("emea", "2026-01-02", "ada")
    before = client.get("/api/v1/portfolio/snapshots?as_of_event=20").json()
    assert [(row["name"], row["as_of"]) for row in before] == [("emea", "2026-01-02")]
