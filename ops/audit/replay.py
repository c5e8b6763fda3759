"""`tenor audit replay`: a run worked out again from the log and the blobs alone, and compared chunk by chunk.

On the engine that made the facts every bit must be the same. Another engine may differ in the last digits: then
|a - b| <= 1e-9 max(1, |a|, |b|) for every value, and the same blanks for the same reasons.
"""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from math import isfinite
from typing import Any
from uuid import UUID

from commands.ingestion.canonical import content_sha256 as portfolio_sha256
from compute.chunk_facts import RunWork, resolve_work, work_out_chunk
from compute.engine_version import engine_version
from compute.outputs.comparison import is_alike, largest_difference
from compute.product_families import kinds_of
from domain.market.document import stored_market
from domain.measures.measures import Fact
from domain.refusals import Refused
from domain.runs.facts import BlockColumns, BlockFact, CashflowsProjected, fact_stream
from domain.runs.run import RunPlanned, RunRequested
from ops.audit.replay_differences import Difference, differences, places_of_cells
from ops.audit.run_events import read_run
from ops.ports import Storage


class Verdict(StrEnum):
    IDENTICAL = "IDENTICAL"
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"
    """another engine's numbers, equal within the tolerance"""
    DIFFERENT = "DIFFERENT"
    NOT_STORED = "NOT_STORED"
    """the chunk failed, or the run has not come to it"""


@dataclass(frozen=True)
class Replayed:
    chunk_no: int
    kind: str
    verdict: Verdict
    stored_engine: str = ""
    stored_sha256: str = ""
    recomputed_sha256: str = ""
    largest_difference: float | None = None
    """relative to max(1, |a|, |b|); None where the bits are the same or cannot be compared"""
    values_different: int = 0
    differences: list[Difference] = field(default_factory=list)
    """the largest first, at most MAX_TOLD of them"""
    note: str = ""


def replay(storage: Storage, run: str, sample: int | None = None) -> dict[str, Any]:
    told = read_run(storage.store, run)
    requested, planned = told.requested, [event for event in told.events if isinstance(event, RunPlanned)]
    keeps_cash_flows = any(Fact.CASH_FLOWS in event.kinds for event in planned)
    work = inputs_of(storage, requested, keeps_cash_flows=keeps_cash_flows)
    count = -(-requested.positions // requested.chunk_size)
    chunks = sampled(requested.originator_id, count, sample)
    replayed = [one for chunk_no in chunks for one in replay_chunk(storage, requested, work, chunk_no)]
    tally = {verdict: sum(one.verdict is verdict for one in replayed) for verdict in Verdict}
    return {
        "ok": not tally[Verdict.DIFFERENT],
        "run_id": str(requested.originator_id),
        "engine_version": engine_version(),
        "chunks_of_run": count,
        "chunks_replayed": len(chunks),
        **{verdict.value.lower(): number for verdict, number in tally.items()},
        "values_different": sum(one.values_different for one in replayed),
        "chunks": [document(one) for one in replayed],
    }


def document(one: Replayed) -> dict[str, Any]:
    """JSON has no infinity: a number where a blank is stored is no distance."""
    largest = one.largest_difference
    return asdict(one) | {"largest_difference": largest if largest is not None and isfinite(largest) else None}


def sampled(run_id: UUID, count: int, sample: int | None) -> list[int]:
    """The same chunks whenever the same sample of a run is asked for."""
    if sample is None or sample >= count:
        return list(range(count))
    return sorted(random.Random(run_id.int).sample(range(count), sample))


def inputs_of(storage: Storage, requested: RunRequested, *, keeps_cash_flows: bool = False) -> RunWork:
    """What the log names by its hash, and nothing else; the hashes are checked here."""
    raw = storage.blobs.get(requested.market_sha256)
    portfolio = storage.portfolio(requested.portfolio_sha256)
    for what, stated, found in (
        ("market", requested.market_sha256, sha256(raw).hexdigest()),
        ("portfolio", requested.portfolio_sha256, portfolio_sha256(portfolio)),
    ):
        if stated != found:
            raise Refused(
                "SNAPSHOT_EDITED",
                f"the {what} snapshot in the store hashes to {found}, the run was asked for {stated}",
                "see `tenor audit verify`; restore the blob from a backup",
            )
    return resolve_work(portfolio, stored_market(raw), requested, keeps_cash_flows=keeps_cash_flows)


def replay_chunk(storage: Storage, requested: RunRequested, work: RunWork, chunk_no: int) -> Iterator[Replayed]:
    run_id = requested.originator_id
    kinds = [*kinds_of(work.inputs.measures), *([Fact.CASH_FLOWS] if work.kept is not None else [])]
    facts = {kind: fact_of(storage, run_id, kind.value, chunk_no) for kind in kinds}
    if not any(facts.values()):
        yield from (Replayed(chunk_no, kind.value, Verdict.NOT_STORED) for kind in facts)
        return
    blocks = work_out_chunk(work, chunk_no).blocks
    for kind, fact in facts.items():
        if fact is None:
            yield Replayed(chunk_no, kind.value, Verdict.NOT_STORED)
            continue
        one = compared(storage, fact, blocks[kind])
        yield one if one.verdict is Verdict.IDENTICAL else told(storage, one, fact, blocks[kind], requested, work)


def fact_of(storage: Storage, run_id: UUID, kind: str, chunk_no: int) -> BlockFact | None:
    events = storage.store.stream(fact_stream(run_id, kind, chunk_no))
    return next((event for event in events if isinstance(event, BlockFact)), None)


def compared(storage: Storage, fact: BlockFact, again: BlockColumns) -> Replayed:
    """The event's hash decides; only where it differs is the block opened to say by how much."""
    kind, recomputed = type(fact).__name__, storage.block_codec.content_sha256(again)
    verdict, largest = Verdict.IDENTICAL, None
    if recomputed != fact.content_sha256:
        stored = storage.block_codec.decode(storage.store.block(fact.run_id, kind, fact.chunk_no))
        largest = largest_difference(stored, again)
        alike = is_alike(largest) and fact.engine_version != engine_version()
        verdict = Verdict.WITHIN_TOLERANCE if alike else Verdict.DIFFERENT
    return Replayed(fact.chunk_no, kind, verdict, fact.engine_version, fact.content_sha256, recomputed, largest)


def told(
    storage: Storage, one: Replayed, fact: BlockFact, again: BlockColumns, requested: RunRequested, work: RunWork
) -> Replayed:
    stored = storage.block_codec.decode(storage.store.block(fact.run_id, one.kind, fact.chunk_no))
    place = places_of_cells(requested, stored) if fact.TOPIC == CashflowsProjected.TOPIC else None
    found = differences(stored, again, fact.first_row, requested, work.inputs.portfolio, place)
    return replace(one, values_different=found.count, differences=found.told, note=found.note)
