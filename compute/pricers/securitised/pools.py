"""Mortgage pools: resolve once, project the flows, then every measure from the same flows."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import discount_terms
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms, row_of
from compute.kernels.dates.daycounts import THIRTY_360
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.pass_throughs import (
    PoolDates,
    PoolTerms,
    pay_days,
    pool_accrued_interest,
    pool_flows,
)
from compute.kernels.valuing.average_lives import weighted_average_life
from compute.kernels.valuing.pool_yields import pool_yield_times
from compute.kernels.valuing.yields import bond_equivalent, durations, solve_yields
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.debt.checks import check_discounting, check_speeds
from compute.pricers.debt.prepayment_models import following, follows_model
from compute.pricers.debt.speeds import Behaviour, behaviours_of, flows_of_variants
from compute.pricers.debt.spreads import Held, with_spreads
from compute.pricers.debt.terms import FLOATING
from compute.pricers.shared.bumps import AS_IS, Bump, for_convexity, key_rates_by_difference, reprojected
from compute.pricers.shared.checks import check_present
from compute.pricers.shared.discounting import discounted, gains_of_spread
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.theta import is_asked, pv_for_theta
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS, RATE_TYPES

MONTHS_PER_YEAR = 12.0


def price_pools(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_pools`, all at quoted speeds or all at a model's.

    Quoted speeds are held when rates move, so the bumps discount the same flows.
    """
    dates, pools = pool_dates(terms), pool_terms(terms)
    on, under = discount_terms(run, terms), partial(flows_of_pools, run, terms, dates, pools)
    by_model = bool(follows_model(run, terms).any())
    if by_model:
        flows, flows_up, flows_down, for_theta = reprojected(run, under)
    else:
        flows = flows_up = flows_down = under(AS_IS)
        for_theta = None
    found = discounted(run, flows, on, sensitivities=not run.prices_only)
    key_rates = found.key_rate_dv01
    if by_model and not run.prices_only:
        key_rates = key_rates_by_difference(run, on, under)
    pv_up_ccy, pv_down_ccy = for_convexity(run, on, flows_up, flows_down)
    yields, macaulay_yr, modified_yr = _yields(run, dates, flows, found.pv)
    accrued_ccy = _accrued(run, terms, dates, flows)
    held = Held(
        terms=terms,
        flows=flows,
        discount_terms=on,
        notional_ccy=pools.balance_ccy,
        accrued_ccy=accrued_ccy,
        pv_ccy=found.pv,
    )
    valued = Valued(
        index=index,
        notional_ccy=pools.balance_ccy,
        pv_ccy=found.pv,
        pv_up_ccy=pv_up_ccy,
        pv_down_ccy=pv_down_ccy,
        values={
            "KEY_RATE_DV01": key_rates,
            "FX_DELTA": fx_delta(run, terms, found.pv),
            **gains_of_spread(found),
            "ACCRUED_INTEREST": accrued_ccy,
            "YIELD": yields,
            "MACAULAY_DURATION": macaulay_yr,
            "MODIFIED_DURATION": modified_yr,
            "WAL": weighted_average_life(flows) if run.asks("WAL") else None,
            "WAM": np.where(np.diff(flows.offsets) > 0, pools.wam_mo, np.nan),
            "THETA": pv_for_theta(run, for_theta or flows, on) - found.pv if is_asked(run) else None,
        },
    )
    return with_spreads(run, valued, held)


def flows_of_pools(run: RunInputs, terms: Terms, dates: PoolDates, pools: PoolTerms, bump: Bump = AS_IS) -> Flows:
    project = partial(pool_flows, run.as_of_day, dates, pools, in_parts=run.in_parts)
    return flows_of_variants(behaviours_under(run, terms, dates, pools, bump), project)


def behaviours_under(
    run: RunInputs, terms: Terms, dates: PoolDates, pools: PoolTerms, bump: Bump = AS_IS
) -> list[Behaviour]:
    """Speeds of the pools, and what those of a model follow where a move of rates is `bump`."""
    return following(
        run,
        terms,
        behaviours_of(run, terms),
        bump,
        pay_day=pay_days(dates, pools.wam_mo),
        gross_rate=np.repeat(pools.wac, pools.wam_mo),
        held_ccy=pools.balance_ccy,
    )


def pool_terms(terms: Terms) -> PoolTerms:
    """`coupon` is what investors receive: the servicing fee is already taken off `wac`."""
    return PoolTerms(
        terms.position_number("notional"),
        terms.number("wac"),
        terms.whole("wam"),
        terms.whole("age"),
        terms.number("coupon"),
    )


def pool_dates(terms: Terms) -> PoolDates:
    return PoolDates(
        terms.day("first_payment_date"),
        terms.whole("payment_delay_days"),
        terms.flag("end_of_month"),
        terms.choice("calendar", CALENDARS, "NONE"),
        terms.choice("business_day", BUSINESS_DAYS, "UNADJUSTED"),
    )


def _yields(run: RunInputs, dates: PoolDates, flows: Flows, pv_ccy: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Bond-equivalent yields and the durations at them; blank, not computed, unless one of them was asked for."""
    if not run.asks("YIELD", "MACAULAY_DURATION", "MODIFIED_DURATION"):
        blank = np.full(pv_ccy.shape, np.nan)
        return blank, blank, blank
    times = pool_yield_times(run.as_of_day, dates, flows)
    monthly, _ = solve_yields(flows, times, price_ccy=pv_ccy)
    macaulay_yr = durations(flows, times, monthly).macaulay_yr
    yields = bond_equivalent(monthly, MONTHS_PER_YEAR)
    return yields, macaulay_yr, macaulay_yr / (1.0 + yields / 2.0)


def _accrued(run: RunInputs, terms: Terms, dates: PoolDates, flows: Flows) -> NDArray[np.float64]:
    named = terms.choice("day_count", DAY_COUNTS)
    accrued_ccy = pool_accrued_interest(
        run.as_of_day,
        dates,
        balance=terms.position_number("notional"),
        pass_through=terms.number("coupon"),
        day_count=np.where(named < 0, THIRTY_360, named).astype(np.int8),
    )
    return np.where(np.diff(flows.offsets) > 0, accrued_ccy, 0.0)


def check_pools(run: RunInputs, terms: Terms, failing: Failing) -> None:
    failing.where(
        terms.choice("rate_type", RATE_TYPES) == FLOATING,
        Reason.UNSUPPORTED,
        "a pool with a floating pass-through rate is not in this release",
    )
    numbers = {name: np.isnan(terms.number(name)) for name in ("wac", "wam", "age", "coupon")}
    failing.where(
        (terms.texts("default")[0] >= 0) & (terms.number("recovery_lag_months", 0.0) >= terms.number("wam")),
        Reason.INVALID_TERMS,
        "nothing can default: recovery_lag_months is not shorter than wam",
    )
    dated = {"first_payment_date": terms.day("first_payment_date") == ABSENT_DATE}
    check_present(failing, {**numbers, **dated, "prepayment": terms.texts("prepayment")[0] < 0})
    check_speeds(run, terms, failing)
    check_discounting(run, terms, failing)


def is_tranche(terms: Terms) -> NDArray[np.bool_]:
    """[m] listed in `tranches`: it is paid by its deal, not by a pool of its own."""
    table = terms.portfolio.tables.get("tranches")
    if table is None or not table.rows:
        return np.zeros(len(terms), np.bool_)
    ids, listed = terms.portfolio.tables["instruments"].columns["instrument_id"], table.columns["instrument_id"]

    def of_instruments() -> NDArray[np.bool_]:
        found = np.zeros(len(ids.categories) + 1, np.bool_)
        found[[row for row in (row_of(ids, text) for text in listed.categories) if row >= 0]] = True
        return found

    of_ids: NDArray[np.bool_] = terms.lookups.once("tranche", "instrument_id", of_instruments)
    return of_ids[terms.texts("instrument_id")[0]]
