"""Fixed-rate loans: what is still to be paid, by contract or under prepayment and default speeds."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.amortization import (
    BULLET,
    LEVEL_PAY,
    LINEAR,
    ages_mo,
    cents,
    level_share,
    months_of_periods,
    payments_past_maturity,
    period_fractions,
    step_of_speeds_mo,
)
from compute.kernels.flows.flows import OF_SCHEDULED, PARTS, Flows, no_parts
from compute.kernels.flows.given_payments import TO_LEVEL, fill_shares, payments_ccy
from compute.kernels.flows.prepaying_pool import (
    INTEREST,
    POOL_ROWS,
    Speeds,
    Variants,
    depends_on_age,
    empty_path,
    fill_parts,
    fill_pool,
    fill_speeds,
    principal_paid,
    severity_under,
)
from compute.kernels.flows.prepayment_model import Followed, fill_followed, months_seen
from compute.kernels.flows.speeds import NO_SPEED
from compute.kernels.kernel import kernel
from domain.portfolio.tables import COMPOUNDINGS

PERIODS_A_YEAR = np.array([{"SIMPLE": 0, "MONTHLY": 12, "SEMIANNUAL": 2, "ANNUAL": 1}[c] for c in COMPOUNDINGS])


class LoanTerms(NamedTuple):
    """Terms of n fixed loans. No date is `domain.portfolio.columns.ABSENT_DATE`, no code -1, anything else absent 0."""

    balance_ccy: NDArray[np.float64]
    """outstanding today, signed"""
    coupon: NDArray[np.float64]
    """a year, as `compounding` quotes it"""
    servicing_fee: NDArray[np.float64]
    day_count: NDArray[np.int8]
    frequency: NDArray[np.int32]
    amortization: NDArray[np.int8]
    io_until_day: NDArray[np.int32]
    """last day on which payments are interest only (`amortization.interest_only_until`)"""
    amortization_months: NDArray[np.int32]
    compounding: NDArray[np.int8]
    issue_day: NDArray[np.int32]
    maturity_day: NDArray[np.int32]
    round_to_cent: NDArray[np.bool_]
    payment_ccy: NDArray[np.float64] = TO_LEVEL
    """of a LEVEL_PAY loan that says what it pays a period, signed as the balance; NaN to level"""

    def typed(self) -> "LoanTerms":
        """The same with the dtypes that the kernel is compiled for."""
        rates, codes, days = np.float64, np.int8, np.int32
        dtypes = (rates, rates, rates, codes, days, codes, days, days, codes, days, days, np.bool_, rates)
        values = self._replace(payment_ccy=payments_ccy(self.payment_ccy, len(self.frequency)))
        return LoanTerms(*(np.require(v, t, ["C", "W"]) for v, t in zip(values, dtypes, strict=True)))


class _Periods(NamedTuple):
    """Columns [P] of the schedules that the kernel reads, and the offsets [n + 1]."""

    offsets: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    regular: NDArray[np.bool_]
    fraction: NDArray[np.float64]


def loan_flows(
    as_of_day: int,
    schedules: Schedules,
    terms: LoanTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None = None,
    *,
    in_parts: bool = False,
) -> Flows:
    """Flows of n fixed loans (BULLET, LEVEL_PAY, LINEAR), one column for each variant of speeds.

        interest_k  = balance x nominal coupon x fraction_k, less servicing_fee x fraction_k x balance
        LEVEL_PAY   payment = B r / (1 - (1 + r)^-n), set once; with speeds set anew for every payment
                    or as given, until nothing is left
        LINEAR      balance / payments left         last payment: the balance

    Args:     schedules [n] the payments to come, terms and speeds [n], variants as `prepaying_pool.distinct_variants`;
              followed by positions whose speed is a model's, without it there are none
    Returns:  Flows, one per period of `schedules`; loans without speeds have equal columns
    Accuracy: 1e-12 relative to the recursion in exact arithmetic. A payment that does not cover a period's interest
              adds the rest to the balance: principal is then negative. Cent rounding follows the
              lender's own schedule and so does not apply to expected flows under speeds.
    Source:   contract section 2; SIFMA Standard Formulas C.3 for speeds
    """
    terms, speeds = terms.typed(), speeds.typed()
    is_loan = np.ones(len(terms.frequency), np.bool_)
    fraction = period_fractions(schedules, terms.day_count, terms.frequency, is_loan)
    nominal = nominal_coupon(terms.coupon, terms.compounding, terms.frequency, schedules, fraction)
    periods = _Periods(schedules.offsets, schedules.start, schedules.end, schedules.regular, fraction)
    shape = (len(fraction), len(variants.severity_add))
    interest_ccy, principal_ccy = np.empty(shape), np.empty(shape)
    in_parts = in_parts and bool((has_speeds(speeds)).any())
    parts_ccy = np.zeros((len(PARTS), *shape)) if in_parts else no_parts()
    terms = terms._replace(coupon=nominal)
    _fill(as_of_day, periods, terms, speeds, variants, followed, interest_ccy, principal_ccy, parts_ccy)
    day = (schedules.pay - as_of_day).astype(np.int32)
    period = payment_number(schedules.offsets)
    told = parts_ccy if in_parts else None
    return Flows(schedules.offsets, day, period, interest_ccy, principal_ccy, variants.of_scenario, told)


def has_speeds(speeds: Speeds) -> NDArray[np.bool_]:
    """[n]"""
    has: NDArray[np.bool_] = (speeds.prepayment_kind != NO_SPEED) | (speeds.default_kind != NO_SPEED)
    return has


def payment_number(offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """[P] 0 for a position's first payment to come, 1 for its second, and so on."""
    first = np.repeat(offsets[:-1], np.diff(offsets))
    return (np.arange(offsets[-1]) - first).astype(np.int32)


def nominal_coupon(
    coupon: NDArray[np.float64],
    compounding: NDArray[np.int8],
    frequency: NDArray[np.int32],
    schedules: Schedules,
    fraction: NDArray[np.float64],
) -> NDArray[np.float64]:
    """[n] the coupon as a nominal rate of the payment frequency f: f ((1 + c / m)^(m / f) - 1), m as it is quoted.

    A Canadian mortgage compounds twice and pays twelve times a year. A loan that pays only at maturity compounds
    over its one period. SIMPLE, absent, or m = f leave the coupon as it is.
    """
    quoted = np.where(compounding >= 0, PERIODS_A_YEAR[compounding], 0)
    converts = (quoted > 0) & (quoted != frequency) & (np.diff(schedules.offsets) > 0)
    first = schedules.offsets[:-1][converts]
    m, per_year = quoted[converts], frequency[converts]
    period_yr = np.where(per_year > 0, 1.0 / np.maximum(per_year, 1), fraction[first])
    nominal = coupon.copy()
    nominal[converts] = np.expm1(m * period_yr * np.log1p(nominal[converts] / m)) / period_yr
    return nominal


@kernel
def _fill(
    as_of_day: int,
    periods: _Periods,
    terms: LoanTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None,
    interest_ccy: NDArray[np.float64],
    principal_ccy: NDArray[np.float64],
    parts_ccy: NDArray[np.float64],
) -> None:
    for i in range(len(terms.frequency)):
        rows = slice(periods.offsets[i], periods.offsets[i + 1])
        if periods.offsets[i] == periods.offsets[i + 1]:
            continue
        if speeds.prepayment_kind[i] == NO_SPEED and speeds.default_kind[i] == NO_SPEED:
            _contractual(i, periods, terms, interest_ccy[rows], principal_ccy[rows])
            if len(parts_ccy) > 0:
                parts_ccy[OF_SCHEDULED, rows] = principal_ccy[rows]
        else:
            amounts_ccy = interest_ccy[rows], principal_ccy[rows], parts_ccy
            _prepaying(as_of_day, i, periods, terms, speeds, variants, followed, *amounts_ccy)


@kernel
def _contractual(
    i: int,
    periods: _Periods,
    terms: LoanTerms,
    interest_ccy: NDArray[np.float64],
    principal_ccy: NDArray[np.float64],
) -> None:
    first, count, rounds = periods.offsets[i], len(interest_ccy), terms.round_to_cent[i]
    fraction, end = periods.fraction[first : first + count], periods.end[first : first + count]
    coupon, fee, io_until_day = terms.coupon[i], terms.servicing_fee[i], terms.io_until_day[i]
    amortization, balance, payment, is_set = terms.amortization[i], terms.balance_ccy[i], 0.0, False
    given = terms.payment_ccy[i]
    for j in range(count):
        due = balance * coupon * fraction[j]
        due = cents(due) if rounds else due
        if j == count - 1:
            repaid = balance
        elif amortization == BULLET or end[j] <= io_until_day:
            repaid = 0.0
        elif amortization == LINEAR:
            repaid = balance / (count - j)
        else:
            if not is_set:
                payment = balance * _level_share(i, count - j, terms) if math.isnan(given) else given
                payment, is_set = cents(payment) if rounds else payment, True
            repaid = payment - due
            if not math.isnan(given) and abs(payment) >= abs(balance + due):
                repaid = balance
        repaid = cents(repaid) if rounds else repaid
        interest_ccy[j, :] = due - balance * fee * fraction[j]
        principal_ccy[j, :] = repaid
        balance = cents(balance - repaid) if rounds else balance - repaid


@kernel
def _level_share(i: int, left: int, terms: LoanTerms) -> float:
    frequency = terms.frequency[i]
    past = payments_past_maturity(terms.amortization_months[i], terms.issue_day[i], terms.maturity_day[i], frequency)
    return level_share(terms.coupon[i] / frequency, left + past)


@kernel
def _prepaying(
    as_of_day: int,
    i: int,
    periods: _Periods,
    terms: LoanTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None,
    interest_ccy: NDArray[np.float64],
    principal_ccy: NDArray[np.float64],
    parts_ccy: NDArray[np.float64],
) -> None:
    first, count = periods.offsets[i], len(interest_ccy)
    share, cashflows_ccy = _scheduled_share(i, count, periods, terms), np.empty((POOL_ROWS, count))
    rows, issued = slice(first, first + count), terms.issue_day[i]
    start, end, regular = periods.start[rows], periods.end[rows], periods.regular[rows]
    months = months_of_periods(as_of_day, start, end, regular, terms.frequency[i])
    age = ages_mo(issued, end) if depends_on_age(speeds, i) else np.zeros(count, np.int32)
    path = empty_path(months, age, step_of_speeds_mo(terms.frequency[i]))
    rate = (terms.coupon[i] - terms.servicing_fee[i]) * periods.fraction[rows]
    if followed is not None:
        seen = months_seen(followed, i, first, path, speeds.prepayment_kind[i])
    for v in range(interest_ccy.shape[1]):
        fill_speeds(path, i, v, speeds, variants)
        if followed is not None:
            of_path = terms.balance_ccy[i], share, followed.gross_rate[rows], seen
            fill_followed(path, i, v, *of_path, speeds, variants, followed)
        severity = severity_under(speeds, i, variants, v)
        fill_pool(terms.balance_ccy[i], share, rate, path, severity, speeds.servicer_advances[i], cashflows_ccy)
        interest_ccy[:, v] = cashflows_ccy[INTEREST]
        principal_ccy[:, v] = principal_paid(cashflows_ccy)
        fill_parts(cashflows_ccy, first, v, parts_ccy)


@kernel
def _scheduled_share(i: int, count: int, periods: _Periods, terms: LoanTerms) -> NDArray[np.float64]:
    """[count] share of the balance that each payment amortises when the level payment is set anew every time.

    The annuity factors of 1, 2, … payments follow from one another, a_n = (a_(n-1) + 1) / (1 + r), without loss of
    digits at any rate.
    """
    first, frequency, share = periods.offsets[i], terms.frequency[i], np.zeros(count)
    fraction, end = periods.fraction[first : first + count], periods.end[first : first + count]
    coupon, io_until_day, amortization = terms.coupon[i], terms.io_until_day[i], terms.amortization[i]
    if amortization == LEVEL_PAY and not math.isnan(terms.payment_ccy[i]):
        fill_shares(terms.balance_ccy[i], terms.payment_ccy[i], coupon, fraction, end, io_until_day, share)
        return share
    past = payments_past_maturity(terms.amortization_months[i], terms.issue_day[i], terms.maturity_day[i], frequency)
    rate = coupon / max(frequency, 1)
    factor = 1.0 / level_share(rate, past) if past > 0.0 else 0.0
    for left in range(1, count + 1):
        j = count - left
        factor = (factor + 1.0) / (1.0 + rate)
        if end[j] <= io_until_day:
            continue
        if amortization == LEVEL_PAY:
            share[j] = 1.0 / factor - coupon * fraction[j]
        elif amortization == LINEAR:
            share[j] = 1.0 / left
    share[count - 1] = 1.0
    return share


class Cashflows(NamedTuple):
    """The `cashflows` table: those of instrument m are the rows offsets[m]:offsets[m + 1], by payment day."""

    offsets: NDArray[np.int64]
    pay_day: NDArray[np.int32]
    principal_ccy: NDArray[np.float64]
    interest_ccy: NDArray[np.float64]


def custom_flows(
    as_of_day: int,
    table: Cashflows,
    instrument: NDArray[np.int64],
    balance_ccy: NDArray[np.float64],
    reference_notional_ccy: NDArray[np.float64],
    scenario_count: int,
) -> Flows:
    """Flows of n holdings of instruments with amortization CUSTOM: the table's, times balance / reference notional.

    Args:    instrument [n] into `table`; reference_notional_ccy [n], NaN for the sum of the principals to come
    Returns: Flows of the payments after the valuation date; NaN where the reference notional is nil
    """
    counts = np.diff(table.offsets)[instrument]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    row = np.repeat(table.offsets[:-1][instrument], counts) + payment_number(offsets)
    position = np.repeat(np.arange(len(instrument)), counts)
    to_come = table.pay_day[row] > as_of_day
    row, position = row[to_come], position[to_come]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(position, minlength=len(instrument)))]).astype(np.int64)
    to_repay_ccy = np.bincount(position, weights=table.principal_ccy[row], minlength=len(instrument))
    reference_ccy = np.where(np.isnan(reference_notional_ccy), to_repay_ccy, reference_notional_ccy)
    scale = (balance_ccy / np.where(reference_ccy == 0.0, np.nan, reference_ccy))[position, None]
    day = (table.pay_day[row] - as_of_day).astype(np.int32)
    interest_ccy, principal_ccy = table.interest_ccy[row, None] * scale, table.principal_ccy[row, None] * scale
    everyone = np.zeros(scenario_count, np.int32)
    return Flows(offsets, day, payment_number(offsets), interest_ccy, principal_ccy, everyone)
