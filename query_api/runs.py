"""Runs: what was asked, how far it is, how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from domain.runs.status import RunStatus
from domain.scenarios.versions import split_reference
from query_api.errors import BadQuery, NoHistory, NotFound, NotQueryable
from query_api.ids import LATEST_RUN, IdKind, find_id
from query_api.reading import Array, Connect, Connection, reading
from query_api.scope import Counts, counts_in_scope, is_limited, positions_in_scope, rows_in_scope

SELECT_RUN = """
SELECT run_id, run_no, status, portfolio_snapshot_id, market_snapshot_id, as_of, base_currency, scenarios, measures,
       columns, positions, chunk_size, chunks, chunks_done, failed_chunks, priced, failed, actor, requested_at,
       planned_at, completed_at, queryable_at, blocks_root, failure_counts, log_position, partial, netting_sets,
       priced_chunks, excepted_chunks,
       coalesce(failures, '[]') AS failures,
       coalesce((SELECT payload -> 'models' FROM read.run_event e
                  WHERE e.run_id = run.run_id AND topic = 'run.requested'), '[]') AS models,
       (SELECT nullif(payload ->> 'policy', '') FROM read.run_event e
         WHERE e.run_id = run.run_id AND topic = 'run.requested') AS policy,
       (SELECT payload ->> 'policy_status' FROM read.run_event e
         WHERE e.run_id = run.run_id AND topic = 'run.requested') AS policy_status,
       coalesce((SELECT payload -> 'rules' FROM read.run_event e
                  WHERE e.run_id = run.run_id AND topic = 'run.requested'), '[]') AS rules,
       (SELECT string_agg(format('%%s v%%s %%s', read_model, version, swapped_at), ', ' ORDER BY read_model)
          FROM read_model_version WHERE state = 'LIVE') AS read_models
  FROM read.run WHERE run_id = %s
"""

NEWEST_RUNS = """
SELECT run_id, run_no, status, portfolio_snapshot_id, market_snapshot_id, as_of, base_currency, scenarios, measures,
       columns, positions, chunk_size, chunks, chunks_done, failed_chunks, priced, failed, actor, requested_at,
       planned_at, completed_at, queryable_at, blocks_root, failure_counts, log_position, partial, netting_sets,
       priced_chunks, excepted_chunks
  FROM read.run
 WHERE %(before_at)s::timestamptz IS NULL OR (requested_at, run_no) < (%(before_at)s, %(before_no)s)
 ORDER BY requested_at DESC, run_no DESC LIMIT %(limit)s
"""

COUNT_RUNS = "SELECT count(*), coalesce(max(log_position), 0) FROM read.run"

RUN_EVENTS = """
SELECT log_position, topic, at, actor, payload FROM read.run_event
 WHERE run_id = %s AND log_position > %s AND (%s::bigint IS NULL OR log_position <= %s)
 ORDER BY log_position
"""

ARCHIVED_IN = """
SELECT payload ->> 'destination' FROM read.run_event WHERE run_id = %s AND topic = 'run.archived'
 ORDER BY log_position DESC LIMIT 1
"""

TOLD_IN_SCOPE = ("reason",)
WITHOUT_FIGURES = (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.ARCHIVED)
ENDED = (
    RunStatus.COMPLETED,
    RunStatus.COMPLETED_WITH_EXCEPTIONS,
    RunStatus.APPROVED,
    RunStatus.REJECTED,
    RunStatus.PUBLISHED,
    *WITHOUT_FIGURES,
)


@dataclass(frozen=True)
class RunRow:
    run_id: UUID
    run_no: int
    status: str
    portfolio_snapshot_id: UUID
    market_snapshot_id: UUID
    as_of: date
    base_currency: str
    scenarios: list[str]
    measures: list[str]
    columns: list[str]
    positions: int
    chunk_size: int
    chunks: int | None
    chunks_done: int
    failed_chunks: list[int]
    priced: int | None
    failed: int | None
    actor: str
    requested_at: datetime
    planned_at: datetime | None
    completed_at: datetime | None
    queryable_at: datetime | None
    blocks_root: str | None
    failure_counts: dict[str, int]
    log_position: int
    partial: int | None
    """positions that have a value and lack some other number; None for runs published by an earlier release"""
    priced_chunks: list[int]
    excepted_chunks: list[int]
    """some of the priced ones, and perhaps of those that were given up after all"""
    netting_sets: int | None = None
    """that totals have; None for runs published by an earlier release, whose totals leave them out"""
    failures: Sequence[dict[str, Any]] = ()
    """positions by the sentence that says why, the most first; not in lists of runs"""
    models: Sequence[dict[str, Any]] = ()
    """versions that value the portfolio, and how they stood at the request; not in lists of runs"""
    policy: str | None = None
    """`id@version`; with how it stood at the request, not in lists of runs"""
    policy_status: str | None = None
    rules: Sequence[str] = ()
    """rule sets of capital; not in lists of runs"""
    read_models: str | None = None
    """the live version of each, and since when; not in lists of runs"""
    rows: Array | None = field(default=None, compare=False, repr=False)
    """places of the positions in scope; None: all of them. `positions` counts them, and so do other counts"""
    is_all_in_scope: bool = True

    @property
    def is_queryable(self) -> bool:
        return self.queryable_at is not None

    @property
    def is_settled(self) -> bool:
        """Nothing more will happen by itself: it has ended, and its figures are there if it has any."""
        return self.status in ENDED and (self.is_queryable or self.status in WITHOUT_FIGURES)

    @property
    def scenario_ids(self) -> tuple[str, ...]:
        """Plain ids; with `@version` only where the run holds two versions of one scenario."""
        plain = [split_reference(reference)[0] for reference in self.scenarios]
        if len(set(plain)) == len(plain):
            return tuple(plain)
        return tuple(
            name if plain.count(name) == 1 else pinned for name, pinned in zip(plain, self.scenarios, strict=True)
        )

    @property
    def seconds(self) -> float | None:
        """From the request to figures that can be asked for."""
        return (self.queryable_at - self.requested_at).total_seconds() if self.queryable_at else None


def find_run(connection: Connection, run_id: str | UUID) -> RunRow:
    with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        row = cursor.execute(SELECT_RUN, (find_id(connection, IdKind.RUN, run_id),)).fetchone()
    if row is None:
        raise NotFound(f"there is no run {run_id}", "`tenor run list` names the runs")
    (run,) = in_scope(connection, [row])
    return _opened(connection, run, row) if is_limited() and row.is_queryable else run


def in_scope(connection: Connection, runs: list[RunRow]) -> list[RunRow]:
    """As they are listed for the scope of whoever asks: by their counts there, without the places of its positions."""
    if not is_limited() or not runs:
        return runs
    positions = positions_in_scope(connection, {run.portfolio_snapshot_id for run in runs})
    return [_counted(connection, run, positions.get(run.portfolio_snapshot_id, 0)) for run in runs]


def _counted(connection: Connection, run: RunRow, positions: int) -> RunRow:
    """Chunks mix what is in scope with what is not: how many there are is not told."""
    seen = replace(
        run,
        is_all_in_scope=positions == run.positions,
        positions=positions,
        chunks=None,
        chunks_done=0,
        failed_chunks=[],
        priced_chunks=[],
        excepted_chunks=[],
        failure_counts={},
        failures=[],
    )
    if not run.is_queryable:
        return seen
    counts = Counts(positions, 0, 0, {}, [])
    if run.failed or run.partial or run.failure_counts or run.partial is None:
        key = (run.run_id, run.queryable_at)
        counts = counts_in_scope(key, lambda: (connection, run.run_no, _rows_of(connection, run), run.chunk_size))
    return replace(seen, **vars(counts))


def _opened(connection: Connection, run: RunRow, whole: RunRow) -> RunRow:
    """With the places of its positions in scope: whatever is read of the run's results is read there."""
    rows = _rows_of(connection, run)
    return replace(run, rows=rows, positions=len(rows), is_all_in_scope=len(rows) == whole.positions)


def _rows_of(connection: Connection, run: RunRow) -> Array:
    return rows_in_scope(connection, run.run_no, run.portfolio_snapshot_id, run.chunk_size)


NamedRun = str | UUID | RunRow
"""By its id or how it begins, or found by the same answer: then it is not looked for again."""


def queryable_run(connection: Connection, named: NamedRun) -> RunRow:
    run = named if isinstance(named, RunRow) else find_run(connection, named)
    run_id = run.run_id if isinstance(named, RunRow) else named
    if run.is_queryable:
        return run
    if run.status == RunStatus.ARCHIVED:
        (destination,) = connection.execute(ARCHIVED_IN, (run.run_id,)).fetchone() or ("",)
        message = f"run {run_id} is archived in {destination}: its results have left the database"
        raise NotQueryable(message, f"`tenor archive restore {run_id}` brings them back", **_how_far(run))
    if run.status in WITHOUT_FIGURES:
        raise NotQueryable(f"run {run_id} is {run.status} and has no results", "submit a new run", **_how_far(run))
    raise NotQueryable(
        f"run {run_id} is {run.status}: its results are not there yet",
        "follow it with `tenor run watch`, which brings workers where none is alive, or by its event stream",
        **_how_far(run),
    )


def _how_far(run: RunRow) -> dict[str, Any]:
    """In a problem document `status` is HTTP's."""
    facts = progress(run)
    return {"run_status": facts.pop("status"), **facts}


def newest_runs(connection: Connection, limit: int, before: tuple[datetime, int] | None = None) -> list[RunRow]:
    at, number = before or (None, None)
    with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        found = cursor.execute(NEWEST_RUNS, {"before_at": at, "before_no": number, "limit": limit}).fetchall()
    return in_scope(connection, found)


def count_runs(connection: Connection) -> tuple[int, int]:
    """How many there are, and the log position of the last thing that happened to any of them."""
    row = connection.execute(COUNT_RUNS).fetchone()
    assert row is not None
    return row[0], row[1]


def latest_queryable(connection: Connection) -> UUID | None:
    row = connection.execute(LATEST_RUN).fetchone()
    return row[0] if row else None


def run_events(connection: Connection, run_id: UUID, after: int = 0, until: int | None = None) -> list[dict[str, Any]]:
    names = ("event_position", "event", "at", "actor", "payload")
    rows = connection.execute(RUN_EVENTS, (run_id, after, until, until))
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [_told_in_scope(event) for event in found] if is_limited() else found


def _told_in_scope(event: dict[str, Any]) -> dict[str, Any]:
    """That it happened, when, by whom and why; what it counts is counted over the whole run."""
    return event | {"payload": {name: event["payload"][name] for name in TOLD_IN_SCOPE if name in event["payload"]}}


def scenario_numbers(run: RunRow, scenario: str | None) -> list[int]:
    """Places of the scenarios asked for: all of them, or the one named with or without its version."""
    if scenario is None:
        return list(range(len(run.scenarios)))
    for names in (run.scenario_ids, tuple(run.scenarios)):
        if scenario in names:
            return [names.index(scenario)]
    raise BadQuery(
        f"run {run.run_id} has no scenario {scenario!r}",
        f"ask for one of {', '.join(run.scenario_ids)}",
        scenarios=list(run.scenario_ids),
    )


def run_to_work_on(connect: Connect, run_id: str, as_of_event: int | None = None) -> RunRow:
    """A run that can be queried; for answers that are worked out without a connection of the query's own."""
    with reading(connect) as connection:
        run = queryable_run(connection, run_id)
        refuse_past(as_of_event, run.log_position, f"run {run_id}")
    return run


def refuse_past(as_of_event: int | None, log_position: int, what: str) -> None:
    """The present is also the answer as of any event since the last one that changed it."""
    if as_of_event is not None and as_of_event < log_position:
        raise NoHistory(
            f"{what} keeps no history: it stands as of event {log_position}, not {as_of_event}",
            f"leave as_of_event out, or ask for {log_position} or later",
            event_position=log_position,
        )


def progress(run: RunRow) -> dict[str, Any]:
    """`done` and `excepted` are ranges [first, last] of chunks: with facts, and with facts that leave out positions."""
    excepted = sorted(set(run.excepted_chunks) - set(run.failed_chunks))
    return {
        "run_id": str(run.run_id),
        "status": run.status,
        "progress": {
            "chunks": run.chunks,
            "chunks_done": run.chunks_done,
            "failed_chunks": run.failed_chunks,
            "done": ranges(run.priced_chunks),
            "excepted": ranges(excepted),
        },
    }


def ranges(numbers: list[int]) -> list[list[int]]:
    """[[first, last], …] of whole numbers that rise."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def run_line(run: RunRow) -> dict[str, Any]:
    """A result is a position under a scenario."""
    return {
        "run_id": str(run.run_id),
        "status": run.status,
        "portfolio_snapshot_id": str(run.portfolio_snapshot_id),
        "market_snapshot_id": str(run.market_snapshot_id),
        "requested_at": run.requested_at,
        "as_of": run.as_of,
        "base_currency": run.base_currency,
        "scenario_count": len(run.scenarios),
        "measure_count": len(run.measures),
        "positions": run.positions,
        "priced": run.priced,
        "failed": run.failed,
        "partial": run.partial,
        "results": run.positions * len(run.scenarios) if run.is_queryable else 0,
        "seconds": run.seconds,
    }


def run_document(run: RunRow) -> dict[str, Any]:
    """All that is known of a run."""
    return {
        **run_line(run),
        **progress(run),
        "chunk_size": run.chunk_size,
        "queryable": run.is_queryable,
        "base_currency": run.base_currency,
        "scenarios": run.scenarios,
        "measures": run.measures,
        "columns": run.columns,
        "failure_counts": run.failure_counts,
        "failures": run.failures,
        "models": run.models,
        "policy": run.policy,
        "policy_status": run.policy_status,
        "rules": run.rules,
        "actor": run.actor,
        "planned_at": run.planned_at,
        "completed_at": run.completed_at,
        "queryable_at": run.queryable_at,
        "blocks_root": run.blocks_root,
        "event_position": run.log_position,
    }
