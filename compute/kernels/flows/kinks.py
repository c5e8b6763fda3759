"""Where a value bends within a basis point: intrinsic caps and floors at their strike, where a slope is no difference.

pays
 |            ____ cap
 |           /
 |      ____/          a slope on either side is not (PV(-1 bp) - PV(+1 bp)) / 2 between them
 |     floor
 +------------------- forward
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR

Array = NDArray[np.float64]
Days = NDArray[np.int32]

NO_VOLATILITY = 1e-6
"""A hundredth of a basis point: an option with less still bends as if it had none."""
REACH = 1.01
"""Of the forward's own move over a basis point: what lies beyond cannot be crossed."""


def with_differences(key_rate_dv01: Array, dv01: Array, bends: NDArray[np.bool_]) -> Array:
    """Key rates that add up to the difference of two values where those bend; what is left over is shared by size.

    Args:    key_rate_dv01 [n, S, K], dv01 [n, S]; bends [n, S]
    Returns: [n, S, K]; as given where nothing bends
    """
    left = np.where(bends, dv01 - key_rate_dv01.sum(axis=2), 0.0)
    size = np.abs(key_rate_dv01)
    total = size.sum(axis=2, keepdims=True)
    even = np.full(key_rate_dv01.shape, 1.0 / key_rate_dv01.shape[2])
    share = np.divide(size, total, out=even, where=total > 0.0)
    shared: Array = np.where(bends[:, :, None], key_rate_dv01 + left[:, :, None] * share, key_rate_dv01)
    return shared


@njit(cache=True, nogil=True, error_model="numpy")
def fill_near_kinks(
    chosen: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    reset: Days,
    stop: Days,
    fraction: Array,
    fixing: Array,
    grown: Array,
    margin: Array,
    cap: Array,
    floor: Array,
    projection_row: Days,
    discount_factors: Array,
    near: NDArray[np.bool_],
) -> None:
    """Fills near [n, S]: a basis point of all zero rates takes a rate that is still to be set to its cap or floor.

    Args: chosen [n] with intrinsic bounds, others as `floating.FloatTerms`; discount_factors [curves, days, S]
    """
    for i in range(len(chosen)):
        if not chosen[i]:
            continue
        factors = discount_factors[projection_row[i]]
        for j in range(offsets[i], offsets[i + 1]):
            if not math.isnan(fixing[j]) or reset[j] < 0 or stop[j] <= reset[j]:
                continue
            step = REACH * BASIS_POINT * (stop[j] - reset[j]) / DAYS_PER_YEAR / fraction[j]
            for s in range(near.shape[1]):
                growth = grown[j] * factors[reset[j], s] / factors[stop[j], s]
                rate = (growth - 1.0) / fraction[j] + margin[i]
                if abs(rate - cap[i]) <= step * growth or abs(rate - floor[i]) <= step * growth:
                    near[i, s] = True
