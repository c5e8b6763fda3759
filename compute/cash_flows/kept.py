"""The cash flows of a chunk that a run keeps: sums by bucket of its books, products and currencies, on both bases.

A block has a column for each basis and amount, and beside scenarios a place for each cell and bucket: cell after cell,
its buckets at all edges of the named sets. `details` names the cells. Counts stand in a cell's first bucket.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.families import family_flows
from compute.cash_flows.ladders import add_family, bucket_of_day, no_ladder
from compute.cash_flows.repricing import add_family_to_gap, add_swaps
from compute.cash_flows.tables import BASES, basis_of
from compute.inputs.run_inputs import EPOCH, PRICES_ONLY, RunInputs, resolve
from compute.inputs.terms import Terms
from compute.kernels.valuing.repricing import AMOUNTS as OF_GAP
from compute.pricers.matured.recoveries import recovering
from compute.pricers.securitised.pools import is_tranche
from compute.product_families import check
from domain.buckets import all_buckets
from domain.market.document import MarketDocument
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import PRODUCT_TYPES
from domain.runs.facts import BlockColumns
from domain.runs.kept_flows import AMOUNTS, columns_of_bases
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument

Amounts = NDArray[np.float64]
Rows = NDArray[np.int64]


def resolve_kept(portfolio: Portfolio, market: MarketDocument, requested: RunRequested) -> RunInputs | None:
    """Of the scenarios whose cash flows the run keeps; None where it keeps none."""
    if not requested.cashflows:
        return None
    documents = dict(zip(requested.scenarios, requested.scenario_documents, strict=True))
    return resolve(
        portfolio,
        market,
        [ScenarioDocument.model_validate(documents[pinned]) for pinned in requested.cashflows],
        base_currency=requested.base_currency,
        measures=PRICES_ONLY,
        chunk_size=requested.chunk_size,
    )


def kept_of_chunk(run: RunInputs, chunk_no: int) -> BlockColumns:
    """On both bases; the same whoever works it out."""
    terms = run.chunk(chunk_no)
    behavioural = contractual = _of_basis(run, terms)
    if _has_behaviour(run, terms):
        contractual = _of_basis(replace(run, is_contractual=True, lookups=run.lookups), terms)
    return _as_block(terms, BASES, [behavioural, contractual])


def flows_of_chunk(run: RunInputs, chunk_no: int) -> BlockColumns:
    """The same on the one basis that the inputs are of."""
    terms = run.chunk(chunk_no)
    return _as_block(terms, (basis_of(run.is_contractual),), [_of_basis(run, terms)])


def _as_block(terms: Terms, bases: Sequence[str], of_bases: Sequence[Amounts]) -> BlockColumns:
    """From [AMOUNTS, S, cells, buckets] of each basis."""
    _, names = cells_of(terms)
    _, scenarios, cells, buckets = of_bases[0].shape
    assert cells == len(names)
    return BlockColumns(
        columns=columns_of_bases(bases),
        values=np.concatenate(of_bases).reshape(-1, scenarios, cells * buckets) + 0.0,
        measures=(),
        reasons=np.zeros((0, scenarios, cells * buckets), np.uint8),
        details=names,
        detail=np.repeat(np.arange(cells, dtype=np.int32), buckets),
    )


def cells_of(terms: Terms) -> tuple[Rows, tuple[str, ...]]:
    """[n] the cell of each position, and each cell's book, product and currency, as JSON."""
    currency, currencies = terms.texts("currency")
    product = terms.choice("product_type", PRODUCT_TYPES).astype(np.int64)
    nodes = terms.portfolio.tables["portfolio"].columns["node_id"]
    book = nodes.values[terms.portfolio.book_row[terms.rows]].astype(np.int64)
    width, kinds = len(currencies) + 1, len(PRODUCT_TYPES) + 1
    both = (book * kinds + product) * width + currency
    used, cell = np.unique(both, return_inverse=True)
    names = []
    for each in used.tolist():
        rest, code = divmod(each, width)
        book_code, product_code = divmod(rest, kinds)
        names.append(json.dumps([nodes.categories[book_code], PRODUCT_TYPES[product_code], currencies[code]]))
    return cell.astype(np.int64), tuple(names)


def _has_behaviour(run: RunInputs, terms: Terms) -> bool:
    """Whether a basis changes anything of these positions."""
    quoted = any((terms.texts(name)[0] >= 0).any() for name in ("prepayment", "default"))
    draws = bool((terms.number("draw_rate", 0.0) > 0.0).any())
    return bool(quoted or draws or is_tranche(terms).any() or recovering(run, terms).any())


def _of_basis(run: RunInputs, terms: Terms) -> Amounts:
    """[AMOUNTS, S, cells, buckets], the ladder and the gap of the same flows"""
    in_parts, failing, (cell, names) = run.with_parts(), check(run, terms), cells_of(terms)
    buckets = all_buckets(EPOCH + timedelta(days=run.as_of_day))
    of_day = bucket_of_day(run, buckets)
    ladder = no_ladder(run.scenario_count, cell, len(names), len(buckets))
    gap = np.zeros((*ladder.amounts_ccy.shape[:-1], len(OF_GAP)))
    for family in family_flows(in_parts, terms, failing):
        add_family(run, family, cell, of_day, ladder)
        add_family_to_gap(in_parts, family, cell, of_day, gap)
    add_swaps(run, terms, failing, cell, of_day, gap)
    amounts = np.concatenate([ladder.amounts_ccy, gap], axis=-1)
    counts = np.zeros((*amounts.shape[:-1], 2))
    counts[:, :, 0, 0], counts[:, :, 0, 1] = ladder.positions, ladder.left_out
    found: Amounts = np.moveaxis(np.concatenate([amounts, counts], axis=-1), -1, 0)
    assert len(found) == len(AMOUNTS)
    return found
