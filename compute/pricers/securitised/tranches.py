"""Tranches: flows of the projected deals, for each position's own face, then every measure from them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.inputs.deals import Deal, deals_of
from compute.inputs.discount_terms import discount_terms
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.dates.daycounts import THIRTY_360, year_fraction
from compute.kernels.deals.terms import NOTIONAL, RESIDUAL
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.kinks import with_differences
from compute.kernels.valuing.yields import YieldTimes, bond_equivalent, durations, solve_yields
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.debt.checks import check_discounting
from compute.pricers.debt.spreads import Held, with_spreads
from compute.pricers.securitised.deal_problems import problems_of
from compute.pricers.securitised.projections import DealFlows, ProjectedDeal, project
from compute.pricers.shared.bumps import factors_under, of_a_basis_point
from compute.pricers.shared.discounting import discounted, gains_of_spread, revalued
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.theta import is_asked, pv_for_theta
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_CODE

Amounts = NDArray[np.float64]
Rows = NDArray[np.int64]

MONTH_DAYS = 30.0
MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True)
class Place:
    """Where an instrument stands: its deal and its row among the tranches."""

    deal: Deal
    row: int


def places_of(run: RunInputs) -> dict[str, Place]:
    """instrument_id -> place, for every tranche of the portfolio; made once a run."""

    def make() -> dict[str, Place]:
        deals = deals_of(run.portfolio)
        return {name: Place(deal, row) for deal in deals.values() for row, name in enumerate(deal.instrument_ids)}

    found: dict[str, Place] = run.lookups.once("places of tranches", "", make)
    return found


def projected(run: RunInputs, deal: Deal) -> ProjectedDeal:
    """Once a run, whichever chunk asks first."""
    made: ProjectedDeal = run.lookups.once(
        f"projected deal, {run.is_contractual}, {run.without_default}", deal.deal_id, partial(project, run, deal)
    )
    return made


def price_tranches(run: RunInputs, terms: Terms, index: Rows) -> Valued:
    """Positions that passed `check_tranches`."""
    held = held_tranches(run, terms)
    flows = flows_held(run, held, lambda each: each.flows)
    on = discount_terms(run, terms)
    found = discounted(run, flows, on, sensitivities=not run.prices_only)
    key_rates = found.key_rate_dv01
    if not run.prices_only:
        key_rates = key_rates + _through_amounts(run, held, found.key_rate_dv01, on)
        key_rates = _by_difference(run, held, key_rates, on)
    up, down = _wide(run, held, on)
    yields, macaulay_yr, modified_yr = _yields(run, flows, found.pv)
    accrued_ccy = _accrued(run, held)
    spreads = Held(
        terms=terms,
        flows=flows,
        discount_terms=on,
        notional_ccy=held.notional_ccy,
        accrued_ccy=accrued_ccy,
        pv_ccy=found.pv,
    )
    theta = pv_for_theta(run, flows_held(run, held, _for_theta), on) - found.pv if is_asked(run) else None
    valued = Valued(
        index=index,
        notional_ccy=held.notional_ccy,
        pv_ccy=found.pv,
        pv_up_ccy=up,
        pv_down_ccy=down,
        values={
            "KEY_RATE_DV01": key_rates,
            "FX_DELTA": fx_delta(run, terms, found.pv),
            **gains_of_spread(found),
            "ACCRUED_INTEREST": accrued_ccy,
            "YIELD": yields,
            "MACAULAY_DURATION": macaulay_yr,
            "MODIFIED_DURATION": modified_yr,
            "WAL": _average_lives(run, held) if run.asks("WAL") else None,
            "THETA": theta,
        },
    )
    return with_spreads(run, valued, spreads)


@dataclass(frozen=True)
class HeldTranches:
    """m positions: the distinct tranches that they hold, and which of them each holds how much of."""

    places: list[Place]
    deals: list[ProjectedDeal]
    """of each distinct tranche"""
    tranche: Rows
    """[m] into `places`"""
    notional_ccy: Amounts
    """[m]"""
    share: Amounts
    """[m] of the tranche"""


def held_tranches(run: RunInputs, terms: Terms) -> HeldTranches:
    codes, ids = terms.texts("instrument_id")
    distinct, tranche = np.unique(codes, return_inverse=True)
    known = places_of(run)
    places = [known[ids[code]] for code in distinct]
    balance = np.array([place.deal.tranches.balance_ccy[place.row] for place in places])
    notional = terms.position_number("notional")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(balance[tranche] > 0.0, notional / balance[tranche], 0.0)
    return HeldTranches(places, [projected(run, place.deal) for place in places], tranche, notional, share)


def _for_theta(each: ProjectedDeal) -> DealFlows:
    return each.flows if each.for_theta is None else each.for_theta


def flows_held(run: RunInputs, held: HeldTranches, which: Any) -> Flows:
    """Flows of the distinct tranches, gathered for the positions; those paid by the valuation date are past."""
    days, counts, first = [], [], []
    interest, principal = [], []
    for place, deal in zip(held.places, held.deals, strict=True):
        flows: DealFlows = which(deal)
        day = place.deal.pay_day - run.as_of_day
        live = np.flatnonzero(day > 0)
        counts.append(len(live))
        first.append(live[0] if len(live) else 0)
        days.append(day[live])
        of = flows.variant_of_scenario
        interest.append(flows.interest[place.row][live][:, of])
        principal.append(flows.principal[place.row][live][:, of])
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    count = np.array(counts)[held.tranche]
    offsets = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    rows = np.repeat(starts[:-1][held.tranche] - offsets[:-1], count) + np.arange(offsets[-1])
    share = np.repeat(held.share, count)[:, None]
    number = np.concatenate([np.arange(each) for each in counts])
    return Flows(
        offsets,
        np.concatenate(days).astype(np.int32)[rows],
        number.astype(np.int32)[rows],
        np.concatenate(interest)[rows] * share,
        np.concatenate(principal)[rows] * share,
        np.arange(run.scenario_count, dtype=np.int32),
    )


def _through_amounts(run: RunInputs, held: HeldTranches, discounting: Amounts, on: DiscountTerms) -> Amounts:
    """[m, S, K] what key rates do by moving the flows themselves; nil for deals that no rate moves.

    The parts add up to the parallel move: what is left over is shared out by size.
    """
    through = np.zeros(discounting.shape)
    if not any(each.key_rates for each in held.deals):
        return through

    def value(which: Any) -> Matrix:
        return revalued(run, flows_held(run, held, which), on, run.tables.discount_factors)

    for key in range(discounting.shape[2]):
        up = value(lambda each, k=key: each.key_rates[k][0] if each.key_rates else each.flows)
        down = value(lambda each, k=key: each.key_rates[k][1] if each.key_rates else each.flows)
        through[:, :, key] = (down - up) / 2.0
    up = value(lambda each: each.parallel[0] if each.parallel else each.flows)
    down = value(lambda each: each.parallel[1] if each.parallel else each.flows)
    left = (down - up) / 2.0 - through.sum(axis=2)
    size = np.abs(discounting + through)
    total = size.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(total[:, :, None] > 0.0, size / total[:, :, None], 1.0 / discounting.shape[2])
    all_of_it: Amounts = through + left[:, :, None] * weight
    return all_of_it


def _by_difference(run: RunInputs, held: HeldTranches, key_rates: Amounts, on: DiscountTerms) -> Amounts:
    """[m, S, K] of deals whose lines follow a model: both values of each difference as they are.

    Their speeds bend too much within a basis point for what discounting and amounts do one by one to add up.
    """
    bends = np.array([any(each.deal.prepayment_models) and bool(each.key_rates) for each in held.deals])[held.tranche]
    if not bends.any():
        return key_rates

    def gain(key: int) -> Matrix:
        def side(each: ProjectedDeal, number: int) -> DealFlows:
            moved = each.parallel if key < 0 else each.key_rates[key] if each.key_rates else None
            return moved[number] if moved else each.flows

        up, down = (
            revalued(run, flows_held(run, held, partial(side, number=n)), on, factors_under(run, bump))
            for n, bump in enumerate((of_a_basis_point(1, key), of_a_basis_point(-1, key)))
        )
        return (down - up) / 2.0

    by_key = np.stack([gain(key) for key in range(key_rates.shape[2])], axis=2)
    summed = with_differences(by_key, gain(-1), np.ones(by_key.shape[:2], np.bool_))
    chosen: Amounts = np.where(bends[:, None, None], summed, key_rates)
    return chosen


def _wide(run: RunInputs, held: HeldTranches, on: DiscountTerms) -> tuple[Matrix, Matrix]:
    """Values under all zero rates 25 bp up and down, the deals projected anew."""
    if not run.asks("CONVEXITY"):
        blank = np.full((1, 1), np.nan)
        return blank, blank
    tables = run.tables
    values = []
    for side, factors in enumerate((tables.discount_factors_up, tables.discount_factors_down)):
        flows = flows_held(run, held, lambda each, s=side: each.convexity[s] if each.convexity else each.flows)
        values.append(revalued(run, flows, on, factors))
    return values[0], values[1]


def _yields(run: RunInputs, flows: Flows, pv_ccy: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Bond-equivalent of a monthly yield, months of 30 days from the valuation date to each payment."""
    if not run.asks("YIELD", "MACAULAY_DURATION", "MODIFIED_DURATION"):
        blank = np.full(pv_ccy.shape, np.nan)
        return blank, blank, blank
    as_of = np.full(len(flows.day), run.as_of_day, np.int32)
    pay = flows.day + run.as_of_day
    months = MONTHS_PER_YEAR * year_fraction(THIRTY_360, as_of, pay, as_of, pay, 12)
    gap = np.diff(months, prepend=0.0)
    live = np.diff(flows.offsets) > 0
    first = flows.offsets[:-1][live]
    gap[first] = months[first]
    times = YieldTimes(gap, np.full(flows.position_count, MONTHS_PER_YEAR))
    monthly, _ = solve_yields(flows, times, price_ccy=pv_ccy)
    macaulay_yr = durations(flows, times, monthly).macaulay_yr
    yields = bond_equivalent(monthly, MONTHS_PER_YEAR)
    return yields, macaulay_yr, macaulay_yr / (1.0 + yields / 2.0)


def _accrued(run: RunInputs, held: HeldTranches) -> Amounts:
    """Balance x the rate in progress x the fraction by date from the start of accrual; none of a RESIDUAL."""
    of_tranche = np.zeros(len(held.places))
    for number, (place, projected_deal) in enumerate(zip(held.places, held.deals, strict=True)):
        deal, row = place.deal, place.row
        if deal.tranches.kind[row] == RESIDUAL:
            continue
        start, end = deal.start_day[:1], deal.end_day[:1]
        to = np.clip(np.array([run.as_of_day], np.int32), start, end)
        part = float(year_fraction(deal.day_counts[row], start, to, start, end, 12)[0])
        of_tranche[number] = deal.tranches.balance_ccy[row] * projected_deal.flows.rate[row, 0, 0] * part
    accrued: Amounts = of_tranche[held.tranche] * held.share
    return accrued


def _average_lives(run: RunInputs, held: HeldTranches) -> Matrix:
    """[m, S] of principal paid, of a strip the falls of its notional, by the deal's own day count."""
    of_tranche = np.full((len(held.places), run.scenario_count), np.nan)
    for number, (place, projected_deal) in enumerate(zip(held.places, held.deals, strict=True)):
        deal, row, flows = place.deal, place.row, projected_deal.flows
        kind = deal.tranches.kind[row]
        if kind == RESIDUAL:
            continue
        paid = flows.principal[row] if kind != NOTIONAL else flows.notional[row] - flows.closing[row]
        pay = deal.pay_day
        as_of = np.full(len(pay), run.as_of_day, np.int32)
        by_month = year_fraction(THIRTY_360, as_of, pay, as_of, pay, 12)
        years = by_month if deal.wal_is_thirty_360 else (pay - run.as_of_day) / DAYS_PER_YEAR
        live = (pay > run.as_of_day)[:, None]
        total = np.where(live, paid, 0.0).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            life = (np.where(live, paid, 0.0) * years[:, None]).sum(axis=0) / total
        of_tranche[number] = np.where(total > 0.0, life, np.nan)[flows.variant_of_scenario]
    lives: Matrix = of_tranche[held.tranche]
    return lives


def check_tranches(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """What stands in the way of a deal stands in the way of all its tranches, with one sentence."""
    codes, ids = terms.texts("instrument_id")
    known = places_of(run)
    for code in np.unique(codes):
        place = known.get(ids[code]) if code != ABSENT_CODE else None
        mine = codes == code
        if place is None:
            sentence = f"tranche {ids[code]} is of a deal without collateral or without terms"
            failing.where(mine, Reason.INVALID_TERMS, sentence)
            continue
        for reason, sentence in problems_of(run, place.deal):
            failing.where(mine, reason, sentence)
    check_discounting(run, terms, failing)
