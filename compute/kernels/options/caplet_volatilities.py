"""Caplet volatilities of every index under every scenario, and one of them at an expiry and a strike."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.kernel import kernel

NO_SURFACE = -1
KINDS = ("NORMAL", "LOGNORMAL")
NORMAL, LOGNORMAL = range(len(KINDS))
VEGA_BUMP_NORMAL, VEGA_BUMP_LOGNORMAL = 1e-4, 1e-2


class CapletSurfaces(NamedTuple):
    """U surfaces under S scenarios; an axis shorter than the longest is filled up with infinity."""

    kind: NDArray[np.int8]
    """[U] index in KINDS"""
    expiries_yr: NDArray[np.float64]
    """[U, E] ascending, ACT/365F"""
    strikes: NDArray[np.float64]
    """[U, K] ascending; a single 0 where all strikes share the volatility"""
    vols: NDArray[np.float64]
    """[U, S, E, K]"""
    shift: NDArray[np.float64]
    """[U] LOGNORMAL is the distribution of rate + shift; 0 for NORMAL"""

    @classmethod
    def none(cls) -> "CapletSurfaces":
        axes = np.empty((0, 0))
        return cls(np.empty(0, np.int8), axes, axes, np.empty((0, 0, 0, 0)), np.empty(0))


def moved_surfaces(surfaces: CapletSurfaces, sign: int) -> CapletSurfaces:
    """All volatilities up (sign 1) or down (-1) by what VEGA counts in: 1 bp of normal, a point of lognormal."""
    bump = np.where(surfaces.kind == NORMAL, VEGA_BUMP_NORMAL, VEGA_BUMP_LOGNORMAL)
    return surfaces._replace(vols=surfaces.vols + sign * bump[:, None, None, None])


@kernel
def caplet_volatility(surfaces: CapletSurfaces, row: int, s: int, expiry_yr: float, strike: float) -> float:
    """Volatility of surface `row` under scenario s: linear in expiry and in strike, flat outside the nodes.

        vol = sum of w_e w_k vols[e, k] over the two expiries and the two strikes around the point

    Args:    expiry_yr ACT/365F from the valuation date to the reset; strike on the forward, before any margin
    Source:  contract section 3
    """
    e, later = bracket(surfaces.expiries_yr[row], expiry_yr)
    k, higher = bracket(surfaces.strikes[row], strike)
    return volatility_between(surfaces.vols[row, s], e, later, k, higher)


@kernel
def volatility_between(vols: NDArray[np.float64], e: int, later: float, k: int, higher: float) -> float:
    """The mean of the nodes that `bracket` has found in expiry and in strike; vols [E, K]."""
    vol = _at_strike(vols, e, k, higher)
    return vol if later == 0.0 else vol + later * (_at_strike(vols, e + 1, k, higher) - vol)


@kernel
def _at_strike(vols: NDArray[np.float64], e: int, k: int, higher: float) -> float:
    vol: float = vols[e, k]
    return vol if higher == 0.0 else vol + higher * (vols[e, k + 1] - vol)


@kernel
def bracket(axis: NDArray[np.float64], x: float) -> tuple[int, float]:
    """The last node at or before x, and the weight of the one after it; 0 outside the nodes."""
    if x <= axis[0]:
        return 0, 0.0
    at = 0
    while at + 1 < len(axis) and axis[at + 1] <= x:
        at += 1
    if at + 1 == len(axis) or np.isinf(axis[at + 1]):
        return at, 0.0
    return at, (x - axis[at]) / (axis[at + 1] - axis[at])
