"""Vasicek's one-factor model of credit."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


def conditional_pd(pd: Array, z: float, rho: float) -> Array:
    """What a PD becomes in a state of the economy: N((G(PD) - sqrt(rho) z) / sqrt(1 - rho)).

    Args:    pd  any shape, decimals; z in standard deviations, negative in a bad year; rho in [0, 1)
    Returns: as pd; 0 and 1 stay, NaN where PD is not known
    Source:  Vasicek (2002), The distribution of loan portfolio value
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = ndtr((ndtri(pd) - np.sqrt(rho) * z) / np.sqrt(1.0 - rho))
    return found
