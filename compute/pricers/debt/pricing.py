"""Loans and bonds: resolve once, project the flows, then every measure from the same flows."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.loan_events import has_events
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.dates.daycounts import year_fraction
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.kinks import with_differences
from compute.kernels.options.vega_ladders import by_expiry
from compute.kernels.valuing.average_lives import weighted_average_life, weighted_average_maturity_mo
from compute.kernels.valuing.yields import (
    YieldTimes,
    durations,
    has_time,
    last_period_beyond,
    solve_yields,
    yield_times,
)
from compute.outputs.family_values import Matrix, Valued
from compute.outputs.measures import SOLVED
from compute.pricers.debt.eventful import eventful_flows_of_a_basis_point, project_eventful
from compute.pricers.debt.projection import Projected, flows_of_a_basis_point, project_fixed, project_floating
from compute.pricers.debt.spreads import Held, with_spreads
from compute.pricers.debt.terms import FLOATING, Debt, debt_of, is_custom, resolve_debt
from compute.pricers.shared.bumps import key_rates_by_difference
from compute.pricers.shared.discounting import discounted, gains_of_spread, paid_factors, revalued
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.theta import is_asked, pv_for_theta
from domain.portfolio.tables import RATE_TYPES


def price_debt(run: RunInputs, terms: Terms, index: NDArray[np.int64], is_loan: NDArray[np.bool_]) -> Valued:
    """Positions that passed `check_debt`, all of a kind as `project_debt` takes them."""
    debt = resolve_debt(run, terms, is_loan)
    rate_type = terms.choice("rate_type", RATE_TYPES)
    return value_flows(run, debt, project_debt(run, debt, rate_type), index)


def project_debt(run: RunInputs, debt: Debt, rate_type: NDArray[np.int8]) -> Projected:
    """All fixed or all floating, and all with events or all without."""
    if has_events(debt.terms).any():
        return project_eventful(run, debt)
    return project_floating(run, debt) if rate_type[0] == FLOATING else project_fixed(run, debt, rate_type)


def value_flows(run: RunInputs, debt: Debt, projected: Projected, index: NDArray[np.int64]) -> Valued:
    tables, flows = run.tables, projected.flows
    found = discounted(run, flows, debt.discount_terms, sensitivities=not run.prices_only)
    key_rates = found.key_rate_dv01
    if projected.under is not None and not run.prices_only:
        key_rates = key_rates_by_difference(run, debt.discount_terms, projected.under)
    if projected.through_amounts_ccy is not None and not run.prices_only:
        key_rates = at_kinks(run, debt, projected, key_rates + projected.through_amounts_ccy)
    times = times_of(run, debt, flows) if run.asks(*SOLVED) else None
    yields, macaulay_yr, modified_yr = yields_and_durations(run, flows, times, found.pv)
    valued = Valued(
        index=index,
        notional_ccy=debt.notional_ccy,
        pv_ccy=found.pv,
        pv_up_ccy=bumped(run, debt, projected.flows_up, tables.discount_factors_up),
        pv_down_ccy=bumped(run, debt, projected.flows_down, tables.discount_factors_down),
        values={
            "KEY_RATE_DV01": key_rates,
            "FX_DELTA": fx_delta(run, debt.terms, found.pv),
            **gains_of_spread(found),
            "ACCRUED_INTEREST": projected.accrued_ccy,
            "YIELD": yields,
            "MACAULAY_DURATION": macaulay_yr,
            "MODIFIED_DURATION": modified_yr,
            "WAL": weighted_average_life(projected.flows_of_life or flows) if run.asks("WAL") else None,
            "WAM": weighted_average_maturity_mo(debt.maturity_day, run.as_of_day),
            "VEGA": vega(run, debt, projected),
            "VEGA_LADDER": vega_ladder(run, debt, projected) if run.asks("VEGA_LADDER") else None,
            "THETA": theta(run, debt, projected, found.pv) if is_asked(run) else None,
        },
        yield_exists=None if times is None else has_time(flows, times),
    )
    return with_spreads(run, valued, held(run, debt, projected, found.pv))


def at_kinks(run: RunInputs, debt: Debt, projected: Projected, key_rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """[m, S, K] key rates that add up to DV01's own difference where an intrinsic cap or floor bends within it."""
    if projected.near_kink is None:
        return key_rates
    chosen = np.flatnonzero(projected.near_kink.any(axis=1))
    some, factors = debt_of(debt, chosen), run.tables.discount_factors_of_a_basis_point
    moved_flows = eventful_flows_of_a_basis_point if has_events(some.terms).any() else flows_of_a_basis_point
    up, down = (
        revalued(run, flows, some.discount_terms, moved)
        for flows, moved in zip(moved_flows(run, some), factors, strict=True)
    )
    key_rates[chosen] = with_differences(key_rates[chosen], (down - up) / 2, projected.near_kink[chosen])
    return key_rates


def theta(run: RunInputs, debt: Debt, projected: Projected, pv_ccy: Matrix) -> Matrix:
    return pv_for_theta(run, projected.flows_for_theta or projected.flows, debt.discount_terms) - pv_ccy


def held(run: RunInputs, debt: Debt, projected: Projected, pv_ccy: NDArray[np.float64]) -> Held:
    floats = projected.projection_row is not None
    return Held(
        terms=debt.terms,
        flows=projected.flows,
        discount_terms=debt.discount_terms,
        notional_ccy=debt.notional_ccy,
        accrued_ccy=projected.accrued_ccy,
        pv_ccy=pv_ccy,
        projection_row=projected.projection_row,
        fraction=fractions_between_payments(debt, run.as_of_day) if floats else None,
    )


def fractions_between_payments(debt: Debt, as_of_day: int) -> NDArray[np.float64]:
    """[P] of the year from payment to payment, from the valuation date for the first, by each floater's day count."""
    schedules, owner = debt.schedules, debt.schedules.position_of_period
    before = np.concatenate(([as_of_day], schedules.pay[:-1])) if len(owner) else schedules.pay
    before[schedules.offsets[:-1][np.diff(schedules.offsets) > 0]] = as_of_day
    reference = schedules.reference_start, schedules.reference_end
    return year_fraction(debt.day_count[owner], before, schedules.pay, *reference, debt.frequency[owner])


def times_of(run: RunInputs, debt: Debt, flows: Flows) -> YieldTimes:
    times = yield_times(
        flows, debt.schedules, day_count=debt.day_count, frequency=debt.frequency, as_of_day=run.as_of_day
    )
    return times_of_custom_flows(run, debt, flows, times)


def vega(run: RunInputs, debt: Debt, projected: Projected) -> NDArray[np.float64] | None:
    """[m, S] of caps and floors on a surface, NaN where a position has none."""
    if projected.flows_of_volatility is None or projected.reads_volatility is None:
        return None
    up, down = (
        revalued(run, flows, debt.discount_terms, run.tables.discount_factors)
        for flows in projected.flows_of_volatility
    )
    return np.where(projected.reads_volatility[:, None], (up - down) / 2, np.nan)


def vega_ladder(run: RunInputs, debt: Debt, projected: Projected) -> NDArray[np.float64] | None:
    """[m, S, columns] each period's part of `vega`, at its reset; a period's payment moves with its own caplets.

    That of a LEVEL_PAY loan moves with those before it too: its balance does.
    """
    if projected.flows_of_volatility is None or projected.reads_volatility is None:
        return None
    (up, down), schedules = projected.flows_of_volatility, debt.schedules
    position = schedules.position_of_period
    gained_ccy = (up.interest + up.principal - down.interest - down.principal) / 2
    gained_ccy *= paid_factors(run, debt.discount_terms, position, up.day)
    expiry_yr = np.maximum(schedules.accrual_start - run.as_of_day, 0) / DAYS_PER_YEAR
    ladder = by_expiry(position, len(debt.is_loan), gained_ccy, expiry_yr)
    return np.where(projected.reads_volatility[:, None, None], ladder, np.nan)


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
    beyond = last_period_beyond(debt.schedules, debt.day_count, debt.frequency)
    is_last = at == debt.schedules.offsets[1:][position] - 1
    by_period = at - debt.schedules.offsets[:-1][position] + w[position] + np.where(is_last, beyond[position], 0.0)
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


def bumped(run: RunInputs, debt: Debt, flows: Flows, factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """[m, S] PV for convexity; blank, not computed, unless it was asked for."""
    if not run.asks("CONVEXITY"):
        return np.full((flows.position_count, run.scenario_count), np.nan)
    return revalued(run, flows, debt.discount_terms, factors)


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
