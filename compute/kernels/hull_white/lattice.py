"""The Hull-White trinomial lattice without a curve: nodes, branching, and state prices that every curve scales.

    r(t) = x(t) + alpha(t),   dx = -a x dt + sigma dW,   x(0) = 0

A step's weights are its probabilities times exp(-x dt), x the mean of both ends. What is left of the discounting,
exp(-alpha dt), is the same for all nodes of a step, so values are kept in units of it,

    U(i, j) = D(i) V(i, j),   D(i) = P(t_i) / S(i),   S(i) = sum over nodes of curve-free state prices

and then U(i, j) = sum of weights x U(i + 1, child): no curve, spread or scenario enters between two events. Fitting
the lattice to a curve is the division P / S at the events' dates.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.kernel import kernel

Array = NDArray[np.float64]

SPAN_DEVIATIONS = 5.0
"""Nodes further from the mean are left out: 6e-7 of the probability, where values are nearly lines."""
NODES_AT_ONCE = 4
"""The lattice widens by so many a side, so that steps between are alike."""
SMALL = 1e-12
"""Of a t, below which its exponential is a line to the last digit."""
MIN_SIGMA = 1e-8
"""Below a ten thousandth of a basis point the nodes of a step would be one and the same."""


class Lattice(NamedTuple):
    """N steps, E events, W nodes at most; node j of step i is at x[i, j], and j = 0 is the lowest rate."""

    times_yr: Array
    """[N + 1]"""
    step_of_event: NDArray[np.int64]
    """[E]"""
    size: NDArray[np.int64]
    """[N + 1] nodes of the step"""
    x: Array
    """[N + 1, W]"""
    row: NDArray[np.int64]
    """[N] of the weights: equal steps between nodes that are the same share theirs, R of them in all"""
    child: NDArray[np.int32]
    """[R, W] the lowest of the three nodes that follow"""
    weight: Array
    """[R, W, 3] probability x exp(-x dt) of each"""
    state_price: Array
    """[N + 1, W] for alpha = 0"""


def build_lattice(
    event_days: NDArray[np.int64], counts: NDArray[np.int64], mean_reversion: float, sigma: float
) -> Lattice:
    """The lattice whose nodes include every event.

        times    counts[k] equal steps up to event k from the one before (`step_counts`)
        spacing  dx = sqrt(3 variance of x over the step), branching to the nearest node, moments matched

    The nodes up to an event depend on the events up to it alone: a bond's lattice is the same whether or not it
    is a part of a longer one.

    Args:     event_days [E]  ascending, > 0, days from the valuation date
              mean_reversion  any sign, 0 too;  sigma  decimal a year, taken as at least MIN_SIGMA
    Accuracy: nodes beyond SPAN_DEVIATIONS are left out, the values there extrapolated on a line: 3e-5 per 100
    Source:   Hull and White (1994), Numerical Procedures for Implementing Term Structure Models I
    """
    times_yr, step_of_event = lattice_times(event_days, counts)
    return lattice_at(times_yr, step_of_event, mean_reversion, sigma)


@kernel
def lattice_times(event_days: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """[N + 1] times in years from 0, and the step [E] at which each event falls."""
    ends = np.cumsum(counts)
    times_yr, day, step = np.zeros(ends[-1] + 1), 0, 0
    for k in range(len(counts)):
        length = (event_days[k] - day) / counts[k]
        for within in range(1, counts[k]):
            times_yr[step + within] = (day + length * within) / DAYS_PER_YEAR
        day, step = event_days[k], ends[k]
        times_yr[step] = day / DAYS_PER_YEAR
    return times_yr, ends


def lattice_at(
    times_yr: Array,
    step_of_event: NDArray[np.int64],
    mean_reversion: float,
    sigma: float,
    trapezoid: bool = True,
    span_deviations: float = SPAN_DEVIATIONS,
) -> Lattice:
    """The lattice with exactly these nodes in time."""
    a = float(mean_reversion)
    size, spacing = _sizes(times_yr, a, max(float(sigma), MIN_SIGMA), span_deviations)
    row = _rows(times_yr, size, spacing)
    x, child, weight, state_price = _branch(times_yr, a, size, spacing, row, trapezoid)
    return Lattice(times_yr, step_of_event.astype(np.int64), size, x, row, child, weight, state_price)


@kernel
def variance_per_sigma2(a: float, t: float) -> float:
    """Variance of x over t years, for a sigma of 1: (1 - exp(-2 a t)) / (2 a), which is t where a is nil."""
    return t if abs(a * t) < SMALL else -math.expm1(-2.0 * a * t) / (2.0 * a)


@kernel
def _sizes(times_yr: Array, a: float, sigma: float, span_deviations: float) -> tuple[NDArray[np.int64], Array]:
    """Nodes of each step, and their distance."""
    n = len(times_yr)
    size, spacing = np.ones(n, np.int64), np.zeros(n)
    top = 0
    for i in range(1, n):
        dt = times_yr[i] - times_yr[i - 1]
        spacing[i] = sigma * math.sqrt(3.0 * variance_per_sigma2(a, dt))
        reached = math.floor(top * spacing[i - 1] * math.exp(-a * dt) / spacing[i] + 0.5) + 1
        deviation = sigma * math.sqrt(variance_per_sigma2(a, times_yr[i]))
        top = min(reached, NODES_AT_ONCE * math.ceil(span_deviations * deviation / spacing[i] / NODES_AT_ONCE))
        size[i] = 2 * top + 1
    return size, spacing


@kernel
def _rows(times_yr: Array, size: NDArray[np.int64], spacing: Array) -> NDArray[np.int64]:
    """A step takes the weights of the one before where both have the same length, spacings and nodes at their ends."""
    row = np.zeros(len(times_yr) - 1, np.int64)
    for i in range(1, len(row)):
        now, before = times_yr[i + 1] - times_yr[i], times_yr[i] - times_yr[i - 1]
        alike = abs(now - before) <= SMALL * now and abs(spacing[i] - spacing[i - 1]) <= SMALL * spacing[i]
        alike = alike and size[i] == size[i - 1] and size[i + 1] == size[i]
        row[i] = row[i - 1] + (0 if alike else 1)
    return row


@kernel
def _branch(
    times_yr: Array, a: float, size: NDArray[np.int64], spacing: Array, row: NDArray[np.int64], trapezoid: bool
) -> tuple[Array, NDArray[np.int32], Array, Array]:
    steps, rows, widest = len(row), row[-1] + 1, np.max(size)
    x, child = np.zeros((steps + 1, widest)), np.zeros((rows, widest), np.int32)
    weight, state_price = np.zeros((rows, widest, 3)), np.zeros((steps + 1, widest))
    state_price[0, 0] = 1.0
    for i in range(steps):
        r, following = row[i], size[i + 1]
        for j in range(following):
            x[i + 1, j] = (j - following // 2) * spacing[i + 1]
        if i == 0 or r > row[i - 1]:
            dt = times_yr[i + 1] - times_yr[i]
            _set_row(x[i, : size[i]], x[i + 1, :following], a, dt, spacing[i + 1], trapezoid, child[r], weight[r])
        for j in range(size[i]):
            for c in range(3):
                state_price[i + 1, child[r, j] + c] += state_price[i, j] * weight[r, j, c]
    return x, child, weight, state_price


@kernel
def _set_row(
    x: Array,
    later: Array,
    a: float,
    dt: float,
    spacing: float,
    trapezoid: bool,
    child: NDArray[np.int32],
    weight: Array,
) -> None:
    decay, following = math.exp(-a * dt), len(later)
    for j in range(len(x)):
        mean = x[j] * decay / spacing
        nearest = math.floor(mean + 0.5)
        child[j] = _set_weights(weight[j], mean - nearest, nearest + following // 2, following)
        for c in range(3):
            along = 0.5 * (x[j] + later[child[j] + c]) if trapezoid else x[j]
            weight[j, c] *= math.exp(-along * dt)


@kernel
def _set_weights(weight: Array, off: float, middle: int, following: int) -> int:
    """Probabilities of three neighbours with the step's mean and variance; returns the lowest of them.

    A child past the last node is the value on the line through the last two, so its mean stays where it was.
    """
    p = (
        (1.0 - 3.0 * off + 3.0 * off * off) / 6.0,
        (2.0 - 3.0 * off * off) / 3.0,
        (1.0 + 3.0 * off + 3.0 * off * off) / 6.0,
    )
    lowest = min(max(middle - 1, 0), following - 3)
    weight[:] = 0.0
    for c in range(3):
        at = middle - 1 + c
        if at >= following:
            weight[2] += p[c] * (at - following + 2)
            weight[1] -= p[c] * (at - following + 1)
        elif at < 0:
            weight[0] += p[c] * (1 - at)
            weight[1] += p[c] * at
        else:
            weight[at - lowest] += p[c]
    return lowest
