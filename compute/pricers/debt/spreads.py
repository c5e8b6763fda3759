"""Spreads of what pays projected flows: over the curve, over the index, and as a coupon on the principal to come."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.spreads import annuity_flows, discount_margins, z_spreads
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.shared.discounting import revalued

PER_RATE = 10_000.0
"""Basis points in a rate of 1."""
MARKET_PRICE = "market_price"
"""The attribute, of the position or else of its instrument: clean, per 100 of notional."""
MEASURES = frozenset({"Z_SPREAD", "OAS", "DISCOUNT_MARGIN", "PAR_SPREAD"})

Amounts = NDArray[np.float64]
Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Held:
    """m positions whose flows are held, where they discount, and what they are worth."""

    terms: Terms
    flows: Flows
    discount_terms: DiscountTerms
    notional_ccy: Amounts
    accrued_ccy: Amounts
    pv_ccy: Matrix
    projection_row: Rows | None = None
    """of floaters: the index's curve"""
    fraction: Amounts | None = None
    """[F] of floaters: of the year between payments"""
    is_flows_alone: bool = True
    """False where rights make the value another than that of the flows"""


def with_spreads(run: RunInputs, valued: Valued, held: Held) -> Valued:
    """The spreads that the run asks for as well; the model price stands in for an absent market price."""
    asked = MEASURES & set(run.measures)
    if not asked:
        return valued
    price_ccy, quoted = market_values(held)
    spreads_bp: dict[str, Matrix] = {}
    if asked & {"Z_SPREAD", "OAS"}:
        spreads_bp["Z_SPREAD"] = spreads_bp["OAS"] = PER_RATE * _z_spread(run, held, price_ccy, quoted)
    if "DISCOUNT_MARGIN" in asked and held.projection_row is not None:
        spreads_bp["DISCOUNT_MARGIN"] = PER_RATE * _discount_margin(run, held, price_ccy)
    if "PAR_SPREAD" in asked:
        spreads_bp["PAR_SPREAD"] = PER_RATE * _par_spread(run, held, price_ccy)
    return replace(valued.with_values(spreads_bp), price_is_usable=~unusable_prices(held.terms))


def market_values(held: Held) -> tuple[Matrix, NDArray[np.bool_]]:
    """[m, S] dirty value at the market price where there is one, else the model's; NaN at a price that is none."""
    clean_per_100, quoted = held.terms.attribute_number(MARKET_PRICE)
    clean_per_100 = np.where(unusable_prices(held.terms), np.nan, clean_per_100)
    market_ccy = clean_per_100 / 100.0 * held.notional_ccy + held.accrued_ccy
    return np.where(quoted[:, None], market_ccy[:, None], held.pv_ccy), quoted


def unusable_prices(terms: Terms) -> NDArray[np.bool_]:
    """[m] brings a market price that is no positive number."""
    clean_per_100, quoted = terms.attribute_number(MARKET_PRICE)
    return quoted & ~((clean_per_100 > 0.0) & (clean_per_100 < np.inf))


def _z_spread(run: RunInputs, held: Held, price_ccy: Matrix, quoted: NDArray[np.bool_]) -> Matrix:
    """Without a market price and a spread curve the model's own spread is the answer."""
    own = held.is_flows_alone & ~quoted & (held.discount_terms.spread_row == 0) & (np.diff(held.flows.offsets) > 0)
    factors = run.tables.discount_factors
    solved = z_spreads(
        held.flows,
        curve_row=held.discount_terms.curve_row,
        discount_factors=factors,
        price_ccy=price_ccy,
        wanted=~own,
    )
    return np.where(own[:, None] & (held.pv_ccy != 0.0), held.discount_terms.spread, solved)


def _discount_margin(run: RunInputs, held: Held, price_ccy: Matrix) -> Matrix:
    assert held.projection_row is not None and held.fraction is not None
    return discount_margins(
        held.flows,
        fraction=held.fraction,
        projection_row=held.projection_row,
        discount_factors=run.tables.discount_factors,
        price_ccy=price_ccy,
        wanted=np.ones(len(price_ccy), np.bool_),
    )


def _par_spread(run: RunInputs, held: Held, price_ccy: Matrix) -> Matrix:
    """(value on the curve alone - price) / value of 1 a year on the principal to come: the par asset-swap spread."""

    def on_curve(flows: Flows) -> Matrix:
        return revalued(run, flows, held.discount_terms.without_spreads(), run.tables.discount_factors)

    annuity_ccy = on_curve(annuity_flows(held.flows))
    with np.errstate(divide="ignore", invalid="ignore"):
        running: Matrix = (on_curve(held.flows) - price_ccy) / annuity_ccy
    return running
