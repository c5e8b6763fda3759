"""FX forwards: one exchange on one date, each side discounted on its currency's curve."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.fx.forwards import FxForwardTerms, fx_forward_pv, fx_forwards
from compute.outputs.failures import Failing
from compute.outputs.family_values import Valued
from compute.pricers.shared.convexity import bumped
from compute.pricers.shared.fx_rates import fx_rates
from compute.pricers.shared.theta import A_DAY, is_asked
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE

PER_CENT = 0.01
"""FX_DELTA's bump: +1 % of the spot."""


@dataclass(frozen=True)
class Pairs:
    """Currencies and spots of m positions."""

    base: NDArray[np.str_]
    spot: NDArray[np.float64]
    """[m, S] NaN where the market cannot give it"""
    base_row: NDArray[np.int32]
    quote_row: NDArray[np.int32]


def price_fx_forwards(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_fx`."""
    pairs, tables = pairs_of(run, terms), run.tables
    forwards = FxForwardTerms(
        notional=terms.position_number("notional"),
        strike=terms.number("strike"),
        maturity=(terms.day("maturity_date") - run.as_of_day).astype(np.int32),
        spot_lag_days=terms.whole("spot_lag_days"),
        base_row=pairs.base_row,
        quote_row=pairs.quote_row,
    )
    priced = fx_forwards(
        forwards,
        spot=pairs.spot,
        discount_factors=tables.discount_factors,
        key_gradients=tables.key_gradients,
        gradient_of_scenario=tables.gradient_of_scenario,
    )
    pv_up_ccy, pv_down_ccy = bumped(
        run, lambda factors: fx_forward_pv(forwards, spot=pairs.spot, discount_factors=factors)
    )
    raised = priced.pv + PER_CENT * priced.base_leg_pv
    return Valued(
        index=index,
        notional_ccy=forwards.notional,
        pv_ccy=priced.pv,
        pv_up_ccy=pv_up_ccy,
        pv_down_ccy=pv_down_ccy,
        key_rate_dv01_ccy=priced.key_rate_dv01,
        fx_delta_base=delta_base(run, terms, pairs, priced.pv, raised),
        theta_ccy=_tomorrow(run, forwards, pairs) - priced.pv if is_asked(run) else None,
    )


def _tomorrow(run: RunInputs, forwards: FxForwardTerms, pairs: Pairs) -> NDArray[np.float64]:
    """The spot is then for a day later as well."""
    later = replace(forwards, spot_lag_days=forwards.spot_lag_days + np.int32(A_DAY))
    return fx_forward_pv(later, spot=pairs.spot, discount_factors=run.tables.discount_factors_tomorrow)


def delta_base(
    run: RunInputs, terms: Terms, pairs: Pairs, pv: NDArray[np.float64], raised: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Gain in base currency when the pair's base currency is worth 1 % more in every other currency.

    Where that is the run's base currency itself, amounts in the quote currency are worth 1 % less of it.
    """
    rates = fx_rates(run, terms)
    is_own = (pairs.base == run.base_currency)[:, None]
    return raised * np.where(is_own, rates / (1.0 + PER_CENT), rates) - pv * rates


def pairs_of(run: RunInputs, terms: Terms) -> Pairs:
    codes, pairs = terms.texts("pair")
    unknown = np.full(run.scenario_count, np.nan)
    spots = [run.tables.fx_spot(pair) for pair in pairs]
    table = np.array([unknown if spot is None else spot for spot in spots])
    curve = run.tables.discount_curve_of
    base_row = np.array([curve.get(pair[:3], -1) for pair in pairs], np.int32)
    quote_row = np.array([curve.get(pair[3:], -1) for pair in pairs], np.int32)
    return Pairs(np.array([pair[:3] for pair in pairs])[codes], table[codes], base_row[codes], quote_row[codes])


def check_fx(run: RunInputs, terms: Terms, failing: Failing) -> None:
    missing = terms.texts("pair")[0] < 0
    failing.where(missing, Reason.INVALID_TERMS, lambda i: "pair is missing")
    failing.where(np.isnan(terms.number("strike")), Reason.INVALID_TERMS, lambda i: "strike is missing")
    failing.where(terms.day("maturity_date") == ABSENT_DATE, Reason.INVALID_TERMS, lambda i: "maturity_date is missing")
    check_pairs(run, terms, failing)


def check_pairs(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """Both currencies' discount curves, and a spot."""
    if (terms.texts("pair")[0] < 0).all():
        return
    pairs = pairs_of(run, terms)
    for rows, part in ((pairs.base_row, slice(0, 3)), (pairs.quote_row, slice(3, 6))):
        failing.where(
            rows < 0,
            Reason.MISSING_MARKET_DATA,
            lambda i, p=part: f"the discount curve of {terms.text_at('pair', i)[p]} is not in the market",  # type: ignore[misc]
        )
    failing.where(
        np.isnan(pairs.spot).any(axis=1),
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no spot for {terms.text_at('pair', i)}, and no chain of spots leads there",
    )
