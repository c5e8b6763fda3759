"""Rates of floating positions, period by period: projected, or what cap and floor make of them on average."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.amortization import period_fractions
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating_sensitivity import BASIS_POINT, FloatingPath
from compute.kernels.kernel import kernel
from compute.kernels.options.caplet_volatilities import NO_SURFACE, CapletSurfaces, bracket, volatility_between
from compute.kernels.options.options import arrears_years, expected_rate


class Periods(NamedTuple):
    """Columns [P] of the schedules; days of accrual and payment are offsets from the valuation date."""

    offsets: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    regular: NDArray[np.bool_]
    begin: NDArray[np.int32]
    """start of the accrual"""
    reset: NDArray[np.int32]
    """the same, or the day up to which overnight fixings are known: the forward runs from it on"""
    stop: NDArray[np.int32]
    pay: NDArray[np.int32]
    fraction: NDArray[np.float64]


def periods_of(as_of_day: int, schedules: Schedules, terms: FloatTerms) -> Periods:
    def offset(day: NDArray[np.int32]) -> NDArray[np.int32]:
        return (day - as_of_day).astype(np.int32)

    fraction = period_fractions(schedules, terms.day_count, terms.frequency, terms.is_loan)
    begin, end, pay = offset(schedules.accrual_start), offset(schedules.accrual_end), offset(schedules.pay)
    days = (begin, np.maximum(begin, terms.known_to), np.maximum(end, terms.known_to), pay)
    return Periods(schedules.offsets, schedules.start, schedules.end, schedules.regular, *days, fraction)


@kernel
def fill_rates(
    i: int,
    s: int,
    periods: Periods,
    terms: FloatTerms,
    discount_factors: NDArray[np.float64],
    surfaces: CapletSurfaces,
    valued_in_days: int,
    sensitive: bool,
    work: FloatingPath,
) -> None:
    """All-in rates and their slopes of position i under scenario s."""
    _fill_projected(i, s, periods, terms, discount_factors, work)
    if terms.volatility_row[i] != NO_SURFACE:
        _fill_expected(i, s, periods, terms, discount_factors, surfaces, valued_in_days, sensitive, work)


@kernel
def _fill_projected(
    i: int, s: int, periods: Periods, terms: FloatTerms, discount_factors: NDArray[np.float64], work: FloatingPath
) -> None:
    margin, cap, floor = terms.margin[i], terms.cap[i], terms.floor[i]
    first, last = periods.offsets[i], periods.offsets[i + 1]
    reset, stop, fraction = periods.reset[first:last], periods.stop[first:last], periods.fraction[first:last]
    fixing, grown = terms.fixing[first:last], terms.grown[first:last]
    all_in, slopes = work.all_in, work.growth_slope
    factors = discount_factors[terms.projection_row[i]]
    for j in range(len(all_in)):
        rate, slope = fixing[j] + margin, 0.0
        if math.isnan(rate) and reset[j] >= 0:
            growth = grown[j] * factors[reset[j], s] / factors[stop[j], s]
            rate, slope = (growth - 1.0) / fraction[j] + margin, growth / fraction[j]
        if rate > cap:
            rate, slope = cap, 0.0
        if rate < floor:
            rate, slope = floor, 0.0
        all_in[j], slopes[j] = rate, slope


@kernel
def _fill_expected(
    i: int,
    s: int,
    periods: Periods,
    terms: FloatTerms,
    discount_factors: NDArray[np.float64],
    surfaces: CapletSurfaces,
    valued_in_days: int,
    sensitive: bool,
    work: FloatingPath,
) -> None:
    """Replaces the rates of `_fill_projected` that are still to be set by what cap and floor make of them on average.

    Their slope is the central difference over a basis point of all zero rates, as DV01 is defined: days before its
    reset an option bends within a basis point. An overnight index is set day by day until its period ends.
    """
    margin, cap, floor, row = terms.margin[i], terms.cap[i], terms.floor[i], terms.volatility_row[i]
    first, last = periods.offsets[i], periods.offsets[i + 1]
    reset, stop, fraction = periods.reset[first:last], periods.stop[first:last], periods.fraction[first:last]
    kind, shift, factors = surfaces.kind[row], surfaces.shift[row], discount_factors[terms.projection_row[i]]
    begin, fixing, grown = periods.begin[first:last], terms.fixing[first:last], terms.grown[first:last]
    in_arrears, expiries_yr, vols = terms.in_arrears[i], surfaces.expiries_yr[row], surfaces.vols[row, s]
    cap_at, above_cap = bracket(surfaces.strikes[row], cap - margin)
    floor_at, above_floor = bracket(surfaces.strikes[row], floor - margin)
    all_in, slopes, capped, floored = work.all_in, work.growth_slope, not math.isnan(cap), not math.isnan(floor)
    for j in range(len(fraction)):
        if not math.isnan(fixing[j]) or (reset[j] <= 0 and not in_arrears) or stop[j] <= reset[j]:
            continue
        growth, unit = grown[j] * factors[reset[j], s] / factors[stop[j], s], fraction[j]
        expiry_yr = option_yr = (reset[j] - valued_in_days) / 365.0
        if in_arrears:
            expiry_yr = max(expiry_yr, 0.0)
            option_yr = arrears_years(begin[j] - valued_in_days, stop[j] - valued_in_days)
        e, later = bracket(expiries_yr, expiry_yr)
        root_yr = math.sqrt(option_yr)
        cap_deviation = volatility_between(vols, e, later, cap_at, above_cap) * root_yr if capped else math.nan
        floor_deviation = volatility_between(vols, e, later, floor_at, above_floor) * root_yr if floored else math.nan
        bounds = (margin, cap, floor, cap_deviation, floor_deviation, shift)
        all_in[j] = expected_rate(kind, (growth - 1.0) / unit, *bounds)
        if sensitive:
            step = BASIS_POINT * (stop[j] - reset[j]) / 365.0
            higher = expected_rate(kind, (growth * math.exp(step) - 1.0) / unit, *bounds)
            lower = expected_rate(kind, (growth * math.exp(-step) - 1.0) / unit, *bounds)
            slopes[j] = (higher - lower) / (2.0 * step)
