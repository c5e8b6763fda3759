"""Loans one at a time, month by month, with dates from the standard library: slow, obvious, the second opinion."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

EPOCH = date(1970, 1, 1)


def epoch_day(day: date) -> int:
    return (day - EPOCH).days


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date) -> int:
    """Whole ones."""
    months = max(0, 12 * (end.year - start.year) + end.month - start.month)
    return months - 1 if months and add_months(start, months) > end else months


@dataclass
class Loan:
    balance: float
    coupon: float
    issue: date
    maturity: date
    frequency: int = 12
    day_count: str = "30/360"
    amortization: str = "LEVEL_PAY"
    io_months: int = 0
    amortization_months: int = 0
    fee: float = 0.0
    prepayment: tuple[str, float] | None = None
    default: tuple[str, float] | None = None
    severity: float = 0.0
    lag: int = 0
    advances: bool = False
    redemption: float = 1.0
    rates: list[float] = field(default_factory=list)
    """all-in rate of each remaining period; empty for the coupon, level payment set once"""


def remaining_periods(loan: Loan, as_of: date) -> list[tuple[date, date]]:
    if loan.frequency == 0:
        return [(loan.issue, loan.maturity)]
    periods: list[tuple[date, date]] = []
    k, step = 0, 12 // loan.frequency
    while True:
        end, start = add_months(loan.maturity, -step * k), add_months(loan.maturity, -step * (k + 1))
        if end <= as_of or end <= loan.issue:
            return periods[::-1]
        periods.append((max(start, loan.issue), end))
        k += 1


def fraction(loan: Loan, start: date, end: date) -> float:
    if loan.day_count == "30/360":
        if loan.frequency and not is_stub(loan, start, end):
            return 1 / loan.frequency
        first = min(start.day, 30)
        last = min(end.day, 30) if first == 30 else end.day
        return (360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first) / 360
    return (end - start).days / {"ACT/360": 360, "ACT/365F": 365}[loan.day_count]


def is_stub(loan: Loan, start: date, end: date) -> bool:
    """The end is one of the dates that are counted back from maturity."""
    step = 12 // loan.frequency
    k = (12 * (loan.maturity.year - end.year) + loan.maturity.month - end.month) // step
    assert add_months(loan.maturity, -step * k) == end
    return add_months(loan.maturity, -step * (k + 1)) != start


def monthly(speed: tuple[str, float] | None, age: int, multiplier: float) -> float:
    if speed is None:
        return 0.0
    kind, percent = speed[0], speed[1] * multiplier
    age = max(age, 1)
    if kind == "SMM":
        return min(percent / 100, 1.0)
    if kind == "ABS":
        left = 100 - percent * (age - 1)
        return 1.0 if left <= percent else percent / left
    if kind == "PSA":
        annual = percent / 100 * min(0.2 * age, 6)
    elif kind == "SDA":
        up, down = min(0.02 * age, 0.6), 0.6 - 0.0095 * (min(max(age, 60), 120) - 60)
        annual = percent / 100 * min(up, down)
    else:
        annual = percent
    survival: float = (1 - min(annual / 100, 1.0)) ** (1 / 12)
    return 1 - survival


def flows(
    loan: Loan, as_of: date, prepayment_multiplier: float = 1.0, default_multiplier: float = 1.0, add: float = 0.0
) -> list[tuple[date, float, float]]:
    """(unadjusted payment date, interest net of fee, principal) of every payment to come."""
    if loan.prepayment or loan.default:
        return expected_flows(loan, as_of, prepayment_multiplier, default_multiplier, add)
    return contractual_flows(loan, as_of)


def contractual_flows(loan: Loan, as_of: date) -> list[tuple[date, float, float]]:
    periods, balance, payment, paid = remaining_periods(loan, as_of), loan.balance, None, []
    for j, (start, end) in enumerate(periods):
        rate = loan.rates[j] if loan.rates else loan.coupon
        years = fraction(loan, start, end)
        if payment is None or loan.rates:
            share = level_payment(loan, rate, len(periods) - j) if pays_principal(loan, end) else 0.0
            payment = balance * share if share else None
        principal = scheduled(loan, balance, rate * years, payment or 0.0, len(periods) - j, end)
        last = loan.redemption if j == len(periods) - 1 else 1.0
        paid.append((end, balance * (rate - loan.fee) * years, principal * last))
        balance -= principal
    return paid


def pays_principal(loan: Loan, end: date) -> bool:
    return not (loan.io_months and end <= add_months(loan.issue, loan.io_months))


def level_payment(loan: Loan, rate: float, left: int) -> float:
    if not loan.frequency:
        return 1.0
    levelled_to = add_months(loan.issue, loan.amortization_months)
    n = left + max(months_between(loan.maturity, levelled_to), 0) // (12 // loan.frequency)
    r = rate / loan.frequency
    return r / (1 - (1 + r) ** -n) if r else 1 / n


def scheduled(loan: Loan, balance: float, due: float, payment: float, left: int, end: date) -> float:
    if left == 1:
        return balance
    if loan.amortization == "BULLET" or not pays_principal(loan, end):
        return 0.0
    return balance / left if loan.amortization == "LINEAR" else payment - balance * due


def months_in(loan: Loan, start: date, end: date, as_of: date) -> int:
    if loan.frequency == 0:
        return months_between(max(start, as_of), end)
    return max(months_between(start, end), 1) if is_stub(loan, start, end) else 12 // loan.frequency


def expected_flows(
    loan: Loan, as_of: date, prepayment_multiplier: float, default_multiplier: float, add: float
) -> list[tuple[date, float, float]]:
    """Of a balance of 1, times the loan's own."""
    periods, balance = remaining_periods(loan, as_of), 1.0
    months = [months_in(loan, start, end, as_of) for start, end in periods]
    severity = min(max(loan.severity + add, 0.0), 1.0)
    recovered, shares, defaults, paid = [0.0] * len(periods), [], [], []
    for j, (start, end) in enumerate(periods):
        rate, age = loan.rates[j] if loan.rates else loan.coupon, months_between(loan.issue, end)
        years = fraction(loan, start, end)
        payment = level_payment(loan, rate, len(periods) - j)
        share = scheduled(loan, 1.0, rate * years, payment, len(periods) - j, end)
        alive, unpaid = 1.0, 1.0
        for m in range(months[j]):
            number, month_age = sum(months[:j]) + m + 1, age - months[j] + m + 1
            unpaid *= 1 - monthly(loan.prepayment, month_age, prepayment_multiplier)
            if number <= sum(months) - loan.lag:
                lost = alive * monthly(loan.default, month_age, default_multiplier)
                defaults.append((j, number + loan.lag, balance * lost))
                alive -= lost
        default = balance * (1 - alive)
        prepaid = min((1 - unpaid) * (balance - share * balance), balance - default - alive * share * balance)
        last = loan.redemption if j == len(periods) - 1 else 1.0
        paid.append((end, (balance - default) * (rate - loan.fee) * years, alive * share * balance * last + prepaid))
        shares.append(share)
        balance -= default + alive * share * balance + prepaid
    for j, due_month, amount in defaults:
        slot = next(k for k in range(len(periods)) if sum(months[: k + 1]) >= due_month)
        recovered[slot] += recovery(loan, shares[j:slot], amount, severity)
        left = amount
        for k in range(j, slot if loan.advances else j):
            recovered[k] += left * shares[k]
            left *= 1 - shares[k]
    return [
        (end, interest * loan.balance, (principal + recovered[k]) * loan.balance)
        for k, (end, interest, principal) in enumerate(paid)
    ]


def recovery(loan: Loan, shares: list[float], amount: float, severity: float) -> float:
    if not loan.advances:
        return (1 - severity) * amount
    left = 1.0
    for share in shares:
        left *= 1 - share
    return max(left - severity, 0.0) * amount


def random_loan(generator: Random, as_of: date, floating: bool = False) -> Loan:
    """A loan in its life at `as_of`, with or without stub, interest-only time, balloon and speeds."""
    frequency = generator.choice([12, 12, 4, 2, 1, 0])
    maturity = add_months(date(2026, 1, generator.choice([1, 15, 28, 30, 31])), generator.randint(1, 120))
    issue = add_months(maturity, -generator.choice([132, 180, 240, 361])) + timedelta(generator.choice([0, 0, 9]))
    behaves = generator.random() < 0.6
    prepayment = generator.choice([("CPR", 6.0), ("SMM", 0.5), ("PSA", 165.0), ("ABS", 0.3), None]) if behaves else None
    default = generator.choice([("CDR", 2.0), ("SDA", 300.0), None]) if behaves else None
    return Loan(
        balance=generator.choice([-1, 1, 1]) * generator.uniform(1e3, 1e7),
        coupon=generator.choice([0.0, 0.035, 0.0725]),
        issue=issue if issue < as_of else add_months(as_of, -3),
        maturity=maturity,
        frequency=frequency,
        day_count=generator.choice(["30/360", "ACT/360", "ACT/365F"]),
        amortization=generator.choice(["LEVEL_PAY", "LEVEL_PAY", "LINEAR", "BULLET"]),
        io_months=generator.choice([0, 0, 140, 200, 1200]),
        amortization_months=generator.choice([0, 0, 360]),
        fee=generator.choice([0.0, 0.0025]),
        prepayment=prepayment,
        default=default,
        severity=0.35,
        lag=generator.choice([0, 4, 12]),
        advances=generator.random() < 0.3,
        redemption=generator.choice([1.0, 1.02]) if floating else 1.0,
    )
