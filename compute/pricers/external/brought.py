"""Positions whose value is brought, not worked out: cash, equity and trades of products that Tenor does not price."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.outputs.failures import Failing
from compute.outputs.family_values import Valued
from domain.measures.failures import Reason

MARKET_VALUE = "market_value"


def check_external(_run: RunInputs, terms: Terms, failing: Failing) -> None:
    value_ccy, brought = terms.attribute_number(MARKET_VALUE)
    failing.where(
        brought & np.isnan(value_ccy), Reason.INVALID_TERMS, lambda i: f"{MARKET_VALUE} of position {i} is no number"
    )


def price_external(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """The same under every scenario, but for the exchange rate; no move of rates says anything of it."""
    value_ccy, brought = terms.attribute_number(MARKET_VALUE)
    notional_ccy = terms.position_number("notional")
    shape = (len(terms), run.scenario_count)
    pv_ccy = np.broadcast_to(np.where(brought, value_ccy, notional_ccy)[:, None], shape).copy()
    unknown = np.full(shape, np.nan)
    return Valued(index, notional_ccy, pv_ccy, unknown, unknown, values={}, has_price=False)
