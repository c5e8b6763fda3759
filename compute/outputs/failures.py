"""Failures as values: which positions of a chunk cannot be valued, why, and a sentence that names the cause."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.measures.failures import Reason


@dataclass
class Failing:
    """The first reason found for a position is the one that is kept."""

    reason: NDArray[np.uint8]
    detail: NDArray[np.int32]
    sentences: list[str] = field(default_factory=list)

    @classmethod
    def none(cls, count: int) -> "Failing":
        return cls(np.zeros(count, np.uint8), np.full(count, -1, np.int32))

    def where(self, bad: Any, reason: Reason, sentence: Callable[[int], str]) -> None:
        """`bad` [n] flags; `sentence` is asked of each bad position: there are few, and fewer distinct sentences."""
        for index in np.flatnonzero(bad & (self.reason == Reason.NONE)):
            self.reason[index] = reason
            self.detail[index] = self._number_of(sentence(int(index)))

    def take(self, chosen: NDArray[np.int64], part: "Failing") -> None:
        """What has been found of some of the positions."""
        for number, sentence in enumerate(part.sentences):
            mine = np.zeros(len(self.reason), np.bool_)
            mine[chosen[part.detail == number]] = True
            reason = Reason(int(part.reason[part.detail == number][0]))
            self.where(mine, reason, lambda i, s=sentence: s)  # type: ignore[misc]

    def explain(self, indices: NDArray[np.int64], sentence: str) -> None:
        """A sentence for positions that have a value in other scenarios, and so no reason of their own."""
        if len(indices):
            self.detail[indices] = self._number_of(sentence)

    @property
    def fine(self) -> NDArray[np.bool_]:
        fine: NDArray[np.bool_] = self.reason == Reason.NONE
        return fine

    def _number_of(self, sentence: str) -> int:
        if sentence not in self.sentences:
            self.sentences.append(sentence)
        return self.sentences.index(sentence)
