"""Options on exchange rates: Garman-Kohlhagen with the pair's surface, each currency on its own discount curve."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.fx.options import FxOptionTerms, fx_option_key_rates, fx_option_pv, fx_option_vega
from compute.kernels.options.vega_ladders import by_expiry
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.fx.forwards import PER_CENT, Pairs, check_pairs, delta_base, pairs_of
from compute.pricers.shared.checks import check_present
from compute.pricers.shared.convexity import bumped
from compute.pricers.shared.option_terms import (
    check_expiry,
    check_strike,
    check_surface,
    kinds_and_vols,
    sides,
    surface_rows_of,
)
from compute.pricers.shared.theta import A_DAY, is_asked
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import OPTION_TYPES, OPTION_TYPES_OF

ALLOWED = tuple(OPTION_TYPES.index(name) for name in OPTION_TYPES_OF["FX_OPTION"])


def price_fx_options(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_fx_options`; `notional` is in the pair's base currency."""
    pairs, tables = pairs_of(run, terms), run.tables
    options = resolve_fx_options(run, terms, pairs)
    here = {"spot": pairs.spot, "discount_factors": tables.discount_factors}
    pv_ccy = fx_option_pv(options, **here)
    vega_ccy = fx_option_vega(options, **here) if run.asks("VEGA", "VEGA_LADDER") else None
    raised_ccy = fx_option_pv(options, spot=pairs.spot * (1.0 + PER_CENT), discount_factors=tables.discount_factors)
    pv_up_ccy, pv_down_ccy = bumped(
        run, lambda factors: fx_option_pv(options, spot=pairs.spot, discount_factors=factors)
    )
    return Valued(
        index=index,
        notional_ccy=options.notional,
        pv_ccy=pv_ccy,
        pv_up_ccy=pv_up_ccy,
        pv_down_ccy=pv_down_ccy,
        values={
            "KEY_RATE_DV01": fx_option_key_rates(
                options, **here, key_gradients=tables.key_gradients, gradient_of_scenario=tables.gradient_of_scenario
            ),
            "FX_DELTA": delta_base(run, terms, pairs, pv_ccy, raised_ccy),
            "VEGA": vega_ccy,
            "VEGA_LADDER": _vega_ladder(run, options, vega_ccy),
            "THETA": _pv_for_theta(run, terms, pairs) - pv_ccy if is_asked(run) else None,
        },
    )


def _vega_ladder(run: RunInputs, options: FxOptionTerms, vega_ccy: Matrix | None) -> NDArray[np.float64] | None:
    if vega_ccy is None or not run.asks("VEGA_LADDER"):
        return None
    count = len(vega_ccy)
    return by_expiry(np.arange(count), count, vega_ccy, options.expiry / DAYS_PER_YEAR)


def _pv_for_theta(run: RunInputs, terms: Terms, pairs: Pairs) -> NDArray[np.float64]:
    """The spot is then for a day later as well; an option that expires tomorrow pays what it is worth at it."""
    later = resolve_fx_options(run, terms, pairs, A_DAY)
    later = replace(later, spot_lag_days=later.spot_lag_days + np.int32(A_DAY), valued_in_days=A_DAY)
    return fx_option_pv(later, spot=pairs.spot, discount_factors=run.tables.discount_factors_for_theta)


def check_fx_options(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_present(
        failing,
        {
            "pair": terms.texts("pair")[0] < 0,
            "option_type": ~np.isin(terms.choice("option_type", OPTION_TYPES), ALLOWED),
            "strike": np.isnan(terms.number("strike")),
            "expiry_date": terms.day("expiry_date") == ABSENT_DATE,
        },
    )
    check_pairs(run, terms, failing)
    check_surface(run, terms, failing, "FX", "pair")
    check_expiry(run, terms, failing)
    check_strike(run, terms, failing, "FX", "pair")


def resolve_fx_options(run: RunInputs, terms: Terms, pairs: Pairs, valued_in_days: int = 0) -> FxOptionTerms:
    expiry, strike = (terms.day("expiry_date") - run.as_of_day).astype(np.int32), terms.number("strike")
    row = surface_rows_of(run, terms, "FX", "pair")
    expiry_yr = (expiry - valued_in_days) / DAYS_PER_YEAR
    kind, vol = kinds_and_vols(run, row, expiry_yr, np.zeros(len(terms)), strike)
    return FxOptionTerms(
        notional=terms.position_number("notional"),
        side=sides(terms),
        strike=strike,
        expiry=expiry,
        spot_lag_days=terms.whole("spot_lag_days"),
        base_row=pairs.base_row,
        quote_row=pairs.quote_row,
        kind=kind,
        vol=vol,
    )
