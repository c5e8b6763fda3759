"""Results of completed runs: everything that queries read, in the one transaction that makes a run queryable.

    while it computes   chunks are checked, added to the totals, offered to the top lists (result_ahead)
    when it completes   one thread reads, checks and decodes chunk n + 2, one adds up those that are left,
                        this one copies chunk n

Chunks pass in order. What is small (totals, reasons, identities, top lists) is copied after them; keys are
built and partitions attached last, so readers of other runs notice nothing, and readers of this one see all or none.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from domain.event import Envelope, Event
from domain.ports import AlreadyThere, BlobStore, BlockCodec, Connection, EventStore, LogEntry, Packed, PortfolioCodec
from domain.runs.facts import PositionPriced
from domain.runs.netted import NettedSums, NetUp
from domain.runs.results import record_results, results_stream
from domain.runs.run import RunCancelled, RunCompleted, RunFailed, RunRequested, fold
from projections.engine.binary_copy import field_size, number, row_of
from projections.engine.versions import FIRST, Observed, Tables, versioned
from projections.results.ahead import Begun, PortfolioLayout, WorkAhead
from projections.results.blocks import ChunkResults, RunFacts
from projections.results.netting import NettedRows, asks_for_exposures, has_derivatives, netted_rows
from projections.results.partitions import PRIMARY_KEYS, RunPartitions
from projections.results.rows import COLUMNS, Digests, RunRows

CHUNK_COLUMNS = ("chunk_no", "part_no", "scenario_no", "column_no", "packed")
ACTOR = "projections"
TRIES = 5
AHEAD = 2
"""Chunks that are read before they are copied: what is in memory at a time."""
PORTFOLIO_TABLES = ("portfolio", "issuers", "instruments", "positions", "netting_sets")

SELECT_RUN_NO = "SELECT notification_id FROM ledger_events WHERE originator_id = %s AND originator_version = %s"
IS_PUBLISHED = "SELECT 1 FROM {result_run} WHERE run_id = %s AND completed_position >= %s"
FORGET_REASONS = "DELETE FROM {result_reason} WHERE run_no = %s"
FORGET_RATES = "DELETE FROM {result_fx} WHERE run_no = %s"
INSERT_REASON = "INSERT INTO {result_reason} (run_no, reason_no, status, reason) VALUES (%s, %s, %s, %s)"
INSERT_RATE = "INSERT INTO {result_fx} (run_no, scenario_no, currency, rate) VALUES (%s, %s, %s, %s)"
PUT_RUN = """
INSERT INTO {result_run}
       (run_id, run_no, completed_position, queryable_at, priced, failed, failure_counts, partial, failures,
        netting_sets)
VALUES (%s, %s, %s, clock_timestamp(), %s, %s, %s, %s, %s, %s)
ON CONFLICT (run_id) DO UPDATE
   SET completed_position = excluded.completed_position, queryable_at = excluded.queryable_at,
       priced = excluded.priced, failed = excluded.failed, failure_counts = excluded.failure_counts,
       partial = excluded.partial, failures = excluded.failures,
       netting_sets = excluded.netting_sets
"""


class ResultsProjection:
    tables = (*PRIMARY_KEYS, "result_reason", "result_fx", "result_run")
    alone: tuple[type[Event], ...] = (RunCompleted,)
    observed = (Observed("result_run", "queryable_at", ("run_id", "completed_position")),)
    later = (("result_run", "partial"), ("result_run", "failures"), ("result_run", "netting_sets"))

    def __init__(
        self,
        store: EventStore,
        blobs: BlobStore,
        portfolios: PortfolioCodec,
        blocks: BlockCodec,
        now: Callable[[], datetime],
        version: int = FIRST,
        net_up: NetUp | None = None,
    ) -> None:
        self.name = versioned("result", version)
        self._store, self._blobs, self._portfolios, self._blocks = store, blobs, portfolios, blocks
        self._now, self._tables, self._net_up = now, Tables(self.tables, version), net_up or _nothing
        self._is_published, self._put_run = self._tables.sql(IS_PUBLISHED), self._tables.sql(PUT_RUN)
        self._book: PortfolioLayout | None = None
        self._ahead = WorkAhead(store, self._begin)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case RunCompleted() as event if not self._has(connection, event, entry.position):
                    self._publish(connection, event, entry.position)
                case RunCancelled(originator_id=run_id) | RunFailed(originator_id=run_id):
                    self._ahead.forget(run_id)
                case _:
                    pass
        self.work_ahead(entry.event for entry in entries)

    def work_ahead(self, events: Iterable[Event]) -> None:
        """On runs that have facts among the events; changes nothing that anybody reads."""
        run_ids: dict[UUID, None] = {event.run_id: None for event in events if isinstance(event, PositionPriced)}
        self._ahead.advance(run_ids)

    def _has(self, connection: Connection, event: RunCompleted, position: int) -> bool:
        return connection.execute(self._is_published, (event.originator_id, position)).fetchone() is not None

    def _publish(self, connection: Connection, completed: RunCompleted, position: int) -> None:
        """The run as it stood at this event: a later retry is a later event's business."""
        run_id = completed.originator_id
        history: list[Any] = self._store.stream(run_id)
        run = fold(history[: completed.originator_version])
        assert run.requested is not None
        (run_no,) = connection.execute(SELECT_RUN_NO, (run_id, run.requested.originator_version)).fetchone()
        begun = self._ahead.hand_over(completed) or self._begin(run.requested)
        begun.facts = RunFacts(self._store, self._blocks, run.requested, completed.failed_chunks, run.attempt)
        net_up = partial(self._net_up, run.requested)
        published = Publication(connection, self._tables, run_no, begun, net_up).publish()
        priced, failed, counts, incomplete, failures = published.summary
        summary = (priced, failed, Jsonb(counts), incomplete, Jsonb(failures), published.netting_sets)
        connection.execute(self._put_run, (run_id, run_no, position, *summary))
        self._record(completed, published.tables)

    def _record(self, completed: RunCompleted, tables: dict[str, str]) -> None:
        """Before the rows are there to be read: a crash in between leaves an event that the next attempt meets."""
        run_id, version = completed.originator_id, completed.originator_version
        for _ in range(TRIES):
            known: list[Any] = self._store.stream(results_stream(run_id, version))
            envelope = Envelope(ACTOR, self._now(), completed.correlation_id, run_id)
            try:
                self._store.append(record_results(known, envelope, run_id, version, tables))
            except AlreadyThere:
                continue  # a rival was first, most likely with the same rows
            return
        raise AlreadyThere(f"results of run {run_id} were recorded {TRIES} times while this process tried to")

    def _begin(self, requested: RunRequested) -> Begun:
        return Begun.of(self._book_of(requested.portfolio_sha256), RunFacts(self._store, self._blocks, requested))

    def _book_of(self, sha256: str) -> PortfolioLayout:
        """The last one is kept: runs over one portfolio come one after another."""
        if self._book is None or self._book.sha256 != sha256:
            self._book = PortfolioLayout.of(sha256, self._portfolios.decode(self._blobs.get(sha256), PORTFOLIO_TABLES))
        return self._book


def _nothing(_requested: RunRequested, _base_pv: Any) -> None:
    """Where nobody nets."""


def chunk_rows(run_no: int, chunk_no: int, packed: Packed) -> bytes:
    """A COPY row for each part, scenario and column, the frames as they are in the block."""
    head = row_of(run_no, CHUNK_COLUMNS) + number("int4", chunk_no)
    columns = [number("int2", column_no) for column_no in range(len(packed))]
    fields: list[Any] = []
    for part_no, of_part in enumerate(zip(*packed, strict=True)):
        for scenario_no, frames in enumerate(zip(*of_part, strict=True)):
            place = head + number("int2", part_no) + number("int2", scenario_no)
            for column, frame in zip(columns, frames, strict=True):
                fields += (place, column, field_size(frame), frame)
    return b"".join(fields)


@dataclass(frozen=True)
class Published:
    """`summary` is the run's own row (RunRows.summary); `tables` the hash of each table's rows."""

    summary: list[Any]
    tables: dict[str, str]
    netting_sets: int
    """that totals have"""


class Publication:
    """One run on its way into its partitions."""

    def __init__(
        self,
        connection: Connection,
        tables: Tables,
        run_no: int,
        begun: Begun,
        net_up: Callable[[Any], NettedSums | None],
    ) -> None:
        self._net_up = net_up
        self._connection, self._run_no, self._begun, self._book = connection, run_no, begun, begun.book
        self._facts, self._taken, self._digests = begun.facts, begun.taken, Digests()
        self._tables, self._partitions = tables, RunPartitions(connection, run_no, tables)

    def publish(self) -> "Published":
        fill, run_no = self._partitions.fill, self._run_no
        fill("result_chunk", CHUNK_COLUMNS, self._chunk_rows())
        netted = self._netted()
        rows = RunRows(run_no, self._begun, netted)
        for table, columns in COLUMNS.items():
            fill(table, columns, self._digests.passing(table, rows.of(table)))
        self._put_reasons_and_rates(rows)
        self._digests.take("result_run", rows.summary())
        self._partitions.attach()
        return Published(rows.summary(), self._digests.tables, netted.count if netted else 0)

    def _netted(self) -> NettedRows | None:
        """Once all chunks have been taken; nothing where nobody asks for exposures, or nothing is netted."""
        totals, reduction = self._begun.reduction.totals, self._begun.reduction
        if not (asks_for_exposures(totals.columns) and (has_derivatives(totals.groups) or self._book.has_netting_sets)):
            return None
        netted = self._net_up(reduction.base_pv)
        return netted_rows(totals.groups, totals.columns, netted) if netted else None

    def _chunk_rows(self) -> Iterator[bytes]:
        for chunk_no, packed in enumerate(self._chunks()):
            yield chunk_rows(self._run_no, chunk_no, packed)

    def _chunks(self) -> Iterator[Packed]:
        """Three hands: the server takes chunk n while those after it are read and, where they were not, added up."""
        done = len(self._taken)
        with ThreadPoolExecutor(1, "publish-read") as reading, ThreadPoolExecutor(1, "publish-add") as adding:
            coming: deque[tuple[Future[Any], Future[None]]] = deque()
            for chunk_no in range(self._facts.chunks + AHEAD):
                if chunk_no < self._facts.chunks:
                    is_taken = chunk_no < done
                    read: Future[Any] = reading.submit(self._facts.packed if is_taken else self._facts.chunk, chunk_no)
                    coming.append((read, adding.submit(self._take, read)))
                if chunk_no >= AHEAD:
                    read, added = coming.popleft()
                    found = read.result()
                    yield found.packed if isinstance(found, ChunkResults) else found
                    added.result()

    def _take(self, read: Future[Any]) -> None:
        found = read.result()
        if isinstance(found, ChunkResults):
            self._begun.take(found)

    def _put_reasons_and_rates(self, rows: RunRows) -> None:
        sql, run_no = self._tables.sql, self._run_no
        reasons, rates = rows.reasons(), rows.rates()
        self._digests.take("result_reason", reasons)
        self._digests.take("result_fx", rates)
        with self._connection.cursor() as cursor:
            cursor.execute(sql(FORGET_REASONS), (run_no,))
            cursor.execute(sql(FORGET_RATES), (run_no,))
            cursor.executemany(sql(INSERT_REASON), [(run_no, *reason) for reason in reasons])
            cursor.executemany(sql(INSERT_RATE), [(run_no, *rate) for rate in rates])
