"""Ladders and gaps that were worked out, kept: by run, question and engine, so that asking again is a read."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from uuid import UUID

import psycopg
import pyarrow as pa

from compute.engine_version import engine_version
from domain.access.asking import nodes_asked
from ops.ports import Storage
from query_api.services.cashflow import AskedFlows

MAX_BYTES = 4 * 1024 * 1024
"""Of an answer; a larger one is worked out whenever it is asked for."""
MAX_ANSWERS = 1_000

SELECT_ANSWER = "SELECT answer FROM cash_flow_answer WHERE question_sha256 = %s"
INSERT_ANSWER = """
INSERT INTO cash_flow_answer (question_sha256, run_id, answer) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
FORGET_OLDEST = """
DELETE FROM cash_flow_answer WHERE question_sha256 IN
       (SELECT question_sha256 FROM cash_flow_answer ORDER BY answered_at DESC, question_sha256 OFFSET %s)
"""


def answered_once(storage: Storage, run_id: UUID, asked: AskedFlows, work_out: Callable[[], pa.Table]) -> pa.Table:
    question = question_sha256(run_id, asked)
    with storage.connect() as connection:
        found = connection.execute(SELECT_ANSWER, (question,), binary=True).fetchone()
    if found is not None:
        return pa.ipc.open_stream(found[0]).read_all()
    table = work_out()
    if table.nbytes <= MAX_BYTES:
        keep(storage, question, run_id, table)
    return table


def keep(storage: Storage, question: str, run_id: UUID, table: pa.Table) -> None:
    """A database that takes no writes, as a standby, answers all the same."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with suppress(psycopg.errors.ReadOnlySqlTransaction), storage.connect() as connection, connection.transaction():
        connection.execute(INSERT_ANSWER, (question, run_id, sink.getvalue().to_pybytes()))
        connection.execute(FORGET_OLDEST, (MAX_ANSWERS,))


def question_sha256(run_id: UUID, asked: AskedFlows) -> str:
    """A run's inputs are pinned: what is asked of it is answered the same by the same engine."""
    words = (asked.scenario, asked.by, asked.node, asked.buckets, asked.bucket, asked.limit, nodes_asked())
    said = [str(run_id), engine_version(), asked.shown, asked.basis, *map(repr, words)]
    return sha256("\n".join(said).encode()).hexdigest()
