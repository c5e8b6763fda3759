"""Sobol points, scrambled anew for each replicate: quasi-random, unbiased, and with an honest standard error."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from compute.kernels.kernel import kernel

BITS = 32
_MIN_DIMENSIONS = 64


def scrambled_normals(seed: int, dimensions: int, replicates: int, log2_points: int) -> NDArray[np.float64]:
    """Independent replicates of 2^log2_points Sobol points, as standard normals.

        direction numbers v -> L v, L lower triangular with random bits and a unit diagonal, for each replicate and
        dimension; points are shifted by random bits (xor); u = (x + 1/2) / 2^32, z = inverse normal(u)

    Args:    seed  any non-negative integer below 2^64; the bits are those of the Philox generator with this key
    Returns: [dimensions, replicates, points]; within a replicate balanced as Sobol points are, each point uniform, and
             replicates independent: a mean over one is unbiased, and the scatter of such means is its error
    Source:  Joe and Kuo (2008), direction numbers, taken from scipy; Matousek (1998), On the L2-discrepancy for
             anchored boxes (linear scrambling); Owen (2003), Variance with alternative scramblings of digital nets
    """
    directions = _directions(_rounded_up(dimensions), log2_points)[:dimensions]
    count = dimensions * replicates * (BITS + 1)
    bits = np.random.Philox(key=seed).random_raw(count).reshape(dimensions, replicates, BITS + 1)
    points = np.empty((dimensions, replicates, 1 << log2_points), np.uint32)
    _scramble(directions, (bits >> np.uint64(BITS)).astype(np.uint32), points)
    normals: NDArray[np.float64] = ndtri((points + 0.5) / 2.0**BITS)
    return normals


def _rounded_up(dimensions: int) -> int:
    """Few distinct tables, whatever the notes."""
    return max(_MIN_DIMENSIONS, 1 << (dimensions - 1).bit_length())


@cache
def _directions(dimensions: int, log2_points: int) -> NDArray[np.uint32]:
    """[dimensions, log2_points] as 32-bit fractions. In Gray-code order the point 2^(k+1) - 1 is direction k alone."""
    from scipy.stats import qmc  # half a second to import, for books without notes too

    points = qmc.Sobol(dimensions, scramble=False).random_base2(log2_points)
    alone = (1 << np.arange(1, log2_points + 1)) - 1
    return np.ascontiguousarray((points[alone] * 2.0**BITS).astype(np.uint32).T)


@kernel
def _scramble(directions: NDArray[np.uint32], bits: NDArray[np.uint32], points: NDArray[np.uint32]) -> None:
    """bits [dimensions, replicates, 33]: 32 rows of a matrix, and the shift."""
    dimensions, replicates, count = points.shape
    scrambled = np.empty(directions.shape[1], np.uint32)
    for d in range(dimensions):
        for r in range(replicates):
            for k in range(len(scrambled)):
                scrambled[k] = _times(bits[d, r], directions[d, k])
            x = bits[d, r, BITS]
            points[d, r, 0] = x
            for i in range(1, count):
                k, rest = 0, i
                while rest & 1 == 0:
                    rest >>= 1
                    k += 1
                x ^= scrambled[k]
                points[d, r, i] = x


@kernel
def _times(rows: NDArray[np.uint32], direction: np.uint32) -> np.uint32:
    """L v over bits; row i gives the i-th leading bit, and reads only that and those before it."""
    result = np.uint32(0)
    for i in range(BITS):
        place = np.uint32(BITS - 1 - i)
        leading = np.uint32(0xFFFFFFFF) << place
        picked = (rows[i] | (np.uint32(1) << place)) & leading & direction
        odd = np.uint32(0)
        while picked:
            picked &= picked - np.uint32(1)
            odd ^= np.uint32(1)
        result |= odd << place
    return result
