"""Loans and bonds whose terms change on agreed dates, projected: once by each market that moves their rates."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.loan_events import resets_its_rate
from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import BASIS_POINT
from compute.kernels.flows.details import Details, eventful_details
from compute.kernels.flows.eventful_loans import (
    EventfulFlows,
    EventfulPeriods,
    EventfulTerms,
    differs,
    eventful_flows,
    first_equal,
)
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.loans import payment_number
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.flows.speeds import NO_SPEED
from compute.kernels.options.caplet_volatilities import NO_SURFACE, moved_surfaces
from compute.pricers.debt.events import (
    Market,
    coupons,
    eventful_periods,
    eventful_terms,
    fixed_rates,
    floating_rates,
    margins,
)
from compute.pricers.debt.prepayment_models import following, follows_model
from compute.pricers.debt.projection import Projected, accrued_of, current_rate, float_terms_of, volatility_rows
from compute.pricers.debt.speeds import Behaviour, behaviours_of
from compute.pricers.debt.terms import FLOATING, Debt, debt_of
from compute.pricers.shared.bumps import AS_IS, TOMORROW, Bump, factors_under, reprojected
from compute.pricers.shared.discounting import revalued
from compute.pricers.shared.resets import resets_for_theta, resets_of
from compute.pricers.shared.theta import A_DAY, is_asked
from domain.portfolio.tables import RATE_TYPES

Rates = NDArray[np.float64]
Columns = NDArray[np.int32]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Eventful:
    """m loans, all fixed or all floating, resolved for every projection."""

    run: RunInputs
    debt: Debt
    terms: EventfulTerms
    behaviours: list[Behaviour]
    floats: bool

    def rates(self, market: Market) -> tuple[Rates, Codes]:
        return floating_rates(self.run, self.debt, market) if self.floats else fixed_rates(self.debt)

    def columns(self, bump: Bump = AS_IS) -> Iterator[tuple[Behaviour, Columns]]:
        """The variant that each scenario sees, below 0 for those of other behaviours."""
        for behaviour in self._following(bump):
            variant = np.full(self.run.scenario_count, -1, np.int32)
            variant[behaviour.scenarios] = behaviour.variants.of_scenario[behaviour.scenarios]
            yield behaviour, variant

    def flows_today(self) -> Flows:
        """Those that are priced."""
        return self.flows(self.today)[0]

    @property
    def today(self) -> Market:
        return Market(self.run.tables.discount_factors, self.run.tables.caplet_surfaces)

    def _following(self, bump: Bump) -> list[Behaviour]:
        """A coupon that steps is compared as quoted, a rate that is set as it is."""
        debt, position = self.debt, self.debt.schedules.position_of_period
        unset = np.full(len(position), np.nan)
        return following(
            self.run,
            debt.terms,
            self.behaviours,
            bump,
            pay_day=debt.schedules.pay,
            gross_rate=unset if self.floats else coupons(debt),
            held_ccy=debt.notional_ccy,
        )

    def flows(self, market: Market, *, in_cents: bool = True, bump: Bump = AS_IS) -> tuple[Flows, Flows]:
        """Flows under a market, and with principal received in place of principal: what lives are counted on."""
        return self.flows_at(*self.rates(market), in_cents=in_cents, bump=bump)

    def flows_at(
        self, rate: Rates, sets: Codes, *, in_cents: bool = True, bump: Bump = AS_IS, wanted: Flags | None = None
    ) -> tuple[Flows, Flows]:
        """At rates as `rates` tells them; NaN for the loans [m] that are not wanted."""
        periods = eventful_periods(self.run, self.debt, sets)
        terms = self.terms if in_cents else self.terms._replace(round_to_cent=np.zeros_like(self.terms.round_to_cent))
        behaviours = list(self.columns(bump))
        chosen, of_scenario = _distinct(rate, behaviours)
        rate_of = chosen * (rate.shape[1] > 1)
        made: EventfulFlows | None = None
        for behaviour, variant in behaviours:
            of = (behaviour.speeds, behaviour.variants)
            part = eventful_flows(
                self.run.as_of_day,
                periods,
                terms,
                *of,
                rate,
                rate_of,
                variant[chosen],
                behaviour.followed,
                wanted=wanted,
                in_parts=self.run.in_parts,
            )
            made = part if made is None else _filled_up(made, part, variant[chosen])
        assert made is not None
        return self._as_flows(periods, made, of_scenario)

    def _as_flows(self, periods: EventfulPeriods, made: EventfulFlows, of_scenario: Columns) -> tuple[Flows, Flows]:
        day = (self.debt.schedules.pay - self.run.as_of_day).astype(np.int32)
        number = payment_number(periods.offsets)
        parts = made.parts_ccy if self.run.in_parts else None
        flows = Flows(periods.offsets, day, number, made.interest_ccy, made.principal_ccy, of_scenario, parts)
        return flows, replace(flows, principal=made.received_ccy)

    def details(self, scenario: int) -> Details:
        """Payments to come of the first loan, under one scenario of the run."""
        run, (behaviour, variant) = self.run, next(each for each in self.columns() if each[1][scenario] >= 0)
        rate, sets = self.rates(self.today)
        of_column = np.ascontiguousarray(rate[:, scenario if rate.shape[1] > 1 else 0])
        of = (behaviour.speeds.typed(), behaviour.variants, int(variant[scenario]))
        periods = eventful_periods(run, self.debt, sets)
        return eventful_details(run.as_of_day, periods, self.terms.typed(), *of, of_column, behaviour.followed)


def _distinct(rate: Rates, behaviours: list[tuple[Behaviour, Columns]]) -> tuple[Columns, Columns]:
    """Scenarios whose rates and speeds differ, the first of each; and [S] which of them a scenario sees.

    Where a model makes the speeds every scenario is its own: the model reads more than these rates.
    """
    scenarios = len(behaviours[0][1])
    if any(behaviour.followed is not None for behaviour, _ in behaviours):
        everyone = np.arange(scenarios, dtype=np.int32)
        return everyone, everyone
    rates = first_equal(rate) if rate.shape[1] > 1 else np.zeros(scenarios, np.int32)
    keys = np.column_stack([rates, *(variant for _, variant in behaviours)])
    _, chosen, of_scenario = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return chosen.astype(np.int32), of_scenario.ravel().astype(np.int32)


def _filled_up(made: EventfulFlows, part: EventfulFlows, variant: Columns) -> EventfulFlows:
    """Each behaviour fills its own scenarios."""
    mine = variant >= 0
    for whole, some in zip(made, part, strict=True):
        if whole.size:
            whole[..., mine] = some[..., mine]
    return made


def resolve_eventful(run: RunInputs, debt: Debt) -> Eventful:
    """Speeds are not those of a fixed bond, whatever its columns say."""
    rate_type = debt.terms.choice("rate_type", RATE_TYPES)
    plain = ~debt.is_loan & (rate_type != FLOATING)
    behaviours = [
        replace(each, speeds=_without(each.speeds, plain)) if plain.any() else each
        for each in behaviours_of(run, debt.terms)
    ]
    return Eventful(run, debt, eventful_terms(debt), behaviours, bool(rate_type[0] == FLOATING))


def _without(speeds: Speeds, plain: NDArray[np.bool_]) -> Speeds:
    return speeds._replace(
        prepayment_kind=np.where(plain, NO_SPEED, speeds.prepayment_kind),
        default_kind=np.where(plain, NO_SPEED, speeds.default_kind),
    )


def project_eventful(run: RunInputs, debt: Debt) -> Projected:
    """Of loans and bonds that have events, all fixed or all floating."""
    loans = resolve_eventful(run, debt)
    today = loans.today
    flows, received = loans.flows(today)
    accrued_ccy = accrued_of(run, debt, _rate_in_force(loans))
    projected = Projected(flows, flows, flows, None, accrued_ccy, flows_of_life=received)
    if follows_model(run, debt.terms).any():
        return _by_model(loans, today, projected)
    return _with_moves(loans, today, projected) if loans.floats else projected


def _rate_in_force(loans: Eventful) -> Rates:
    """[m] of the first period still to be paid; of an overnight index to date."""
    debt, live = loans.debt, np.diff(loans.debt.schedules.offsets) > 0
    first, rate = debt.schedules.offsets[:-1][live], np.zeros(len(live))
    if not loans.floats:
        rate[live] = fixed_rates(debt)[0][first, 0]
        return rate
    resets = resets_of(loans.run, debt.terms, debt.schedules)
    margin = np.zeros(len(live))
    margin[live] = margins(debt)[first]
    floating = current_rate(loans.run, debt, float_terms_of(loans.run, debt, resets)._replace(margin=margin))
    return np.where(resets_its_rate(debt.terms), debt.coupon, floating)


def _by_model(loans: Eventful, today: Market, projected: Projected) -> Projected:
    """Rates move the speeds, and of floaters what is paid: everything is projected anew under each move."""
    run, terms = loans.run, loans.debt.terms

    def under(bump: Bump) -> Flows:
        market = _tomorrow(loans, today) if bump == TOMORROW and loans.floats else today
        return loans.flows(replace(market, factors=factors_under(run, bump)), in_cents=False, bump=bump)[0]

    made = reprojected(run, under)
    surface = np.where(resets_its_rate(terms), NO_SURFACE, volatility_rows(run, terms))
    optional = loans.floats and bool((surface != NO_SURFACE).any())
    return replace(
        projected,
        flows_up=made.flows_up,
        flows_down=made.flows_down,
        flows_for_theta=made.for_theta,
        flows_of_volatility=_flows_of_volatility(loans, today) if optional else None,
        reads_volatility=surface != NO_SURFACE if loans.floats else None,
        projection_row=terms.row_in("index", run.tables.projection_curve_of) if loans.floats else None,
        under=under,
    )


# --- what rates move ------------------------------------------------------------------------------------------------


def _with_moves(loans: Eventful, today: Market, projected: Projected) -> Projected:
    run, debt, flows = loans.run, loans.debt, projected.flows
    up, down = flows, flows
    if run.asks("CONVEXITY"):
        up, down = (
            loans.flows(replace(today, factors=factors))[0]
            for factors in (run.tables.discount_factors_up, run.tables.discount_factors_down)
        )
    surface = np.where(resets_its_rate(debt.terms), NO_SURFACE, volatility_rows(run, debt.terms))
    return replace(
        projected,
        flows_up=up,
        flows_down=down,
        through_amounts_ccy=None if run.prices_only else _through_amounts(loans, today),
        flows_of_volatility=_flows_of_volatility(loans, today) if (surface != NO_SURFACE).any() else None,
        reads_volatility=surface != NO_SURFACE,
        projection_row=debt.terms.row_in("index", run.tables.projection_curve_of),
        near_kink=None if run.prices_only else np.ones((len(debt.is_loan), run.scenario_count), np.bool_),
        flows_for_theta=_flows_for_theta(loans, today) if is_asked(run) else None,
    )


def _through_amounts(loans: Eventful, today: Market) -> Rates:
    """[m, S, K] what key rates do by moving the amounts, not rounded to cents; a loan is projected anew where they move
    a rate of its own."""
    run, keys = loans.run, loans.run.tables.key_gradients.shape[-1]
    through = np.empty((len(loans.debt.is_loan), run.scenario_count, keys))
    rate, sets = loans.rates(today)
    unmoved_ccy = _worth(loans, loans.flows_at(rate, sets, in_cents=False)[0])

    def worth(market: Market) -> Rates:
        moved, moved_sets = loans.rates(market)
        wanted = differs(loans.debt.schedules.offsets, moved, rate)
        flows, _ = loans.flows_at(moved, moved_sets, in_cents=False, wanted=wanted)
        return np.where(wanted[:, None], _worth(loans, flows), unmoved_ccy)

    for key in range(keys):
        up, down = (worth(market) for market in _moved(loans, today, key))
        through[:, :, key] = (down - up) / 2.0
    return through


def _worth(loans: Eventful, flows: Flows) -> Rates:
    """[m, S]"""
    return revalued(loans.run, flows, loans.debt.discount_terms, loans.run.tables.discount_factors)


def _moved(loans: Eventful, today: Market, key: int) -> Iterator[Market]:
    """A key rate of the indices' curves a basis point higher, and lower."""
    tables = loans.run.tables
    rows = np.unique(loans.debt.terms.row_in("index", tables.projection_curve_of))
    for sign in (1.0, -1.0):
        factors = today.factors.copy()
        for row in rows:
            slopes = tables.key_gradients[:, row, :, key][tables.gradient_of_scenario]
            factors[row] *= np.exp(sign * BASIS_POINT * slopes.T)
        yield replace(today, factors=factors)


def eventful_flows_of_a_basis_point(run: RunInputs, debt: Debt) -> tuple[Flows, Flows]:
    """With all zero rates a basis point higher, and lower; a difference of cents is no slope."""
    loans, surfaces = resolve_eventful(run, debt), run.tables.caplet_surfaces
    up, down = (
        loans.flows(Market(factors, surfaces), in_cents=False)[0]
        for factors in run.tables.discount_factors_of_a_basis_point
    )
    return up, down


def _flows_of_volatility(loans: Eventful, today: Market) -> tuple[Flows, Flows] | None:
    if not loans.run.asks("VEGA", "VEGA_LADDER"):
        return None
    up, down = (loans.flows(replace(today, surfaces=moved_surfaces(today.surfaces, sign)))[0] for sign in (1, -1))
    return up, down


def _flows_for_theta(loans: Eventful, today: Market) -> Flows:
    return loans.flows(_tomorrow(loans, today))[0]


def _tomorrow(loans: Eventful, today: Market) -> Market:
    """A day later overnight fixings reach a day further; those of adjustable rates are none."""
    run, debt = loans.run, loans.debt
    later = None
    floating = np.flatnonzero(~resets_its_rate(debt.terms))
    if len(floating):
        alone = debt_of(debt, floating)
        later = resets_for_theta(run, alone.terms, alone.schedules, resets_of(run, alone.terms, alone.schedules))
    return replace(today, factors=run.tables.discount_factors_for_theta, resets=later, valued_in_days=A_DAY)
