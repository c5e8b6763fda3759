"""DV01 by market quote: each quote moved by a basis point, its curves and those on them solved again, all revalued.

    dv01_q = (PV(quote - 1 bp) - PV(quote + 1 bp)) / 2

Every bumped quote is a scenario, so a portfolio is revalued under many at once, and only under quotes of the curves
that it reads, and of those that these are solved on. Quotes of kind PAR are rates of instruments, those of kind ZERO
zero rates at nodes. Spreads, volatilities, spots, speeds and CDS spreads are held.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import names_models, resolve
from compute.kernels.curves.curves import BASIS_POINT
from compute.market.par_curves import bootstrap
from compute.product_families import price_terms
from domain.market.document import MarketDocument
from domain.market.parts import Curve, ParCurve, ParNode, ZeroCurve
from domain.market.prepayment import readable_models
from domain.measures.measures import Fact
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import BASE_SCENARIO, CurveShock, ScenarioDocument

AT_ONCE = 16
"""Quotes to a batch: their scenarios' day tables stand in memory together."""


@dataclass(frozen=True)
class Quote:
    """A rate of the market file: node `number` of a curve."""

    curve_id: str
    number: int
    type: str
    """of the instrument; ZERO for a node of zero rates"""
    tenor: str
    """or date"""
    rate: float


@dataclass(frozen=True)
class QuoteRisk:
    quotes: tuple[Quote, ...]
    dv01_base: NDArray[np.float64]
    """[quotes, positions] base currency, NaN for a position without a value"""


def quotes_of(market: MarketDocument) -> tuple[Quote, ...]:
    """Of all curves that can be solved, in the file's order."""
    unsolved = {curve.curve_id for curve in bootstrap(market).market.curves if isinstance(curve, ParCurve)}
    solved = [curve for curve in market.curves if curve.curve_id not in unsolved]
    return tuple(_quote(curve.curve_id, number, node) for curve in solved for number, node in enumerate(curve.nodes))


def quote_risk(
    portfolio: Portfolio, market: MarketDocument, rows: NDArray[np.int64], *, base_currency: str, chunk_size: int
) -> QuoteRisk:
    """Of the positions in `rows` of the portfolio, under the market as it is."""
    quotes, solved = quotes_of(market), bootstrap(market).market
    reached, read = curves_on(market), curves_read(portfolio, market, rows)
    is_felt = np.array([not read.isdisjoint(reached[quote.curve_id]) for quote in quotes], np.bool_)
    felt = [quote for quote, chosen in zip(quotes, is_felt, strict=True) if chosen]
    risk = QuoteRisk(quotes, np.zeros((len(quotes), len(rows))))
    batches = [felt[first : first + AT_ONCE] for first in range(0, len(felt), AT_ONCE)]
    if not batches:
        return risk
    parts = [_of_batch(portfolio, solved, market, each, reached, rows, base_currency, chunk_size) for each in batches]
    risk.dv01_base[is_felt] = np.concatenate(parts)
    risk.dv01_base[:, ~np.isfinite(parts[0]).all(axis=0)] = np.nan
    return risk


def curves_on(market: MarketDocument) -> dict[str, frozenset[str]]:
    """By curve, itself and those that are solved on it, whatever stands between."""
    on: dict[str, set[str]] = {curve.curve_id: {curve.curve_id} for curve in market.curves}
    for _ in market.curves:
        for curve in market.curves:
            if isinstance(curve, ParCurve) and curve.discount_curve in on:
                for below in on.values():
                    if curve.discount_curve in below:
                        below.add(curve.curve_id)
    return {curve_id: frozenset(reached) for curve_id, reached in on.items()}


def curves_read(portfolio: Portfolio, market: MarketDocument, rows: NDArray[np.int64]) -> frozenset[str]:
    """Curves that the values of these positions may depend on: all of their currencies, and those that they name.

    Rather one too many: what is not among them has a DV01 of nil without being revalued.
    """
    named = _named(portfolio, np.unique(portfolio.instrument_row[rows]))
    currencies = named["currency"] | {half for pair in named["pair"] for half in (pair[:3], pair[3:])}
    payoffs = " ".join(named["payoff"])
    indices = {index for index in market.projection if index in named["index"] or index in payoffs}
    read = {curve.curve_id for curve in market.curves if curve.currency in currencies}
    read |= {market.discount[currency] for currency in currencies if currency in market.discount}
    models = readable_models(market.prepayment_models).values() if names_models(portfolio) else ()
    read |= {model.rate.curve for model in models}
    return frozenset(read | named["discount_curve"] | {market.projection[index] for index in indices})


def _named(portfolio: Portfolio, instruments: NDArray[np.int64]) -> dict[str, set[str]]:
    """The texts of these instruments by column."""
    columns, found = portfolio.tables["instruments"].columns, dict[str, set[str]]()
    for name in ("currency", "pair", "index", "discount_curve", "payoff"):
        column = columns.get(name)
        codes = np.unique(column.values[instruments]) if column is not None else np.empty(0, np.int64)
        found[name] = {column.categories[code] for code in codes if code >= 0} if column is not None else set()
    return found


def _of_batch(
    portfolio: Portfolio,
    solved: MarketDocument,
    market: MarketDocument,
    quotes: Sequence[Quote],
    reached: Mapping[str, frozenset[str]],
    rows: NDArray[np.int64],
    base_currency: str,
    chunk_size: int,
) -> NDArray[np.float64]:
    moved = ((_only(market, solved, reached[quote.curve_id]), quote, bp) for quote in quotes for bp in (-1, 1))
    scenarios = [BASE_SCENARIO, *(_moved(unsolved, solved, quote, bp) for unsolved, quote, bp in moved)]
    run = resolve(portfolio, market, scenarios, base_currency=base_currency, measures=("PV",), chunk_size=chunk_size)
    chunks = []
    for first in range(0, len(rows), chunk_size):
        terms = run.terms_of(rows[first : first + chunk_size])
        pv_ccy = price_terms(run, terms).blocks[Fact.PRICED].values[0]
        codes, currencies = terms.texts("currency")
        to_base = np.array([run.tables.fx_to_base.get(each, np.full(len(scenarios), np.nan)) for each in currencies])
        pv_base = pv_ccy * to_base[codes].T
        chunks.append((pv_base[1::2] - pv_base[2::2]) / 2.0)
    return np.concatenate(chunks, axis=1)


def _only(market: MarketDocument, solved: MarketDocument, unsolved: frozenset[str]) -> MarketDocument:
    """The market as quoted where a quote reaches, and solved elsewhere: nothing is solved again that stays."""
    pairs = zip(market.curves, solved.curves, strict=True)
    curves = tuple(quoted if quoted.curve_id in unsolved else zero for quoted, zero in pairs)
    return market.model_copy(update={"curves": curves})


def _moved(market: MarketDocument, solved: MarketDocument, quote: Quote, bp: float) -> ScenarioDocument:
    """The curves that a moved quote makes, in the place of those there are."""
    before = {curve.curve_id: curve for curve in solved.curves}
    after = bootstrap(with_quote(market, quote, quote.rate + bp * BASIS_POINT)).market.curves
    shocks = tuple(
        CurveShock.model_construct(kind="CURVE", curve_id=curve.curve_id, nodes=curve.nodes)
        for curve in after
        if isinstance(curve, ZeroCurve) and curve.nodes != getattr(before[curve.curve_id], "nodes", None)
    )
    return ScenarioDocument.model_construct(scenario_id=f"{quote.curve_id} {quote.number} {bp}", name="", shocks=shocks)


def with_quote(market: MarketDocument, quote: Quote, rate: float) -> MarketDocument:
    """The market with another rate at one node."""
    return market.model_copy(update={"curves": tuple(_with_rate(market.curves, quote, rate))})


def _with_rate(curves: Sequence[Curve], quote: Quote, rate: float) -> Iterator[Curve]:
    for curve in curves:
        if curve.curve_id == quote.curve_id:
            nodes = list(curve.nodes)
            nodes[quote.number] = nodes[quote.number].model_copy(update={"rate": rate})
            yield curve.model_copy(update={"nodes": tuple(nodes)})
        else:
            yield curve


def _quote(curve_id: str, number: int, node: Any) -> Quote:
    kind = node.type if isinstance(node, ParNode) else "ZERO"
    return Quote(curve_id, number, kind, node.tenor or str(node.date), node.rate)
