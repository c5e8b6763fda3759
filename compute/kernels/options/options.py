"""Options on a forward rate, undiscounted, and the rate that a capped and floored floater is expected to pay."""

import math

from numba import njit

from compute.kernels.options.caplet_volatilities import NORMAL, CapletSurfaces, caplet_volatility

CAPLET, FLOORLET = 1.0, -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def expected_rate(
    kind: int,
    forward: float,
    margin: float,
    cap: float,
    floor: float,
    cap_deviation: float,
    floor_deviation: float,
    shift: float = 0.0,
) -> float:
    """Expected max(floor, min(cap, F + margin)) of a rate that is still to be set.

        F + margin + floorlet(floor - margin) - caplet(cap - margin) where cap > floor, else the floor

    Args:    forward, margin, NaN for no cap or floor; deviations of F at the two strikes, as `option_on_rate`;
             shift of the surface, by which forward and strikes move up
    Returns: decimal, expected under the measure of the period's end
    Failure: NaN as `option_on_rate`
    """
    if cap <= floor:
        return floor
    rate = forward + margin
    if not math.isnan(floor):
        rate += option_on_rate(kind, FLOORLET, forward + shift, floor - margin + shift, floor_deviation)
    if not math.isnan(cap):
        rate -= option_on_rate(kind, CAPLET, forward + shift, cap - margin + shift, cap_deviation)
    return rate


@njit(cache=True, nogil=True, error_model="numpy")
def deviation_at(
    surfaces: CapletSurfaces, row: int, s: int, expiry_yr: float, strike: float, option_yr: float = math.nan
) -> float:
    """Volatility at the reset x sqrt(years that the rate moves for, to the reset unless said), NaN without a strike."""
    if math.isnan(strike):
        return math.nan
    years = expiry_yr if math.isnan(option_yr) else option_yr
    return caplet_volatility(surfaces, row, s, expiry_yr, strike) * math.sqrt(years)


@njit(cache=True, nogil=True, error_model="numpy")
def arrears_years(start_days: int, end_days: int) -> float:
    """Years of full volatility that a rate compounded from start to end still has before it.

        start ahead   start + (end - start) / 3
        begun         end^3 / (3 (end - start)^2), nil once the period has ended

    Its volatility falls in a straight line to nil over the period, as one daily fixing after the other gets known.

    Args:   days from the valuation date; start < end
    Source: Lyashenko and Mercurio (2019), Looking Forward to Backward-Looking Rates, section 4.3, linear decay
    """
    if start_days >= 0:
        return (start_days + (end_days - start_days) / 3.0) / 365.0
    left_days = max(end_days, 0)
    return left_days * left_days * left_days / (3.0 * (end_days - start_days) * (end_days - start_days)) / 365.0


@njit(cache=True, nogil=True, error_model="numpy")
def option_on_rate(kind: int, side: float, forward: float, strike: float, deviation: float) -> float:
    """Undiscounted value of a caplet (side 1) or floorlet (side -1) for a unit of accrual.

        NORMAL     side (F - K) N(side d) + deviation n(d),  d = (F - K) / deviation
        LOGNORMAL  side (F N(side d1) - K N(side d2)),       d1, d2 = ln(F / K) / deviation +- deviation / 2

    Args:     deviation = volatility x sqrt(years to the reset); forward, strike decimal
    Returns:  decimal, >= 0 up to rounding; the intrinsic value where deviation <= 0
    Accuracy: about 1e-17, absolute
    Failure:  LOGNORMAL with K <= 0 is exercised for certain or never, and is worth its intrinsic value, and so it is
              at F = 0; with F < 0 < K there is no such distribution: NaN
    Source:   Bachelier (1900), Black (1976)
    """
    intrinsic = max(side * (forward - strike), 0.0)
    if deviation <= 0.0:
        return intrinsic
    if kind == NORMAL:
        d = (forward - strike) / deviation
        return side * (forward - strike) * _normal_cdf(side * d) + deviation * _normal_density(d)
    if strike <= 0.0 or forward == 0.0:
        return intrinsic
    if forward < 0.0:
        return math.nan
    d1 = math.log(forward / strike) / deviation + 0.5 * deviation
    return side * (forward * _normal_cdf(side * d1) - strike * _normal_cdf(side * (d1 - deviation)))


@njit(cache=True, nogil=True, error_model="numpy")
def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _normal_density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
