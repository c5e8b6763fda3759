"""Flows discounted on the run's tables."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.floating_sensitivity import Discounting
from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.discounting import Discounted, discount, present_values
from compute.outputs.family_values import Matrix


def discounted(run: RunInputs, flows: Flows, on: DiscountTerms, *, sensitivities: bool = True) -> Discounted:
    """Values, and what key rates and the spread do to them while the flows are held."""
    tables = run.tables
    return discount(
        flows,
        on,
        discount_factors=tables.discount_factors,
        key_gradients=tables.key_gradients,
        gradient_of_scenario=tables.gradient_of_scenario,
        spread_factors=tables.spread_factors,
        sensitivities=sensitivities,
        spread_tenors=run.asks("KEY_RATE_CS01"),
    )


def gains_of_spread(found: Discounted) -> dict[str, Matrix | None]:
    """What a basis point of the position's own spread is worth, whole and by tenor."""
    return {"CS01": found.cs01, "KEY_RATE_CS01": found.key_rate_cs01}


def revalued(run: RunInputs, flows: Flows, on: DiscountTerms, factors: NDArray[np.float64]) -> Matrix:
    """[m, S] PV under other discount factors."""
    return present_values(flows, on, factors=factors, spread_factors=run.tables.spread_factors)


def paid_factors(
    run: RunInputs, on: DiscountTerms, position: NDArray[np.int64], day: NDArray[np.int32]
) -> NDArray[np.float64]:
    """[F, S] discount factor to each payment, spreads included."""
    of_curve = run.tables.discount_factors[on.curve_row[position], day]
    of_spread = run.tables.spread_factors[on.spread_row[position], day][:, None]
    factors: Matrix = of_curve * of_spread * np.exp(-on.spread[position] * (day / DAYS_PER_YEAR)[:, None])
    return factors


def discounting_of(run: RunInputs, on: DiscountTerms) -> Discounting:
    """For what comes through a floater's forwards."""
    return Discounting(
        curve_row=on.curve_row,
        spread_row=on.spread_row,
        spread=on.spread,
        spread_factors=run.tables.spread_factors,
        key_gradients=run.tables.key_gradients,
        gradient_of_scenario=run.tables.gradient_of_scenario,
    )
