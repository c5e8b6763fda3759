"""Tenor's derivatives: what a curve cannot change is resolved once, then values under every curve."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.derivative_terms import derivative_market
from benchmarks.peers.tenor import Prices, Values, fixed_flows_of, inputs_of
from benchmarks.peers.terms import Terms
from compute.inputs.discount_terms import unshocked_discount_terms
from compute.inputs.run_inputs import RunInputs
from compute.kernels.credit.cds_values import present_values as cds_values
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.fixed_balance_floaters import SteadyFloaters, steady_present_values
from compute.kernels.flows.floating import resolve_steady
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.fx.options import fx_option_pv
from compute.kernels.valuing.yields import solve_yields, yield_times
from compute.pricers.credit.cds import rates_of, resolve_cds
from compute.pricers.fx.forwards import pairs_of
from compute.pricers.fx.options import resolve_fx_options
from compute.pricers.rates.caps_floors import resolve_strip, strip_pv
from compute.pricers.rates.swap_legs import (
    LegTerms,
    fixed_leg_flows,
    float_leg_terms,
    leg_fixings,
)
from compute.pricers.rates.swaps import swap_leg
from compute.pricers.rates.swaptions import option_leg, option_pv, resolve_options
from compute.pricers.shared.discounting import revalued


def prices(terms: list[Terms], resolve: Callable[[RunInputs], Callable[[], Values]]) -> Prices:
    run = inputs_of(terms, derivative_market())

    def from_terms() -> Values:
        return resolve(run)()

    return Prices(resolve(run), from_terms)


def swaps(run: RunInputs) -> Callable[[], Values]:
    """Fixed leg paid."""
    terms = run.chunk(0)
    on, notional = unshocked_discount_terms(run, terms), -terms.position_number("notional")
    flows = fixed_leg_flows(run, swap_leg(run, terms, "fixed"), notional=notional, coupon=terms.number("coupon"))
    floaters = _floaters(run, swap_leg(run, terms, "float"), -notional)
    return lambda: _of_flows(run, flows, on) + _of_floaters(run, floaters, on)


def swaptions(run: RunInputs) -> Callable[[], Values]:
    terms = run.chunk(0)
    on, ones, options = unshocked_discount_terms(run, terms), np.ones(len(terms)), resolve_options(run, terms)
    annuity = fixed_leg_flows(run, option_leg(run, terms, "fixed"), notional=ones, coupon=ones)
    floaters = _floaters(run, option_leg(run, terms, "float"), ones)
    return lambda: option_pv(options, _of_flows(run, annuity, on), _of_floaters(run, floaters, on))


def _floaters(run: RunInputs, leg: LegTerms, notional: Values) -> SteadyFloaters:
    terms, margin = run.chunk(0), 0.0 * notional
    fixing = leg_fixings(run, terms, leg.schedules)
    float_terms = float_leg_terms(run, terms, leg, notional=notional, margin=margin, fixing=fixing)
    return resolve_steady(run.as_of_day, leg.schedules, float_terms, Speeds.none(len(terms)))


def _of_floaters(run: RunInputs, floaters: SteadyFloaters, on: DiscountTerms) -> Values:
    tables = run.tables
    return steady_present_values(floaters, on, factors=tables.discount_factors, spread_factors=tables.spread_factors)


def _of_flows(run: RunInputs, flows: Any, on: DiscountTerms) -> Values:
    return revalued(run, flows, on, run.tables.discount_factors)


def caps(run: RunInputs) -> Callable[[], Values]:
    terms = run.chunk(0)
    strip, on = resolve_strip(run, terms), unshocked_discount_terms(run, terms)
    return lambda: strip_pv(run, strip, on, run.tables.discount_factors)


def credit_default_swaps(run: RunInputs) -> Callable[[], Values]:
    terms = run.chunk(0)
    resolved, notional = resolve_cds(run, terms), terms.position_number("notional")[:, None]
    swaps, premiums, rows, credit = resolved
    return lambda: cds_values(swaps, premiums, rows, rates_of(run), credit) * notional


def fx_options(run: RunInputs) -> Callable[[], Values]:
    terms = run.chunk(0)
    pairs = pairs_of(run, terms)
    options = resolve_fx_options(run, terms, pairs)
    return lambda: fx_option_pv(options, spot=pairs.spot, discount_factors=run.tables.discount_factors)


def yields(run: RunInputs) -> Callable[[], Values]:
    """Of bonds at their values under each curve: one search each."""
    debt, flows = fixed_flows_of(run)
    of_dates: dict[str, Any] = {"day_count": debt.day_count, "frequency": debt.frequency, "as_of_day": run.as_of_day}
    times = yield_times(flows, debt.schedules, **of_dates)
    prices = revalued(run, flows, debt.discount_terms, run.tables.discount_factors)
    return lambda: solve_yields(flows, times, price_ccy=prices)[0]
