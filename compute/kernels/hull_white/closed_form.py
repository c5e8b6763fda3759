"""The Hull-White model in closed form: bonds, swaptions, the convexity of futures, and the fit to swaptions.

    dr = (theta(t) - a r) dt + sigma dW,   P(T, t | x) = P(t) / P(T) exp(-B x - B^2 zeta / 2),  B = B(a, t - T)

where x is normal with variance zeta = sigma^2 (1 - exp(-2 a T)) / (2 a), of mean 0 under the measure of T.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

SMALL = 1e-12
"""Of a t, below which its exponential is a line to the last digit."""
MAX_STEPS = 100
MEAN_REVERSIONS = (-0.2, 2.0)
SIGMAS = (1e-6, 0.5)
"""Where a fit looks."""
TOLERANCE = 1e-14
NEAR_BOUND = (1e-3, 1e-7)
"""A fit that ends so near the end of where it looks has found none."""


@dataclass(frozen=True)
class Swaptions:
    """W European swaptions on one curve, for a unit of notional; N fixed payments at most, unused ones being nil."""

    expiry_yr: Array
    """[W]"""
    start_yr: Array
    """[W] start of the swap, not before expiry"""
    start_factor: Array
    """[W] discount factor to it"""
    paid_yr: Array
    """[W, N]"""
    paid: Array
    """[W, N] strike x fraction, the notional with the last"""
    factor: Array
    """[W, N]"""


@dataclass(frozen=True)
class Fit:
    mean_reversion: float
    sigma: float
    price: Array
    """[W] of the model"""
    converged: bool


def bond_loadings(mean_reversion: Array | float, years: Array | float) -> Array:
    """B of a zero bond that pays in so many years, P = A exp(-B x): (1 - exp(-a t)) / a, which is t where a is nil.

    Args:    mean_reversion, years  broadcast against one another; years of either sign
    """
    a, t = np.broadcast_arrays(np.asarray(mean_reversion, np.float64), np.asarray(years, np.float64))
    line = np.abs(a * t) < SMALL
    return np.where(line, t, -np.expm1(-a * t) / np.where(line, 1.0, a))


def payer_swaptions(swaptions: Swaptions, mean_reversion: float, sigma: float) -> Array:
    """Values of the right to pay the fixed leg against a floating leg that is worth par.

        V = P(S) N(-z - B_S d) - sum of c_i P(t_i) N(-z - B_i d),   d = sqrt(zeta)

    with z the rate, in deviations, at which both legs are worth the same at expiry

    Args:     mean_reversion, sigma  decimal a year; sigma > 0
    Returns:  [W]
    Accuracy: 1e-14; the boundary by Newton's method on a convex function, from its left
    Source:   Jamshidian (1989), An Exact Bond Option Formula; Hull and White (1990)
    """
    a, t = mean_reversion, swaptions.expiry_yr
    deviation = sigma * np.sqrt(bond_loadings(2.0 * a, t))
    of_start = bond_loadings(a, swaptions.start_yr - t) * deviation
    of_paid = bond_loadings(a, swaptions.paid_yr - t[:, None]) * deviation[:, None]
    z = _boundary(swaptions, of_start, of_paid)
    legs = swaptions.paid * swaptions.factor * ndtr(-z[:, None] - of_paid)
    value: Array = swaptions.start_factor * ndtr(-z - of_start) - legs.sum(axis=1)
    return value


def _boundary(swaptions: Swaptions, of_start: Array, of_paid: Array) -> Array:
    """[W] z at which sum of c_i P_i / P_S = 1: a sum of exponentials that falls in z, solved by its logarithm."""
    amount = swaptions.paid * swaptions.factor / swaptions.start_factor[:, None]
    slope = of_paid - of_start[:, None]
    constant = -0.5 * (of_paid**2 - of_start[:, None] ** 2)
    z = np.zeros(len(of_start))
    for _ in range(MAX_STEPS):
        terms = amount * np.exp(constant - slope * z[:, None])
        worth = terms.sum(axis=1)
        step = np.log(worth) * worth / (terms * slope).sum(axis=1)
        z = z + step
        if np.abs(step).max(initial=0.0) < 1e-14:
            break
    return z


def forward_of_future(future_rate: float, t: float, end: float, mean_reversion: float, sigma: float) -> float:
    """The forward rate (simple, of the period from t to end) that a futures rate stands for.

        z = sigma^2 B(end - t) [B(end - t) (1 - exp(-2 a t)) / a + B(t)^2] / 2
        forward = ((1 + future x period) exp(-z) - 1) / period

    Args:   rates decimal; t, end in years
    Source: Kirikos and Novak (1997), Convexity Conundrums
    """
    a, period = mean_reversion, float(bond_loadings(mean_reversion, end - t))
    # (1 - exp(-2 a t)) / a = 2 B(2 a, t), which has a limit where a is nil
    size = period * float(2.0 * period * bond_loadings(2.0 * a, t) + bond_loadings(a, t) ** 2) / 2.0
    return ((1.0 + future_rate * (end - t)) * math.exp(-size * sigma**2) - 1.0) / (end - t)


def fit(swaptions: Swaptions, price: Array, mean_reversion: float | None = None) -> Fit:
    """The mean reversion and sigma whose payer swaptions are nearest to prices: least squares of relative errors.

    Args:    price [W] > 0; mean_reversion  held where it is given
    Failure: not converged where the search ends at a bound, or does not end
    """
    low, high = np.array([MEAN_REVERSIONS, SIGMAS]).T
    start, chosen = np.array([0.03, 0.01]), slice(0 if mean_reversion is None else 1, 2)

    def parameters(x: Array) -> tuple[float, float]:
        return (float(x[0]), float(x[1])) if mean_reversion is None else (mean_reversion, float(x[0]))

    def errors(x: Array) -> Array:
        return payer_swaptions(swaptions, *parameters(x)) / price - 1.0

    from scipy.optimize import least_squares  # a third of a second to import, for fits alone

    found = least_squares(
        errors,
        start[chosen],
        bounds=(low[chosen], high[chosen]),
        x_scale=start[chosen],
        xtol=TOLERANCE,
        ftol=TOLERANCE,
        gtol=TOLERANCE,
    )
    a, sigma = parameters(found.x)
    margin = np.minimum(found.x - low[chosen], high[chosen] - found.x)
    settled = bool(found.success) and bool((margin > np.array(NEAR_BOUND)[chosen]).all())
    return Fit(a, sigma, payer_swaptions(swaptions, a, sigma), settled)
