"""Floating-rate loans and notes: forwards on the projection curve, margin, cap and floor, and what they amortise."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.amortization import (
    LEVEL_PAY,
    LINEAR,
    ages_mo,
    cents,
    level_share,
    level_share_slope,
    months_of_periods,
    payments_past_maturity,
    step_of_speeds_mo,
)
from compute.kernels.flows.fixed_balance_floaters import SteadyFloaters, fill_balances, fill_interest, fill_key_rates
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating_rates import Periods, fill_rates, periods_of
from compute.kernels.flows.floating_sensitivity import (
    Discounting,
    FloatingPath,
    add_key_rates,
    empty_floating_path,
    fill_weights,
)
from compute.kernels.flows.flows import Flows, no_parts, parts_of
from compute.kernels.flows.given_payments import fill_floating_shares
from compute.kernels.flows.kinks import fill_near_kinks
from compute.kernels.flows.loans import has_speeds, payment_number
from compute.kernels.flows.prepaying_pool import (
    BEGINNING,
    INTEREST,
    POOL_ROWS,
    SCHEDULED,
    SpeedPath,
    Speeds,
    Variants,
    depends_on_age,
    empty_path,
    fill_parts,
    fill_pool,
    fill_speeds,
    principal_paid,
    severity_under,
)
from compute.kernels.flows.prepayment_model import Followed, fill_followed, months_seen
from compute.kernels.flows.speeds import NO_SPEED
from compute.kernels.kernel import kernel
from compute.kernels.options.caplet_volatilities import NO_SURFACE, CapletSurfaces
from compute.kernels.simd.lanes import widened
from domain.measures.measures import KEY_RATE_TENORS_YR


@dataclass(frozen=True)
class FloatingFlows:
    flows: Flows
    projection_key_rate_dv01: NDArray[np.float64]
    """[n, S, K] ccy per bp, the part of the key-rate DV01 that comes through the amounts, discount factors held"""


def floating_flows(
    as_of_day: int,
    schedules: Schedules,
    terms: FloatTerms,
    speeds: Speeds,
    variants: Variants,
    discount_factors: NDArray[np.float64],
    discounting: Discounting | None = None,
    surfaces: CapletSurfaces | None = None,
    valued_in_days: int = 0,
    followed: Followed | None = None,
    *,
    in_parts: bool = False,
) -> FloatingFlows:
    """Flows of n floating positions under S scenarios, and how their amounts move with the key rates.

        rate_k     = max(floor, min(cap, L_k + margin)), L_k = (DF(start) / DF(end) - 1) / fraction_k or the fixing;
                     an overnight index's L_k = (growth to today x DF(today) / DF(end) - 1) / fraction_k once begun
        interest_k = balance x (rate_k - servicing_fee) x fraction_k
        with a caplet surface, and the reset still to come, rate_k is its expected value (`options.expected_rate`)
        LEVEL_PAY  sets B r / (1 - (1 + r)^-n), r = rate_k / frequency, anew at each reset, unless a payment is given
        projection_key_rate_dv01 = -1 bp x sum over k of dPV / dL_k x dL_k / dz

    Args:     discount_factors [curves, days, S], bumped ones for a revaluation; discounting None for no sensitivity
              followed         by positions whose speed is a model's: no rate's way through it is in a sensitivity
              valued_in_days   1 with the tables of tomorrow, 0 with today's; options expire by so many days earlier
    Returns:  V = S variants; sensitivity [n, S, K], K = 0 without `discounting`
    Accuracy: exact derivative, by the adjoint of the balance's recursion; nil where cap or floor binds for certain.
              With a surface: the exact caplet strip for a balance that no rate moves (BULLET, LINEAR, speeds or
              none); LEVEL_PAY is levelled on the expected rate, which leaves out the covariance of rate and balance.
              Options move as over a basis point of all key rates together, so that the sum is DV01's difference
              A period of no length accrues nothing and needs no rate
    Failure:  NaN amounts from a period on that has begun and brings no fixing. One that starts today and brings none
              is projected: whoever wants the market's fixing there refuses before.
    Source:   contract sections 2 and 3; Giles and Glasserman (2006), Smoking Adjoints
    """
    terms, speeds = terms.typed(), speeds.typed()
    scenario_count = len(variants.of_scenario)
    periods = periods_of(as_of_day, schedules, terms)
    terms = _without_rates_of_nothing(periods, terms)
    keys = len(KEY_RATE_TENORS_YR) if discounting else 0
    key_rate_dv01 = np.zeros((schedules.position_count, scenario_count, keys))
    factors, discounting = widened(discount_factors), _widened(discounting or Discounting.none())
    shape = (len(schedules.pay), factors.shape[2])
    interest_ccy, principal_ccy = np.empty(shape), np.empty(shape)
    floaters = _resolve_steady(periods, terms, is_steady(terms, speeds))
    principal_ccy[:] = floaters.repaid_ccy[:, None]
    fill_interest(floaters, factors, interest_ccy)
    if keys:
        fill_key_rates(floaters, factors, discounting, key_rate_dv01)
    parts_ccy = parts_of(principal_ccy) if in_parts and has_speeds(speeds).any() else no_parts()
    others = ~floaters.chosen
    if others.any():
        market = (factors, surfaces or CapletSurfaces.none(), discounting)
        amounts = interest_ccy, principal_ccy, parts_ccy, key_rate_dv01
        _fill(as_of_day, valued_in_days, others, periods, terms, speeds, variants, followed, *market, *amounts)
    day, number = periods.pay, payment_number(schedules.offsets)
    everyone = np.arange(scenario_count, dtype=np.int32)
    interest_ccy, principal_ccy = interest_ccy[:, :scenario_count], principal_ccy[:, :scenario_count]
    told = parts_ccy[:, :, :scenario_count] if len(parts_ccy) else None
    flows = Flows(schedules.offsets, day, number, interest_ccy, principal_ccy, everyone, told)
    return FloatingFlows(flows, key_rate_dv01)


def is_steady(terms: FloatTerms, speeds: Speeds) -> NDArray[np.bool_]:
    """[n] positions whose balance no rate moves, by their own terms: `steady_floaters` makes their flows."""
    by_contract = (speeds.prepayment_kind == NO_SPEED) & (speeds.default_kind == NO_SPEED) & ~terms.round_to_cent
    steady: NDArray[np.bool_] = by_contract & (terms.amortization != LEVEL_PAY) & (terms.volatility_row == NO_SURFACE)
    return steady


def near_kinks(
    as_of_day: int,
    schedules: Schedules,
    terms: FloatTerms,
    intrinsic: NDArray[np.bool_],
    discount_factors: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """[n, S] positions whose intrinsic cap or floor a basis point reaches (`kinks.fill_near_kinks`)."""
    terms = terms.typed()
    periods = periods_of(as_of_day, schedules, terms)
    terms = _without_rates_of_nothing(periods, terms)
    near = np.zeros((len(intrinsic), discount_factors.shape[2]), np.bool_)
    of_period = (periods.reset, periods.stop, periods.fraction, terms.fixing, terms.grown)
    bounds = (terms.margin, terms.cap, terms.floor, terms.projection_row)
    fill_near_kinks(intrinsic, periods.offsets, *of_period, *bounds, discount_factors, near)
    return near


def resolve_steady(as_of_day: int, schedules: Schedules, terms: FloatTerms, speeds: Speeds) -> SteadyFloaters:
    """What no curve changes of the positions that are steady."""
    terms = terms.typed()
    periods = periods_of(as_of_day, schedules, terms)
    return _resolve_steady(periods, _without_rates_of_nothing(periods, terms), is_steady(terms, speeds))


def _resolve_steady(periods: Periods, terms: FloatTerms, chosen: NDArray[np.bool_]) -> SteadyFloaters:
    balance_ccy, repaid_ccy = np.empty(len(periods.pay)), np.empty(len(periods.pay))
    position = np.repeat(np.arange(len(chosen)), np.diff(periods.offsets))
    interest_only = periods.end <= terms.io_until_day[position]
    terms_of_balance = (terms.balance_ccy, terms.amortization, terms.redemption_per_100)
    fill_balances(chosen, periods.offsets, interest_only, *terms_of_balance, balance_ccy, repaid_ccy)
    days = (periods.reset, periods.stop, periods.pay)
    rates = (terms.margin, terms.cap, terms.floor, terms.servicing_fee)
    of_period = (periods.fraction, terms.fixing, terms.grown, balance_ccy, repaid_ccy)
    return SteadyFloaters(chosen, periods.offsets, *days, *of_period, *rates, terms.projection_row)


def _widened(discounting: Discounting) -> Discounting:
    spread, gradient = widened(discounting.spread), widened(discounting.gradient_of_scenario)
    return discounting._replace(spread=spread, gradient_of_scenario=gradient) if len(gradient) else discounting


def _without_rates_of_nothing(periods: Periods, terms: FloatTerms) -> FloatTerms:
    """A period of no length accrues nothing and resets nothing: a forward over no time is no number."""
    nothing = periods.fraction == 0.0
    return terms._replace(fixing=np.where(nothing, 0.0, terms.fixing)) if nothing.any() else terms


@kernel
def _fill(
    as_of_day: int,
    valued_in_days: int,
    chosen: NDArray[np.bool_],
    periods: Periods,
    terms: FloatTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None,
    discount_factors: NDArray[np.float64],
    surfaces: CapletSurfaces,
    discounting: Discounting,
    interest_ccy: NDArray[np.float64],
    principal_ccy: NDArray[np.float64],
    parts_ccy: NDArray[np.float64],
    key_rate_dv01: NDArray[np.float64],
) -> None:
    for i in range(len(terms.frequency)):
        first, count = periods.offsets[i], periods.offsets[i + 1] - periods.offsets[i]
        if count == 0 or not chosen[i]:
            continue
        path = _speed_path(as_of_day, i, periods, terms, speeds)
        work, cashflows_ccy = empty_floating_path(count), np.empty((POOL_ROWS, count))
        if followed is not None:
            seen = months_seen(followed, i, first, path, speeds.prepayment_kind[i])
        for v in range(len(variants.severity_add)):
            fill_speeds(path, i, v, speeds, variants)
            severity = severity_under(speeds, i, variants, v)
            for s in range(len(variants.of_scenario)):
                if variants.of_scenario[s] != v:
                    continue
                options = discount_factors, surfaces, valued_in_days, key_rate_dv01.shape[2] > 0
                fill_rates(i, s, periods, terms, *options, work)
                _fill_shares(i, periods, terms, work)
                if followed is not None:
                    of_path = terms.balance_ccy[i], work.share, work.all_in, seen
                    fill_followed(path, i, v, *of_path, speeds, variants, followed)
                _fill_amounts(i, periods, terms, path, severity, speeds, work, cashflows_ccy)
                interest_ccy[first : first + count, s] = cashflows_ccy[INTEREST]
                principal_ccy[first : first + count, s] = principal_paid(cashflows_ccy)
                fill_parts(cashflows_ccy, first, s, parts_ccy)
                if key_rate_dv01.shape[2] > 0:
                    _fill_discount(i, s, periods, discount_factors, discounting, work)
                    _fill_weights(i, periods, terms, path, severity, speeds, work, cashflows_ccy[BEGINNING])
                    _add_key_rates(i, s, periods, terms, discounting, work, key_rate_dv01[i, s])


@kernel
def _speed_path(as_of_day: int, i: int, periods: Periods, terms: FloatTerms, speeds: Speeds) -> SpeedPath:
    first, stop = periods.offsets[i], periods.offsets[i + 1]
    if speeds.prepayment_kind[i] == NO_SPEED and speeds.default_kind[i] == NO_SPEED:
        none = np.zeros(stop - first, np.int32)
        return empty_path(none, none)
    start, end, regular = periods.start[first:stop], periods.end[first:stop], periods.regular[first:stop]
    months = months_of_periods(as_of_day, start, end, regular, terms.frequency[i])
    age = ages_mo(terms.issue_day[i], end) if depends_on_age(speeds, i) else np.zeros(stop - first, np.int32)
    return empty_path(months, age, step_of_speeds_mo(terms.frequency[i]))


@kernel
def _fill_shares(i: int, periods: Periods, terms: FloatTerms, work: FloatingPath) -> None:
    first, last, frequency = periods.offsets[i], periods.offsets[i + 1], terms.frequency[i]
    fraction, end, io_until_day = periods.fraction[first:last], periods.end[first:last], terms.io_until_day[i]
    all_in, share, slope, amortization = work.all_in, work.share, work.share_slope, terms.amortization[i]
    past = payments_past_maturity(terms.amortization_months[i], terms.issue_day[i], terms.maturity_day[i], frequency)
    share[:], slope[:] = 0.0, 0.0
    if amortization == LEVEL_PAY and not math.isnan(terms.payment_ccy[i]):
        fill_floating_shares(terms.balance_ccy[i], terms.payment_ccy[i], fraction, end, io_until_day, work)
        return
    for j in range(len(share) - 1):
        left = len(share) - j
        if end[j] <= io_until_day:
            continue
        if amortization == LINEAR:
            share[j] = 1.0 / left
        elif amortization == LEVEL_PAY:
            rate = all_in[j] / frequency
            share[j] = level_share(rate, left + past) - all_in[j] * fraction[j]
            slope[j] = level_share_slope(rate, left + past) / frequency - fraction[j]
    share[len(share) - 1] = 1.0


@kernel
def _fill_amounts(
    i: int,
    periods: Periods,
    terms: FloatTerms,
    path: SpeedPath,
    severity: float,
    speeds: Speeds,
    work: FloatingPath,
    cashflows_ccy: NDArray[np.float64],
) -> None:
    first, count = periods.offsets[i], len(work.share)
    fraction = periods.fraction[first : first + count]
    if terms.round_to_cent[i] and speeds.prepayment_kind[i] == NO_SPEED and speeds.default_kind[i] == NO_SPEED:
        balance_ccy, payment_ccy = terms.balance_ccy[i], terms.payment_ccy[i]
        _fill_cents(balance_ccy, terms.servicing_fee[i], payment_ccy, fraction, work, cashflows_ccy)
    else:
        rate = (work.all_in - terms.servicing_fee[i]) * fraction
        advances = speeds.servicer_advances[i]
        fill_pool(terms.balance_ccy[i], work.share, rate, path, severity, advances, cashflows_ccy)
    cashflows_ccy[SCHEDULED, count - 1] *= terms.redemption_per_100[i] / 100.0


@kernel
def _fill_cents(
    balance_ccy: float,
    servicing_fee: float,
    payment_ccy: float,
    fraction: NDArray[np.float64],
    work: FloatingPath,
    cashflows_ccy: NDArray[np.float64],
) -> None:
    """As `fill_pool` without speeds, with each payment, interest and balance rounded to the cent."""
    cashflows_ccy[:, :] = 0.0
    balance = balance_ccy
    for j in range(len(work.share)):
        due = work.all_in[j] * fraction[j]
        interest = cents(balance * due)
        repaid = balance
        if j < len(work.share) - 1:
            is_given = work.share[j] != 0.0 and not math.isnan(payment_ccy)
            payment = cents(payment_ccy if is_given else balance * (work.share[j] + due))
            repaid = cents(payment - interest)
            if is_given and abs(payment) >= abs(balance + interest):
                repaid = balance
        cashflows_ccy[BEGINNING, j] = balance
        cashflows_ccy[INTEREST, j] = interest - balance * servicing_fee * fraction[j]
        cashflows_ccy[SCHEDULED, j] = repaid
        balance = cents(balance - repaid)


@kernel
def _fill_discount(
    i: int,
    s: int,
    periods: Periods,
    discount_factors: NDArray[np.float64],
    discounting: Discounting,
    work: FloatingPath,
) -> None:
    pay, discount = periods.pay[periods.offsets[i] : periods.offsets[i + 1]], work.discount
    factors, spread = discount_factors[discounting.curve_row[i]], discounting.spread[i, s]
    spread_factors = discounting.spread_factors[discounting.spread_row[i]]
    for j in range(len(discount)):
        discount[j] = factors[pay[j], s] * spread_factors[pay[j]] * math.exp(-spread * pay[j] / 365.0)


@kernel
def _fill_weights(
    i: int,
    periods: Periods,
    terms: FloatTerms,
    path: SpeedPath,
    severity: float,
    speeds: Speeds,
    work: FloatingPath,
    beginning_ccy: NDArray[np.float64],
) -> None:
    fraction = periods.fraction[periods.offsets[i] : periods.offsets[i + 1]]
    fee, redemption = terms.servicing_fee[i], terms.redemption_per_100[i] / 100.0
    advances = speeds.servicer_advances[i]
    fill_weights(fraction, fee, redemption, path, severity, advances, beginning_ccy, work)


@kernel
def _add_key_rates(
    i: int,
    s: int,
    periods: Periods,
    terms: FloatTerms,
    discounting: Discounting,
    work: FloatingPath,
    key_rate_dv01: NDArray[np.float64],
) -> None:
    first, last = periods.offsets[i], periods.offsets[i + 1]
    reset, stop = periods.reset[first:last], periods.stop[first:last]
    gradients = discounting.key_gradients[discounting.gradient_of_scenario[s], terms.projection_row[i]]
    add_key_rates(reset, stop, work.weight, gradients, key_rate_dv01)
