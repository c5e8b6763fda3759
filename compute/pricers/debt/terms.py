"""Terms of loans and bonds that every measure shares: schedules, curves, spreads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import discount_terms
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.pricers.debt.holidays import schedules_of_terms, with_added_dates
from domain.portfolio.tables import AMORTIZATIONS, DAY_COUNTS, PRODUCT_TYPES, RATE_TYPES

FIXED, FLOATING, ZERO = range(len(RATE_TYPES))
BULLET = AMORTIZATIONS.index("BULLET")
CUSTOM = AMORTIZATIONS.index("CUSTOM")
LOAN = PRODUCT_TYPES.index("LOAN")


@dataclass(frozen=True)
class Debt:
    """Terms of m loans or bonds that all measures share."""

    terms: Terms
    is_loan: NDArray[np.bool_]
    notional_ccy: NDArray[np.float64]
    coupon: NDArray[np.float64]
    day_count: NDArray[np.int8]
    frequency: NDArray[np.int32]
    maturity_day: NDArray[np.int32]
    """the last date, holidays that extend it counted in"""
    issue_day: NDArray[np.int32]
    discount_terms: DiscountTerms
    schedules: Schedules


def resolve_debt(run: RunInputs, terms: Terms, is_loan: NDArray[np.bool_]) -> Debt:
    frequency, issue_day, maturity_day = terms.whole("frequency"), terms.day("issue_date"), terms.day("maturity_date")
    schedules, last_day = with_added_dates(run.as_of_day, terms, schedules_of_terms(run.as_of_day, terms), maturity_day)
    return Debt(
        terms=terms,
        is_loan=is_loan,
        notional_ccy=terms.position_number("notional"),
        coupon=terms.number("coupon", 0.0),
        day_count=terms.choice("day_count", DAY_COUNTS),
        frequency=frequency,
        maturity_day=last_day,
        issue_day=issue_day,
        discount_terms=discount_terms(run, terms),
        schedules=schedules,
    )


def debt_of(debt: Debt, chosen: NDArray[np.int64]) -> Debt:
    if len(chosen) == len(debt.is_loan):
        return debt
    return Debt(
        terms=debt.terms.of(chosen),
        is_loan=debt.is_loan[chosen],
        notional_ccy=debt.notional_ccy[chosen],
        coupon=debt.coupon[chosen],
        day_count=debt.day_count[chosen],
        frequency=debt.frequency[chosen],
        maturity_day=debt.maturity_day[chosen],
        issue_day=debt.issue_day[chosen],
        discount_terms=debt.discount_terms.of(chosen),
        schedules=schedules_of(debt.schedules, chosen),
    )


def schedules_of(schedules: Schedules, chosen: NDArray[np.int64]) -> Schedules:
    counts = np.diff(schedules.offsets)[chosen]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    rows = np.repeat(schedules.offsets[:-1][chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
    return Schedules(
        offsets=offsets,
        start=schedules.start[rows],
        end=schedules.end[rows],
        accrual_start=schedules.accrual_start[rows],
        accrual_end=schedules.accrual_end[rows],
        pay=schedules.pay[rows],
        reference_start=schedules.reference_start[rows],
        reference_end=schedules.reference_end[rows],
        regular=schedules.regular[rows],
    )


def is_custom(debt: Debt) -> NDArray[np.bool_]:
    custom: NDArray[np.bool_] = debt.terms.choice("amortization", AMORTIZATIONS) == CUSTOM
    return custom


def is_custom_loan(terms: Terms) -> NDArray[np.bool_]:
    is_loan = terms.choice("product_type", PRODUCT_TYPES) == LOAN
    custom: NDArray[np.bool_] = is_loan & (terms.choice("amortization", AMORTIZATIONS) == CUSTOM)
    return custom
