"""The flows of a chunk, a family at a time: those that are priced, of loans, bonds, pools and tranches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import discount_terms
from compute.inputs.loan_events import has_events, resets_its_rate
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.deals.terms import NOTIONAL, RESIDUAL
from compute.kernels.flows.adjustable_rates import next_resets
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import OF_RECOVERED, PARTS, Flows
from compute.kernels.valuing.repricing import balances_left
from compute.outputs.failures import Failing
from compute.pricers.debt.eventful import resolve_eventful
from compute.pricers.debt.projection import project_fixed, project_floating
from compute.pricers.debt.terms import FLOATING, Debt, resolve_debt
from compute.pricers.matured.recoveries import recovering, recovery_flows
from compute.pricers.securitised.pools import flows_of_pools, pool_dates, pool_terms
from compute.pricers.securitised.tranches import HeldTranches, flows_held, held_tranches
from compute.product_families import TRANCHE, families_of
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES

Days = NDArray[np.int32]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

LOAN, POOL = PRODUCT_TYPES.index("LOAN"), PRODUCT_TYPES.index("ABS_MBS")
DEBT = (LOAN, *(PRODUCT_TYPES.index(name) for name in ("BOND", "CALLABLE_BOND")))
SHOWN = (*DEBT, POOL, TRANCHE)
"""Families that have cash flows to show; callables to maturity."""


@dataclass(frozen=True)
class FamilyFlows:
    """m positions of one family, as they are priced."""

    place: Rows
    """[m] in the chunk"""
    flows: Flows
    discount_terms: DiscountTerms
    notional_ccy: NDArray[np.float64]
    has_parts: Flags
    """[m] principal is told in its parts: of loans and pools"""
    reprices: Flags
    """[m] false for NOTIONAL and RESIDUAL"""
    floats: Flags
    """[m]"""
    reset_day: Days
    """[m] next reset of what floats, as an offset from the valuation date"""
    tranches: HeldTranches | None = None
    debt: Debt | None = None
    """terms and schedules of loans and bonds"""


def family_flows(run: RunInputs, terms: Terms, failing: Failing) -> Iterator[FamilyFlows]:
    """Of the positions that pass `chunks.check`. A debt that is past its maturity pays nothing by contract."""
    product, past = families_of(terms), recovering(run, terms)
    floating = terms.choice("rate_type", RATE_TYPES) == FLOATING
    alive, is_debt = failing.fine & ~past, np.isin(product, DEBT)
    eventful = has_events(terms)
    families = (
        (past & failing.fine & np.isin(product, SHOWN) & (not run.is_contractual), _recoveries),
        (is_debt & ~floating & ~eventful & alive, _debt),
        (is_debt & floating & ~eventful & alive, _debt),
        (eventful & ~floating & alive, _eventful),
        (eventful & floating & alive, _eventful),
        ((product == POOL) & alive, _pools),
        ((product == TRANCHE) & alive, _tranches),
    )
    for members, make in families:
        chosen = np.flatnonzero(members)
        if len(chosen):
            yield make(run, terms.of(chosen), chosen)


def _recoveries(run: RunInputs, terms: Terms, place: Rows) -> FamilyFlows:
    """What is still to come of a debt past its maturity reprices when it is paid."""
    flows, everyone = recovery_flows(run, terms), np.ones(len(terms), np.bool_)
    parts = np.zeros((len(PARTS), *flows.principal.shape))
    parts[OF_RECOVERED] = flows.principal
    floats = terms.choice("rate_type", RATE_TYPES) == FLOATING
    flows = Flows(
        flows.offsets, flows.day, flows.period, flows.interest, flows.principal, flows.variant_of_scenario, parts
    )
    return _family(run, terms, place, flows, has_parts=everyone, floats=floats)


def _debt(run: RunInputs, terms: Terms, place: Rows) -> FamilyFlows:
    is_loan = families_of(terms) == LOAN
    debt, rate_type = resolve_debt(run, terms, is_loan), terms.choice("rate_type", RATE_TYPES)
    floats = rate_type == FLOATING
    flows = (project_floating(run, debt) if floats[0] else project_fixed(run, debt, rate_type)).flows
    return replace(_family(run, terms, place, flows, has_parts=is_loan, floats=floats), debt=debt)


def _eventful(run: RunInputs, terms: Terms, place: Rows) -> FamilyFlows:
    """Adjustable rates reprice at their next reset; at the last payment where that comes first."""
    is_loan = families_of(terms) == LOAN
    debt = resolve_debt(run, terms, is_loan)
    flows = resolve_eventful(run, debt).flows_today()
    family = _family(
        run, terms, place, flows, has_parts=is_loan, floats=terms.choice("rate_type", RATE_TYPES) == FLOATING
    )
    resets = resets_its_rate(terms)
    per_year = np.where(resets, terms.whole("reset_frequency", 1), 1).astype(np.int32)
    first = np.where(resets, terms.day("first_reset_date"), run.as_of_day).astype(np.int32)
    day = np.minimum(next_resets(run.as_of_day, first, per_year) - run.as_of_day, _last_payments(flows))
    return replace(family, reset_day=np.where(resets, day, family.reset_day).astype(np.int32), debt=debt)


def _pools(run: RunInputs, terms: Terms, place: Rows) -> FamilyFlows:
    flows, everyone = flows_of_pools(run, terms, pool_dates(terms), pool_terms(terms)), np.ones(len(terms), np.bool_)
    return _family(run, terms, place, flows, has_parts=everyone, floats=~everyone)


def _tranches(run: RunInputs, terms: Terms, place: Rows) -> FamilyFlows:
    held, nobody = held_tranches(run, terms), np.zeros(len(terms), np.bool_)
    flows = flows_held(run, held, lambda each: each.flows)
    floats = np.array([bool(each.deal.tranche_rates.index[each.row]) for each in held.places])[held.tranche]
    kinds = np.array([each.deal.tranches.kind[each.row] for each in held.places])[held.tranche]
    reprices = ~np.isin(kinds, (NOTIONAL, RESIDUAL))
    return _family(
        run, terms, place, flows, has_parts=nobody, floats=floats & reprices, reprices=reprices, tranches=held
    )


def _family(
    run: RunInputs,
    terms: Terms,
    place: Rows,
    flows: Flows,
    *,
    has_parts: Flags,
    floats: Flags,
    reprices: Flags | None = None,
    tranches: HeldTranches | None = None,
) -> FamilyFlows:
    return FamilyFlows(
        place,
        flows,
        discount_terms(run, terms),
        terms.position_number("notional"),
        has_parts,
        np.ones(len(terms), np.bool_) if reprices is None else reprices,
        floats,
        _next_payments(flows),
        tranches,
    )


def _next_payments(flows: Flows) -> Days:
    """[m] day of the first payment to come; 0 where there is none."""
    found = np.zeros(flows.position_count, np.int32)
    live = np.diff(flows.offsets) > 0
    found[live] = flows.day[flows.offsets[:-1][live]]
    return found


def _last_payments(flows: Flows) -> Days:
    """[m] day of the last payment to come; 0 where there is none."""
    found = np.zeros(flows.position_count, np.int32)
    live = np.diff(flows.offsets) > 0
    found[live] = flows.day[flows.offsets[1:][live] - 1]
    return found


def left_at_reset(run: RunInputs, family: FamilyFlows) -> NDArray[np.float64]:
    """[m, S] balance that is left on the next reset, after what is paid that day; nil for what does not float."""
    if family.tranches is None:
        return balances_left(family.flows, family.notional_ccy, family.floats, family.reset_day)
    left = np.zeros((len(family.place), run.scenario_count))
    held = family.tranches
    for number, (place, deal) in enumerate(zip(held.places, held.deals, strict=True)):
        live = np.flatnonzero(place.deal.pay_day > run.as_of_day)
        if len(live):
            mine = (held.tranche == number) & family.floats
            closing = deal.flows.closing[place.row, live[0]][deal.flows.variant_of_scenario]
            left[mine] = held.share[mine, None] * closing
    return left
