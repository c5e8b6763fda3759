"""The flows of loans and bonds: fixed, zero, custom and floating, each position's own, and interest accrued."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import ABSENT, Terms, row_of
from compute.kernels.dates.daycounts import accrual_fraction
from compute.kernels.flows.amortization import LEVEL_PAY, interest_only_until, period_fractions
from compute.kernels.flows.bonds import accrued_interest, bond_flows
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating import near_kinks
from compute.kernels.flows.flows import PARTS, Flows
from compute.kernels.flows.kinks import NO_VOLATILITY
from compute.kernels.flows.loans import Cashflows, LoanTerms, custom_flows, loan_flows, nominal_coupon
from compute.kernels.options.caplet_volatilities import NO_SURFACE, moved_surfaces
from compute.pricers.debt.floaters import Floaters, floaters_under
from compute.pricers.debt.prepayment_models import following, follows_model
from compute.pricers.debt.speeds import Behaviour, behaviours_of, flows_of_variants, in_parts
from compute.pricers.debt.terms import BULLET, ZERO, Debt, debt_of, is_custom
from compute.pricers.shared.bumps import AS_IS, TOMORROW, Bump, factors_under, reprojected
from compute.pricers.shared.discounting import discounting_of
from compute.pricers.shared.resets import Resets, rate_to_date, resets_for_theta, resets_of
from compute.pricers.shared.theta import A_DAY, is_asked
from domain.portfolio.tables import AMORTIZATIONS, COMPOUNDINGS


@dataclass(frozen=True)
class Projected:
    """Flows under the market and under both bumps, what the amounts themselves do to key rates, and the accrued."""

    flows: Flows
    flows_up: Flows
    flows_down: Flows
    through_amounts_ccy: NDArray[np.float64] | None
    accrued_ccy: NDArray[np.float64]
    flows_of_volatility: tuple[Flows, Flows] | None = None
    """under volatilities a vega bump up and down; None where nothing reads one, or nobody asks"""
    reads_volatility: NDArray[np.bool_] | None = None
    """[m]"""
    projection_row: NDArray[np.int32] | None = None
    """[m] of floaters: the index's curve"""
    near_kink: NDArray[np.bool_] | None = None
    """[m, S] a rate that is still to be set is within a basis point of an intrinsic cap or floor; None where none is"""
    flows_for_theta: Flows | None = None
    """a day later, same curves by tenor; None where that changes no flow, or nobody asks"""
    flows_of_life: Flows | None = None
    """with principal that is received alone: neither what is capitalised nor what is drawn; None where that is all"""
    under: Callable[[Bump], Flows] | None = None
    """where rates move speeds: the flows under each move of them, for key rates by revaluation"""


def project_fixed(run: RunInputs, debt: Debt, rate_type: NDArray[np.int8]) -> Projected:
    """Loans by their amortisation, CUSTOM loans by their table, bonds as bullets; then all in their order again."""
    rate = np.where(rate_type == ZERO, 0.0, _coupon_paid(debt))
    accrued_ccy = accrued_of(run, debt, rate)
    under = partial(_fixed_flows, run, debt, rate_type)
    if follows_model(run, debt.terms).any():
        made = reprojected(run, under)
        return Projected(*made[:3], None, accrued_ccy, flows_for_theta=made.for_theta, under=under)
    flows = under(AS_IS)
    return Projected(flows, flows, flows, None, accrued_ccy)


def _fixed_flows(run: RunInputs, debt: Debt, rate_type: NDArray[np.int8], bump: Bump) -> Flows:
    flows = [
        (chosen, make(run, debt_of(debt, chosen), rate_type[chosen], bump))
        for chosen, make in (
            (np.flatnonzero(debt.is_loan & ~is_custom(debt)), _loan_flows),
            (np.flatnonzero(debt.is_loan & is_custom(debt)), _custom_flows),
            (np.flatnonzero(~debt.is_loan), _bond_flows),
        )
        if len(chosen)
    ]
    return interleave(flows, len(debt.is_loan))


def behaviours_under(run: RunInputs, debt: Debt, bump: Bump = AS_IS) -> list[Behaviour]:
    """Speeds of the positions, and what those of a model follow where a move of rates is `bump`."""
    counts = np.diff(debt.schedules.offsets)
    return following(
        run,
        debt.terms,
        behaviours_of(run, debt.terms),
        bump,
        pay_day=debt.schedules.pay,
        gross_rate=np.repeat(debt.coupon, counts),
        held_ccy=debt.notional_ccy,
    )


def _coupon_paid(debt: Debt) -> NDArray[np.float64]:
    """[m] the coupon as the periods pay it: a loan's may be quoted with another compounding than its payments'."""
    compounding = np.where(debt.is_loan, debt.terms.choice("compounding", COMPOUNDINGS), ABSENT)
    if (compounding == ABSENT).all():
        return debt.coupon
    fraction = period_fractions(debt.schedules, debt.day_count, debt.frequency, debt.is_loan)
    return nominal_coupon(debt.coupon, compounding, debt.frequency, debt.schedules, fraction)


def interleave(parts: list[tuple[NDArray[np.int64], Flows]], count: int) -> Flows:
    """Flows of disjoint groups of positions as one, in the positions' order; variants spread to the widest."""
    if len(parts) == 1:
        return parts[0][1]
    widest = max((flows for _, flows in parts), key=lambda flows: flows.interest.shape[1])
    lengths = np.zeros(count, np.int64)
    for chosen, flows in parts:
        lengths[chosen] = np.diff(flows.offsets)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    total, variants = offsets[-1], widest.interest.shape[1]
    day, period = np.empty(total, np.int32), np.empty(total, np.int32)
    interest, principal = np.empty((total, variants)), np.empty((total, variants))
    for chosen, flows in parts:
        rows = _rows_of(chosen, flows, offsets)
        day[rows], period[rows] = flows.day, flows.period
        interest[rows], principal[rows] = flows.interest, flows.principal
    interleaved = _interleaved_parts(parts, offsets, variants)
    return Flows(offsets, day, period, interest, principal, widest.variant_of_scenario, interleaved)


def _interleaved_parts(
    groups: list[tuple[NDArray[np.int64], Flows]], offsets: NDArray[np.int64], variants: int
) -> NDArray[np.float64] | None:
    if all(flows.parts is None for _, flows in groups):
        return None
    parts = np.empty((len(PARTS), offsets[-1], variants))
    for chosen, flows in groups:
        parts[:, _rows_of(chosen, flows, offsets)] = in_parts(flows)
    return parts


def _rows_of(chosen: NDArray[np.int64], flows: Flows, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the flows of some of the positions stand among those of all."""
    before = np.repeat(offsets[:-1][chosen] - flows.offsets[:-1], np.diff(flows.offsets))
    rows: NDArray[np.int64] = before + np.arange(flows.offsets[-1])
    return rows


def loan_terms(debt: Debt) -> LoanTerms:
    terms = debt.terms
    return LoanTerms(
        balance_ccy=debt.notional_ccy,
        coupon=debt.coupon,
        servicing_fee=terms.number("servicing_fee", 0.0),
        day_count=debt.day_count,
        frequency=debt.frequency,
        amortization=terms.choice("amortization", AMORTIZATIONS),
        io_until_day=interest_only_until(debt.issue_day, terms.whole("io_months")),
        amortization_months=terms.whole("amortization_months"),
        compounding=terms.choice("compounding", COMPOUNDINGS),
        issue_day=debt.issue_day,
        maturity_day=debt.maturity_day,
        round_to_cent=terms.choice("rounding", ("CENT",)) == 0,
        payment_ccy=given_payments_ccy(debt),
    )


def _loan_flows(run: RunInputs, debt: Debt, _: NDArray[np.int8], bump: Bump) -> Flows:
    project = partial(loan_flows, run.as_of_day, debt.schedules, loan_terms(debt), in_parts=run.in_parts)
    return flows_of_variants(behaviours_under(run, debt, bump), project)


def _custom_flows(run: RunInputs, debt: Debt, _: NDArray[np.int8], __: Bump) -> Flows:
    return custom_flows(
        run.as_of_day,
        run.lookups.once("table", "cashflows", lambda: cashflow_table(run)),
        debt.terms.instruments,
        debt.notional_ccy,
        debt.terms.number("reference_notional"),
        run.scenario_count,
    )


def cashflow_table(run: RunInputs) -> Cashflows:
    """The `cashflows` table by row of `instruments`; both are sorted by instrument_id."""
    instruments = run.portfolio.tables["instruments"].columns["instrument_id"]
    table = run.portfolio.tables["cashflows"].columns
    owner = table["instrument_id"]
    owner_row = np.array([row_of(instruments, text) for text in owner.categories])[owner.values]
    order = np.lexsort((table["pay_date"].values, owner_row))
    counts = np.bincount(owner_row, minlength=len(instruments.values))
    return Cashflows(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        table["pay_date"].values[order],
        table["principal"].values[order],
        table["interest"].values[order],
    )


def _bond_flows(run: RunInputs, debt: Debt, rate_type: NDArray[np.int8], _: Bump) -> Flows:
    return bond_flows(
        debt.schedules,
        notional=debt.notional_ccy,
        coupon=debt.coupon,
        rate_type_is_zero=rate_type == ZERO,
        day_count=debt.day_count,
        frequency=debt.frequency,
        redemption_per_100=debt.terms.number("redemption_per_100", 100.0),
        as_of_day=run.as_of_day,
        scenario_count=run.scenario_count,
    )


def project_floating(run: RunInputs, debt: Debt) -> Projected:
    tables = run.tables
    resets = resets_of(run, debt.terms, debt.schedules)
    float_terms = float_terms_of(run, debt, resets)
    shared = Floaters(run.as_of_day, debt.schedules, float_terms, behaviours_under(run, debt), run.in_parts)
    surfaces = tables.caplet_surfaces
    if follows_model(run, debt.terms).any():
        return _floating_by_model(run, debt, resets, shared)
    sensitive = None if run.prices_only else discounting_of(run, debt.discount_terms)
    projected = floaters_under(shared, tables.discount_factors, sensitive, surfaces)
    rate = current_rate(run, debt, float_terms)

    def under(factors: NDArray[np.float64]) -> Flows:
        """What convexity needs; the flows as they are where it was not asked for."""
        bumped = run.asks("CONVEXITY")
        return floaters_under(shared, factors, None, surfaces).flows if bumped else projected.flows

    return Projected(
        projected.flows,
        under(tables.discount_factors_up),
        under(tables.discount_factors_down),
        projected.projection_key_rate_dv01,
        accrued_of(run, debt, rate),
        _flows_of_volatility(run, shared, float_terms),
        float_terms.volatility_row != NO_SURFACE,
        float_terms.projection_row,
        _near_kink(run, debt, float_terms),
        _floats_for_theta(run, debt, resets, shared) if is_asked(run) else None,
    )


def _floating_by_model(run: RunInputs, debt: Debt, resets: Resets, shared: Floaters) -> Projected:
    """Rates move what is paid and how fast: everything is projected anew under each move."""
    terms, surfaces = shared.terms, run.tables.caplet_surfaces

    def under(bump: Bump) -> Flows:
        following = replace(shared, behaviours=behaviours_under(run, debt, bump))
        if bump == TOMORROW:
            return _floats_for_theta(run, debt, resets, following)
        return floaters_under(following, factors_under(run, bump), None, surfaces).flows

    made = reprojected(run, under)
    return Projected(
        *made[:3],
        None,
        accrued_of(run, debt, current_rate(run, debt, terms)),
        _flows_of_volatility(run, shared, terms),
        terms.volatility_row != NO_SURFACE,
        terms.projection_row,
        flows_for_theta=made.for_theta,
        under=under,
    )


def flows_of_a_basis_point(run: RunInputs, debt: Debt) -> tuple[Flows, Flows]:
    """Flows of floaters with all zero rates a basis point higher, and lower; a difference of cents is no slope."""
    resets = resets_of(run, debt.terms, debt.schedules)
    terms = float_terms_of(run, debt, resets)._replace(round_to_cent=np.zeros(len(debt.is_loan), np.bool_))
    shared = Floaters(run.as_of_day, debt.schedules, terms, behaviours_of(run, debt.terms))
    surfaces = run.tables.caplet_surfaces
    up, down = (
        floaters_under(shared, factors, None, surfaces).flows
        for factors in run.tables.discount_factors_of_a_basis_point
    )
    return up, down


def _near_kink(run: RunInputs, debt: Debt, terms: FloatTerms) -> NDArray[np.bool_] | None:
    if run.prices_only or not _has_bounds(terms).any():
        return None
    calm = run.tables.caplet_surfaces.vols.max(axis=(1, 2, 3), initial=0.0) <= NO_VOLATILITY
    intrinsic = np.append(calm, True)[terms.volatility_row]  # NO_SURFACE is the last row
    near = near_kinks(run.as_of_day, debt.schedules, terms, _has_bounds(terms) & intrinsic, run.tables.discount_factors)
    return near if near.any() else None


def _has_bounds(terms: FloatTerms) -> NDArray[np.bool_]:
    bounded: NDArray[np.bool_] = ~np.isnan(terms.cap) | ~np.isnan(terms.floor)
    return bounded


def float_terms_of(run: RunInputs, debt: Debt, resets: Resets) -> FloatTerms:
    terms = debt.terms
    return FloatTerms(
        balance_ccy=debt.notional_ccy,
        margin=terms.number("margin", 0.0),
        cap=terms.number("cap"),
        floor=terms.number("floor"),
        servicing_fee=terms.number("servicing_fee", 0.0),
        redemption_per_100=np.where(debt.is_loan, 100.0, terms.number("redemption_per_100", 100.0)),
        day_count=debt.day_count,
        frequency=debt.frequency,
        amortization=np.where(debt.is_loan, terms.choice("amortization", AMORTIZATIONS), BULLET).astype(np.int8),
        io_until_day=interest_only_until(debt.issue_day, terms.whole("io_months")),
        amortization_months=terms.whole("amortization_months"),
        issue_day=debt.issue_day,
        maturity_day=debt.maturity_day,
        round_to_cent=terms.choice("rounding", ("CENT",)) == 0,
        is_loan=debt.is_loan,
        projection_row=terms.row_in("index", run.tables.projection_curve_of),
        volatility_row=volatility_rows(run, terms),
        fixing=resets.fixing,
        grown=resets.grown,
        known_to=resets.known_to,
        in_arrears=resets.in_arrears,
        payment_ccy=given_payments_ccy(debt),
    )


def given_payments_ccy(debt: Debt) -> NDArray[np.float64]:
    """[m] `payment_amount` of the holding, signed as it is; NaN where the payment is to be levelled."""
    held_ccy, reference_ccy = debt.notional_ccy, debt.terms.number("reference_notional")
    levels = debt.is_loan & (debt.terms.choice("amortization", AMORTIZATIONS) == LEVEL_PAY)
    part = np.where(np.isnan(reference_ccy), np.sign(held_ccy), held_ccy / reference_ccy)
    return np.where(levels, debt.terms.number("payment_amount") * part, np.nan)


def _flows_of_volatility(run: RunInputs, shared: Floaters, terms: FloatTerms) -> tuple[Flows, Flows] | None:
    if not run.asks("VEGA", "VEGA_LADDER") or (terms.volatility_row == NO_SURFACE).all():
        return None
    factors, surfaces = run.tables.discount_factors, run.tables.caplet_surfaces
    up, down = (floaters_under(shared, factors, None, moved_surfaces(surfaces, sign)).flows for sign in (1, -1))
    return up, down


def _floats_for_theta(run: RunInputs, debt: Debt, resets: Resets, shared: Floaters) -> Flows:
    factors, surfaces = run.tables.discount_factors_for_theta, run.tables.caplet_surfaces
    later = resets_for_theta(run, debt.terms, debt.schedules, resets)
    terms = shared.terms._replace(grown=later.grown, known_to=later.known_to)
    return floaters_under(replace(shared, terms=terms), factors, None, surfaces, A_DAY).flows


def volatility_rows(run: RunInputs, terms: Terms) -> NDArray[np.int32]:
    """[m] row of the index's caplet surface; NO_SURFACE where there is none, or neither cap nor floor to price."""
    known = run.tables.caplet_surface_of
    rows = terms.code("caplet surface", "index", lambda text: known.get(text, NO_SURFACE))
    optional = ~np.isnan(terms.number("cap")) | ~np.isnan(terms.number("floor"))
    return np.where(optional, np.maximum(rows, NO_SURFACE), NO_SURFACE).astype(np.int32)


def period_fixings(run: RunInputs, debt: Debt) -> NDArray[np.float64]:
    """[P] the fixing of the periods that have reset, NaN for those still to come."""
    return resets_of(run, debt.terms, debt.schedules).fixing


def current_rate(run: RunInputs, debt: Debt, terms: FloatTerms) -> NDArray[np.float64]:
    """[m] the all-in rate of the first period still to be paid, of an overnight index to date; 0 before it resets."""
    schedules = debt.schedules
    has_period = np.diff(schedules.offsets) > 0
    rate = np.zeros(len(has_period))
    first = schedules.offsets[:-1][has_period]
    index_rate = terms.fixing[first]
    if terms.in_arrears.any():
        run_for = accrual_fraction(schedules, debt.day_count, debt.frequency, run.as_of_day)[has_period]
        to_date = rate_to_date(terms.grown[first], run_for)
        index_rate = np.where(terms.in_arrears[has_period], to_date, index_rate)
    all_in = index_rate + terms.margin[has_period]
    rate[has_period] = np.fmax(np.fmin(all_in, terms.cap[has_period]), terms.floor[has_period])
    return np.nan_to_num(rate, nan=0.0)


def accrued_of(run: RunInputs, debt: Debt, rate: NDArray[np.float64]) -> NDArray[np.float64]:
    return accrued_interest(
        debt.schedules,
        balance=debt.notional_ccy,
        rate=rate,
        day_count=debt.day_count,
        frequency=debt.frequency,
        as_of_day=run.as_of_day,
    )
