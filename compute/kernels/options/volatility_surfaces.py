"""Volatility surfaces under every scenario, over expiry, swap tenor and strike, read for many options at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Surfaces:
    """U surfaces under S scenarios; an axis shorter than the longest is filled up with infinity."""

    kind: NDArray[np.int8]
    """[U] index in volatility.KINDS"""
    expiries_yr: Array
    """[U, E] ascending, ACT/365F"""
    tenors_yr: Array
    """[U, T] ascending; a single 0 where there is no such axis"""
    strikes: Array
    """[U, K] ascending; a single 0 where all strikes share the volatility"""
    vols: Array
    """[U, E, T, K, S]"""
    shift: Array
    """[U] LOGNORMAL is the distribution of rate + shift; 0 for NORMAL"""


def volatilities(surfaces: Surfaces, row: Rows, expiry_yr: Array, tenor_yr: Array, strike: Array) -> Array:
    """Volatilities of N options: linear along every axis of their surface, flat outside the nodes.

        vol = sum of w_e w_t w_k vols[e, t, k] over the eight corners around the point

    Args:    row [N] of `surfaces`; expiry_yr [N] ACT/365F; tenor_yr [N] whole months / 12; strike [N]
    Returns: [N, S]
    Source:  contract section 3
    """
    e, later = _bracket(surfaces.expiries_yr[row], expiry_yr)
    t, longer = _bracket(surfaces.tenors_yr[row], tenor_yr)
    k, higher = _bracket(surfaces.strikes[row], strike)
    step_e, step_t, step_k = ((weight > 0).astype(np.int32) for weight in (later, longer, higher))

    def at(expiry: Rows, tenor: Rows) -> Array:
        low = surfaces.vols[row, expiry, tenor, k]
        between: Array = low + higher[:, None] * (surfaces.vols[row, expiry, tenor, k + step_k] - low)
        return between

    def on(expiry: Rows) -> Array:
        short = at(expiry, t)
        return short + longer[:, None] * (at(expiry, t + step_t) - short)

    early = on(e)
    return early + later[:, None] * (on(e + step_e) - early)


def _bracket(axes: Array, x: Array) -> tuple[Rows, Array]:
    """The last node [N] at or before x (the first, where x is before it), and the weight of the next; 0 outside."""
    every = np.arange(len(x))
    at = np.maximum((axes <= x[:, None]).sum(axis=1) - 1, 0).astype(np.int32)
    following = np.minimum(at + 1, axes.shape[1] - 1)
    node, after = axes[every, at], axes[every, following]
    inside = (x > node) & np.isfinite(after) & (after > node)
    return at, np.where(inside, (x - node) / np.where(inside, after - node, 1.0), 0.0)
