"""The risk weight functions of the internal ratings-based approach."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


def correlation_by_pd(pd: Array, low: float, high: float, decay: float) -> Array:
    """Falls from `high` to `low` as PD rises: low w + high (1 - w), w = (1 - e^(-decay PD)) / (1 - e^-decay).

    Source: CRE31.5, CRE31.11, CRE31.16.
    """
    weight = (1.0 - np.exp(-decay * pd)) / (1.0 - np.exp(-decay))
    correlation: Array = low * weight + high * (1.0 - weight)
    return correlation


def firm_size_reduction(sales_eur_m: Array, reduction: float, floor: float, cap: float) -> Array:
    """What is taken from the correlation of a firm with sales up to `cap`: reduction (1 - (S - floor) / (cap - floor)).

    Source: CRE31.8. 0 above the cap and where the sales are not known.
    """
    sales = np.maximum(sales_eur_m, floor)
    small = sales_eur_m <= cap
    return np.where(small, reduction * (1.0 - (np.where(small, sales, cap) - floor) / (cap - floor)), 0.0)


def maturity_slope(pd: Array, intercept: float, slope: float) -> Array:
    """b = (intercept - slope ln PD)^2; 0 where PD is nil, since such an exposure has no capital to adjust."""
    return np.where(pd > 0.0, (intercept - slope * np.log(np.where(pd > 0.0, pd, 1.0))) ** 2, 0.0)


def maturity_adjustment(maturity_yr: Array, slope_b: Array, standard_yr: float) -> Array:
    """(1 + (M - 2.5) b) / (1 - 1.5 b). Source: CRE31.5."""
    return (1.0 + (maturity_yr - standard_yr) * slope_b) / (1.0 - 1.5 * slope_b)


def capital_requirement(pd: Array, lgd: Array, correlation: Array, adjustment: Array, confidence: float) -> Array:
    """K = [LGD N(G(PD) / sqrt(1 - R) + sqrt(R / (1 - R)) G(0.999)) - PD LGD] x maturity adjustment, not below 0.

    Args:    all [n], decimals
    Returns: [n] capital per unit of exposure
    Source:  CRE31.5; BCBS128 paragraph 272
    """
    with np.errstate(divide="ignore"):
        threshold = ndtri(pd) / np.sqrt(1.0 - correlation)
    stressed = ndtr(threshold + np.sqrt(correlation / (1.0 - correlation)) * ndtri(confidence))
    capital: Array = np.maximum(0.0, (lgd * stressed - pd * lgd) * adjustment)
    return capital
