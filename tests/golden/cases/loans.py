"""Loans: level payments and balances, to the cent where the lender rounds, and loans whose rate or term is reset."""

import re
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import civil_of_day, day_in_month, month_number_of_day
from compute.kernels.dates.schedules import build_schedules
from compute.kernels.flows.amortization import interest_only_until
from compute.kernels.flows.loans import Cashflows, LoanTerms, custom_flows, loan_flows
from compute.kernels.flows.prepaying_pool import Speeds, distinct_variants
from compute.kernels.flows.speeds import CPR
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import AMORTIZATIONS, COMPOUNDINGS, DAY_COUNTS
from tests.golden.cases.case import EPOCH, VALUE, Case, Figures, Inputs, NotExpressible
from tests.golden.cases.conventions import calendar_and_rule, day_count, frequency

Array = NDArray[np.float64]

SOME_DAY = date(2000, 1, 1).toordinal() - EPOCH
"""Where a case has no dates, none matters."""
THIRTY_360 = DAY_COUNTS.index("30/360")
ONE = np.ones(1)


@dataclass(frozen=True)
class Loan:
    balance: float
    coupon: float
    payments: int
    amortization: str = "LEVEL_PAY"
    frequency: int = 12
    day_count: int = THIRTY_360
    issue: int = SOME_DAY
    calendar: int = 0
    rule: int = 0
    adjust_accrual: bool = False
    io_months: int = 0
    amortization_months: int = 0
    compounding: str = ""
    cents: bool = False
    cpr_pct: float = 0.0

    @property
    def maturity(self) -> int:
        """`payments` periods after issue; the cases' dates never fall on a day that a month lacks."""
        months = month_number_of_day(self.issue) + self.payments * 12 // self.frequency
        return int(day_in_month(months, civil_of_day(self.issue)[2]))


def payments(loan: Loan) -> tuple[Array, Array]:
    """Interest and principal of every payment, seen from the day of issue."""
    schedules = build_schedules(
        loan.issue,
        maturity_day=[loan.maturity],
        issue_day=[loan.issue],
        first_payment_day=[ABSENT_DATE],
        frequency=[loan.frequency],
        calendar=[loan.calendar],
        business_day=[loan.rule],
        end_of_month=[False],
        adjust_accrual=[loan.adjust_accrual],
    )
    speeds = Speeds.none(1)
    if loan.cpr_pct:
        speeds = speeds._replace(prepayment_kind=np.array([CPR], np.int8), prepayment_pct=ONE * loan.cpr_pct)
    variants = distinct_variants(speeds, ONE, ONE, 0 * ONE)
    flows = loan_flows(loan.issue, schedules, _terms(loan), speeds, variants)
    return flows.interest[:, 0], flows.principal[:, 0]


def _terms(loan: Loan) -> LoanTerms:
    issue = np.array([loan.issue], np.int32)
    return LoanTerms(
        balance_ccy=np.array([loan.balance]),
        coupon=np.array([loan.coupon]),
        servicing_fee=np.zeros(1),
        day_count=np.array([loan.day_count], np.int8),
        frequency=np.array([loan.frequency], np.int32),
        amortization=np.array([AMORTIZATIONS.index(loan.amortization)], np.int8),
        io_until_day=interest_only_until(issue, np.array([loan.io_months])),
        amortization_months=np.array([loan.amortization_months], np.int32),
        compounding=np.array([COMPOUNDINGS.index(loan.compounding) if loan.compounding else -1], np.int8),
        issue_day=issue,
        maturity_day=np.array([loan.maturity], np.int32),
        round_to_cent=np.array([loan.cents]),
    )


def amortising(case: Case) -> Figures:
    inputs = case.inputs
    if "rates" in inputs:
        return _level_payments(inputs)
    if "amort" in inputs:
        return _share_of_balance(inputs)
    loan = Loan(inputs.number("principal"), inputs.number("rate_pct") / 100, inputs.whole("n"), cents=_cents(inputs))
    interest, principal = payments(loan)
    left = loan.balance - np.cumsum(principal)
    return {"payment": interest[0] + principal[0], **{f"bal{k}": b for k, b in enumerate(left, start=1)}}


def _cents(inputs: Inputs) -> bool:
    rounding = inputs.text("rounding", "none")
    if rounding not in ("none", "cent"):
        raise NotExpressible(f"rounding {rounding!r} is none of ours")
    return rounding == "cent"


def _level_payments(inputs: Inputs) -> Figures:
    balance, count, times = inputs.number("principal"), inputs.whole("n"), frequency(inputs.value("freq"))
    firsts = (payments(Loan(balance, rate, count, frequency=times)) for rate in inputs.numbers("rates"))
    return {VALUE: [interest[0] + principal[0] for interest, principal in firsts]}


def _share_of_balance(inputs: Inputs) -> Figures:
    """`5% of previous balance each year, balloon`: a bullet that prepays at 5 CPR, once a year."""
    found = re.fullmatch(r"([\d.]+)% of previous balance each year, balloon", inputs.text("amort"))
    if not found:
        raise NotExpressible(f"amortization {inputs.text('amort')!r} is none of ours")
    start, end = inputs.day("start"), inputs.day("end") if "end" in inputs else inputs.day("maturity")
    calendar, rule = calendar_and_rule(inputs.text("calendar"))
    years = (month_number_of_day(end) - month_number_of_day(start)) // 12
    loan = Loan(
        inputs.number("notional"),
        inputs.number("rate"),
        years,
        "BULLET",
        1,
        day_count(inputs.text("daycount")),
        start,
        calendar,
        rule,
        adjust_accrual=True,
        cpr_pct=float(found[1]),
    )
    if loan.maturity != end:
        raise NotExpressible("a loan of other than whole years")
    interest, principal = payments(loan)
    return {"interest": list(interest), "principal": list(principal)}


def balloon_of_a_stated_payment(_: Case) -> Figures:
    raise NotExpressible("a stated annuity payment: ours follows from rate and term")


def capped_payment(_: Case) -> Figures:
    raise NotExpressible("a cap on the rise of the payment, with negative amortization")


def actual_360_balloon(case: Case) -> Figures:
    """The level payment of a longer 30/360 term, interest by actual days, the rest at the end of the term."""
    inputs = case.inputs
    loan = Loan(
        inputs.number("principal"),
        inputs.number("rate_pct") / 100,
        inputs.whole("term_n"),
        day_count=day_count(inputs.text("daycount")),
        issue=inputs.day("issue"),
        amortization_months=inputs.whole("amort_n"),
        cents=True,
    )
    if inputs.day("first_payment") != Loan(1.0, 0.0, 1, issue=loan.issue).maturity:
        raise NotExpressible("a first payment other than a month after issue")
    payment, balloon = _at_term(loan)
    return {"payment": payment, "balloon": balloon, "principal_paid": loan.balance - balloon}


def _at_term(loan: Loan) -> tuple[float, float]:
    """The level payment, and the balance that its last one leaves: the kernel's clears it."""
    interest, principal = payments(loan)
    payment = interest[0] + principal[0]
    return payment, loan.balance - principal[:-1].sum() - (payment - interest[-1])


def canadian_mortgage(case: Case) -> Figures:
    """Quoted as compounded twice a year, paid monthly, renewed at another rate when the term ends."""
    inputs = case.inputs
    balance, term, full = inputs.number("principal"), inputs.whole("term_n"), inputs.whole("amort_n")

    def lent(amount: float, name: str, count: int) -> Loan:
        return Loan(amount, inputs.number(name) / 100, count, compounding="SEMIANNUAL", cents=True)

    payment, left = _at_term(replace(lent(balance, "j2_pct", term), amortization_months=full))
    figures = {"payment": payment, "balance_at_term": left}
    if "renewal_j2_pct" in inputs:
        renewed = _at_term(lent(round(left, 2), "renewal_j2_pct", full - term))
        figures["renewal_payment"] = renewed[0]
    return figures


def interest_only(case: Case) -> Figures:
    inputs = case.inputs
    io_months, rate = inputs.whole("io_months"), inputs.number("rate_pct") / 100
    loan = Loan(inputs.number("principal"), rate, inputs.whole("n"), io_months=io_months, cents=True)
    interest, principal = payments(loan)
    paid = interest + principal
    return {"io_payment": paid[0], "amortizing_payment": paid[io_months]}


def whole_yen(case: Case) -> Figures:
    inputs = case.inputs
    if inputs.text("unit") != "1 yen":
        raise NotExpressible(f"unit {inputs.text('unit')!r} is none that is read here")
    interest, principal = payments(Loan(inputs.number("principal"), inputs.number("rate_pct") / 100, inputs.whole("n")))
    return {VALUE: float(round(interest[0] + principal[0]))}


def adjustable_rate(case: Case) -> Figures:
    """Lent again at every recast over what remains of the term, each payment and balance to the cent."""
    inputs = case.inputs
    found = re.fullmatch(r"every (\d+) months over the remaining term, cent rounding", inputs.text("recast"))
    if not found:
        raise NotExpressible(f"recast {inputs.text('recast')!r} is none that is read here")
    count, balance, every = inputs.whole("n"), inputs.number("principal"), int(found[1])
    rates_pct = {1: inputs.number("initial_pct"), **_resets(inputs)}
    if any(month % every != 1 for month in rates_pct):
        raise NotExpressible("a reset between two recasts")
    figures: dict[str, float] = {}
    for month in range(1, count + 1, every):
        rate = rates_pct[max(reset for reset in rates_pct if reset <= month)] / 100
        interest, principal = payments(Loan(balance, rate, count - month + 1, cents=True))
        for k, repaid in enumerate(principal[:every]):
            balance, paid = round(balance - repaid, 2), interest[k] + repaid
            names = "pay", "bal", "prin", "int"
            numbers = paid, balance, repaid, interest[k]
            figures |= {f"{name}{month + k}": number for name, number in zip(names, numbers, strict=True)}
    return figures


def _resets(inputs: Inputs) -> dict[int, float]:
    """Rates in percent by the month of the reset; `49,61,..,169` is every twelfth month."""
    rates: dict[int, float] = {}
    for months, rate in inputs.table("resets").items():
        found = re.fullmatch(r"(\d+),(\d+),\.\.,(\d+)", months)
        if found:
            first, second, last = (int(month) for month in found.groups())
            rates |= dict.fromkeys(range(first, last + 1, second - first), float(rate))
        elif re.fullmatch(r"[\d,]+", months):
            rates |= dict.fromkeys((int(month) for month in months.split(",")), float(rate))
        else:
            raise NotExpressible(f"resets of {months!r} are none that are read here")
    return rates


def draw_down(case: Case) -> Figures:
    """Principal flows of a balance that first rises: the draw-downs, negative, and the first repayment."""
    inputs = case.inputs
    balances = np.append(inputs.numbers("notionals"), 0.0)
    inputs.skip("issue", "maturity", "freq", "rate", "daycount")
    repaid = balances[:-1] - balances[1:]
    days = SOME_DAY + np.arange(1, len(balances), dtype=np.int32)
    table = Cashflows(np.array([0, len(days)]), days, repaid, np.zeros(len(days)))
    flows = custom_flows(SOME_DAY, table, np.array([0]), balances[:1], np.array([np.nan]), 1)
    changes = flows.principal[flows.principal[:, 0] != 0.0, 0]
    return {VALUE: list(changes[: int(np.argmax(changes > 0)) + 1])}
