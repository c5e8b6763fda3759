"""Runs and their histories as the read model has them, against the same folded from the log once more."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.event import Event
from domain.runs.facts import PositionPriced
from domain.runs.run import RunRequested
from ops.audit.verification.findings import Findings
from ops.audit.verification.read_models import Version
from projections.catalogue.run_status import (
    ENDED_BY,
    HISTORY,
    Progress,
    RunStatusProjection,
    history_row,
    progress_row,
    request_row,
    run_of,
)
from projections.engine.versions import Tables, versioned
from projections.results.rows import values_sha256

ASKED = (
    *("run_id", "run_no", "portfolio_snapshot_id", "market_snapshot_id", "as_of", "base_currency", "scenarios"),
    *("measures", "columns", "positions", "chunk_size", "actor", "requested_at"),
)
DONE = (
    *("log_position", "status", "chunks", "priced_chunks", "failed_chunks", "excepted_chunks"),
    *("planned_at", "completed_at", "completed_position", "blocks_root"),
)
SELECT_RUNS = (
    "SELECT run_id, run_no, portfolio_snapshot_id, market_snapshot_id, as_of, base_currency, scenarios, measures, "
    "columns, positions, chunk_size, actor, requested_at, log_position, status, chunks, priced_chunks, failed_chunks, "
    "excepted_chunks, planned_at, completed_at, completed_position, blocks_root FROM {run} ORDER BY run_no"
)
SELECT_HISTORY = "SELECT run_id, log_position, topic, at, actor, payload FROM {run_event} ORDER BY log_position"


class RunRows:
    """Told the events in log order; one version of the read model, up to where it has read."""

    def __init__(self, version: Version) -> None:
        self._position = version.position
        self._tables = Tables(RunStatusProjection.tables, version.number)
        self.name = versioned("run", version.number)
        self._asked: dict[UUID, tuple[Any, ...]] = {}
        self._progress: dict[UUID, Progress] = {}
        self._history: dict[tuple[UUID, int], str] = {}

    def see(self, position: int, event: Event) -> None:
        if position > self._position or not isinstance(event, (*HISTORY, PositionPriced)):
            return
        run_id = run_of(event)
        if isinstance(event, RunRequested):
            run_id, run_no, status, *asked, _ = request_row(event, position)
            self._asked[run_id] = (run_id, run_no, *asked)
            self._progress[run_id] = Progress(position, status, None)
        if isinstance(event, HISTORY):
            *head, payload = history_row(event, position)
            self._history[run_id, position] = _hash((*head, payload.obj))
        if run_id in self._progress and position > self._progress[run_id].log_position:
            self._progress[run_id].observe(event, position)
            if event.TOPIC in ENDED_BY:
                self._progress[run_id].ended_by = event.TOPIC

    def compare(self, connection: Any, findings: Findings) -> int:
        """Returns how many runs were compared."""
        self._compare_runs(connection, findings)
        self._compare_history(connection, findings)
        return len(self._asked)

    def _compare_runs(self, connection: Any, findings: Findings) -> None:
        left = dict(self._asked)
        for row in connection.execute(self._tables.sql(SELECT_RUNS)).fetchall():
            where = f"read model {self.name}, run {row[0]}"
            asked = left.pop(row[0], None)
            if asked is None:
                findings.add("RUN_ROW_WITHOUT_EVENT", where, "the log has no request of this run")
                continue
            right = (*asked, *progress_row(self._progress[row[0]]))
            for name, stands, given in zip((*ASKED, *DONE), row, right, strict=True):
                if stands != given:
                    findings.add("RUN_ROW_EDITED", where, f"{name} is {stands}, the log gives {given}")
        for run_id in left:
            findings.add("RUN_ROW_MISSING", f"read model {self.name}, run {run_id}", "the log has it, its row is gone")

    def _compare_history(self, connection: Any, findings: Findings) -> None:
        left = dict(self._history)
        for row in connection.execute(self._tables.sql(SELECT_HISTORY)).fetchall():
            where = f"read model run_event of {self.name}, run {row[0]}, position {row[1]}"
            given = left.pop((row[0], row[1]), None)
            if given is None:
                findings.add("RUN_ROW_WITHOUT_EVENT", where, f"the log has no {row[2]} of this run there")
            elif given != _hash(row):
                findings.add(
                    "RUN_ROW_EDITED", where, f"its {row[2]} by {row[4]} at {row[3]} is not the event of the log"
                )
        for run_id, position in left:
            where = f"read model run_event of {self.name}, run {run_id}, position {position}"
            findings.add("RUN_ROW_MISSING", where, "the log has this event, its row is gone")


def _hash(row: Sequence[Any]) -> str:
    run_id, position, topic, at, actor, payload = row
    return values_sha256([str(run_id), position, topic, _utc(at), actor, payload])


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
