"""Snapshots, scenarios, runs and trees: told twice they do not notice, rebuilt they are the same."""

from typing import Any
from uuid import uuid5

import pytest

from domain import snapshot as snapshots
from domain import valuation_models as models
from domain.measures.measures import DEFAULT_MEASURES, columns_of
from domain.runs import run as runs
from domain.runs.facts import PositionPriced
from domain.runs.run import fail_chunk
from domain.scenarios.versions import Scenario, ScenarioSet, define, define_set, fold, fold_set
from projections.engine.runner import catch_up
from tests.builders.result_tables import publish
from tests.builders.sample_run import ASKED, NODES, NOW, SPACE, SampleRun, Tenor, portfolio, register

CATALOGUE = (
    "snapshot_v1",
    "scenario_v1",
    "scenario_set_v1",
    "model_decision_v1",
    "run_v1",
    "run_event_v1",
    "portfolio_node_v1",
)
SHOCK = {"scenario_id": "up100", "name": "+100 bp", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]}
STEEPER = SHOCK | {"shocks": []}


def catalogue(tenor: Tenor) -> list[Any]:
    return [each for each in tenor.projections() if each.name != "result_v1"]


def everything(tenor: Tenor) -> dict[str, list[Any]]:
    return {name: tenor.rows(f"SELECT * FROM projection.{name} ORDER BY 1, 2") for name in CATALOGUE}  # noqa: S608


def live(tenor: Tenor) -> dict[str, list[Any]]:
    """A life told as it happens: the projections catch up after every step."""
    run = SampleRun(failing=(1,))
    up = define(Scenario(), ASKED, "up100", SHOCK)
    nightly = define_set(ScenarioSet(), ASKED, "nightly", ["up100@1"])
    approved = models.approve(models.ModelDecisions(), ASKED, "swaps", 1, "validated", until=NOW.date())
    withdrawn = models.withdraw(models.fold(approved), ASKED, "swaps", 1, "wrong")
    steps: list[Any] = [
        lambda: tenor.store.append(approved),
        lambda: tenor.store.append(withdrawn),
        lambda: tenor.store.append(up),
        lambda: tenor.store.append(define(fold(up), ASKED, "up100", STEEPER)),
        lambda: tenor.store.append(nightly),
        lambda: tenor.store.append(define_set(fold_set(nightly), ASKED, "nightly", ["up100@2"])),
        lambda: tenor.store.append(register("market", snapshots.SnapshotKind.MARKET)),
        lambda: run.begin(tenor),
        lambda: run.work(tenor),
        lambda: run.end(tenor),
        lambda: run.retry(tenor),
        lambda: run.end(tenor),
    ]
    for step in steps:
        step()
        for projection in catalogue(tenor):
            catch_up(projection, tenor.store, tenor.database.connect)
    return everything(tenor)


def test_told_everything_twice_nothing_changes(tenor: Tenor) -> None:
    before = live(tenor)
    for projection in catalogue(tenor):
        with tenor.database.connect() as connection, connection.transaction():
            projection.handle(connection, tenor.store.log(0, 1000))
    assert everything(tenor) == before
    assert all(before.values())


def test_rebuilt_from_nothing_equals_live(tenor: Tenor) -> None:
    before = live(tenor)
    with tenor.database.connect() as connection:
        for name in CATALOGUE:
            connection.execute(f"TRUNCATE projection.{name}")
        connection.execute("DELETE FROM reader_position")
    for projection in catalogue(tenor):
        catch_up(projection, tenor.store, tenor.database.connect, batch=7)
    assert everything(tenor) == before


def test_every_version_of_a_scenario_and_a_set_stays(tenor: Tenor) -> None:
    live(tenor)
    found = tenor.rows("SELECT scenario_id, version, name, document, actor FROM read.scenario ORDER BY version")
    assert found == [("up100", 1, "+100 bp", SHOCK, "tester"), ("up100", 2, "+100 bp", STEEPER, "tester")]
    sets = tenor.rows("SELECT scenario_set_id, version, scenarios FROM read.scenario_set ORDER BY version")
    assert sets == [("nightly", 1, ["up100@1"]), ("nightly", 2, ["up100@2"])]


def test_every_decision_on_a_model_stays(tenor: Tenor) -> None:
    live(tenor)
    query = "SELECT model, version, decision, reason, valid_until, actor FROM read.model_decision ORDER BY log_position"
    assert tenor.rows(query) == [
        ("swaps", 1, "APPROVED", "validated", NOW.date(), "tester"),
        ("swaps", 1, "WITHDRAWN", "wrong", None, "tester"),
    ]


def test_a_snapshot_says_what_was_registered(tenor: Tenor) -> None:
    live(tenor)
    query = "SELECT sha256, row_counts, control_totals, source, registered_at FROM read.snapshot WHERE kind = %s"
    totals, source = {"notional": {"USD": "1.5"}}, {"folder": "sample"}
    assert tenor.rows(query, "MARKET") == [("market", {"positions": 90}, totals, source, NOW)]


RUN = uuid5(SPACE, "life")
LIFE: list[tuple[str, str, int, list[int]]] = [
    ("request", "REQUESTED", 0, []),
    ("plan", "PLANNED", 0, []),
    ("facts 0", "RUNNING", 1, []),
    ("fail 1", "RUNNING", 2, [1]),
    ("facts 2", "RUNNING", 3, [1]),
    ("complete", "COMPLETED_WITH_EXCEPTIONS", 3, [1]),
    ("retry", "RUNNING", 2, []),
    ("facts 1", "RUNNING", 3, []),
    ("late failure 1", "RUNNING", 3, []),
    ("complete", "COMPLETED", 3, []),
    ("approve", "APPROVED", 3, []),
    ("publish", "PUBLISHED", 3, []),
]


def test_the_life_of_a_run(tenor: Tenor) -> None:
    run = SampleRun(run_id=RUN, failing=(1,))
    projection = next(each for each in tenor.projections() if each.name == "run_v1")
    told = []
    for step, *_ in LIFE:
        take(step, run, tenor)
        catch_up(projection, tenor.store, tenor.database.connect)
        told.append((step, *tenor.rows("SELECT status, chunks_done, failed_chunks FROM read.run")[0]))
    assert told == LIFE
    row = tenor.rows("SELECT run_no, chunks, positions, columns, completed_at, queryable_at FROM read.run")[0]
    assert row[0] == next(e.position for e in tenor.store.log(0, 100) if isinstance(e.event, runs.RunRequested))
    assert row[1:3] == (3, 90)
    assert row[3][:3] == ["pv", "accrued_interest", "dirty_price"] and tuple(row[3]) == columns_of(DEFAULT_MEASURES)
    assert row[4] == NOW and row[5] is None
    excepted = tenor.rows("SELECT priced_chunks, excepted_chunks FROM read.run")[0]
    failing = [
        e.event.chunk_no for e in tenor.store.log(0, 100) if isinstance(e.event, PositionPriced) and e.event.failed
    ]
    assert excepted == ([0, 1, 2], sorted(failing)) and failing
    topics = [topic for (topic,) in tenor.rows("SELECT topic FROM read.run_event ORDER BY log_position")]
    assert "position.priced" not in topics and topics.count("run.completed") == 2
    request = tenor.rows("SELECT payload FROM read.run_event WHERE topic = 'run.requested'")[0][0]
    assert request["positions"] == 90 and "scenario_documents" not in request and "actor" not in request


def take(step: str, run: SampleRun, tenor: Tenor) -> None:
    name, *chunk = step.split()
    match name:
        case "request":
            run.begin_request(tenor)
        case "plan":
            run.begin_plan(tenor)
        case "facts":
            run.append_facts(tenor, int(chunk[0]))
        case "fail":
            tenor.store.append([fail_chunk(ASKED, run.run_id, int(chunk[0]), 1, "out of memory")])
        case "late":
            tenor.store.append([fail_chunk(ASKED, run.run_id, 1, 2, "lost its lease")])
        case "complete":
            run.end(tenor)
        case "retry":
            run.change(tenor, runs.retry(run.run, ASKED, RUN))
            run.failing = ()
        case "approve":
            run.change(tenor, runs.approve(run.run, ASKED, RUN, "checked"))
        case "publish":
            run.change(tenor, runs.publish(run.run, ASKED, RUN, "for clients"))


@pytest.mark.parametrize("end", [runs.cancel, None])
def test_a_run_that_ends_without_results(tenor: Tenor, end: Any) -> None:
    run = SampleRun()
    run.begin(tenor)
    place = ASKED.at(run.run_id, run.run.version + 1)
    run.change(tenor, end(run.run, ASKED, run.run_id, "why") if end else [runs.RunFailed(**place, reason="why")])
    run.append_facts(tenor, 0)  # a worker that had not heard
    publish(tenor)
    ended = "CANCELLED" if end else "FAILED"
    assert tenor.rows("SELECT status, queryable_at FROM read.run") == [(ended, None)]


def test_the_tree_says_what_hangs_where(tenor: Tenor) -> None:
    live(tenor)
    rows = tenor.rows("SELECT node_id, parent_id, kind, path, positions FROM read.portfolio_node")
    parents = {node: parent for node, parent, _ in NODES}
    hanging = [NODES[row][0] for row in portfolio().book_row]

    def up(node: str | None) -> list[str]:
        return [] if node is None else [*up(parents[node]), node]

    expected = {
        (node, parent, kind, tuple(up(node)), sum(node in up(book) for book in hanging)) for node, parent, kind in NODES
    }
    assert {(node, parent, kind, tuple(path), n) for node, parent, kind, path, n in rows} == expected
