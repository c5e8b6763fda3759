"""Options on exchange rates: Garman-Kohlhagen with the pair's surface, each currency on its own discount curve."""

import numpy as np
from numpy.typing import NDArray

from compute.failing import Failing
from compute.kernels.curves import DAYS_PER_YEAR
from compute.kernels.fx_options import FxOptionTerms, fx_option_key_rates, fx_option_pv, fx_option_vega
from compute.pricers.bumped import bumped
from compute.pricers.fx import PER_CENT, Pairs, check_pairs, delta_base, pairs_of
from compute.pricers.option_terms import check_surface, kinds_and_vols, sides, surface_rows_of
from compute.pricers.rates_checks import check_present
from compute.run_inputs import RunInputs
from compute.terms import Terms
from compute.valued import Valued
from domain.columns import ABSENT_DATE
from domain.tables import OPTION_TYPES, OPTION_TYPES_OF

ALLOWED = tuple(OPTION_TYPES.index(name) for name in OPTION_TYPES_OF["FX_OPTION"])


def price_fx_options(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_fx_options`; `notional` is in the pair's base currency."""
    pairs, tables = pairs_of(run, terms), run.tables
    options = resolve_fx_options(run, terms, pairs)
    here = {"spot": pairs.spot, "discount_factors": tables.discount_factors}
    pv_ccy = fx_option_pv(options, **here)
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
        key_rate_dv01_ccy=fx_option_key_rates(
            options, **here, key_gradients=tables.key_gradients, gradient_of_scenario=tables.gradient_of_scenario
        ),
        fx_delta_base=delta_base(run, terms, pairs, pv_ccy, raised_ccy),
        vega_ccy=fx_option_vega(options, **here) if run.asks("VEGA") else None,
    )


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


def resolve_fx_options(run: RunInputs, terms: Terms, pairs: Pairs) -> FxOptionTerms:
    expiry, strike = (terms.day("expiry_date") - run.as_of_day).astype(np.int32), terms.number("strike")
    row = surface_rows_of(run, terms, "FX", "pair")
    kind, vol = kinds_and_vols(run, row, expiry / DAYS_PER_YEAR, np.zeros(len(terms)), strike)
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
