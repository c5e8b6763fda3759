"""Loans whose terms change on agreed dates: adjustable rates with capped payments, holidays, draws, steps.

Rates are given by period, so one kernel serves fixed, floating and adjustable-rate loans, and floating bonds whose
margin steps. A loan without any such term is the business of `loans` and `floating`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.adjustable_rates import LEVELS, RECASTS
from compute.kernels.flows.amortization import (
    BULLET,
    LEVEL_PAY,
    LINEAR,
    ages_mo,
    cents,
    level_share,
    months_of_periods,
    step_of_speeds_mo,
)
from compute.kernels.flows.flows import OF_DEFAULTED, PARTS, no_parts
from compute.kernels.flows.prepaying_pool import (
    ADVANCED,
    BEGINNING,
    DEFAULTED,
    INTEREST,
    POOL_ROWS,
    PREPAID,
    RECOVERED,
    SCHEDULED,
    SpeedPath,
    Speeds,
    Variants,
    advance,
    depends_on_age,
    empty_path,
    fill_parts,
    fill_speeds,
    severity_under,
)
from compute.kernels.flows.prepayment_model import Followed, fill_followed, months_seen
from compute.kernels.flows.speeds import NO_SPEED
from compute.kernels.kernel import kernel

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

DRAWN = POOL_ROWS
"""Row of a loan's cash flows after those of `prepaying_pool`: what the holder pays out, and the balance gains."""
LOAN_ROWS = POOL_ROWS + 1
NO_HOLIDAY, FULL, INTEREST_ONLY = range(3)
WITHIN_CAP, CAPPED, LEVELLED = range(3)


class EventfulTerms(NamedTuple):
    """Terms of n loans; amounts signed as the balance, NaN where one is absent."""

    balance_ccy: Amounts
    servicing_fee: Amounts
    redemption_per_100: Amounts
    """of what is left at maturity: a bond's; 100 for a loan"""
    payments_beyond: Amounts
    """by which the levelling term outlasts maturity"""
    payment_ccy: Amounts
    """that the terms give"""
    payment_cap: Amounts
    most_ccy: Amounts
    """balance that no payment below the level one may leave, without its sign"""
    undrawn_ccy: Amounts
    frequency: Days
    io_until_day: Days
    issue_day: Days
    amortization: Codes
    round_to_cent: NDArray[np.bool_]
    resets: NDArray[np.bool_]
    """an adjustable rate: a payment that is given holds to the next reset, else to the end"""
    is_bounded: NDArray[np.bool_]
    """something stops the balance from growing for good"""

    def typed(self) -> "EventfulTerms":
        dtypes = (*(np.float64,) * 8, *(np.int32,) * 3, np.int8, *(np.bool_,) * 3)
        return EventfulTerms(*(np.require(v, t, ["C", "W"]) for v, t in zip(self, dtypes, strict=True)))


class EventfulPeriods(NamedTuple):
    """Columns [P] of the payments to come, and the offsets [n + 1]."""

    offsets: NDArray[np.int64]
    start: Days
    end: Days
    regular: NDArray[np.bool_]
    fraction: Amounts
    holiday: Codes
    left: Days
    """n: payments that the level one is set over, and that LINEAR divides over"""
    draws_ccy: Amounts
    """agreed, paid out with the payment"""
    draw_share: Amounts
    """of what is undrawn"""
    sets: Codes
    """KEEPS, LEVELS or RECASTS"""


class EventfulFlows(NamedTuple):
    """[P, C] one column for each that was asked for."""

    interest_ccy: Amounts
    """due, less the servicing fee; what is capitalised is in `principal_ccy` again, with the other sign"""
    principal_ccy: Amounts
    """less draws and what is capitalised"""
    received_ccy: Amounts
    """principal alone"""
    parts_ccy: Amounts
    """[4, P, C] rows as `flows.PARTS`; empty where nobody asks"""


def eventful_flows(
    as_of_day: int,
    periods: EventfulPeriods,
    terms: EventfulTerms,
    speeds: Speeds,
    variants: Variants,
    rate: Amounts,
    rate_of: Days,
    variant_of: Days,
    followed: Followed | None = None,
    *,
    wanted: Flags | None = None,
    in_parts: bool = False,
) -> EventfulFlows:
    """Flows of n loans in C columns, column c at the rates `rate_of[c]` under the variant `variant_of[c]`.

        due = balance x rate x fraction                         next balance = balance - (payment - due) + draws
        holiday: FULL payment 0, INTEREST_ONLY payment = due; then the level payment is set anew
        LEVEL_PAY: balance r / (1 - (1 + r)^-n), r = rate / frequency, where `sets` says so, or after a draw; moved
                   from the one before by at most `payment_cap`; the level payment itself from a payment on that would
                   leave more than `most_ccy`, to the next reset
        speeds: the contractual change of balance is a share of the performing balance, negative where capitalised;
                level payments of loans that neither reset nor give one are set anew each time

    Args:     followed by loans whose speed is a model's; its gross_rate is NaN where the period's rate is in force
              rate [P, R] gross; variant_of [C], below 0 for a column that is left as it is (NaN)
              wanted [n] loans, the others left as they are; all of them where it is absent
    Returns:  [P, C]
    Failure:  NaN where a capped payment falls below its interest and nothing bounds what that adds to the balance
    Accuracy: as `loans.loan_flows`
    Source:   contract of cash flows, section 2b
    """
    shape = (len(periods.end), len(rate_of))
    parts_ccy = np.full((len(PARTS), *shape), np.nan) if in_parts else no_parts()
    flows = EventfulFlows(np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan), parts_ccy)
    market = (np.ascontiguousarray(rate), np.asarray(rate_of, np.int32), np.asarray(variant_of, np.int32))
    wanted = np.ones(len(terms.frequency), np.bool_) if wanted is None else wanted
    _fill(as_of_day, periods, terms.typed(), speeds.typed(), variants, followed, *market, wanted, flows)
    return flows


@kernel
def first_equal(rate: Amounts) -> Days:
    """[R] of each column of rate [P, R] the first that has the same in every period."""
    found = np.empty(rate.shape[1], np.int32)
    for c in range(rate.shape[1]):
        found[c] = c
        for earlier in range(c):
            row = 0
            while row < len(rate) and rate[row, c] == rate[row, earlier]:
                row += 1
            if row == len(rate):
                found[c] = earlier
                break
    return found


@kernel
def differs(offsets: NDArray[np.int64], rate: Amounts, other: Amounts) -> Flags:
    """[n] loans that have another rate in some period and column of the two [P, R]; NaN is another rate."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for i in range(len(found)):
        row = offsets[i]
        while row < offsets[i + 1] and not found[i]:
            for c in range(rate.shape[1]):
                if rate[row, c] != other[row, c]:
                    found[i] = True
            row += 1
    return found


@kernel
def _fill(
    as_of_day: int,
    periods: EventfulPeriods,
    terms: EventfulTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None,
    rate: Amounts,
    rate_of: Days,
    variant_of: Days,
    wanted: Flags,
    flows: EventfulFlows,
) -> None:
    for i in range(len(terms.frequency)):
        first, last = periods.offsets[i], periods.offsets[i + 1]
        if first == last or not wanted[i]:
            continue
        cash, share = np.empty((LOAN_ROWS, last - first)), np.empty(last - first)
        path = speed_path(as_of_day, i, periods, terms, speeds)
        for v in range(len(variants.severity_add)):
            is_filled = False
            for c in range(len(rate_of)):
                if variant_of[c] != v:
                    continue
                if not is_filled or followed is not None:
                    fill_quoted(path, i, v, speeds, variants)
                    is_filled = True
                of_column = rate[first:last, rate_of[c]].copy()
                fill_loan(i, v, periods, terms, speeds, variants, followed, of_column, path, share, cash)
                _take(first, c, cash, flows)


@kernel
def _take(first: int, c: int, cash: Amounts, flows: EventfulFlows) -> None:
    """Writes the cash flows of one loan into column c."""
    for j in range(cash.shape[1]):
        paid = cash[PREPAID, j] + cash[RECOVERED, j] + cash[ADVANCED, j]
        scheduled = cash[SCHEDULED, j]
        flows.interest_ccy[first + j, c] = cash[INTEREST, j]
        flows.principal_ccy[first + j, c] = scheduled + paid - cash[DRAWN, j]
        capitalises = scheduled * cash[BEGINNING, j] < 0.0
        flows.received_ccy[first + j, c] = paid if capitalises else scheduled + paid
    fill_parts(cash[:POOL_ROWS], first, c, flows.parts_ccy)
    if len(flows.parts_ccy) > 0:
        flows.parts_ccy[OF_DEFAULTED, first : first + cash.shape[1], c] -= cash[DRAWN]


@kernel
def fill_quoted(path: SpeedPath, i: int, v: int, speeds: Speeds, variants: Variants) -> None:
    """Fills the path of a loan that quotes a speed: under a variant once, whatever its rates do."""
    if speeds.prepayment_kind[i] != NO_SPEED or speeds.default_kind[i] != NO_SPEED:
        fill_speeds(path, i, v, speeds, variants)


@kernel
def speed_path(as_of_day: int, i: int, periods: EventfulPeriods, terms: EventfulTerms, speeds: Speeds) -> SpeedPath:
    first, last = periods.offsets[i], periods.offsets[i + 1]
    start, end, regular = periods.start[first:last], periods.end[first:last], periods.regular[first:last]
    months = months_of_periods(as_of_day, start, end, regular, terms.frequency[i])
    age = ages_mo(terms.issue_day[i], end) if depends_on_age(speeds, i) else np.zeros(last - first, np.int32)
    return empty_path(months, age, step_of_speeds_mo(terms.frequency[i]))


@kernel
def fill_loan(
    i: int,
    v: int,
    periods: EventfulPeriods,
    terms: EventfulTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None,
    rate: Amounts,
    path: SpeedPath,
    share: Amounts,
    cash: Amounts,
) -> None:
    """Fills cash [8, n] of loan i under variant v: `prepaying_pool`'s rows and DRAWN; share [n] where it has speeds.

    `path` as `fill_quoted` fills it.
    """
    first, count = periods.offsets[i], len(rate)
    has_speeds = speeds.prepayment_kind[i] != NO_SPEED or speeds.default_kind[i] != NO_SPEED
    draws_by_rate = terms.undrawn_ccy[i] != 0.0 and bool((periods.draw_share[first : first + count] > 0.0).any())
    if has_speeds:
        _fill_shares(i, periods, terms, rate, share, cash)
        if followed is not None:
            seen = months_seen(followed, i, first, path, speeds.prepayment_kind[i])
            seen.added_ccy[:] = drawn_ccy(i, periods, terms, count)[: len(seen.added_ccy)]
            own = followed.gross_rate[first : first + count]
            gross = rate if math.isnan(own[0]) else own
            fill_followed(path, i, v, terms.balance_ccy[i], share, gross, seen, speeds, variants, followed)
        severity = severity_under(speeds, i, variants, v)
        _fill_performing(i, periods, terms, rate, share, path, severity, speeds.servicer_advances[i], cash)
    else:
        _fill_contract(i, periods, terms, rate, draws_by_rate, terms.round_to_cent[i] and not draws_by_rate, cash)
    cash[SCHEDULED, count - 1] *= terms.redemption_per_100[i] / 100.0


@kernel
def drawn_ccy(i: int, periods: EventfulPeriods, terms: EventfulTerms, count: int) -> Amounts:
    """[count] what each payment of a loan with speeds draws: no speed changes it."""
    first, undrawn, drawn = periods.offsets[i], terms.undrawn_ccy[i], np.empty(count)
    for j in range(count):
        drawn[j] = periods.draws_ccy[first + j] + undrawn * periods.draw_share[first + j]
        undrawn -= undrawn * periods.draw_share[first + j]
    return drawn


@kernel
def _fill_contract(
    i: int,
    periods: EventfulPeriods,
    terms: EventfulTerms,
    rate: Amounts,
    draws_by_rate: bool,
    rounds: bool,
    cash: Amounts,
) -> None:
    """Payment by payment as agreed, without prepayment and default; draws at the draw rate where they count."""
    first, count, fee = periods.offsets[i], len(rate), terms.servicing_fee[i]
    balance, undrawn = terms.balance_ccy[i], terms.undrawn_ccy[i] if draws_by_rate else 0.0
    payment, is_given, state = terms.payment_ccy[i], not math.isnan(terms.payment_ccy[i]), WITHIN_CAP
    amortization, io_until, per_year = terms.amortization[i], terms.io_until_day[i], terms.frequency[i]
    moves, beyond = terms.resets[i] or not is_given, terms.payments_beyond[i]
    cap, most, is_bounded = terms.payment_cap[i], terms.most_ccy[i], terms.is_bounded[i]
    anew = not is_given
    cash[:, :] = 0.0
    for j in range(count):
        row = first + j
        due = balance * rate[j] * periods.fraction[row]
        due = cents(due) if rounds else due
        if j == count - 1:
            repaid = balance
        elif periods.holiday[row] != NO_HOLIDAY or periods.end[row] <= io_until or amortization == BULLET:
            repaid, anew = -due if periods.holiday[row] == FULL else 0.0, True
        elif amortization == LINEAR:
            repaid = balance / periods.left[row]
        else:
            if moves:
                sets, of_level = periods.sets[row], (rate[j] / per_year, periods.left[row] + beyond)
                payment, state = _payment(balance, due, of_level, payment, state, anew, sets, cap, most, rounds)
            payment, anew = cents(payment) if rounds else payment, False
            if state == CAPPED and not is_bounded and abs(payment) < abs(due):
                cash[:, :] = np.nan
                return
            repaid = balance if abs(payment) >= abs(balance + due) else payment - due
        repaid = cents(repaid) if rounds else repaid
        drawn = periods.draws_ccy[row] + undrawn * periods.draw_share[row]
        drawn = cents(drawn) if rounds else drawn
        undrawn -= undrawn * periods.draw_share[row]
        cash[BEGINNING, j], cash[SCHEDULED, j], cash[DRAWN, j] = balance, repaid, drawn
        cash[INTEREST, j] = due - balance * fee * periods.fraction[row]
        balance = balance - repaid + drawn
        balance = cents(balance) if rounds else balance
        anew = anew or drawn != 0.0


@kernel
def _payment(
    balance: float,
    due: float,
    of_level: tuple[float, float],
    payment: float,
    state: int,
    anew: bool,
    sets: int,
    cap: float,
    most_ccy: float,
    rounds: bool,
) -> tuple[float, int]:
    """The payment of a period, from the one before; and whether it is CAPPED, or LEVELLED by the balance's bound.

    `of_level` as `level_share` takes it. Numbers alone: handing on the tables of all loans costs more than the sums.
    """
    if anew or sets == RECASTS:
        payment, state = balance * level_share(*of_level), WITHIN_CAP
    elif sets == LEVELS:
        level = balance * level_share(*of_level)
        payment = _within(level, payment, cap)
        state = CAPPED if abs(payment) < abs(level) else WITHIN_CAP
    left = balance + due - (cents(payment) if rounds else payment)
    if state != LEVELLED and abs(left) > most_ccy:
        return balance * level_share(*of_level), LEVELLED
    return payment, state


@kernel
def _within(level: float, payment: float, cap: float) -> float:
    """The level payment, at most a share away from the one before; NaN: however far."""
    if math.isnan(cap):
        return level
    size = min(max(abs(level), abs(payment) * (1.0 - cap)), abs(payment) * (1.0 + cap))
    return math.copysign(size, level)


@kernel
def _fill_shares(
    i: int, periods: EventfulPeriods, terms: EventfulTerms, rate: Amounts, share: Amounts, cash: Amounts
) -> None:
    """Shares of the balance that each payment amortises, negative where interest is capitalised."""
    first, count = periods.offsets[i], len(rate)
    levels = terms.amortization[i] == LEVEL_PAY
    if levels and (terms.resets[i] or not math.isnan(terms.payment_ccy[i])):
        _fill_contract(i, periods, terms, rate, False, False, cash)
        for j in range(count):
            share[j] = cash[SCHEDULED, j] / cash[BEGINNING, j] if cash[BEGINNING, j] != 0.0 else 1.0
        return
    for j in range(count):
        row, due = first + j, rate[j] * periods.fraction[first + j]
        if j == count - 1:
            share[j] = 1.0
        elif periods.holiday[row] == FULL:
            share[j] = -due
        elif periods.holiday[row] == INTEREST_ONLY or periods.end[row] <= terms.io_until_day[i]:
            share[j] = 0.0
        elif levels:
            share[j] = level_share(rate[j] / terms.frequency[i], periods.left[row] + terms.payments_beyond[i]) - due
        else:
            share[j] = 1.0 / periods.left[row] if terms.amortization[i] == LINEAR else 0.0


@kernel
def _fill_performing(
    i: int,
    periods: EventfulPeriods,
    terms: EventfulTerms,
    rate: Amounts,
    share: Amounts,
    path: SpeedPath,
    severity: float,
    advances: bool,
    cash: Amounts,
) -> None:
    """As `prepaying_pool.fill_pool`, of a balance that is drawn on: what is drawn performs from the next period on."""
    cash[RECOVERED:, :] = 0.0
    first, balance, undrawn, month = periods.offsets[i], terms.balance_ccy[i], terms.undrawn_ccy[i], 0
    for j in range(len(share)):
        row, default, scheduled = first + j, path.mdr[j], share[j]
        drawn = periods.draws_ccy[row] + undrawn * periods.draw_share[row]
        undrawn -= undrawn * periods.draw_share[row]
        cash[BEGINNING, j], cash[DRAWN, j], cash[DEFAULTED, j] = balance, drawn, default * balance
        net = (rate[j] - terms.servicing_fee[i]) * periods.fraction[row]
        cash[INTEREST, j] = (1.0 - default) * balance * net
        cash[SCHEDULED, j] = (1.0 - default) * scheduled * balance
        cash[PREPAID, j] = path.smm[j] * (1.0 - scheduled) * balance
        if default > 0.0:
            for q in range(month, month + path.months[j]):
                slot, unpaid_ccy = path.recovery_period[q], path.default_share[q] * balance
                left = advance(unpaid_ccy, share, j, slot, cash) if advances else 1.0
                cash[RECOVERED, slot] += max(left - severity, 0.0) * unpaid_ccy
        month += path.months[j]
        balance = (1.0 - scheduled) * (1.0 - default - path.smm[j]) * balance + drawn
