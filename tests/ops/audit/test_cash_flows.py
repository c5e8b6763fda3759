"""The HTTP service `cashflow`: what the command line shows, worked out from what a run's log names."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.portfolio.tables import NODE_KINDS
from domain.refusals import Refused
from ops.audit.run_events import read_run
from ops.cash_flows.answers import question_sha256
from ops.cash_flows.kept import add_up, kept_question, read_kept
from ops.cash_flows.tables import as_table, bucketed, cash_flows_of_run, inputs_of
from ops.services import build_app
from query_api.http.documents import as_json
from query_api.services.cashflow import AskedFlows, Basis, Shown


@pytest.fixture
def sealed(queryable: Any) -> Any:
    """No test here changes anything."""
    return queryable


@pytest.fixture
def client(sealed: Any) -> TestClient:
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


@pytest.mark.parametrize("view", ["ladder", "repricing"])
def test_a_ladder_over_http_is_the_command_lines(sealed: Any, client: TestClient, view: str) -> None:
    address = f"/api/v1/cashflow/runs/{sealed.run_id}/{view}"
    asked = {"by": "book", "buckets": "IRRBB", "basis": "CONTRACTUAL"}
    rows = client.get(address, params=asked).json()
    flows = AskedFlows(Shown(view), "", None, Basis.CONTRACTUAL, "book", None, "IRRBB")
    assert as_json(cash_flows_of_run(sealed.tenor.storage, sealed.run_id, flows).to_pylist()) == as_json(rows)
    lines = client.get(address, params=asked | {"format": "csv"}).text.splitlines()
    assert len(lines) == len(rows) + 1 and lines[0].split(",") == list(rows[0])
    assert {row["scenario_id"] for row in rows} == {"BASE"} and len({row["group"] for row in rows}) > 1


def test_ladders_by_every_kind_of_name_add_up_to_all(sealed: Any, client: TestClient) -> None:
    address = f"/api/v1/cashflow/runs/{sealed.run_id}/ladder"

    def total(**asked: str) -> float:
        return float(sum(row["pv_base"] for row in client.get(address, params=asked).json() if row["pv_base"]))

    everything = total()
    names = ("currency", "product_type", "desk", "fund", "state", "fico:660,720", "desk,state", "rating", "total")
    for by in names:
        assert total(by=by) == pytest.approx(everything, rel=1e-12), by
    nodes = client.get(address, params={"by": "node"}).json()
    root = next(row["group"] for row in client.get(address, params={"by": "fund"}).json())
    of_root = sum(row["pv_base"] for row in nodes if row["group"] == root)
    assert (
        of_root == pytest.approx(total(node=root), rel=1e-12) == pytest.approx(total(by="state", node=root), rel=1e-12)
    )
    below = {row["group"] for row in client.get(address, params={"by": "node", "node": root}).json()}
    assert root in below <= {row["group"] for row in nodes}


def test_every_group_has_every_bucket(sealed: Any, client: TestClient) -> None:
    rows = client.get(f"/api/v1/cashflow/runs/{sealed.run_id}/ladder", params={"by": "currency"}).json()
    names = [row["bucket"] for row in rows]
    count = len(dict.fromkeys(names))
    assert names == list(dict.fromkeys(names)) * (len(rows) // count) and names[:2] + names[-2:] == [
        "1M",
        "2M",
        "30Y",
        ">30Y",
    ]
    last = rows[count - 1]
    assert last["end_date"] is None and last["midpoint_yr"] is None and rows[0]["start_date"] == "2026-01-23"
    whole = client.get(f"/api/v1/cashflow/runs/{sealed.run_id}/ladder").json()
    assert whole[0]["group"] == "ALL"
    positions = {row["currency"]: (row["positions"], row["left_out"]) for row in rows}
    assert positions == {row["currency"]: (row["positions"], row["left_out"]) for row in whole}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"scenario": "up100"}, 422, "NOT_STORED"),
        ({"scenario": "nobody"}, 422, "UNKNOWN_SCENARIO"),
        ({"buckets": "3M,1M"}, 422, "INVALID_BUCKETS"),
        ({"buckets": "soon"}, 422, "INVALID_BUCKETS"),
        ({"by": "colour"}, 422, "BAD_QUERY"),
        ({"by": "node,state"}, 422, "BAD_QUERY"),
        ({"node": "NOWHERE"}, 404, "NOT_FOUND"),
        ({"bucket": "1M"}, 422, "UNKNOWN_PARAMETER"),
    ],
)
def test_a_ladder_that_cannot_be_shown_says_why(
    sealed: Any, client: TestClient, asked: dict[str, str], status: int, code: str
) -> None:
    answer = client.get(f"/api/v1/cashflow/runs/{sealed.run_id}/ladder", params=asked)
    problem = answer.json()
    assert (answer.status_code, code in (problem["code"], problem.get("reason"))) == (status, True), problem


DIMENSIONS = (*(kind.lower() for kind in NODE_KINDS), "product_type", "currency", "node")


def inputs_for(sealed: Any, asked: AskedFlows) -> Any:
    requested = read_run(sealed.tenor.store, sealed.run_id).requested
    portfolio = sealed.tenor.storage.portfolio(requested.portfolio_sha256)
    return inputs_of(sealed.tenor.storage, requested, portfolio, requested.cashflows, asked.basis)


@pytest.mark.parametrize("shown", [Shown.LADDER, Shown.REPRICING])
@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("by", [None, *DIMENSIONS])
def test_what_a_run_keeps_is_what_would_be_worked_out(sealed: Any, by: str | None, basis: Basis, shown: Shown) -> None:
    """To the bit by the same sums; and as sums that are made in one go."""
    requested = read_run(sealed.tenor.store, sealed.run_id).requested
    for buckets in (None, "LIQUIDITY", "IRRBB", "1M,1Y"):
        asked = AskedFlows(shown, "", None, basis, by, None, buckets)
        question, inputs = kept_question(requested, asked, requested.cashflows), inputs_for(sealed, asked)
        assert question is not None
        kept = read_kept(sealed.tenor.storage, requested, question)
        assert kept is not None
        assert as_table(kept).equals(as_table(add_up(inputs, question)))
        in_one_go = as_table(bucketed(inputs, asked, requested.cashflows)).to_pylist()
        for mine, other in zip(as_table(kept).to_pylist(), in_one_go, strict=True):
            assert mine.keys() == other.keys()
            for name, value in mine.items():
                close = pytest.approx(other[name], rel=1e-9, abs=1e-4) if isinstance(value, float) else other[name]
                assert value == close, (name, mine, other)


def test_a_node_is_kept_and_other_questions_are_worked_out(sealed: Any, client: TestClient) -> None:
    requested = read_run(sealed.tenor.store, sealed.run_id).requested

    def is_kept(**asked: Any) -> bool:
        question = AskedFlows(Shown.LADDER, "", None, Basis.BEHAVIOURAL, **asked)
        return kept_question(requested, question, requested.cashflows) is not None

    root = client.get(f"/api/v1/cashflow/runs/{sealed.run_id}/ladder", params={"by": "fund"}).json()[0]["group"]
    assert is_kept(node=root) and is_kept(buckets="irrbb") and is_kept(buckets="1M,1Y")
    assert not is_kept(by="state") and not is_kept(by="book", node=root) and not is_kept(buckets="5W")
    address = f"/api/v1/cashflow/runs/{sealed.run_id}/ladder"
    of_root = [row for row in client.get(address, params={"by": "node"}).json() if row["group"] == root]
    alone = client.get(address, params={"node": root}).json()
    assert alone == [row | {"group": "ALL"} for row in of_root] and alone


def test_what_was_worked_out_once_is_read(sealed: Any, client: TestClient) -> None:
    asked = AskedFlows(Shown.LADDER, "", None, Basis.BEHAVIOURAL, "state,product_type", None, None)
    address, words = f"/api/v1/cashflow/runs/{sealed.run_id}/ladder", {"by": "state,product_type"}
    first = client.get(address, params=words).json()
    requested = read_run(sealed.tenor.store, sealed.run_id).requested
    question = question_sha256(requested.originator_id, asked)
    assert sealed.one("SELECT count(*) FROM cash_flow_answer WHERE question_sha256 = %s", question) == 1
    assert client.get(address, params=words).json() == first
