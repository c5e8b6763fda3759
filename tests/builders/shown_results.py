"""What the read models show of published runs."""

from typing import Any
from uuid import UUID

import pyarrow as pa
import zstandard
from psycopg.sql import SQL, Identifier

from ops.wiring import Tenor
from query_api.results.table import position_results

RESULTS = ("result_chunk", "result_position", "result_row", "result_status", "result_reason", "result_fx")
TOTALS = ("rollup", "rollup_reason", "top", "ladder")


def rows(tenor: Tenor, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with tenor.database.connect() as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def figures(tenor: Tenor) -> dict[str, list[str]]:
    """Every row of every result table as text, in no order: text tells NaN, -0 and the last bit."""
    with tenor.database.connect() as connection:
        views = {name: SQL("SELECT * FROM {}").format(Identifier("read", name)) for name in RESULTS + TOTALS}
        shown = {name: sorted(map(str, connection.execute(query))) for name, query in views.items()}
    return shown | {"result_chunk": opened(tenor)}


def opened(tenor: Tenor) -> list[str]:
    """Frames of blocks that were packed anew are other bytes for the same planes."""
    query = (
        "SELECT run_no, chunk_no, part_no, scenario_no, column_no, packed FROM read.result_chunk ORDER BY 1, 2, 3, 4, 5"
    )
    return [f"{place} {zstandard.decompress(frame).hex()}" for *place, frame in rows(tenor, query)]


def table_of(tenor: Tenor, run_id: UUID) -> pa.Table:
    with tenor.database.connect() as connection, connection.transaction():
        found = position_results(connection, run_id)
        return pa.Table.from_batches(found.batches, found.schema)
