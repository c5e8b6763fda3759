"""Lanes do to four scenarios what scalars do to one, rounded as those are."""

import numpy as np
import pytest
from numba import njit

from compute.kernels.simd.lanes import (
    LANES,
    PASS,
    at_least,
    at_most,
    lane_starts,
    load,
    splat,
    store,
    where_equal,
    widened,
)

X = np.array([1.5, -2.0, 1e-300, np.nan])
Y = np.array([0.1, 3.0, -7.0, 2.0])


@njit
def _arithmetic(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    a, b = load(x, 0), load(y, 0)
    store(out, 0, a + b)
    store(out, 4, a - b)
    store(out, 8, a * b)
    store(out, 12, a / b)
    a += b
    store(out, 16, a)
    store(out, 20, splat(y[2]))


@njit
def _bounded(x: np.ndarray, bound: float, value: float, out: np.ndarray) -> None:
    below, above = at_most(load(x, 0), splat(bound)), at_least(load(x, 0), splat(bound))
    store(out, 0, below)
    store(out, 4, above)
    store(out, 8, where_equal(below, load(x, 0), splat(value)))


def test_arithmetic_is_that_of_scalars_bit_for_bit() -> None:
    out = np.empty(24)
    _arithmetic(X, Y, out)
    expected = np.concatenate([X + Y, X - Y, X * Y, X / Y, X + Y, np.full(4, Y[2])])
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("bound", [1.0, -2.0, np.nan])
def test_a_bound_that_is_not_there_bounds_nothing(bound: float) -> None:
    out = np.empty(12)
    _bounded(Y, bound, 9.0, out)
    kept = np.fmin(Y, bound)
    np.testing.assert_array_equal(out, np.concatenate([kept, np.fmax(Y, bound), np.where(kept == Y, 9.0, 0.0)]))


@pytest.mark.parametrize("scenarios", [4, 5, 10, 12, 13, 24, 31])
def test_the_passes_cover_every_scenario_and_nothing_beyond(scenarios: int) -> None:
    covered = {
        start + lane for b in range(0, scenarios, PASS) for start in lane_starts(b, scenarios) for lane in range(LANES)
    }
    assert covered == set(range(scenarios))


def test_a_table_of_fewer_scenarios_is_widened_by_its_last() -> None:
    np.testing.assert_array_equal(widened(np.array([[1, 2], [3, 4]])), [[1, 2, 2, 2], [3, 4, 4, 4]])
    wide = np.ones((2, 5))
    assert widened(wide) is wide
