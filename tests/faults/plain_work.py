"""Work that costs nothing, and workers that do it: real processes, queue and log, where only the pricing is plain.

`python -m tests.faults.plain_work` is a nursery: it imports everything once, then forks a worker for each line that it
reads, `{"url": …, "harm": {"point": …, "what": …, "chunk": …}}`, and answers with its pid; `{"wait": pid}` is answered
with how it ended. A worker comes to harm where it is told to, and nowhere else.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np

from compute.product_families import ChunkFacts
from compute.worker import Ports, Worker
from domain.event import Envelope, Event
from domain.measures.measures import Fact
from domain.runs import run as runs
from domain.runs.facts import Block, BlockColumns, BlockFact
from ops.adapters.block_codec import ZstdBlockCodec
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore

NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
ASKED = Envelope("tester", NOW, UUID(int=1))
KINDS = (Fact.PRICED, Fact.RISK)
ENGINE = "plain"
CODEC = ZstdBlockCodec()


def facts_of(run_id: UUID, chunk_no: int, values: int = 1) -> ChunkFacts:
    """As deterministic as the kernels: nothing but the run and the chunk. Many values do not compress."""
    numbers = np.random.default_rng([run_id.int % 1_000, chunk_no]).random(values).reshape(1, 1, values)
    no_reason, no_detail = np.zeros((1, 1, values), np.uint8), np.full(values, -1, np.int32)
    columns = {kind: BlockColumns(("pv",), numbers, ("PV",), no_reason, (), no_detail) for kind in KINDS}
    return ChunkFacts(values, 0, {"USD": [1.0]}, columns)


def hash_of(run_id: UUID, chunk_no: int, values: int = 1) -> str:
    return CODEC.content_sha256(facts_of(run_id, chunk_no, values).blocks[Fact.PRICED])


def request(run_id: UUID, chunks: int) -> list[runs.RunEvent]:
    """A run of so many chunks; no snapshot stands behind it."""
    terms = {
        "portfolio_snapshot_id": UUID(int=2),
        "portfolio_sha256": "aa",
        "market_snapshot_id": UUID(int=3),
        "market_sha256": "bb",
        "as_of": date(2026, 1, 23),
        "base_currency": "USD",
        "scenarios": ["BASE"],
        "scenario_documents": [{"scenario_id": "BASE", "name": "Base", "shocks": []}],
        "measures": ["PV", "DV01"],
        "positions": chunks,
        "chunk_size": 1,
    }
    return runs.request(runs.Run(), ASKED, run_id, terms)


class Harm:
    """`point`: pricing, before append, after append; `what`: raise, segfault, kill, stop; `chunk` it happens at."""

    def __init__(self, told: dict[str, Any] | None) -> None:
        self._told = told

    def come(self, point: str, chunk_no: int) -> None:
        if self._told and (self._told["point"], self._told["chunk"]) == (point, chunk_no):
            match self._told["what"]:
                case "raise":
                    raise ArithmeticError("as told")
                case "segfault":
                    ctypes.string_at(0)
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "stop":
                    os.kill(os.getpid(), signal.SIGSTOP)


class HarmedStore(PostgresEventStore):
    def __init__(self, recorder: LedgerRecorder, harm: Harm) -> None:
        super().__init__(recorder)
        self._harm = harm

    def append(self, events: Sequence[Event], *, blocks: Sequence[Block] = (), also: Any = None) -> list[int]:
        chunks = {event.chunk_no for event in events if isinstance(event, BlockFact)}
        for chunk_no in chunks:
            self._harm.come("before append", chunk_no)
        positions = super().append(events, blocks=blocks, also=also)
        for chunk_no in chunks:
            self._harm.come("after append", chunk_no)
        return positions


def plain_worker(store: Any, connect: Any, harm: Harm, *, values: int = 1, now: datetime = NOW) -> Worker:
    def price(requested: runs.RunRequested, chunk_no: int) -> ChunkFacts:
        harm.come("pricing", chunk_no)
        return facts_of(requested.originator_id, chunk_no, values)

    ports = Ports(store, None, None, CODEC, connect, lambda: now)  # type: ignore[arg-type]
    return Worker(ports, price, ENGINE)


# --- the nursery ----------------------------------------------------------------------------------------------------


def work(url: str, told: dict[str, Any] | None) -> None:
    """As ops.processes.worker_process does."""
    import asyncio

    from ops.processes.worker_process import consume_until_told

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    harm, database = Harm(told), Database(url, 2)
    store = HarmedStore(LedgerRecorder(LedgerDatastore(url, as_application, 2)), harm)
    worker = plain_worker(store, database.connect, harm)
    asyncio.run(consume_until_told(url, worker.handle, os.getppid()))
    store.close()
    database.close()


def main() -> None:
    import ops.adapters.work_queue
    import ops.processes.worker_process  # noqa: F401 - imported before the first fork

    for line in sys.stdin:
        told = json.loads(line)
        if "wait" in told:
            print(os.waitstatus_to_exitcode(os.waitpid(told["wait"], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            os.close(0)
            os.dup2(2, 1)
            work(told["url"], told["harm"])
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
