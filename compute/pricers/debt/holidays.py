"""Payment holidays of loans: the dates that they add at the end, and what they make of each payment to come."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.loan_events import Holidays, has_holidays, holidays_of
from compute.inputs.terms import Terms
from compute.kernels.dates.added_dates import DateRules, Extension, extension_of, fill_kinds, lengthened
from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.flows.eventful_loans import FULL, NO_HOLIDAY
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS

Days = NDArray[np.int32]
BEFORE_ANY_ISSUE = -1_000_000
"""An epoch day that no payment is on or before."""


def schedules_of_terms(as_of_day: int, terms: Terms) -> Schedules:
    """Payments to come of loans, bonds and notes by their dates alone."""
    rules = _rules(terms)
    return build_schedules(
        as_of_day,
        maturity_day=rules.maturity_day,
        issue_day=terms.day("issue_date"),
        first_payment_day=terms.day("first_payment_date"),
        last_regular_day=terms.day("last_regular_payment_date"),
        frequency=rules.frequency,
        calendar=rules.calendar,
        business_day=rules.business_day,
        end_of_month=rules.end_of_month,
        adjust_accrual=rules.adjust_accrual,
    )


def with_added_dates(as_of_day: int, terms: Terms, schedules: Schedules, maturity_day: Days) -> tuple[Schedules, Days]:
    """Schedules and last days, longer where a holiday extends maturity."""
    chosen = np.flatnonzero(has_holidays(terms))
    if not len(chosen):
        return schedules, maturity_day
    extension = extension_of_terms(as_of_day, terms.of(chosen))
    added, last_day = np.zeros(len(terms), np.int32), maturity_day.copy()
    added[chosen] = extension.added
    last_day[chosen] = extension.last_day
    if not added.any():
        return schedules, maturity_day
    return lengthened(as_of_day, schedules, _rules(terms), added), last_day


def extension_of_terms(as_of_day: int, terms: Terms) -> Extension:
    """Of loans that have holidays; those that extend nothing add nothing."""
    full = schedules_of_terms(BEFORE_ANY_ISSUE, terms)
    offsets, holidays = _windows(holidays_of(terms), terms, extending=True)
    return extension_of(as_of_day, full, _rules(terms), offsets, holidays.from_day, holidays.to_day)


def payments_left(as_of_day: int, terms: Terms, schedules: Schedules, kind: NDArray[np.int8]) -> Days:
    """[P] n of each payment: those left to the unextended end, and a date added for each one passed over before."""
    counts = np.diff(schedules.offsets)
    ahead, passes = counts.copy(), np.zeros(len(schedules.pay), np.bool_)
    chosen = np.flatnonzero(has_holidays(terms))
    if len(chosen):
        ahead[chosen] = extension_of_terms(as_of_day, terms.of(chosen)).ahead
        passes = (kind != NO_HOLIDAY) & (_kinds(terms, schedules, extending=True) != NO_HOLIDAY)
    before = np.concatenate(([0], np.cumsum(passes)))
    first = np.repeat(schedules.offsets[:-1], counts)
    number = np.arange(len(passes))
    left: Days = (np.repeat(ahead, counts) - (number - first) + before[number] - before[first]).astype(np.int32)
    return left


def kinds_of_periods(terms: Terms, schedules: Schedules) -> NDArray[np.int8]:
    """[P] NO_HOLIDAY, FULL or INTEREST_ONLY; FULL where two holidays meet."""
    return _kinds(terms, schedules, extending=False)


def _kinds(terms: Terms, schedules: Schedules, *, extending: bool) -> NDArray[np.int8]:
    kinds = np.full(len(schedules.pay), NO_HOLIDAY, np.int8)
    offsets, holidays = _windows(holidays_of(terms), terms, extending=extending)
    windows = (offsets, holidays.from_day, holidays.to_day, holidays.kind)
    fill_kinds(schedules.offsets, schedules.end, *windows, FULL, kinds)
    return kinds


def _windows(holidays: Holidays, terms: Terms, *, extending: bool) -> tuple[NDArray[np.int64], Holidays]:
    """Rows of `payment_holidays` of each position, and the offsets [n + 1] into them."""
    instrument = terms.instruments
    counts = np.where(has_holidays(terms), np.diff(holidays.offsets)[instrument], 0)
    first = np.concatenate(([0], np.cumsum(counts)))
    row = np.repeat(holidays.offsets[:-1][instrument] - first[:-1], counts) + np.arange(first[-1])
    if extending:
        kept = holidays.extends[row]
        owner = np.repeat(np.arange(len(terms)), counts)[kept]
        row, counts = row[kept], np.bincount(owner, minlength=len(terms))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    columns = (holidays.from_day[row], holidays.to_day[row], holidays.kind[row], holidays.extends[row])
    return offsets, Holidays(offsets, *columns)


def _rules(terms: Terms) -> DateRules:
    return DateRules(
        maturity_day=terms.day("maturity_date"),
        frequency=terms.whole("frequency"),
        calendar=terms.choice("calendar", CALENDARS, "NONE"),
        business_day=terms.choice("business_day", BUSINESS_DAYS, "UNADJUSTED"),
        end_of_month=terms.flag("end_of_month"),
        adjust_accrual=terms.flag("adjust_accrual"),
    )
