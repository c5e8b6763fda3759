"""The use of a right at the nodes of a date, many lanes side by side, and its transpose."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.kernel import kernel
from compute.kernels.simd.lanes import LANES as REGISTER
from compute.kernels.simd.lanes import load, splat, store, where_less

Array = NDArray[np.float64]

LANES = 16
"""A constant, so that the compiler turns a loop over lanes into vector arithmetic."""
CALL, PUT = 0, 1
TINY = 1e-100


@kernel
def use(values: Array, strikes: Array, size: int, side: int, smooth: bool, gain: Array) -> None:
    """min(value, call), or max(value, put), at every node; fills what using the right gains [W, LANES].

    A sum over nodes misses where between two of them the kink lies, by J dx (1 / 12 - s (1 - s) / 2) of a kink of slope
    J at the part s of their distance dx (Euler-Maclaurin); `smooth` puts that back at the nodes beside it. So the price
    does not jump in slope as rates move the kink over a node, and does not wobble with the grid.
    """
    _choose(values.reshape(-1), strikes.reshape(-1), size, 1.0 if side == CALL else -1.0, gain.reshape(-1))
    if smooth:
        _smooth_crossings(values, size, 1.0 if side == CALL else -1.0, gain)
        _smooth_slopes(values, size, 1.0 if side == CALL else -1.0, gain)


@kernel
def _choose(values: Array, strikes: Array, size: int, sign: float, gain: Array) -> None:
    signed, nought = splat(sign), splat(0.0)
    for at in range(0, size * LANES, REGISTER):
        value, strike = load(values, at), load(strikes, at)
        gained = signed * (value - strike)
        store(gain, at, gained)
        store(values, at, where_less(gained, nought, value, strike))


@kernel
def _smooth_crossings(values: Array, size: int, sign: float, gain: Array) -> None:
    for j in range(size - 1):
        if not _any_crossing(gain, j):
            continue
        for l in range(LANES):
            f, g = gain[j, l], gain[j + 1, l]
            a, b = abs(f), abs(g)
            both = 1.0 / max(a + b, TINY)
            part = 0.5 * sign * a * b * both * both if (f < 0.0) != (g < 0.0) else 0.0
            values[j, l] += part * b
            values[j + 1, l] += part * a


@kernel
def _smooth_slopes(values: Array, size: int, sign: float, gain: Array) -> None:
    for j in range(1, size - 1):
        if not _any_near(gain, j):
            continue
        for l in range(LANES):
            slope = 0.5 * abs(gain[j + 1, l] - gain[j - 1, l])
            near = max(slope - abs(gain[j, l]), 0.0) / max(slope, TINY)
            values[j, l] -= sign * slope * near * near * (3.0 - 2.0 * near) * (1.0 / 12.0)


@kernel
def _any_crossing(gain: Array, j: int) -> bool:
    """Whether a lane's gain changes its sign between the nodes j and j + 1."""
    found = 0
    for l in range(LANES):
        found += (gain[j, l] < 0.0) != (gain[j + 1, l] < 0.0)
    return found > 0


@kernel
def _any_near(gain: Array, j: int) -> bool:
    """Whether a lane's kink is within a node of j."""
    most = -1.0
    for l in range(LANES):
        most = max(most, 0.5 * abs(gain[j + 1, l] - gain[j - 1, l]) - abs(gain[j, l]))
    return most > 0.0


@kernel
def hold(alive: Array, gain: Array, size: int, smooth: bool, held: Array) -> None:
    """The transpose of `use`: what is alive before the right is used, from what is alive after."""
    for j in range(size):
        for l in range(LANES):
            held[j, l] = alive[j, l] if gain[j, l] < 0.0 else 0.0
    if smooth:
        for j in range(size - 1):
            if not _any_crossing(gain, j):
                continue
            for l in range(LANES):
                f, g = gain[j, l], gain[j + 1, l]
                a, b = abs(f), abs(g)
                both = 1.0 / max(a + b, TINY)
                u, v = a * both, b * both
                side = 0.0 if (f < 0.0) == (g < 0.0) else (-1.0 if f < 0.0 else 1.0)
                held[j, l] += side * (alive[j, l] * 0.5 * v * v * (v - u) + alive[j + 1, l] * u * v * v)
                held[j + 1, l] -= side * (alive[j + 1, l] * 0.5 * u * u * (u - v) + alive[j, l] * u * u * v)
        for j in range(1, size - 1):
            if not _any_near(gain, j):
                continue
            for l in range(LANES):
                step = 0.5 * (gain[j + 1, l] - gain[j - 1, l])
                slope = abs(step)
                near = max(slope - abs(gain[j, l]), 0.0) / max(slope, TINY)
                by_gain = 0.5 * near * (1.0 - near)
                by_slope = -near * near * (3.0 - 2.0 * near) * (1.0 / 12.0) - (1.0 - near) * by_gain
                across = 0.5 * alive[j, l] * (by_slope if near > 0.0 else 0.0) * (1.0 if step > 0.0 else -1.0)
                held[j, l] += alive[j, l] * by_gain * (1.0 if gain[j, l] > 0.0 else -1.0)
                held[j + 1, l] += across
                held[j - 1, l] -= across
