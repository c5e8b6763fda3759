"""The sensitivities-based method: weighted sensitivities within a bucket, and buckets together.

    K_b = sqrt(max(0, sum rho_kl WS_k WS_l))        Delta = sqrt(sum K_b^2 + sum_{b != c} gamma_bc S_b S_c)

S_b is the sum of the bucket's WS; where the root would be of a negative, max(min(S_b, K_b), -K_b) stands for it.

Source: MAR21.4
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Same = tuple[bool, ...]
"""Whether two sensitivities share their name, their tenor, and their basis."""
EVERY_SAME: tuple[Same, ...] = tuple(product((False, True), repeat=3))


def tenor_correlations(tenors_yr: Array, theta: float, floor: float) -> Array:
    """[T, T] max(exp(-theta |T1 - T2| / min(T1, T2)), floor). Source: MAR21.46."""
    apart = np.abs(tenors_yr[:, None] - tenors_yr[None, :]) / np.minimum(tenors_yr[:, None], tenors_yr[None, :])
    found: Array = np.maximum(np.exp(-theta * apart), floor)
    return found


def bucket_capital(weighted: Array, correlations: Array) -> float:
    """K_b of [n] weighted sensitivities with [n, n] correlations, 1 on the diagonal."""
    return float(np.sqrt(max(0.0, float(weighted @ correlations @ weighted))))


class NamedCorrelations(NamedTuple):
    """Of two sensitivities that differ in one thing; what differs in several has their product."""

    name: float
    tenor: float
    basis: float

    def of(self, same_name: bool, same_tenor: bool, same_basis: bool) -> float:
        own = ((same_name, self.name), (same_tenor, self.tenor), (same_basis, self.basis))
        return float(np.prod([1.0 if same else value for same, value in own]))


def named_bucket_capital(
    weighted: Array, name: Rows, tenor: Rows, basis: Rows, correlations: dict[Same, float]
) -> float:
    """K_b of a bucket of names: pairs are counted by what they share, so its cost grows with their number alone.

    Args:    weighted           [n]; name, tenor, basis [n] codes from 0
             correlations       by (same name, same tenor, same basis); of what shares all three 1
    Accuracy: rounding, 1e-15 x (sum of the absolute amounts)^2 under the root
    """
    shared = {keys: _sum_of_pairs(weighted, (name, tenor, basis), keys) for keys in EVERY_SAME}
    total = 0.0
    for same in EVERY_SAME:
        total += correlations[same] * _exactly(shared, same)
    return float(np.sqrt(max(0.0, total)))


def _sum_of_pairs(weighted: Array, codes: tuple[Rows, Rows, Rows], same: Same) -> float:
    """Sum of WS_k WS_l over the pairs that share at least the things that are flagged."""
    group = np.zeros(len(weighted), np.int64)
    for code, is_shared in zip(codes, same, strict=True):
        if is_shared:
            group = group * (int(code.max(initial=0)) + 1) + code
    _, place = np.unique(group, return_inverse=True)
    sums = np.bincount(place, weighted)
    return float(sums @ sums)


def _exactly(shared: dict[Same, float], same: Same) -> float:
    """Of the pairs that share those things and differ in all others: by inclusion and exclusion."""
    total = 0.0
    for more in EVERY_SAME:
        if all(wide >= own for wide, own in zip(more, same, strict=True)):
            total += (-1.0) ** (sum(more) - sum(same)) * shared[more]
    return total


class Aggregate(NamedTuple):
    delta: float
    s_b: Array
    """[buckets] as they were taken"""


def across_buckets(k_b: Array, sums: Array, gamma: Array) -> Aggregate:
    """[buckets] K_b and sums of WS, [buckets, buckets] gamma with nothing on its diagonal."""
    squares, between = float(k_b @ k_b), float(sums @ gamma @ sums)
    if squares + between >= 0.0:
        return Aggregate(float(np.sqrt(squares + between)), sums)
    limited = np.maximum(np.minimum(sums, k_b), -k_b)
    return Aggregate(float(np.sqrt(max(0.0, squares + float(limited @ gamma @ limited)))), limited)
