"""Mortgage pools month by month, as section 2 of the contract words them."""

from datetime import date, timedelta

from tests.walk.oracle.behaviour import behaviour_of, mdr, original_balance, smm, speed_in
from tests.walk.oracle.dates import add_months, adjusted, thirty_360
from tests.walk.oracle.flows import Flow
from tests.walk.oracle.market import Market
from tests.walk.oracle.prepayment_models import Month
from tests.walk.oracle.terms import Terms


def month_end(terms: Terms, later: int) -> date:
    first = terms.day("first_payment_date")
    keeps = terms.flag("end_of_month") and (first + timedelta(days=1)).day == 1
    return add_months(first, later, keeps)


def paid_on(terms: Terms, k: int) -> date:
    day = month_end(terms, k - 1) + timedelta(days=terms.whole("payment_delay_days", 0))
    return adjusted(terms.text("calendar", "NONE"), terms.text("business_day", "UNADJUSTED"), day)


def scheduled_balance(terms: Terms, k: int) -> float:
    """What the schedule leaves of 1 after k of the months to come (SIFMA B.1)."""
    rate, months = terms.number("wac") / 12, terms.whole("wam")
    if rate == 0:
        return (months - k) / months
    return ((1 + rate) ** months - (1 + rate) ** k) / ((1 + rate) ** months - 1)


def project_pool(terms: Terms, market: Market) -> list[Flow]:
    does = behaviour_of(terms, market)
    assert does is not None
    months, age = terms.whole("wam"), terms.whole("age")
    share = [1 - scheduled_balance(terms, k) / scheduled_balance(terms, k - 1) for k in range(1, months)] + [1.0]
    principal, interest = [0.0] * months, [0.0] * months
    balance, days = terms.notional, [paid_on(terms, k + 1) for k in range(months)]
    for k in range(months):
        lost = mdr(does.default, age + k + 1) if k < months - does.lag_months else 0.0
        due = share[k] * balance
        performing = (1 - lost) * balance
        speed = speed_in(does, market, Month(days[k], terms.number("wac"), abs(balance) / original_balance(terms)))
        mortality = smm(does.prepayment, age + k + 1) if speed is None else speed(age + k + 1)
        prepaid = min(mortality * (1 - share[k]), (1 - lost) * (1 - share[k])) * balance
        interest[k] += performing * terms.number("coupon") / 12
        principal[k] += (1 - lost) * due + prepaid
        owed = lost * balance
        if does.advances:
            for j in range(k, k + does.lag_months if lost else k):
                principal[j] += owed * share[j]
                owed *= 1 - share[j]
        if lost:
            principal[k + does.lag_months] += max(owed / (lost * balance) - does.severity, 0.0) * lost * balance
        balance = performing - (1 - lost) * due - prepaid
    return [
        Flow(day, repaid, earned, k)
        for k, (day, repaid, earned) in enumerate(zip(days, principal, interest, strict=True))
        if day > market.as_of
    ]


def pool_accrued(terms: Terms, market: Market, flows: list[Flow]) -> float:
    """30/360 from the start of the month in progress, at most to its end."""
    start = month_end(terms, -1)
    if not flows or market.as_of <= start:
        return 0.0
    earned = thirty_360(start, min(market.as_of, month_end(terms, 0)), european=False)
    return terms.notional * terms.number("coupon") * earned


def pool_times(terms: Terms, market: Market, flows: list[Flow]) -> list[float]:
    """Years to each payment by the mortgage yield: months of 30 days, the delay among them."""
    start, end = month_end(terms, -1), month_end(terms, 0)
    run = thirty_360(start, market.as_of, european=False) if start <= market.as_of else 0.0
    before = thirty_360(market.as_of, start, european=False) if market.as_of < start else 0.0
    w = max(1 - 12 * run, 0.0) + 12 * before if market.as_of < end else 0.0
    return [(w + terms.whole("payment_delay_days", 0) / 30 + flow.periods) / 12 for flow in flows]
