"""One product, both ways."""

from dataclasses import dataclass

from benchmarks.peers.tenor import Price, Prices

SAME = 1e-10


@dataclass(frozen=True)
class Case:
    name: str
    ours: Prices
    peer: str
    theirs: Price
    within: float | None = None
    """how far values may differ in their own unit; SAME, relative, where it is None"""
    compared: bool = True
    """False where the peer values something simpler: the plain instrument that a target is set by"""

    @property
    def is_relative(self) -> bool:
        return self.within is None

    @property
    def tolerance(self) -> float:
        return SAME if self.within is None else self.within
