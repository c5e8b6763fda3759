"""What an archived run leaves behind, dropped: its result partitions at once, its blocks with their whole month.

The log is append-only and its blocks lie in partitions by month, so that no single run's can be deleted by anybody.
A month is detached and dropped by the owner's function (`drop_archived_fact_partition`), which looks for itself that
every run in it is archived. Until then the blocks stay, and `tenor archive list` says so. Why not sooner stands in
docs/operations.md.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from ops.ports import Storage
from ops.read_models import catch_up_catalogues, read_model_named
from projections.engine.runner import catch_up

TRIES = 5
# Shorter than Postgres's look for deadlocks (1 s): when readers stand in the way it is we who give up, never they.
SHORT_WAIT = "SET LOCAL lock_timeout = '500ms'"

SELECT_LEAVES = """
SELECT r.run_id, r.run_no, array_agg(p.relname ORDER BY c.relname), array_agg(c.relname ORDER BY c.relname)
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  JOIN pg_class p ON p.oid = i.inhparent
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'projection'
  JOIN read.run r ON c.relname ~ ('_v[0-9]+_run_' || r.run_no || '$') AND r.status = 'ARCHIVED'
 GROUP BY r.run_id, r.run_no ORDER BY r.run_no
"""
LOCK_RUN = "SELECT pg_advisory_xact_lock(hashtextextended('tenor.run_partitions.' || %s, 0))"
IS_ARCHIVED = """
SELECT (SELECT topic FROM ledger_events WHERE originator_id = %s ORDER BY originator_version DESC LIMIT 1)
     = 'run.archived'
"""
DETACH = SQL("ALTER TABLE {parent} DETACH PARTITION {leaf}")
DROP = SQL("DROP TABLE {leaf}")

SELECT_MONTHS = """
SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = 'fact_block'::regclass ORDER BY 1
"""
DROP_MONTH = "SELECT drop_archived_fact_partition(%s)"

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]


@dataclass(frozen=True)
class Dropped:
    """`busy` are partitions that queries are reading; the next archiving drops them."""

    result_partitions: int
    months: list[date]
    busy: list[str]


def clear_away(storage: Storage) -> Dropped:
    """Everything that archived runs have left, of whichever run."""
    catch_up_catalogues(storage)
    for name in ("result", "ladder"):
        catch_up(read_model_named(storage, name), storage.store, storage.connect)
    partitions, busy = drop_result_partitions(storage.connect)
    months, busy_months = drop_archived_months(storage.connect)
    return Dropped(partitions, months, busy + busy_months)


def drop_result_partitions(connect: Connect) -> tuple[int, list[str]]:
    """Of every version of the results: a run's all at once, since its publisher takes them for all there or none."""
    dropped = 0
    busy: list[str] = []
    with connect() as connection:
        for run_id, run_no, parents, leaves in connection.execute(SELECT_LEAVES).fetchall():
            done = _patiently(partial(_drop_leaves, connection, run_id, run_no, parents, leaves))
            dropped += done or 0
            busy += leaves if done is None else []
    return dropped, busy


def drop_archived_months(connect: Connect) -> tuple[list[date], list[str]]:
    dropped: list[date] = []
    busy: list[str] = []
    with connect() as connection:
        for (month,) in connection.execute(SELECT_MONTHS).fetchall():
            done = _patiently(partial(_drop_month, connection, month))
            dropped += [month] if done else []
            busy += [f"fact_block_{month:%Y_%m}"] if done is None else []
    return dropped, busy


def _drop_month(connection: Any, month: date) -> int:
    return int(connection.execute(DROP_MONTH, (month,)).fetchone()[0])


def _drop_leaves(connection: Any, run_id: Any, run_no: int, parents: list[str], leaves: list[str]) -> int:
    with connection.transaction():
        connection.execute(SHORT_WAIT)
        connection.execute(LOCK_RUN, (run_no,))
        if not connection.execute(IS_ARCHIVED, (run_id,)).fetchone()[0]:
            return 0  # restored meanwhile
        for parent, leaf in zip(parents, leaves, strict=True):
            named = {"parent": Identifier("projection", parent), "leaf": Identifier("projection", leaf)}
            connection.execute(DETACH.format(**named))
            connection.execute(DROP.format(leaf=named["leaf"]))
    return len(leaves)


def _patiently(work: Callable[[], int]) -> int | None:
    """How many it dropped; None when others were in the way each time."""
    for _ in range(TRIES):
        try:
            return work()
        except psycopg.errors.LockNotAvailable:
            continue
    return None
