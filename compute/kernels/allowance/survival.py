"""Survival by an annual PD that changes every quarter."""

import math

import numpy as np
from numpy.typing import NDArray

from compute.kernels.kernel import kernel

QUARTERS_A_YEAR = 4
EDGE = 1e-9
"""A quarter's last day is in it, whatever rounding makes of its time."""


@kernel
def quarter_of(time_yr: float) -> int:
    """0 for the first quarter."""
    return max(math.ceil(time_yr * QUARTERS_A_YEAR - EDGE) - 1, 0)


@kernel
def survival_over(pd: NDArray[np.float64], from_yr: float, to_yr: float) -> float:
    """What survives from one time to a later one: the product of (1 - PD_q)^(years in quarter q).

    Args:   pd  [Q] annual, of the quarters from now; the last holds for good
    Source: contract_capital section 6b: months count (1 - PD_q)^(1/12), a part month to its share
    """
    left, time_yr, last = 1.0, from_yr, len(pd) - 1
    for q in range(math.floor(from_yr * QUARTERS_A_YEAR + EDGE), last):
        end_yr = min((q + 1) / QUARTERS_A_YEAR, to_yr)
        if end_yr > time_yr:
            left *= (1.0 - pd[q]) ** (end_yr - time_yr)
            time_yr = end_yr
        if time_yr >= to_yr:
            return left
    return left * (1.0 - pd[last]) ** (to_yr - time_yr) if to_yr > time_yr else left


@kernel
def survivals(pd: NDArray[np.float64], quarters: int) -> NDArray[np.float64]:
    """[n, quarters] survival to the end of each quarter of n paths [n, Q]."""
    left = np.empty((len(pd), quarters))
    for i in range(len(pd)):
        so_far = 1.0
        for q in range(quarters):
            so_far *= (1.0 - pd[i, min(q, pd.shape[1] - 1)]) ** (1.0 / QUARTERS_A_YEAR)
            left[i, q] = so_far
    return left
