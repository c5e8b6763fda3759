"""The expected coupons of one structured note, from paths that are its own, under every scenario and bump at once."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.clipped_rates import Clip, clipped_rates
from compute.kernels.controls import Controls, controls_of
from compute.kernels.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.gaussian_paths import bridged_paths, unit_variance
from compute.kernels.range_shares import Observed, range_shares
from compute.kernels.sobol import scrambled_normals
from compute.kernels.swap_rates import RateModel, Weights, key_rates_of_rates, rate_model, weights_of
from compute.pricers.note_coupons import ClippedCoupon, Coupon, RangeCoupon
from compute.pricers.note_dates import (
    Days,
    Observations,
    Periods,
    clipped_dates,
    known_rates,
    observations,
    observed_dates,
    rows_before,
)
from compute.run_inputs import RunInputs

Array = NDArray[np.float64]

REPLICATES = 16
LOG2_POINTS = {ClippedCoupon: 8, RangeCoupon: 7}
"""Points of a replicate: an integrated last step needs fewer than a kink."""


@dataclass(frozen=True)
class Curves:
    """Rows of the day tables that a note's rates read, and the model's parameters."""

    discount_row: int
    projection_row: int
    mean_reversion: float
    sigma: float


@dataclass(frozen=True)
class NoteRates:
    """P periods still to be paid, S scenarios; rates are decimal, what is known already included."""

    replicate: Array
    """[R, P, S]"""
    up: Array
    """[P, S] all zero rates 25 bp up; the same as at market where convexity was not asked for"""
    down: Array
    vega_up: Array
    """[P, S] sigma a basis point up"""
    vega_down: Array
    model: RateModel
    weights: Weights
    period_of_node: NDArray[np.int64]
    """[K]"""
    by_top: Array
    """[K, S] slope of the period's rate"""
    by_bottom: Array

    @property
    def mean(self) -> Array:
        """[P, S]"""
        mean: Array = self.replicate.mean(axis=0)
        return mean


@dataclass(frozen=True)
class _Paths:
    day: Days
    """[m] dates of the paths"""
    states: Array
    controls: Controls


@dataclass(frozen=True)
class _Expected:
    replicate: Array
    by_top: Array
    by_bottom: Array
    model: RateModel
    weights: Weights
    period_of_node: NDArray[np.int64]


def note_rates(run: RunInputs, coupon: Coupon, periods: Periods, curves: Curves, instrument_id: str) -> NoteRates:
    """Expected coupons of one note, each under the measure of its own payment."""
    tables, count = run.tables, run.scenario_count
    paths = _paths(coupon, periods, curves.mean_reversion, seed_of(instrument_id))
    shifted = [tables.discount_factors_up, tables.discount_factors_down] if "CONVEXITY" in run.measures else []
    factors = [tables.discount_factors, *shifted]
    discount, projection = (
        np.concatenate([table[row] for table in factors], axis=1)
        for row in (curves.discount_row, curves.projection_row)
    )
    together = _expected(run, coupon, periods, curves, paths, discount, projection, curves.sigma, count)
    mean = together.replicate.mean(axis=0)
    vegas = [mean[:, :count]] * 2
    if "VEGA" in run.measures:
        vegas = [
            _expected(
                run, coupon, periods, curves, paths, discount[:, :count], projection[:, :count], curves.sigma + bump, 0
            ).replicate.mean(axis=0)
            for bump in (BASIS_POINT, -BASIS_POINT)
        ]
    columns = [mean[:, k * count : (k + 1) * count] if shifted else mean for k in (1, 2)]
    base = Weights(*(each[:, :count] for each in together.weights))
    slopes = together.period_of_node, together.by_top, together.by_bottom
    return NoteRates(together.replicate[:, :, :count], *columns, *vegas, together.model, base, *slopes)


def seed_of(instrument_id: str) -> int:
    """The instrument's own, the same in every run: its paths depend on no chunk, worker or neighbour."""
    return int.from_bytes(hashlib.sha256(instrument_id.encode()).digest()[:8], "big")


def key_rate_gains(run: RunInputs, rates: NoteRates, curves: Curves, paid_ccy: Array) -> Array:
    """[S, K] gain for a key rate a basis point lower, through the rates; `paid_ccy` [P, S] is worth of a rate of 1."""
    gradients = run.tables.key_gradients[run.tables.gradient_of_scenario]
    gains = key_rates_of_rates(
        rates.model,
        rates.weights,
        rates.by_top * paid_ccy[rates.period_of_node],
        rates.by_bottom * paid_ccy[rates.period_of_node],
        gradients[:, curves.discount_row],
        gradients[:, curves.projection_row],
    )
    total: Array = gains.sum(axis=0) * BASIS_POINT
    return total


def _paths(coupon: Coupon, periods: Periods, mean_reversion: float, seed: int) -> _Paths:
    day = np.unique(periods.start[periods.fixed :]).astype(np.int32)
    normals = scrambled_normals(seed, len(day), REPLICATES + 1, LOG2_POINTS[type(coupon)])
    states = bridged_paths(mean_reversion, day / DAYS_PER_YEAR, normals)
    return _Paths(day, states, controls_of(states))


def _expected(
    run: RunInputs,
    coupon: Coupon,
    periods: Periods,
    curves: Curves,
    paths: _Paths,
    discount: Array,
    projection: Array,
    sigma: float,
    sloped: int,
) -> _Expected:
    """Under all columns of the factors; what is known is in every replicate."""
    known = np.zeros((len(periods), discount.shape[1]))
    known[: periods.fixed] = known_rates(run, coupon, periods)[:, None]
    one_curve = curves.discount_row == curves.projection_row
    if isinstance(coupon, ClippedCoupon):
        dates = clipped_dates(run.as_of_day, coupon, periods, one_curve)
        period = np.repeat(np.arange(periods.fixed, len(periods)), len(coupon.tenors_yr))
    else:
        observed = observations(coupon, run.as_of_day, periods, paths.day)
        dates = observed_dates(run.as_of_day, coupon, periods, observed, one_curve)
        period = observed.period
    model = rate_model(dates, periods.pay[period], curves.mean_reversion)
    weights = weights_of(model, sigma, discount, projection)
    if isinstance(coupon, ClippedCoupon):
        clip = Clip(np.array(coupon.gearings), coupon.margin, coupon.cap, coupon.floor)
        deviation = sigma * np.sqrt(unit_variance(curves.mean_reversion, paths.day / DAYS_PER_YEAR))
        found = clipped_rates(paths.states, deviation, model, weights, clip, paths.controls, sloped)
        replicate = np.concatenate([np.zeros((REPLICATES, periods.fixed, known.shape[1])), found.replicate], axis=1)
        slopes = found.by_top, found.by_bottom
    else:
        conditioned = _conditioned(observed, paths.day, curves.mean_reversion, sigma)
        bounds = coupon.lower, coupon.upper
        shares = range_shares(
            paths.states, conditioned, model, weights, bounds, paths.controls, sloped, len(periods)
        )
        replicate = coupon.coupon * shares.replicate
        slopes = coupon.coupon * shares.by_top, coupon.coupon * shares.by_bottom
    period_of_node = np.repeat(period, np.diff(model.offsets))
    return _Expected(known + replicate, *slopes, model, weights, period_of_node)


def _conditioned(observed: Observations, path_day: Days, mean_reversion: float, sigma: float) -> Observed:
    """Each observation given the path's state at the date before it."""
    before = rows_before(path_day, observed.day)
    since = np.where(before >= 0, np.append(path_day, 0)[before], 0) / DAYS_PER_YEAR
    at = observed.day / DAYS_PER_YEAR
    earlier, later = (unit_variance(mean_reversion, years) for years in (since, at))
    kept = sigma * np.exp(-mean_reversion * (at - since)) * np.sqrt(earlier)
    deviation = np.sqrt(np.maximum(sigma * sigma * later - kept * kept, 0.0))
    return Observed(before, kept, deviation, sigma * sigma * later, observed.weight, observed.period)
