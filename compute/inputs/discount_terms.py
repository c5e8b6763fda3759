"""Where positions discount, by their terms."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import ABSENT, Terms
from compute.kernels.flows.discount_terms import DiscountTerms


def discount_terms(run: RunInputs, terms: Terms) -> DiscountTerms:
    """With what scenarios add to the spread."""
    return DiscountTerms(
        curve_row=discount_rows(run, terms), spread_row=spread_rows(run, terms), spread=run.spread(terms)
    )


def unshocked_discount_terms(run: RunInputs, terms: Terms) -> DiscountTerms:
    """With the spread that the terms name; no scenario moves it."""
    return DiscountTerms(
        curve_row=discount_rows(run, terms), spread_row=spread_rows(run, terms), spread=run.own_spread(terms)
    )


def discount_rows(run: RunInputs, terms: Terms) -> NDArray[np.int32]:
    """Row of the discount curve: the instrument's, else the market's for the currency; below 0 where there is none."""
    named = terms.row_in("discount_curve", run.tables.curve_row)
    by_currency = terms.row_in("currency", run.tables.discount_curve_of)
    return np.where(named == ABSENT, by_currency, named).astype(np.int32)


def spread_rows(run: RunInputs, terms: Terms) -> NDArray[np.int32]:
    """Row of the spread curve; 0 where the instrument names none."""
    return np.maximum(terms.row_in("spread_curve", run.tables.spread_row), 0).astype(np.int32)
