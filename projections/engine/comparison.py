"""What two versions of a read model hold, table by table: rows, and a hash that does not depend on their order.

hash   sum over rows of hash_record_extended(row, 0), as a decimal: equal rows in any order give equal sums
"""

from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from domain.ports import Connection
from projections.engine.versions import SCHEMA, ReadModel, versioned

SELECT_COLUMNS = """
SELECT attname FROM pg_attribute
 WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attname <> ALL (%s) ORDER BY attname
"""
SELECT_COUNT = SQL("SELECT count(*), NULL FROM {table}")
SELECT_CONTENT = SQL(
    "SELECT count(*), coalesce(sum(hash_record_extended(ROW({columns}), 0)::numeric), 0)::text FROM {table}"
)


@dataclass(frozen=True)
class Content:
    """`hash` None: not asked for."""

    rows: int
    hash: str | None


@dataclass(frozen=True)
class Difference:
    table: str
    live: Content
    built: Content

    def __str__(self) -> str:
        if self.live.rows != self.built.rows:
            return f"{self.table}: {self.live.rows:,} rows live, {self.built.rows:,} rebuilt"
        return f"{self.table}: {self.live.rows:,} rows in both, hash {self.live.hash} live, {self.built.hash} rebuilt"


def contents(connection: Connection, read_model: ReadModel, version: int, *, hashes: bool) -> dict[str, Content]:
    return {table: _content(connection, read_model, table, version, hashes) for table in read_model.tables}


def differences(live: dict[str, Content], built: dict[str, Content]) -> list[Difference]:
    return [Difference(table, live[table], built[table]) for table in live if live[table] != built[table]]


def _content(connection: Connection, read_model: ReadModel, table: str, version: int, hashes: bool) -> Content:
    name = versioned(table, version)
    observed = [each.column for each in read_model.observed if each.table == table]
    observed += [column for of_table, column in read_model.later if of_table == table]
    columns = [row[0] for row in connection.execute(SELECT_COLUMNS, (f"{SCHEMA}.{name}", observed))]
    statement = (SELECT_CONTENT if hashes else SELECT_COUNT).format(
        table=Identifier(SCHEMA, name), columns=SQL(", ").join(map(Identifier, columns))
    )
    return Content(*connection.execute(statement).fetchone())
