"""Which curve discounts a position."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import ABSENT, Terms


def discount_rows(run: RunInputs, terms: Terms) -> NDArray[np.int32]:
    """Row of the discount curve: the instrument's, else the market's for the currency; below 0 where there is none."""
    named = terms.row_in("discount_curve", run.tables.curve_row)
    by_currency = terms.row_in("currency", run.tables.discount_curve_of)
    return np.where(named == ABSENT, by_currency, named).astype(np.int32)
