"""Credit curves and the days at which discount curves bend: what credit default swaps read of a market."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.market.shocks import NodeCurve, ShockedMarket, node_days_of
from domain.market.document import MarketDocument

Array = NDArray[np.float64]

STEP_DAYS = 7
"""Where the forward rate is not constant between nodes it is taken as constant for a week: 1e-8 of the notional."""
NO_BREAK = 2**30


@dataclass(frozen=True)
class CreditQuotes:
    """A credit curve as quoted: each node has a hazard rate or, NaN there, the spread of a swap that matures on it."""

    recovery: float
    node_days: NDArray[np.int32]
    hazard_rate: Array
    cds_spread: Array


def credit_quotes(market: MarketDocument) -> dict[str, CreditQuotes]:
    return {
        curve.curve_id: CreditQuotes(
            curve.recovery,
            node_days_of(curve.nodes, market.as_of),
            np.array([np.nan if node.hazard_rate is None else node.hazard_rate for node in curve.nodes]),
            np.array([np.nan if node.cds_spread is None else node.cds_spread for node in curve.nodes]),
        )
        for curve in market.credit_curves
    }


def forward_breaks(curve_row: Mapping[str, int], shocked: Sequence[ShockedMarket], n_days: int) -> NDArray[np.int32]:
    """[curves, S, most breaks] days at which the forward rate may jump, filled up with NO_BREAK."""
    days = [[_break_days(market.curves[curve_id], n_days) for market in shocked] for curve_id in curve_row]
    most = max((len(each) for row in days for each in row), default=0)
    breaks = np.full((len(days), len(shocked), most), NO_BREAK, np.int32)
    for row, of_scenario in enumerate(days):
        for scenario, each in enumerate(of_scenario):
            breaks[row, scenario, : len(each)] = each
    return breaks


def _break_days(curve: NodeCurve, n_days: int) -> NDArray[np.int32]:
    start_days, lengths_days, _ = curve.jumps
    bends = np.union1d(curve.node_days, np.concatenate((start_days, start_days + lengths_days)))
    if curve.interpolation != "LOG_LINEAR_DF":
        bends = np.union1d(bends, np.arange(STEP_DAYS, n_days, STEP_DAYS))
    return bends.astype(np.int32)
