"""Losses of a portfolio under one common factor: Vasicek (2002), Gordy (2003)."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
STEP = 1e-4
"""Of the factor, over which the granularity adjustment takes a slope."""


def conditional_pds(pd: Array, correlation: Array, factor: float) -> Array:
    """N((G(PD) - sqrt(rho) z) / sqrt(1 - rho)): a low factor is a bad year."""
    found: Array = ndtr((ndtri(pd) - np.sqrt(correlation) * factor) / np.sqrt(1.0 - correlation))
    return found


def factor_at(confidence: float) -> float:
    """The factor below which losses lie above their quantile."""
    return float(ndtri(1.0 - confidence))


def factor_nodes(count: int) -> tuple[Array, Array]:
    """[count] nodes and weights of an integral over the factor, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def granularity_adjustment(slope: Array, variance: Array, factor: float) -> Array:
    """What the quantile of an asymptotic portfolio lacks for that it has few obligors.

        -1 / (2 phi(z)) d/dz [phi(z) variance(z) / mean'(z)]

    Args:   slope     [2, n] d mean / dz at z - h and z + h
            variance  [2, n] of the loss given the factor, at the same two
    Source: Martin and Wilde (2002), Unsystematic Credit Risk
    """
    at = np.array([factor - STEP, factor + STEP])[:, None]
    density = np.exp(-0.5 * (at**2 - factor**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(slope < 0.0, density * variance / slope, 0.0)
    found: Array = -0.5 * (inside[1] - inside[0]) / (2.0 * STEP)
    return found


def stratified_factors(count: int) -> Array:
    """[count] one factor in the middle of each of as many equally likely strata, the worst first."""
    found: Array = ndtri((np.arange(count) + 0.5) / count)
    return found


def simulated_losses(
    pd: Array, correlation: Array, loss: Array, obligor: Rows, group: Rows, groups: int, factors: Array, seed: int
) -> Array:
    """[factors, groups] losses when each obligor defaults or does not, given the factor.

    Args:    pd, correlation  [g] of obligors
             loss, obligor, group  [c] what an obligor's default loses in a group, sorted by group
             seed  of a counter-based generator: the same seed gives the same losses
    """
    losses = np.zeros((len(factors), groups))
    if not len(loss):
        return losses
    threshold, slope = ndtri(pd) / np.sqrt(1.0 - correlation), np.sqrt(correlation / (1.0 - correlation))
    present, first = np.unique(group, return_index=True)
    generator = np.random.Generator(np.random.Philox(seed))
    for begin in range(0, len(factors), AT_ONCE):
        some = factors[begin : begin + AT_ONCE, None]
        defaults = generator.standard_normal((len(some), len(pd))) < threshold - slope * some
        losses[begin : begin + AT_ONCE, present] = np.add.reduceat(defaults[:, obligor] * loss, first, axis=1)
    return losses


AT_ONCE = 256
"""Factors whose obligors are drawn together."""
