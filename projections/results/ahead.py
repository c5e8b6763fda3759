"""Unfinished runs: their facts are read, checked and added up as they come, so that little is left when they complete.

What is here is memory and nothing else. It is made of facts that are in the log, always from the first chunk on and
in their order, whatever order they arrive in: the sums are those of a run published in one go, to the last bit. A
process that is killed loses it, and the next begins again; a run that is cancelled leaves nothing behind.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from domain.portfolio.columns import Portfolio
from domain.ports import EventStore
from domain.runs.run import UNFINISHED, Run, RunCompleted, RunRequested, fold
from projections.results.blocks import BlockDamaged, ChunkResults, RunFacts
from projections.results.failures import FailureKinds
from projections.results.groups import Groups, build_groups
from projections.results.positions import Identities
from projections.results.reduction import ReasonNumbers, Reduction

MAX_RUNS = 4
"""So many at a time are worked on ahead; those beyond are published in one go."""
MAX_SECONDS = 1.0
"""Of the thread's processor time at a stretch: the runner's transaction is open meanwhile."""


@dataclass(frozen=True)
class PortfolioLayout:
    """What a portfolio means to every run over it."""

    sha256: str
    identities: Identities
    groups: Groups
    principal_ccy: npt.NDArray[np.float64]
    has_netting_sets: bool

    @classmethod
    def of(cls, sha256: str, portfolio: Portfolio) -> "PortfolioLayout":
        notional_ccy = portfolio.tables["positions"].columns["notional"].values
        agreements = portfolio.tables.get("netting_sets")
        has_sets = agreements is not None and agreements.rows > 0
        return cls(sha256, Identities(portfolio), build_groups(portfolio), np.abs(notional_ccy), has_sets)


@dataclass(frozen=True)
class Taken:
    """What of a chunk is copied after the columns."""

    chunk_no: int
    first_row: int
    reason_no: ReasonNumbers
    details: list[str]


@dataclass
class Begun:
    """A run's chunks from the first to the latest taken."""

    book: PortfolioLayout
    facts: RunFacts
    reduction: Reduction
    taken: list[Taken] = field(default_factory=list)

    @classmethod
    def of(cls, book: PortfolioLayout, facts: RunFacts) -> "Begun":
        failures = FailureKinds(book.identities)
        reduction = Reduction(book.groups, facts.measures, facts.scenarios, book.principal_ccy, failures)
        return cls(book, facts, reduction)

    def take(self, chunk: ChunkResults) -> None:
        assert chunk.chunk_no == len(self.taken)
        numbers = self.reduction.take(chunk)
        self.taken.append(Taken(chunk.chunk_no, chunk.first_row, numbers, chunk.details))

    def advance(self, seconds: float) -> None:
        """Up to the first chunk whose facts are not there yet."""
        started = time.thread_time()
        while len(self.taken) < self.facts.chunks and self.facts.has(len(self.taken)):
            self.take(self.facts.chunk(len(self.taken)))
            if time.thread_time() - started > seconds:
                return


Begin = Callable[[RunRequested], Begun]


class WorkAhead:
    """By run. A run that has ended by now (whoever is told its facts rebuilds, or comes late) is not looked into."""

    def __init__(self, store: EventStore, begin: Begin) -> None:
        self._store, self._begin = store, begin
        self._begun: dict[UUID, Begun] = {}
        self._given_up: set[UUID] = set()

    def advance(self, run_ids: Iterable[UUID]) -> None:
        """Out of the books while it is worked on: what an error leaves half done is never used."""
        for run_id in run_ids:
            begun = self._begun.pop(run_id, None) or self._new(run_id)
            if begun is not None:
                try:
                    begun.advance(MAX_SECONDS)
                except BlockDamaged:
                    self._given_up.add(run_id)  # said when the run is published, and only if it ever is
                else:
                    self._begun[run_id] = begun

    def hand_over(self, completed: RunCompleted) -> Begun | None:
        """Once. None where nothing is begun, or where a chunk was taken that the run counts as failed."""
        begun = self._begun.pop(completed.originator_id, None)
        self.forget(completed.originator_id)
        if begun is None or any(chunk_no < len(begun.taken) for chunk_no in completed.failed_chunks):
            return None
        return begun

    def forget(self, run_id: UUID) -> None:
        self._begun.pop(run_id, None)
        self._given_up.discard(run_id)

    def _new(self, run_id: UUID) -> Begun | None:
        if run_id in self._given_up:
            return None
        run = self._run(run_id)
        if run.status not in UNFINISHED or run.requested is None or run.attempt > 1:
            return None
        if len(self._begun) >= MAX_RUNS:
            self._forget_ended()
        return self._begin(run.requested) if len(self._begun) < MAX_RUNS else None

    def _forget_ended(self) -> None:
        """A rival may have published them."""
        for run_id in list(self._begun):
            if self._run(run_id).status not in UNFINISHED:
                self.forget(run_id)

    def _run(self, run_id: UUID) -> Run:
        history: list[Any] = self._store.stream(run_id)
        return fold(history)
