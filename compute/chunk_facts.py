"""All that a run asks of a chunk: what its positions are worth, and what capital they need."""

from dataclasses import dataclass, replace

from compute.capital.chunk_measures import CapitalInputs, capital_of_chunk, resolve_capital
from compute.chunks import ChunkFacts, price_chunk
from compute.inputs.run_inputs import RunInputs, resolve_run
from domain.market.document import MarketDocument
from domain.measures.measures import Fact
from domain.portfolio.columns import Portfolio
from domain.runs.run import RunRequested


@dataclass(frozen=True)
class RunWork:
    """A run's inputs, and those of its capital; None where it asks for none."""

    inputs: RunInputs
    capital: CapitalInputs | None


def resolve_work(portfolio: Portfolio, market: MarketDocument, requested: RunRequested) -> RunWork:
    inputs = resolve_run(portfolio, market, requested)
    return RunWork(inputs, resolve_capital(inputs, market, requested))


def work_out_chunk(work: RunWork, chunk_no: int) -> ChunkFacts:
    facts = price_chunk(work.inputs, chunk_no)
    if work.capital is None:
        return facts
    return replace(facts, blocks=facts.blocks | {Fact.CAPITAL: capital_of_chunk(work.capital, chunk_no)})
