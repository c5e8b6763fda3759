"""A run's facts chunk by chunk: every column and every reason, whichever kind of fact carried it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from domain.event import stream_id
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, Measure, columns_of
from domain.ports import BlockCodec, EventStore, Packed
from domain.runs.facts import BlockColumns, BlockFact, PositionPriced, fact_stream
from domain.runs.run import ChunkFailed, RunRequested

Values = npt.NDArray[np.float64]


class BlockDamaged(Exception):
    """The stored bytes are not those that the fact was recorded with."""

    def __init__(self, run_id: UUID, kind: str, chunk_no: int) -> None:
        super().__init__(f"block {kind} of chunk {chunk_no} of run {run_id} does not match its hash in the log")


@dataclass(frozen=True)
class ChunkResults:
    """values     one [scenarios, positions] per column of the run, NaN where blank; None for a chunk without facts
    packed     the same as it is stored
    reasons    uint8 [measures, scenarios, positions], never 0 where the number is blank
    sentences  distinct ones, the first '': what is said of a position
    sentence_no  int32 [positions], into `sentences`
    fx_to_base base currency per unit, by scenario
    """

    chunk_no: int
    first_row: int
    positions: int
    values: list[Values] | None
    packed: Packed
    reasons: npt.NDArray[np.uint8]
    sentences: list[str]
    sentence_no: npt.NDArray[np.int32]
    fx_to_base: dict[str, list[float]]

    @property
    def details(self) -> list[str]:
        """A sentence for each position, '' where there is nothing to say."""
        if len(self.sentences) == 1:
            return [""] * self.positions
        return [self.sentences[number] for number in self.sentence_no.tolist()]


class RunFacts:
    """Reads each block once, and checks its bytes against the log."""

    def __init__(
        self,
        store: EventStore,
        codec: BlockCodec,
        request: RunRequested,
        failed_chunks: Sequence[int] = (),
        attempt: int = 1,
    ) -> None:
        self._store, self._codec, self._request = store, codec, request
        self._failed, self._attempt = frozenset(failed_chunks), attempt
        self.measures = tuple(BY_NAME[name] for name in request.measures)
        self._kinds = sorted({measure.fact.value for measure in self.measures})
        self.columns = columns_of(tuple(request.measures))
        self.scenarios, self.base_currency = len(request.scenarios), request.base_currency
        self.chunks = -(-request.positions // request.chunk_size)

    def positions_of(self, chunk_no: int) -> int:
        return min(self._request.chunk_size, self._request.positions - chunk_no * self._request.chunk_size)

    def has(self, chunk_no: int) -> bool:
        """Of every kind: a release that knows fewer of them may have been first."""
        run_id = self._request.originator_id
        return all(self._store.stream(fact_stream(run_id, kind, chunk_no)) for kind in self._kinds)

    def packed(self, chunk_no: int) -> Packed:
        """Of the columns alone, not opened."""
        if chunk_no in self._failed:
            return self._blank(chunk_no)
        facts = self._facts(chunk_no)
        return self._packed(facts, self._payloads(facts))

    def chunk(self, chunk_no: int) -> ChunkResults:
        if chunk_no in self._failed:
            return self._failure(chunk_no)
        facts = self._facts(chunk_no)
        payloads = self._payloads(facts)
        blocks = [self._codec.decode(payload) for payload in payloads]
        column_of = {name: block.values[i] for block in blocks for i, name in enumerate(block.columns)}
        reasons_of = {name: block.reasons[i] for block in blocks for i, name in enumerate(block.measures)}
        sentences, sentence_no = _sentences(blocks)
        return ChunkResults(
            chunk_no=chunk_no,
            first_row=chunk_no * self._request.chunk_size,
            positions=self.positions_of(chunk_no),
            values=[column_of[name] for name in self.columns],
            packed=self._packed(facts, payloads),
            reasons=_reasons(self.measures, column_of, reasons_of),
            sentences=sentences,
            sentence_no=sentence_no,
            fx_to_base=next(fact.fx_to_base for fact in facts if isinstance(fact, PositionPriced)),
        )

    def _facts(self, chunk_no: int) -> list[Any]:
        return [self._fact(kind, chunk_no) for kind in self._kinds]

    def _fact(self, kind: str, chunk_no: int) -> Any:
        (fact,) = self._store.stream(fact_stream(self._request.originator_id, kind, chunk_no))
        assert isinstance(fact, BlockFact)
        return fact

    def _payloads(self, facts: list[Any]) -> list[bytes]:
        return [self._payload(kind, fact) for kind, fact in zip(self._kinds, facts, strict=True)]

    def _payload(self, kind: str, fact: BlockFact) -> bytes:
        payload = self._store.block(fact.run_id, kind, fact.chunk_no)
        if sha256(payload).hexdigest() != fact.payload_sha256:
            self._check_columns(payload, kind, fact)
        return payload

    def _check_columns(self, payload: bytes, kind: str, fact: BlockFact) -> None:
        """A block back from an archive may be packed as a later release does: its columns answer to the log."""
        try:
            content_sha256 = self._codec.content_sha256_of(payload)
        except ValueError:
            content_sha256 = ""
        if content_sha256 != fact.content_sha256:
            raise BlockDamaged(fact.run_id, kind, fact.chunk_no)

    def _packed(self, facts: list[Any], payloads: list[bytes]) -> Packed:
        frames_of: dict[str, Any] = {}
        for fact, payload in zip(facts, payloads, strict=True):
            frames_of.update(zip(fact.columns, self._codec.packed(payload), strict=True))
        return [frames_of[name] for name in self.columns]

    def _blank(self, chunk_no: int) -> Packed:
        blank = np.full((self.scenarios, self.positions_of(chunk_no)), np.nan)
        return [self._codec.pack(blank)] * len(self.columns)

    def _failure(self, chunk_no: int) -> ChunkResults:
        """A chunk that kept failing: nothing of it is there, and its error says why."""
        first_row, positions = chunk_no * self._request.chunk_size, self.positions_of(chunk_no)
        shape = (len(self.measures), len(self._request.scenarios), positions)
        reasons = np.full(shape, Reason.DID_NOT_CONVERGE, np.uint8)
        said = (["", self._error(chunk_no)], np.ones(positions, np.int32))
        return ChunkResults(chunk_no, first_row, positions, None, self._blank(chunk_no), reasons, *said, {})

    def _error(self, chunk_no: int) -> str:
        run_id = self._request.originator_id
        for event in self._store.stream(stream_id("chunk_failed", run_id, chunk_no, self._attempt)):
            if isinstance(event, ChunkFailed):
                return event.error
        return "the chunk could not be worked out"


def _reasons(
    measures: tuple[Measure, ...], column_of: dict[str, Values], reasons_of: dict[str, Any]
) -> npt.NDArray[np.uint8]:
    """Every blank has a reason: a number that came out as NaN and was not explained did not converge."""
    reasons = np.stack([reasons_of[measure.name] for measure in measures])
    for codes, measure in zip(reasons, measures, strict=True):
        for column in measure.result_columns:
            blank = np.isnan(column_of[column])
            if blank.any():
                codes[blank & (codes == 0)] = Reason.DID_NOT_CONVERGE
    return reasons


def _sentences(blocks: Sequence[BlockColumns]) -> tuple[list[str], npt.NDArray[np.int32]]:
    """What the blocks say about each position, each sentence once."""
    sentences, number_of = [""], {"": 0}
    sentence_no = np.zeros(blocks[0].detail.shape[0], np.int32)
    for block in blocks:
        if not (block.detail >= 0).any():
            continue
        width = len(block.details) + 1
        pairs, inverse = np.unique(sentence_no.astype(np.int64) * width + block.detail + 1, return_inverse=True)
        said = [_joined(sentences[pair // width], ("", *block.details)[pair % width]) for pair in pairs.tolist()]
        for sentence in said:
            if number_of.setdefault(sentence, len(sentences)) == len(sentences):
                sentences.append(sentence)
        sentence_no = np.array([number_of[sentence] for sentence in said], np.int32)[inverse]
    return sentences, sentence_no


def _joined(before: str, sentence: str) -> str:
    return before if sentence in before else f"{before}; {sentence}".removeprefix("; ")
