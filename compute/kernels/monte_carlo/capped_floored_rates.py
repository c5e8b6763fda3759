"""Expected coupons that clip a rate between a floor and a cap, by Monte Carlo over paths of the model's state."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT
from compute.kernels.kernel import kernel
from compute.kernels.monte_carlo.control_variates import ControlVariates, controlled, fit
from compute.kernels.monte_carlo.swap_rates import RateModel, Weights

Array = NDArray[np.float64]


class Clip(NamedTuple):
    """max(floor, min(cap, margin + sum over legs of gearing x rate)); infinite where there is no cap or floor."""

    gearing: Array
    """[legs]"""
    margin: float
    cap: float
    floor: float


class Expected(NamedTuple):
    """Of m coupons under S columns, the first G of them with slopes."""

    replicate: Array
    """[R, m, S] expected rate by each replicate, decimal"""
    by_top: Array
    """[K, G] slope of the expected rate in `Weights.top`"""
    by_bottom: Array


def clipped_rates(
    paths: Array,
    deviation: Array,
    model: RateModel,
    weights: Weights,
    clip: Clip,
    control_variates: ControlVariates,
    sloped: int,
) -> Expected:
    """Expected clipped rates of m coupons, each under the measure of its own payment.

        E[c(X)],   c = clip(margin + sum_l gearing_l rate_l(X)),   X = deviation x Z
        slope in a parameter q: E[c'(u) du/dq], c'(u) = [c(u + d) - c(u - d)] / (2 d), d the move of u over 1 bp of all
        zero rates: DV01 is a central difference, and these slopes add up to it

    Args:    paths      [m, R + 1, points]  Z; the last replicate is the pilot of the control variates
             deviation  [m]  sqrt(y) of the coupon's fixing, sigma included
             weights    of m x legs rates, the legs of a coupon side by side
             sloped     G, how many of the S columns need slopes
    Returns: Expected. Paths are summed in their order, so nothing depends on the other columns
    Accuracy: unbiased; the scatter of the replicates is the error. A rate whose annuity is not positive is not a number
    """
    replicates, m, scenarios = paths.shape[1] - 1, len(deviation), weights.top.shape[1]
    expected = Expected(
        np.zeros((replicates, m, scenarios)), *(np.zeros((len(model.loading), sloped)) for _ in range(2))
    )
    rows = model.offsets, model.loading, model.years
    _expect(paths, deviation, *rows, weights.top, weights.bottom, clip, control_variates, *expected)
    return expected


@kernel
def _expect(
    paths: Array,
    deviation: Array,
    offsets: NDArray[np.int64],
    loading: Array,
    years: Array,
    top: Array,
    bottom: Array,
    clip: Clip,
    control_variates: ControlVariates,
    replicate: Array,
    by_top: Array,
    by_bottom: Array,
) -> None:
    m, batches, points = paths.shape
    legs, scenarios, sloped = len(clip.gearing), top.shape[1], by_top.shape[1]
    most = np.diff(offsets).max() * legs if m else 0
    decay = np.empty((most, points))
    work = np.empty((5, legs, points))
    rate, coupon, move = np.empty(points), np.empty(points), np.empty(points)
    coefficient = np.empty((control_variates.fit.shape[1], scenarios))
    for i in range(m):
        first, end = offsets[i * legs], offsets[i * legs + legs]
        for r in range(batches - 1, -1, -1):  # the pilot first
            for k in range(first, end):
                for p in range(points):
                    decay[k - first, p] = np.exp(-loading[k] * deviation[i] * paths[i, r, p])
            for s in range(scenarios):
                _rate(decay, offsets[i * legs :], top[:, s], bottom[:, s], years, clip, s < sloped, work, rate, move)
                for p in range(points):
                    coupon[p] = _clipped(rate[p], clip)
                if r == batches - 1:
                    fit(coupon, control_variates.fit[i], coefficient[:, s])
                else:
                    replicate[r, i, s] = controlled(coupon, control_variates.mean[i, r], coefficient[:, s])
                if s < sloped:
                    _fill_slopes(rate, move, clip, control_variates.weight[i, r], coupon)
                    _add_slopes(coupon, decay, offsets[i * legs :], clip, work, by_top[:, s], by_bottom[:, s])


@kernel
def _rate(
    decay: Array,
    offsets: NDArray[np.int64],
    top: Array,
    bottom: Array,
    years: Array,
    clip: Clip,
    with_move: bool,
    work: Array,
    rate: Array,
    move: Array,
) -> None:
    """Fills the geared rate and its move over a basis point; `work` keeps each leg's rate and 1 / annuity."""
    rate[:] = clip.margin
    move[:] = 0.0
    for leg in range(len(clip.gearing)):
        numerator, denominator, moved_top, moved_bottom = work[0, leg], work[1, leg], work[2, leg], work[3, leg]
        for each in (numerator, denominator, moved_top, moved_bottom):
            each[:] = 0.0
        for k in range(offsets[leg], offsets[leg + 1]):
            row, above, below, years_k = decay[k - offsets[0]], top[k], bottom[k], years[k]
            for p in range(len(rate)):
                numerator[p] += above * row[p]
                denominator[p] += below * row[p]
            if with_move:
                above, below = above * years_k, below * years_k
                for p in range(len(rate)):
                    moved_top[p] += above * row[p]
                    moved_bottom[p] += below * row[p]
        gearing = clip.gearing[leg]
        for p in range(len(rate)):
            inverse = 1.0 / denominator[p]
            value = numerator[p] * inverse
            rate[p] += gearing * value
            move[p] -= BASIS_POINT * gearing * (moved_top[p] - value * moved_bottom[p]) * inverse
            numerator[p], denominator[p] = value, inverse


@kernel
def _clipped(rate: float, clip: Clip) -> float:
    """What is not a number stays so: min and max would make it the cap."""
    if rate < clip.floor:
        return clip.floor
    return clip.cap if rate > clip.cap else rate


@kernel
def _fill_slopes(rate: Array, move: Array, clip: Clip, weight: Array, slope: Array) -> None:
    for p in range(len(rate)):
        u, d = rate[p], move[p]
        if d == 0.0:
            inside = clip.floor < u < clip.cap
            slope[p] = weight[p] if inside else 0.0
        else:
            slope[p] = weight[p] * (_clipped(u + d, clip) - _clipped(u - d, clip)) / (2.0 * d)


@kernel
def _add_slopes(
    slope: Array,
    decay: Array,
    offsets: NDArray[np.int64],
    clip: Clip,
    work: Array,
    by_top: Array,
    by_bottom: Array,
) -> None:
    for leg in range(len(clip.gearing)):
        value, inverse, straight = work[0, leg], work[1, leg], work[4, leg]
        for p in range(len(slope)):
            straight[p] = slope[p] * inverse[p] * clip.gearing[leg]
        for k in range(offsets[leg], offsets[leg + 1]):
            row, above, below = decay[k - offsets[0]], 0.0, 0.0
            for p in range(len(slope)):
                above += straight[p] * row[p]
                below += straight[p] * value[p] * row[p]
            by_top[k] += above
            by_bottom[k] -= below
