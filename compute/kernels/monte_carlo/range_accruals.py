"""Probabilities that rates are observed within a range, by Monte Carlo whose last step is integrated."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT
from compute.kernels.kernel import kernel
from compute.kernels.monte_carlo.control_variates import ControlVariates, controlled, fit
from compute.kernels.monte_carlo.normal_distribution import chance_below, density_at
from compute.kernels.monte_carlo.swap_rates import RateModel, Weights

Array = NDArray[np.float64]

_FURTHEST = 1.0
"""States beyond this and 8 deviations are not searched: rates there are beyond 100 %."""
_MAX_STEPS = 100
_MIN_DEVIATION = 1e-12
"""Of a state that does not move: its chance is all or nothing."""
_LARGE_MOVE = 0.1


class Observed(NamedTuple):
    """O observations; the state before each is that of a path's date, or the valuation date's."""

    before: NDArray[np.int64]
    """[O] row of the paths that the observation is conditioned on, -1 for the valuation date"""
    kept: Array
    """[O] what that row's Z moves the state by: exp(-a (t - t_before)) sqrt(y_before), sigma included"""
    deviation: Array
    """[O] of the state from there on"""
    variance: Array
    """[O] y of the observation"""
    weight: Array
    """[O] share of its period"""
    period: NDArray[np.int64]
    """[O] the coupon that it counts for, ascending"""


class Shares(NamedTuple):
    replicate: Array
    """[R, periods, S] expected share of each period's observations within the range"""
    by_top: Array
    """[K, G]"""
    by_bottom: Array


class _Bounds(NamedTuple):
    """[O, S] states at which the rate is at the bounds, and their moves over a basis point of all zero rates."""

    lower: Array
    upper: Array
    lower_move: Array
    upper_move: Array


def range_shares(
    paths: Array,
    observed: Observed,
    model: RateModel,
    weights: Weights,
    bounds: tuple[float, float],
    control_variates: ControlVariates,
    sloped: int,
    periods: int,
) -> Shares:
    """Expected share of observations with lower <= rate <= upper, each under the measure of its coupon's payment.

        P = E[N((x_upper - k Z) / s) - N((x_lower - k Z) / s)],   rate(x_bound) = bound
        slope in q: E[n] dx_bound/dq, with n over the bound's move by 1 bp of all zero rates, as DV01 is defined

    The rate rises with the state, so the range is one of states. Given the path at an earlier date the probability is
    a normal one: the integrand is smooth, and so are the slopes, where the range's edges would have left none.

    Args:    paths   [m, R + 1, points]  Z; the last replicate is the pilot of the control variates
             bounds  lower and upper rate, -inf and inf where there is none
             sloped  G, how many of the S columns need slopes
    Returns: Shares; slopes are of the sum of the shares of all periods
    Accuracy: unbiased; observations conditioned on the valuation date have no sampling error
    """
    replicates, scenarios = paths.shape[1] - 1, weights.top.shape[1]
    spread = np.sqrt(observed.variance)
    found = _bounds_of(model, weights, bounds, spread)
    replicate = np.zeros((replicates, periods, scenarios))
    density = np.zeros((2, len(observed.before), sloped))
    _share(paths, observed, found, control_variates, replicate, density)
    slopes = [np.zeros((len(model.loading), sloped)) for _ in range(2)]
    for state, bound, slope in ((found.lower, bounds[0], -density[0]), (found.upper, bounds[1], density[1])):
        if math.isfinite(bound):
            _add_slopes(model.offsets, model.loading, weights.top, weights.bottom, state, bound, slope, *slopes)
    return Shares(replicate, *slopes)


def _bounds_of(model: RateModel, weights: Weights, bounds: tuple[float, float], spread: Array) -> _Bounds:
    rows = model.offsets, model.loading, model.years, weights.top, weights.bottom
    shape = len(spread), weights.top.shape[1]
    states, moves = np.empty((2, *shape)), np.zeros((2, *shape))
    for number, bound in enumerate(bounds):
        if math.isfinite(bound):
            _find_states(*rows, bound, spread, states[number], moves[number])
        else:
            states[number] = bound
    return _Bounds(states[0], states[1], moves[0], moves[1])


@kernel
def _find_states(
    offsets: NDArray[np.int64],
    loading: Array,
    years: Array,
    top: Array,
    bottom: Array,
    bound: float,
    spread: Array,
    states: Array,
    moves: Array,
) -> None:
    """The state at which each rate is at the bound; infinite where none is within reach."""
    for o in range(states.shape[0]):
        first, end = offsets[o], offsets[o + 1]
        for s in range(states.shape[1]):
            c = top[first:end, s] - bound * bottom[first:end, s]
            x = _root(c, loading[first:end], _FURTHEST + 8.0 * spread[o])
            states[o, s] = x
            if math.isfinite(x):
                slope, moved = 0.0, 0.0
                for k in range(end - first):
                    term = c[k] * math.exp(-loading[first + k] * x)
                    slope -= loading[first + k] * term
                    moved -= years[first + k] * term
                moves[o, s] = -BASIS_POINT * moved / slope


@kernel
def _root(c: Array, loading: Array, reach: float) -> float:
    """Where sum c exp(-B x), which rises through nil once, is nil: Newton's steps within a bracket that halves."""
    low, high = -reach, reach
    if _value(c, loading, low)[0] >= 0.0:
        return -np.inf
    if _value(c, loading, high)[0] <= 0.0:
        return np.inf
    x = 0.0
    for _ in range(_MAX_STEPS):
        value, slope = _value(c, loading, x)
        if value > 0.0:
            high = x
        else:
            low = x
        step = x - value / slope
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - x) <= 1e-15 * (1.0 + abs(x)):
            return following
        x = following
    return x


@kernel
def _value(c: Array, loading: Array, x: float) -> tuple[float, float]:
    value, slope = 0.0, 0.0
    for k in range(len(c)):
        term = c[k] * math.exp(-loading[k] * x)
        value += term
        slope -= loading[k] * term
    return value, slope


@kernel
def _share(
    paths: Array,
    observed: Observed,
    found: _Bounds,
    control_variates: ControlVariates,
    replicate: Array,
    density: Array,
) -> None:
    """Fills replicate [R, periods, S] and density [2, O, G], of the lower bound and the upper."""
    batches, points, scenarios, sloped = paths.shape[1], paths.shape[2], replicate.shape[2], density.shape[2]
    alone, chance = np.zeros(1), np.empty(points)
    coefficient = np.empty(control_variates.fit.shape[1])
    for o in range(len(observed.before)):
        before, weight, period = observed.before[o], observed.weight[o], observed.period[o]
        deviation = max(observed.deviation[o], _MIN_DEVIATION)
        for s in range(scenarios):
            low, high = found.lower[o, s] / deviation, found.upper[o, s] / deviation
            kept = observed.kept[o] / deviation
            if math.isnan(low + kept) or math.isnan(high + kept):  # the table has no place for what is not a number
                replicate[:, period, s] = np.nan
                continue
            if before < 0:
                _chances(alone, 0.0, low, high, chance[:1])
                replicate[:, period, s] += weight * chance[0]
            for r in range(batches - 1 if before >= 0 else -1, -1, -1):  # the pilot first
                _chances(paths[before, r], kept, low, high, chance)
                if r == batches - 1:
                    fit(chance, control_variates.fit[before], coefficient)
                else:
                    replicate[r, period, s] += weight * controlled(
                        chance, control_variates.mean[before, r], coefficient
                    )
            if s >= sloped:
                continue
            for which, edge, move in ((0, low, found.lower_move[o, s]), (1, high, found.upper_move[o, s])):
                slope = 0.0
                if before < 0:
                    slope = _slope(alone, alone + 1.0, 0.0, edge, move / deviation)
                for r in range(batches if before >= 0 else 0):
                    slope += _slope(paths[before, r], control_variates.weight[before, r], kept, edge, move / deviation)
                density[which, o, s] = weight * slope / deviation


@kernel
def _chances(state: Array, kept: float, low: float, high: float, chance: Array) -> None:
    """Of each path, that the state is between two edges; all in deviations."""
    for p in range(len(state)):
        centre = kept * state[p]
        chance[p] = chance_below(high - centre) - chance_below(low - centre)


@kernel
def _slope(state: Array, of_path: Array, kept: float, edge: float, move: float) -> float:
    """Weighted sum over paths of [N(d + move) - N(d - move)] / (2 move), d = edge - kept Z.

    By the density and its curvature: n(d) (1 + (d^2 - 1) move^2 / 6), off by move^4 / 120 of it.
    """
    if not math.isfinite(edge):
        return 0.0
    total, sixth = 0.0, move * move / 6.0
    if abs(move) > _LARGE_MOVE:
        for p in range(len(state)):
            d = edge - kept * state[p]
            total += of_path[p] * (chance_below(d + move) - chance_below(d - move))
        return total / (2.0 * move)
    for p in range(len(state)):
        d = edge - kept * state[p]
        total += of_path[p] * density_at(d) * (1.0 + (d * d - 1.0) * sixth)
    return total


@kernel
def _add_slopes(
    offsets: NDArray[np.int64],
    loading: Array,
    top: Array,
    bottom: Array,
    state: Array,
    bound: float,
    slope: Array,
    by_top: Array,
    by_bottom: Array,
) -> None:
    """d x / d top_k = -exp(-B_k x) / h'(x), h = sum (top - bound bottom) exp(-B x)."""
    for o in range(slope.shape[0]):
        for s in range(slope.shape[1]):
            x = state[o, s]
            if not math.isfinite(x) or slope[o, s] == 0.0:
                continue
            first, end, rise = offsets[o], offsets[o + 1], 0.0
            for k in range(first, end):
                rise -= loading[k] * (top[k, s] - bound * bottom[k, s]) * math.exp(-loading[k] * x)
            for k in range(first, end):
                moved = -slope[o, s] * math.exp(-loading[k] * x) / rise
                by_top[k, s] += moved
                by_bottom[k, s] -= bound * moved
