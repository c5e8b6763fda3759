"""Interpolation of zero rates, as section 3 of the contract words it: one time at a time."""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache


@dataclass
class Curve:
    """Zero rates at times; `zero(t)` interpolates and extrapolates."""

    currency: str
    interpolation: str
    times_yr: list[float]
    zeros: list[float]
    factors: dict[float, float] = field(default_factory=dict)

    def df(self, t: float) -> float:
        if t not in self.factors:
            self.factors[t] = math.exp(-self._exponent(t))
        return self.factors[t]

    def moved(self, shift: Callable[[float], float]) -> "Curve":
        zeros = [z + shift(t) for t, z in zip(self.times_yr, self.zeros, strict=True)]
        return Curve(self.currency, self.interpolation, self.times_yr, zeros)

    def _exponent(self, t: float) -> float:
        return {
            "LOG_LINEAR_DF": log_linear,
            "LINEAR_ZERO": linear_zero,
            "MONOTONE_CONVEX": monotone_convex,
            "NATURAL_CUBIC_ZERO": natural_cubic,
        }[self.interpolation](self.times_yr, self.zeros, t)


def log_linear(times: list[float], zeros: list[float], t: float) -> float:
    """z t is linear between nodes, the origin among them; the last forward goes on."""
    xs, ys = [0.0, *times], [0.0, *(z * x for z, x in zip(zeros, times, strict=True))]
    i = min(max(bisect_left(xs, t), 1), len(times))
    return ys[i - 1] + (ys[i] - ys[i - 1]) * (t - xs[i - 1]) / (xs[i] - xs[i - 1])


def linear_zero(times: list[float], zeros: list[float], t: float) -> float:
    if t <= times[0] or len(times) == 1:
        return zeros[0] * t
    i = min(bisect_left(times, t), len(times) - 1)
    slope = (zeros[i] - zeros[i - 1]) / (times[i] - times[i - 1])
    if t <= times[-1]:
        return (zeros[i - 1] + slope * (t - times[i - 1])) * t
    return zeros[-1] * times[-1] + (zeros[-1] + slope * times[-1]) * (t - times[-1])


def natural_cubic(times: list[float], zeros: list[float], t: float) -> float:
    """Natural spline of the zero rates; flat before the first node, the last node's instantaneous forward past it."""
    if t <= times[0] or len(times) == 1:
        return zeros[0] * t
    seconds = _natural_seconds(tuple(times), tuple(zeros))
    i = min(bisect_left(times, t), len(times) - 1)
    h, width = min(t, times[-1]) - times[i - 1], times[i] - times[i - 1]
    a, b = seconds[i - 1], seconds[i]
    slope = (zeros[i] - zeros[i - 1]) / width - width * (2 * a + b) / 6
    rate = zeros[i - 1] + h * (slope + h * (a / 2 + h * (b - a) / (6 * width)))
    if t <= times[-1]:
        return rate * t
    last_slope = slope + width * (a + b) / 2
    return rate * times[-1] + (rate + times[-1] * last_slope) * (t - times[-1])


@cache
def _natural_seconds(x: tuple[float, ...], y: tuple[float, ...]) -> list[float]:
    """Second derivatives by elimination of the tridiagonal system, nil at both ends."""
    n = len(x)
    upper, right = [0.0] * n, [0.0] * n
    for i in range(1, n - 1):
        below, above = x[i] - x[i - 1], x[i + 1] - x[i]
        pivot = 2 * (below + above) - below * upper[i - 1]
        kink = 6 * ((y[i + 1] - y[i]) / above - (y[i] - y[i - 1]) / below)
        upper[i], right[i] = above / pivot, (kink - below * right[i - 1]) / pivot
    seconds = [0.0] * n
    for i in range(n - 2, 0, -1):
        seconds[i] = right[i] - upper[i] * seconds[i + 1]
    return seconds


def monotone_convex(times: list[float], zeros: list[float], t: float) -> float:
    """Hagan and West (2006), section 6, without the positivity clamp; past the last node its instantaneous forward."""
    n, x = len(times), [0.0, *times]
    if n == 1:
        return zeros[0] * t
    discrete, f = _forwards(tuple(times), tuple(zeros))
    if t > x[n]:
        return zeros[-1] * x[n] + f[n] * (t - x[n])
    i = min(max(bisect_left(x, t), 1), n)
    width, u = x[i] - x[i - 1], (t - x[i - 1]) / (x[i] - x[i - 1])
    area = _convex_area(f[i - 1] - discrete[i], f[i] - discrete[i], u)
    start = zeros[i - 2] * x[i - 1] if i > 1 else 0.0
    return start + discrete[i] * (t - x[i - 1]) + width * area


@cache
def _forwards(times: tuple[float, ...], zeros: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """Discrete forwards of the intervals (from the first) and instantaneous ones at the nodes (from the origin)."""
    n, x, grown = len(times), [0.0, *times], [0.0, *(z * t for z, t in zip(zeros, times, strict=True))]
    discrete = [0.0, *((grown[i] - grown[i - 1]) / (x[i] - x[i - 1]) for i in range(1, n + 1))]
    f = [0.0] * (n + 1)
    for i in range(1, n):
        left, right = x[i] - x[i - 1], x[i + 1] - x[i]
        f[i] = (left * discrete[i + 1] + right * discrete[i]) / (left + right)
    f[0] = discrete[1] - 0.5 * (f[1] - discrete[1])
    f[n] = discrete[n] - 0.5 * (f[n - 1] - discrete[n])
    return discrete, f


def _convex_area(g0: float, g1: float, u: float) -> float:
    """Integral of g from 0 to u in its four zones."""
    if g0 == 0.0 and g1 == 0.0:
        return 0.0
    if (g0 < 0 and -0.5 * g0 <= g1 <= -2 * g0) or (g0 > 0 and -0.5 * g0 >= g1 >= -2 * g0):
        return g0 * (u - 2 * u**2 + u**3) + g1 * (u**3 - u**2)
    if (g0 < 0 and g1 > -2 * g0) or (g0 > 0 and g1 < -2 * g0):
        eta = (g1 + 2 * g0) / (g1 - g0)
        return g0 * u + (0.0 if u <= eta else (g1 - g0) * (u - eta) ** 3 / (1 - eta) ** 2 / 3)
    if (g0 > 0 and 0 > g1 > -0.5 * g0) or (g0 < 0 and 0 < g1 < -0.5 * g0):
        eta = 3 * g1 / (g1 - g0)
        if u < eta:
            return g1 * u - (g0 - g1) / 3 * ((eta - u) ** 3 / eta**2 - eta)
        return (2 * g1 + g0) / 3 * eta + g1 * (u - eta)
    eta = g1 / (g1 + g0)
    a = -g0 * g1 / (g0 + g1)
    if u <= eta:
        return a * u - (g0 - a) / 3 * ((eta - u) ** 3 / eta**2 - eta) if eta > 0 else a * u
    area = (2 * a + g0) / 3 * eta
    return area + a * (u - eta) + (g1 - a) / 3 * (u - eta) ** 3 / (1 - eta) ** 2
