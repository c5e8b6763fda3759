"""What netting sets add to the totals of a run: handed to whoever adds up, by whoever works it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from domain.runs.run import RunRequested  # a query that adds nothing up waits for no events

ADDED = ("ead", "ead_sa", "ead_irb", "ead_us", "rwa_sa", "rwa_irb", "rwa_us_sa", "capital")
"""Columns of results whose totals netting sets are part of."""


@dataclass(frozen=True)
class NettedSums:
    """[s] netting sets each; amounts in base currency, the same under every scenario, NaN where a set has none."""

    nodes: Sequence[Sequence[tuple[str, str]]]
    """node and kind, from the top down to the set's own; none where nothing says one"""
    label_of: Callable[[str], Sequence[str]]
    """by a column: what the agreement or its counterparty says, else its first trade"""
    amounts: Mapping[str, Any]
    """by column of ADDED"""

    def __len__(self) -> int:
        return len(self.nodes)


NetUp = Callable[["RunRequested", Any], NettedSums | None]
"""From a run and the PV of its positions under BASE, [positions] in their currency; None where nothing is netted."""
