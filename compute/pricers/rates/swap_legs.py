"""The two legs of swaps, each with its own dates: values, key rates and interest accrued."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_rows import discount_rows
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.dates.daycounts import accrual_fraction
from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.flows.bonds import accrued_interest, bond_flows
from compute.kernels.flows.fixed_balance_floaters import steady_present_values
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating import floating_flows, resolve_steady
from compute.kernels.flows.floating_sensitivity import Discounting
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.options.caplet_volatilities import NO_SURFACE
from compute.kernels.valuing.discounting import discount, present_values
from compute.outputs.family_values import Matrix
from compute.pricers.debt.speeds import variants_of
from compute.pricers.debt.terms import BULLET
from compute.pricers.shared.convexity import bumped
from compute.pricers.shared.resets import Resets, rate_to_date, resets_of, resets_tomorrow
from compute.pricers.shared.theta import A_DAY, flows_tomorrow, is_asked
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]


@dataclass(frozen=True)
class LegTerms:
    """Dates and count of one leg of m swaps."""

    schedules: Schedules
    frequency: Days
    day_count: NDArray[np.int8]


@dataclass(frozen=True)
class DiscountOn:
    """Where m positions discount: their curve and the spread that their own terms name; no scenario moves it."""

    curve_row: Days
    spread_row: Days
    spread: Matrix


@dataclass(frozen=True)
class Leg:
    """One leg of m swaps under S scenarios, trade currency, as if received."""

    pv_ccy: Matrix
    pv_up_ccy: Matrix
    pv_down_ccy: Matrix
    key_rate_dv01_ccy: Amounts
    accrued_ccy: Amounts
    pv_tomorrow_ccy: Matrix
    """with what is paid that day; as today where THETA is not asked for"""

    def plus(self, other: "Leg") -> "Leg":
        return Leg(
            self.pv_ccy + other.pv_ccy,
            self.pv_up_ccy + other.pv_up_ccy,
            self.pv_down_ccy + other.pv_down_ccy,
            self.key_rate_dv01_ccy + other.key_rate_dv01_ccy,
            self.accrued_ccy + other.accrued_ccy,
            self.pv_tomorrow_ccy + other.pv_tomorrow_ccy,
        )


def leg_terms(
    run: RunInputs, terms: Terms, *, from_day: Days, frequency: Days, day_count: NDArray[np.int8]
) -> LegTerms:
    """Periods counted back from maturity, the first one starting on `from_day` (ABSENT_DATE: long ago)."""
    return LegTerms(leg_schedules(run.as_of_day, terms, from_day, frequency), frequency, day_count)


def leg_schedules(as_of_day: int, terms: Terms, from_day: Days, frequency: Days) -> Schedules:
    return build_schedules(
        as_of_day,
        maturity_day=terms.day("maturity_date"),
        issue_day=from_day,
        first_payment_day=terms.day("first_payment_date"),
        last_regular_day=terms.day("last_regular_payment_date"),
        frequency=frequency,
        calendar=terms.choice("calendar", CALENDARS, "NONE"),
        business_day=terms.choice("business_day", BUSINESS_DAYS, "UNADJUSTED"),
        end_of_month=terms.flag("end_of_month"),
        adjust_accrual=terms.flag("adjust_accrual"),
    )


def discount_on(run: RunInputs, terms: Terms) -> DiscountOn:
    spread = np.repeat(terms.number("spread", 0.0)[:, None], run.scenario_count, axis=1)
    spread_row = np.maximum(terms.row_in("spread_curve", run.tables.spread_row), 0).astype(np.int32)
    return DiscountOn(discount_rows(run, terms), spread_row, spread)


def fixed_leg(run: RunInputs, leg: LegTerms, on: DiscountOn, *, notional: Amounts, coupon: Amounts) -> Leg:
    """notional x coupon x year fraction at each payment date, no exchange of notional."""
    flows = fixed_leg_flows(run, leg, notional=notional, coupon=coupon)

    def under(factors: Amounts) -> Matrix:
        return present_values(flows, **_where(run, on), factors=factors)

    return _leg(run, on, flows, under, lambda: flows, None, _accrued(run, leg, notional, coupon))


def fixed_leg_pv(run: RunInputs, leg: LegTerms, on: DiscountOn, *, notional: Amounts, coupon: Amounts) -> Matrix:
    """[m, S] the leg's value alone."""
    flows = fixed_leg_flows(run, leg, notional=notional, coupon=coupon)
    return present_values(flows, **_where(run, on), factors=run.tables.discount_factors)


def fixed_leg_flows(run: RunInputs, leg: LegTerms, *, notional: Amounts, coupon: Amounts) -> Flows:
    return bond_flows(
        leg.schedules,
        notional=notional,
        coupon=coupon,
        rate_type_is_zero=np.zeros(len(notional), np.bool_),
        day_count=leg.day_count,
        frequency=leg.frequency,
        redemption_per_100=np.zeros(len(notional)),
        as_of_day=run.as_of_day,
        scenario_count=run.scenario_count,
    )


def floating_leg(
    run: RunInputs, terms: Terms, leg: LegTerms, on: DiscountOn, *, notional: Amounts, margin: Amounts
) -> Leg:
    """notional x (forward or fixing + margin) x year fraction at each payment date, no exchange of notional."""
    resets = resets_of(run, terms, leg.schedules)
    float_terms = float_leg_terms(run, terms, leg, notional=notional, margin=margin, fixing=resets.fixing)
    float_terms = float_terms._replace(grown=resets.grown, known_to=resets.known_to, in_arrears=resets.in_arrears)
    tables, none = run.tables, Speeds.none(len(notional))
    shared = (run.as_of_day, leg.schedules, float_terms, none, variants_of(run, none))
    discounting = Discounting(
        on.curve_row,
        on.spread_row,
        on.spread,
        tables.spread_factors,
        tables.key_gradients,
        tables.gradient_of_scenario,
    )
    projected = floating_flows(*shared, tables.discount_factors, discounting)
    floaters = resolve_steady(run.as_of_day, leg.schedules, float_terms, none)

    def under(factors: Amounts) -> Matrix:
        return steady_present_values(floaters, **_where(run, on), factors=factors)

    def tomorrow() -> Flows:
        later = resets_tomorrow(run, terms, leg.schedules, resets)
        then = float_terms._replace(grown=later.grown, known_to=later.known_to)
        on_day = (run.as_of_day, leg.schedules, then, none, variants_of(run, none))
        return floating_flows(*on_day, tables.discount_factors_tomorrow, valued_in_days=A_DAY).flows

    accrued_ccy = _accrued(run, leg, notional, _current_rate(run, leg, resets, margin))
    return _leg(run, on, projected.flows, under, tomorrow, projected.projection_key_rate_dv01, accrued_ccy)


def leg_fixings(run: RunInputs, terms: Terms, schedules: Schedules) -> Amounts:
    """[P] the fixing of the periods that have reset, NaN where the market has none and for those still to come."""
    return resets_of(run, terms, schedules).fixing


def _leg(
    run: RunInputs,
    on: DiscountOn,
    flows: Flows,
    under: Callable[[Amounts], Matrix],
    tomorrow: Callable[[], Flows],
    through: Amounts | None,
    accrued_ccy: Amounts,
) -> Leg:
    """`under` gives the PV under other discount factors, `tomorrow` the flows as they are projected a day later."""
    tables = run.tables
    discounted = discount(
        flows,
        **_where(run, on),
        discount_factors=tables.discount_factors,
        key_gradients=tables.key_gradients,
        gradient_of_scenario=tables.gradient_of_scenario,
    )
    key_rates = discounted.key_rate_dv01 if through is None else discounted.key_rate_dv01 + through
    up, down = bumped(run, under)
    later = discounted.pv
    if is_asked(run):
        later = flows_tomorrow(run, tomorrow(), curve_row=on.curve_row, spread_row=on.spread_row, spread=on.spread)
    return Leg(discounted.pv, up, down, key_rates, accrued_ccy, later)


def _where(run: RunInputs, on: DiscountOn) -> dict[str, Any]:
    return {
        "curve_row": on.curve_row,
        "spread_row": on.spread_row,
        "spread": on.spread,
        "spread_factors": run.tables.spread_factors,
    }


def float_leg_terms(
    run: RunInputs, terms: Terms, leg: LegTerms, *, notional: Amounts, margin: Amounts, fixing: Amounts
) -> FloatTerms:
    """A bullet floater that repays nothing: the leg alone."""
    count = len(notional)
    none, zeros, nought = np.full(count, np.nan), np.zeros(count), np.zeros(count, np.int32)
    return FloatTerms(
        balance_ccy=notional,
        margin=margin,
        cap=none,
        floor=none,
        servicing_fee=zeros,
        redemption_per_100=zeros,
        day_count=leg.day_count,
        frequency=leg.frequency,
        amortization=np.full(count, BULLET, np.int8),
        io_until_day=nought,
        amortization_months=nought,
        issue_day=terms.day("issue_date"),
        maturity_day=terms.day("maturity_date"),
        round_to_cent=np.zeros(count, np.bool_),
        is_loan=np.zeros(count, np.bool_),
        projection_row=terms.row_in("index", run.tables.projection_curve_of),
        volatility_row=np.full(count, NO_SURFACE, np.int32),
        fixing=fixing,
    )


def _current_rate(run: RunInputs, leg: LegTerms, resets: Resets, margin: Amounts) -> Amounts:
    """[m] the rate of the first period still to be paid, of an overnight index to date; 0 where it has not reset."""
    schedules = leg.schedules
    rate, live = np.zeros(len(margin)), np.flatnonzero(np.diff(schedules.offsets))
    first = schedules.offsets[live]
    index_rate = resets.fixing[first]
    if resets.in_arrears.any():
        run_for = accrual_fraction(schedules, leg.day_count, leg.frequency, run.as_of_day)[live]
        index_rate = np.where(resets.in_arrears[live], rate_to_date(resets.grown[first], run_for), index_rate)
    rate[live] = index_rate + margin[live]
    return np.nan_to_num(rate, nan=0.0)


def _accrued(run: RunInputs, leg: LegTerms, notional: Amounts, rate: Amounts) -> Amounts:
    return accrued_interest(
        leg.schedules,
        balance=notional,
        rate=rate,
        day_count=leg.day_count,
        frequency=leg.frequency,
        as_of_day=run.as_of_day,
    )
