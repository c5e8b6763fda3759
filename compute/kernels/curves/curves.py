"""Zero curves on every day: discount factors, what a key rate does to them, and spread factors.

Days are integers from the valuation date and t = days / 365. Columns are scenarios, or bumps. Every interpolation but
MONOTONE_CONVEX is linear in the zero rates, so the same function maps rates to ln DF and bumps of rates to d ln DF.
"""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.cubic import last_slope, natural_spline, spline_values
from compute.kernels.curves.monotone_convex import integrated_forwards
from domain.measures.measures import KEY_RATE_TENORS_YR

Array = NDArray[np.float64]

DAYS_PER_YEAR = 365.0
BASIS_POINT = 1e-4


def log_discount_factors(interpolation: str, node_days: NDArray[np.int32], zero_rates: Array, n_days: int) -> Array:
    """ln DF of every day from the zero rates at a curve's nodes.

        LOG_LINEAR_DF       ln DF linear in t between the nodes, DF(0) = 1 being one; past the last the last forward
        LINEAR_ZERO         z linear in t; before the first node z is flat
        NATURAL_CUBIC_ZERO  natural cubic spline through z; before the first node z is flat
        MONOTONE_CONVEX     Hagan-West forwards without the positivity clamp
        The last three keep the instantaneous forward rate of the last node past it. A single node is a flat curve.

    Args:    node_days   [nodes]           ascending, > 0
             zero_rates  [nodes, columns]  continuously compounded, ACT/365F, decimal
    Returns: [n_days, columns], 0 on day 0
    Accuracy: rounding, about 1e-15 x t
    Source:  Hagan and West (2006), Interpolation Methods for Curve Construction
    """
    node_times, times = node_days / DAYS_PER_YEAR, np.arange(n_days) / DAYS_PER_YEAR
    match interpolation if len(node_days) > 1 else "LOG_LINEAR_DF":
        case "LOG_LINEAR_DF":
            return _log_linear_df(node_times, zero_rates, times)
        case "LINEAR_ZERO":
            return _linear_zero(node_times, zero_rates, times)
        case "NATURAL_CUBIC_ZERO":
            return _cubic_zero(node_times, zero_rates, times)
        case "MONOTONE_CONVEX":
            return -integrated_forwards(node_times, zero_rates, times)
        case _:
            raise ValueError(f"unknown interpolation {interpolation!r}")


def key_rate_weights(times_yr: Array) -> Array:
    """Share of each key rate's move at a time: triangular between neighbours, flat outside; rows add up to 1.

    Args:    times_yr [times]
    Returns: [times, K]
    Source:  Ho (1992), Key Rate Durations
    """
    units = np.eye(len(KEY_RATE_TENORS_YR))
    return np.stack([np.interp(times_yr, KEY_RATE_TENORS_YR, unit) for unit in units], axis=1)


def key_rate_gradients(interpolation: str, node_days: NDArray[np.int32], zero_rates: Array, n_days: int) -> Array:
    """Change of ln DF of every day per unit of each key rate; a key rate moves node i by w_k(t_i).

        G_k(t) = d ln DF(t) / d key rate k,   sum over k of G_k(t) = -t

    Args:    zero_rates [nodes]; they matter to MONOTONE_CONVEX alone
    Returns: [n_days, K]
    Accuracy: exact where ln DF is linear in the rates; MONOTONE_CONVEX is the central difference of 1 bp, as the
              measure is defined, and what such bumps leave of the sum where the forwards change shape within the
              basis point is shared out by their size: a bond's key rate is then off its own bump by 0.1 % of DV01
              on most curves, 4 % after a twist that bends one, 9 % on the most jagged of 32 random ones
    """
    weights = key_rate_weights(node_days / DAYS_PER_YEAR)
    if interpolation != "MONOTONE_CONVEX":
        return log_discount_factors(interpolation, node_days, weights, n_days)
    bumped = np.hstack([zero_rates[:, None] + size * weights for size in (BASIS_POINT, -BASIS_POINT)])
    up, down = np.hsplit(log_discount_factors(interpolation, node_days, bumped, n_days), 2)
    gradients: Array = (up - down) / (2 * BASIS_POINT)
    times = np.arange(n_days) / DAYS_PER_YEAR
    size = np.abs(gradients)
    left: Array = (gradients.sum(axis=1) + times) / np.maximum(size.sum(axis=1), np.finfo(np.float64).tiny)
    gradients -= left[:, None] * size
    return gradients


def log_jumps(start_days: NDArray[np.int32], lengths_days: NDArray[np.int32], rates: Array, n_days: int) -> Array:
    """What turns add to ln DF of every day: the whole of a turn from its end on, its part within it.

        - sum over turns of rate x min(max(day - start, 0), length) / 365

    Args:    start_days, lengths_days, rates [turns]
    Returns: [n_days]
    """
    within = np.clip(np.arange(n_days)[:, None] - start_days, 0, lengths_days)
    added: Array = -(within * rates).sum(axis=1) / DAYS_PER_YEAR
    return added


def spread_factors(node_days: NDArray[np.int32], spreads: Array, n_days: int) -> Array:
    """exp(-s(t) t) of every day, s linear between the nodes and flat outside: [n_days]."""
    days = np.arange(n_days)
    factors: Array = np.exp(-np.interp(days, node_days, spreads) * (days / DAYS_PER_YEAR))
    return factors


def _log_linear_df(node_times: Array, zero_rates: Array, times: Array) -> Array:
    nodes = np.concatenate(([0.0], node_times))
    logs = np.vstack((np.zeros_like(zero_rates[:1]), -zero_rates * node_times[:, None]))
    right = np.clip(np.searchsorted(nodes, times, side="right"), 1, len(nodes) - 1)
    forward = np.diff(logs, axis=0) / np.diff(nodes)[:, None]
    result: Array = logs[right - 1] + forward[right - 1] * (times - nodes[right - 1])[:, None]
    return result


def _linear_zero(node_times: Array, zero_rates: Array, times: Array) -> Array:
    within = np.clip(times, node_times[0], node_times[-1])
    right = np.clip(np.searchsorted(node_times, within, side="right"), 1, len(node_times) - 1)
    slopes = np.diff(zero_rates, axis=0) / np.diff(node_times)[:, None]
    zeros = zero_rates[right - 1] + slopes[right - 1] * (within - node_times[right - 1])[:, None]
    return _log_df_of_zeros(zeros, slopes[-1], node_times, times)


def _cubic_zero(node_times: Array, zero_rates: Array, times: Array) -> Array:
    spline = natural_spline(node_times, zero_rates)
    zeros = spline_values(spline, np.clip(times, node_times[0], node_times[-1]))
    return _log_df_of_zeros(zeros, last_slope(spline), node_times, times)


def _log_df_of_zeros(zeros: Array, last_slope: Array, node_times: Array, times: Array) -> Array:
    """-z t, and past the last node the instantaneous forward there: z + t z', z being flat in `zeros`."""
    excess = np.maximum(times - node_times[-1], 0.0)[:, None]
    result: Array = -zeros * times[:, None] - excess * node_times[-1] * last_slope
    return result
