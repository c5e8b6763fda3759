"""Versions of a read model in the database: tables made like the live ones, views moved over, old tables dropped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import Jsonb

from domain.ports import Connection
from projections.engine.comparison import Content
from projections.engine.versions import SCHEMA, ReadModel, Tables, versioned

SELECT_VERSIONS = """
SELECT version, state, tables, comparable FROM read_model_version WHERE read_model = %s
 ORDER BY swapped_at DESC NULLS LAST, version DESC
"""
INSERT_BUILDING = "INSERT INTO read_model_version (read_model, version, state, tables) VALUES (%s, %s, 'BUILDING', %s)"
INSERT_READER = "INSERT INTO reader_position (reader, position) VALUES (%s, 0) ON CONFLICT DO NOTHING"
SELECT_PARTITION_KEY = "SELECT pg_get_partkeydef(to_regclass(%s))"
CREATE_LIKE = SQL("CREATE TABLE {new} (LIKE {old} INCLUDING ALL)")
CREATE_PARTITIONED_LIKE = SQL("CREATE TABLE {new} (LIKE {old} INCLUDING ALL) PARTITION BY {key}")

SELECT_VIEWS = """
SELECT DISTINCT n.nspname, v.relname, pg_get_viewdef(v.oid)
  FROM pg_depend d
  JOIN pg_rewrite r ON r.oid = d.objid
  JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
  JOIN pg_namespace n ON n.oid = v.relnamespace
 WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
   AND d.refobjid = ANY (%s::text[]::regclass[]::oid[])
 ORDER BY 1, 2
"""
REPLACE_VIEW = SQL("CREATE OR REPLACE VIEW {view} WITH (security_invoker = true) AS {definition}")
GUARD = "SELECT read.guard(%s, %s)"

TAKE_OVER = SQL("UPDATE {new} n SET {column} = o.{column} FROM {old} o WHERE {same}")
RETIRE = """
UPDATE read_model_version SET state = 'RETIRED' WHERE read_model = %s AND version = %s AND state = 'LIVE' RETURNING 1
"""
MAKE_LIVE = """
UPDATE read_model_version
   SET state = 'LIVE', swapped_at = now(), swapped_position = %s, contents = coalesce(%s, contents)
 WHERE read_model = %s AND version = %s AND state IN ('BUILDING', 'RETIRED') RETURNING 1
"""
REJECT = "UPDATE read_model_version SET state = 'REJECTED' WHERE read_model = %s AND version = %s"

SELECT_LEAVES = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(%s) ORDER BY 1
"""
DROP_TABLE = SQL("DROP TABLE IF EXISTS {table}")
FORGET = (
    "DELETE FROM reader_position WHERE reader = %s",
    "DELETE FROM dead_letter WHERE reader = %s",
)
FORGET_VERSION = "DELETE FROM read_model_version WHERE read_model = %s AND version = %s"


@dataclass(frozen=True)
class Version:
    """A row of read_model_version; what was live last comes first."""

    number: int
    state: str
    tables: tuple[str, ...]
    comparable: bool


def versions(connection: Connection, read_model: ReadModel) -> list[Version]:
    rows = connection.execute(SELECT_VERSIONS, (read_model.name,)).fetchall()
    return [Version(number, state, tuple(tables), comparable) for number, state, tables, comparable in rows]


def begin(connection: Connection, read_model: ReadModel, live: int, number: int) -> None:
    """Empty tables like the live ones, with their keys, checks, defaults, storage and rules of who sees which rows;
    partitioned where those are."""
    for table in read_model.tables:
        old = f"{SCHEMA}.{versioned(table, live)}"
        (key,) = connection.execute(SELECT_PARTITION_KEY, (old,)).fetchone()
        statement = CREATE_PARTITIONED_LIKE if key else CREATE_LIKE
        connection.execute(
            statement.format(
                new=Identifier(SCHEMA, versioned(table, number)),
                old=Identifier(SCHEMA, versioned(table, live)),
                key=SQL(key or ""),
            )
        )
        connection.execute(GUARD, (table, number))
    connection.execute(INSERT_BUILDING, (read_model.name, number, list(read_model.tables)))
    connection.execute(INSERT_READER, (versioned(read_model.name, number),))


def take_over(connection: Connection, read_model: ReadModel, live: int, number: int) -> None:
    """What was observed once and stands in no event, such as when a run became queryable."""
    old, new = Tables(read_model.tables, live), Tables(read_model.tables, number)
    for observed in read_model.observed:
        same: list[Composed] = [SQL("n.{key} = o.{key}").format(key=Identifier(key)) for key in observed.keys]
        connection.execute(
            TAKE_OVER.format(
                new=new.identifier(observed.table),
                old=old.identifier(observed.table),
                column=Identifier(observed.column),
                same=SQL(" AND ").join(same),
            )
        )


def swap_views(connection: Connection, tables: Sequence[str], live: int, number: int) -> None:
    """Every view over the live tables, whoever made it, reads the new ones: its own words with the names changed."""
    names = [f"{SCHEMA}.{versioned(table, live)}" for table in tables]
    for schema, view, definition in connection.execute(SELECT_VIEWS, (names,)).fetchall():
        statement = REPLACE_VIEW.format(
            view=Identifier(schema, view), definition=SQL(_renamed(definition, tables, live, number))
        )
        connection.execute(statement)


def _renamed(definition: str, tables: Sequence[str], live: int, number: int) -> str:
    for table in tables:
        definition = re.sub(rf"\b{versioned(table, live)}\b", versioned(table, number), definition)
    return definition


def make_live(
    connection: Connection,
    read_model: ReadModel,
    live: int,
    number: int,
    position: int,
    contents: dict[str, Content] | None,
) -> bool:
    """False when somebody else has changed the versions meanwhile."""
    document = Jsonb({table: vars(content) for table, content in contents.items()}) if contents else None
    retired = connection.execute(RETIRE, (read_model.name, live)).fetchone()
    made = connection.execute(MAKE_LIVE, (position, document, read_model.name, number)).fetchone()
    return bool(retired and made)


def reject(connection: Connection, read_model: ReadModel, number: int) -> None:
    connection.execute(REJECT, (read_model.name, number))


def drop(connection: Connection, read_model: ReadModel, version: Version) -> None:
    """Its runner first, so that nothing writes any more; then table by table, since a thousand runs have a thousand
    partitions each. Begun and not ended, it is found as REJECTED by the next rebuild and ended then."""
    reject(connection, read_model, version.number)
    reader = versioned(read_model.name, version.number)
    for statement in FORGET:
        connection.execute(statement, (reader,))
    for table in version.tables:
        name = versioned(table, version.number)
        for (leaf,) in connection.execute(SELECT_LEAVES, (f"{SCHEMA}.{name}",)).fetchall():
            connection.execute(DROP_TABLE.format(table=Identifier(SCHEMA, leaf)))
        connection.execute(DROP_TABLE.format(table=Identifier(SCHEMA, name)))
    connection.execute(FORGET_VERSION, (read_model.name, version.number))
