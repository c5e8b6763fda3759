"""Terms of loans and bonds that every measure shares: schedules, curves, spreads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_rows import discount_rows
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.dates.schedules import Schedules, build_schedules
from domain.portfolio.tables import AMORTIZATIONS, BUSINESS_DAYS, CALENDARS, DAY_COUNTS, PRODUCT_TYPES, RATE_TYPES

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
    issue_day: NDArray[np.int32]
    curve_row: NDArray[np.int32]
    spread_row: NDArray[np.int32]
    spread: NDArray[np.float64]
    schedules: Schedules


def resolve_debt(run: RunInputs, terms: Terms, is_loan: NDArray[np.bool_]) -> Debt:
    tables = run.tables
    frequency, issue_day, maturity_day = terms.whole("frequency"), terms.day("issue_date"), terms.day("maturity_date")
    schedules = build_schedules(
        run.as_of_day,
        maturity_day=maturity_day,
        issue_day=issue_day,
        first_payment_day=terms.day("first_payment_date"),
        last_regular_day=terms.day("last_regular_payment_date"),
        frequency=frequency,
        calendar=terms.choice("calendar", CALENDARS, "NONE"),
        business_day=terms.choice("business_day", BUSINESS_DAYS, "UNADJUSTED"),
        end_of_month=terms.flag("end_of_month"),
        adjust_accrual=terms.flag("adjust_accrual"),
    )
    return Debt(
        terms,
        is_loan,
        terms.position_number("notional"),
        terms.number("coupon", 0.0),
        terms.choice("day_count", DAY_COUNTS),
        frequency,
        maturity_day,
        issue_day,
        discount_rows(run, terms),
        np.maximum(terms.row_in("spread_curve", tables.spread_row), 0).astype(np.int32),
        run.spread(terms),
        schedules,
    )


def debt_of(debt: Debt, chosen: NDArray[np.int64]) -> Debt:
    if len(chosen) == len(debt.is_loan):
        return debt
    return Debt(
        debt.terms.of(chosen),
        debt.is_loan[chosen],
        debt.notional_ccy[chosen],
        debt.coupon[chosen],
        debt.day_count[chosen],
        debt.frequency[chosen],
        debt.maturity_day[chosen],
        debt.issue_day[chosen],
        debt.curve_row[chosen],
        debt.spread_row[chosen],
        debt.spread[chosen],
        schedules_of(debt.schedules, chosen),
    )


def schedules_of(schedules: Schedules, chosen: NDArray[np.int64]) -> Schedules:
    counts = np.diff(schedules.offsets)[chosen]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    rows = np.repeat(schedules.offsets[:-1][chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
    columns = (
        schedules.start,
        schedules.end,
        schedules.accrual_start,
        schedules.accrual_end,
        schedules.pay,
        schedules.reference_start,
        schedules.reference_end,
        schedules.regular,
    )
    return Schedules(offsets, *(column[rows] for column in columns))


def is_custom(debt: Debt) -> NDArray[np.bool_]:
    custom: NDArray[np.bool_] = debt.terms.choice("amortization", AMORTIZATIONS) == CUSTOM
    return custom


def is_custom_loan(terms: Terms) -> NDArray[np.bool_]:
    is_loan = terms.choice("product_type", PRODUCT_TYPES) == LOAN
    custom: NDArray[np.bool_] = is_loan & (terms.choice("amortization", AMORTIZATIONS) == CUSTOM)
    return custom
