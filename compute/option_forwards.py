"""The forward that an option is on: a swap rate, the rate of a cap's last period, an exchange rate at expiry."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from compute.inputs.terms import Terms
from compute.pricers.fx.forwards import pairs_of
from compute.pricers.fx.options import resolve_fx_options
from compute.pricers.rates.caps_floors import resolve_strip
from compute.pricers.rates.swaptions import forward_rates
from compute.product_families import check, families_of
from domain.market.document import MarketDocument
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import PRODUCT_TYPES
from domain.scenarios.shocks import BASE_SCENARIO

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


def option_forwards(portfolio: Portfolio, market: MarketDocument, base_currency: str, rows: Rows) -> Array:
    """[n] of rows of the positions, on the market as it is; NaN of what is no option, or cannot be valued."""
    size = max(portfolio.position_count, 1)
    run = resolve(
        portfolio, market, [BASE_SCENARIO], base_currency=base_currency, measures=PRICES_ONLY, chunk_size=size
    )
    terms = run.terms_of(rows)
    family, is_fine = families_of(terms), check(run, terms).fine
    found = np.full(len(rows), np.nan)
    for product, forwards in (("SWAPTION", _of_swaptions), ("CAP_FLOOR", _of_caps), ("FX_OPTION", _of_pairs)):
        mine = np.flatnonzero((family == PRODUCT_TYPES.index(product)) & is_fine)
        if len(mine):
            found[mine] = forwards(run, terms.of(mine))
    return found


def _of_swaptions(run: RunInputs, terms: Terms) -> Array:
    return forward_rates(run, terms)[:, 0]


def _of_caps(run: RunInputs, terms: Terms) -> Array:
    """Of the last period; NaN where none is to reset."""
    strip = resolve_strip(run, terms)
    if not len(strip.reset):
        return np.full(len(terms), np.nan)
    rate = (strip.growth(run.tables.discount_factors)[:, 0] - 1.0) / strip.fraction
    last = strip.offsets[1:] - 1
    return np.where(np.diff(strip.offsets) > 0, rate[last], np.nan)


def _of_pairs(run: RunInputs, terms: Terms) -> Array:
    """Spot is for its own day: F = S x DF_base(lag, expiry) / DF_quote(lag, expiry)."""
    pairs = pairs_of(run, terms)
    options, factors = resolve_fx_options(run, terms, pairs), run.tables.discount_factors
    base, quote = (
        factors[row, options.expiry][:, 0] / factors[row, options.spot_lag_days][:, 0]
        for row in (options.base_row, options.quote_row)
    )
    forward: Array = pairs.spot[:, 0] * base / quote
    return forward
