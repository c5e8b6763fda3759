"""Schema mart: a partition a run of each table, made, filled and attached in one transaction.

No column of a partition keeps statistics, and none has an index: what a planner estimates, and how many rows an index
finds that a policy then takes away, EXPLAIN shows to whoever asks; it would tell a reader of rows that are not theirs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
from psycopg.sql import SQL, Identifier, Literal

from domain.measures.measures import MEASURES, Measure
from domain.ports import Connection
from domain.refusals import Unavailable
from domain.runs.marts import MartContents
from projections.engine import binary_copy
from projections.marts.copied import copy_bytes, row_head

SCHEMA = "mart"
POSITIONS, TOTALS, DETAILS = "position_result", "total", "total_detail"
TABLES = (POSITIONS, TOTALS, DETAILS)
FIRST: dict[str, tuple[str, ...]] = {
    POSITIONS: (
        "scenario_id",
        "position_id",
        "instrument_id",
        "book_id",
        "product_type",
        "currency",
        "status",
        "reason",
    ),
    TOTALS: ("scenario_id", "node_id"),
    DETAILS: ("scenario_id", "node_id", "reasons", "currency", "positions", "left_out"),
}
"""What stands before the measures, after run_id and as_of."""
MEASURED = (POSITIONS, TOTALS)
TRIES = 10

SELECT_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
ADD_COLUMN = SQL("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} float8")
COMMENT = SQL("COMMENT ON COLUMN {table}.{column} IS {meaning}")
# When a tool's query stands in the way it is we who give up and come again, never the tools behind us that wait.
SHORT_WAIT = "SET LOCAL lock_timeout = '300ms'"
CREATE_LEAF = SQL("CREATE TABLE {leaf} (LIKE {parent}, CHECK (run_id = {run_id}))")
NO_STATISTICS = SQL("ALTER COLUMN {column} SET STATISTICS 0")
ATTACH_LEAF = SQL("ALTER TABLE {parent} ATTACH PARTITION {leaf} FOR VALUES IN ({run_id})")
DROP_LEAF = SQL("DROP TABLE IF EXISTS {leaf}")

LOCK_RUN = "SELECT pg_advisory_xact_lock(hashtextextended('tenor.mart.' || %s, 0))"
SELECT_PUBLICATION = "SELECT run_no FROM mart_publication WHERE run_id = %s"
PUT_PUBLICATION = "INSERT INTO mart_publication (run_id, run_no, published_at) VALUES (%s, %s, %s)"
PUT_NODES = """
INSERT INTO mart_node (run_id, node_id, path, positions)
SELECT %s, node_id, path, positions FROM read.portfolio_node WHERE snapshot_id = %s
"""
PUT_RUN = """
INSERT INTO mart.run (run_id, as_of, base_currency, portfolio_snapshot_id, market_snapshot_id, scenarios, measures,
                      published_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
FORGET_RUN = "DELETE FROM mart.run WHERE run_id = %s"
FORGET_PUBLICATION = "DELETE FROM mart_publication WHERE run_id = %s"


class MartInUse(Unavailable):
    def __init__(self) -> None:
        message = "queries of other tools stand in the way: schema mart cannot be changed at the moment"
        super().__init__("MART_IN_USE", message, "ask again when they have ended; nothing was changed")


class TreeMissing(Unavailable):
    """Nobody could be told which rows are whose."""

    def __init__(self, snapshot_id: UUID) -> None:
        message = f"the read model of trees does not have portfolio {snapshot_id} yet"
        super().__init__("TREE_MISSING", message, "ask again in a moment; `tenor projections list` says how far it is")


@dataclass(frozen=True)
class MartRun:
    """What mart.run says, and the run's number, by which partitions are named."""

    run_id: UUID
    run_no: int
    as_of: date
    base_currency: str
    portfolio_snapshot_id: UUID
    market_snapshot_id: UUID
    scenarios: list[str]
    measures: list[str]


@dataclass(frozen=True)
class Rows:
    """Of one table: its columns after run_id and as_of, and its rows in batches, to be read once."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]


def add_measures(connection: Connection, columns: Sequence[str]) -> None:
    """Before the rows are written, and by itself: every reader waits for whoever changes a table's columns."""
    for _ in range(TRIES):
        try:
            with connection.transaction():
                connection.execute(SHORT_WAIT)
                for name in MEASURED:
                    _add_measures(connection, name, columns)
            return
        except psycopg.errors.LockNotAvailable:
            continue
    raise MartInUse


def _add_measures(connection: Connection, name: str, columns: Sequence[str]) -> None:
    known = {row[0] for row in connection.execute(SELECT_COLUMNS, (f"{SCHEMA}.{name}",))}
    for column in columns:
        if column not in known:
            told = {"table": Identifier(SCHEMA, name), "column": Identifier(column)}
            connection.execute(ADD_COLUMN.format(**told))
            connection.execute(COMMENT.format(**told, meaning=Literal(meaning_of(column, is_total=name == TOTALS))))


def meaning_of(column: str, *, is_total: bool) -> str:
    """Unit and meaning, from the table of measures."""
    by_column = {each: measure for measure in MEASURES for each in measure.result_columns}
    in_base = column not in by_column
    measure: Measure = by_column[column.removesuffix("_base") if in_base else column]
    of = (
        f"{measure.meaning} ({column.removeprefix('key_rate_')})"
        if len(measure.result_columns) > 1
        else measure.meaning
    )
    unit = measure.unit.value.replace("currency", "base currency") if in_base else measure.unit.value
    adds = f"; of a node: {measure.adds.value}" if is_total else ""
    return f"[{unit}] {of}{adds}"


def write_mart(
    connection: Connection, run: MartRun, tables: dict[str, Rows], now: datetime, completed_version: int
) -> MartContents:
    """In the caller's transaction; what was there of the run goes first."""
    forget_mart(connection, run.run_id)
    connection.execute(PUT_PUBLICATION, (run.run_id, run.run_no, now))
    if not connection.execute(PUT_NODES, (run.run_id, run.portfolio_snapshot_id)).rowcount:
        raise TreeMissing(run.portfolio_snapshot_id)
    rows, contents = {}, {}
    for name in TABLES:
        rows[name], contents[name] = _fill(connection, run, name, tables[name])
    told = (run.base_currency, run.portfolio_snapshot_id, run.market_snapshot_id, run.scenarios, run.measures, now)
    connection.execute(PUT_RUN, (run.run_id, run.as_of, *told))
    columns = [name for name in tables[POSITIONS].schema.names if name not in FIRST[POSITIONS]]
    positions = rows[POSITIONS] // len(run.scenarios)
    return MartContents(completed_version, positions, len(run.scenarios), columns, rows, contents)


def forget_mart(connection: Connection, run_id: UUID) -> bool:
    """Whether there was one. Raises MartInUse where readers stand in the way, soon."""
    found = connection.execute(SELECT_PUBLICATION, (run_id,)).fetchone()
    if found is None:
        return False
    connection.execute(SHORT_WAIT)
    try:
        for name in TABLES:
            connection.execute(DROP_LEAF.format(leaf=leaf_of(name, found[0])))
    except psycopg.errors.LockNotAvailable as busy:
        raise MartInUse from busy
    connection.execute("SET LOCAL lock_timeout = DEFAULT")
    connection.execute(FORGET_RUN, (run_id,))
    connection.execute(FORGET_PUBLICATION, (run_id,))
    return True


def _fill(connection: Connection, run: MartRun, name: str, rows: Rows) -> tuple[int, str]:
    parent, leaf = Identifier(SCHEMA, name), leaf_of(name, run.run_no)
    told = {"parent": parent, "leaf": leaf, "run_id": Literal(run.run_id)}
    connection.execute(CREATE_LEAF.format(**told))
    columns = [row[0] for row in connection.execute(SELECT_COLUMNS, (leaf.as_string(connection),))]
    without = SQL(", ").join(NO_STATISTICS.format(column=Identifier(column)) for column in columns)
    connection.execute(SQL("ALTER TABLE {leaf} ").format(leaf=leaf) + without)
    written = Written(run, name, rows)
    first = ("run_id",) if name == DETAILS else ("run_id", "as_of")
    binary_copy.copy(connection, leaf, (*first, *rows.schema.names), written, freeze=True)
    connection.execute(ATTACH_LEAF.format(**told))
    return written.rows, written.digest.hexdigest()


def leaf_of(name: str, run_no: int) -> Identifier:
    return Identifier(SCHEMA, f"{name}_{run_no}")


class Written:
    """The rows on their way to COPY, counted and hashed as they pass."""

    def __init__(self, run: MartRun, name: str, rows: Rows) -> None:
        self._batches, self.rows, self.digest = rows.batches, 0, sha256()
        self._head = row_head(run.run_id, None if name == DETAILS else run.as_of, len(rows.schema.names))

    def __iter__(self) -> Iterator[Any]:
        for batch in self._batches:
            if batch.num_rows:
                data = copy_bytes(batch, self._head)
                self.rows += batch.num_rows
                self.digest.update(data)
                yield data
