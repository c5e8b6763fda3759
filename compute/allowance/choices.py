"""Which segment and which satellite a position has: the first whose patterns it matches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.capital.policies import PolicyDocument, Satellite, Segment
from domain.portfolio.attributes import matched
from domain.portfolio.columns import Portfolio

Rows = NDArray[np.int64]
NONE = -1


class Matching(Protocol):
    @property
    def match(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Choices:
    """Of n positions."""

    segments: tuple[Segment, ...]
    satellites: tuple[Satellite, ...]
    segment: Rows
    """[n] into `segments`, NONE where none matches"""
    satellite: Rows
    """[n] into `satellites`, likewise"""

    def of(self, rows: Rows) -> "Choices":
        return Choices(self.segments, self.satellites, self.segment[rows], self.satellite[rows])


def choices_of(portfolio: Portfolio, policy: PolicyDocument | None) -> Choices:
    """Of all positions."""
    segments = policy.cecl.segments if policy is not None and policy.cecl is not None else ()
    satellites = policy.satellites if policy is not None else ()
    return Choices(segments, satellites, first_match(portfolio, segments), first_match(portfolio, satellites))


def first_match(portfolio: Portfolio, parts: Sequence[Matching]) -> Rows:
    """[positions] place of the first part whose every pattern fits; NONE where none does."""
    chosen = np.full(portfolio.position_count, NONE, np.int64)
    for place in reversed(range(len(parts))):
        chosen[matched(portfolio, parts[place].match)] = place
    return chosen
