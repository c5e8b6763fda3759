"""Loans and bonds: resolve once, project the flows, then every measure from the same flows."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.discounting import discount, present_values
from compute.kernels.flows import Flows
from compute.kernels.lives import weighted_average_life, weighted_average_maturity_mo
from compute.kernels.yields import YieldTimes, durations, has_time, solve_yields, yield_times
from compute.measures import SOLVED
from compute.pricers.debt_terms import FLOATING, Debt, is_custom, resolve_debt
from compute.pricers.exchange import fx_delta
from compute.pricers.projection import Projected, project_fixed, project_floating
from compute.run_inputs import RunInputs
from compute.terms import Terms
from compute.valued import Valued
from domain.tables import RATE_TYPES


def price_debt(run: RunInputs, terms: Terms, index: NDArray[np.int64], is_loan: NDArray[np.bool_]) -> Valued:
    """Positions that passed `check_debt`, all fixed or all floating."""
    debt = resolve_debt(run, terms, is_loan)
    rate_type = terms.choice("rate_type", RATE_TYPES)
    projected = project_floating(run, debt) if rate_type[0] == FLOATING else project_fixed(run, debt, rate_type)
    return value_flows(run, debt, projected, index)


def value_flows(run: RunInputs, debt: Debt, projected: Projected, index: NDArray[np.int64]) -> Valued:
    tables, flows = run.tables, projected.flows
    discounted = discount(
        flows,
        curve_row=debt.curve_row,
        spread_row=debt.spread_row,
        spread=debt.spread,
        discount_factors=tables.discount_factors,
        key_gradients=tables.key_gradients,
        gradient_of_scenario=tables.gradient_of_scenario,
        spread_factors=tables.spread_factors,
    )
    key_rates = discounted.key_rate_dv01
    if projected.through_amounts_ccy is not None:
        key_rates = key_rates + projected.through_amounts_ccy
    times = times_of(run, debt, flows) if run.asks(*SOLVED) else None
    yields, macaulay_yr, modified_yr = yields_and_durations(run, flows, times, discounted.pv)
    return Valued(
        index=index,
        notional_ccy=debt.notional_ccy,
        pv_ccy=discounted.pv,
        pv_up_ccy=revalued(run, debt, projected.flows_up, tables.discount_factors_up),
        pv_down_ccy=revalued(run, debt, projected.flows_down, tables.discount_factors_down),
        key_rate_dv01_ccy=key_rates,
        fx_delta_base=fx_delta(run, debt.terms, discounted.pv),
        cs01_ccy=discounted.cs01,
        accrued_ccy=projected.accrued_ccy,
        yields=yields,
        yield_exists=None if times is None else has_time(flows, times),
        macaulay_yr=macaulay_yr,
        modified_yr=modified_yr,
        wal_yr=weighted_average_life(flows) if run.asks("WAL") else None,
        wam_mo=weighted_average_maturity_mo(debt.maturity_day, run.as_of_day),
        vega_ccy=vega(run, debt, projected),
    )


def times_of(run: RunInputs, debt: Debt, flows: Flows) -> YieldTimes:
    times = yield_times(
        flows, debt.schedules, day_count=debt.day_count, frequency=debt.frequency, as_of_day=run.as_of_day
    )
    return times_of_custom_flows(run, debt, flows, times)


def vega(run: RunInputs, debt: Debt, projected: Projected) -> NDArray[np.float64] | None:
    """[m, S] of caps and floors on a surface, NaN where a position has none."""
    if projected.flows_of_volatility is None or projected.reads_volatility is None:
        return None
    up, down = (revalued(run, debt, flows, run.tables.discount_factors) for flows in projected.flows_of_volatility)
    return np.where(projected.reads_volatility[:, None], (up - down) / 2, np.nan)


def times_of_custom_flows(run: RunInputs, debt: Debt, flows: Flows, times: YieldTimes) -> YieldTimes:
    """A CUSTOM table may skip payment dates: k counts the schedule's periods up to each flow.

    Flows that are not all on the loan's payment dates are timed by ACT/365F years instead.
    """
    chosen = debt.is_loan & is_custom(debt) & (debt.frequency > 0)
    if not chosen.any() or not len(debt.schedules.pay):
        return times
    position = np.repeat(np.arange(flows.position_count), np.diff(flows.offsets))
    first = flows.offsets[:-1][np.diff(flows.offsets) > 0]
    at, on_date = periods_of(debt, flows, position, run.as_of_day)
    on_schedule = np.bincount(position, ~on_date, flows.position_count) == 0
    w = np.zeros(flows.position_count)
    w[position[first]] = times.gap[first]
    by_period = at - debt.schedules.offsets[:-1][position] + w[position]
    time = np.where(on_schedule[position], by_period, flows.day / 365.0 * times.per_year[position])
    gap = np.diff(time, prepend=0.0)
    gap[first] = time[first]
    return YieldTimes(np.where(chosen[position], gap, times.gap), times.per_year)


def periods_of(
    debt: Debt, flows: Flows, position: NDArray[np.int64], as_of_day: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """[F] row of the schedule's first payment on or after each flow, and whether it is on that very day."""
    stride = np.int64(1) << 32
    schedules = debt.schedules
    paid = schedules.position_of_period * stride + (schedules.pay - as_of_day)
    wanted = position * stride + flows.day
    at = np.minimum(np.searchsorted(paid, wanted), len(paid) - 1)
    return at, paid[at] == wanted


def revalued(run: RunInputs, debt: Debt, flows: Flows, factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """[m, S] PV under other discount factors; blank, not computed, unless convexity was asked for."""
    if not run.asks("CONVEXITY"):
        return np.full((flows.position_count, run.scenario_count), np.nan)
    return present_values(
        flows,
        curve_row=debt.curve_row,
        spread_row=debt.spread_row,
        spread=debt.spread,
        factors=factors,
        spread_factors=run.tables.spread_factors,
    )


def yields_and_durations(
    run: RunInputs, flows: Flows, times: YieldTimes | None, pv_ccy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Blank, not computed, unless one of them was asked for: the search is the dearest of the measures."""
    if times is None or not run.asks("YIELD", "MACAULAY_DURATION", "MODIFIED_DURATION"):
        blank = np.full(pv_ccy.shape, np.nan)
        return blank, blank, blank
    yields, _ = solve_yields(flows, times, price_ccy=pv_ccy)
    at_yield = durations(flows, times, yields)
    return yields, at_yield.macaulay_yr, at_yield.modified_yr
