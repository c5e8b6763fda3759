"""Flows of floating loans and bonds under the speeds of every scenario."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating import FloatingFlows, floating_flows
from compute.kernels.flows.floating_sensitivity import Discounting
from compute.kernels.flows.flows import Flows
from compute.kernels.options.caplet_volatilities import CapletSurfaces
from compute.pricers.debt.speeds import Behaviour, by_scenario, in_parts


@dataclass(frozen=True)
class Floaters:
    """What is the same under every bump of the market."""

    as_of_day: int
    schedules: Schedules
    terms: FloatTerms
    behaviours: Sequence[Behaviour]
    in_parts: bool = False
    """principal, too, in its parts"""


def floaters_under(
    shared: Floaters,
    factors: NDArray[np.float64],
    discounting: Discounting | None,
    surfaces: CapletSurfaces | None,
    valued_in_days: int = 0,
) -> FloatingFlows:
    """`floating_flows` of every behaviour, each in its own scenarios."""
    parts = [
        floating_flows(
            shared.as_of_day,
            shared.schedules,
            shared.terms,
            each.speeds,
            each.variants,
            factors,
            discounting,
            surfaces,
            valued_in_days,
            each.followed,
            in_parts=shared.in_parts,
        )
        for each in shared.behaviours
    ]
    flows = replace(
        parts[0].flows,
        interest=by_scenario(shared.behaviours, [part.flows.interest for part in parts]),
        principal=by_scenario(shared.behaviours, [part.flows.principal for part in parts]),
        parts=_parts_by_scenario(shared.behaviours, [part.flows for part in parts]),
    )
    slopes = by_scenario(shared.behaviours, [part.projection_key_rate_dv01 for part in parts])
    return FloatingFlows(flows, slopes)


def _parts_by_scenario(behaviours: Sequence[Behaviour], flows: Sequence[Flows]) -> NDArray[np.float64] | None:
    if all(each.parts is None for each in flows):
        return None
    found: NDArray[np.float64] = by_scenario(behaviours, [in_parts(each) for each in flows], axis=2)
    return found
