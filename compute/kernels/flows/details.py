"""One loan or pool under one scenario in all its parts: what the kernels of flows make, and add up to principal."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows import eventful_loans, floating, loans
from compute.kernels.flows.amortization import ages_mo, months_of_periods, period_fractions, step_of_speeds_mo
from compute.kernels.flows.eventful_loans import EventfulPeriods, EventfulTerms
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating_rates import fill_rates, periods_of
from compute.kernels.flows.floating_sensitivity import empty_floating_path
from compute.kernels.flows.loans import LoanTerms
from compute.kernels.flows.modelled_pools import pool_by_model
from compute.kernels.flows.pass_throughs import PoolTerms
from compute.kernels.flows.prepaying_pool import (
    BEGINNING,
    POOL_ROWS,
    SpeedPath,
    Speeds,
    Variants,
    depends_on_age,
    empty_path,
    fill_pool,
    fill_speeds,
    level_pay_pool,
    level_shares,
    severity_under,
)
from compute.kernels.flows.prepayment_model import Followed, fill_followed, months_seen
from compute.kernels.flows.speeds import NO_SPEED
from compute.kernels.options.caplet_volatilities import CapletSurfaces

Amounts = NDArray[np.float64]


class Details(NamedTuple):
    """[n] periods of one position."""

    cashflows_ccy: Amounts
    """[7, n] as `prepaying_pool.fill_pool`"""
    loss_ccy: Amounts
    """[n] booked with the recovery"""
    rate: Amounts
    """[n] gross, a year"""
    drawn_ccy: Amounts | None = None
    """[n] paid out with the payment; None where nothing can be"""


def has_speeds(speeds: Speeds) -> bool:
    return bool(speeds.prepayment_kind[0] != NO_SPEED or speeds.default_kind[0] != NO_SPEED)


def pool_details(
    terms: PoolTerms, speeds: Speeds, variants: Variants, v: int, followed: Followed | None = None
) -> Details:
    """Months from the first to come of one pool."""
    wac, months, age = float(terms.wac[0]), int(terms.wam_mo[0]), int(terms.age_mo[0])
    pass_through, speeds = float(terms.pass_through[0]), speeds.typed()
    of_pool = (float(terms.balance_ccy[0]), wac, months, age, pass_through)
    if followed is None:
        cashflows_ccy = level_pay_pool(*of_pool, 0, v, speeds, variants)
    else:
        cashflows_ccy = pool_by_model(*of_pool, 0, 0, speeds, variants, followed)[v]
    share = level_shares(wac, months)
    path = empty_path(np.ones(months, np.int32), (age + 1 + np.arange(months)).astype(np.int32))
    fill_speeds(path, 0, v, speeds, variants)
    loss_ccy = losses_ccy(path, share, cashflows_ccy[BEGINNING], speeds, severity_under(speeds, 0, variants, v))
    return Details(cashflows_ccy, loss_ccy, np.full(months, pass_through))


def loan_details(
    as_of_day: int,
    schedules: Schedules,
    terms: LoanTerms,
    speeds: Speeds,
    variants: Variants,
    v: int,
    followed: Followed | None = None,
) -> Details:
    """Payments to come of one fixed loan that has speeds."""
    terms, speeds = terms.typed(), speeds.typed()
    fraction = period_fractions(schedules, terms.day_count, terms.frequency, np.ones(1, np.bool_))
    nominal = loans.nominal_coupon(terms.coupon, terms.compounding, terms.frequency, schedules, fraction)
    terms = terms._replace(coupon=nominal)
    periods = loans._Periods(schedules.offsets, schedules.start, schedules.end, schedules.regular, fraction)
    count = len(fraction)
    share, cashflows_ccy = loans._scheduled_share(0, count, periods, terms), np.empty((POOL_ROWS, count))
    path = _path(as_of_day, schedules, int(terms.issue_day[0]), int(terms.frequency[0]), speeds)
    fill_speeds(path, 0, v, speeds, variants)
    if followed is not None:
        seen = months_seen(followed, 0, 0, path, speeds.prepayment_kind[0])
        of_path = terms.balance_ccy[0], share, followed.gross_rate, seen
        fill_followed(path, 0, v, *of_path, speeds, variants, followed)
    severity = severity_under(speeds, 0, variants, v)
    rate = (terms.coupon[0] - terms.servicing_fee[0]) * fraction
    fill_pool(terms.balance_ccy[0], share, rate, path, severity, speeds.servicer_advances[0], cashflows_ccy)
    loss_ccy = losses_ccy(path, share, cashflows_ccy[BEGINNING], speeds, severity)
    return Details(cashflows_ccy, loss_ccy, np.full(count, terms.coupon[0]))


def floater_details(
    as_of_day: int,
    schedules: Schedules,
    terms: FloatTerms,
    speeds: Speeds,
    variants: Variants,
    v: int,
    discount_factors: Amounts,
    surfaces: CapletSurfaces,
    scenario: int,
    followed: Followed | None = None,
) -> Details:
    """Payments to come of one floating loan or bond."""
    terms, speeds = terms.typed(), speeds.typed()
    periods = periods_of(as_of_day, schedules, terms)
    terms = floating._without_rates_of_nothing(periods, terms)
    count = len(periods.pay)
    work, cashflows_ccy = empty_floating_path(count), np.zeros((POOL_ROWS, count))
    path = floating._speed_path(as_of_day, 0, periods, terms, speeds)
    fill_speeds(path, 0, v, speeds, variants)
    severity = severity_under(speeds, 0, variants, v)
    fill_rates(0, scenario, periods, terms, discount_factors, surfaces, 0, False, work)
    floating._fill_shares(0, periods, terms, work)
    if followed is not None:
        seen = months_seen(followed, 0, 0, path, speeds.prepayment_kind[0])
        of_path = terms.balance_ccy[0], work.share, work.all_in, seen
        fill_followed(path, 0, v, *of_path, speeds, variants, followed)
    floating._fill_amounts(0, periods, terms, path, severity, speeds, work, cashflows_ccy)
    lost = has_speeds(speeds)
    beginning = cashflows_ccy[BEGINNING]
    loss_ccy = losses_ccy(path, work.share, beginning, speeds, severity) if lost else np.zeros(count)
    return Details(cashflows_ccy, loss_ccy, work.all_in.copy())


def eventful_details(
    as_of_day: int,
    periods: EventfulPeriods,
    terms: EventfulTerms,
    speeds: Speeds,
    variants: Variants,
    v: int,
    rate: Amounts,
    followed: Followed | None = None,
) -> Details:
    """Payments to come of one loan whose terms change on agreed dates."""
    count = len(rate)
    path = eventful_loans.speed_path(as_of_day, 0, periods, terms, speeds)
    share, cash = np.zeros(count), np.empty((eventful_loans.LOAN_ROWS, count))
    eventful_loans.fill_quoted(path, 0, v, speeds, variants)
    eventful_loans.fill_loan(0, v, periods, terms, speeds, variants, followed, rate, path, share, cash)
    severity = severity_under(speeds, 0, variants, v)
    lost = has_speeds(speeds)
    loss_ccy = losses_ccy(path, share, cash[BEGINNING], speeds, severity) if lost else np.zeros(count)
    return Details(cash[:POOL_ROWS], loss_ccy, rate, cash[eventful_loans.DRAWN])


def _path(as_of_day: int, schedules: Schedules, issue_day: int, frequency: int, speeds: Speeds) -> SpeedPath:
    end = schedules.end
    months = months_of_periods(as_of_day, schedules.start, end, schedules.regular, frequency)
    age = ages_mo(issue_day, end) if depends_on_age(speeds, 0) else np.zeros(len(end), np.int32)
    return empty_path(months, age, step_of_speeds_mo(frequency))


def losses_ccy(path: SpeedPath, share: Amounts, beginning_ccy: Amounts, speeds: Speeds, severity: float) -> Amounts:
    """[n] of each month's default, severity of its face, at most what advances have left of it by its recovery."""
    lost, month = np.zeros(len(share)), 0
    for j in range(len(share)):
        for q in range(month, month + int(path.months[j])):
            slot, left = int(path.recovery_period[q]), 1.0
            if speeds.servicer_advances[0]:
                for k in range(j, slot):
                    left *= 1.0 - share[k]
            lost[slot] += min(left, severity) * path.default_share[q] * beginning_ccy[j]
        month += int(path.months[j])
    return lost
