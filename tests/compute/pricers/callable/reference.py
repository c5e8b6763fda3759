"""A second implementation of bonds with rights: quadrature over the exact transition of the state, plain and slow.

    dx = -a x dt + sigma dW,   y = x exp(a t): its increments are independent of where it is, so every step between
    two dates is one convolution with a normal density, whatever its length. No lattice, no steps between dates.

Only what a bond pays and when comes from the code that is tested; nodes, branching and exercise do not.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_X, _W = np.polynomial.legendre.leggauss(12)
DEVIATIONS = 6.5
NEVER = 1e30


@dataclass(frozen=True)
class OneBond:
    """Days from the valuation date, ascending; present values per unit of notional. The last date is the redemption."""

    day: NDArray[np.int64]
    paid: Array
    call: Array
    """NEVER where there is none"""
    put: Array
    """-NEVER where there is none"""
    call_lag: Array
    """[R] B of the time from the decision to the payment"""
    put_lag: Array
    paid_lag: Array
    at_once: float


def loading(a: float, years: Any) -> Any:
    return years if abs(a) < 1e-10 else -np.expm1(-a * years) / a


def one_bond(book: Any, present: Array, i: int, scenario: int = 0) -> OneBond:
    """Of a `CallableBook` and the present values of its amounts."""
    first, end = book.dates.offsets[i], book.dates.offsets[i + 1]
    day = book.dates.day[first:end].astype(np.int64)
    amounts, sums, has = book.amounts, np.zeros((3, len(day))), np.zeros((3, len(day)), bool)
    at_once = 0.0
    for j in np.flatnonzero(amounts.position == i):
        if amounts.row[j] < 0:
            at_once += present[j, scenario]
        else:
            at = amounts.purpose[j], amounts.row[j] - first
            sums[at] += present[j, scenario]
            has[at] = True
    has[1:, -1] = False
    call, put = np.where(has[1], sums[1], NEVER), np.where(has[2], sums[2], -NEVER)
    lags = book.dates.strike_loading[:, first:end]
    return OneBond(day, sums[0], call, put, lags[0], lags[1], book.dates.paid_loading[first:end], at_once)


def price(bond: OneBond, a: float, sigma: float, fineness: float = 12.0, most: int = 12_000) -> float:
    """Dirty, per unit. The grid in y has `fineness` points to a deviation of the shortest step, `most` at most."""
    t = np.concatenate(([0.0], bond.day / 365.0))
    deviation = sigma * np.sqrt([_integral(lambda s: np.exp(2 * a * s), u, v) for u, v in pairwise(t)])
    whole = sigma * np.sqrt(_integral(lambda s: np.exp(2 * a * s), 0.0, t[-1]))
    spacing = max(np.min(deviation) / fineness, 2 * DEVIATIONS * whole / most)
    half = int(np.ceil((DEVIATIONS * whole + 4 * spacing) / spacing))
    y = spacing * np.arange(-half, half + 1)
    value = np.zeros(len(y))
    for k in range(len(bond.day) - 1, -1, -1):
        x, date = y * np.exp(-a * t[k + 1]), t[k + 1]
        value = np.minimum(value, _worth(bond.call[k], bond.call_lag[k], x, a, sigma, date))
        value = np.maximum(value, _worth(bond.put[k], bond.put_lag[k], x, a, sigma, date))
        value = value + _worth(bond.paid[k], bond.paid_lag[k], x, a, sigma, date)
        value = _back(value, y, t[k], date, a, sigma, deviation[k])
    return float(value[half]) + bond.at_once


def _integral(f: Any, u: float, v: float) -> float:
    """Gauss-Legendre on pieces of a year."""
    ends = np.linspace(u, v, max(2, int(np.ceil(v - u)) + 1))
    total = 0.0
    for low, high in pairwise(ends):
        total += (high - low) / 2 * float((_W * f((low + high) / 2 + (high - low) / 2 * _X)).sum())
    return total


def _variance(a: float, sigma: float, u: float, v: float) -> float:
    """Of the integral of x from u to v, seen from u."""
    return sigma * sigma * _integral(lambda s: loading(a, v - s) ** 2, u, v)


def _worth(present: float, lag: float, x: Array, a: float, sigma: float, date: float) -> Array:
    """Node by node of an amount known today, in units of the curve-free bond of the date; it is paid `lag` later."""
    if abs(present) >= NEVER:
        return np.full(len(x), present)
    if lag == 0.0:
        return np.full(len(x), present * np.exp(-_variance(a, sigma, 0.0, date) / 2))
    years = lag if abs(a) < 1e-10 else -np.log1p(-a * lag) / a
    constant = _variance(a, sigma, date, date + years) - _variance(a, sigma, 0.0, date + years)
    return present * np.exp(-lag * x + constant / 2)


def _back(value: Array, y: Array, u: float, v: float, a: float, sigma: float, deviation: float) -> Array:
    """E[exp(-integral of x) value(y_v) | y_u]: discounting shifts the normal density by its covariance with y."""
    spacing = y[1] - y[0]
    shift = sigma * sigma * _integral(lambda s: np.exp(a * s) * loading(a, v - s), u, v)
    reach = int(np.ceil((9.0 * deviation + shift) / spacing))
    padded = np.concatenate(
        (
            value[0] + (value[1] - value[0]) * np.arange(-reach, 0),
            value,
            value[-1] + (value[-1] - value[-2]) * np.arange(1, reach + 1),
        )
    )
    z = (spacing * np.arange(-reach, reach + 1) + shift) / deviation
    density = np.exp(-z * z / 2) * spacing / (deviation * np.sqrt(2 * np.pi))
    density /= density.sum()
    expected = np.convolve(padded, density[::-1], "valid")
    x = y * np.exp(-a * u)
    discounted: Array = expected * np.exp(-loading(a, v - u) * x + _variance(a, sigma, u, v) / 2)
    return discounted
