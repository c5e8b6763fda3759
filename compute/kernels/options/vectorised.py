"""Options on forwards, four scenarios to a register: exponential, logarithm and normal distribution of lanes."""

import math
from typing import Any

from compute.kernels.kernel import kernel
from compute.kernels.options.caplet_volatilities import NORMAL
from compute.kernels.simd.lanes import at_least, at_most, exponent, floor, splat, times_power_of_2, where_less

LOG_2_HIGH, LOG_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""Together ln 2; the first has so few digits that its product with a whole number below 2^20 is exact."""
LOG_2_E = 1.4426950408889634
MIN_EXPONENT = -708.0
TAIL = 7.0
FARTHEST = 37.0
ROOT_2_PI = 2.5066282746310002
NORMAL_OVER = (
    *(220.206867912376, 221.213596169931, 112.079291497871, 33.912866078383),
    *(6.37396220353165, 0.700383064443688, 3.52624965998911e-02, 0.0),
)
NORMAL_UNDER = (
    *(440.413735824752, 793.826512519948, 637.333633378831, 296.564248779674),
    *(86.7807322029461, 16.064177579207, 1.75566716318264, 8.83883476483184e-02),
)


@kernel
def _eight(x: Any, c0: float, c1: float, c2: float, c3: float, c4: float, c5: float, c6: float, c7: float) -> Any:
    """c0 + c1 x + ... + c7 x^7 in pairs (Estrin): a third of the time that one power after another takes."""
    square = x * x
    low = (splat(c0) + splat(c1) * x) + (splat(c2) + splat(c3) * x) * square
    high = (splat(c4) + splat(c5) * x) + (splat(c6) + splat(c7) * x) * square
    return low + high * (square * square)


@kernel
def _eighth_power(x: Any) -> Any:
    square = x * x
    return (square * square) * (square * square)


@kernel
def lane_exp(x: Any) -> Any:
    """exp(x) of -708 to 708, outside as there; relative error 2e-16.

    exp(x) = 2^n exp(r), n = floor(x / ln 2 + 1/2), exp(r) by its series to r^13, |r| <= ln 2 / 2
    """
    x = at_least(at_most(x, splat(-MIN_EXPONENT)), splat(MIN_EXPONENT))
    n = floor(x * splat(LOG_2_E) + splat(0.5))
    r = (x - n * splat(LOG_2_HIGH)) - n * splat(LOG_2_LOW)
    low = _eight(r, 1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0)
    high = _eight(r, 1 / 40320, 1 / 362880, 1 / 3628800, 1 / 39916800, 1 / 479001600, 1 / 6227020800, 0.0, 0.0)
    y = low + high * _eighth_power(r)
    return times_power_of_2(y, n)


@kernel
def lane_log(x: Any) -> Any:
    """ln x of positive normal numbers; absolute error 2e-16, relative 4e-16 near 1.

    ln x = e ln 2 + 2 artanh(s), x = m 2^e, s = (m - 1) / (m + 1), sqrt(1/2) <= m <= sqrt(2)
    """
    one, e = splat(1.0), exponent(x)
    m = times_power_of_2(x, splat(0.0) - e)
    is_low = where_less(m, splat(1.4142135623730951), one, splat(0.5))
    e, m = e + where_less(is_low, one, one, splat(0.0)), m * is_low
    s = (m - one) / (m + one)
    z = s * s
    low = _eight(z, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15, 1 / 17)
    y = low + (splat(1 / 19) + (splat(1 / 21) + splat(1 / 23) * z) * z) * _eighth_power(z)
    twice = s + s
    return e * splat(LOG_2_HIGH) + (twice + (twice * z * y + e * splat(LOG_2_LOW)))


@kernel
def lane_normal(x: Any) -> tuple[Any, Any]:
    """N(x), and exp(-x^2 / 2); absolute error 3e-16.

    Source: Hart and others (1968), Computer Approximations, 5666, as West (2005), Better approximations to cumulative
            normal functions, gives it; beyond 7 Laplace's continued fraction, five deep
    """
    nought, one = splat(0.0), splat(1.0)
    size = at_most(where_less(x, nought, nought - x, x), splat(FARTHEST))
    density = lane_exp(splat(-0.5) * size * size)
    p = _eight(size, *NORMAL_OVER)
    q = _eight(size, *NORMAL_UNDER)
    square = size * size
    over = (square + splat(9.0)) * square + splat(8.0)
    under = ((square + splat(10.0)) * square + splat(15.0)) * size * splat(ROOT_2_PI)
    within = where_less(size, splat(TAIL), one, nought)
    ratio = where_less(nought, within, p, over) / where_less(nought, within, q, under)
    beyond = density * ratio
    return where_less(x, nought, beyond, one - beyond), density


@kernel
def lane_option(kind: int, side: float, forward: Any, strike: float, deviation: Any) -> Any:
    """`options.option_on_rate` of lanes of forwards and deviations; absolute error 1e-15 of forward and strike."""
    nought, struck, sided = splat(0.0), splat(strike), splat(side)
    gain = sided * (forward - struck)
    intrinsic = at_least(gain, nought)
    spread = where_less(nought, deviation, deviation, splat(1.0))
    if kind == NORMAL:
        chance, density = lane_normal(gain / spread)
        value = gain * chance + spread * density * splat(1.0 / ROOT_2_PI)
        return where_less(nought, deviation, value, intrinsic)
    if strike <= 0.0:
        return intrinsic
    positive = where_less(nought, forward, forward, struck)
    d1 = lane_log(positive * splat(1.0 / strike)) / spread + splat(0.5) * spread
    first, _ = lane_normal(sided * d1)
    second, _ = lane_normal(sided * (d1 - spread))
    value = sided * (positive * first - struck * second)
    value = where_less(nought, forward, value, where_less(forward, nought, splat(math.nan), intrinsic))
    return where_less(nought, deviation, value, intrinsic)
