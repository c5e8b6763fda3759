"""Where ratings go: powers of the market's transition matrix of one year."""

import numpy as np
import pyarrow as pa

from domain.market.document import MarketDocument
from domain.market.rating_transitions import annual_matrix
from domain.refusals import Refused

MAX_YEARS = 100


def migration_table(market: MarketDocument, years: int) -> pa.Table:
    """A row for each rating and year; products are added in one order, so that every machine agrees."""
    annual = annual_matrix(market.rating_transitions)
    if annual is None:
        message = "the market has no transition matrix"
        raise Refused("NO_TRANSITION_MATRIX", message, "add one under `rating_transitions`")
    if not 1 <= years <= MAX_YEARS:
        raise Refused("OUT_OF_RANGE", f"--years is {years}", f"use 1 to {MAX_YEARS}")
    one = np.array(annual.rows)
    powers = [one]
    for _ in range(1, years):
        powers.append((powers[-1][:, :, None] * one[None, :, :]).sum(axis=1))
    rows = len(annual.states)
    columns: dict[str, object] = {
        "rating": list(annual.states) * years,
        "years": pa.array(np.repeat(np.arange(1, years + 1), rows), pa.int64()),
    }
    stacked = np.concatenate(powers)
    return pa.table(columns | {f"to_{state}": stacked[:, place] for place, state in enumerate(annual.states)})
