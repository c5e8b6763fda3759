"""Mortgage pass-throughs: what n pools of level-pay loans pay, on the days on which they pay it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import adjust
from compute.kernels.dates.daycounts import year_fraction
from compute.kernels.flows.flows import PARTS, Flows, no_parts
from compute.kernels.flows.modelled_pools import pool_by_model
from compute.kernels.flows.prepaying_pool import INTEREST, Speeds, Variants, fill_parts, level_pay_pool, principal_paid
from compute.kernels.flows.prepayment_model import Followed
from compute.kernels.kernel import kernel

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]
Months = NDArray[np.int32]

MONTH_DAYS = 30.0
MONTHS_PER_YEAR = 12.0


class PoolTerms(NamedTuple):
    """n pools; the balance is today's current face, rates a year, decimal."""

    balance_ccy: Amounts
    wac: Amounts
    wam_mo: Months
    age_mo: Months
    pass_through: Amounts


class PoolDates(NamedTuple):
    """When n pools pay.

    month start       first end (k = 1)      payment 1
         |------ accrual ------|---- delay ----|
              as_of                 |------ accrual of k = 2 ------|---- delay ----| payment 2
    """

    first_end_day: Days
    """end of the accrual month in progress, epoch days"""
    delay_days: Days
    end_of_month: NDArray[np.bool_]
    calendar: NDArray[np.int8]
    business_day: NDArray[np.int8]

    def month_start(self) -> Days:
        return self.month_end(np.full(len(self.first_end_day), -1, np.int64))

    def month_end(self, months_later: NDArray[np.int64]) -> Days:
        """The first end some months later, its day clipped to the month."""
        first = self.first_end_day.astype("datetime64[D]")
        month = first.astype("datetime64[M]")
        roll = (first - month.astype("datetime64[D]")).astype(np.int32)
        at_end = self.end_of_month & ((first + 1).astype("datetime64[M]") > month)
        target = month + months_later
        start = target.astype("datetime64[D]").astype(np.int32)
        last: Days = (target + 1).astype("datetime64[D]").astype(np.int32) - 1
        return np.where(at_end, last, np.minimum(start + roll, last)).astype(np.int32)

    def of(self, rows: NDArray[np.int64]) -> "PoolDates":
        return PoolDates(
            self.first_end_day[rows],
            self.delay_days[rows],
            self.end_of_month[rows],
            self.calendar[rows],
            self.business_day[rows],
        )


def pool_flows(
    as_of_day: int,
    dates: PoolDates,
    terms: PoolTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None = None,
    *,
    in_parts: bool = False,
) -> Flows:
    """Interest at the pass-through rate and principal of every month to come, the k-th at loan age `age_mo` + k.

        paid on month end k - 1 months after the first, + delay, then moved to a business day

    Args:    speeds, variants  of the same n pools; followed by those whose speed is a model's
    Returns: Flows; what would be paid on or before `as_of_day` is left out
    Accuracy: rounding, as `prepaying_pool.level_pay_pool`
    Source:  SIFMA Standard Formulas B.1 and C.3
    """
    count = terms.wam_mo.astype(np.int64)
    offsets, pool, period = _months(count)
    pay = pay_days(dates, terms.wam_mo)
    interest, principal = (np.empty((offsets[-1], len(variants.severity_add))) for _ in range(2))
    parts = np.empty((len(PARTS), *interest.shape)) if in_parts else no_parts()
    _project(_typed(terms), speeds.typed(), variants, followed, offsets, interest, principal, parts)
    kept = pay > as_of_day
    left = np.bincount(pool[kept], minlength=len(count))
    return Flows(
        np.concatenate(([0], np.cumsum(left))).astype(np.int64),
        (pay[kept] - as_of_day).astype(np.int32),
        period[kept].astype(np.int32),
        interest[kept],
        principal[kept],
        variants.of_scenario,
        parts[:, kept] if in_parts else None,
    )


def _months(count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Offsets of n pools of so many months, and of every month its pool and its number from 0."""
    offsets = np.concatenate(([0], np.cumsum(count)))
    pool = np.repeat(np.arange(len(count)), count)
    return offsets, pool, np.arange(offsets[-1]) - offsets[pool]


def pay_days(dates: PoolDates, wam_mo: Months) -> Days:
    """Epoch day of every month's payment, past ones too, pool by pool."""
    _, pool, period = _months(wam_mo.astype(np.int64))
    each = dates.of(pool)
    return adjust(each.month_end(period) + each.delay_days, each.calendar, each.business_day)


def _typed(terms: PoolTerms) -> PoolTerms:
    dtypes = (np.float64, np.float64, np.int32, np.int32, np.float64)
    return PoolTerms(*(np.require(v, t, ["C", "W"]) for v, t in zip(terms, dtypes, strict=True)))


@kernel
def _project(
    terms: PoolTerms,
    speeds: Speeds,
    variants: Variants,
    followed: Followed | None,
    offsets: NDArray[np.int64],
    interest: Amounts,
    principal: Amounts,
    parts: Amounts,
) -> None:
    for i in range(len(terms.balance_ccy)):
        first, last = offsets[i], offsets[i + 1]
        of_pool = (terms.balance_ccy[i], terms.wac[i], terms.wam_mo[i], terms.age_mo[i], terms.pass_through[i], i)
        if followed is None:
            for v in range(interest.shape[1]):
                _tell(level_pay_pool(*of_pool, v, speeds, variants), first, last, v, interest, principal, parts)
        else:
            by_variant = pool_by_model(*of_pool, first, speeds, variants, followed)
            for v in range(interest.shape[1]):
                _tell(by_variant[v], first, last, v, interest, principal, parts)


@kernel
def _tell(
    rows_ccy: Amounts, first: int, last: int, v: int, interest: Amounts, principal: Amounts, parts: Amounts
) -> None:
    interest[first:last, v] = rows_ccy[INTEREST]
    principal[first:last, v] = principal_paid(rows_ccy)
    fill_parts(rows_ccy, first, v, parts)


def pool_accrued_interest(
    as_of_day: int, dates: PoolDates, *, balance: Amounts, pass_through: Amounts, day_count: NDArray[np.int8]
) -> Amounts:
    """balance x pass-through rate x the day-count fraction from the month's start to `as_of_day`, at most a month.

    Returns: [n]  currency; 0 where the month has not begun
    """
    start = dates.month_start()
    earned_to = np.clip(as_of_day, start, dates.first_end_day)
    return balance * pass_through * year_fraction(day_count, start, earned_to, start, dates.first_end_day, 12)
