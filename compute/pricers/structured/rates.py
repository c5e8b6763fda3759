"""The expected coupons of one structured note, from paths that are its own, under every scenario and bump at once."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.monte_carlo.capped_floored_rates import Clip, clipped_rates
from compute.kernels.monte_carlo.control_variates import Controls, controls_of, estimates
from compute.kernels.monte_carlo.gaussian_paths import bridged_paths, unit_variance
from compute.kernels.monte_carlo.range_accruals import Observed, range_shares
from compute.kernels.monte_carlo.sobol import scrambled_normals
from compute.kernels.monte_carlo.swap_rates import (
    RateDates,
    RateModel,
    Weights,
    key_rates_of_rates,
    rate_model,
    weights_of,
)
from compute.pricers.structured.coupons import ClippedCoupon, Coupon, RangeCoupon
from compute.pricers.structured.dates import (
    Days,
    Observations,
    Periods,
    clipped_dates,
    observations,
    observed_dates,
    rows_before,
)

Array = NDArray[np.float64]

REPLICATES = 32
LOG2_POINTS = {ClippedCoupon: 7, RangeCoupon: 6}
"""Points of a replicate: an integrated last step needs fewer than a kink."""


@dataclass(frozen=True)
class Curves:
    """Rows of the day tables that a note's rates read, and the model's parameters."""

    discount_row: int
    projection_row: int
    mean_reversion: float
    sigma: float

    @property
    def is_one(self) -> bool:
        return self.discount_row == self.projection_row


@dataclass(frozen=True)
class Note:
    """One position: what it pays, when, and what its rates read."""

    instrument_id: str
    coupon: Coupon
    periods: Periods
    curves: Curves
    known: Array
    """[periods that have begun, S or 1] what is known of their rates"""


@dataclass(frozen=True)
class Expected:
    """P periods still to be paid, S columns of which the first G have slopes; rates are decimal."""

    replicate: Array
    """[R, P, S] what is known already included"""
    period_of_node: NDArray[np.int64]
    """[K]"""
    by_top: Array
    """[K, G] slope of the period's rate in `Weights.top`"""
    by_bottom: Array
    model: RateModel
    weights: Weights

    @property
    def mean(self) -> Array:
        """[P, S]"""
        return estimates(self.replicate)


@dataclass(frozen=True)
class NoteRates:
    """A note's expected rates under S scenarios, and under what is not asked for the same as at market."""

    at_market: Expected
    up: Array
    """[P, S] all zero rates 25 bp up"""
    down: Array
    vega_up: Array
    """[P, S] sigma a basis point up"""
    vega_down: Array
    shifted: tuple[Array, Array] | None = None
    """[R, P, S] by replicate, 25 bp up and down, where an error of DV01 is asked for"""
    by_sigma: Array | None = None
    """[R, P, S] by replicate, what a basis point of sigma adds, where an error of VEGA is asked for"""

    @property
    def mean(self) -> Array:
        return self.at_market.mean


@dataclass(frozen=True)
class _Paths:
    day: Days
    """[m]"""
    states: Array
    controls: Controls


@dataclass(frozen=True)
class _Columns:
    """Curves [days, S] and sigma that a note is valued under."""

    discount: Array
    projection: Array
    sigma: float
    sloped: int


def note_rates(run: RunInputs, note: Note) -> NoteRates:
    """Expected coupons of one note, each under the measure of its own payment."""
    tables, count, curves = run.tables, run.scenario_count, note.curves
    paths = _paths(note)

    def expected(factors: list[Array], sigma: float, sloped: int) -> Expected:
        def of_curve(row: int) -> Array:
            return np.concatenate([table[row] for table in factors], axis=1)

        columns = _Columns(of_curve(curves.discount_row), of_curve(curves.projection_row), sigma, sloped)
        return _expected(run.as_of_day, note, paths, columns)

    market = tables.discount_factors
    is_shifted = run.asks("CONVEXITY", "DV01_STANDARD_ERROR")
    shifts = [tables.discount_factors_up, tables.discount_factors_down] if is_shifted else []
    together = expected([market, *shifts], curves.sigma, count)
    at_market, up, down = _split(together, count)
    by_replicate = together.replicate
    shifted = (by_replicate[:, :, count : 2 * count], by_replicate[:, :, 2 * count :]) if is_shifted else None
    if not run.asks("VEGA", "VEGA_LADDER", "VEGA_STANDARD_ERROR"):
        return NoteRates(at_market, up, down, at_market.mean, at_market.mean, shifted)
    more, less = (expected([market], curves.sigma + bump, 0) for bump in (BASIS_POINT, -BASIS_POINT))
    by_sigma = (more.replicate - less.replicate) / 2.0
    return NoteRates(at_market, up, down, more.mean, less.mean, shifted, by_sigma)


def rates_on_market(run: RunInputs, note: Note, as_of_day: int) -> Expected:
    """Without slopes, of a note whose days count from `as_of_day`."""
    factors, curves = run.tables.discount_factors, note.curves
    columns = _Columns(factors[curves.discount_row], factors[curves.projection_row], curves.sigma, 0)
    return _expected(as_of_day, note, _paths(note), columns)


def forwards_tomorrow(run: RunInputs, note: Note, dates: RateDates, pay_day: Days) -> Array:
    """[M, S] the rates as tomorrow's curves have them, without convexity: they are set that day."""
    factors, curves = run.tables.discount_factors_tomorrow, note.curves
    model = rate_model(dates, pay_day, curves.mean_reversion)
    weights = weights_of(model, 0.0, factors[curves.discount_row], factors[curves.projection_row])
    first = model.offsets[:-1]
    forwards: Array = np.add.reduceat(weights.top, first) / np.add.reduceat(weights.bottom, first)
    return forwards


def seed_of(instrument_id: str) -> int:
    """The instrument's own, the same in every run: its paths depend on no chunk, worker or neighbour."""
    return int.from_bytes(hashlib.sha256(instrument_id.encode()).digest()[:8], "big")


def key_rate_dv01s(run: RunInputs, note: Note, expected: Expected, worth_ccy: Array) -> Array:
    """[S, K] what comes through the rates; `worth_ccy` [P, S] is the value of a rate of 1."""
    worth = worth_ccy[expected.period_of_node]
    return key_rates_of_rates(
        expected.model,
        expected.weights,
        expected.by_top * worth,
        expected.by_bottom * worth,
        (note.curves.discount_row, note.curves.projection_row),
        run.tables.key_gradients,
        run.tables.gradient_of_scenario,
    )


def _paths(note: Note) -> _Paths:
    day = np.unique(note.periods.start[note.periods.fixed :]).astype(np.int32)
    log2_points = LOG2_POINTS[type(note.coupon)]
    normals = scrambled_normals(seed_of(note.instrument_id), len(day), REPLICATES + 1, log2_points)
    states = bridged_paths(note.curves.mean_reversion, day / DAYS_PER_YEAR, normals)
    return _Paths(day, states, controls_of(states))


def _expected(as_of_day: int, note: Note, paths: _Paths, columns: _Columns) -> Expected:
    """What is known stands in every replicate."""
    make = _clipped if isinstance(note.coupon, ClippedCoupon) else _ranged
    expected = make(as_of_day, note, paths, columns)
    expected.replicate[:, : note.periods.fixed] += note.known
    return expected


def _clipped(as_of_day: int, note: Note, paths: _Paths, columns: _Columns) -> Expected:
    coupon, periods = note.coupon, note.periods
    assert isinstance(coupon, ClippedCoupon)
    dates = clipped_dates(as_of_day, coupon, periods, note.curves.is_one)
    period = np.repeat(np.arange(periods.fixed, len(periods)), len(coupon.tenors_yr))
    model, weights = _rates(note, dates, period, columns)
    clip = Clip(np.array(coupon.gearings), coupon.margin, coupon.cap, coupon.floor)
    deviation = columns.sigma * np.sqrt(unit_variance(note.curves.mean_reversion, paths.day / DAYS_PER_YEAR))
    found = clipped_rates(paths.states, deviation, model, weights, clip, paths.controls, columns.sloped)
    replicate = np.zeros((REPLICATES, len(periods), columns.discount.shape[1]))
    replicate[:, periods.fixed :] = found.replicate
    of_node = np.repeat(period, np.diff(model.offsets))
    return Expected(replicate, of_node, found.by_top, found.by_bottom, model, weights)


def _ranged(as_of_day: int, note: Note, paths: _Paths, columns: _Columns) -> Expected:
    coupon, periods = note.coupon, note.periods
    assert isinstance(coupon, RangeCoupon)
    observed = observations(coupon, as_of_day, periods, paths.day)
    dates = observed_dates(as_of_day, coupon, periods, observed, note.curves.is_one)
    model, weights = _rates(note, dates, observed.period, columns)
    found = range_shares(
        paths.states,
        _conditioned(observed, paths.day, note.curves.mean_reversion, columns.sigma),
        model,
        weights,
        (coupon.lower, coupon.upper),
        paths.controls,
        columns.sloped,
        len(periods),
    )
    slopes = coupon.coupon * found.by_top, coupon.coupon * found.by_bottom
    of_node = np.repeat(observed.period, np.diff(model.offsets))
    return Expected(coupon.coupon * found.replicate, of_node, *slopes, model, weights)


def _rates(note: Note, dates: RateDates, period: NDArray[np.int64], columns: _Columns) -> tuple[RateModel, Weights]:
    model = rate_model(dates, note.periods.pay[period], note.curves.mean_reversion)
    return model, weights_of(model, columns.sigma, columns.discount, columns.projection)


def _conditioned(observed: Observations, path_day: Days, mean_reversion: float, sigma: float) -> Observed:
    """Each observation given the path's state at the date before it."""
    before = rows_before(path_day, observed.day)
    since = np.where(before >= 0, np.append(path_day, 0)[before], 0) / DAYS_PER_YEAR
    at = observed.day / DAYS_PER_YEAR
    earlier, later = (unit_variance(mean_reversion, years) for years in (since, at))
    kept = sigma * np.exp(-mean_reversion * (at - since)) * np.sqrt(earlier)
    variance = sigma * sigma * later
    deviation = np.sqrt(np.maximum(variance - kept * kept, 0.0))
    return Observed(before, kept, deviation, variance, observed.weight, observed.period)


def _split(together: Expected, count: int) -> tuple[Expected, Array, Array]:
    """At market, and the means 25 bp up and down; the market's own where these were not asked for."""
    weights = together.weights
    weights = weights._replace(growth=weights.growth[:, :count], bond=weights.bond[:, :count])
    at_market = replace(together, replicate=together.replicate[:, :, :count], weights=weights)
    mean = together.mean
    if mean.shape[1] == count:
        return at_market, mean, mean
    return at_market, mean[:, count : 2 * count], mean[:, 2 * count :]
