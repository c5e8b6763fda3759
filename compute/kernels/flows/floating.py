"""Floating-rate loans and notes: forwards on the projection curve, margin, cap and floor, and what they amortise."""

import math
from dataclasses import dataclass
from typing import NamedTuple

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
    period_fractions,
    step_of_speeds_mo,
)
from compute.kernels.flows.fixed_balance_floaters import SteadyFloaters, fill_balances, fill_interest, fill_key_rates
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating_sensitivity import (
    BASIS_POINT,
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
from compute.kernels.flows.modelled_speeds import Followed, fill_followed, months_seen
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
from compute.kernels.flows.speeds import NO_SPEED
from compute.kernels.kernel import kernel
from compute.kernels.options.caplet_volatilities import NO_SURFACE, CapletSurfaces, bracket, volatility_between
from compute.kernels.options.options import arrears_years, expected_rate
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
    periods = _periods(as_of_day, schedules, terms)
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
    periods = _periods(as_of_day, schedules, terms)
    terms = _without_rates_of_nothing(periods, terms)
    near = np.zeros((len(intrinsic), discount_factors.shape[2]), np.bool_)
    of_period = (periods.reset, periods.stop, periods.fraction, terms.fixing, terms.grown)
    bounds = (terms.margin, terms.cap, terms.floor, terms.projection_row)
    fill_near_kinks(intrinsic, periods.offsets, *of_period, *bounds, discount_factors, near)
    return near


def resolve_steady(as_of_day: int, schedules: Schedules, terms: FloatTerms, speeds: Speeds) -> SteadyFloaters:
    """What no curve changes of the positions that are steady."""
    terms = terms.typed()
    periods = _periods(as_of_day, schedules, terms)
    return _resolve_steady(periods, _without_rates_of_nothing(periods, terms), is_steady(terms, speeds))


def _resolve_steady(periods: "_Periods", terms: FloatTerms, chosen: NDArray[np.bool_]) -> SteadyFloaters:
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


class _Periods(NamedTuple):
    """Columns [P] of the schedules; days of accrual and payment are offsets from the valuation date."""

    offsets: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    regular: NDArray[np.bool_]
    begin: NDArray[np.int32]
    """start of the accrual"""
    reset: NDArray[np.int32]
    """the same, or the day up to which overnight fixings are known: the forward runs from it on"""
    stop: NDArray[np.int32]
    pay: NDArray[np.int32]
    fraction: NDArray[np.float64]


def _periods(as_of_day: int, schedules: Schedules, terms: FloatTerms) -> _Periods:
    def offset(day: NDArray[np.int32]) -> NDArray[np.int32]:
        return (day - as_of_day).astype(np.int32)

    fraction = period_fractions(schedules, terms.day_count, terms.frequency, terms.is_loan)
    begin, end, pay = offset(schedules.accrual_start), offset(schedules.accrual_end), offset(schedules.pay)
    days = (begin, np.maximum(begin, terms.known_to), np.maximum(end, terms.known_to), pay)
    return _Periods(schedules.offsets, schedules.start, schedules.end, schedules.regular, *days, fraction)


def _without_rates_of_nothing(periods: "_Periods", terms: FloatTerms) -> FloatTerms:
    """A period of no length accrues nothing and resets nothing: a forward over no time is no number."""
    nothing = periods.fraction == 0.0
    return terms._replace(fixing=np.where(nothing, 0.0, terms.fixing)) if nothing.any() else terms


@kernel
def _fill(
    as_of_day: int,
    valued_in_days: int,
    chosen: NDArray[np.bool_],
    periods: _Periods,
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
        rows = slice(first, first + count)
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
                _fill_rates(i, s, periods, terms, discount_factors, work)
                if terms.volatility_row[i] != NO_SURFACE:
                    sensitive = key_rate_dv01.shape[2] > 0
                    options = discount_factors, surfaces, valued_in_days, sensitive
                    _fill_expected_rates(i, s, periods, terms, *options, work)
                _fill_shares(i, periods, terms, work)
                if followed is not None:
                    of_path = terms.balance_ccy[i], work.share, work.all_in, seen
                    fill_followed(path, i, v, *of_path, speeds, variants, followed)
                _fill_amounts(i, periods, terms, path, severity, speeds, work, cashflows_ccy)
                interest_ccy[rows, s] = cashflows_ccy[INTEREST]
                principal_ccy[rows, s] = principal_paid(cashflows_ccy)
                fill_parts(cashflows_ccy, first, s, parts_ccy)
                if key_rate_dv01.shape[2] > 0:
                    _fill_discount(i, s, periods, discount_factors, discounting, work)
                    _fill_weights(i, periods, terms, path, severity, speeds, work, cashflows_ccy[BEGINNING])
                    _add_key_rates(i, s, periods, terms, discounting, work, key_rate_dv01[i, s])


@kernel
def _speed_path(as_of_day: int, i: int, periods: _Periods, terms: FloatTerms, speeds: Speeds) -> SpeedPath:
    first, stop = periods.offsets[i], periods.offsets[i + 1]
    if speeds.prepayment_kind[i] == NO_SPEED and speeds.default_kind[i] == NO_SPEED:
        none = np.zeros(stop - first, np.int32)
        return empty_path(none, none)
    start, end, regular = periods.start[first:stop], periods.end[first:stop], periods.regular[first:stop]
    months = months_of_periods(as_of_day, start, end, regular, terms.frequency[i])
    age = ages_mo(terms.issue_day[i], end) if depends_on_age(speeds, i) else np.zeros(stop - first, np.int32)
    return empty_path(months, age, step_of_speeds_mo(terms.frequency[i]))


@kernel
def _fill_rates(
    i: int, s: int, periods: _Periods, terms: FloatTerms, discount_factors: NDArray[np.float64], work: FloatingPath
) -> None:
    margin, cap, floor = terms.margin[i], terms.cap[i], terms.floor[i]
    first, last = periods.offsets[i], periods.offsets[i + 1]
    reset, stop, fraction = periods.reset[first:last], periods.stop[first:last], periods.fraction[first:last]
    fixing, grown = terms.fixing[first:last], terms.grown[first:last]
    all_in, slopes = work.all_in, work.growth_slope
    factors = discount_factors[terms.projection_row[i]]
    for j in range(len(all_in)):
        rate, slope = fixing[j] + margin, 0.0
        if math.isnan(rate) and reset[j] >= 0:
            growth = grown[j] * factors[reset[j], s] / factors[stop[j], s]
            rate, slope = (growth - 1.0) / fraction[j] + margin, growth / fraction[j]
        if rate > cap:
            rate, slope = cap, 0.0
        if rate < floor:
            rate, slope = floor, 0.0
        all_in[j], slopes[j] = rate, slope


@kernel
def _fill_expected_rates(
    i: int,
    s: int,
    periods: _Periods,
    terms: FloatTerms,
    discount_factors: NDArray[np.float64],
    surfaces: CapletSurfaces,
    valued_in_days: int,
    sensitive: bool,
    work: FloatingPath,
) -> None:
    """Replaces the rates of `_fill_rates` that are still to be set by what cap and floor make of them on average.

    Their slope is the central difference over a basis point of all zero rates, as DV01 is defined: days before its
    reset an option bends within a basis point. An overnight index is set day by day until its period ends.
    """
    margin, cap, floor, row = terms.margin[i], terms.cap[i], terms.floor[i], terms.volatility_row[i]
    first, last = periods.offsets[i], periods.offsets[i + 1]
    reset, stop, fraction = periods.reset[first:last], periods.stop[first:last], periods.fraction[first:last]
    kind, shift, factors = surfaces.kind[row], surfaces.shift[row], discount_factors[terms.projection_row[i]]
    begin, fixing, grown = periods.begin[first:last], terms.fixing[first:last], terms.grown[first:last]
    in_arrears, expiries_yr, vols = terms.in_arrears[i], surfaces.expiries_yr[row], surfaces.vols[row, s]
    cap_at, above_cap = bracket(surfaces.strikes[row], cap - margin)
    floor_at, above_floor = bracket(surfaces.strikes[row], floor - margin)
    all_in, slopes, capped, floored = work.all_in, work.growth_slope, not math.isnan(cap), not math.isnan(floor)
    for j in range(len(fraction)):
        if not math.isnan(fixing[j]) or (reset[j] <= 0 and not in_arrears) or stop[j] <= reset[j]:
            continue
        growth, unit = grown[j] * factors[reset[j], s] / factors[stop[j], s], fraction[j]
        expiry_yr = option_yr = (reset[j] - valued_in_days) / 365.0
        if in_arrears:
            expiry_yr = max(expiry_yr, 0.0)
            option_yr = arrears_years(begin[j] - valued_in_days, stop[j] - valued_in_days)
        e, later = bracket(expiries_yr, expiry_yr)
        root_yr = math.sqrt(option_yr)
        cap_deviation = volatility_between(vols, e, later, cap_at, above_cap) * root_yr if capped else math.nan
        floor_deviation = volatility_between(vols, e, later, floor_at, above_floor) * root_yr if floored else math.nan
        bounds = (margin, cap, floor, cap_deviation, floor_deviation, shift)
        all_in[j] = expected_rate(kind, (growth - 1.0) / unit, *bounds)
        if sensitive:
            step = BASIS_POINT * (stop[j] - reset[j]) / 365.0
            higher = expected_rate(kind, (growth * math.exp(step) - 1.0) / unit, *bounds)
            lower = expected_rate(kind, (growth * math.exp(-step) - 1.0) / unit, *bounds)
            slopes[j] = (higher - lower) / (2.0 * step)


@kernel
def _fill_shares(i: int, periods: _Periods, terms: FloatTerms, work: FloatingPath) -> None:
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
    periods: _Periods,
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
    periods: _Periods,
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
    periods: _Periods,
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
    periods: _Periods,
    terms: FloatTerms,
    discounting: Discounting,
    work: FloatingPath,
    key_rate_dv01: NDArray[np.float64],
) -> None:
    first, last = periods.offsets[i], periods.offsets[i + 1]
    reset, stop = periods.reset[first:last], periods.stop[first:last]
    gradients = discounting.key_gradients[discounting.gradient_of_scenario[s], terms.projection_row[i]]
    add_key_rates(reset, stop, work.weight, gradients, key_rate_dv01)
