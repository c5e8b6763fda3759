"""Loans whose terms change on agreed dates, as section 2b of the contract words them: one payment after another.

Adjustable rates, payment holidays, draws and steps; plain and slow, and nothing of the program's is used.
"""

import math
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import count

from tests.walk.oracle.behaviour import Behaviour, original_balance, speed_in
from tests.walk.oracle.dates import Period, add_months, adjusted, fraction, rolls_from, whole_months, years_between
from tests.walk.oracle.market import Market
from tests.walk.oracle.prepayment_models import Month
from tests.walk.oracle.terms import Terms


def is_arm(terms: Terms) -> bool:
    by_rule = terms.product == "LOAN" and terms.text("amortization") != "CUSTOM"
    return by_rule and terms.text("rate_type") == "FLOATING" and "first_reset_date" in terms.instrument


def has_events(terms: Terms) -> bool:
    if terms.product == "LOAN" and terms.text("amortization") != "CUSTOM":
        draws = terms.number("draw_rate", 0.0) > 0.0 or bool(terms.draws)
        return is_arm(terms) or draws or bool(terms.holidays) or bool(terms.steps)
    return terms.product == "BOND" and bool(terms.steps)


# --- steps and rates ------------------------------------------------------------------------------------------------


@cache
def on_day(terms: Terms, day: date) -> Terms:
    """With the coupon and the margin that the rows of `steps` up to the day leave."""
    said = {
        column: text
        for row in terms.steps
        for column, text in row.items()
        if column in ("coupon", "margin") and date.fromisoformat(row["date"]) <= day
    }
    return replace(terms, instrument=terms.instrument | said) if said else terms


def arm_rate(terms: Terms, market: Market, day: date) -> float:
    """The rate in force on a day: the coupon, and what each reset after `as_of` makes of it."""
    first, per_year = terms.day("first_reset_date"), terms.whole("reset_frequency", 1)
    rate = terms.number("coupon")
    for k in count():
        reset, following = (add_months(first, n * 12 // per_year) for n in (k, k + 1))
        if reset > day:
            return rate
        if reset > market.as_of:
            rate = _after_reset(terms, market, rate, reset, following, k == 0)
    raise AssertionError


def _after_reset(terms: Terms, market: Market, rate: float, reset: date, following: date, is_first: bool) -> float:
    curve = market.curve(market.projection.get(terms.text("index")))
    growth = curve.df(years_between(market.as_of, reset)) / curve.df(years_between(market.as_of, following))
    wanted = (growth - 1.0) / _years(terms, reset, following) + on_day(terms, reset).number("margin", 0.0)
    step = terms.number("periodic_cap", math.inf)
    if is_first:
        step = terms.number("first_cap", step)
    wanted = min(max(wanted, rate - step), rate + step)
    highest = terms.number("initial_rate", terms.number("coupon")) + terms.number("life_cap", math.inf)
    return max(min(wanted, terms.number("cap", math.inf), highest), terms.number("floor", -math.inf))


def _years(terms: Terms, start: date, end: date) -> float:
    day_count = terms.text("day_count")
    if day_count in ("30/360", "ACT/ACT.ICMA"):
        return whole_months(start, end) / 12
    return fraction(day_count, Period(start, end, start, end, end, True), 1)


def resets_at(terms: Terms, market: Market, after: date, until: date) -> list[tuple[date, date]]:
    """Resets after one day, up to another, each with the one before it."""
    first, per_year, found = terms.day("first_reset_date"), terms.whole("reset_frequency", 1), list[tuple[date, date]]()
    for k in count():
        reset = add_months(first, k * 12 // per_year)
        if reset > until:
            return found
        if reset > max(after, market.as_of):
            before = add_months(first, (k - 1) * 12 // per_year) if k else terms.day("issue_date")
            found.append((before, reset))
    raise AssertionError


def recasts(terms: Terms, before: date, reset: date) -> bool:
    """A whole multiple of the recast months from issue falls after the reset before, up to this one."""
    months, issue = terms.whole("recast_months", 0), terms.day("issue_date")
    if not months:
        return False
    dues = [add_months(issue, m * months) for m in range(1, 1200 // months + 2)]
    return any(max(before, issue) < due <= reset for due in dues)


# --- dates ----------------------------------------------------------------------------------------------------------


def holiday_on(terms: Terms, day: date) -> str | None:
    kinds = {row["kind"] for row in terms.holidays if _covers(row, day)}
    return "FULL" if "FULL" in kinds else next(iter(kinds), None)


def extends_on(terms: Terms, day: date) -> bool:
    return any(_covers(row, day) and row.get("extends_maturity", "").lower() == "true" for row in terms.holidays)


def _covers(row: dict[str, str], day: date) -> bool:
    return date.fromisoformat(row["from_date"]) <= day <= date.fromisoformat(row["to_date"])


def with_added_dates(terms: Terms, periods: list[Period]) -> list[Period]:
    """As many dates at the end as were passed over, those that are added counted in."""
    if not terms.holidays or terms.whole("frequency") == 0:
        return periods
    maturity, f, keep = terms.day("maturity_date"), terms.whole("frequency"), terms.flag("end_of_month")
    rolls, longer, k = rolls_from(maturity, None, None, f, keep), list(periods), 0
    while sum(extends_on(terms, period.end) for period in longer) > k:
        start, end = rolls(-k), rolls(-k - 1)
        where, rule = terms.text("calendar", "NONE"), terms.text("business_day", "UNADJUSTED")
        moved = [adjusted(where, rule, day) for day in (start, end)]
        accrual = moved if terms.flag("adjust_accrual") else [start, end]
        longer.append(Period(start, end, accrual[0], accrual[1], moved[1], True))
        k += 1
    return longer


# --- payments -------------------------------------------------------------------------------------------------------


@dataclass
class Payment:
    """A row of the schedule; `scheduled` is negative where interest is capitalised."""

    pay: date
    number: int
    rate: float
    opening: float
    interest: float
    scheduled: float
    drawn: float = 0.0
    prepaid: float = 0.0
    defaulted: float = 0.0
    recovered: float = 0.0
    advanced: float = 0.0
    loss: float = 0.0


@dataclass
class Plan:
    """The dates of a loan, of which the first `past` are behind."""

    periods: list[Period]
    unextended: int
    past: int
    beyond: int
    terms: Terms

    def left(self, j: int) -> int:
        """n: an added date counts only after the one that was passed over."""
        return self.unextended - j + sum(extends_on(self.terms, period.end) for period in self.periods[:j])

    @property
    def live(self) -> range:
        return range(self.past, len(self.periods))


def plan_of(terms: Terms, market: Market, periods: list[Period], unextended: int) -> Plan:
    past = sum(period.pay <= market.as_of for period in periods)
    return Plan(periods, unextended, past, dates_beyond(terms), terms)


def dates_beyond(terms: Terms) -> int:
    """Payment dates after maturity, up to `amortization_months` from issue."""
    f = terms.whole("frequency")
    if "amortization_months" not in terms.instrument or not f:
        return 0
    until = add_months(terms.day("issue_date"), terms.whole("amortization_months"))
    rolls = rolls_from(terms.day("maturity_date"), None, None, f, False)
    return next(k for k in count() if rolls(-k - 1) > until)


def draws_at(terms: Terms, market: Market, plan: Plan, j: int) -> float:
    """Rows after `as_of` count at the first date on or after theirs; nothing at the last."""
    if j == len(plan.periods) - 1:
        return 0.0
    before = plan.periods[j - 1].end if j > plan.past else market.as_of
    held = terms.notional
    part = held / terms.number("reference_notional") if "reference_notional" in terms.instrument else _side(held)
    dated = [(date.fromisoformat(row["date"]), float(row["amount"])) for row in terms.draws]
    return sum(a * part for day, a in dated if day > market.as_of and before < day <= plan.periods[j].end)


def _side(held: float) -> float:
    return -1.0 if held < 0 else 1.0


def draw_share(terms: Terms, plan: Plan, j: int, months: float) -> float:
    last = j == len(plan.periods) - 1
    ends = terms.day_or_none("commitment_end_date") or date.max
    if last or plan.periods[j].end > ends:
        return 0.0
    return float(1.0 - (1.0 - terms.number("draw_rate", 0.0)) ** (months / 12))


def level(balance: float, rate: float, frequency: int, left: int) -> float:
    r = rate / frequency
    return balance / left if r == 0 else balance * r / (1.0 - (1.0 + r) ** -left)


class NeverAmortises(ValueError):
    """A capped payment falls below its interest, and nothing bounds what it adds."""


def by_contract(
    terms: Terms, market: Market, plan: Plan, rates: list[float], parts: list[float], months: list[float], *,
    draws_by_rate: bool, rounds: bool,
) -> list[Payment]:  # fmt: skip
    """What is agreed, date by date."""
    money = _cents if rounds else float
    kind, f, fee = terms.text("amortization", "BULLET"), terms.whole("frequency"), terms.number("servicing_fee", 0.0)
    only_interest = interest_only_until(terms)
    given = given_payment(terms)
    cap, arm = terms.number("payment_cap", math.inf), is_arm(terms)
    most = terms.number("neg_am_cap", math.inf) * terms.number("original_balance", abs(terms.notional))
    most = most if cap < math.inf else math.inf
    bounded = "neg_am_cap" in terms.instrument or "recast_months" in terms.instrument
    undrawn = float(terms.position.get("undrawn", 0)) * _side(terms.notional) if draws_by_rate else 0.0
    balance, payment, anew, state, rows = terms.notional, given or 0.0, given is None, "", []
    for j in plan.live:
        period, rate, part = plan.periods[j], rates[j - plan.past], parts[j - plan.past]
        due = money(balance * rate * part)
        holiday = holiday_on(terms, period.end)
        if j == len(plan.periods) - 1:
            principal = balance
        elif holiday == "FULL":
            principal, anew = -due, True
        elif holiday or kind == "BULLET" or period.end <= only_interest:
            principal, anew = 0.0, True
        elif kind == "LINEAR":
            principal = balance / plan.left(j)
        else:
            levelled = level(balance, rate, f, plan.left(j) + plan.beyond)
            if arm:
                after = plan.periods[j - 1].start if j > plan.past else date.min
                found = resets_at(terms, market, after, period.start)
                if anew or any(recasts(terms, *each) for each in found):
                    payment, state = levelled, ""
                elif found:
                    payment = math.copysign(
                        min(max(abs(levelled), abs(payment) * (1 - cap)), abs(payment) * (1 + cap)), levelled
                    )
                    state = "capped" if abs(payment) < abs(levelled) else ""
                if state != "levelled" and abs(balance + due - money(payment)) > most:
                    payment, state = levelled, "levelled"
            elif given is None and (anew or terms.text("rate_type") == "FLOATING" or rate != rates[j - plan.past - 1]):
                payment = levelled
            payment, anew = money(payment), False
            if state == "capped" and not bounded and abs(payment) < abs(due):
                raise NeverAmortises
            principal = balance if abs(payment) >= abs(balance + due) else payment - due
        principal = money(principal)
        share = draw_share(terms, plan, j, months[j - plan.past])
        drawn = money(draws_at(terms, market, plan, j) + undrawn * share)
        undrawn *= 1.0 - share
        interest = due - balance * fee * part
        rows.append(Payment(period.pay, j - plan.past, rate, balance, interest, principal, drawn))
        balance = money(balance - principal + drawn)
        anew = anew or drawn != 0.0
    return rows


def interest_only_until(terms: Terms) -> date:
    return add_months(terms.day("issue_date"), terms.whole("io_months", 0)) if terms.product == "LOAN" else date.min


def _cents(amount: float) -> float:
    return math.copysign(math.floor(abs(amount) * 100 + 0.5 + 1e-6) / 100, amount)


def given_payment(terms: Terms) -> float | None:
    if "payment_amount" not in terms.instrument or terms.text("amortization", "BULLET") != "LEVEL_PAY":
        return None
    return terms.number("payment_amount") * terms.notional / terms.number("reference_notional", abs(terms.notional))


def shares_of(
    terms: Terms, market: Market, plan: Plan, rates: list[float], parts: list[float], months: list[float]
) -> list[float]:
    """What each date amortises of the balance: the contractual change, or a level payment set anew every time."""
    kind, f = terms.text("amortization", "BULLET"), terms.whole("frequency")
    if kind == "LEVEL_PAY" and (is_arm(terms) or given_payment(terms) is not None):
        rows = by_contract(terms, market, plan, rates, parts, months, draws_by_rate=False, rounds=False)
        return [row.scheduled / row.opening if row.opening else 1.0 for row in rows]
    only_interest = interest_only_until(terms)
    shares = []
    for j in plan.live:
        rate, part, end = rates[j - plan.past], parts[j - plan.past], plan.periods[j].end
        holiday = holiday_on(terms, end)
        if j == len(plan.periods) - 1:
            shares.append(1.0)
        elif holiday == "FULL":
            shares.append(-rate * part)
        elif holiday or end <= only_interest or kind == "BULLET":
            shares.append(0.0)
        elif kind == "LINEAR":
            shares.append(1.0 / plan.left(j))
        else:
            shares.append(level(1.0, rate, f, plan.left(j) + plan.beyond) - rate * part)
    return shares


def under_speeds(
    terms: Terms, market: Market, plan: Plan, rates: list[float], parts: list[float],
    months: list[int], month_yr: list[float], does: Behaviour,
) -> list[Payment]:  # fmt: skip
    """Section 2's order, of a balance that is drawn on."""
    shares = shares_of(terms, market, plan, rates, parts, month_yr)
    fee, issue = terms.number("servicing_fee", 0.0), terms.day("issue_date")
    undrawn = float(terms.position.get("undrawn", 0)) * _side(terms.notional)
    balance, rows = terms.notional, list[Payment]()
    owed: list[tuple[int, float, int]] = []
    for n, j in enumerate(plan.live):
        period = plan.periods[j]
        exposed = sum(months) - does.lag_months - sum(months[:n])
        quoted = on_day(terms, period.start).number("coupon") if terms.text("rate_type") == "FIXED" else rates[n]
        speed = speed_in(does, market, Month(period.pay, quoted, abs(balance) / original_balance(terms)))
        smm, lost = does.of_period(issue, period.end, months[n], exposed, speed)
        defaulted, due = sum(lost) * balance, shares[n] * balance
        prepaid = min(smm, 1.0 - sum(lost)) * (balance - due)
        interest = (balance - defaulted) * (rates[n] - fee) * parts[n]
        share = draw_share(terms, plan, j, month_yr[n])
        drawn = draws_at(terms, market, plan, j) + undrawn * share
        undrawn *= 1.0 - share
        rows.append(
            Payment(period.pay, n, rates[n], balance, interest, (1.0 - sum(lost)) * due, drawn, prepaid, defaulted)
        )
        for number, died in enumerate(lost, 1):
            month = sum(months[:n]) + number + does.lag_months
            paid_with = next((k for k in range(len(months)) if sum(months[: k + 1]) >= month), len(months) - 1)
            owed.append((paid_with, died * balance, n))
        balance = balance - defaulted - (1.0 - sum(lost)) * due - prepaid + drawn
    for paid_with, face, n in owed:
        _recover(rows, shares, does, paid_with, face, n)
    return rows


def _recover(rows: list[Payment], shares: list[float], does: Behaviour, paid_with: int, face: float, n: int) -> None:
    left = face
    if does.advances:
        for k in range(n, paid_with):
            rows[k].advanced += left * shares[k]
            left *= 1.0 - shares[k]
    got = left - does.severity * face
    got = got if got * face > 0 else 0.0
    rows[paid_with].recovered += got
    rows[paid_with].loss += left - got
