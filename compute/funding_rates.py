"""What money costs for some time: the rate of a currency's discount curve, compounded once a year."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import PRICES_ONLY, resolve
from compute.kernels.curves.curves import DAYS_PER_YEAR
from domain.market.document import MarketDocument
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import BASE_SCENARIO

Array = NDArray[np.float64]


def funding_rates(portfolio: Portfolio, market: MarketDocument, currencies: list[str], years: Array) -> Array:
    """[n] decimals; NaN where the market has no curve of the currency."""
    size, base = max(portfolio.position_count, 1), market.base_currency
    run = resolve(portfolio, market, [BASE_SCENARIO], base_currency=base, measures=PRICES_ONLY, chunk_size=size)
    factors, row_of = run.tables.discount_factors[:, :, 0], run.tables.discount_curve_of
    day = np.clip(np.rint(years * DAYS_PER_YEAR).astype(np.int64), 1, factors.shape[1] - 1)
    rows = np.array([row_of.get(each, -1) for each in currencies], np.int64)
    rate = factors[np.maximum(rows, 0), day] ** (-DAYS_PER_YEAR / day) - 1.0
    return np.where(rows < 0, np.nan, rate)
