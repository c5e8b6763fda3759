"""Projected flows of a chunk of positions: made by bonds and loans, read by discounting, yields and average lives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.lazy import lazy

PARTS = OF_SCHEDULED, OF_PREPAID, OF_RECOVERED, OF_DEFAULTED = range(4)
"""Of a payment. What is scheduled is negative where interest is left unpaid and joins the balance; what defaults is not
paid, and leaves it; less what is drawn, which joins it."""


def no_parts() -> NDArray[np.float64]:
    """For kernels that are not asked for them."""
    return np.empty((0, 0, 0))


def parts_of(principal_ccy: NDArray[np.float64]) -> NDArray[np.float64]:
    """[4, F, V] of principal [F, V] that is all scheduled."""
    parts = np.zeros((len(PARTS), *principal_ccy.shape))
    parts[OF_SCHEDULED] = principal_ccy
    return parts


@dataclass(frozen=True)
class Flows:
    """Flows still to come of n positions, for each position's own signed notional, in its trade currency.

    The flows of position i are the rows offsets[i]:offsets[i + 1] (CSR). Where no flow depends on the scenario
    there is one variant (V = 1) that every scenario shares.
    """

    offsets: NDArray[np.int64]
    """[n + 1]"""
    day: NDArray[np.int32]
    """[F] payment day as an offset from the valuation date, > 0, ascending within a position"""
    period: NDArray[np.int32]
    """[F] k of the yield's time (w + k) / frequency: 0 for the first remaining payment date"""
    interest: NDArray[np.float64]
    """[F, V] net of servicing fee"""
    principal: NDArray[np.float64]
    """[F, V] scheduled, prepaid and recovered principal, and redemption"""
    variant_of_scenario: NDArray[np.int32]
    """[S] column of `interest` and `principal` that the scenario sees"""
    parts: NDArray[np.float64] | None = None
    """[4, F, V] rows as PARTS, where they were asked for; None where all of `principal` is scheduled"""

    @lazy
    def amount(self) -> NDArray[np.float64]:
        """[F, V] interest and principal: all that discounting reads, 12 bytes a flow with its day."""
        return self.interest + self.principal

    @lazy
    def last_day(self) -> int:
        """Of all positions; days ascend within each, from no earlier than the valuation date."""
        live = np.diff(self.offsets) > 0
        first, last = self.day[self.offsets[:-1][live]], self.day[self.offsets[1:][live] - 1]
        assert first.min(initial=0) >= 0
        return int(last.max(initial=0))

    @property
    def position_count(self) -> int:
        return len(self.offsets) - 1

    @property
    def scenario_count(self) -> int:
        return len(self.variant_of_scenario)
