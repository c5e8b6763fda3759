"""DV01 by market quote: each quote moved by a basis point, its curves and those on them solved again, all revalued.

    dv01_q = (PV(quote - 1 bp) - PV(quote + 1 bp)) / 2

Every bumped quote is a scenario, so a portfolio is revalued under many at once. Quotes of kind PAR are rates of
instruments, those of kind ZERO zero rates at nodes. Spreads, volatilities, spots, speeds and CDS spreads are held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.chunks import price_terms
from compute.inputs.run_inputs import resolve
from compute.kernels.curves.curves import BASIS_POINT
from compute.market.par_curves import bootstrap
from domain.market.document import MarketDocument
from domain.market.parts import Curve, ParCurve, ParNode, ZeroCurve
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
    quotes = quotes_of(market)
    parts = [
        _of_batch(portfolio, market, quotes[first : first + AT_ONCE], rows, base_currency, chunk_size)
        for first in range(0, len(quotes), AT_ONCE)
    ]
    return QuoteRisk(quotes, np.concatenate(parts) if parts else np.empty((0, len(rows))))


def _of_batch(
    portfolio: Portfolio,
    market: MarketDocument,
    quotes: Sequence[Quote],
    rows: NDArray[np.int64],
    base_currency: str,
    chunk_size: int,
) -> NDArray[np.float64]:
    solved = bootstrap(market).market
    scenarios = [BASE_SCENARIO, *(_moved(market, solved, quote, bp) for quote in quotes for bp in (-1, 1))]
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
