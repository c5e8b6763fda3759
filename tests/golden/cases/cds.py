"""Credit default swaps: upfront amounts of the ISDA standard model, and the premium that a new trade gets back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from compute.kernels.credit.cds import Credit, Premiums, Rates, Rows, Swaps, bootstrap_hazards, premium_periods
from compute.kernels.credit.cds_values import present_values
from compute.kernels.curves.curves import log_discount_factors
from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.pricers.credit.cds import accrued_days
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible

Array = NDArray[np.float64]

WEEKEND = CALENDARS.index("WEEKEND")
MODIFIED_FOLLOWING = BUSINESS_DAYS.index("MODIFIED_FOLLOWING")
CONVENTIONS = "ISDA USD: depos Act/360 MF weekends; swaps semi 30/360 vs 3M Act/360"
SPOT_DAYS, CASH_DAYS = 2, 3


def default_swap(case: Case) -> Figures:
    inputs = case.inputs
    if "trade_dates" in inputs:
        return {VALUE: [_rebate(inputs, str(day)) for day in inputs.value("trade_dates")]}
    if "quoted_spread" not in inputs:
        raise NotExpressible("premiums that are not quarterly on IMM dates, ACT/360")
    return {VALUE: _upfront(inputs)}


def _rebate(inputs: Inputs, trade_date: str) -> float:
    """The premium accrued with the trade date; a trade that starts on a payment date, but the last, has none."""
    trade, maturity = Inputs({"trade": trade_date}).day("trade"), inputs.day("maturity")
    premiums = _premiums(trade, maturity)
    starts_anew = premiums.end[0] == 1 and len(premiums.end) > 1
    days = 0.0 if starts_anew else float(accrued_days(premiums)[0])
    return inputs.number("notional") * inputs.number("coupon") * days / 360


def _premiums(as_of: int, maturity: int) -> Premiums:
    one = np.array([maturity], np.int32), np.array([as_of], np.int32), np.array([WEEKEND], np.int8)
    return premium_periods(as_of, maturity_day=one[0], first_day=one[1], calendar=one[2])


def _upfront(inputs: Inputs) -> float:
    """What the buyer pays three business days on: the value at the flat hazard rate that the quoted spread means."""
    if inputs.text("output") != "fair upfront amount" or inputs.text("conventions") != CONVENTIONS:
        raise NotExpressible("an output or conventions that are none that are read here")
    inputs.skip("curve")
    as_of, maturity = inputs.day("trade_date"), inputs.day("maturity")
    nodes, zeros = _curve(inputs, as_of)
    n_days = max(nodes) + 1
    factors = np.exp(log_discount_factors("LOG_LINEAR_DF", np.array(nodes, np.int32), np.array(zeros)[:, None], n_days))
    settled = float(factors[_business_days_on(as_of, CASH_DAYS) - as_of, 0])
    premiums = _premiums(as_of, maturity)
    accrued = accrued_days(premiums) * settled
    rates, rows, credit = _market(factors, nodes, maturity - as_of)
    quoted = _swap(inputs.number("quoted_spread"), maturity - as_of, inputs.number("recovery"))
    bootstrap_hazards(quoted, premiums, rows, rates, credit, accrued)
    traded = quoted._replace(coupon=np.array([inputs.number("coupon")]))
    dirty = float(present_values(traded, premiums, rows, rates, credit)[0, 0])
    clean = dirty + inputs.number("coupon") * float(accrued[0]) / 360
    return inputs.number("notional") * clean / settled


def _swap(coupon: float, maturity: int, recovery: float) -> Swaps:
    days = np.zeros(1, np.int32), np.array([maturity], np.int32)
    return Swaps(*days, np.array([coupon]), np.array([recovery]))


def _market(factors: Array, nodes: list[int], maturity: int) -> tuple[Rates, Rows, Credit]:
    n_days, none = len(factors), np.zeros(1, np.int32)
    breaks = np.array(nodes, np.int32)[None, None]
    rates = Rates(factors[None].copy(), np.ones((1, n_days)), breaks, np.zeros((1, 1, n_days, 0)), none)
    credit = Credit(np.ones(1, np.int32), np.array([[maturity]], np.int32), np.full((1, 1, 1), np.nan))
    return rates, Rows(none, none, none, np.zeros((1, 1)), np.zeros((1, 1))), credit


def _business_days_on(day: int, count: int) -> int:
    return int(np.busday_offset(np.datetime64(day, "D"), count, roll="following").astype(int))


def _curve(inputs: Inputs, as_of: int) -> tuple[list[int], list[float]]:
    """Day offsets and zero rates: deposits in closed form, then each swap by what it adds to the curve before."""
    spot = _business_days_on(as_of, SPOT_DAYS)
    nodes, zeros = list[int](), list[float]()
    quotes = [(int(tenor[:-1]), rate, True) for tenor, rate in inputs.table("deposits").items()]
    quotes += [(12 * int(years), rate, False) for years, rate in inputs.table("swaps").items()]
    for months, rate, is_deposit in quotes:
        schedule = _schedule(spot, months, 0 if is_deposit else 2)
        nodes.append(int(schedule.pay[-1]) - as_of)
        fractions = period_fraction(schedule, *_count(is_deposit))
        zeros.append(float(brentq(_mispriced, -0.5, 1.0, (rate, schedule, fractions, nodes, zeros, as_of), xtol=1e-16)))
    return nodes, zeros


def _count(is_deposit: bool) -> tuple[Any, Any]:
    day_count = DAY_COUNTS.index("ACT/360" if is_deposit else "30/360")
    return np.array([day_count]), np.array([0 if is_deposit else 2])


def _schedule(spot: int, months: int, frequency: int) -> Schedules:
    start = np.datetime64(spot, "D")
    month = start.astype("datetime64[M]")
    end = (month + months).astype("datetime64[D]") + (start - month.astype("datetime64[D]"))
    return build_schedules(
        spot,
        maturity_day=np.array([end.astype(int)]),
        issue_day=np.array([spot]),
        first_payment_day=np.array([ABSENT_DATE]),
        frequency=np.array([frequency]),
        calendar=np.array([WEEKEND]),
        business_day=np.array([MODIFIED_FOLLOWING]),
        end_of_month=np.array([False]),
        adjust_accrual=np.array([True]),
    )


def _mispriced(
    zero: float,
    rate: float,
    schedule: Schedules,
    fractions: Array,
    nodes: list[int],
    zeros: list[float],
    as_of: int,
) -> float:
    """Growth from spot to the end less the fixed payments, at this rate for the last node."""
    days = np.array(nodes, np.int32)
    logs = log_discount_factors("LOG_LINEAR_DF", days, np.array([*zeros, zero])[:, None], nodes[-1] + 1)[:, 0]
    paid = np.exp(logs[schedule.pay - as_of])
    begin = np.exp(logs[schedule.start[0] - as_of])
    return float(begin - paid[-1] - rate * (fractions * paid).sum())
