"""The partitions of one run: made, filled, indexed and attached in the transaction that publishes it.

A partition is built outside its parent and attached at the end with its CHECK already there, so that readers of
other runs wait for nothing (ATTACH takes SHARE UPDATE EXCLUSIVE; CREATE .. PARTITION OF takes ACCESS EXCLUSIVE).
A run that is published again, after a retry, has its rows replaced inside its partitions: readers see the old
results until the commit, then the new.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg.sql import SQL, Identifier, Literal

from domain.ports import Connection
from projections.engine import binary_copy
from projections.engine.versions import SCHEMA, Tables, versioned

PRIMARY_KEYS: dict[str, tuple[str, ...]] = {
    "result_chunk": ("chunk_no", "part_no", "scenario_no", "column_no"),
    "result_position": ("chunk_no",),
    "result_row": ("first_position_id",),
    "result_status": ("chunk_no", "scenario_no"),
    "rollup": ("dimension", "key", "scenario_no"),
    "rollup_reason": ("dimension", "key", "scenario_no"),
    "top": ("scenario_no", "column_no"),
}

IS_THERE = SQL("SELECT to_regclass({name}) IS NOT NULL")
CREATE_LEAF = SQL("CREATE TABLE {leaf} (LIKE {parent} INCLUDING ALL, CHECK (run_no = {run_no}))")
EMPTY_LEAF = SQL("DELETE FROM {leaf}")
ADD_KEY = SQL("ALTER TABLE {leaf} ADD PRIMARY KEY ({columns})")
ATTACH_LEAF = SQL("ALTER TABLE {parent} ATTACH PARTITION {leaf} FOR VALUES IN ({run_no})")


class RunPartitions:
    """Open once a transaction; `fill` each table once; then `attach`."""

    def __init__(self, connection: Connection, run_no: int, tables: Tables) -> None:
        self._connection, self._run_no, self._tables = connection, run_no, tables
        name = Literal(f"{SCHEMA}.{self._leaf_name('result_chunk')}")
        self._fresh = not connection.execute(IS_THERE.format(name=name)).fetchone()[0]
        for parent in PRIMARY_KEYS:
            self._execute(CREATE_LEAF if self._fresh else EMPTY_LEAF, parent)

    def fill(self, parent: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
        """New rows are frozen as they arrive: no WAL where the server allows it, no hint bits to write later."""
        binary_copy.copy(self._connection, self._leaf(parent), ("run_no", *columns), rows, self._fresh)

    def attach(self) -> None:
        if self._fresh:
            for parent in PRIMARY_KEYS:
                self._execute(ADD_KEY, parent)
                self._execute(ATTACH_LEAF, parent)

    def _execute(self, statement: SQL, parent: str) -> None:
        self._connection.execute(
            statement.format(
                parent=self._tables.identifier(parent),
                leaf=self._leaf(parent),
                run_no=Literal(self._run_no),
                columns=SQL(", ").join(Identifier(column) for column in PRIMARY_KEYS[parent]),
            )
        )

    def _leaf(self, parent: str) -> Identifier:
        return Identifier(SCHEMA, self._leaf_name(parent))

    def _leaf_name(self, parent: str) -> str:
        return f"{versioned(parent, self._tables.version)}_run_{self._run_no}"
