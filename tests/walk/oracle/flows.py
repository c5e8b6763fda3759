"""The flows of loans, bonds and notes still to be paid, as section 2 of the contract words them."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate

from tests.walk.oracle.behaviour import Behaviour, behaviour_of, original_balance, speed_in, step_of
from tests.walk.oracle.dates import (
    InvalidTerms,
    Moving,
    Period,
    add_months,
    fraction,
    schedule,
    whole_months,
    years_between,
)
from tests.walk.oracle.events import (
    NeverAmortises,
    Payment,
    arm_rate,
    by_contract,
    dates_beyond,
    has_events,
    is_arm,
    on_day,
    plan_of,
    under_speeds,
    with_added_dates,
)
from tests.walk.oracle.fixings import is_overnight, overnight_growth, reset_fixing
from tests.walk.oracle.market import Market
from tests.walk.oracle.prepayment_models import Month
from tests.walk.oracle.terms import Terms

BALANCE_LEFT = 1e-12


@dataclass(frozen=True)
class Flow:
    """An amount on a day; `periods` counts payment periods after the one in progress, for the yield."""

    pay: date
    principal: float
    interest: float
    periods: float
    received: float | None = None
    """principal that is paid, where some is capitalised or drawn"""

    @property
    def amount(self) -> float:
        return self.principal + self.interest


def periods_of(terms: Terms, as_of: date) -> list[Period]:
    return with_added_dates(terms, unextended_periods(terms, as_of))


def unextended_periods(terms: Terms, as_of: date) -> list[Period]:
    periods = schedule(
        as_of=as_of,
        issue=terms.day_or_none("issue_date") or (as_of if terms.text("rate_type") == "ZERO" else None),
        first=terms.day_or_none("first_payment_date"),
        maturity=terms.day("maturity_date"),
        frequency=terms.whole("frequency"),
        last=terms.day_or_none("last_regular_payment_date"),
        keep_month_end=terms.flag("end_of_month"),
        move=Moving(
            holidays=terms.text("calendar", "NONE"),
            rule=terms.text("business_day", "UNADJUSTED"),
            adjust_accrual=terms.flag("adjust_accrual"),
        ),
    )
    return list(periods)


@cache
def live_periods(terms: Terms, as_of: date) -> tuple[Period, ...]:
    """A payment is past when its adjusted date is on or before `as_of`."""
    return tuple(p for p in periods_of(terms, as_of) if p.pay > as_of)


@cache
def period_fraction(terms: Terms, period: Period) -> float:
    """30/360 on a loan makes every regular period exactly 1 / frequency of a year."""
    frequency = terms.whole("frequency")
    if terms.product == "LOAN" and terms.text("day_count") == "30/360" and period.regular:
        return 1.0 / frequency
    return fraction(terms.text("day_count"), period, frequency, keep_month_end=terms.flag("end_of_month"))


def annual_rate(terms: Terms, market: Market, period: Period) -> float:
    """The gross rate that a period pays on its balance: what its start finds in force."""
    if is_arm(terms):
        return arm_rate(terms, market, period.start)
    terms = on_day(terms, period.start)
    match terms.text("rate_type"):
        case "ZERO":
            return 0.0
        case "FIXED":
            return paid_coupon(terms, period_fraction(terms, period))
        case _:
            return _floating_rate(terms, market, period)


@cache
def paid_coupon(terms: Terms, part: float) -> float:
    """The coupon as a nominal rate at the payment frequency, from the compounding that it is quoted with.

    Where everything is paid at maturity it compounds until then.
    """
    coupon, f = terms.number("coupon"), terms.whole("frequency")
    per_year = {"MONTHLY": 12, "SEMIANNUAL": 2, "ANNUAL": 1}.get(terms.text("compounding", "SIMPLE"))
    if per_year is None or f == per_year:
        return coupon
    if f == 0:
        return float(((1.0 + coupon / per_year) ** (per_year * part) - 1.0) / part)
    return float(f * ((1.0 + coupon / per_year) ** (per_year / f) - 1.0))


def _floating_rate(terms: Terms, market: Market, period: Period) -> float:
    return _all_in(terms, _index_rate(terms, market, period))


def _all_in(terms: Terms, index_rate: float) -> float:
    rate = index_rate + terms.number("margin", 0.0)
    return max(min(rate, terms.number("cap", math.inf)), terms.number("floor", -math.inf))


def _index_rate(terms: Terms, market: Market, period: Period) -> float:
    index, lag = terms.text("index"), terms.whole("fixing_lag_days", 0)
    curve = market.curve(market.projection.get(index))
    start, end, part = period.accrual_start, period.accrual_end, period_fraction(terms, period)
    if start == end or part == 0:
        return 0.0  # no length: nothing accrues, nothing is reset
    if is_overnight(index):
        return (overnight_growth(index, lag, market, start, end) - 1.0) / part
    if start <= market.as_of:
        return reset_fixing(index, lag, market, start)
    growth = curve.df(years_between(market.as_of, start)) / curve.df(years_between(market.as_of, end))
    return (growth - 1.0) / part


def accruing_rate(terms: Terms, market: Market, period: Period, part: float) -> float:
    """What interest has accrued at so far: of an overnight index what has been compounded, of others the rate set."""
    if is_arm(terms):
        return terms.number("coupon")
    terms = on_day(terms, period.start)
    if terms.text("rate_type") == "FLOATING" and is_overnight(terms.text("index")):
        index, until = terms.text("index"), min(market.as_of, period.accrual_end)
        growth = overnight_growth(index, terms.whole("fixing_lag_days", 0), market, period.accrual_start, until)
        return _all_in(terms, (growth - 1.0) / part)
    return annual_rate(terms, market, period)


def project(terms: Terms, market: Market) -> list[Flow]:
    if terms.instrument.get("amortization") == "CUSTOM":
        return _custom(terms, market)
    live = live_periods(terms, market.as_of)
    behaviour = behaviour_of(terms, market) if terms.product == "LOAN" else None
    if not live:
        return []
    if has_events(terms):
        return [flow_of(row) for row in payments(terms, market)]
    if behaviour:
        return _with_behaviour(terms, market, live, behaviour)
    return _contractual(terms, market, live)


def payments(terms: Terms, market: Market) -> list[Payment]:
    """The schedule of a loan or bond whose terms change on agreed dates."""
    periods, unextended = periods_of(terms, market.as_of), unextended_periods(terms, market.as_of)
    plan = plan_of(terms, market, periods, len(unextended))
    live = [plan.periods[j] for j in plan.live]
    rates = [annual_rate(terms, market, period) for period in live]
    parts = [period_fraction(terms, period) for period in live]
    months = [months_of(terms, market, period) for period in live]
    in_months = [n * step_of(terms) for n in months]
    behaviour = behaviour_of(terms, market) if terms.product == "LOAN" else None
    try:
        if behaviour:
            rows = under_speeds(terms, market, plan, rates, parts, months, in_months, behaviour)
        else:
            by_rate = terms.number("draw_rate", 0.0) > 0.0 and float(terms.position.get("undrawn", 0)) > 0.0
            held = market.is_bumped and terms.text("rate_type") == "FLOATING"
            rounds = terms.instrument.get("rounding") == "CENT" and not by_rate and not held
            rows = by_contract(terms, market, plan, rates, parts, in_months, draws_by_rate=by_rate, rounds=rounds)
    except NeverAmortises as never:
        raise InvalidTerms("a capped payment falls below its interest") from never
    rows[-1].scheduled *= 1.0 if terms.product == "LOAN" else terms.number("redemption_per_100", 100.0) / 100
    return rows


def flow_of(row: Payment) -> Flow:
    paid = row.prepaid + row.recovered + row.advanced
    received = paid + (row.scheduled if row.scheduled * row.opening >= 0 else 0.0)
    return Flow(row.pay, row.scheduled + paid - row.drawn, row.interest, row.number, received)


def _custom(terms: Terms, market: Market) -> list[Flow]:
    ahead = [row for row in terms.cashflows if row[0] > market.as_of]
    reference = terms.number("reference_notional", sum(principal for _, principal, _ in ahead))
    scale = terms.notional / reference
    return [Flow(day, p * scale, i * scale, k) for k, (day, p, i) in enumerate(ahead)]


def cents(amount: float) -> float:
    return math.copysign(math.floor(abs(amount) * 100 + 0.5) / 100, amount)


def exact(amount: float) -> float:
    return amount


def level_payment(balance: float, rate: float, left: float) -> float:
    return balance / left if rate == 0 else balance * rate / -math.expm1(-left * math.log1p(rate))


@dataclass(frozen=True)
class Amortization:
    """How a loan's principal falls due: its kind, when interest-only ends, and periods beyond maturity."""

    kind: str
    interest_only_until: date
    periods_beyond: float
    frequency: int
    given: float | None = None
    """what is paid a period, where the terms say so"""

    def levels(self, period: Period) -> bool:
        return self.kind != "BULLET" and period.end > self.interest_only_until

    def payment(self, balance: float, rate: float, left: int) -> float:
        return level_payment(balance, rate / (self.frequency or 1), left + self.periods_beyond)

    def principal(self, balance: float, rate: float, interest: float, left: int, payment: float | None) -> float:
        if self.kind == "LINEAR":
            return balance / left
        return (self.payment(balance, rate, left) if payment is None else payment) - interest


@cache
def amortization_of(terms: Terms) -> Amortization:
    """`amortization_months` and `io_months` run from the issue date."""
    if terms.product != "LOAN":
        return Amortization("BULLET", date.min, 0, terms.whole("frequency"))
    issue, f = terms.day("issue_date"), terms.whole("frequency")
    return Amortization(
        terms.text("amortization"),
        add_months(issue, terms.whole("io_months", 0)),
        dates_beyond(terms),
        f,
        given_payment(terms),
    )


def given_payment(terms: Terms) -> float | None:
    """`payment_amount`, of a holding of `reference_notional` or else of what is held."""
    if "payment_amount" not in terms.instrument or terms.text("amortization") != "LEVEL_PAY":
        return None
    return terms.number("payment_amount") * terms.notional / terms.number("reference_notional", abs(terms.notional))


def _contractual(terms: Terms, market: Market, live: tuple[Period, ...]) -> list[Flow]:
    plan, rounded = amortization_of(terms), cents if terms.instrument.get("rounding") == "CENT" else exact
    fee, floating = terms.number("servicing_fee", 0.0), terms.text("rate_type") == "FLOATING"
    redemption = 1.0 if terms.product == "LOAN" else terms.number("redemption_per_100", 100.0) / 100
    balance, payment, flows = terms.notional, None, []
    for k, period in enumerate(live):
        rate, part, left = annual_rate(terms, market, period), period_fraction(terms, period), len(live) - k
        interest, principal = rounded(balance * rate * part), 0.0
        if left == 1:
            principal = balance
        elif plan.levels(period):
            if plan.given is not None:
                payment = rounded(plan.given)
            elif plan.kind == "LEVEL_PAY" and (payment is None or floating):
                payment = rounded(plan.payment(balance, rate, left))
            principal = rounded(plan.principal(balance, rate, interest, left, payment))
            principal = principal if abs(principal) < abs(balance) else balance
        redeemed = principal * redemption if left == 1 else principal
        flows.append(Flow(period.pay, redeemed, interest - balance * fee * part, k))
        balance = rounded(balance - principal)
    return flows


@dataclass
class Defaulted:
    """A month's defaults: with which payment they are recovered, what was owed at first and what still is."""

    recovered_with: int
    first_ccy: float
    owed_ccy: float


def months_of(terms: Terms, market: Market, period: Period) -> int:
    """Months of speeds in a period: all of a regular one, a stub's whole months; paid at maturity, from `as_of`.

    Paid every 14 or 7 days: so many days stand for a month.
    """
    f = terms.whole("frequency")
    if f > 12:
        return max((period.end - period.start).days // (364 // f), 1)
    if not f:
        return max(whole_months(max(period.start, market.as_of), period.end), 0)
    return 12 // f if period.regular else max(whole_months(period.start, period.end), 1)


def _with_behaviour(terms: Terms, market: Market, live: tuple[Period, ...], does: Behaviour) -> list[Flow]:
    plan, issue, fee = amortization_of(terms), terms.day("issue_date"), terms.number("servicing_fee", 0.0)
    months = [months_of(terms, market, period) for period in live]
    months_to_end = list(accumulate(months))
    balance, waiting, flows = terms.notional, list[Defaulted](), list[Flow]()
    unprepaid = terms.notional
    for k, period in enumerate(live):
        rate, part, left = annual_rate(terms, market, period), period_fraction(terms, period), len(live) - k
        months_before = months_to_end[k] - months[k]
        exposed = months_to_end[-1] - does.lag_months - months_before
        gross = terms.number("coupon") if terms.text("rate_type") == "FIXED" else rate
        speed = speed_in(does, market, Month(period.pay, gross, abs(balance) / original_balance(terms)))
        smm, lost = does.of_period(issue, period.end, months[k], exposed, speed)
        mdr = sum(lost)
        due = _scheduled(plan, period, balance, rate, part, left)
        if plan.given is not None and left > 1 and plan.levels(period):
            paid = plan.given - unprepaid * rate * part
            paid = paid if abs(paid) < abs(unprepaid) else unprepaid
            due = balance * paid / unprepaid if unprepaid else balance
            unprepaid -= paid
        defaulted, prepaid = mdr * balance, smm * (balance - due)
        due_paid = (1.0 - mdr) * due
        prepaid = prepaid if abs(prepaid) < abs(balance - defaulted - due_paid) else balance - defaulted - due_paid
        interest = (balance - defaulted) * (rate - fee) * part
        for number, share in enumerate(lost, 1):
            with_payment = _payment_of_month(months_to_end, months_before + number + does.lag_months)
            waiting.append(Defaulted(with_payment, share * balance, share * balance))
        flows.append(Flow(period.pay, due_paid + prepaid, interest, k))
        if does.advances:
            flows += _advanced(waiting, period, k, due / balance if balance else 0.0)
        balance -= defaulted + due_paid + prepaid
    return [*flows, *_recovered(live, waiting, does)]


def _payment_of_month(months_to_end: list[int], month: int) -> int:
    """The first payment at or after a month, counted from the start of the period in progress."""
    return min(bisect_left(months_to_end, month), len(months_to_end) - 1)


def _scheduled(plan: Amortization, period: Period, balance: float, rate: float, part: float, left: int) -> float:
    if left == 1:
        return balance
    if not plan.levels(period):
        return 0.0
    return plan.principal(balance, rate, balance * rate * part, left, None)


def _advanced(waiting: list[Defaulted], period: Period, k: int, due_share: float) -> list[Flow]:
    """The principal that falls due on a defaulted balance is advanced until it is recovered.

    SIFMA's recovery, the amortised balance less the loss, is what is left once the servicer has taken back
    those advances: they have been paid on, while interest is lost from the default on.
    """
    flows = []
    for each in waiting:
        if k < each.recovered_with:
            flows.append(Flow(period.pay, each.owed_ccy * due_share, 0.0, k))
            each.owed_ccy *= 1.0 - due_share
    return flows


def _recovered(live: tuple[Period, ...], waiting: list[Defaulted], does: Behaviour) -> list[Flow]:
    """A month's defaults are recovered that many months on, with the first payment at or after."""
    flows = []
    for each in waiting:
        got = each.owed_ccy - does.severity * each.first_ccy
        got = got if got * each.first_ccy > 0 else 0.0
        flows.append(Flow(live[each.recovered_with].pay, got, 0.0, each.recovered_with))
    return flows
