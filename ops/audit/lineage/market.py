"""The part of the market that a position's value stands on: curves with their nodes, spots, fixings, volatilities."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np

from compute.inputs.run_inputs import EPOCH
from compute.inputs.terms import Lookups, Terms
from compute.pricers.rates.swap_legs import leg_schedules
from compute.pricers.shared.resets import fixing_days_used
from domain.market.document import MarketDocument, stored_market
from domain.market.fx_chains import chain
from domain.market.prepayment import PrepaymentModel, model_name, readable_models
from domain.portfolio.columns import Portfolio
from ops.audit.lineage.rows import rows_where, text_at

FX = ("FX_FWD", "FX_OPTION")
CREDIT = ("CDS",)
FREQUENCY_OF_FLOATERS = {"LOAN": "frequency", "BOND": "frequency", "IRS": "float_frequency"}
LATTICE = ("CALLABLE_BOND", "STRUCTURED")


def market_used(raw: bytes, portfolio: Portfolio, row: int, base_currency: str) -> dict[str, Any]:
    market = stored_market(raw)
    instrument = int(portfolio.instrument_row[row])

    def term(name: str) -> str:
        return text_at(portfolio, "instruments", name, instrument) or ""

    currencies = currencies_of(term("currency"), term("pair"), term("product_type"))
    return {
        "as_of": market.as_of.isoformat(),
        "curves": [*curves_used(market, currencies, term), *curves_of_models(market, portfolio, instrument)],
        "fx_spots": spots_used(market, {*currencies, term("currency") or base_currency, base_currency}),
        "fixings": list(fixings_used(market, portfolio, row, term)),
        "volatilities": [
            surface.model_dump(mode="json")
            for surface in market.volatilities
            if surface_of(surface) in ({term("index"), term("pair")} - {""})
        ],
        "prepayment_models": [
            {"name": name, "reference": model.reference(name), **model.model_dump(mode="json")}
            for name, model in models_followed(market, portfolio, instrument).items()
        ],
        "hull_white": market.hull_white[term("currency")].model_dump(mode="json")
        if term("product_type") in LATTICE and term("currency") in market.hull_white
        else None,
    }


def fixings_used(market: MarketDocument, portfolio: Portfolio, row: int, term: Any) -> Iterator[dict[str, Any]]:
    """Those that the periods begun are paid on, by their dates; of a note all that its coupons may look back on."""
    fixings = [each for each in market.fixings if each.index == term("index") and each.date <= market.as_of]
    if term("rate_type") not in ("", "FLOATING") or term("product_type") == "CAP_FLOOR":
        fixings = []  # a caplet that has been set is no part of the value
    elif term("product_type") in FREQUENCY_OF_FLOATERS:
        known = {term("index"): np.array([_day(each.date) for each in fixings], np.int32)}
        terms = Terms(portfolio, np.array([row]), Lookups())
        frequency = terms.whole(FREQUENCY_OF_FLOATERS[term("product_type")])
        schedules = leg_schedules(_day(market.as_of), terms, terms.day("issue_date"), frequency)
        used = set(fixing_days_used(_day(market.as_of), terms, schedules, known))
        fixings = [each for each in fixings if _day(each.date) in used]
    return (each.model_dump(mode="json") for each in fixings)


def _day(day: date) -> int:
    return (day - EPOCH).days


def currencies_of(currency: str, pair: str, product_type: str) -> list[str]:
    """The position's own, both sides of an exchange."""
    return [pair[:3], pair[3:]] if product_type in FX and pair else [currency]


def spots_used(market: MarketDocument, currencies: set[str]) -> list[dict[str, Any]]:
    """Those on the way from one of the currencies to another."""
    quoted = [spot.pair for spot in market.fx_spots]
    ways = [chain(quoted, *two) or () for two in combinations(sorted(currencies), 2)]
    used = {step.pair for way in ways for step in way}
    return [spot.model_dump(mode="json") for spot in market.fx_spots if spot.pair in used]


def curves_used(market: MarketDocument, currencies: list[str], term: Any) -> Iterator[dict[str, Any]]:
    """Discounting by the instrument's curve, else the currency's; forwards by the index's; spreads and hazards."""
    named = {
        "discount": [term("discount_curve")]
        if term("discount_curve") and term("product_type") not in FX
        else [market.discount.get(currency, "") for currency in currencies],
        "projection": [market.projection.get(term("index"), "")],
    }
    for used_as, curve_ids in named.items():
        for curve in market.curves:
            if curve.curve_id in curve_ids:
                yield {"used_as": used_as, **curve.model_dump(mode="json")}
    for spread_curve in market.spread_curves:
        if spread_curve.curve_id == term("spread_curve"):
            yield {"used_as": "spread", **spread_curve.model_dump(mode="json")}
    for credit_curve in market.credit_curves:
        if credit_curve.curve_id == term("credit_curve"):
            yield {"used_as": "credit", **credit_curve.model_dump(mode="json")}


def models_followed(market: MarketDocument, portfolio: Portfolio, instrument: int) -> dict[str, PrepaymentModel]:
    """Prepayment models of a loan or pool, or of the lines of a tranche's deal, by name."""
    instrument_id = text_at(portfolio, "instruments", "instrument_id", instrument)
    texts = [text_at(portfolio, "instruments", "prepayment", instrument)]
    for tranche in rows_where(portfolio, "tranches", "instrument_id", instrument_id):
        lines = rows_where(portfolio, "collateral", "deal_id", text_at(portfolio, "tranches", "deal_id", tranche))
        texts = [text_at(portfolio, "collateral", "prepayment", line) for line in lines]
    known, named = readable_models(market.prepayment_models), {model_name(text or "") for text in texts}
    return {name: known[name] for name in sorted(named & known.keys())}


def curves_of_models(market: MarketDocument, portfolio: Portfolio, instrument: int) -> Iterator[dict[str, object]]:
    read = {model.rate.curve for model in models_followed(market, portfolio, instrument).values()}
    for curve in market.curves:
        if curve.curve_id in read:
            yield {"used_as": "prepayment", **curve.model_dump(mode="json")}


def surface_of(surface: Any) -> str:
    return getattr(surface, "index", None) or getattr(surface, "pair", None) or ""
