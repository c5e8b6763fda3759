"""Where positions discount."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DiscountTerms:
    """The curve that n positions discount on, their spread curve and their own spread under S scenarios."""

    curve_row: NDArray[np.int32]
    """[n] row of the discount factors; below 0 there is no curve, and no number"""
    spread_row: NDArray[np.int32]
    """[n] row of the spread factors; 0 is no spread curve"""
    spread: NDArray[np.float64]
    """[n, S] continuous, decimal"""

    def of(self, chosen: NDArray[np.int64]) -> "DiscountTerms":
        return DiscountTerms(
            curve_row=self.curve_row[chosen], spread_row=self.spread_row[chosen], spread=self.spread[chosen]
        )

    def under(self, scenarios: slice) -> "DiscountTerms":
        return replace(self, spread=self.spread[:, scenarios])

    def at_spread(self, spread: NDArray[np.float64]) -> "DiscountTerms":
        """A spread of [n, S] in place of the positions' own and of their spread curves."""
        return replace(self, spread_row=np.zeros_like(self.spread_row), spread=spread)

    def without_spreads(self) -> "DiscountTerms":
        return self.at_spread(np.zeros_like(self.spread))
