"""Postgres hides rows too: whatever a query forgets, a reader sees what the transaction's nodes allow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.sql import SQL, Identifier

from domain.access.asking import asked_by
from domain.access.principal import Principal
from domain.access.roles import Role
from ops.adapters.database import Database
from ops.read_models import build_projections
from ops.rebuilding import rebuild
from ops.services import build_app
from ops.wiring import Tenor
from query_api.reading import reading
from tests.security.access.conftest import KEYS, MINE, OTHERS, Opened

TABLES = """
SELECT c.relname, c.relrowsecurity,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'readers')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'projection' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
VIEWS = """
SELECT c.relname, coalesce('security_invoker=true' = ANY (c.reloptions), false)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'read' AND c.relkind = 'v' ORDER BY 1
"""
READABLE = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'read' AND c.relkind = 'v' AND has_table_privilege('tenor_reader', c.oid, 'SELECT')
"""
COUNT = SQL("SELECT count(*) FROM {}")
NOBODYS = {"scenario", "scenario_set", "model_decision"}
"""Definitions and decisions: nobody's positions."""


def seen_by(*nodes: str) -> Principal:
    return Principal("vera", Role.VIEWER, nodes, "keys")


def counts(opened: Opened, *nodes: str) -> dict[str, int]:
    """Rows of each view that a reader with these nodes sees."""
    with asked_by(seen_by(*nodes)), reading(opened.tenor.database.connect) as connection:
        views = [row[0] for row in connection.execute(READABLE)]
        return {view: rows_of(connection, view) for view in views}


def rows_of(connection: Any, view: str) -> int:
    (count,) = connection.execute(COUNT.format(Identifier("read", view))).fetchone()
    return int(count)


def test_every_read_model_has_a_rule(opened: Opened) -> None:
    with opened.tenor.database.connect() as connection:
        tables, views = connection.execute(TABLES).fetchall(), connection.execute(VIEWS).fetchall()
    without = [name for name, is_on, has_rule in tables if not (is_on and has_rule)]
    assert without == [], "give them a rule in read_model_rule, and call read.guard in the migration that makes them"
    assert [name for name, invokes in views if not invokes] == [], "CREATE VIEW … WITH (security_invoker = true)"


def test_a_reader_without_nodes_sees_nothing(opened: Opened) -> None:
    with opened.tenor.database.connect() as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE tenor_reader")
        for (view,) in connection.execute(READABLE).fetchall():
            if view not in NOBODYS | {"snapshot", "snapshot_brought"}:
                assert rows_of(connection, view) == 0, view
        assert connection.execute("SELECT count(*) FROM read.snapshot WHERE kind = 'PORTFOLIO'").fetchone() == (0,)


def test_what_belongs_to_nobody_there_is_hidden(opened: Opened) -> None:
    nowhere, mine, others = (counts(opened, node) for node in ("NOWHERE", MINE, OTHERS))
    with opened.tenor.database.connect() as connection:
        whole = {view: rows_of(connection, view) for view in mine}
    for view in ("run", "run_event", "portfolio_node", "result_chunk", "result_position", "rollup", "top", "ladder"):
        assert nowhere[view] == 0, view
    for view in ("portfolio_node", "rollup", "rollup_reason", "ladder"):
        assert 0 < mine[view] < whole[view], view
        assert 0 < others[view] < whole[view], view
    assert mine["top"] == 0 < whole["top"]
    assert mine["portfolio_node"] + others["portfolio_node"] < whole["portfolio_node"]


def test_the_scope_does_not_outlive_its_transaction(opened: Opened) -> None:
    with opened.tenor.database.connect() as connection:
        with asked_by(seen_by(MINE)), reading(lambda: given(connection)) as within:
            assert within.execute("SELECT current_user").fetchone() == ("tenor_reader",)
        assert connection.execute("SELECT current_user, current_setting('tenor.nodes', true)").fetchone() in (
            ("tenor_app", ""),
            ("tenor_app", None),
        )


@contextmanager
def given(connection: Any) -> Iterator[Any]:
    yield connection


@pytest.mark.parametrize(
    "node", ["' OR true --", "X'); SELECT 1; --", "*'", "%", "\\", "{MERIDIAN}", "MERIDIAN,HARBOUR"]
)
def test_odd_nodes_are_only_nodes(opened: Opened, node: str) -> None:
    assert counts(opened, node)["run"] == 0


def test_a_reader_may_write_nothing_and_read_no_log(opened: Opened) -> None:
    for statement in (
        "SELECT count(*) FROM ledger_events",
        "SELECT count(*) FROM fact_block",
        "SELECT count(*) FROM blob",
        "SELECT count(*) FROM access_log",
        "SELECT count(*) FROM access_session",
        "SELECT count(*) FROM cash_flow_answer",
        "DELETE FROM projection.run_v1",
        "UPDATE projection.rollup_v1 SET positions = 0",
        "CREATE TABLE mine (x int)",
    ):
        with opened.tenor.database.connect() as connection, connection.transaction(force_rollback=True):
            connection.execute("SELECT set_config('role', 'tenor_reader', true), set_config('tenor.nodes', '*', true)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


class Counting(psycopg.Cursor[Any]):
    said: list[str] = []  # noqa: RUF012 - of all cursors of a test

    def execute(self, query: Any, *rest: Any, **how: Any) -> Any:
        Counting.said.append(str(query))
        return super().execute(query, *rest, **how)


class CountingDatabase(Database):
    @contextmanager
    def connect(self) -> Iterator[Any]:
        with super().connect() as connection:
            connection.cursor_factory = Counting
            yield connection


@pytest.fixture
def counted(opened: Opened) -> Iterator[TestClient]:
    tenor = Tenor(opened.tenor.settings, opened.tenor.database_url)
    tenor.__dict__["database"] = CountingDatabase(tenor.database_url)
    yield TestClient(build_app(tenor, access=KEYS), raise_server_exceptions=False)
    tenor.close()


def statements(client: TestClient, who: dict[str, str], address: str) -> list[str]:
    client.get(address, headers=who)
    Counting.said.clear()
    answer = client.get(address, headers=who)
    assert answer.status_code == 404, answer.text
    return [one for one in Counting.said if "access_log" not in one]


def test_what_is_others_is_refused_by_the_statements_of_what_is_not_there(opened: Opened, counted: TestClient) -> None:
    nobody, mine = opened.key("viewer", "NOWHERE"), opened.key("viewer", MINE)
    other = "00000000-0000-4000-8000-000000000000"
    whole = opened.get(f"results/runs/{opened.run_id}/positions?with=desk", opened.key("viewer")).json()
    theirs = next(row["position_id"] for row in whole if row["desk"] == OTHERS)
    for path in (
        "orchestrator/runs/{run}",
        "orchestrator/runs/{run}/history",
        "results/runs/{run}/positions",
        "results/runs/{run}/totals?by=node",
        "results/runs/{run}/top",
        "risk/runs/{run}/var",
        "cashflow/runs/{run}/ladder",
        "regulatory/runs/{run}/capital",
        "regulatory/runs/{run}/allowance/positions",
        "portfolio/runs/{run}/tree",
        "portfolio/snapshots/{portfolio}/tree",
        "ingestion/snapshots/{portfolio}",
        "audit/runs/{run}/lineage?position=x&measure=PV",
    ):
        here = statements(counted, nobody, "/api/v1/" + path.format(run=opened.run_id, portfolio=opened.portfolio))
        nowhere = statements(counted, nobody, "/api/v1/" + path.format(run=other, portfolio=other))
        assert here == nowhere, path
        assert here
    for path in (
        "results/runs/{run}/positions/{id}",
        "cashflow/runs/{run}/positions/{id}",
        "regulatory/runs/{run}/explain/{id}",
        "audit/runs/{run}/lineage?position={id}&measure=PV",
        "results/runs/{run}/positions?node={node}",
        "cashflow/runs/{run}/ladder?node={node}",
    ):
        ids = [{"id": theirs, "node": OTHERS}, {"id": "no-such", "node": "NO-SUCH"}]
        said = [statements(counted, mine, "/api/v1/" + path.format(run=opened.run_id, **each)) for each in ids]
        assert said[0] == said[1], path


def test_local_reads_by_no_statement_more(opened: Opened) -> None:
    """The role and its setting are for whoever has credentials."""
    tenor = Tenor(opened.tenor.settings, opened.tenor.database_url)
    tenor.__dict__["database"] = CountingDatabase(tenor.database_url)
    client = TestClient(build_app(tenor))
    address = f"/api/v1/results/runs/{opened.run_id}/totals?by=node"
    client.get(address)
    Counting.said.clear()
    assert client.get(address).status_code == 200
    said = [one for one in Counting.said if "access_log" not in one]
    tenor.close()
    assert not [one for one in said if "tenor_reader" in one or "portfolio_node" in one or "originator_version" in one]
    assert len(said) <= 6


def test_a_rebuilt_read_model_keeps_its_rules(opened: Opened) -> None:
    before = counts(opened, MINE)
    for read_model in build_projections(opened.tenor.storage):
        if read_model.name in ("run", "portfolio_node", "ladder"):
            rebuild(read_model, opened.tenor.store, opened.tenor.database.connect, verify=False, tell=lambda _: None)
    test_every_read_model_has_a_rule(opened)
    assert counts(opened, MINE) == before
