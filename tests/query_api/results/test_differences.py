"""Differences of two runs against sums made by hand: position by position, from the tables that the runs publish."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid5

import psycopg
import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from psycopg.conninfo import make_conninfo

from ops.adapters.snapshot_codec import SnapshotCodec
from ops.embedded_postgres.server import EmbeddedServer
from query_api.http.app import create_app
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.table import position_results
from query_api.runs import queryable_run
from query_api.services import compare
from query_api.tree import tree_of_snapshot
from tests.builders.result_tables import publish
from tests.builders.sample_run import RUN_ID, SPACE, SampleRun, Tenor, portfolio, tenor_over

LATER_ID = uuid5(SPACE, "later")
RELATIVE = 1e-12
"""Some ninety doubles added in another order."""

Row = dict[str, Any]
Ask = Callable[..., list[Row]]


@pytest.fixture(scope="module")
def tenor(postgres: EmbeddedServer, template_database: str) -> Iterator[Tenor]:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE two_runs TEMPLATE {template_database} STRATEGY FILE_COPY")
    with tenor_over(make_conninfo(postgres.dsn(), dbname="two_runs")) as tenor:
        SampleRun(blanks=False).whole(tenor)
        SampleRun(portfolio=portfolio(97, seed=8), seed=6, run_id=LATER_ID).whole(tenor)
        publish(tenor)
        yield tenor


@pytest.fixture(scope="module")
def ask(tenor: Tenor) -> Ask:
    books: dict[str, NamedPortfolio] = {}

    def load(sha256: str) -> NamedPortfolio:
        books[sha256] = books.get(sha256) or NamedPortfolio(SnapshotCodec().decode(tenor.blobs.get(sha256)))
        return books[sha256]

    router = compare.build_router(tenor.database.connect, load)
    app = create_app([router], "Tenor", list, CollectorRegistry(), is_allowed_host=lambda _host: True)
    client = TestClient(app)

    def answer(path: str = "", **asked: Any) -> Any:
        asked = {"from": str(RUN_ID), "to": str(LATER_ID)} | asked
        return client.get(f"/api/v1/risk/compare{path}", params=asked).json()

    return answer


def rows_of(tenor: Tenor, run_id: Any, column: str, scenario: str) -> dict[str, Row]:
    with tenor.database.connect() as connection:
        found = position_results(connection, run_id, scenario=scenario, columns=[column])
        return {row["position_id"]: row for batch in found.batches for row in batch.to_pylist()}


def nodes_above(tenor: Tenor, run_id: Any) -> dict[str, list[str]]:
    with tenor.database.connect() as connection:
        run = queryable_run(connection, run_id)
        return {node["node_id"]: node["path"] for node in tree_of_snapshot(connection, run.portfolio_snapshot_id)}


def by_hand(tenor: Tenor, groups_of: Callable[[Row, dict[str, list[str]]], list[str]], scenario: str) -> dict[str, Row]:
    sides = []
    for run_id in (RUN_ID, LATER_ID):
        above = nodes_above(tenor, run_id)
        rows = rows_of(tenor, run_id, "dv01_base", scenario)
        sides.append({name: (row["dv01_base"], set(groups_of(row, above))) for name, row in rows.items()})
    found: dict[str, Row] = {}
    for name in sorted({*sides[0], *sides[1]}):
        (was, before), (now, after) = (side.get(name, (None, set())) for side in sides)
        for key in before | after:
            sums = found.setdefault(key, dict.fromkeys(("from", "new", "gone", "changed", "one_side", "to"), 0.0))
            sums["from"] += (was or 0.0) if key in before else 0.0
            sums["to"] += (now or 0.0) if key in after else 0.0
            if key not in before:
                sums["new"] += now or 0.0
            elif key not in after:
                sums["gone"] -= was or 0.0
            elif was is None or now is None:
                sums["one_side"] += (now or 0.0) - (was or 0.0)
            else:
                sums["changed"] += now - was
    return found


GROUPS: list[tuple[str, Callable[[Row, dict[str, list[str]]], list[str]]]] = [
    ("total", lambda _row, _above: [""]),
    ("node", lambda row, above: above[row["book_id"]]),
    ("book_id", lambda row, _above: [row["book_id"]]),
    ("currency", lambda row, _above: [row["currency"]]),
    ("currency,product_type", lambda row, _above: [f"{row['currency']}\x1f{row['product_type']}"]),
]


@pytest.mark.parametrize(("by", "groups_of"), GROUPS)
@pytest.mark.parametrize("scenario", ["BASE", "up100"])
def test_every_group_adds_up_as_by_hand(tenor: Tenor, ask: Ask, by: str, groups_of: Any, scenario: str) -> None:
    expected = by_hand(tenor, groups_of, scenario)
    rows = ask(by=by, measure="DV01", scenario=scenario)
    assert {"\x1f".join(row[name] for name in by.split(",")) for row in rows} == set(expected)
    for row in rows:
        sums = expected["\x1f".join(row[name] for name in by.split(","))]
        for name, value in sums.items():
            assert row[name] == pytest.approx(value, rel=RELATIVE, abs=1e-9), (row, name)
        steps = row["from"] + row["new"] + row["gone"] + row["changed"] + row["one_side"]
        assert steps == pytest.approx(row["to"], rel=RELATIVE, abs=1e-9)
        assert row["change"] == row["to"] - row["from"]


def test_positions_are_counted_by_what_has_become_of_them(ask: Ask) -> None:
    (row,) = ask()
    assert (row["positions_from"], row["positions_to"], row["positions_new"], row["positions_gone"]) == (90, 97, 7, 0)
    blanks = sum(place % 11 == 4 for place in range(40)) * 2 + sum(place % 11 == 4 for place in range(80, 97))
    assert row["left_out_from"] == 0
    assert row["left_out_to"] >= row["positions_one_side"] > 0 and blanks > 0
    (back,) = ask(**{"from": str(LATER_ID), "to": str(RUN_ID)})
    assert (back["positions_new"], back["positions_gone"]) == (0, 7)
    assert back["change"] == -row["change"]


def test_a_run_beside_itself_has_not_moved(ask: Ask) -> None:
    for row in ask(to=str(RUN_ID), by="node"):
        assert (row["new"], row["gone"], row["changed"], row["one_side"], row["change"]) == (0, 0, 0, 0, 0)
        assert row["positions_changed"] == 0
    assert {row["kind"] for row in ask("/positions", to=str(RUN_ID))} == {"SAME"}


def test_positions_come_with_the_largest_change_first(tenor: Tenor, ask: Ask) -> None:
    rows = ask("/positions", measure="DV01", limit=1000)
    earlier, later = (rows_of(tenor, run_id, "dv01_base", "BASE") for run_id in (RUN_ID, LATER_ID))
    assert {row["position_id"] for row in rows} == {*earlier, *later}
    assert [abs(row["change"]) for row in rows] == sorted((abs(row["change"]) for row in rows), reverse=True)
    for row in rows:
        was, now = (side.get(row["position_id"], {}) for side in (earlier, later))
        assert (row["from"], row["to"]) == (was.get("dv01_base"), now.get("dv01_base"))
        assert (row["book_from"], row["book_to"]) == (was.get("book_id"), now.get("book_id"))
        assert row["change"] == (row["to"] or 0.0) - (row["from"] or 0.0)
        blank = (row["from"] is None) != (row["to"] is None)
        assert row["kind"] == ("NEW" if not was else "GONE" if not now else "ONE_SIDE" if blank else "CHANGED")
    assert ask("/positions", measure="DV01", limit=3) == rows[:3]


def test_positions_below_a_node_alone(ask: Ask) -> None:
    rows = ask("/positions", node="CREDIT", limit=1000)
    below = {"CREDIT", "HY", "IG", "IG-SUB"}
    assert rows and all(row["book_from"] in below or row["book_to"] in below for row in rows)
    (total,) = ask(node="CREDIT")
    assert total["change"] == pytest.approx(sum(row["change"] for row in rows), rel=1e-9)


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"measure": "YIELD"}, 422, "no amount"),
        ({"measure": "PVX"}, 422, "no measure"),
        ({"scenario": "up200"}, 422, "no scenario"),
        ({"node": "NOWHERE"}, 404, "neither run has a node"),
        ({"by": "shoe_size"}, 422, "cannot be grouped"),
        ({"to": "ffffffff"}, 404, "there is no run"),
    ],
)
def test_what_cannot_be_compared_is_refused(ask: Ask, asked: Row, status: int, says: str) -> None:
    problem: Any = ask(**asked)
    assert problem["status"] == status and says in problem["detail"] and problem["fix"]
