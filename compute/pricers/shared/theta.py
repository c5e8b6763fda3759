"""What positions are worth a day later, with the same curves by tenor, and paid that day: THETA's other half.

Days keep counting from the valuation date, so terms, schedules and balances are resolved once. The tables of tomorrow
have on day d what today's have on day d - 1; what is paid tomorrow, on day 1, counts in full.
"""

import numpy as np

from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.discounting import present_values
from compute.outputs.family_values import Matrix

A_DAY = 1


def is_asked(run: RunInputs) -> bool:
    """Revaluing everything is not done for runs without THETA."""
    return run.asks("THETA")


def pv_for_theta(run: RunInputs, flows: Flows, on: DiscountTerms) -> Matrix:
    """[m, S] PV tomorrow of flows as they are projected tomorrow, those paid that day included."""
    tables = run.tables
    pv_ccy = present_values(
        flows, on, factors=tables.discount_factors_for_theta, spread_factors=tables.spread_factors_for_theta
    )
    # The constant spread was discounted from the valuation date, a day too far.
    later: Matrix = pv_ccy * np.exp(on.spread * A_DAY / DAYS_PER_YEAR)
    return later
