"""Callable and puttable bonds: Hull-White on a lattice that is fitted to the discount curve plus the bond's spread.

A bond of which no exercise is left is a straight bond, floating ones too.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.hull_white.callable_bonds import CallableBonds
from compute.kernels.valuing.average_lives import weighted_average_life, weighted_average_maturity_mo
from compute.kernels.valuing.spread_search import solve_spreads
from compute.kernels.valuing.spread_tenors import of_key_rates
from compute.kernels.valuing.yields import has_time, yield_times
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.callable.terms import build_bonds, hull_white_of, live_exercises
from compute.pricers.callable.theta import prices_for_theta
from compute.pricers.callable.values import prices_at_spreads, unit_values
from compute.pricers.debt.checks import check_debt
from compute.pricers.debt.pricing import price_debt, yields_and_durations
from compute.pricers.debt.projection import Projected, project_fixed
from compute.pricers.debt.spreads import PER_RATE, Held, market_values, with_spreads
from compute.pricers.debt.terms import FLOATING, Debt, resolve_debt
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.theta import is_asked
from domain.measures.failures import Reason
from domain.portfolio.tables import RATE_TYPES


def check_callables(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_debt(run, terms, failing)
    has_right = np.bincount(live_exercises(run, terms).position, minlength=len(terms)) > 0
    failing.where(
        has_right & (terms.choice("rate_type", RATE_TYPES) == FLOATING),
        Reason.UNSUPPORTED,
        "a floating-rate bond with calls or puts still to come is not priced by this release",
    )
    failing.where(
        has_right & np.isnan(hull_white_of(run, terms)[0]),
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no hull_white for {terms.text_at('currency', i)}, which calls and puts need",
    )


def price_callables(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Iterator[Valued]:
    """Positions that passed `check_callables`: those with an exercise still to come, and the others."""
    has_right = np.bincount(live_exercises(run, terms).position, minlength=len(terms)) > 0
    floating = terms.choice("rate_type", RATE_TYPES) == FLOATING
    for members, price in (
        (has_right, _price_optional),
        (~has_right & ~floating, _price_straight),
        (~has_right & floating, _price_straight),
    ):
        chosen = np.flatnonzero(members)
        if len(chosen):
            yield price(run, terms.of(chosen), index[chosen])


def _price_straight(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    return price_debt(run, terms, index, np.zeros(len(terms), np.bool_))


def _price_optional(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """From a unit of notional: who is short a callable bond is still not the one who calls."""
    debt = resolve_debt(run, terms, np.zeros(len(terms), np.bool_))
    unit = replace(debt, notional_ccy=np.ones(len(terms)))
    projected = project_fixed(run, unit, terms.choice("rate_type", RATE_TYPES))
    flows, notional = projected.flows, debt.notional_ccy[:, None]
    bonds = build_bonds(run, unit, flows, live_exercises(run, terms)).on(*hull_white_of(run, terms))
    values = unit_values(run, unit, bonds)
    times = yield_times(
        flows, debt.schedules, day_count=debt.day_count, frequency=debt.frequency, as_of_day=run.as_of_day
    )
    yields, macaulay_yr, modified_yr = yields_and_durations(run, flows, times, values.price)
    key_rate_dv01_ccy = notional[..., None] * values.key_rate_dv01
    held = _to_maturity(unit, projected, values.price)
    valued = Valued(
        index=index,
        notional_ccy=debt.notional_ccy,
        pv_ccy=notional * values.price,
        pv_up_ccy=notional * values.price_up,
        pv_down_ccy=notional * values.price_down,
        values={
            "KEY_RATE_DV01": key_rate_dv01_ccy,
            "FX_DELTA": fx_delta(run, terms, notional * values.price),
            # A basis point of spread and one of all zero rates do the same to everything that is paid.
            "CS01": key_rate_dv01_ccy.sum(axis=2),
            "KEY_RATE_CS01": of_key_rates(key_rate_dv01_ccy) if run.asks("KEY_RATE_CS01") else None,
            "ACCRUED_INTEREST": debt.notional_ccy * projected.accrued_ccy,
            "YIELD": yields,
            "MACAULAY_DURATION": macaulay_yr,
            "MODIFIED_DURATION": modified_yr,
            "WAL": weighted_average_life(flows),
            "WAM": weighted_average_maturity_mo(debt.maturity_day, run.as_of_day),
            "VEGA": notional * values.vega,
            "THETA": notional * (prices_for_theta(run, unit, bonds) - values.price) if is_asked(run) else None,
        },
        yield_exists=has_time(flows, times),
    )
    return with_spreads(run, valued, held).with_values({"OAS": _oas_bp(run, unit, bonds, held)})


def _to_maturity(unit: Debt, projected: Projected, price: Matrix) -> Held:
    """The straight bond at the price of the one with rights, per unit of notional."""
    return Held(
        terms=unit.terms,
        flows=projected.flows,
        discount_terms=unit.discount_terms,
        notional_ccy=unit.notional_ccy,
        accrued_ccy=projected.accrued_ccy,
        pv_ccy=price,
        is_flows_alone=False,
    )


def _oas_bp(run: RunInputs, unit: Debt, bonds: CallableBonds, held: Held) -> Matrix | None:
    """The spread at which a unit is worth its market price plus accrued interest, else its model price."""
    if "OAS" not in run.measures:
        return None

    def price_at(spread: Matrix, active: NDArray[np.bool_]) -> Matrix:
        return prices_at_spreads(run, unit, bonds, spread, active)

    return solve_spreads(price_at, market_values(held)[0], unit.discount_terms.spread) * PER_RATE
