"""The Hull-White model in closed form: the loading of zero bonds on the rate."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL = 1e-12
"""Of a t, below which its exponential is a line to the last digit."""


def bond_loadings(mean_reversion: Array, years: Array) -> Array:
    """B of a zero bond that pays in so many years, P = A exp(-B x): (1 - exp(-a t)) / a, which is t where a is nil.

    Args:    mean_reversion, years  broadcast against one another; years of either sign
    """
    a, t = np.broadcast_arrays(np.asarray(mean_reversion, np.float64), np.asarray(years, np.float64))
    line = np.abs(a * t) < SMALL
    return np.where(line, t, -np.expm1(-a * t) / np.where(line, 1.0, a))
