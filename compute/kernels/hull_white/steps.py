"""How many steps a lattice takes between the dates of a bond: more where rights are near, or follow one another."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import DAYS_PER_YEAR

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

STEPS_PER_ROOT_YR = 48.0
"""Steps up to time t are this x sqrt(t) at least."""
STEPS_BETWEEN_DATES, LEAST_STEP_YR = 6.0, 1.0 / 24.0
"""Between two dates at least, none of them shorter, whether or not there are rights."""
STEPS_TO_A_RIGHT = 100.0
"""A right at t within a year has a step of t over this before it: its kink is sharp, and a basis point small."""
STEPS_BETWEEN_RIGHTS, APART_YR, POWER = 12.0, 0.25, 0.35
"""Rights so far apart or further have so many steps between them; nearer ones fewer: they have smaller kinks."""
CALM_SIGMA = 0.0125
"""Twice as volatile, steps between rights are a root of 2 more: in levels, so that a bump of sigma keeps them."""


def step_counts(
    offsets: Rows, day: NDArray[np.int32], has_right: NDArray[np.bool_], sigma: Array, fineness: float = 1.0
) -> Rows:
    """Steps up to each date from the one before, of n bonds with R dates (CSR).

        base      max(48 (sqrt(e) - sqrt(s)), min(6, 24 (e - s)))                                       from s to e
        to the first right, at r      max(base, K (e - s) / r),   K = 100 / sqrt(max(r, 1))
        from a right to the next, g   max(base, m (e - s) / g, K ln(e / s)),
                                      m = 12 min(4 g, 1)^0.35 2^(level / 2),   K = 100 / sqrt(max(e, 1))
        level     log2(sigma / 1.25 %), rounded up, not below 0

    A kink that a right leaves must be smooth by the right before it, else each adds to the error, always to one side:
    what is left falls with the square of m.

    Args:    day [R] > 0, from the valuation date;  has_right [R];  sigma [n];  fineness  a factor of all counts
    Returns: [R], 1 at least
    """
    first, rows = offsets[:-1], np.arange(len(day))
    has_right = has_right.copy()
    has_right[offsets[1:] - 1] = True  # redemption counts as one: a longer bond of the same cycle shares the lattice
    position = np.repeat(np.arange(len(first)), np.diff(offsets))
    end = day / DAYS_PER_YEAR
    begin = np.concatenate(([0.0], end[:-1]))
    begin[first] = 0.0
    before = np.concatenate(([-1], np.maximum.accumulate(np.where(has_right, rows, -1))[:-1]))
    after = np.minimum.accumulate(np.where(has_right, rows, len(day))[::-1])[::-1]
    follows, leads = before >= first[position], after < offsets[1:][position]
    since, until = (
        np.where(exists, end[np.where(exists, row, 0)], 0.0) for exists, row in ((follows, before), (leads, after))
    )
    share = (end - begin) / np.where(leads, until - since, 1.0)
    to_first = _steps_to(until) * share
    early = _steps_to(end) * np.log(np.where(follows, end / np.where(follows, begin, 1.0), 1.0))
    near = np.minimum(np.where(leads, until - since, APART_YR) / APART_YR, 1.0) ** POWER
    level = np.ceil(np.log2(np.maximum(sigma / CALM_SIGMA, 1.0)))
    volatile = np.sqrt(2.0) ** level[position]
    between = np.maximum(STEPS_BETWEEN_RIGHTS * near * volatile * share, early)
    least = np.minimum(STEPS_BETWEEN_DATES, (end - begin) / LEAST_STEP_YR)
    base = np.maximum(STEPS_PER_ROOT_YR * (np.sqrt(end) - np.sqrt(begin)), least)
    wanted = np.where(leads, np.maximum(base, np.where(follows, between, to_first)), base)
    return np.maximum(np.rint(fineness * wanted), 1.0).astype(np.int64)


def _steps_to(years: Array) -> Array:
    return STEPS_TO_A_RIGHT / np.sqrt(np.maximum(years, 1.0))
