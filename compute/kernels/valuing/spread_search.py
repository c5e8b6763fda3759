"""The constant spread at which a position has a given price, found for many positions and scenarios side by side."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAX_STEPS = 60
LOWEST, HIGHEST = -0.9, 10.0
"""Spreads are sought between these."""
FIRST_STEP = 1e-3
MAX_STEP = 0.1
TOLERANCE = 1e-11
"""Of the spread: a ten millionth of a basis point."""
MAX_CURVATURE = 1e3
"""Of prices, half the second over the first derivative: a secant leaves this x its step x the step before."""
CLOSING_IN = 0.01


def solve_spreads(price_at: Callable[[Array, NDArray[np.bool_]], Array], price: Array, guess: Array) -> Array:
    """Spreads x at which price_at(x) = price, by the secant method within a bracket that is halved where it is left.

    Args:    price_at(x, active)  [n, S] prices falling in x; those that are not active need not be worked out
             price, guess  [n, S]
    Returns: [n, S]  NaN where there is none in (LOWEST, HIGHEST), or the search did not end
    Accuracy: 1e-10. A lane stops by itself: its spread does not depend on those beside it
    """
    x, low, high = guess.copy(), np.full(guess.shape, LOWEST), np.full(guess.shape, HIGHEST)
    active = np.isfinite(price)
    error = np.where(active, price_at(x, active) - price, 0.0)
    active &= error != 0.0
    tried, past = x + np.where(error > 0.0, FIRST_STEP, -FIRST_STEP), error
    before = x
    for _ in range(MAX_STEPS):
        if not active.any():
            break
        low, high = np.where(active & (past > 0.0), before, low), np.where(active & (past < 0.0), before, high)
        now = np.where(active, price_at(tried, active) - price, 0.0)
        step = _step(tried, before, now, past, np.where(now > 0.0, tried, low), np.where(now < 0.0, tried, high))
        x = np.where(active, tried + step, x)
        left = _left(np.abs(step), np.abs(tried - before))
        before, past, tried = np.where(active, tried, before), np.where(active, now, past), np.where(active, x, tried)
        active &= left > TOLERANCE
    found = np.isfinite(price) & ~active & (x > LOWEST + TOLERANCE) & (x < HIGHEST - TOLERANCE)
    return np.where(found, x, np.nan)


def _left(step: Array, before: Array) -> Array:
    """Of error after a step, at most: the step, or less where a secant closes in, faster than halving ever does."""
    return np.where(step < CLOSING_IN * before, np.minimum(step, MAX_CURVATURE * step * before), step)


def _step(tried: Array, before: Array, now: Array, past: Array, low: Array, high: Array) -> Array:
    """The secant's step, no longer than MAX_STEP; half the way to the bracket's far end where it leads out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        secant = now * (tried - before) / (past - now)
    downhill = np.isfinite(secant) & (secant * now >= 0.0)
    step = np.clip(np.where(downhill, secant, np.sign(now) * MAX_STEP), -MAX_STEP, MAX_STEP)
    outside = (tried + step < low) | (tried + step > high)
    halved = 0.5 * (low + high) - tried
    return np.where(now == 0.0, 0.0, np.where(outside, halved, step))
