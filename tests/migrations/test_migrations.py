"""All migrations applied equal schema.sql; applying them again changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from ops.adapters.database import HEAD, ensure_migrated, migrate, revision
from ops.embedded_postgres.server import EmbeddedServer
from query_api.frames import unpacked
from query_api.reading import unpacked_numbers, unpacked_texts

ODD = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -2.5e-310, 2.2250738585072014e-308, 1.7976931348623157e308])
PACKED_TABLES = ("result_chunk", "result_position", "result_row", "result_status")
IDS = [["b", ""], ["B\u00e9", "\U0001f600"]]
ALL_IDS = IDS[0] + IDS[1]
SCHEMA = Path(__file__).parent.parent.parent / "migrations" / "schema.sql"

TABLES = """
SELECT n.nspname || '.' || c.relname || ' ' || CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' ELSE 'table' END
       || ' owner ' || CASE WHEN c.relowner = (SELECT oid FROM pg_roles WHERE rolname = 'tenor_app') THEN 'tenor_app' ELSE 'owner' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'projection', 'read', 'mart') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition ORDER BY 1
"""
COLUMNS = """
SELECT format('%s.%s.%s %s%s%s storage %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
              coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END,
              a.attstorage)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname IN ('public', 'projection', 'read', 'mart') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY n.nspname, c.relname, a.attnum
"""
CONSTRAINTS = """
SELECT format('%s.%s constraint %s %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'projection', 'read', 'mart') AND NOT c.relispartition AND k.contype <> 'n' ORDER BY 1
"""
INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'projection', 'read', 'mart') AND NOT c.relispartition ORDER BY 1
"""
TRIGGERS = """
SELECT pg_get_triggerdef(t.oid) || ' enabled ' || t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND NOT c.relispartition ORDER BY 1
"""
FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('public', 'projection', 'read', 'mart') ORDER BY p.proname
"""
GRANTS = """
SELECT format('%s.%s grants %s', n.nspname, c.relname, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE n.nspname = 'public' AND r.rolname = 'tenor_app' AND NOT c.relispartition GROUP BY n.nspname, c.relname ORDER BY 1
"""
POLICIES = """
SELECT format('%s.%s policy %s for %s using %s', schemaname, tablename, policyname, cmd, qual) FROM pg_policies ORDER BY 1
"""
PARTS = (POLICIES, TABLES, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS, GRANTS)


def describe(connection: psycopg.Connection[Any]) -> str:
    """The catalogue in words, the same for every Postgres that we support, without alembic's own table."""
    lines = [str(row[0]).strip() for query in PARTS for row in connection.execute(query)]
    lines = [line for line in lines if "alembic_version" not in line]
    return "\n".join(lines) + "\n"


def schema_of(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        return describe(connection)


def test_all_migrations_equal_the_schema(postgres: EmbeddedServer, database_url: str) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE from_schema")
    from_schema = make_conninfo(postgres.dsn(), dbname="from_schema")
    with psycopg.connect(from_schema) as connection:
        connection.execute(SCHEMA.read_text())
    assert schema_of(from_schema) == schema_of(database_url)


def test_migrating_again_is_nothing(database_url: str) -> None:
    before = schema_of(database_url)
    assert migrate(database_url) == HEAD == revision(database_url)
    ensure_migrated(database_url)
    assert schema_of(database_url) == before


def test_numbers_are_packed_where_they_were_arrays(postgres: EmbeddedServer) -> None:
    """Migrations 0009 and 0011 keep every bit, in the run's own partition and in the version beside the live one."""
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE before_packing")
    url = make_conninfo(postgres.dsn(), dbname="before_packing")
    migrate(url, "0008")
    random = np.random.default_rng(9)
    amounts = np.concatenate([random.integers(0, 2**64, 2500, np.uint64).view(np.float64), ODD])
    amounts[np.isnan(amounts)] = np.nan
    with psycopg.connect(url) as connection:
        for table in PACKED_TABLES:
            like, leaf = (Identifier("projection", f"{table}{suffix}") for suffix in ("_v2", "_leaf"))
            first = Identifier("projection", f"{table}_v1")
            connection.execute(SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(like, first))
            connection.execute(SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES IN (7)").format(leaf, first))
        connection.execute("ALTER TABLE projection.result_row_leaf ADD PRIMARY KEY (position_id)")
        connection.execute(
            "ALTER TABLE projection.result_chunk_leaf ADD PRIMARY KEY (chunk_no, scenario_no, column_no)"
        )
        connection.execute("INSERT INTO projection.result_status_v1 VALUES (7, 0, 0, '{0, 1, 300}')")
        connection.execute(
            "INSERT INTO read_model_version (read_model, version, state, tables) VALUES ('result', 2, 'RETIRED', %s)",
            (list(PACKED_TABLES),),
        )
        for table in ("result_chunk_v1", "result_chunk_v2"):
            insert = SQL("INSERT INTO projection.{} VALUES (7, 0, 0, 0, %s), (7, 0, 1, 0, %s)")
            connection.execute(insert.format(Identifier(table)), (amounts.tolist(), amounts[::-1].tolist()))
        insert = SQL("INSERT INTO projection.result_position_v1 VALUES (7, %s, %s, %s, %s, %s, %s, %s)")
        for chunk_no, ids in enumerate(IDS):
            connection.execute(insert, (chunk_no, ids, ids, ids, ids, ids, ["no curve", ""] if chunk_no else ["", ""]))
        for row_no, position_id in enumerate(ALL_IDS):
            connection.execute("INSERT INTO projection.result_row_v1 VALUES (7, %s, %s)", (row_no, position_id))
    assert migrate(url) == HEAD
    with psycopg.connect(url) as connection:
        for table in ("result_chunk_v1", "result_chunk_v2"):
            select = SQL("SELECT part_no, scenario_no, packed FROM projection.{} WHERE chunk_no = 0")
            frames = {(p, s): frame for p, s, frame in connection.execute(select.format(Identifier(table)))}
            found = unpacked({p: {s: frames[p, s] for s in (0, 1)} for p in (0, 1)}, slice(0, len(amounts)))
            for scenario, values in enumerate((amounts, amounts[::-1])):
                np.testing.assert_array_equal(found[scenario].view(np.uint64), values.view(np.uint64))
        who = connection.execute("SELECT * FROM read.result_position ORDER BY chunk_no", binary=True).fetchall()
        assert [[unpacked_texts(each).to_pylist() for each in row[2:7]] for row in who] == [[ids] * 5 for ids in IDS]
        ((status,),) = connection.execute("SELECT reason_no FROM read.result_status", binary=True).fetchall()
        assert unpacked_numbers(status, "<i2").tolist() == [0, 1, 300]
        assert [row[7] for row in who] == [None, ["no curve", ""]]
        ((_, first, ids, row_nos),) = connection.execute("SELECT * FROM read.result_row", binary=True).fetchall()
        assert unpacked_texts(ids).to_pylist() == sorted(ALL_IDS)
        assert (first, np.frombuffer(row_nos, "<i4").tolist()) == (min(ALL_IDS), [1, 2, 0, 3])
        storage = (
            "SELECT DISTINCT attstorage FROM pg_attribute WHERE attname = 'packed' AND attrelid = ANY (%s::regclass[])"
        )
        leaves = ["projection.result_chunk_leaf", "projection.result_chunk_v1", "projection.result_chunk_v2"]
        assert connection.execute(storage, (leaves,)).fetchall() == [("e",)]
