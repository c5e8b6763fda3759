"""Vega by expiry, and by swap tenor for swaptions: each option's shared out between the buckets beside it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.measures.measures import VEGA_EXPIRIES_YR, VEGA_TENORS_YR

Array = NDArray[np.float64]
WIDTH = len(VEGA_EXPIRIES_YR) * (1 + len(VEGA_TENORS_YR))


def by_expiry(position: NDArray[np.int64], count: int, vega_ccy: Array, expiry_yr: Array) -> Array:
    """The ladder of n positions that hold N options on rates that have no tenor of their own, or on exchange rates.

        ladder_ib = sum over the options of position i of vega x w_b(expiry)

    Args:    position [N] of each option; count = n; vega_ccy [N, S] present value; expiry_yr [N] ACT/365F
    Returns: [n, S, WIDTH]  the first columns, by expiry; the others are 0. They add up to the position's vega
    """
    ladder = np.zeros((count, vega_ccy.shape[1], WIDTH))
    for bucket, weight in enumerate(shares(expiry_yr, VEGA_EXPIRIES_YR).T):
        np.add.at(ladder[:, :, bucket], position, vega_ccy * weight[:, None])
    return ladder


def by_expiry_and_tenor(vega_ccy: Array, expiry_yr: Array, tenor_yr: Array) -> Array:
    """The ladder of n swaptions: [n, S, WIDTH], 0 in the columns by expiry alone, then by tenor within expiry.

    Args:    vega_ccy [n, S] present value; expiry_yr, tenor_yr [n]
    """
    ladder = np.zeros((*vega_ccy.shape, WIDTH))
    column = len(VEGA_EXPIRIES_YR)
    for at_expiry in shares(expiry_yr, VEGA_EXPIRIES_YR).T:
        for at_tenor in shares(tenor_yr, VEGA_TENORS_YR).T:
            ladder[:, :, column] = vega_ccy * (at_expiry * at_tenor)[:, None]
            column += 1
    return ladder


def shares(years: Array, buckets: Sequence[float]) -> Array:
    """[N, buckets] triangular between neighbours, flat outside; rows add up to 1."""
    return np.stack([np.interp(years, buckets, unit) for unit in np.eye(len(buckets))], axis=1)
