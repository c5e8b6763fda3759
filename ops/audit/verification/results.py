"""Results in the read model, against what the log says of them.

    frames of positions   byte for byte those of the run's blocks, which answer to the log (PublishedFrames)
    everything else       rows hashed again and compared with `results.recorded`; where they differ, the run is added up
                          again from its blocks, to say which rows differ and by how much (locate)

A run published before there was such an event is not vouched for until a rebuild records one; its frames are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier, Literal

from domain.event import Event
from domain.runs.results import LAYOUT, ResultsRecorded
from domain.runs.run import RunArchived, RunCompleted, RunRequested, RunRestored
from ops.audit.verification.findings import Findings
from ops.audit.verification.locate import Locator, Run
from ops.audit.verification.read_models import Version
from ops.wiring import Tenor
from projections.engine.binary_copy import HEADER, TRAILER
from projections.engine.versions import Tables, versioned
from projections.results.publication import ResultsProjection
from projections.results.rows import COLUMNS, ORDERS, values_sha256

HEADER_BYTES = len(HEADER)
SELECT_RUNS = (
    "SELECT run_id, run_no, completed_position, priced, failed, failure_counts, partial, failures FROM {result_run} "
    "ORDER BY run_no"
)
SELECT_REASONS = "SELECT reason_no, status, reason FROM {result_reason} WHERE run_no = %s ORDER BY reason_no"
SELECT_RATES = "SELECT scenario_no, currency, rate FROM {result_fx} WHERE run_no = %s"
COPY_ROWS = SQL(
    "COPY (SELECT {columns} FROM {table} WHERE run_no = {run_no} ORDER BY {order}) TO STDOUT (FORMAT binary)"
)


@dataclass(frozen=True)
class Completion:
    position: int
    event: RunCompleted


@dataclass
class ResultsTold:
    """What the log says of results. `recorded` by run and the completion's version."""

    requests: dict[UUID, tuple[int, RunRequested]] = field(default_factory=dict)
    completions: dict[UUID, list[Completion]] = field(default_factory=dict)
    archived: set[UUID] = field(default_factory=set)
    recorded: dict[tuple[UUID, int], list[dict[str, str]]] = field(default_factory=dict)

    def see(self, position: int, event: Event) -> None:
        match event:
            case RunRequested():
                bare = event.model_copy(update={"scenario_documents": []})
                self.requests[event.originator_id] = (position, bare)
            case RunCompleted():
                self.completions.setdefault(event.originator_id, []).append(Completion(position, event))
            case RunArchived():
                self.archived.add(event.originator_id)
            case RunRestored():
                self.archived.discard(event.originator_id)
            case ResultsRecorded() if event.layout == LAYOUT:
                self.recorded.setdefault((event.run_id, event.completed_version), []).append(event.tables)
            case _:
                pass

    def due(self, version: Version) -> dict[UUID, Completion]:
        """The completion that each run's results belong to, for a version that has read so far."""
        told = {
            run_id: [each for each in completions if each.position <= version.position]
            for run_id, completions in self.completions.items()
        }
        return {run_id: each[-1] for run_id, each in told.items() if each and run_id in self.requests}


@dataclass
class Vouched:
    runs: int = 0
    not_vouched: list[str] = field(default_factory=list)
    """run ids: published by a release that recorded no hash, or hashed otherwise"""


@dataclass(frozen=True)
class ResultRun:
    """A row of result_run with the tables it stands in; `summary` as RunRows.summary has it."""

    version: Version
    tables: Tables
    run: Run
    summary: list[Any]

    def where(self, table: str) -> str:
        return f"read model {versioned(table, self.version.number)}, run {self.run.run_id}"


def results_there(connection: Any, versions: list[Version], told: ResultsTold, findings: Findings) -> list[ResultRun]:
    """Every run with results in some version; those that are not as the log has it are told and left out."""
    found = []
    for version in versions:
        tables = Tables(ResultsProjection.tables, version.number)
        name, due = versioned("result_run", version.number), told.due(version)
        for run_id, run_no, position, *summary in connection.execute(tables.sql(SELECT_RUNS)).fetchall():
            completion, where = due.pop(run_id, None), f"read model {name}, run {run_id}"
            if completion is None or told.requests[run_id][0] != run_no:
                findings.add("RESULTS_WITHOUT_RUN", where, "the log has no such run that completed")
            elif completion.position != position:
                message = f"they belong to position {position}; the run completed at position {completion.position}"
                findings.add("RESULTS_EDITED", where, message)
            else:
                run = Run(run_id, run_no, told.requests[run_id][1], completion.event)
                found.append(ResultRun(version, tables, run, summary))
        for run_id in due.keys() - told.archived:
            findings.add(
                "RESULTS_MISSING", f"read model {name}, run {run_id}", "the run completed, its results are gone"
            )
    return found


def verify_results(
    tenor: Tenor, connection: Any, runs: list[ResultRun], told: ResultsTold, findings: Findings, *, recount: bool
) -> Vouched:
    """`recount`: add up every run again, also those that no event vouches for."""
    vouched, locator = Vouched(), Locator(tenor)
    for one in runs:
        recorded = told.recorded.get((one.run.run_id, one.run.completed.originator_version), [])
        if not recorded and not recount:
            vouched.not_vouched.append(str(one.run.run_id))
            continue
        vouched.runs += 1
        found = digests(connection, one)
        if recount or found not in recorded or len(recorded) > 1:
            tell_differences(connection, locator, one, found, recorded, findings)
    return vouched


def tell_differences(
    connection: Any,
    locator: Locator,
    one: ResultRun,
    found: dict[str, str],
    recorded: list[dict[str, str]],
    findings: Findings,
) -> None:
    """By the blocks, where they can be read; else by the tables whose hash is another."""
    before = findings.total
    again = locator.recount(one.run)
    if isinstance(again, str):
        for table in [table for table in found if found[table] != recorded[-1].get(table)] if recorded else []:
            message = f"its rows are not those that were recorded; which ones cannot be told: {again}"
            findings.add("RESULTS_EDITED", one.where(table), message)
        return
    for table in COLUMNS:
        stored = b"".join(table_rows(connection, one, table))
        for place, message in locator.differing_rows(one.run, table, stored, again):
            findings.add("RESULTS_EDITED", f"{one.where(table)}{place}", message)
    for table, stands, given in (
        ("result_reason", reasons_of(connection, one), again.reasons()),
        ("result_fx", rates_of(connection, one), again.rates()),
        ("result_run", one.summary, again.summary()),
    ):
        for message in locator.differing_values(table, stands, given):
            findings.add("RESULTS_EDITED", one.where(table), message)
    if findings.total == before and recorded and found not in recorded:
        message = "its rows are what the run's blocks give, and not what was recorded when they were published"
        findings.add("RESULTS_RECORDED_OTHERWISE", one.where("result_run"), message)


# --- what stands in the tables --------------------------------------------------------------------------------------


def digests(connection: Any, one: ResultRun) -> dict[str, str]:
    found = {}
    for table in COLUMNS:
        digest = sha256()
        for part in table_rows(connection, one, table):
            digest.update(part)
        found[table] = digest.hexdigest()
    found["result_reason"] = values_sha256(reasons_of(connection, one))
    found["result_fx"] = values_sha256(rates_of(connection, one))
    found["result_run"] = values_sha256(one.summary)
    return found


def table_rows(connection: Any, one: ResultRun, table: str) -> Iterator[Any]:
    """The rows as COPY gives them, without what stands before and after them."""
    with connection.cursor() as cursor, cursor.copy(copy_statement(one, table)) as copy:
        before: Any = None
        for message in copy:
            if before is not None:
                yield before
            before = message if before is not None else memoryview(message)[HEADER_BYTES:]
        assert before is not None and bytes(before[-len(TRAILER) :]) == TRAILER
        yield before[: -len(TRAILER)]


def copy_statement(one: ResultRun, table: str) -> Composed:
    return COPY_ROWS.format(
        columns=SQL(", ").join(Identifier(column) for column in ("run_no", *COLUMNS[table])),
        table=one.tables.identifier(table),
        run_no=Literal(one.run.run_no),
        order=SQL(ORDERS[table]),
    )


def reasons_of(connection: Any, one: ResultRun) -> list[list[Any]]:
    return [list(row) for row in connection.execute(one.tables.sql(SELECT_REASONS), (one.run.run_no,)).fetchall()]


def rates_of(connection: Any, one: ResultRun) -> list[list[Any]]:
    return sorted(list(row) for row in connection.execute(one.tables.sql(SELECT_RATES), (one.run.run_no,)).fetchall())
