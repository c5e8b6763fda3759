"""Whether the rows of a mart are those that the log says were written: the server gives the same bytes back."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Identifier

from commands.publish_mart import mart_of
from ops.ports import Storage
from projections.engine.binary_copy import HEADER, TRAILER
from projections.marts.tables import DETAILS, FIRST, TABLES, leaf_of

COPY_OUT = SQL("COPY {leaf} ({columns}) TO STDOUT (FORMAT binary)")
SELECT_RUN_NO = "SELECT run_no FROM mart_publication WHERE run_id = %s"


def is_intact(storage: Storage, run_id: UUID) -> bool:
    """Rows are never changed, so that they lie in the order in which they were written."""
    published = mart_of(storage.store, run_id).published
    with storage.connect() as connection:
        row = connection.execute(SELECT_RUN_NO, (run_id,)).fetchone()
        if published is None or row is None:
            return published is None and row is None
        measures = {name: published.columns if name != DETAILS else [] for name in TABLES}
        found = {name: _contents(connection, name, row[0], measures[name]) for name in TABLES}
    return found == published.contents


def _contents(connection: Any, name: str, run_no: int, measures: list[str]) -> str:
    first = ("run_id",) if name == DETAILS else ("run_id", "as_of")
    columns = SQL(", ").join(Identifier(each) for each in (*first, *FIRST[name], *measures))
    statement = COPY_OUT.format(leaf=leaf_of(name, run_no), columns=columns)
    digest, held, ahead = sha256(), b"", len(HEADER)
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        for piece in out:
            held += bytes(piece)[ahead:]
            ahead = max(0, ahead - len(piece))
            digest.update(held[: -len(TRAILER)])
            held = held[-len(TRAILER) :]
    return digest.hexdigest() if held == TRAILER else ""
