"""Results of runs that may be archived: figures leave the read models with the run, and come back with it.

What counts is where the run stands now, not where it stood at the event: a rebuild that meets the completion of a run
since archived must not look for blocks that may be gone, and ends with the tables that the live version has.
The partitions themselves are dropped outside (ops/archiving), where waiting for their readers halts nobody.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.event import Event
from domain.ports import Connection, EventStore, LogEntry
from domain.runs.run import Run, RunArchived, RunCancelled, RunCompleted, RunFailed, RunRestored, RunStatus, fold
from projections.engine.versions import FIRST, Tables
from projections.results.publication import SELECT_RUN_NO, ResultsProjection

FORGET_RUN = "DELETE FROM {result_run} WHERE run_id = %s"
FORGET_REASONS = "DELETE FROM {result_reason} WHERE run_no = %s"
FORGET_RATES = "DELETE FROM {result_fx} WHERE run_no = %s"
# The same as whoever drops partitions takes: a run's are never dropped while it is being published again.
LOCK_RUN = "SELECT pg_advisory_xact_lock(hashtextextended('tenor.run_partitions.' || %s, 0))"


class ArchivableResults:
    """In front of ResultsProjection, with its tables and its position."""

    tables = ResultsProjection.tables
    observed = ResultsProjection.observed
    alone: tuple[type[Event], ...] = (*ResultsProjection.alone, RunArchived, RunRestored)

    def __init__(self, results: ResultsProjection, store: EventStore, version: int = FIRST) -> None:
        self.name = results.name
        self._results, self._store, self._tables = results, store, Tables(self.tables, version)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case RunCompleted(originator_id=run_id) if not self._is_archived(run_id):
                    self._results.handle(connection, [entry])
                case RunArchived(originator_id=run_id) if self._is_archived(run_id):
                    self._forget(connection, run_id)
                case RunRestored(originator_id=run_id) if not self._is_archived(run_id):
                    self._publish_again(connection, run_id)
                case RunCancelled() | RunFailed():
                    self._results.handle(connection, [entry])
                case _:
                    pass
        self._results.work_ahead(entry.event for entry in entries)

    def _forget(self, connection: Connection, run_id: UUID) -> None:
        run_no = self._run_no(connection, run_id)
        connection.execute(self._tables.sql(FORGET_RUN), (run_id,))
        connection.execute(self._tables.sql(FORGET_REASONS), (run_no,))
        connection.execute(self._tables.sql(FORGET_RATES), (run_no,))

    def _publish_again(self, connection: Connection, run_id: UUID) -> None:
        connection.execute(LOCK_RUN, (self._run_no(connection, run_id),))
        history = reversed(self._store.stream(run_id))
        completed = next((event for event in history if isinstance(event, RunCompleted)), None)
        if completed is None:
            return  # cancelled before it had results
        place = (run_id, completed.originator_version)
        (position,) = connection.execute(SELECT_RUN_NO, place).fetchone()
        self._results.handle(connection, [LogEntry(position, completed)])

    def _is_archived(self, run_id: UUID) -> bool:
        return self._run(run_id).status is RunStatus.ARCHIVED

    def _run(self, run_id: UUID) -> Run:
        history: list[Any] = self._store.stream(run_id)
        return fold(history)

    def _run_no(self, connection: Connection, run_id: UUID) -> int:
        (run_no,) = connection.execute(SELECT_RUN_NO, (run_id, 1)).fetchone()
        return int(run_no)
