"""Positions whose every payment is past though something is still held: a mistake, or a debt that is being recovered.

A loan, bond, note or pool that brings a `severity` is worth its recovery: (1 - severity) of the notional,
`recovery_lag_months` after the valuation date. Whatever else is past its last payment has no value to give.
"""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import discount_terms
from compute.inputs.loan_events import has_holidays
from compute.inputs.run_inputs import EPOCH, RunInputs
from compute.inputs.terms import Terms
from compute.kernels.dates.calendars import adjust, civil_of_day, day_in_month
from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.flows import Flows
from compute.outputs.failures import Failing
from compute.outputs.family_values import Valued
from compute.pricers.debt.checks import check_discounting
from compute.pricers.debt.holidays import extension_of_terms
from compute.pricers.debt.pricing import value_flows
from compute.pricers.debt.projection import Projected, cashflow_table
from compute.pricers.debt.terms import Debt, is_custom_loan
from compute.pricers.securitised.pools import pool_dates
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS, PRODUCT_TYPES

FUNDED = tuple(PRODUCT_TYPES.index(name) for name in ("LOAN", "BOND", "CALLABLE_BOND", "ABS_MBS", "STRUCTURED"))
BY_MATURITY = (*FUNDED, *(PRODUCT_TYPES.index(name) for name in ("FX_FWD", "IRS", "CAP_FLOOR", "CDS")))
"""Options that expire have a rule of their own: `option_terms.check_expiry`."""
POOL, FX_FWD, CDS = (PRODUCT_TYPES.index(name) for name in ("ABS_MBS", "FX_FWD", "CDS"))
FOLLOWING, NO_CALENDAR = BUSINESS_DAYS.index("FOLLOWING"), CALENDARS.index("NONE")
UNADJUSTED = BUSINESS_DAYS.index("UNADJUSTED")

Days = NDArray[np.int32]
Flags = NDArray[np.bool_]


def check_past_maturity(run: RunInputs, terms: Terms, failing: Failing) -> None:
    last = last_payment_days(run, terms)
    past = _is_past(run, terms, last)
    funded = np.isin(terms.choice("product_type", PRODUCT_TYPES), FUNDED)
    recovers = past & funded & ~np.isnan(terms.number("severity"))

    def sentence(i: int) -> str:
        severity = ", or give the severity of what is being recovered" if funded[i] else ""
        return (
            f"past maturity: the last payment fell on {EPOCH + timedelta(days=int(last[i]))}, and there is a notional; "
            f"correct the dates, take the position out{severity}"
        )

    failing.where(past & ~recovers, Reason.INVALID_TERMS, sentence)
    chosen = np.flatnonzero(recovers & failing.fine)
    if len(chosen):
        part = Failing.none(len(chosen))
        check_discounting(run, terms.of(chosen), part)
        failing.take(chosen, part)


def recovering(run: RunInputs, terms: Terms) -> Flags:
    """[n] debts of which nothing is left but a recovery."""
    brings = np.isin(terms.choice("product_type", PRODUCT_TYPES), FUNDED) & ~np.isnan(terms.number("severity"))
    if not brings.any():
        return brings
    return brings & _is_past(run, terms, last_payment_days(run, terms))


def price_recoveries(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that are `recovering`. A yield has no period to count in, so there is none."""
    flows, count = recovery_flows(run, terms), len(terms)
    valued = value_flows(run, _debt(run, terms), Projected(flows, flows, flows, None, np.zeros(count)), index)
    theta_ccy = valued.of("THETA")
    if theta_ccy is None:
        return valued
    return valued.with_values({"THETA": np.where(flows.day[:, None] > 0, theta_ccy, 0.0)})


def recovery_flows(run: RunInputs, terms: Terms) -> Flows:
    """One payment each."""
    notional_ccy, count = terms.position_number("notional"), len(terms)
    lost = np.clip(terms.number("severity")[:, None] + run.tables.severity_add, 0.0, 1.0)
    day = [_months_on(run.as_of_day, int(lag)) for lag in terms.whole("recovery_lag_months")]
    return Flows(
        offsets=np.arange(count + 1, dtype=np.int64),
        day=np.array(day, np.int32),
        period=np.zeros(count, np.int32),
        interest=np.zeros(lost.shape),
        principal=notional_ccy[:, None] * (1.0 - lost),
        variant_of_scenario=np.arange(run.scenario_count, dtype=np.int32),
    )


def last_payment_days(run: RunInputs, terms: Terms) -> Days:
    """[n] adjusted day of the last payment by the terms; ABSENT_DATE where they do not say, and for options."""
    product, maturity = terms.choice("product_type", PRODUCT_TYPES), terms.day("maturity_date")
    calendar = terms.choice("calendar", CALENDARS, "NONE")
    rule = terms.choice("business_day", BUSINESS_DAYS, "UNADJUSTED")
    rule = np.where(product == CDS, FOLLOWING, np.where(product == FX_FWD, UNADJUSTED, rule)).astype(np.int8)
    last = np.where(np.isin(product, BY_MATURITY) & (maturity != ABSENT_DATE), maturity, ABSENT_DATE)
    on_holiday = np.flatnonzero(has_holidays(terms) & (last != ABSENT_DATE))
    if len(on_holiday):
        last[on_holiday] = extension_of_terms(run.as_of_day, terms.of(on_holiday)).last_day
    dated = np.flatnonzero(last != ABSENT_DATE)
    last[dated] = adjust(last[dated], np.maximum(calendar[dated], NO_CALENDAR), np.maximum(rule[dated], UNADJUSTED))
    pools = np.flatnonzero(product == POOL)
    if len(pools):
        last[pools] = _last_of_pools(terms.of(pools))
    custom = np.flatnonzero(is_custom_loan(terms))
    if len(custom):
        last[custom] = _last_of_tables(run, terms.of(custom), last[custom])
    return last.astype(np.int32)


def _is_past(run: RunInputs, terms: Terms, last: Days) -> Flags:
    past: Flags = (
        (last != ABSENT_DATE) & (last <= run.as_of_day) & (np.nan_to_num(terms.position_number("notional")) != 0)
    )
    return past


def _last_of_pools(terms: Terms) -> Days:
    dates, wam_mo = pool_dates(terms), terms.number("wam")
    dated = (dates.first_end_day != ABSENT_DATE) & ~np.isnan(wam_mo)
    last, rows = np.full(len(terms), ABSENT_DATE, np.int32), np.flatnonzero(dated)
    each = dates.of(rows)
    end = each.month_end(wam_mo[rows].astype(np.int64) - 1)
    last[rows] = adjust(end + each.delay_days, each.calendar, each.business_day)
    return last


def _last_of_tables(run: RunInputs, terms: Terms, otherwise: Days) -> Days:
    """A CUSTOM loan's is that of its table."""
    table = run.lookups.once("table", "cashflows", lambda: cashflow_table(run))
    end = table.offsets[1:][terms.instruments]
    has_rows = end > table.offsets[:-1][terms.instruments]
    return np.where(has_rows, table.pay_day[np.maximum(end - 1, 0)] if len(table.pay_day) else ABSENT_DATE, otherwise)


def _months_on(day: int, months: int) -> int:
    """Days from a day to the same day of the month so many months later, clipped to its month."""
    year, month, roll = civil_of_day(day)
    return int(day_in_month(12 * year + month - 1 + months, roll)) - day


def _debt(run: RunInputs, terms: Terms) -> Debt:
    """Without a period: all that is still to come is the recovery."""
    count, days = len(terms), np.empty(0, np.int32)
    return Debt(
        terms=terms,
        is_loan=np.zeros(count, np.bool_),
        notional_ccy=terms.position_number("notional"),
        coupon=np.zeros(count),
        day_count=np.maximum(terms.choice("day_count", DAY_COUNTS), 0).astype(np.int8),
        frequency=np.zeros(count, np.int32),
        maturity_day=np.full(count, run.as_of_day, np.int32),
        issue_day=terms.day("issue_date"),
        discount_terms=discount_terms(run, terms),
        schedules=Schedules(
            offsets=np.zeros(count + 1, np.int64),
            start=days,
            end=days,
            accrual_start=days,
            accrual_end=days,
            pay=days,
            reference_start=days,
            reference_end=days,
            regular=np.empty(0, np.bool_),
        ),
    )
