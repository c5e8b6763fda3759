"""FX forwards: a flow in the base currency of the pair against one in its quote currency."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]
Rows = NDArray[np.int32]

BASIS_POINT = 1e-4


@dataclass(frozen=True)
class FxForwards:
    """In the quote currency of each pair."""

    pv: Amounts
    """[n, S]"""
    base_leg_pv: Amounts
    """[n, S] of the base currency received; a rise of the spot by 1 % gains a hundredth of it"""
    key_rate_dv01: Amounts
    """[n, S, K]"""


@dataclass(frozen=True)
class FxForwardTerms:
    notional: Amounts
    """[n] base currency, positive buys it"""
    strike: Amounts
    """[n] quote currency for one of base"""
    maturity: Rows
    """[n] days from the valuation date"""
    spot_lag_days: Rows
    """[n] days from the valuation date to the one that the spot rate is for"""
    base_row: Rows
    """[n] discount curve of the base currency, row of the tables"""
    quote_row: Rows
    """[n] of the quote currency"""


def fx_forwards(
    terms: FxForwardTerms,
    *,
    spot: Amounts,
    discount_factors: Amounts,
    key_gradients: Amounts,
    gradient_of_scenario: NDArray[np.int32],
) -> FxForwards:
    """Present value of FX forwards and its gain when one key rate of all curves falls by a basis point.

    PV = notional x (S DF_quote(lag) / DF_base(lag) x DF_base(T) - strike x DF_quote(T))
    key_rate_dv01 = -1 bp x sum over discount factors of (value that it multiplies) x d ln DF / d key rate

    Args:    spot                  [n, S]  quote currency for one of base, for the day spot_lag_days ahead
             discount_factors      [curves, days, S]
             key_gradients         [gradients, curves, days, K]  d ln DF / d key rate
             gradient_of_scenario  [S]  into `key_gradients`
    Returns: FxForwards; 0 where maturity is on or before the valuation date
    """
    base_leg, quote_leg = _legs(terms, spot, discount_factors)

    def gradient(row: Rows, day: Rows) -> Amounts:
        return key_gradients[gradient_of_scenario, row[:, np.newaxis], np.maximum(day, 0)[:, np.newaxis]]

    lag, base, quote = terms.spot_lag_days, terms.base_row, terms.quote_row
    of_base_leg = gradient(base, terms.maturity) + gradient(quote, lag) - gradient(base, lag)
    slope = base_leg[..., np.newaxis] * of_base_leg - quote_leg[..., np.newaxis] * gradient(quote, terms.maturity)
    return FxForwards(base_leg - quote_leg, base_leg, -BASIS_POINT * slope)


def fx_forward_pv(terms: FxForwardTerms, *, spot: Amounts, discount_factors: Amounts) -> Amounts:
    """`fx_forwards(...).pv` [n, S] alone, under any table of discount factors (convexity, ladders)."""
    base_leg, quote_leg = _legs(terms, spot, discount_factors)
    return base_leg - quote_leg


def _legs(terms: FxForwardTerms, spot: Amounts, discount_factors: Amounts) -> tuple[Amounts, Amounts]:
    """Present value [n, S] in quote currency of what is received and of what is paid for it."""

    def factor(row: Rows, day: Rows) -> Amounts:
        factors: Amounts = discount_factors[row, np.maximum(day, 0)]
        return factors

    base, quote, lag = terms.base_row, terms.quote_row, terms.spot_lag_days
    alive = (terms.maturity > 0) * terms.notional
    spot_today = spot * factor(quote, lag) / factor(base, lag)
    received = alive[:, np.newaxis] * spot_today * factor(base, terms.maturity)
    return received, (alive * terms.strike)[:, np.newaxis] * factor(quote, terms.maturity)
