"""All that a run asks of a chunk: what its positions are worth, and the cash flows that it keeps."""

from dataclasses import dataclass, replace

from compute.cash_flows.kept import kept_of_chunk, resolve_kept
from compute.chunks import ChunkFacts, price_chunk
from compute.inputs.run_inputs import RunInputs, resolve_run
from domain.market.document import MarketDocument
from domain.measures.measures import Fact
from domain.portfolio.columns import Portfolio
from domain.runs.run import RunRequested


@dataclass(frozen=True)
class RunWork:
    """A run's inputs, and those of the scenarios whose cash flows it keeps; None where it keeps none."""

    inputs: RunInputs
    kept: RunInputs | None


def resolve_work(
    portfolio: Portfolio, market: MarketDocument, requested: RunRequested, *, keeps_cash_flows: bool = True
) -> RunWork:
    """A run that was planned by a release that kept no cash flows has no facts of them."""
    inputs = resolve_run(portfolio, market, requested)
    return RunWork(inputs, resolve_kept(portfolio, market, requested) if keeps_cash_flows else None)


def work_out_chunk(work: RunWork, chunk_no: int) -> ChunkFacts:
    facts = price_chunk(work.inputs, chunk_no)
    if work.kept is None:
        return facts
    return replace(facts, blocks=facts.blocks | {Fact.CASH_FLOWS: kept_of_chunk(work.kept, chunk_no)})
