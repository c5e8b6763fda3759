"""Counterparty exposure of derivatives: SA-CCR, CRE52."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


def supervisory_duration(start_yr: Array, end_yr: Array, rate: float) -> Array:
    """What an adjusted notional of rates and credit counts its time for: (exp(-r S) - exp(-r E)) / r. CRE52.34."""
    found: Array = (np.exp(-rate * start_yr) - np.exp(-rate * end_yr)) / rate
    return found


def option_deltas(price: Array, strike: Array, expiry_yr: Array, volatility: Array, kind: Array, shift: float) -> Array:
    """Delta of a bought option: N(d) of a call, -N(-d) of a put.

        d = (ln(P / K) + vol^2 T / 2) / (vol sqrt(T))

    Args:   kind  [n] 1 for a call, -1 for a put
            shift  what P and K are lifted to at least, where one of them is not above 0
    Source: CRE52.40-41
    """
    lowest = np.minimum(price, strike)
    lift = np.where(lowest > 0.0, 0.0, shift - lowest)
    spread = volatility * np.sqrt(expiry_yr)
    with np.errstate(divide="ignore", invalid="ignore"):
        moneyness = np.log((price + lift) / (strike + lift))
        d = np.where(spread > 0.0, (moneyness + 0.5 * spread**2) / spread, np.sign(moneyness) * np.inf)
    d = np.where(np.isnan(d) & ~np.isnan(moneyness), 0.0, d)
    deltas: Array = kind * ndtr(kind * d)
    return deltas


def maturity_factors(maturity_yr: Array, least_yr: float) -> Array:
    """Without margin: sqrt(min(max(M, least), 1)). CRE52.48."""
    factors: Array = np.sqrt(np.clip(maturity_yr, least_yr, 1.0))
    return factors


def rate_notionals(of_trade: Array, bucket: Rows, hedging_set: Rows, count: int, near: float, far: float) -> Array:
    """[count] effective notional of each currency's hedging set. CRE52.57.

    D = sqrt(D1^2 + D2^2 + D3^2 + 2 near (D1 D2 + D2 D3) + 2 far D1 D3)
    """
    sums = np.bincount(hedging_set * 3 + bucket, weights=of_trade, minlength=3 * count).reshape(count, 3)
    first, second, third = sums.T
    square = (sums**2).sum(axis=1) + 2.0 * near * (first * second + second * third) + 2.0 * far * first * third
    notionals: Array = np.sqrt(np.maximum(square, 0.0))
    return notionals


def name_addons(of_name: Array, correlation: Array, hedging_set: Rows, count: int) -> Array:
    """[count] of names that share one systematic factor: sqrt((sum rho A)^2 + sum (1 - rho^2) A^2). CRE52.61-70."""
    systematic = np.bincount(hedging_set, weights=correlation * of_name, minlength=count)
    own = np.bincount(hedging_set, weights=(1.0 - correlation**2) * of_name**2, minlength=count)
    addons: Array = np.sqrt(systematic**2 + own)
    return addons


def multipliers(value: Array, collateral: Array, addon: Array, floor: float) -> Array:
    """What excess collateral leaves of the add-on, at least the floor; 1 without an add-on. CRE52.23."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inside = (value - collateral) / (2.0 * (1.0 - floor) * addon)
        grown = floor + (1.0 - floor) * np.exp(np.minimum(inside, 0.0))
    found: Array = np.where(addon > 0.0, np.minimum(1.0, grown), 1.0)
    return found
