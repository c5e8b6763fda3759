"""Fact events: what was worked out for a chunk of positions under all scenarios, and how a block is named.

The event is small and lives in the log; its columns are a block beside it (claim check), inserted in the same
transaction. A chunk is the same 4,096 consecutive rows of the snapshot everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id
from domain.measures.measures import BY_NAME, Fact

CHUNK_SIZE = 4096


class BlockFact(Event):
    """A block of facts: identity (run, kind, chunk), hashes of content and of stored bytes, and what made it."""

    run_id: UUID
    chunk_no: int
    first_row: int
    positions: int
    scenarios: int
    columns: list[str]
    content_sha256: str
    payload_sha256: str
    payload_bytes: int
    portfolio_sha256: str
    market_sha256: str
    engine_version: str


class PositionPriced(BlockFact):
    """Values and prices; how many of the chunk's positions could not be valued in some scenario; and the
    exchange rates used: base currency per unit of each currency, by scenario."""

    TOPIC: ClassVar[str] = "position.priced"

    failed: int
    fx_to_base: dict[str, list[float]]


class RiskComputed(BlockFact):
    TOPIC: ClassVar[str] = "risk.computed"


class CapitalComputed(BlockFact):
    """Credit measures, exposures and risk-weighted assets, by the rules and the policy that the run pins."""

    TOPIC: ClassVar[str] = "capital.computed"


class CashflowsProjected(BlockFact):
    """Cash flows by time bucket of a chunk's books, products and currencies, on both bases; `scenarios` are those that
    the run keeps."""

    TOPIC: ClassVar[str] = "cashflows.projected"


class NondeterminismDetected(Event):
    """The same chunk on the same engine gave other numbers: an alarm, never an overwrite."""

    TOPIC: ClassVar[str] = "fact.nondeterminism_detected"

    run_id: UUID
    kind: str
    chunk_no: int
    stored_sha256: str
    recomputed_sha256: str
    engine_version: str


class EnginesCompared(Event):
    """Two releases worked on the same chunk and their bits differ, as those of two engines may. The stored numbers
    stay; `largest_difference` is relative to max(1, |a|, |b|), None where blanks or shapes differ."""

    TOPIC: ClassVar[str] = "fact.engines_compared"

    run_id: UUID
    kind: str
    chunk_no: int
    stored_engine_version: str
    engine_version: str
    stored_sha256: str
    recomputed_sha256: str
    largest_difference: float | None
    is_within_tolerance: bool


FACTS: dict[Fact, type[BlockFact]] = {
    Fact.PRICED: PositionPriced,
    Fact.RISK: RiskComputed,
    Fact.CAPITAL: CapitalComputed,
    Fact.CASH_FLOWS: CashflowsProjected,
}


def fact_stream(run_id: UUID, kind: str, chunk_no: int) -> UUID:
    """A chunk's facts have one stream with one event; a second attempt meets the unique key."""
    return stream_id("fact", run_id, kind, chunk_no)


@dataclass(frozen=True)
class BlockColumns:
    """A block before encoding. Arrays are numpy's; `domain` names dtypes and shapes only.

    columns          the result columns, lower case, in the order of the table of measures
    values           float64 [n_columns, n_scenarios, n_positions], NaN where blank
    measures         the measures asked for that this kind carries
    reasons          uint8 [n_measures, n_scenarios, n_positions], `Reason`, 0 where the number is there
    details          distinct sentences that explain failures
    detail           int32 [n_positions], index into `details`, -1 where there is nothing to say
    """

    columns: tuple[str, ...]
    values: Any
    measures: tuple[str, ...]
    reasons: Any
    details: tuple[str, ...]
    detail: Any


@dataclass(frozen=True)
class Block:
    """A block as it is stored."""

    run_id: UUID
    kind: str
    chunk_no: int
    content_sha256: str
    payload_sha256: str
    payload: bytes


def record_fact(
    envelope: Envelope, kind: Fact, block: Block, *, failed: int, fx_to_base: dict[str, list[float]], **terms: Any
) -> BlockFact:
    place = envelope.at(fact_stream(block.run_id, kind.value, block.chunk_no), 1)
    shared = {
        **place,
        "run_id": block.run_id,
        "chunk_no": block.chunk_no,
        "content_sha256": block.content_sha256,
        "payload_sha256": block.payload_sha256,
        "payload_bytes": len(block.payload),
        **terms,
    }
    if kind is Fact.PRICED:
        return PositionPriced(**shared, failed=failed, fx_to_base=fx_to_base)
    return FACTS[kind](**shared)


def kinds_of_run(measures: Iterable[str], keeps_cash_flows: bool) -> list[str]:
    """The kinds of a run's facts, sorted."""
    kinds = {BY_NAME[name].fact for name in measures} | ({Fact.CASH_FLOWS} if keeps_cash_flows else set())
    return sorted(kind.value for kind in kinds)
