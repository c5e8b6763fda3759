"""Monotone convex interpolation of forward rates."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def integrated_forwards(node_times_yr: Array, zero_rates: Array, times_yr: Array) -> Array:
    """Integral of the instantaneous forward rate from 0, that is -ln DF, under monotone convex interpolation.

        f(t) = f_d + g(x),  x = (t - t_{i-1}) / (t_i - t_{i-1}),  f_d = (z_i t_i - z_{i-1} t_{i-1}) / (t_i - t_{i-1})

    where g runs from g0 = f_{i-1} - f_d to g1 = f_i - f_d, integrates to nil over [0, 1] and turns at most once.
    Forward rates at the nodes are not clamped, so they may be negative.

    Args:    node_times_yr  [nodes]            ascending, > 0; t_0 = 0 comes on top
             zero_rates     [nodes, columns]   continuously compounded, decimal
             times_yr       [times]            >= 0; past the last node the last instantaneous forward holds
    Returns: [times, columns]
    Source:  Hagan and West (2006), Interpolation Methods for Curve Construction, sections 6.1-6.2 without 6.5
    """
    times = np.concatenate(([0.0], node_times_yr))
    integral = np.vstack((np.zeros_like(zero_rates[:1]), zero_rates * node_times_yr[:, None]))
    width = np.diff(times)[:, None]
    discrete = np.diff(integral, axis=0) / width
    forwards = _node_forwards(discrete, width)
    i = np.clip(np.searchsorted(times, times_yr, side="right") - 1, 0, len(width) - 1)
    x = np.minimum((times_yr - times[i])[:, None] / width[i], 1.0)
    beyond = np.maximum(times_yr - times[-1], 0.0)[:, None]
    shape = _shape_integral(forwards[:-1] - discrete, forwards[1:] - discrete, i, x)
    result: Array = integral[i] + width[i] * (discrete[i] * x + shape) + beyond * forwards[-1]
    return result


def _node_forwards(discrete: Array, width: Array) -> Array:
    """Forwards at the nodes: averages of the neighbours, weighted by the other's width; ends extrapolate by half."""
    between = (width[:-1] * discrete[1:] + width[1:] * discrete[:-1]) / (width[:-1] + width[1:])
    if len(between) == 0:
        return np.vstack((discrete, discrete))
    first = discrete[:1] - (between[:1] - discrete[:1]) / 2
    last = discrete[-1:] - (between[-1:] - discrete[-1:]) / 2
    return np.vstack((first, between, last))


def _shape_integral(g0: Array, g1: Array, interval: NDArray[np.int64], x: Array) -> Array:
    """Integral of g from 0 to x in each time's interval.

    The paper's zone (i) is one parabola. Zones (ii), (iii) and (iv) are a parabola with its vertex at height A in
    x = eta, on either side of it: A = g0 and eta <= 1 (ii), A = g1 (iii), and A between nil and both (iv).
    """
    one_parabola = (g0 + 2 * g1) * (2 * g0 + g1) <= 0
    same_sign = g0 * g1 >= 0
    flat_first = np.abs(g1) > np.abs(g0)
    # Where both are nil the quotients are not numbers, but there the one parabola is taken.
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.where(same_sign, g1 / (g0 + g1), np.where(flat_first, (g1 + 2 * g0), 3 * g1) / (g1 - g0))
        height = np.where(same_sign, -g0 * g1 / (g0 + g1), np.where(flat_first, g0, g1))
        eta, height, g0, g1 = eta[interval], height[interval], g0[interval], g1[interval]
        before = np.where(eta > 0, 1 - (np.maximum(eta - x, 0.0) / eta) ** 3, 0.0)
        after = np.where(eta < 1, (np.maximum(x - eta, 0.0) / (1 - eta)) ** 3, 0.0)
        two_parabolas = height * x + (g0 - height) * eta / 3 * before + (g1 - height) * (1 - eta) / 3 * after
    parabola = g0 * (x - 2 * x**2 + x**3) + g1 * (x**3 - x**2)
    return np.where(one_parabola[interval], parabola, two_parabolas)
