"""European swaptions: Bachelier or Black on the forward swap rate, times the annuity of the fixed leg."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import unshocked_discount_terms
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.options.option_strips import BASIS_POINT, option_values, vega_of
from compute.kernels.options.vega_ladders import by_expiry_and_tenor
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.rates.swap_legs import Leg, LegTerms, fixed_leg, floating_leg, leg_terms
from compute.pricers.shared.checks import check_curves, check_present
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.option_terms import (
    check_expiry,
    check_strike,
    check_surface,
    day_count_of,
    frequency_of,
    kinds_and_vols,
    shifts,
    sides,
    surface_rows_of,
)
from compute.pricers.shared.theta import A_DAY, is_asked
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import OPTION_TYPES, OPTION_TYPES_OF

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]
ALLOWED = tuple(OPTION_TYPES.index(name) for name in OPTION_TYPES_OF["SWAPTION"])


@dataclass(frozen=True)
class Options:
    """m options on a swap rate, S scenarios."""

    kind: NDArray[np.int8]
    side: Amounts
    strike: Amounts
    """plus the surface's shift, as the rate is when it is compared"""
    shift: Amounts
    root_yr: Amounts
    vol: Matrix
    alive_ccy: Matrix
    """[m, 1] notional; 0 from expiry on"""

    def value(self, rate: Matrix) -> Matrix:
        shifted = rate + self.shift[:, None]
        return option_values(self.kind, self.side, shifted, self.strike, self.vol * self.root_yr[:, None])

    def vega(self, rate: Matrix) -> Matrix:
        shifted = rate + self.shift[:, None]
        return vega_of(self.kind, self.side, shifted, self.strike, self.vol, self.root_yr)

    def slope(self, rate: Matrix, step: Matrix) -> Matrix:
        """Over what a basis point of all zero rates moves the rate by, as DV01 is defined."""
        return (self.value(rate + step) - self.value(rate - step)) / (2.0 * step)


def price_swaptions(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_swaptions`.

        PV = notional x A x option(R, strike, vol sqrt(T)),  R = floating leg / A
        dPV = notional x ((option - R option') dA + option' d floating leg)

    The underlying swap starts on the expiry date; its legs' frequencies and day counts, where they are absent, are
    those of the index (float) and of the currency's swaps (`domain.market.conventions`); it has no margin.
    """
    annuity, floating = _underlying(run, terms)
    options = resolve_options(run, terms)
    rate = _over(floating.pv_ccy, annuity.pv_ccy)
    value, slope = options.value(rate), options.slope(rate, _move_of_rate(rate, annuity, floating))
    through_annuity = (options.alive_ccy * (value - rate * slope))[..., None] * annuity.key_rate_dv01_ccy
    through_floating = (options.alive_ccy * slope)[..., None] * floating.key_rate_dv01_ccy
    pv_ccy = options.alive_ccy * annuity.pv_ccy * value
    asks_vega = run.asks("VEGA", "VEGA_LADDER")
    vega_ccy = options.alive_ccy * annuity.pv_ccy * options.vega(rate) if asks_vega else None
    return Valued(
        index=index,
        notional_ccy=terms.position_number("notional"),
        pv_ccy=pv_ccy,
        pv_up_ccy=option_pv(options, annuity.pv_up_ccy, floating.pv_up_ccy),
        pv_down_ccy=option_pv(options, annuity.pv_down_ccy, floating.pv_down_ccy),
        values={
            "KEY_RATE_DV01": through_annuity + through_floating,
            "FX_DELTA": fx_delta(run, terms, pv_ccy),
            "VEGA": vega_ccy,
            "VEGA_LADDER": _vega_ladder(run, terms, options, vega_ccy),
            "THETA": _pv_for_theta(run, terms, annuity, floating) - pv_ccy if is_asked(run) else None,
        },
    )


def _vega_ladder(run: RunInputs, terms: Terms, options: Options, vega_ccy: Matrix | None) -> Amounts | None:
    if vega_ccy is None or not run.asks("VEGA_LADDER"):
        return None
    tenor_yr = tenors_yr(terms.day("expiry_date"), terms.day("maturity_date"))
    return by_expiry_and_tenor(vega_ccy, options.root_yr**2, tenor_yr)


def _pv_for_theta(run: RunInputs, terms: Terms, annuity: Leg, floating: Leg) -> Matrix:
    """An option that expires tomorrow pays what the swap is then worth."""
    later = resolve_options(run, terms, A_DAY)
    return option_pv(later, annuity.pv_for_theta_ccy, floating.pv_for_theta_ccy)


def check_swaptions(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_present(
        failing,
        {
            "option_type": ~np.isin(terms.choice("option_type", OPTION_TYPES), ALLOWED),
            "expiry_date": terms.day("expiry_date") == ABSENT_DATE,
            "maturity_date": terms.day("maturity_date") == ABSENT_DATE,
            "strike": np.isnan(terms.number("strike")),
            "index": terms.texts("index")[0] < 0,
        },
    )
    check_curves(run, terms, failing)
    check_surface(run, terms, failing, "SWAPTION", "index")
    check_expiry(run, terms, failing)
    check_strike(run, terms, failing, "SWAPTION", "index")


def tenors_yr(expiry_day: Days, maturity_day: Days) -> Amounts:
    """[m] whole months from expiry to maturity, the expiry's day clipped to the month of maturity, over 12."""
    first, last = (day.astype("datetime64[D]") for day in (expiry_day, maturity_day))
    first_month, last_month = first.astype("datetime64[M]"), last.astype("datetime64[M]")
    first_day, last_day = (first - first_month).astype(np.int64), (last - last_month).astype(np.int64)
    length = ((last_month + 1).astype("datetime64[D]") - last_month).astype(np.int64)
    incomplete = last_day < np.minimum(first_day, length - 1)
    whole: Amounts = np.maximum((last_month - first_month).astype(np.int64) - incomplete, 0) / 12.0
    return whole


def _underlying(run: RunInputs, terms: Terms) -> tuple[Leg, Leg]:
    """Annuity and floating leg of the swap from expiry on, for a unit of notional."""
    on, ones = unshocked_discount_terms(run, terms), np.ones(len(terms))
    annuity = fixed_leg(run, option_leg(run, terms, "fixed"), on, notional=ones, coupon=ones)
    floating = floating_leg(run, terms, option_leg(run, terms, "float"), on, notional=ones, margin=0.0 * ones)
    return annuity, floating


def forward_rates(run: RunInputs, terms: Terms) -> Matrix:
    """[m, S] of the swap from expiry on; 0 where it is over."""
    annuity, floating = _underlying(run, terms)
    return _over(floating.pv_ccy, annuity.pv_ccy)


def option_leg(run: RunInputs, terms: Terms, side: str) -> LegTerms:
    """From expiry on; of an option that has expired nothing is left."""
    expiry_day = terms.day("expiry_date")
    return leg_terms(
        run,
        terms,
        from_day=np.where(expiry_day > run.as_of_day, expiry_day, terms.day("maturity_date")).astype(np.int32),
        frequency=frequency_of(terms, side),
        day_count=day_count_of(terms, side),
    )


def resolve_options(run: RunInputs, terms: Terms, valued_in_days: int = 0) -> Options:
    expiry_day, strike = terms.day("expiry_date"), terms.number("strike")
    expiry_yr = np.maximum(expiry_day - run.as_of_day - valued_in_days, 0) / DAYS_PER_YEAR
    row = surface_rows_of(run, terms, "SWAPTION", "index")
    kind, vol = kinds_and_vols(run, row, expiry_yr, tenors_yr(expiry_day, terms.day("maturity_date")), strike)
    alive_ccy = np.where(expiry_day > run.as_of_day, terms.position_number("notional"), 0.0)
    shift = shifts(run, row)
    return Options(kind, sides(terms), strike + shift, shift, np.sqrt(expiry_yr), vol, alive_ccy[:, None])


def option_pv(options: Options, annuity: Matrix, floating: Matrix) -> Matrix:
    """[m, S] from the values of the underlying's legs for a unit of notional."""
    return options.alive_ccy * annuity * options.value(_over(floating, annuity))


def _move_of_rate(rate: Matrix, annuity: Leg, floating: Leg) -> Matrix:
    """By a basis point of all zero rates: that of a quotient."""
    of_floating, of_annuity = (leg.key_rate_dv01_ccy.sum(axis=2) for leg in (floating, annuity))
    move = np.abs(_over(of_floating - rate * of_annuity, annuity.pv_ccy))
    return np.where(move > 0.0, move, BASIS_POINT)


def _over(floating: Matrix, annuity: Matrix) -> Matrix:
    """The forward swap rate; a swap that is over has none, and counts for nothing."""
    return np.divide(floating, annuity, out=np.zeros_like(floating), where=annuity != 0.0)
