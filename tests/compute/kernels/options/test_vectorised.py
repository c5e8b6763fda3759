"""Lanes of options against the scalar kernel, and their functions against scipy's."""

import math

import numpy as np
import pytest
from numba import njit
from scipy.special import ndtr

from compute.kernels.options.caplet_volatilities import LOGNORMAL, NORMAL
from compute.kernels.options.option_strips import option_values
from compute.kernels.options.options import option_on_rate
from compute.kernels.options.vectorised import lane_exp, lane_log, lane_normal
from compute.kernels.simd.lanes import LANES, load, store


@njit
def _each(x: np.ndarray, exp: np.ndarray, log: np.ndarray, normal: np.ndarray) -> None:
    for at in range(0, len(x), LANES):
        lanes = load(x, at)
        store(exp, at, lane_exp(lanes))
        store(log, at, lane_log(lanes * lanes))
        store(normal, at, lane_normal(lanes)[0])


def test_exponential_logarithm_and_normal_are_those_of_the_libraries() -> None:
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-38, 38, 4000), rng.normal(0, 2, 3996), [1.0 - 2e-8, -1.0 - 1e-9, 7.0, -7.0]])
    exp, log, normal = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    _each(x, exp, log, normal)
    np.testing.assert_allclose(exp, np.exp(x), rtol=5e-16)
    np.testing.assert_allclose(log, np.log(x * x), rtol=5e-16, atol=3e-16)
    np.testing.assert_allclose(normal, ndtr(x), rtol=0, atol=4e-16)
    deep = x < -7.0
    np.testing.assert_allclose(normal[deep & (x > -36)], ndtr(x[deep & (x > -36)]), rtol=2e-6)


@pytest.mark.parametrize("kind", [NORMAL, LOGNORMAL])
@pytest.mark.parametrize("scenarios", [1, 4, 10])
def test_options_are_those_of_the_scalar_kernel(kind: int, scenarios: int) -> None:
    rng = np.random.default_rng(5)
    n = 500
    forward = rng.uniform(-0.01, 0.1, (n, scenarios))
    strike, side = rng.uniform(-0.01, 0.1, n), rng.choice([-1.0, 1.0], n)
    deviation = rng.uniform(-0.1, 1.0, (n, scenarios)) * (0.02 if kind == NORMAL else 1.0)
    forward[::17] = 0.0
    deviation[::13] = 0.0
    found = option_values(np.full(n, kind), side, forward, strike, deviation)
    for i in range(n):
        for s in range(scenarios):
            expected = option_on_rate(kind, side[i], forward[i, s], strike[i], deviation[i, s])
            assert found[i, s] == pytest.approx(expected, abs=1e-16, nan_ok=True), (i, s)


def test_nothing_known_gives_nothing_known() -> None:
    values = option_values(
        np.array([NORMAL]), np.array([1.0]), np.array([[math.nan]]), np.array([0.02]), np.array([[0.1]])
    )
    assert np.isnan(values).all()
