"""The terms of a bond as the cases give them, and the bond's flows for 100 of face."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.flows.bonds import accrued_interest, bond_flows
from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.yields import YieldTimes, yield_times
from domain.portfolio.columns import ABSENT_DATE
from tests.golden.cases.case import Case, Inputs, NotExpressible
from tests.golden.cases.conventions import business_days_from, calendar, calendar_and_rule, day_count, frequency

_STARTS = ("start", "dated", "first_accrual")
"""Names under which the cases give the day from which interest runs."""


@dataclass(frozen=True)
class Bond:
    maturity: int
    issue: int
    first_payment: int
    frequency: int
    day_count: int
    calendar: int
    rule: int
    end_of_month: bool
    coupon: float
    """0 for a zero-coupon bond"""

    def schedules(self, as_of: int) -> Schedules:
        return build_schedules(
            as_of,
            maturity_day=[self.maturity],
            issue_day=[self.issue],
            first_payment_day=[self.first_payment],
            frequency=[self.frequency],
            calendar=[self.calendar],
            business_day=[self.rule],
            end_of_month=[self.end_of_month],
            adjust_accrual=[False],
        )

    def flows(self, as_of: int) -> Flows:
        schedules = self.schedules(as_of)
        if not len(schedules.pay):
            raise NotExpressible("nothing is left to pay")
        return bond_flows(
            schedules,
            notional=np.array([100.0]),
            coupon=np.array([self.coupon]),
            rate_type_is_zero=np.array([self.coupon == 0.0]),
            day_count=np.array([self.day_count], np.int8),
            frequency=np.array([self.frequency], np.int32),
            redemption_per_100=np.array([100.0]),
            as_of_day=as_of,
            scenario_count=1,
        )

    def times(self, as_of: int) -> YieldTimes:
        codes, payments = np.array([self.day_count], np.int8), np.array([self.frequency], np.int32)
        schedules = self.schedules(as_of)
        return yield_times(self.flows(as_of), schedules, day_count=codes, frequency=payments, as_of_day=as_of)

    def accrued(self, as_of: int) -> float:
        earned = accrued_interest(
            self.schedules(as_of),
            balance=np.array([100.0]),
            rate=np.array([self.coupon]),
            day_count=np.array([self.day_count], np.int8),
            frequency=np.array([self.frequency], np.int32),
            as_of_day=as_of,
        )
        return float(earned[0])


def read_bond(inputs: Inputs) -> Bond:
    """A bullet bond; `coupon` absent is nil, and so are the frequency and the day count of a zero-coupon bond."""
    start = next((name for name in _STARTS if name in inputs), None)
    issue = ABSENT_DATE if start is None else inputs.day(start)
    place, rule = calendar_and_rule(inputs.text("pay_conv", "Unadjusted"))
    bond = Bond(
        maturity=inputs.day("maturity"),
        issue=issue,
        first_payment=inputs.day("first_coupon") if "first_coupon" in inputs else ABSENT_DATE,
        frequency=frequency(inputs.value("freq")) if "freq" in inputs else 0,
        day_count=day_count(inputs.text("daycount", "ACT/ACT.ICMA")),
        calendar=calendar(inputs.text("calendar")) if "calendar" in inputs else place,
        rule=rule,
        end_of_month=inputs.flag("eom"),
        coupon=inputs.number("coupon", 0.0),
    )
    inputs.skip("note", "face")
    return _with_stub(bond, inputs.text("stub", "short initial"))


def _with_stub(bond: Bond, stub: str) -> Bond:
    if stub == "short initial":
        return bond
    if stub != "long initial" or bond.issue == ABSENT_DATE:
        raise NotExpressible(f"stub {stub!r} is none of ours")
    return replace(bond, first_payment=int(bond.schedules(bond.issue).end[1]))


def settlement(case: Case, bond: Bond) -> int:
    """The day given, else `settlement_days` business days after the evaluation date, but not before issue."""
    inputs = case.inputs
    issue = inputs.day("issue") if "issue" in inputs else bond.issue
    if "settle" in inputs:
        inputs.skip("evaluation_date", "settlement_days")
        return inputs.day("settle")
    lag = inputs.whole("settlement_days", 0)
    return max(business_days_from(inputs.day("evaluation_date"), lag, bond.calendar), issue)


def refuse_what_is_not_ours(case: Case, bond: Bond, settle: int) -> None:
    """Coupons that have gone ex, simple yields of the last period, and 30E/360 ISDA where it differs from 30E/360."""
    inputs = case.inputs
    convention, schedules = inputs.text("convention", ""), bond.schedules(settle)
    if re.match("US_STREET|DE_BONDS", convention) and len(schedules.end) == 1:
        raise NotExpressible("a simple yield in the last period; ours is compounded throughout")
    if convention and not re.match("US_STREET|DE_BONDS|GB_BUMP_DMO", convention):
        raise NotExpressible(f"yield convention {convention!r} is none that is read here")
    ex_coupon = inputs.text("ex_coupon", convention.partition("ex-coupon ")[2])
    if ex_coupon and settle >= _ex_day(ex_coupon, int(schedules.end[0])):
        raise NotExpressible("the coupon has gone ex; the library has no ex-coupon dates")
    if inputs.text("daycount", "").lower() == "30e/360 isda" and _touches_end_of_february(schedules, settle):
        raise NotExpressible("30E/360 ISDA at the end of February is no day count of ours")


def _ex_day(text: str, payment: int) -> int:
    """The first day without the coupon: `7 calendar days` or `6 UK business days` before its payment."""
    found = re.fullmatch(r"(\d+) (?:calendar|(\w+) business) days", text)
    if not found:
        raise NotExpressible(f"ex-coupon rule {text!r} is none that is read here")
    if found[2] is None:
        return payment - int(found[1])
    return business_days_from(payment, -int(found[1]), calendar(found[2]))


def _touches_end_of_february(schedules: Schedules, settle: int) -> bool:
    days: NDArray[np.int64] = np.concatenate([schedules.start, schedules.end, [settle]])
    tomorrow = (days + 1).astype("datetime64[D]")
    months = tomorrow.astype("datetime64[M]")
    return bool(((months == tomorrow) & (months.astype(np.int64) % 12 == 2)).any())
