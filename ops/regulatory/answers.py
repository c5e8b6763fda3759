"""Tables of capital, allowance and stress that were worked out, kept: by runs, question and engine, so that asking
again is a read."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256

import psycopg
import pyarrow as pa

from compute.engine_version import engine_version
from domain.access.asking import nodes_asked
from ops.ports import Storage
from query_api.reading import reading
from query_api.runs import find_run

MAX_BYTES = 4 * 1024 * 1024
"""Of an answer; a larger one is worked out whenever it is asked for."""
MAX_ANSWERS = 2_000

SELECT_ANSWER = "SELECT answer FROM regulatory_answer WHERE question_sha256 = %s"
INSERT_ANSWER = "INSERT INTO regulatory_answer (question_sha256, answer) VALUES (%s, %s) ON CONFLICT DO NOTHING"
FORGET_OLDEST = """
DELETE FROM regulatory_answer WHERE question_sha256 IN
       (SELECT question_sha256 FROM regulatory_answer ORDER BY answered_at DESC, question_sha256 OFFSET %s)
"""


def answered_once(
    storage: Storage, runs: Sequence[str], words: Sequence[object], work_out: Callable[[], pa.Table]
) -> pa.Table:
    """`words` say what is asked of the runs. Of a run whose results are not there yet nothing is kept."""
    question = _question(storage, runs, words)
    if question is None:
        return work_out()
    with storage.connect() as connection:
        found = connection.execute(SELECT_ANSWER, (question,), binary=True).fetchone()
    if found is not None:
        return pa.ipc.open_stream(found[0]).read_all()
    table = work_out()
    if table.nbytes <= MAX_BYTES:
        _keep(storage, question, table)
    return table


def _question(storage: Storage, runs: Sequence[str], words: Sequence[object]) -> str | None:
    """A run's inputs are pinned, and its blocks are told by their root: another attempt at it has another. In another
    scope the same words ask for something else."""
    said = [engine_version(), *map(repr, (nodes_asked(), *words))]
    with reading(storage.connect) as connection:
        for run_id in runs:
            run = find_run(connection, run_id)
            if not run.is_queryable:
                return None
            said += [str(run.run_id), str(run.blocks_root), str(run.netting_sets)]
    return sha256("\n".join(said).encode()).hexdigest()


def _keep(storage: Storage, question: str, table: pa.Table) -> None:
    """A database that takes no writes, as a standby, answers all the same."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with suppress(psycopg.errors.ReadOnlySqlTransaction), storage.connect() as connection, connection.transaction():
        connection.execute(INSERT_ANSWER, (question, sink.getvalue().to_pybytes()))
        connection.execute(FORGET_OLDEST, (MAX_ANSWERS,))
