"""Scrambled points, bridged paths and control variates: what a standard error rests on."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, norm, qmc

from compute.kernels.monte_carlo.capped_floored_rates import Clip, clipped_rates
from compute.kernels.monte_carlo.control_variates import control_variates_of, estimates, standard_errors
from compute.kernels.monte_carlo.gaussian_paths import bridged_paths, unit_variance
from compute.kernels.monte_carlo.normal_distribution import chance_below, density_at
from compute.kernels.monte_carlo.sobol import scrambled_normals
from compute.kernels.monte_carlo.swap_rates import forward_dates, rate_model, weights_of

TIMES = np.array([0.2, 0.5, 1.0, 3.0, 3.1, 9.0])


def test_every_replicate_is_balanced_in_every_dimension_and_pair() -> None:
    """Elementary intervals of a (0, m, 1) net hold one point each; the first two dimensions are a (0, m, 2) net."""
    uniform = norm.cdf(scrambled_normals(11, 40, 5, 8))
    for cells in (2, 16, 256):
        held = np.sort((uniform * cells).astype(int), axis=2)
        assert (held == np.repeat(np.arange(cells), 256 // cells)).all()
    boxes = (uniform[0] * 16).astype(int) * 16 + (uniform[1] * 16).astype(int)
    assert all(len(np.unique(each)) == 256 for each in boxes)


def test_points_are_uniform_over_scramblings_and_replicates_differ() -> None:
    normals = scrambled_normals(3, 8, 400, 3)
    for dimension in range(8):
        for point in (0, 5):
            assert kstest(norm.cdf(normals[dimension, :, point]), "uniform").pvalue > 1e-4
    assert len(np.unique(normals[0, :, 0])) == 400


def test_points_spread_as_evenly_as_scipys_scrambling() -> None:
    ours = norm.cdf(scrambled_normals(1, 6, 1, 8)[:, 0].T)
    theirs = qmc.Sobol(6, scramble=True, rng=1).random_base2(8)
    assert qmc.discrepancy(ours) < 1.5 * qmc.discrepancy(theirs) < 0.2 * qmc.discrepancy(norm.cdf(pseudo(256, 6)))


def pseudo(points: int, dimensions: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=(points, dimensions))


def test_a_seed_says_it_all_and_more_dimensions_change_nothing_before_them() -> None:
    assert scrambled_normals(7, 5, 3, 6).tobytes() == scrambled_normals(7, 5, 3, 6).tobytes()
    assert scrambled_normals(7, 5, 3, 6).tobytes() != scrambled_normals(8, 5, 3, 6).tobytes()
    np.testing.assert_array_equal(scrambled_normals(7, 90, 3, 6)[:5], scrambled_normals(7, 5, 3, 6))


@pytest.mark.parametrize("mean_reversion", [0.0, 0.05, -0.05, 2.0])
def test_states_correlate_as_the_model_says(mean_reversion: float) -> None:
    states = bridged_paths(mean_reversion, TIMES, scrambled_normals(5, len(TIMES), 64, 10)).reshape(len(TIMES), -1)
    variance = unit_variance(mean_reversion, TIMES)
    early, late = np.minimum.outer(TIMES, TIMES), np.maximum.outer(TIMES, TIMES)
    ratio = np.minimum.outer(variance, variance) / np.maximum.outer(variance, variance)
    np.testing.assert_allclose(np.cov(states), np.exp(-mean_reversion * (late - early)) * np.sqrt(ratio), atol=2e-3)


def test_no_dates_have_no_paths() -> None:
    assert bridged_paths(0.03, np.empty(0), scrambled_normals(5, 0, 3, 6)).shape == (0, 3, 64)


def test_polynomials_of_the_state_are_estimated_without_error() -> None:
    states = scrambled_normals(2, 3, 9, 6)
    control_variates = control_variates_of(states)
    for values, exact in ((states, 0.0), (states**2, 1.0), (3 * states**2 - states + 2, 5.0)):
        np.testing.assert_allclose((values * control_variates.weight).sum(axis=(1, 2)), exact, atol=1e-12)


def test_estimates_and_errors_are_numpys() -> None:
    rng = np.random.default_rng(4)
    replicate, worth = rng.normal(size=(16, 7, 5)), rng.normal(size=(7, 5))
    np.testing.assert_allclose(estimates(replicate), replicate.mean(axis=0), rtol=1e-13)
    values = (replicate * worth).sum(axis=1)
    np.testing.assert_allclose(standard_errors(replicate, worth), values.std(axis=0, ddof=1) / 4, rtol=1e-12)


def test_the_normal_table() -> None:
    x = np.concatenate((np.linspace(-9, 9, 5001), [-np.inf, np.inf, -1e100, 1e100]))
    np.testing.assert_allclose([chance_below(each) for each in x], norm.cdf(x), atol=2e-9)
    np.testing.assert_allclose([density_at(each) for each in x], norm.pdf(x), atol=4e-9)


def capped_coupons(seed: int, count: int) -> tuple[float, float, float]:
    """Half-yearly coupons capped at 4 %: the estimate of their sum, its standard error, and the integral."""
    start = (np.arange(1, count + 1) * 182).astype(np.int32)
    dates = forward_dates(start, start + 182, np.full(count, 182 / 360))
    factors = np.exp(-0.03 * np.arange(182 * count + 400) / 365)[:, None]
    model, deviation = rate_model(dates, start + 182, 0.03), 0.01 * np.sqrt(unit_variance(0.03, start / 365))
    weights = weights_of(model, 0.01, factors, factors)
    states = bridged_paths(0.03, start / 365, scrambled_normals(seed, count, 33, 7))
    clip, control_variates = Clip(np.ones(1), 0.0, 0.04, 0.0), control_variates_of(states)
    replicate = clipped_rates(states, deviation, model, weights, clip, control_variates, 0).replicate
    grid, exact = np.linspace(-8, 8, 4001), 0.0
    for i in range(count):
        growth = np.exp(-model.loading[2 * i : 2 * i + 2, None] * deviation[i] * grid)
        rate = (weights.top[2 * i : 2 * i + 2, 0] @ growth) / (weights.bottom[2 * i : 2 * i + 2, 0] @ growth)
        exact += float((np.clip(rate, 0, 0.04) * norm.pdf(grid)).sum() * (grid[1] - grid[0]))
    error = standard_errors(replicate, np.ones((count, 1)))[0]
    return float(estimates(replicate).sum()), float(error), exact


@pytest.mark.parametrize("count", [1, 10])
def test_the_standard_error_is_the_scatter_over_seeds(count: int) -> None:
    """Its root mean square is that of the error. Student's t of 31 degrees covers 67 %, 94.6 % and 99.5 % within 1, 2
    and 3 errors; with few coupons replicates have fatter tails than the normal's, and it is up to 3 and 2 % less."""
    estimate, error, exact = np.array([capped_coupons(seed, count) for seed in range(200)]).T
    off = estimate - exact
    assert np.sqrt(np.mean(off**2) / np.mean(error**2)) == pytest.approx(1.0, abs=0.15)
    assert abs(off.mean()) < 3 * off.std() / np.sqrt(len(off))
    within = [np.mean(np.abs(off) < size * error) for size in (1, 2, 3)]
    assert 0.57 < within[0] < 0.77 and within[1] > 0.88 and within[2] > 0.965, within
