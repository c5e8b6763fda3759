"""The Gaussian state of the one-factor Hull-White model: its variance, its paths, and what it does to bonds.

    r(t) = forward rate f(0, t) + drift + X(t),   dX = -a X dt + sigma dW,   X(0) = 0
    P(t, T) / P(t, U) = P(0, T) / P(0, U) exp(-(B_T - B_U) X - (B_T - B_U)^2 y / 2),   B_T = (1 - exp(-a (T - t))) / a

Under the measure whose numeraire is the bond of U, X(t) has mean 0 and variance
y(t) = sigma^2 (1 - exp(-2 a t)) / (2 a).
The path of X depends on no curve, and sigma only scales it: one set of paths serves every scenario and every bump.

Source: Hull and White (1990); Brigo and Mercurio, Interest Rate Models (2006), 3.3; Andersen and Piterbarg (2010), 10.1
"""

import math

import numpy as np
from numpy.typing import NDArray

from compute.kernels.kernel import kernel

Array = NDArray[np.float64]


def loading(mean_reversion: float, years: Array) -> Array:
    """B of a bond that has so many years to run; the years themselves as a -> 0."""
    values: Array = years if mean_reversion == 0.0 else -np.expm1(-mean_reversion * years) / mean_reversion
    return values


def unit_variance(mean_reversion: float, years: Array) -> Array:
    """y(t) at sigma = 1; t as a -> 0."""
    return loading(2.0 * mean_reversion, years)


def bridged_paths(mean_reversion: float, times_yr: Array, normals: Array) -> Array:
    """Standardised states Z_i = X(t_i) / sqrt(y_i) along each path, by a Brownian bridge.

    The last date takes the first dimension of `normals`, the middle one the second, then the middles of the halves:
    the dimensions that are spread most evenly decide most of the path. Between l and r, with correlations
    c_ij = exp(-a (t_j - t_i)) sqrt(y_i / y_j), Z_m has

        mean      [c_lm (1 - c_mr^2) Z_l + c_mr (1 - c_lm^2) Z_r] / (1 - c_lr^2)
        variance  (1 - c_lm^2) (1 - c_mr^2) / (1 - c_lr^2)

    Args:    times_yr  [m]  ascending, > 0
             normals   [m, replicates, points]  independent; not changed
    Returns: the same shape: Z of each date. No sigma in it
    Source:  Moskowitz and Caflisch (1996); Glasserman, Monte Carlo Methods in Financial Engineering (2003), 3.1
    """
    paths = np.empty_like(normals)
    if len(times_yr):
        flat = normals.reshape(len(times_yr), -1)
        _bridge(mean_reversion, times_yr, unit_variance(mean_reversion, times_yr), flat, paths.reshape(flat.shape))
    return paths


@kernel
def _bridge(mean_reversion: float, times: Array, variance: Array, normals: Array, paths: Array) -> None:
    """Breadth first over the gaps (left, right), both known or outside; left = -1 is the valuation date."""
    m = len(times)
    gaps = np.empty((2 * m + 2, 2), np.int64)
    paths[m - 1] = normals[0]
    gaps[0, 0], gaps[0, 1] = -1, m - 1
    first, end, dimension = 0, 1, 1
    while first < end:
        left, right = gaps[first]
        first += 1
        if right - left < 2:
            continue
        middle = (left + right) // 2
        _fill(mean_reversion, times, variance, normals[dimension], paths, left, middle, right)
        dimension += 1
        gaps[end, 0], gaps[end, 1] = left, middle
        gaps[end + 1, 0], gaps[end + 1, 1] = middle, right
        end += 2


@kernel
def _fill(
    mean_reversion: float,
    times: Array,
    variance: Array,
    normals: Array,
    paths: Array,
    left: int,
    middle: int,
    right: int,
) -> None:
    before = correlation(mean_reversion, times, variance, left, middle)
    after = correlation(mean_reversion, times, variance, middle, right)
    apart = 1.0 - (before * after) ** 2
    from_left, from_right = before * (1.0 - after * after) / apart, after * (1.0 - before * before) / apart
    deviation = math.sqrt((1.0 - before * before) * (1.0 - after * after) / apart)
    for p in range(paths.shape[1]):
        known = from_right * paths[right, p] + deviation * normals[p]
        paths[middle, p] = known if left < 0 else known + from_left * paths[left, p]


@kernel
def correlation(mean_reversion: float, times: Array, variance: Array, i: int, j: int) -> float:
    """Of the states of two dates, i before j; i = -1 is the valuation date, where the state is nil."""
    if i < 0:
        return 0.0
    return math.exp(-mean_reversion * (times[j] - times[i])) * math.sqrt(variance[i] / variance[j])
