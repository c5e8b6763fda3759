"""The HTTP service `cashflow`: what the command line shows, worked out from what a run's log names."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.refusals import Refused
from ops.cash_flows import cash_flows_of_run
from ops.read_models import build_projections
from ops.services import build_app
from projections.engine.runner import catch_up
from query_api.services.cashflow import AskedFlows, Basis, Shown


@pytest.fixture
def client(sealed: Any) -> TestClient:
    for projection in build_projections(sealed.tenor.storage):
        catch_up(projection, sealed.tenor.store, sealed.tenor.database.connect)
    return TestClient(build_app(sealed.tenor, ("cashflow", "results")), raise_server_exceptions=False)


def a_loan(client: TestClient, run_id: str) -> dict[str, Any]:
    rows = client.get(f"/api/v1/results/runs/{run_id}/positions?scenario=BASE&limit=5").json()
    loan: dict[str, Any] = next(row for row in rows if row["product_type"] == "LOAN" and row["status"] == "PRICED")
    return loan


def test_a_schedule_is_worth_the_position_in_every_format(sealed: Any, client: TestClient) -> None:
    loan = a_loan(client, sealed.run_id)
    address = f"/api/v1/cashflow/runs/{sealed.run_id}/positions/{loan['position_id']}"
    rows = client.get(address).json()
    assert {row["scenario_id"] for row in rows} == {"BASE"}
    assert sum(row["pv"] for row in rows) == pytest.approx(loan["pv"], rel=1e-12)
    lines = client.get(f"{address}?format=csv").text.splitlines()
    assert len(lines) == len(rows) + 1 and lines[0].split(",") == list(rows[0])
    up = client.get(f"{address}?scenario=up100&basis=CONTRACTUAL").json()
    assert {(row["scenario_id"], row["basis"]) for row in up} == {("up100@1", "CONTRACTUAL")}
    asked = AskedFlows(Shown.POSITION, loan["position_id"], None, Basis.BEHAVIOURAL)
    assert cash_flows_of_run(sealed.tenor.storage, sealed.run_id, asked).num_rows == len(rows)


def test_a_run_is_named_by_its_beginning_and_as_latest(sealed: Any, client: TestClient) -> None:
    path = f"positions/{a_loan(client, sealed.run_id)['position_id']}"
    rows = client.get(f"/api/v1/cashflow/runs/{sealed.run_id}/{path}").json()
    for name in (sealed.run_id[:13], "latest"):
        assert client.get(f"/api/v1/cashflow/runs/{name}/{path}").json() == rows


@pytest.mark.parametrize("asked", ["positions/NOBODY", "deals/NONE", "deals/NONE/pool"])
def test_what_is_not_there_is_not_found(sealed: Any, client: TestClient, asked: str) -> None:
    answer = client.get(f"/api/v1/cashflow/runs/{sealed.run_id}/{asked}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_another_runs_scenario_is_refused(sealed: Any, client: TestClient) -> None:
    loan = a_loan(client, sealed.run_id)
    address = f"/api/v1/cashflow/runs/{sealed.run_id}/positions/{loan['position_id']}"
    assert client.get(f"{address}?scenario=down100").status_code == 422
    asked = AskedFlows(Shown.POSITION, loan["position_id"], "down100", Basis.BEHAVIOURAL)
    with pytest.raises(Refused, match="no scenario 'down100'"):
        cash_flows_of_run(sealed.tenor.storage, sealed.run_id, asked)
