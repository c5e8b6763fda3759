"""All that a run asks of a chunk: prices and risk, credit losses and capital, and the cash flows that it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from compute.allowance.measures import AllowanceInputs, Array, Figure, Rows, allowance_measures, resolve_allowance
from compute.capital.chunk_measures import CapitalInputs, capital_of_chunk, resolve_capital
from compute.cash_flows.kept import kept_of_chunk, resolve_kept
from compute.inputs.run_inputs import RunInputs, resolve_run
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import MarketDocument
from domain.measures.measures import Fact
from domain.portfolio.columns import Portfolio
from domain.runs.facts import BlockColumns
from domain.runs.run import RunRequested

BASE_NO = 0
LOSSES = ("ECL_12M", "ECL_LIFETIME", "ALLOWANCE")


@dataclass(frozen=True)
class RunWork:
    """Inputs of a run, of its capital, its expected losses, and the scenarios whose cash flows it keeps; None of what
    it does not ask for."""

    inputs: RunInputs
    capital: CapitalInputs | None
    losses: AllowanceInputs | None
    kept: RunInputs | None


def resolve_work(
    portfolio: Portfolio, market: MarketDocument, requested: RunRequested, *, keeps_cash_flows: bool = True
) -> RunWork:
    """A run that was planned by a release that kept no cash flows has no facts of them."""
    inputs = resolve_run(portfolio, market, requested)
    return RunWork(
        inputs,
        resolve_capital(inputs, market, requested),
        resolve_allowance(inputs, market, requested) if inputs.asks(*LOSSES) else None,
        resolve_kept(portfolio, market, requested) if keeps_cash_flows else None,
    )


def _losses_of_chunk(work: RunWork, chunk_no: int, priced: BlockColumns) -> Mapping[str, Figure]:
    """With the present values that the chunk has under BASE, the first scenario: nothing is priced twice."""
    assert work.losses is not None
    rows, pv_ccy = work.inputs.chunk(chunk_no).rows, priced.values[priced.columns.index("pv"), BASE_NO]

    def fair_values(some: Rows) -> Array:
        values: Array = pv_ccy[some - rows[0]]
        return values

    return allowance_measures(work.losses, rows, fair_values)


def work_out_chunk(work: RunWork, chunk_no: int) -> ChunkFacts:
    facts = price_chunk(work.inputs, chunk_no)
    blocks = dict(facts.blocks)
    if work.capital is not None:
        lost = _losses_of_chunk(work, chunk_no, facts.blocks[Fact.PRICED]) if work.losses else {}
        blocks[Fact.CAPITAL] = capital_of_chunk(work.capital, chunk_no, lost)
    if work.kept is not None:
        blocks[Fact.CASH_FLOWS] = kept_of_chunk(work.kept, chunk_no)
    return replace(facts, blocks=blocks)
