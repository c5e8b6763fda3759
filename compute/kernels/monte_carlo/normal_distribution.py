"""The normal distribution by table: three times as fast as the error function, where an average needs millions."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from compute.kernels.kernel import kernel

Array = NDArray[np.float64]

CELLS_PER_UNIT = 32
FURTHEST = 8.5
"""Beyond this many deviations the chance is 0 or 1 to 1e-17."""


def _cubics(values: Array, slopes: Array) -> Array:
    """[cells, 4] coefficients of the cubic through values and slopes at both ends of each cell, in its own unit."""
    left, right = values[:-1], values[1:]
    rise, fall = slopes[:-1] / CELLS_PER_UNIT, slopes[1:] / CELLS_PER_UNIT
    return np.stack([left, rise, 3 * (right - left) - 2 * rise - fall, 2 * (left - right) + rise + fall], axis=1)


_X = np.arange(-FURTHEST, FURTHEST + 1.5 / CELLS_PER_UNIT, 1.0 / CELLS_PER_UNIT)
_DENSITY = np.exp(-_X * _X / 2) / np.sqrt(2 * np.pi)
_CHANCES = _cubics(ndtr(_X), _DENSITY)
_DENSITIES = _cubics(_DENSITY, -_X * _DENSITY)


@kernel
def chance_below(x: float) -> float:
    """Standard normal distribution function. Accuracy: 2e-9, and continuous with its first derivative."""
    at = (min(max(x, -FURTHEST), FURTHEST) + FURTHEST) * CELLS_PER_UNIT
    cell = int(at)
    u = at - cell
    chance: float = ((_CHANCES[cell, 3] * u + _CHANCES[cell, 2]) * u + _CHANCES[cell, 1]) * u + _CHANCES[cell, 0]
    return chance


@kernel
def density_at(x: float) -> float:
    """Standard normal density. Accuracy: 4e-9."""
    at = (min(max(x, -FURTHEST), FURTHEST) + FURTHEST) * CELLS_PER_UNIT
    cell = int(at)
    u = at - cell
    density: float = ((_DENSITIES[cell, 3] * u + _DENSITIES[cell, 2]) * u + _DENSITIES[cell, 1]) * u + _DENSITIES[
        cell, 0
    ]
    return density
