"""A basis point of spread about each tenor: triangles that add up to one everywhere, so their gains add up to CS01."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.kernel import kernel
from domain.measures.measures import KEY_RATE_TENORS_YR, SPREAD_TENORS_YR

Array = NDArray[np.float64]
Days = NDArray[np.int32]

TENORS = len(SPREAD_TENORS_YR)


class Triangles(NamedTuple):
    """By day: the tenor before it, and the share of a basis point that belongs to the one after."""

    tenor: NDArray[np.int32]
    share: Array


def triangles_of_days(days: int) -> Triangles:
    """Flat before the first tenor and after the last."""
    return _triangles(np.arange(days) / DAYS_PER_YEAR)


def _triangles(times_yr: Array) -> Triangles:
    tenors = np.array(SPREAD_TENORS_YR, np.float64)
    held = np.clip(times_yr, tenors[0], tenors[-1])
    before = np.minimum(np.searchsorted(tenors, held, side="right") - 1, TENORS - 2)
    share = (held - tenors[before]) / (tenors[before + 1] - tenors[before])
    return Triangles(before.astype(np.int32), share)


def timed_triangles(days: int) -> Array:
    """[days, tenors] years times the height of each triangle."""
    found, each = triangles_of_days(days), np.arange(days)
    heights = np.zeros((days, TENORS))
    heights[each, found.tenor] = 1.0 - found.share
    heights[each, found.tenor + 1] = found.share
    return heights * (each / DAYS_PER_YEAR)[:, None]


def of_key_rates(key_rate_dv01: Array) -> Array:
    """[n, S, tenors] where a spread does what all zero rates do: each triangle is made of those of the key rates.

    Every tenor of spreads is a key rate, so that a triangle of theirs is a straight line between key rates.
    """
    found = _triangles(np.array(KEY_RATE_TENORS_YR, np.float64))
    by_tenor = np.zeros((*key_rate_dv01.shape[:2], TENORS))
    for key, (tenor, share) in enumerate(zip(found.tenor, found.share, strict=True)):
        by_tenor[..., tenor] += key_rate_dv01[..., key] * (1.0 - share)
        by_tenor[..., tenor + 1] += key_rate_dv01[..., key] * share
    return by_tenor


@kernel
def fill_by_tenor(first: int, last: int, day: Days, triangles: Triangles, values: Array, key_rate_cs01: Array) -> None:
    """Fills key_rate_cs01 [S, tenors] from one position's values [flows x S], flow after flow."""
    scenarios, tenors = key_rate_cs01.shape
    sums = np.zeros((tenors, scenarios))
    for f in range(first, last):
        t, v, k = day[f] / DAYS_PER_YEAR, (f - first) * scenarios, triangles.tenor[day[f]]
        after = t * triangles.share[day[f]]
        before = t - after
        for s in range(scenarios):
            sums[k, s] += values[v + s] * before
            sums[k + 1, s] += values[v + s] * after
    for s in range(scenarios):
        for k in range(tenors):
            key_rate_cs01[s, k] = sums[k, s] * BASIS_POINT
