"""The reasons of a run: few distinct ones, so a position under a scenario holds the number of its own."""

import numpy as np
import numpy.typing as npt

from domain.measures.failures import Reason, Status, reason_text, status_of

CODES = len(Reason)
MAX_DIGITS = 24
"""Base-six digits that fit an int64."""
DIGITS_OF_A_CHUNK = 9
"""6^9 is more keys than a chunk under 2,000 scenarios can hold."""

Label = tuple[int, int]
"""(place of the measure, code)"""


class KnownReasons:
    """Numbers are given in the order in which chunks bring reasons; 0 is PRICED with nothing blank."""

    def __init__(self, measures: tuple[str, ...]) -> None:
        self.measures = measures
        self.patterns: list[tuple[int, ...]] = []
        self.status: list[Status] = []
        self.reason: list[str] = []
        self._number_of: dict[tuple[int, ...], int] = {}
        self._number((0,) * len(measures))

    def number(self, reasons: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
        """[measures, scenarios, positions] codes to [scenarios, positions] numbers."""
        moved = (reasons != reasons[:, :1]).any(axis=(0, 2))
        if not moved.any():
            return np.broadcast_to(self._numbers(reasons[:, 0]), reasons.shape[1:])
        distinct = np.flatnonzero(moved | (np.arange(len(moved)) == 0))
        found = self._numbers(reasons[:, distinct])
        numbers = np.repeat(found[:1], len(moved), axis=0)
        numbers[distinct] = found
        return numbers

    def _numbers(self, reasons: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
        """[measures, ...] codes to [...] numbers."""
        keys, flat = _keys(reasons), reasons.reshape(len(self.measures), -1)
        _, first, inverse = np.unique(keys.ravel(), return_index=True, return_inverse=True)
        known = np.array([self._number(tuple(flat[:, place].tolist())) for place in first], np.int16)
        return known[inverse].reshape(keys.shape)

    def labels(self, number: int) -> list[Label]:
        return [(measure, code) for measure, code in enumerate(self.patterns[number]) if code]

    def is_failed(self) -> npt.NDArray[np.bool_]:
        """Of each number."""
        return np.array([status is Status.FAILED for status in self.status])

    def _number(self, pattern: tuple[int, ...]) -> int:
        if pattern not in self._number_of:
            failures = {measure: Reason(code) for measure, code in zip(self.measures, pattern, strict=True)}
            self._number_of[pattern] = len(self.patterns)
            self.patterns.append(pattern)
            self.status.append(status_of(failures, len(self.measures)))
            self.reason.append(reason_text(failures))
        return self._number_of[pattern]


def _keys(reasons: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """One whole number for the codes of all measures: base-six digits, renumbered before they overflow."""
    keys = np.zeros(reasons.shape[1:], np.int64)
    digits = 0
    for codes in reasons:
        if not codes.any():
            continue
        if digits == MAX_DIGITS:
            keys = np.unique(keys, return_inverse=True)[1].reshape(keys.shape)
            digits = DIGITS_OF_A_CHUNK
        keys = keys * CODES + codes
        digits += 1
    return keys
