"""Loans and bonds whose terms change on agreed dates, as their kernels take them: terms, periods, rates by period."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.loan_events import Steps, draws_of, resets_its_rate, stepped, steps_of
from compute.inputs.run_inputs import RunInputs
from compute.kernels.dates.schedules import each_alone
from compute.kernels.flows.adjustable_rates import KEEPS, LEVELS, ResetTerms, adjustable_rates
from compute.kernels.flows.amortization import (
    interest_only_until,
    months_of_all_periods,
    payments_beyond,
    period_fractions,
)
from compute.kernels.flows.eventful_loans import EventfulPeriods, EventfulTerms
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating import floating_flows
from compute.kernels.flows.loans import nominal_coupon
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.options.caplet_volatilities import CapletSurfaces
from compute.pricers.debt.holidays import kinds_of_periods, payments_left
from compute.pricers.debt.projection import float_terms_of, given_payments_ccy
from compute.pricers.debt.speeds import variants_of
from compute.pricers.debt.terms import BULLET, Debt, debt_of
from compute.pricers.shared.resets import Resets, resets_of
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import AMORTIZATIONS, COMPOUNDINGS

Rates = NDArray[np.float64]
Days = NDArray[np.int32]
MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True)
class Market:
    """What rates are projected on: the run's, moved, or tomorrow's."""

    factors: Rates
    """[curves, days, S]"""
    surfaces: CapletSurfaces
    resets: Resets | None = None
    """of the floaters among the loans, where they are not today's"""
    valued_in_days: int = 0


# --- terms ----------------------------------------------------------------------------------------------------------


def eventful_terms(debt: Debt) -> EventfulTerms:
    terms, frequency = debt.terms, debt.frequency
    neg_am_cap, held_ccy = terms.number("neg_am_cap"), np.abs(debt.notional_ccy)
    original_ccy = terms.number("original_balance")
    amortization = np.where(debt.is_loan, terms.choice("amortization", AMORTIZATIONS), BULLET).astype(np.int8)
    months, maturity = terms.whole("amortization_months"), terms.day("maturity_date")
    return EventfulTerms(
        balance_ccy=debt.notional_ccy,
        servicing_fee=terms.number("servicing_fee", 0.0),
        redemption_per_100=np.where(debt.is_loan, 100.0, terms.number("redemption_per_100", 100.0)),
        payments_beyond=payments_beyond(months, debt.issue_day, maturity, frequency),
        payment_ccy=given_payments_ccy(debt),
        payment_cap=terms.number("payment_cap"),
        most_ccy=np.where(
            np.isnan(terms.number("payment_cap")),
            np.nan,
            neg_am_cap * np.where(np.isnan(original_ccy), held_ccy, original_ccy),
        ),
        undrawn_ccy=terms.position_number("undrawn", 0.0) * sides(debt),
        frequency=frequency,
        io_until_day=interest_only_until(debt.issue_day, terms.whole("io_months")),
        issue_day=debt.issue_day,
        amortization=amortization,
        round_to_cent=terms.choice("rounding", ("CENT",)) == 0,
        resets=resets_its_rate(terms),
        is_bounded=~np.isnan(neg_am_cap) | ~np.isnan(terms.number("recast_months")),
    )


def sides(debt: Debt) -> Rates:
    """[m] -1 of what is owed, else 1."""
    return np.where(debt.notional_ccy < 0.0, -1.0, 1.0)


# --- periods --------------------------------------------------------------------------------------------------------


def eventful_periods(run: RunInputs, debt: Debt, sets: NDArray[np.int8]) -> EventfulPeriods:
    schedules, terms = debt.schedules, debt.terms
    holiday = kinds_of_periods(terms, schedules)
    return EventfulPeriods(
        offsets=schedules.offsets,
        start=schedules.start,
        end=schedules.end,
        regular=schedules.regular,
        fraction=fractions_of(debt),
        holiday=holiday,
        left=payments_left(run.as_of_day, terms, schedules, holiday),
        draws_ccy=_agreed_draws(run.as_of_day, debt),
        draw_share=np.zeros(len(holiday)) if run.is_contractual else _draw_shares(run.as_of_day, debt),
        sets=sets,
    )


def fractions_of(debt: Debt) -> Rates:
    return period_fractions(debt.schedules, debt.day_count, debt.frequency, debt.is_loan)


def _agreed_draws(as_of_day: int, debt: Debt) -> Rates:
    """[P] with the first payment on or after the draw's day; nothing with the last, which clears the balance."""
    draws, schedules, instrument = draws_of(debt.terms), debt.schedules, debt.terms.instruments
    paid_out = np.zeros(len(schedules.pay))
    counts = np.where(debt.is_loan, np.diff(draws.offsets)[instrument], 0)
    if not counts.any():
        return paid_out
    first = np.concatenate(([0], np.cumsum(counts)))
    row = np.repeat(draws.offsets[:-1][instrument] - first[:-1], counts) + np.arange(first[-1])
    position, day = np.repeat(np.arange(len(counts)), counts), draws.day[row]
    stride = np.int64(1) << 32
    at = np.searchsorted(schedules.position_of_period * stride + schedules.end, position * stride + day)
    counted = (day > as_of_day) & (at < schedules.offsets[position + 1] - 1)
    reference_ccy = debt.terms.number("reference_notional")
    part = np.where(np.isnan(reference_ccy), sides(debt), debt.notional_ccy / reference_ccy)
    np.add.at(paid_out, at[counted], (draws.amount_ccy[row] * part[position])[counted])
    return paid_out


def _draw_shares(as_of_day: int, debt: Debt) -> Rates:
    """[P] 1 - (1 - draw_rate)^(1/12) a month, through the commitment's end; never with the last payment."""
    schedules, ends = debt.schedules, debt.terms.day("commitment_end_date")
    position = schedules.position_of_period
    draw_rate = np.where(debt.is_loan, debt.terms.number("draw_rate", 0.0), 0.0)[position]
    if not draw_rate.any():
        return draw_rate
    columns = (schedules.offsets, schedules.start, schedules.end, schedules.regular)
    months = months_of_all_periods(as_of_day, *columns, debt.frequency)
    last = np.arange(len(position)) == schedules.offsets[position + 1] - 1
    committed = (ends == ABSENT_DATE)[position] | (schedules.end <= ends[position])
    with np.errstate(divide="ignore"):
        share = -np.expm1(months / MONTHS_PER_YEAR * np.log1p(-draw_rate))
    return np.where(committed & ~last, share, 0.0)


# --- rates ----------------------------------------------------------------------------------------------------------


def fixed_rates(debt: Debt) -> tuple[Rates, NDArray[np.int8]]:
    """[P, 1] the coupon of each period as it pays it, and the payments that are levelled anew: where it steps."""
    position, terms = debt.schedules.position_of_period, debt.terms
    coupon = coupons(debt)
    compounding = np.where(debt.is_loan, terms.choice("compounding", COMPOUNDINGS), -1)[position]
    rate = nominal_coupon(coupon, compounding, debt.frequency[position], each_alone(debt.schedules), fractions_of(debt))
    steps = np.zeros(len(rate), np.bool_)
    steps[1:] = (coupon[1:] != coupon[:-1]) & (position[1:] == position[:-1])
    return rate[:, None], np.where(steps, LEVELS, KEEPS).astype(np.int8)


def coupons(debt: Debt) -> Rates:
    """[P] as quoted, of what each period's start finds in force"""
    position, terms = debt.schedules.position_of_period, debt.terms
    return stepped(terms, "coupon", terms.instruments[position], debt.schedules.start, debt.coupon[position])


def floating_rates(run: RunInputs, debt: Debt, market: Market) -> tuple[Rates, NDArray[np.int8]]:
    """[P, S] all-in rates under a market, and the payments that are levelled anew: a floater's all."""
    resets, position = resets_its_rate(debt.terms), debt.schedules.position_of_period
    rate = np.empty((len(position), market.factors.shape[2]))
    sets = np.full(len(position), LEVELS, np.int8)
    adjustable, floating = np.flatnonzero(resets), np.flatnonzero(~resets)
    if len(adjustable):
        mine = resets[position]
        rate[mine], sets[mine] = _adjustable_rates(run, debt_of(debt, adjustable), market)
    if len(floating):
        rate[~resets[position]] = _forward_rates(run, debt_of(debt, floating), market)
    return rate, sets


def _adjustable_rates(run: RunInputs, debt: Debt, market: Market) -> tuple[Rates, NDArray[np.int8]]:
    terms = debt.terms
    initial_rate, steps = terms.number("initial_rate"), _steps_of_positions(debt)
    reset_terms = ResetTerms(
        rate_in_force=debt.coupon,
        initial_rate=np.where(np.isnan(initial_rate), debt.coupon, initial_rate),
        margin=terms.number("margin", 0.0),
        cap=terms.number("cap"),
        floor=terms.number("floor"),
        first_cap=terms.number("first_cap"),
        periodic_cap=terms.number("periodic_cap"),
        life_cap=terms.number("life_cap"),
        first_reset_day=terms.day("first_reset_date"),
        resets_per_year=terms.whole("reset_frequency", 1),
        recast_mo=terms.whole("recast_months"),
        issue_day=debt.issue_day,
        day_count=debt.day_count,
        projection_row=terms.row_in("index", run.tables.projection_curve_of),
        steps=steps.offsets,
        step_day=steps.day,
        step_margin=steps.values["margin"],
    )
    return adjustable_rates(run.as_of_day, debt.schedules.offsets, debt.schedules.start, reset_terms, market.factors)


def _steps_of_positions(debt: Debt) -> Steps:
    """The rows of `steps` by position in place of by instrument."""
    steps, instrument = steps_of(debt.terms), debt.terms.instruments
    counts = np.diff(steps.offsets)[instrument]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    row = np.repeat(steps.offsets[:-1][instrument] - offsets[:-1], counts) + np.arange(offsets[-1])
    return Steps(offsets, steps.day[row], {name: values[row] for name, values in steps.values.items()})


def _forward_rates(run: RunInputs, debt: Debt, market: Market) -> Rates:
    """Of a unit for each period, as a floater of that period alone earns it."""
    resets = resets_of(run, debt.terms, debt.schedules) if market.resets is None else market.resets
    terms, schedules = alone_terms(debt, float_terms_of(run, debt, resets)), each_alone(debt.schedules)
    none = Speeds.none(len(schedules.pay))
    on = (market.factors, None, market.surfaces, market.valued_in_days)
    unit = floating_flows(run.as_of_day, schedules, terms, none, variants_of(run, none), *on).flows.interest
    fraction = fractions_of(debt)[:, None]
    return np.divide(unit, fraction, out=np.zeros(unit.shape), where=fraction != 0.0)


def margins(debt: Debt) -> Rates:
    """[P]"""
    position, terms = debt.schedules.position_of_period, debt.terms
    margin = terms.number("margin", 0.0)[position]
    return stepped(terms, "margin", terms.instruments[position], debt.schedules.start, margin)


def alone_terms(debt: Debt, terms: FloatTerms) -> FloatTerms:
    """Each period as a floater of its own that earns interest on a unit."""
    position = debt.schedules.position_of_period
    of_period = ("fixing", "grown", "known_to")
    given = {name: getattr(terms, name) for name in terms._fields if name not in of_period}
    spread = {name: values[position] for name, values in given.items() if len(values) == len(debt.is_loan)}
    count = len(position)
    return terms._replace(
        **spread
        | {
            "balance_ccy": np.ones(count),
            "margin": margins(debt),
            "servicing_fee": np.zeros(count),
            "redemption_per_100": np.zeros(count),
            "amortization": np.full(count, BULLET, np.int8),
            "round_to_cent": np.zeros(count, np.bool_),
            "payment_ccy": np.full(count, np.nan),
        }
    )
