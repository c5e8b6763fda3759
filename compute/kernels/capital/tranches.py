"""Tranches: the supervisory formula of SEC-SA, SEC-IRBA and SSFA, and the maturities that SEC-ERBA interpolates."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def delinquency_adjusted(k_sa: Array, w: Array, delinquent: float) -> Array:
    """K_A = (1 - W) K_SA + 0.5 W. Source: CRE41.2, 12 CFR 217.43(b)."""
    return (1.0 - w) * k_sa + delinquent * w


def supervisory_capital(k_a: Array, p: Array, attachment: Array, detachment: Array) -> Array:
    """K_SSFA = (e^(a u) - e^(a l)) / (a (u - l)), a = -1 / (p K_A), u = D - K_A, l = max(A - K_A, 0).

    Args:    [n] shares of the pool, attachment < detachment
    Returns: [n] capital per unit of the part above K_A; 1 where nothing is above it, 0 where the pool needs none
    Source:  CRE41.9, CRE44.20, 12 CFR 217.43(d)
    """
    above, some = detachment > k_a, k_a > 0.0
    a = -1.0 / np.where(some, p * k_a, 1.0)
    upper = np.where(above, detachment - k_a, 1.0)
    lower = np.where(above, np.maximum(attachment - k_a, 0.0), 0.0)
    capital = (np.exp(a * upper) - np.exp(a * lower)) / (a * (upper - lower))
    return np.where(above, np.where(some, capital, 0.0), 1.0)


def supervisory_weight(k_a: Array, capital: Array, attachment: Array, detachment: Array, full: float) -> Array:
    """The full weight up to K_A, K_SSFA times it above, in proportion; before any floor. Source: CRE41.10-12."""
    below = np.clip((k_a - attachment) / (detachment - attachment), 0.0, 1.0)
    return full * (below + (1.0 - below) * capital)


def by_maturity(at_one: Array, at_five: Array, maturity_yr: Array) -> Array:
    """Linear between 1 and 5 years. Source: CRE42.6."""
    return at_one + (at_five - at_one) * (maturity_yr - 1.0) / 4.0
