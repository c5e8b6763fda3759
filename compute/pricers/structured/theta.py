"""What a structured note is expected to pay as seen a day later, with the same curves by tenor: THETA's other half.

Paths run from tomorrow, and so are those of tomorrow's files. A rate that is set or observed that day is the forward.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.pricers.shared.theta import A_DAY
from compute.pricers.structured.coupons import ClippedCoupon, RangeCoupon
from compute.pricers.structured.dates import Observations, Periods, clipped_dates, observation_days, observed_dates
from compute.pricers.structured.rates import Note, forwards_for_theta, rates_on_market

Array = NDArray[np.float64]


def mean_rates_for_theta(run: RunInputs, note: Note) -> Array:
    """[P, S] expected rates of the periods; day d of tomorrow's tables is day d of today's, counted from tomorrow."""
    known = _known_for_theta(run, note)
    a_day_on = replace(note, periods=_a_day_on(note.periods), known=known)
    return rates_on_market(run, a_day_on, run.as_of_day + A_DAY).mean


def _a_day_on(periods: Periods) -> Periods:
    start, end, pay = ((days - A_DAY).astype(np.int32) for days in (periods.start, periods.end, periods.pay))
    return Periods(start, end, pay, periods.fraction)


def _known_for_theta(run: RunInputs, note: Note) -> Array:
    """[periods that will have begun, S]"""
    known = np.zeros((int((note.periods.start <= A_DAY).sum()), run.scenario_count))
    known[: note.periods.fixed] = note.known
    if isinstance(note.coupon, ClippedCoupon):
        _set_clipped(run, note, note.coupon, known)
    else:
        _add_observed(run, note, note.coupon, known)
    return known


def _set_clipped(run: RunInputs, note: Note, coupon: ClippedCoupon, known: Array) -> None:
    rows, every = slice(note.periods.fixed, len(known)), note.periods
    periods = Periods(every.start[rows], every.end[rows], every.pay[rows], every.fraction[rows])
    dates = clipped_dates(run.as_of_day, coupon, periods, note.curves.is_one)
    if len(periods):
        rates = forwards_for_theta(run, note, dates, np.repeat(periods.pay, len(coupon.gearings)))
        by_leg = rates.reshape(len(periods), len(coupon.gearings), -1)
        geared = np.einsum("l,pls->ps", np.array(coupon.gearings), by_leg)
        known[rows] = np.clip(coupon.margin + geared, coupon.floor, coupon.cap)


def _add_observed(run: RunInputs, note: Note, coupon: RangeCoupon, known: Array) -> None:
    periods = note.periods
    for k in range(len(known)):
        days = observation_days(coupon, run.as_of_day, int(periods.start[k]), int(periods.end[k]))
        if A_DAY in days:
            alone = Observations(np.array([A_DAY], np.int32), np.array([k]), np.ones(1))
            dates = observed_dates(run.as_of_day, coupon, periods, alone, note.curves.is_one)
            rate = forwards_for_theta(run, note, dates, periods.pay[k : k + 1])[0]
            known[k] += coupon.coupon * ((rate >= coupon.lower) & (rate <= coupon.upper)) / len(days)
