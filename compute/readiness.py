"""What a run would lack, found without pricing: the checks that every chunk passes, and curves too coarse to bump."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.market.par_curves import bootstrap
from compute.market.shocks import node_days_of
from compute.outputs.failures import Failing
from compute.product_families import check
from compute.quote_risk import curves_read
from domain.market.document import MarketDocument
from domain.market.parts import ParCurve
from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import KeyRateShock, ScenarioDocument, matches

Times = NDArray[np.float64]

FAINT = 0.5
"""A bump of a key rate of which less than this arrives at the key rate itself is told elsewhere for the most part."""


@dataclass(frozen=True)
class CoarseCurve:
    """A curve on which some key rates move no node, or hardly one: its risk there is told at their neighbours."""

    curve_id: str
    key_rates: tuple[str, ...]
    scenarios: tuple[str, ...]
    """of KEY_RATE shocks that change nothing on it there, or too little"""
    reach: float
    """the most of a bump at any of these key rates that arrives there, 0 to FAINT"""


def failing_by_chunk(run: RunInputs) -> Iterator[Failing]:
    """The checks of pricing, chunk by chunk in the order of a run: the first reason of each position that has one."""
    for chunk_no in range(-(-run.portfolio.position_count // run.chunk_size)):
        yield check(run, run.chunk(chunk_no))


def coarse_curves(
    portfolio: Portfolio, market: MarketDocument, scenarios: Sequence[ScenarioDocument], measures: Sequence[str]
) -> list[CoarseCurve]:
    """Of the curves that the portfolio reads, those whose nodes are too far apart for a key rate that is asked for.

    KEY_RATE_DV01 asks for every key rate before the curve's last node, a shock for its own wherever that is.
    """
    read = curves_read(portfolio, market, np.arange(portfolio.position_count))
    found = []
    for curve in bootstrap(market).market.curves:
        if curve.curve_id not in read or isinstance(curve, ParCurve):
            continue
        times_yr = node_days_of(curve.nodes, market.as_of) / DAYS_PER_YEAR
        faint = {tenor: reach for tenor, reach in _reaches(times_yr).items() if reach < FAINT}
        idle = [each for each in scenarios if _moves_little(each, curve.curve_id, faint)]
        asked = {tenor for tenor in faint if "KEY_RATE_DV01" in measures and tenor < times_yr[-1]}
        asked |= {shock.tenor_yr for each in idle for shock in _key_rates(each, curve.curve_id)} & faint.keys()
        if asked:
            labels = zip(KEY_RATE_LABELS, KEY_RATE_TENORS_YR, strict=True)
            key_rates = tuple(label for label, tenor in labels if tenor in asked)
            reach = max(faint[tenor] for tenor in asked)
            found.append(CoarseCurve(curve.curve_id, key_rates, tuple(each.scenario_id for each in idle), reach))
    return found


def _reaches(times_yr: Times) -> dict[float, float]:
    """By key rate, how much of its bump arrives at its own time on the curve, linearly between the nodes it moves.

    A node a few days past the key rate before moves by a sliver of it, which is as good as nothing.
    """
    tents = np.eye(len(KEY_RATE_TENORS_YR))
    return {
        tenor: float(np.interp(tenor, times_yr, np.interp(times_yr, KEY_RATE_TENORS_YR, tent)))
        for tenor, tent in zip(KEY_RATE_TENORS_YR, tents, strict=True)
    }


def _key_rates(scenario: ScenarioDocument, curve_id: str) -> list[KeyRateShock]:
    return [each for each in scenario.shocks if isinstance(each, KeyRateShock) and matches(each.curves, curve_id)]


def _moves_little(scenario: ScenarioDocument, curve_id: str, faint: Mapping[float, float]) -> bool:
    return any(shock.tenor_yr in faint and shock.bp for shock in _key_rates(scenario, curve_id))
