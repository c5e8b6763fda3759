"""Readers of schema mart see the rows of their nodes, whatever they try.

Each attack is a statement of the reader's own session; the answer is what it would be if the other rows were not there.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from domain.refusals import Conflict, Refused, Unknown
from domain.runs.marts import MartReaderCreated, MartReaderDropped, reader_stream
from ops.adapters.database import as_application
from ops.embedded_postgres.server import EmbeddedServer
from ops.marts.publishing import publish
from ops.marts.readers import MayNotCreateRoles, create_reader, drop_reader, listed_readers
from ops.ports import Storage
from ops.settings import Settings
from ops.wiring import Tenor
from tests.builders.sample_run import ASKED, SampleRun
from tests.ops.archiving.conftest import publish as publish_run

CREDIT = {"CREDIT", "HY", "IG", "IG-SUB"}
OF_OTHERS = ("LOANS", "SLEEVE", "ALDER", "BIRCH", "SPARE")


@pytest.fixture(scope="module")
def mart(postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenor]:
    """One for all: nobody here changes what is in it."""
    name = f"mart_{uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    url = make_conninfo(postgres.dsn(), dbname=name)
    tenor = Tenor(Settings(tmp_path_factory.mktemp("mart"), url), url)
    publish(tenor.storage, ASKED, publish_run(tenor, SampleRun()).run_id)
    yield tenor
    tenor.close()


@contextmanager
def reader(tenor: Tenor, *nodes: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A reader's own session, logged in as its role; roles are of the whole server, so it is dropped again."""
    name = f"reader_{uuid4().hex[:12]}"
    made = create_reader(tenor.storage, ASKED, name, list(nodes))
    url = make_conninfo(tenor.database_url, user=name, password=made.password)
    connection = psycopg.connect(url, autocommit=True)
    try:
        yield name, connection
    finally:
        connection.close()
        wait_until_gone(tenor, name)
        drop_reader(tenor.storage, ASKED, name)


def wait_until_gone(tenor: Tenor, name: str) -> None:
    """A session ends a moment after its client has left, and its temporary objects with it."""
    deadline = time.monotonic() + 30
    with tenor.database.connect() as ours:
        while ours.execute("SELECT FROM pg_stat_activity WHERE usename = %s", (name,)).fetchone() is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def seen(connection: psycopg.Connection[Any], what: str = "book_id", table: str = "position_result") -> set[Any]:
    return {row[0] for row in connection.execute(f"SELECT DISTINCT {what} FROM mart.{table}")}  # noqa: S608


def test_a_reader_of_a_node_sees_it_and_what_is_below(mart: Tenor) -> None:
    with reader(mart, "CREDIT") as (_, connection):
        assert seen(connection) == {"HY", "IG", "IG-SUB"}
        assert seen(connection, "node_id", "total") == CREDIT
        assert seen(connection, "node_id", "total_detail") == CREDIT
        assert len(seen(connection, "run_id", "run")) == 1


def test_a_reader_without_nodes_named_sees_all(mart: Tenor) -> None:
    with reader(mart) as (_, connection):
        assert connection.execute("SELECT count(*) FROM mart.position_result").fetchone() == (270,)
        assert seen(connection, "node_id", "total") == {*CREDIT, *OF_OTHERS}


def test_a_reader_whose_node_has_no_positions_sees_no_run(mart: Tenor) -> None:
    with reader(mart, "BIRCH") as (_, connection):
        assert seen(connection) == set()
        assert seen(connection, "run_id", "run") == set()
        assert seen(connection, "node_id", "total") == {"BIRCH", "SPARE"}


def test_a_role_without_rows_sees_nothing(mart: Tenor) -> None:
    with reader(mart, "CREDIT") as (name, connection):
        with mart.database.connect() as ours:
            ours.execute("DELETE FROM mart_reader WHERE reader = %s", (name,))
        for table in ("run", "position_result", "total", "total_detail"):
            assert connection.execute(f"SELECT count(*) FROM mart.{table}").fetchone() == (0,)  # noqa: S608


REFUSED = {
    "another role": "SET ROLE tenor_app",
    "the superuser": "SET ROLE postgres",
    "another login": "SET SESSION AUTHORIZATION tenor_app",
    "no row security": "SET row_security = off; SELECT count(*) FROM mart.position_result",
    "a partition": "SELECT count(*) FROM mart.position_result_{run_no}",
    "a partition of totals": "SELECT count(*) FROM mart.total_{run_no}",
    "who reads what": "SELECT * FROM mart_reader",
    "more rows of its own": "INSERT INTO mart_reader SELECT session_user, '*'",
    "trees": "SELECT * FROM mart_node",
    "the log": "SELECT * FROM ledger_events",
    "facts": "SELECT * FROM fact_block",
    "read models": "SELECT * FROM read.run",
    "tables of read models": "SELECT * FROM projection.run_v1",
    "the policy": "DROP POLICY nodes_of_reader ON mart.total",
    "the tables' own switch": "ALTER TABLE mart.total DISABLE ROW LEVEL SECURITY",
    "another function": "CREATE OR REPLACE FUNCTION mart.mine() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "objects beside": "CREATE TABLE mart.mine (x int)",
    "objects in public": "CREATE TABLE public.mine (x int)",
    "the owner's function": "SELECT ensure_fact_partition('2999-01-01')",
    "the owner's other function": "SELECT drop_archived_fact_partition('2026-01-01')",
    "values": "UPDATE mart.position_result SET pv = 0",
    "deletion": "DELETE FROM mart.total",
    "raw statistics": "SELECT * FROM pg_statistic",
    "passwords": "SELECT * FROM pg_authid",
    "files": "SELECT pg_read_file('postgresql.conf')",
    "programs": "COPY mart.run TO PROGRAM 'cat'",
    "a copy of a partition": "COPY mart.position_result_{run_no} TO STDOUT",
    "locks": "SELECT 1; LOCK TABLE mart.position_result IN ACCESS EXCLUSIVE MODE",
    "statistics": "ANALYZE mart.position_result_{run_no}; SELECT 1/0",
    "a leakproof function": "CREATE FUNCTION pg_temp.f(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_reader_may_not(mart: Tenor, what: str) -> None:
    with mart.database.connect() as ours:
        ((run_no,),) = ours.execute("SELECT run_no FROM mart_publication").fetchall()
    with reader(mart, "HY") as (_, connection):
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises((InsufficientPrivilege, psycopg.errors.DivisionByZero)):
            connection.execute(REFUSED[what].replace("{run_no}", str(run_no)))
        assert seen(connection) == {"HY"}


SETTINGS = (
    "SELECT set_config('role', 'none', false)",
    "SELECT set_config('session_authorization', session_user, false)",
    "SELECT set_config('search_path', 'pg_temp, mart, public', false)",
    "SELECT set_config('app.nodes', '*', false), set_config('tenor.nodes', '*', false)",
    "SET default_transaction_read_only = off",
    "SET row_security = on",
    "SET enable_seqscan = off",
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_partition_pruning = off",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_widens_what_is_seen(mart: Tenor, setting: str) -> None:
    with reader(mart, "HY") as (_, connection):
        connection.execute(setting)
        assert seen(connection) == {"HY"}
        assert seen(connection, "node_id", "total") == {"HY"}


def test_names_of_its_own_stand_before_none_of_the_policies(mart: Tenor) -> None:
    """Tables, functions and operators in the session's own schema, under the names that the policies use."""
    with reader(mart, "HY") as (name, connection):
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("CREATE TEMP TABLE mart_reader (reader name, node_id text)")
        connection.execute("INSERT INTO mart_reader VALUES (session_user, '*')")
        connection.execute("CREATE TEMP TABLE mart_node (run_id uuid, node_id text, path text[], positions int)")
        yes = "RETURNS boolean LANGUAGE sql AS 'SELECT true'"
        connection.execute("CREATE TYPE pg_temp.place AS (run_id uuid, node_id text)")
        connection.execute(f"CREATE FUNCTION pg_temp.nodes_seen() {yes}")
        connection.execute(f"CREATE FUNCTION pg_temp.same(text, text) {yes}")
        connection.execute("CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.same)")
        connection.execute("SET search_path = pg_temp, mart, public, pg_catalog")
        books = connection.execute("SELECT DISTINCT book_id FROM mart.position_result").fetchall()
        assert books == [("HY",)], name


def test_a_function_that_tells_is_told_its_own_rows_alone(mart: Tenor) -> None:
    """Cheap as can be, so that a planner would ask it first."""
    tells = (
        "CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
        "$$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"
    )
    with reader(mart, "HY") as (_, connection):
        connection.execute("SET default_transaction_read_only = off")
        told: set[str] = set()
        connection.add_notice_handler(lambda notice: told.add(str(notice.message_primary)))
        connection.execute(tells)
        connection.execute("SELECT count(*) FROM mart.position_result WHERE pg_temp.tell(book_id)")
        assert told == {"HY"}
        connection.execute("SELECT count(*) FROM mart.total WHERE pg_temp.tell(node_id)")
        assert told == {"HY"}
        error = "SELECT count(*) FROM mart.position_result WHERE 1 / (CASE book_id WHEN 'LOANS' THEN 0 ELSE 1 END) = 1"
        assert (
            connection.execute(error).fetchone()
            == connection.execute("SELECT count(*) FROM mart.position_result").fetchone()
        )


def test_a_view_or_a_function_of_an_owner_who_may_read_no_more_shows_no_more(mart: Tenor) -> None:
    """Temporary views and functions run as the reader; a function as its definer keeps who has logged in."""
    with reader(mart, "HY") as (_, connection):
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("CREATE TEMP VIEW mine AS SELECT * FROM mart.total")
        assert {row[0] for row in connection.execute("SELECT node_id FROM mine")} == {"HY"}
        connection.execute(
            "CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS "
            "'SELECT DISTINCT node_id FROM mart.total'"
        )
        assert connection.execute("SELECT pg_temp.mine()").fetchall() == [("HY",)]
        with reader(mart, "LOANS") as (_, other):
            other.execute("SET default_transaction_read_only = off")
            assert seen(other) == {"LOANS"}


def test_another_readers_rights_do_not_come_with_membership(mart: Tenor) -> None:
    """An administrator may make one a member of the other: policies go by who logged in, not by the role taken."""
    with reader(mart, "HY") as (one, connection), reader(mart, "LOANS") as (other, _):
        with psycopg.connect(mart.database_url, autocommit=True) as administrator:
            administrator.execute(f"GRANT {other} TO {one}")
        connection.execute(f"SET ROLE {other}")
        assert seen(connection) == {"HY"}
        with psycopg.connect(mart.database_url, autocommit=True) as administrator:
            administrator.execute(f"REVOKE {other} FROM {one}")


def plan(connection: psycopg.Connection[Any], condition: str) -> str:
    query = f"EXPLAIN SELECT * FROM mart.position_result WHERE {condition}"  # noqa: S608
    return "\n".join(row[0] for row in connection.execute(query)).replace(condition.partition("'")[2], "")


def test_plans_tell_no_values(mart: Tenor) -> None:
    """After an administrator's ANALYZE a value that is there is estimated as one that is not."""
    with psycopg.connect(mart.database_url, autocommit=True) as administrator:
        administrator.execute("ANALYZE")
    with reader(mart, "HY") as (_, connection):
        assert plan(connection, "book_id = 'LOANS'") == plan(connection, "book_id = 'NOBODY'")
        assert plan(connection, "currency = 'EUR'") == plan(connection, "currency = 'XXX'")
        of_values = {plan(connection, f"pv > {amount}").replace(f"{amount}", "") for amount in (-1000, 1000, 9999)}
        assert len({each.split("rows=")[1].split()[0] for each in of_values}) == 1
        assert connection.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'mart'").fetchone() == (0,)
        assert connection.execute(
            "SELECT count(*) FROM pg_stats WHERE tablename LIKE 'position_result%'"
        ).fetchone() == (0,)


def steps(connection: psycopg.Connection[Any], table: str, condition: str) -> str:
    """What was done and how many rows each step met, without what it was asked and how long it took."""
    how = "ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF"
    query = f"EXPLAIN ({how}) SELECT * FROM mart.{table} WHERE {condition}"  # noqa: S608
    told = "\n".join(row[0] for row in connection.execute(query))
    return "\n".join(line for line in told.splitlines() if not re.match(r" *(Filter|Recheck Cond):", line))


OF_OTHERS_ROWS = {
    "a position": ("position_result", "position_id = '{theirs}'", "position_id = 'NOBODY'"),
    "a book": ("position_result", "book_id = 'LOANS'", "book_id = 'NOBODY'"),
    "a node": ("total", "node_id = 'LOANS'", "node_id = 'NOBODY'"),
    "a node's detail": ("total_detail", "node_id = 'LOANS'", "node_id = 'NOBODY'"),
    "a figure": (
        "position_result",
        "position_id = '{theirs}' AND pv > {pv} - 1",
        "position_id = '{theirs}' AND pv > {pv} + 1",
    ),
    "a figure of a scenario": (
        "position_result",
        "scenario_id = 'BASE' AND position_id = '{theirs}' AND pv > {pv} - 1",
        "scenario_id = 'BASE' AND position_id = '{theirs}' AND pv > {pv} + 1",
    ),
    "a total": ("total", "node_id = 'LOANS' AND pv_base > -1e300", "node_id = 'LOANS' AND pv_base > 1e300"),
    "a count": ("total_detail", "node_id = 'LOANS' AND positions > 0", "node_id = 'LOANS' AND positions > 1000000"),
    "a figure by cases": (
        "position_result",
        "CASE WHEN position_id = '{theirs}' AND pv > {pv} - 1 THEN true ELSE false END",
        "CASE WHEN position_id = '{theirs}' AND pv > {pv} + 1 THEN true ELSE false END",
    ),
    "a figure by what is null": (
        "position_result",
        "nullif(position_id, '{theirs}') IS NULL",
        "nullif(position_id, 'NOBODY') IS NULL",
    ),
}


@pytest.mark.parametrize("what", OF_OTHERS_ROWS)
def test_plans_that_are_run_tell_nothing_of_others(mart: Tenor, what: str) -> None:
    """Rows of others are as rows that nobody has, whatever way the planner is told to look for them."""
    with mart.database.connect() as ours:
        ((theirs, pv),) = ours.execute(
            "SELECT position_id, pv FROM mart.position_result WHERE book_id = 'LOANS' AND scenario_id = 'BASE' "
            "AND pv IS NOT NULL LIMIT 1"
        ).fetchall()
    table, there, absent = (each.replace("{theirs}", theirs).replace("{pv}", repr(pv)) for each in OF_OTHERS_ROWS[what])
    with reader(mart, "HY") as (_, connection):
        for setting in ("enable_seqscan", "enable_indexscan", "enable_bitmapscan", "enable_hashagg"):
            connection.execute(f"SET {setting} = off")
            found = {steps(connection, table, condition) for condition in (there, absent)}
            assert len(found) == 1, found
            connection.execute(f"RESET {setting}")


def test_prepared_statements_are_planned_for_whoever_asks(mart: Tenor) -> None:
    with reader(mart, "HY") as (_, connection):
        connection.execute("PREPARE books AS SELECT DISTINCT book_id FROM mart.position_result")
        for _ in range(8):
            assert connection.execute("EXECUTE books").fetchall() == [("HY",)]


def test_readers_are_in_the_log_and_listed_without_their_passwords(mart: Tenor) -> None:
    name = f"reader_{uuid4().hex[:12]}"
    made = create_reader(mart.storage, ASKED, name, ["HY", "HY", "IG"])
    assert made.password not in str(mart.store.stream(reader_stream(name)))
    assert listed_readers(mart.storage) == [{"name": name, "nodes": ["HY", "IG"], "created_at": ASKED.now}]
    with pytest.raises(Conflict, match="already"):
        create_reader(mart.storage, ASKED, name, [])
    drop_reader(mart.storage, ASKED, name)
    assert [type(event) for event in mart.store.stream(reader_stream(name))] == [MartReaderCreated, MartReaderDropped]
    with pytest.raises(psycopg.OperationalError, match=r"authentication failed|does not exist"):
        psycopg.connect(make_conninfo(mart.database_url, user=name, password=made.password))
    with pytest.raises(Unknown, match="no reader"):
        drop_reader(mart.storage, ASKED, name)


@pytest.mark.parametrize("name", ["", "pg_reader", "tenor_app", "Capital", "a b", 'x"; DROP', "public", "x" * 64])
def test_names_that_are_refused(tenor: Tenor, name: str) -> None:
    with pytest.raises(Refused, match="cannot be the name"):
        create_reader(tenor.storage, ASKED, name, [])


def test_without_createrole_nothing_is_made_and_the_fix_is_said(tenor: Tenor, database_url: str) -> None:
    account = f"account_{uuid4().hex[:12]}"
    with psycopg.connect(database_url, autocommit=True) as administrator:
        administrator.execute(f"CREATE ROLE {account} LOGIN PASSWORD 'x'")
        administrator.execute(f"GRANT tenor_app TO {account}")
    own = Tenor(Settings(tenor.settings.home, None), make_conninfo(database_url, user=account, password="x"))
    try:
        storage: Storage = own.storage
        head = tenor.store.head()
        with pytest.raises(MayNotCreateRoles, match=f"ALTER ROLE {account}|may not create") as refused:
            create_reader(storage, ASKED, "some_reader", [])
        assert f'ALTER ROLE "{account}" CREATEROLE' in refused.value.fix
        assert tenor.store.head() == head
        with own.database.connect() as connection:
            as_application(connection)  # a pool's connection is as it was
    finally:
        own.close()
        with psycopg.connect(database_url, autocommit=True) as administrator:
            administrator.execute(f"DROP ROLE {account}")


def test_an_account_that_may_create_roles_and_no_more_makes_and_drops_readers(mart: Tenor) -> None:
    account, name = f"account_{uuid4().hex[:12]}", f"reader_{uuid4().hex[:12]}"
    with psycopg.connect(mart.database_url, autocommit=True) as administrator:
        administrator.execute(f"CREATE ROLE {account} LOGIN CREATEROLE PASSWORD 'x'")
        administrator.execute(f"GRANT tenor_app TO {account}")
    own = Tenor(mart.settings, make_conninfo(mart.database_url, user=account, password="x"))
    try:
        made = create_reader(own.storage, ASKED, name, ["HY"])
        with psycopg.connect(make_conninfo(mart.database_url, user=name, password=made.password)) as connection:
            assert seen(connection) == {"HY"}
        drop_reader(own.storage, ASKED, name)
    finally:
        own.close()
        with psycopg.connect(mart.database_url, autocommit=True) as administrator:
            administrator.execute(f"DROP ROLE {account}")


def test_the_policy_is_asked_first_and_by_a_hash(mart: Tenor) -> None:
    """What the promises above rest on, in the planner's own words."""
    with reader(mart, "HY") as (_, connection):
        query = "EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM mart.position_result WHERE pv > 1 AND book_id = 'LOANS'"
        told = "\n".join(row[0] for row in connection.execute(query))
        (condition,) = re.findall(r"Filter: (.*)", told)
        assert re.match(r"\(+(ANY|hashed SubPlan)", condition), condition
        assert "hashed SubPlan" in condition
