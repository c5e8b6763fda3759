"""Caps and floors: strips of options on the forward rates that are still to be set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.kinks import NO_VOLATILITY, with_differences
from compute.kernels.options.option_strips import (
    BASIS_POINT,
    caplet_values,
    forward_key_rates,
    option_values,
    vega_of,
)
from compute.kernels.options.vega_ladders import by_expiry
from compute.kernels.valuing.discounting import discount, present_values
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.rates.swap_legs import DiscountOn, discount_on, leg_terms
from compute.pricers.shared.checks import check_curves, check_present
from compute.pricers.shared.convexity import bumped
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.option_terms import (
    check_strike,
    check_surface,
    day_count_of,
    kinds_and_vols,
    shifts,
    sides,
    surface_rows_of,
)
from compute.pricers.shared.resets import in_arrears
from compute.pricers.shared.theta import A_DAY, flows_tomorrow, is_asked
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import OPTION_TYPES, OPTION_TYPES_OF

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]
ALLOWED = tuple(OPTION_TYPES.index(name) for name in OPTION_TYPES_OF["CAP_FLOOR"])


@dataclass(frozen=True)
class Strip:
    """The P caplets and floorlets of m caps and floors, S scenarios; days count from the valuation date."""

    offsets: NDArray[np.int64]
    reset: Days
    stop: Days
    pay: Days
    fraction: Amounts
    accrual_ccy: Amounts
    """[P] notional x fraction"""
    projection_row: Days
    """[m]"""
    row_of_caplet: Days
    """[P] row of the projection curve"""
    kind: NDArray[np.int8]
    side: Amounts
    strike: Amounts
    """plus the surface's shift, as the forward is when it is compared"""
    shift: Amounts
    root_yr: Amounts
    """[P] sqrt(years to the reset, or those that a rate in arrears moves for)"""
    vol: Matrix
    """[P, S]"""

    def growth(self, factors: Amounts) -> Matrix:
        """[P, S] DF(reset) / DF(stop) on the projection curve."""
        ratio: Matrix = factors[self.row_of_caplet, self.reset] / factors[self.row_of_caplet, self.stop]
        return ratio

    def shifted_forward(self, growth: Matrix) -> Matrix:
        shifted: Matrix = (growth - 1.0) / self.fraction[:, None] + self.shift[:, None]
        return shifted

    def amounts_ccy(self, growth: Matrix) -> Matrix:
        forward = self.shifted_forward(growth)
        value = option_values(self.kind, self.side, forward, self.strike, self.vol * self.root_yr[:, None])
        return self.accrual_ccy[:, None] * value

    def values_ccy(self, factors: Amounts) -> Matrix:
        """`amounts_ccy` under discount factors, in one go."""
        option = (self.kind, self.side, self.strike, self.root_yr, self.vol, self.accrual_ccy)
        return caplet_values(*option, self.fraction, self.shift, self.row_of_caplet, self.reset, self.stop, factors)

    def slopes_ccy(self, growth: Matrix) -> Matrix:
        """d amount / d ln growth over a basis point of all zero rates, as DV01 is defined: options bend within it."""
        step = BASIS_POINT * ((self.stop - self.reset) / DAYS_PER_YEAR)[:, None]
        return (self.amounts_ccy(growth * np.exp(step)) - self.amounts_ccy(growth * np.exp(-step))) / (2.0 * step)

    def vegas_ccy(self, growth: Matrix) -> Matrix:
        forward = self.shifted_forward(growth)
        gain = vega_of(self.kind, self.side, forward, self.strike, self.vol, self.root_yr)
        return self.accrual_ccy[:, None] * gain

    def flows(self, amounts_ccy: Matrix) -> Flows:
        number = np.arange(len(self.pay)) - np.repeat(self.offsets[:-1], np.diff(self.offsets))
        everyone = np.arange(amounts_ccy.shape[1], dtype=np.int32)
        return Flows(self.offsets, self.pay, number.astype(np.int32), amounts_ccy, np.zeros_like(amounts_ccy), everyone)


def price_caps(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_caps`; the strike is on the index, whatever the margin."""
    strip, on, tables = resolve_strip(run, terms), discount_on(run, terms), run.tables
    growth = strip.growth(tables.discount_factors)
    discounted = discount(
        strip.flows(strip.values_ccy(tables.discount_factors)),
        curve_row=on.curve_row,
        spread_row=on.spread_row,
        spread=on.spread,
        discount_factors=tables.discount_factors,
        key_gradients=tables.key_gradients,
        gradient_of_scenario=tables.gradient_of_scenario,
        spread_factors=tables.spread_factors,
    )
    through_forwards = forward_key_rates(
        strip.offsets,
        strip.reset,
        strip.stop,
        strip.slopes_ccy(growth) * paid_factors(run, strip, on),
        strip.projection_row,
        tables.key_gradients,
        tables.gradient_of_scenario,
    )
    pv_up_ccy, pv_down_ccy = bumped(run, lambda factors: strip_pv(run, strip, on, factors))
    return Valued(
        index=index,
        notional_ccy=terms.position_number("notional"),
        pv_ccy=discounted.pv,
        pv_up_ccy=pv_up_ccy,
        pv_down_ccy=pv_down_ccy,
        key_rate_dv01_ccy=_at_kinks(run, strip, on, discounted.key_rate_dv01 + through_forwards),
        fx_delta_base=fx_delta(run, terms, discounted.pv),
        vega_ccy=_vega(run, strip, on, growth),
        vega_ladder_ccy=_vega_ladder(run, strip, on, growth) if run.asks("VEGA_LADDER") else None,
        theta_ccy=_tomorrow(run, terms, on) - discounted.pv if is_asked(run) else None,
    )


def strip_pv(run: RunInputs, strip: Strip, on: DiscountOn, factors: Amounts) -> Matrix:
    """[m, S] under any discount factors."""
    return _present(run, strip, on, strip.values_ccy(factors), factors)


def _at_kinks(run: RunInputs, strip: Strip, on: DiscountOn, key_rates: Amounts) -> Amounts:
    """Without volatility a caplet bends at its strike: key rates that add up to DV01's own difference."""
    intrinsic = strip.vol * strip.root_yr[:, None] <= NO_VOLATILITY
    if not intrinsic.any():
        return key_rates
    up, down = (strip_pv(run, strip, on, factors) for factors in run.tables.discount_factors_of_a_basis_point)
    position = np.repeat(np.arange(len(key_rates)), np.diff(strip.offsets))
    bends = np.zeros(key_rates.shape[:2], np.bool_)
    np.logical_or.at(bends, position, intrinsic)
    return with_differences(key_rates, (down - up) / 2, bends)


def _vega(run: RunInputs, strip: Strip, on: DiscountOn, growth: Matrix) -> Matrix | None:
    if not run.asks("VEGA"):
        return None
    return _present(run, strip, on, strip.vegas_ccy(growth), run.tables.discount_factors)


def _vega_ladder(run: RunInputs, strip: Strip, on: DiscountOn, growth: Matrix) -> Amounts:
    """Each caplet's own, at its reset date."""
    count = len(strip.offsets) - 1
    position, vegas_ccy = np.repeat(np.arange(count), np.diff(strip.offsets)), strip.vegas_ccy(growth)
    return by_expiry(position, count, vegas_ccy * paid_factors(run, strip, on), strip.reset / DAYS_PER_YEAR)


def _tomorrow(run: RunInputs, terms: Terms, on: DiscountOn) -> Matrix:
    """Caplets that reset tomorrow are then no part of the value, as those that reset today are none now."""
    strip, factors = resolve_strip(run, terms, A_DAY), run.tables.discount_factors_tomorrow
    amounts_ccy = np.where((strip.reset > A_DAY)[:, None], strip.amounts_ccy(strip.growth(factors)), 0.0)
    where = {"curve_row": on.curve_row, "spread_row": on.spread_row}
    return flows_tomorrow(run, strip.flows(amounts_ccy), **where, spread=on.spread)


def resolve_strip(run: RunInputs, terms: Terms, valued_in_days: int = 0) -> Strip:
    """Periods by the schedule that reset after the valuation date; without an issue date, those to come are all.

    An overnight index is set day by day within its period, which counts for a third of its time (`arrears_years`).
    """
    frequency, day_count = terms.whole("float_frequency"), day_count_of(terms, "float")
    leg = leg_terms(run, terms, from_day=terms.day("issue_date"), frequency=frequency, day_count=day_count)
    schedules = leg.schedules
    every_fraction = period_fraction(schedules, day_count, frequency)
    kept = (schedules.accrual_start > run.as_of_day) & (every_fraction > 0.0)
    position = schedules.position_of_period[kept]
    reset, stop, pay = (
        (days[kept] - run.as_of_day).astype(np.int32)
        for days in (schedules.accrual_start, schedules.accrual_end, schedules.pay)
    )
    fraction = every_fraction[kept]
    projection_row = terms.row_in("index", run.tables.projection_curve_of)
    strike, expiry_yr = terms.number("strike")[position], (reset - valued_in_days) / DAYS_PER_YEAR
    surface_row = surface_rows_of(run, terms, "CAP_FLOOR", "index")[position]
    kind, vol = kinds_and_vols(run, surface_row, expiry_yr, np.zeros(len(reset)), strike)
    return Strip(
        offsets=np.concatenate(([0], np.cumsum(kept)))[schedules.offsets].astype(np.int64),
        reset=reset,
        stop=stop,
        pay=pay,
        fraction=fraction,
        accrual_ccy=terms.position_number("notional")[position] * fraction,
        projection_row=projection_row,
        row_of_caplet=projection_row[position],
        kind=kind,
        side=sides(terms)[position],
        strike=strike + shifts(run, surface_row),
        shift=shifts(run, surface_row),
        root_yr=np.sqrt(np.where(in_arrears(terms)[position], expiry_yr + arrears_yr(reset, stop), expiry_yr)),
        vol=vol,
    )


def arrears_yr(reset: Days, stop: Days) -> Amounts:
    """[P] years that a rate compounded over a period moves for within it, at full volatility."""
    within: Amounts = (stop - reset) / 3.0 / DAYS_PER_YEAR
    return within


def paid_factors(run: RunInputs, strip: Strip, on: DiscountOn) -> Matrix:
    """[P, S] discount factor to each payment, spreads included."""
    position = np.repeat(np.arange(len(strip.offsets) - 1), np.diff(strip.offsets))
    of_curve = run.tables.discount_factors[on.curve_row[position], strip.pay]
    of_spread = run.tables.spread_factors[on.spread_row[position], strip.pay][:, None]
    factors: Matrix = of_curve * of_spread * np.exp(-on.spread[position] * (strip.pay / DAYS_PER_YEAR)[:, None])
    return factors


def check_caps(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_present(
        failing,
        {
            "option_type": ~np.isin(terms.choice("option_type", OPTION_TYPES), ALLOWED),
            "strike": np.isnan(terms.number("strike")),
            "index": terms.texts("index")[0] < 0,
            "float_frequency": np.isnan(terms.number("float_frequency")),
            "maturity_date": terms.day("maturity_date") == ABSENT_DATE,
        },
    )
    check_curves(run, terms, failing)
    check_surface(run, terms, failing, "CAP_FLOOR", "index")
    check_strike(run, terms, failing, "CAP_FLOOR", "index")


def _present(run: RunInputs, strip: Strip, on: DiscountOn, amounts_ccy: Matrix, factors: Amounts) -> Matrix:
    return present_values(
        strip.flows(amounts_ccy),
        curve_row=on.curve_row,
        spread_row=on.spread_row,
        spread=on.spread,
        factors=factors,
        spread_factors=run.tables.spread_factors,
    )
