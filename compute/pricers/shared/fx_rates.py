"""Amounts in other currencies: rates into base, and what a move of them is worth."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms


def fx_delta(run: RunInputs, terms: Terms, pv_ccy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain in base currency for +1 % of the instrument's currency; nothing where that is the base currency."""
    rates = fx_rates(run, terms)
    codes, currencies = terms.texts("currency")
    foreign = np.array([currency != run.base_currency for currency in currencies])[codes]
    return np.where(foreign[:, None], pv_ccy * rates * 0.01, 0.0)


def fx_rates(run: RunInputs, terms: Terms) -> NDArray[np.float64]:
    """[m, S] base currency per unit, NaN where the market has no way there."""
    codes, currencies = terms.texts("currency")
    unknown = np.full(run.scenario_count, np.nan)
    table = np.array([run.tables.fx_to_base.get(currency, unknown) for currency in currencies])
    return table[codes]
