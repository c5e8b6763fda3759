"""What a run's failures have in common: positions counted by the sentence that says why.

Sentences that differ only by the ids of their position and by numbers are one kind; dates and quoted names tell
kinds apart. Each failing position counts once: under its worst status, in the first scenario that has it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.measures.failures import Reason, Status, kind_of_sentence
from projections.results.positions import Identities
from projections.results.reasons import KnownReasons

MAX_KINDS = 1_000
"""What is counted by itself while a run is added up; kinds that come later are counted together."""
MAX_TOLD = 50

Key = tuple[Status, Reason, str]


@dataclass
class Kind:
    """`sentence` is the first one; `alike`: all of them are the same."""

    sentence: str
    first_row: int
    positions: int = 0
    alike: bool = True


class FailureKinds:
    """`take` each chunk in order."""

    def __init__(self, identities: Identities) -> None:
        self._ids = list(identities.columns[:2])
        self._kinds: dict[Key, Kind] = {}
        self._beyond: Counter[Status] = Counter()
        self.partial = 0

    def take(
        self,
        reasons: KnownReasons,
        reason_no: npt.NDArray[np.int16],
        first_row: int,
        sentence_no: npt.NDArray[np.int32],
        sentences: Sequence[str],
    ) -> None:
        """`reason_no` [scenarios, positions], `sentence_no` [positions] into `sentences`."""
        severities = np.array(reasons.status, np.uint8)
        if not severities[np.unique(reason_no)].any():
            return
        by_scenario = severities[reason_no]
        worst = by_scenario.max(axis=0)
        self.partial += int((worst == Status.PARTIAL).sum())
        failing = np.flatnonzero(worst)
        numbers = reason_no[by_scenario[:, failing].argmax(axis=0), failing]
        keys = numbers.astype(np.int64) * len(sentences) + sentence_no[failing]
        _, at, counts = np.unique(keys, return_index=True, return_counts=True)
        for place in np.argsort(at).tolist():
            row, number = int(failing[at[place]]), int(numbers[at[place]])
            sentence = sentences[sentence_no[row]]
            self._count(reasons.status[number], _reason(reasons, number), sentence, first_row + row, int(counts[place]))

    def documents(self, identities: Identities) -> list[dict[str, Any]]:
        """The kinds of most positions first; what is beyond MAX_TOLD is added up by status, so nothing is missing."""
        ranked = sorted(self._kinds.items(), key=lambda kind: (-kind[1].positions, kind[0]))
        rows = np.array([kind.first_row for _, kind in ranked[:MAX_TOLD]], np.int64)
        ids = identities.position_ids.at(rows).to_pylist() if len(rows) else []
        documents = [_document(key, kind, first) for (key, kind), first in zip(ranked[:MAX_TOLD], ids, strict=True)]
        return documents + [each for status in (Status.FAILED, Status.PARTIAL) for each in self._others(status, ranked)]

    def _count(self, status: Status, reason: Reason, sentence: str, row: int, positions: int) -> None:
        key = (status, reason, self._kind_of(sentence, row))
        if key not in self._kinds and len(self._kinds) >= MAX_KINDS:
            self._beyond[status] += positions
            return
        kind = self._kinds.setdefault(key, Kind(sentence, row))
        kind.positions += positions
        kind.alike &= sentence == kind.sentence

    def _kind_of(self, sentence: str, row: int) -> str:
        return kind_of_sentence(sentence, (column.texts[int(column.codes[row])].as_py() for column in self._ids))

    def _others(self, status: Status, ranked: list[tuple[Key, Kind]]) -> list[dict[str, Any]]:
        untold = [kind.positions for key, kind in ranked[MAX_TOLD:] if key[0] is status]
        positions = sum(untold) + self._beyond[status]
        if not positions:
            return []
        count = f"more than {len(untold):,}" if self._beyond[status] else f"{len(untold):,}"
        sentence = f"{count} other sentences"
        return [{"status": status.name, "reason": None, "sentence": sentence, "positions": positions, "first": None}]


def _reason(reasons: KnownReasons, number: int) -> Reason:
    """Of the first measure, in the order asked for, that should have a number and has none."""
    codes = (Reason(code) for _, code in reasons.labels(number))
    return next(code for code in codes if code is not Reason.NOT_APPLICABLE)


def _document(key: Key, kind: Kind, first: str) -> dict[str, Any]:
    """`first` is the id of the first position of the kind."""
    status, reason, pattern = key
    sentence = (kind.sentence if kind.alike else pattern) or reason.name
    return {
        "status": status.name,
        "reason": reason.name,
        "sentence": sentence,
        "positions": kind.positions,
        "first": first,
    }
