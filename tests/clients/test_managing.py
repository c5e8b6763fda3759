"""Managing a server from Python: blocking, and on an event loop, by the same names."""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tenor
import tenor.aio

from tests.clients.conftest import Served
from tests.walk.command_line import SMALL_FUND

SCHEDULE = {"portfolio": "small_fund", "market": "latest", "at": "18:30", "zone": "America/New_York"}
WEBHOOK = {"url": "https://93.184.216.34/hook", "events": ["run.completed"]}
Call = Callable[..., Any]


@pytest.fixture(params=["blocking", "asynchronous"])
def call(request: pytest.FixtureRequest, served: Served) -> Iterator[tuple[Any, Call, str]]:
    """A client, what gets an answer of it, and a word for ids of its own."""
    if request.param == "blocking":
        with tenor.connect(served.url) as client:
            yield client, lambda answer: answer, request.param
        return
    with asyncio.Runner() as runner:
        connected = tenor.aio.connect(served.url)

        async def awaited(answer: Any) -> Any:
            return await answer if inspect.isawaitable(answer) else answer

        yield connected, lambda answer: runner.run(awaited(answer)), request.param
        runner.run(connected.close())


def test_keys_and_the_access_log(call: tuple[Any, Call, str]) -> None:
    client, got, word = call
    made = got(client.keys.create(word, "viewer", nodes=["A"], expires="90d", person="ada"))
    assert (made["name"], made["nodes"], made["person"]) == (word, ["A"], "ada")
    listed = {each["key_id"]: each for each in got(client.keys.list())}
    assert listed[made["key_id"]]["revoked_at"] is None
    got(client.keys.revoke(made["key_id"]))
    assert {each["key_id"]: each for each in got(client.keys.list())}[made["key_id"]]["revoked_at"]
    assert got(client.access_log.list(actor="local"))[0]["actor"] == "local"
    assert got(client.access_log.prune("400d"))["entries"] == 0
    with pytest.raises(tenor.Invalid):
        got(client.access_log.prune("1d"))


def test_mappings(call: tuple[Any, Call, str]) -> None:
    client, got, word = call
    document = got(client.mappings.get("consumer_tape")) | {"mapping_id": word}
    assert got(client.mappings.define(document))["version"] == 1
    assert word in {each["mapping_id"] for each in got(client.mappings.list())}
    assert got(client.mappings.suggest(SMALL_FUND / "positions.csv"))["rows"]


def test_marts_and_readers(call: tuple[Any, Call, str], served: Served) -> None:
    client, got, word = call
    published = got(client.marts.publish(served.run_id))
    assert published["run_id"] in {each["run_id"] for each in got(client.marts.list())}
    assert got(client.marts.get(served.run_id, check=True))["intact"]
    reader = got(client.marts.create_reader(f"of_{word}", ["A"]))
    try:
        assert reader["password"] and reader["name"] in {each["name"] for each in got(client.marts.readers())}
    finally:
        got(client.marts.drop_reader(f"of_{word}"))
    assert got(client.marts.drop(served.run_id, "enough"))["status"] == "DROPPED"


def test_schedules_and_webhooks(call: tuple[Any, Call, str]) -> None:
    client, got, word = call
    assert got(client.schedules.define(SCHEDULE | {"schedule_id": word}))["version"] == 1
    assert got(client.schedules.get(word))["next_at"]
    assert word in {each["schedule_id"] for each in got(client.schedules.list())}
    got(client.schedules.drop(word))
    first = got(client.webhooks.define(WEBHOOK | {"webhook_id": word}))["secret"]
    assert got(client.webhooks.rotate(word, at_once=True))["secret"] != first
    assert got(client.webhooks.get(word))["waiting"] == 0
    assert word in {each["webhook_id"] for each in got(client.webhooks.list())}
    assert got(client.webhooks.replay(word))["replayed"] == 0
    got(client.webhooks.drop(word))
    assert "run.completed" in {each["type"] for each in got(client.webhooks.messages(0))["messages"]}


def test_portfolios_as_data(call: tuple[Any, Call, str]) -> None:
    client, got, word = call
    assert got(client.portfolios.segments("currency"))[0]["positions"]
    assert {each["table"] for each in got(client.portfolios.compare("latest"))} >= {"positions"}
    name = f"tree-{word}"
    got(client.portfolios.ingest(SMALL_FUND, portfolio=name, as_of="2025-01-15"))
    tree = got(client.portfolios.hierarchy(name))["nodes"]
    got(client.portfolios.create_node(name, f"F-{word}", kind="FUND"))
    got(client.portfolios.create_node(name, f"D-{word}", kind="DESK", parent=f"F-{word}"))
    got(client.portfolios.rename_node(name, f"D-{word}", "A desk"))
    got(client.portfolios.move_node(name, f"D-{word}", f"F-{word}"))
    got(client.portfolios.close_node(name, f"D-{word}", "done"))
    assert len(got(client.portfolios.hierarchy(name))["nodes"]) == len(tree) + 2
    with pytest.raises(tenor.NotFound):
        got(client.portfolios.history(name, instrument="NOSUCH"))


def test_figures_that_are_worked_out(call: tuple[Any, Call, str], served: Served) -> None:
    client, got, _ = call
    run = got(client.runs.get(served.run_id))
    assert got(client.runs.check("latest", "latest", scenarios="up100"))["positions"]
    assert got(run.quotes(position="P-01"))["positions"] == 1
    assert got(run.compare(served.run_id, by="desk").to_pylist())
    assert got(run.check_limits())["limits"] == 0  # a run without a policy has none


def test_policies_and_models(call: tuple[Any, Call, str]) -> None:
    client, got, word = call
    assert got(client.policies.define({"policy_id": word, "lgd_defaults": {"*": 0.45}}))["version"] == 1
    assert got(client.policies.approve(word, "checked"))["status"] == "APPROVED"
    assert word in {each["policy_id"] for each in got(client.policies.list())}
    got(client.models.approve("swaps", "checked", until="2030-12-31"))
    assert got(client.models.get("swaps"))["model"] == "swaps"
    got(client.models.withdraw("swaps", "enough"))
    assert got(client.models.list())


def test_rejected_rows_are_written_where_they_are_wanted(call: tuple[Any, Call, str], tmp_path: Path) -> None:
    client, got, _ = call
    mapping = {"mapping_id": "tried", "columns": {
        "positions.position_id": {"from": "ID"}, "positions.notional": {"from": "N"},
        **{f"instruments.{name}": {"value": text} for name, text in {
            "product_type": "LOAN", "currency": "USD", "issue_date": "2020-01-15", "maturity_date": "2030-01-15",
            "rate_type": "FIXED", "coupon": "0.05", "day_count": "ACT/360", "frequency": "4",
            "amortization": "BULLET"}.items()}}}  # fmt: skip
    (tmp_path / "tape.csv").write_text("ID;N\nA;100\nB;nothing\n")
    snapshot = got(
        client.portfolios.ingest(
            tmp_path / "tape.csv", mapping=mapping, book="B", accept_valid=True, dry_run=True,
            rejects=tmp_path / "rejects.csv",
        )
    )  # fmt: skip
    assert "rejects" not in snapshot.document and snapshot.document["tape"]["rejected"] == 1
    head, row = (tmp_path / "rejects.csv").read_text().splitlines()
    assert head == "ID;N;reason" and row.startswith("B;nothing;")
    assert json.dumps(snapshot.document)


def test_read_models(call: tuple[Any, Call, str]) -> None:
    client, got, _ = call
    assert "scenario" in {each["name"] for each in got(client.read_models.list())}
    assert got(client.read_models.rebuild("scenario"))["name"] == "scenario"
    assert got(client.read_models.rollback("scenario"))["name"] == "scenario"
    with pytest.raises(tenor.TenorError) as refused:
        got(client.read_models.rebuild("nothing"))
    assert refused.value.fix
    assert got(client.read_models.dead_letters()) == []
    assert got(client.read_models.replay("scenario"))["replayed"] == []
