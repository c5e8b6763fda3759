"""European options on an exchange rate: Garman and Kohlhagen, on the forward."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.options.option_strips import BASIS_POINT, option_values, vega_of

Amounts = NDArray[np.float64]
Rows = NDArray[np.int32]


@dataclass(frozen=True)
class FxOptionTerms:
    """n options, and the volatility that each reads under S scenarios."""

    notional: Amounts
    """[n] base currency of the pair"""
    side: Amounts
    """[n] 1 for a call on the base currency, -1 for a put"""
    strike: Amounts
    """[n] quote currency for one of base"""
    expiry: Rows
    """[n] days from the valuation date"""
    spot_lag_days: Rows
    """[n] days from the valuation date to the one that the spot rate is for"""
    base_row: Rows
    """[n] discount curve of the base currency, row of the tables"""
    quote_row: Rows
    kind: NDArray[np.int8]
    """[n] index in volatility.KINDS"""
    vol: Amounts
    """[n, S]"""
    valued_in_days: int = 0
    """1 with the tables of tomorrow, from which the option has so much less time to run"""

    @property
    def root_yr(self) -> Amounts:
        root: Amounts = np.sqrt(np.maximum(self.expiry - self.valued_in_days, 0) / DAYS_PER_YEAR)
        return root


def fx_option_pv(terms: FxOptionTerms, *, spot: Amounts, discount_factors: Amounts) -> Amounts:
    """Present value [n, S] in the quote currency of each pair; 0 where expiry is on or before the valuation date.

        PV = notional x DF_quote(T) x option(F, strike, vol sqrt(T)),  F = S_0 DF_base(T) / DF_quote(T)
        S_0 = S DF_quote(lag) / DF_base(lag), the spot S being for the day spot_lag_days ahead

    Args:    spot              [n, S]  quote currency for one of base
             discount_factors  [curves, days, S]
    Accuracy: 1e-12 relative of QuantLib
    Source:  Garman and Kohlhagen (1983)
    """
    forward, paid = _forward_and_paid(terms, spot, discount_factors)
    return paid * _option(terms, forward)


def fx_option_vega(terms: FxOptionTerms, *, spot: Amounts, discount_factors: Amounts) -> Amounts:
    """Gain [n, S] for a point more of lognormal volatility (a basis point of normal), quote currency."""
    forward, paid = _forward_and_paid(terms, spot, discount_factors)
    return paid * vega_of(terms.kind, terms.side, forward, terms.strike, terms.vol, terms.root_yr)


def fx_option_key_rates(
    terms: FxOptionTerms,
    *,
    spot: Amounts,
    discount_factors: Amounts,
    key_gradients: Amounts,
    gradient_of_scenario: Rows,
) -> Amounts:
    """Gain [n, S, K] when one key rate of all curves falls by a basis point.

        -1 bp x (PV d ln DF_quote(T) + dPV / d ln F x d ln F) / d key rate

    Args:     key_gradients [gradients, curves, days, K]; gradient_of_scenario [S]
    Accuracy: dPV / d ln F is the central difference over what a basis point of one curve does to ln F; where both
              curves move alike F stays, and the sum over key rates has no part of it
    """
    forward, paid = _forward_and_paid(terms, spot, discount_factors)
    step = BASIS_POINT * (np.maximum(terms.expiry, 1) / DAYS_PER_YEAR)[:, None]
    higher, lower = _option(terms, forward * np.exp(step)), _option(terms, forward * np.exp(-step))
    slope = paid * (higher - lower) / (2.0 * step)

    def gradient(row: Rows, day: Rows) -> Amounts:
        return key_gradients[gradient_of_scenario, row[:, None], np.maximum(day, 0)[:, None]]

    lag, base, quote, expiry = terms.spot_lag_days, terms.base_row, terms.quote_row, terms.expiry
    of_paid = gradient(quote, expiry)
    of_forward = gradient(base, expiry) - of_paid + gradient(quote, lag) - gradient(base, lag)
    value = paid * _option(terms, forward)
    return -BASIS_POINT * (value[..., None] * of_paid + slope[..., None] * of_forward)


def _option(terms: FxOptionTerms, forward: Amounts) -> Amounts:
    return option_values(terms.kind, terms.side, forward, terms.strike, terms.vol * terms.root_yr[:, None])


def _forward_and_paid(terms: FxOptionTerms, spot: Amounts, discount_factors: Amounts) -> tuple[Amounts, Amounts]:
    """[n, S] forward rate for expiry, and notional x discount factor of the quote currency; nothing once expired."""

    def factor(row: Rows, day: Rows) -> Amounts:
        factors: Amounts = discount_factors[row, np.maximum(day, 0)]
        return factors

    base, quote, lag = terms.base_row, terms.quote_row, terms.spot_lag_days
    of_quote = factor(quote, terms.expiry)
    forward = spot * factor(quote, lag) / factor(base, lag) * factor(base, terms.expiry) / of_quote
    return forward, ((terms.expiry > 0) * terms.notional)[:, None] * of_quote
