"""The worker: takes a job, works out its chunks, appends their facts. It decides nothing else."""

import json
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError as LogInterfaceError
from eventsourcing.persistence import OperationalError as LogOperationalError

from compute.at_work import WorkLog
from compute.chunk_facts import RunWork, resolve_work, work_out_chunk
from compute.engine_version import engine_version
from compute.outputs.comparison import is_alike, largest_difference
from compute.product_families import ChunkFacts
from domain.event import Envelope, Event, stream_id
from domain.market.document import stored_market
from domain.measures.measures import Fact
from domain.ports import AlreadyThere, BlobStore, BlockCodec, EventStore, PortfolioCodec
from domain.runs import run as runs
from domain.runs.facts import (
    Block,
    BlockColumns,
    BlockFact,
    EnginesCompared,
    NondeterminismDetected,
    fact_stream,
    record_fact,
)
from domain.storable import storable

RUNS_KEPT = 2
TRIES = 3
"""Errors of one chunk before it is given up; a worker that dies in the middle counts as well."""

START_TRY = (
    "INSERT INTO chunk_attempt (run_id, chunk_no, attempt, tries, error) VALUES (%s, %s, %s, 1, %s) "
    "ON CONFLICT (run_id, chunk_no, attempt) DO UPDATE SET tries = chunk_attempt.tries + 1 RETURNING tries, error"
)
RECORD_ERROR = "UPDATE chunk_attempt SET error = %s WHERE run_id = %s AND chunk_no = %s AND attempt = %s"
END_TRY = "DELETE FROM chunk_attempt WHERE run_id = %s AND chunk_no = %s AND attempt = %s"
UNDO_TRY = "UPDATE chunk_attempt SET tries = tries - 1 WHERE run_id = %s AND chunk_no = %s AND attempt = %s"
WORKER_DIED = "the worker died while it worked on this chunk"

DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, LogOperationalError, LogInterfaceError)
"""A server that restarts, a network that drops, a disk that is full: no fault of the chunk's, and no try of it."""

Connect = Callable[[], AbstractContextManager[Any]]
Price = Callable[[runs.RunRequested, int], ChunkFacts]
"""The facts of a chunk; the same for the same request and chunk, whoever asks."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    run_id: UUID
    attempt: int
    chunks: tuple[int, ...]


@dataclass(frozen=True)
class Ports:
    store: EventStore
    blobs: BlobStore
    portfolios: PortfolioCodec
    blocks: BlockCodec
    connect: Connect
    now: Callable[[], datetime]


class Worker:
    """Keeps the inputs of the runs it works on; everything else is in the log."""

    def __init__(self, ports: Ports, price: Price | None = None, engine: str | None = None) -> None:
        """`price` and `engine` are this release's own where they are not handed in."""
        self._ports = ports
        self._price = price or self._price_from_snapshots
        self._engine = engine or engine_version()
        self.work_log = WorkLog(self._engine)
        self._inputs: OrderedDict[UUID, RunWork] = OrderedDict()
        self._portfolios: OrderedDict[str, Any] = OrderedDict()

    def handle(self, payload: bytes) -> None:
        job = parse_job(payload)
        run = runs.fold(cast(list[runs.RunEvent], self._run_events(job.run_id)))
        if run.status not in runs.UNFINISHED or run.requested is None:
            return  # cancelled or finished meanwhile: the log decides, the queue only hints
        for chunk_no in job.chunks:
            if self._is_cancelled(job.run_id):
                return
            self.work_log.begin(job.run_id, chunk_no)
            is_done = False
            try:
                is_done = self._work(run.requested, job, chunk_no)
            finally:
                self.work_log.end(done=is_done)

    def _run_events(self, run_id: UUID) -> list[Event]:
        return self._ports.store.stream(run_id)

    def _is_cancelled(self, run_id: UUID) -> bool:
        return any(isinstance(event, runs.RunCancelled) for event in self._run_events(run_id))

    def _work(self, requested: runs.RunRequested, job: Job, chunk_no: int) -> bool:
        """Whether its facts are there now."""
        identity = (job.run_id, chunk_no, job.attempt)
        tries, error = self._start_try(identity)
        if tries > TRIES:
            self._give_up(requested, job, chunk_no, error)
            return False
        try:
            facts = self._price(requested, chunk_no)
            self._append(requested, chunk_no, facts)
        except DATABASE_AWAY:
            self._undo_try(identity)
            raise
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"[:2000]
            self._record_error(identity, error)
            if tries < TRIES:
                raise
            self._give_up(requested, job, chunk_no, error)
            return False
        with self._ports.connect() as connection:
            connection.execute(END_TRY, identity)
        return True

    def _start_try(self, identity: tuple[UUID, int, int]) -> tuple[int, str]:
        with self._ports.connect() as connection:
            row = connection.execute(START_TRY, (*identity, WORKER_DIED)).fetchone()
        return row[0], row[1]

    def _undo_try(self, identity: tuple[UUID, int, int]) -> None:
        with suppress(*DATABASE_AWAY), self._ports.connect() as connection:
            connection.execute(UNDO_TRY, identity)

    def _record_error(self, identity: tuple[UUID, int, int], error: str) -> None:
        with self._ports.connect() as connection:
            connection.execute(RECORD_ERROR, (storable(error), *identity))

    def _give_up(self, requested: runs.RunRequested, job: Job, chunk_no: int, error: str) -> None:
        failed = runs.fail_chunk(self._envelope(requested), job.run_id, chunk_no, job.attempt, storable(error))
        try:
            self._ports.store.append([failed])
        except AlreadyThere:
            return

    def _price_from_snapshots(self, requested: runs.RunRequested, chunk_no: int) -> ChunkFacts:
        return work_out_chunk(self._inputs_of(requested), chunk_no)

    def _inputs_of(self, requested: runs.RunRequested) -> RunWork:
        run_id = requested.originator_id
        if run_id not in self._inputs:
            market = stored_market(self._ports.blobs.get(requested.market_sha256))
            portfolio, keeps = self._portfolio(requested.portfolio_sha256), self._keeps_cash_flows(run_id)
            self._inputs[run_id] = resolve_work(portfolio, market, requested, keeps_cash_flows=keeps)
        self._inputs.move_to_end(run_id)
        while len(self._inputs) > RUNS_KEPT:
            self._inputs.popitem(last=False)
        return self._inputs[run_id]

    def _keeps_cash_flows(self, run_id: UUID) -> bool:
        planned = (event for event in self._run_events(run_id) if isinstance(event, runs.RunPlanned))
        return any(Fact.CASH_FLOWS in event.kinds for event in planned)

    def _portfolio(self, sha256_hex: str) -> Any:
        if sha256_hex not in self._portfolios:
            self._portfolios.clear()
            data = self._ports.blobs.get(sha256_hex)
            self._portfolios[sha256_hex] = self._ports.portfolios.decode(data)
        return self._portfolios[sha256_hex]

    def _append(self, requested: runs.RunRequested, chunk_no: int, facts: ChunkFacts) -> None:
        """The facts of all kinds of a chunk in ONE transaction; its key makes it exactly once.

        Where a worker of another release was first, kinds that it does not know are still missing: they are added.
        """
        envelope = self._envelope(requested)
        blocks = {kind: self._block(requested, chunk_no, kind, columns) for kind, columns in facts.blocks.items()}
        events = [
            record_fact(
                envelope,
                kind,
                block,
                failed=facts.failed,
                fx_to_base=facts.fx_to_base,
                first_row=chunk_no * requested.chunk_size,
                positions=facts.positions,
                scenarios=facts.blocks[kind].values.shape[1],
                columns=list(facts.blocks[kind].columns),
                portfolio_sha256=requested.portfolio_sha256,
                market_sha256=requested.market_sha256,
                engine_version=self._engine,
            )
            for kind, block in blocks.items()
        ]
        try:
            self._ports.store.append(events, blocks=list(blocks.values()))
        except AlreadyThere:
            missing = {}
            for kind, block in blocks.items():
                if self._ports.store.stream(fact_stream(block.run_id, block.kind, chunk_no)):
                    self._compare(requested, block, facts.blocks[kind])
                else:
                    missing[kind] = facts.blocks[kind]
            if 0 < len(missing) < len(blocks):
                self._append(requested, chunk_no, replace(facts, blocks=missing))

    def _block(self, requested: runs.RunRequested, chunk_no: int, kind: Fact, columns: BlockColumns) -> Block:
        payload = self._ports.blocks.encode(columns)
        return Block(
            requested.originator_id,
            kind.value,
            chunk_no,
            self._ports.blocks.content_sha256(columns),
            sha256(payload).hexdigest(),
            payload,
        )

    def _compare(self, requested: runs.RunRequested, block: Block, columns: BlockColumns) -> None:
        """Somebody was first. Equal content is success; other content of the same engine is an alarm, of another
        engine it is compared and recorded."""
        stored = next(iter(self._ports.store.stream(fact_stream(block.run_id, block.kind, block.chunk_no))))
        assert isinstance(stored, BlockFact)
        if stored.content_sha256 == block.content_sha256:
            return
        if stored.engine_version == self._engine:
            self._raise_alarm(requested, block, stored)
        else:
            self._record_other_engine(requested, block, stored, columns)

    def _raise_alarm(self, requested: runs.RunRequested, block: Block, stored: BlockFact) -> None:
        place = self._envelope(requested).at(stream_id("nondeterminism", uuid4()), 1)
        alarm = NondeterminismDetected(
            **place,
            run_id=block.run_id,
            kind=block.kind,
            chunk_no=block.chunk_no,
            stored_sha256=stored.content_sha256,
            recomputed_sha256=block.content_sha256,
            engine_version=self._engine,
        )
        log.error("fact.nondeterminism", run_id=str(block.run_id), kind=block.kind, chunk_no=block.chunk_no)
        self._ports.store.append([alarm])

    def _record_other_engine(
        self, requested: runs.RunRequested, block: Block, stored: BlockFact, columns: BlockColumns
    ) -> None:
        """Once for each engine that comes second; the stored numbers stay."""
        payload = self._ports.store.block(block.run_id, block.kind, block.chunk_no)
        difference = largest_difference(self._ports.blocks.decode(payload), columns)
        stream = stream_id("engines_compared", block.run_id, block.kind, block.chunk_no, self._engine)
        note = EnginesCompared(
            **self._envelope(requested).at(stream, 1),
            run_id=block.run_id,
            kind=block.kind,
            chunk_no=block.chunk_no,
            stored_engine_version=stored.engine_version,
            engine_version=self._engine,
            stored_sha256=stored.content_sha256,
            recomputed_sha256=block.content_sha256,
            largest_difference=difference if difference is not None and isfinite(difference) else None,
            is_within_tolerance=is_alike(difference),
        )
        with suppress(AlreadyThere):
            self._ports.store.append([note])

    def _envelope(self, requested: runs.RunRequested) -> Envelope:
        return Envelope("worker", self._ports.now(), requested.correlation_id, requested.originator_id)


def parse_job(payload: bytes) -> Job:
    raw = json.loads(payload)
    return Job(UUID(raw["run_id"]), raw["attempt"], tuple(raw["chunks"]))
