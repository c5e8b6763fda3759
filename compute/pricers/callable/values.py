"""Numbers of bonds with calls and puts, per unit of notional: price, bumps on one and the same grid, key rates, OAS.

A bump is a factor exp(-h t) on what is paid; branching, probabilities and nodes stay. VEGA alone has other lattices.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.hull_white.callable_bonds import CallableBonds, DatedAmounts, prices, prices_and_flows
from compute.kernels.valuing.discounting import discount
from compute.market.day_tables import CONVEXITY_SHIFT
from compute.outputs.family_values import Matrix
from compute.pricers.callable.terms import hull_white_of
from compute.pricers.debt.terms import Debt
from compute.pricers.shared.theta import A_DAY

MAX_AMOUNTS = 2_000_000
"""Present values held at a time: scenarios are taken in parts."""
SENSITIVITIES = {"DV01", "KEY_RATE_DV01", "CS01", "KEY_RATE_CS01", "EFFECTIVE_DURATION", "SPREAD_DURATION"}


@dataclass(frozen=True)
class UnitValues:
    """n bonds, S scenarios, K key rates; NaN, not computed, where nobody asked."""

    price: Matrix
    price_up: Matrix
    """all zero rates 25 bp up"""
    price_down: Matrix
    key_rate_dv01: NDArray[np.float64]
    """[n, S, K] adding up to the central difference of a basis point"""
    vega: Matrix


def unit_values(run: RunInputs, debt: Debt, bonds: CallableBonds) -> UnitValues:
    a, sigma = hull_white_of(run, debt.terms)
    moved = [bonds.on(a, sigma, bump=h) for h in (BASIS_POINT, -BASIS_POINT)] if _asks(run, "VEGA") else []
    parts = [_part(run, debt, bonds, moved, scenarios) for scenarios in parts_of(run, bonds)]
    return UnitValues(
        np.concatenate([each.price for each in parts], axis=1),
        np.concatenate([each.price_up for each in parts], axis=1),
        np.concatenate([each.price_down for each in parts], axis=1),
        np.concatenate([each.key_rate_dv01 for each in parts], axis=1),
        np.concatenate([each.vega for each in parts], axis=1),
    )


def prices_at_spreads(
    run: RunInputs, debt: Debt, bonds: CallableBonds, spread: Matrix, active: NDArray[np.bool_]
) -> Matrix:
    """Prices with constant spreads [n, S] in place of the bonds' own and their spread curves; NaN where not active."""
    on = debt.discount_terms.at_spread(spread)
    return np.concatenate(
        [prices(bonds, _present(run, on, bonds.amounts, part), active[:, part]) for part in parts_of(run, bonds)],
        axis=1,
    )


def grid_errors_per_100(run: RunInputs, debt: Debt, bonds: CallableBonds) -> Matrix:
    """[n, S] what the grid leaves of error: the price on the grid less that on one of half the steps, per 100.

    The error falls with the step, by half when steps double, so this is also about what an endless grid would add.
    """
    a, sigma = hull_white_of(run, debt.terms)
    full, half = (bonds.on(a, sigma, fineness) for fineness in (1.0, 0.5))
    everything = slice(0, run.scenario_count)
    present = _present(run, debt.discount_terms, bonds.amounts, everything)
    return 100.0 * (prices(full, present) - prices(half, present))


def _asks(run: RunInputs, *measures: str) -> bool:
    return not set(measures).isdisjoint(run.measures)


def parts_of(run: RunInputs, bonds: CallableBonds) -> Iterator[slice]:
    width = max(1, MAX_AMOUNTS // max(len(bonds.amounts.day), 1))
    return (slice(first, min(first + width, run.scenario_count)) for first in range(0, run.scenario_count, width))


def _part(run: RunInputs, debt: Debt, bonds: CallableBonds, moved: list[CallableBonds], scenarios: slice) -> UnitValues:
    present = _present(run, debt.discount_terms, bonds.amounts, scenarios)
    years = bonds.amounts.day[:, None] / DAYS_PER_YEAR
    keys = np.full((bonds.position_count, present.shape[1], run.tables.key_gradients.shape[-1]), np.nan)
    blank = np.full((bonds.position_count, present.shape[1]), np.nan)

    def shifted(h: float) -> Matrix:
        return prices(bonds, present * np.exp(-h * years))

    if _asks(run, *SENSITIVITIES):
        price, flows = prices_and_flows(bonds, present)
        dv01 = (shifted(-BASIS_POINT) - shifted(BASIS_POINT)) / 2
        keys = _adding_up(_key_rates(run, debt, flows, scenarios), dv01)
    else:
        price = prices(bonds, present)
    convex = _asks(run, "CONVEXITY")
    up, down = (shifted(h) if convex else blank for h in (CONVEXITY_SHIFT, -CONVEXITY_SHIFT))
    vega = (prices(moved[0], present) - prices(moved[1], present)) / 2 if moved else blank
    return UnitValues(price, up, down, keys, vega)


def _present(run: RunInputs, on: DiscountTerms, amounts: DatedAmounts, scenarios: slice) -> Matrix:
    """[A, S] amount x DF(t) x exp(-(spread + s(t)) t)."""
    position, day = amounts.position, amounts.day
    factors = run.tables.discount_factors[on.curve_row[position], day, scenarios]
    by_curve = amounts.amount * run.tables.spread_factors[on.spread_row[position], day]
    constant = np.exp(-on.spread[position, scenarios] * (day[:, None] / DAYS_PER_YEAR))
    present: Matrix = factors * by_curve[:, None] * constant
    return present


def present_for_theta(run: RunInputs, debt: Debt, amounts: DatedAmounts, scenarios: slice) -> Matrix:
    """[A, S] a day later, with the same curves by tenor; undiscounted what is paid that day."""
    on, position, day = debt.discount_terms, amounts.position, amounts.day
    factors = run.tables.discount_factors_for_theta[on.curve_row[position], day, scenarios]
    by_curve = amounts.amount * run.tables.spread_factors_for_theta[on.spread_row[position], day]
    constant = np.exp(-on.spread[position, scenarios] * ((day[:, None] - A_DAY) / DAYS_PER_YEAR))
    present: Matrix = factors * by_curve[:, None] * constant
    return present


def _key_rates(run: RunInputs, debt: Debt, flows: Flows, scenarios: slice) -> NDArray[np.float64]:
    return discount(
        flows,
        debt.discount_terms.under(scenarios),
        discount_factors=run.tables.discount_factors[:, :, scenarios],
        key_gradients=run.tables.key_gradients,
        gradient_of_scenario=run.tables.gradient_of_scenario[scenarios],
        spread_factors=run.tables.spread_factors,
    ).key_rate_dv01


def _adding_up(keys: NDArray[np.float64], dv01: Matrix) -> NDArray[np.float64]:
    """A node that changes its mind within the basis point leaves a rest, which is shared out by size."""
    size = np.abs(keys)
    share = size / np.maximum(size.sum(axis=2), np.finfo(np.float64).tiny)[..., None]
    shared: NDArray[np.float64] = keys + (dv01 - keys.sum(axis=2))[..., None] * share
    return shared
