"""All that a run asks of a chunk: what its positions are worth, what they may lose, and the capital that they need."""

from dataclasses import dataclass, replace

from compute.allowance.measures import AllowanceInputs, allowance_measures, resolve_allowance
from compute.capital.chunk_measures import CapitalInputs, capital_of_chunk, resolve_capital
from compute.chunks import ChunkFacts, price_chunk
from compute.inputs.run_inputs import RunInputs, resolve_run
from domain.market.document import MarketDocument
from domain.measures.measures import Fact
from domain.portfolio.columns import Portfolio
from domain.runs.run import RunRequested

LOSSES = ("ECL_12M", "ECL_LIFETIME", "ALLOWANCE")


@dataclass(frozen=True)
class RunWork:
    """A run's inputs, and those of its capital and of its expected losses; None where it asks for none."""

    inputs: RunInputs
    capital: CapitalInputs | None
    losses: AllowanceInputs | None


def resolve_work(portfolio: Portfolio, market: MarketDocument, requested: RunRequested) -> RunWork:
    inputs = resolve_run(portfolio, market, requested)
    losses = resolve_allowance(inputs, market, requested) if inputs.asks(*LOSSES) else None
    return RunWork(inputs, resolve_capital(inputs, market, requested), losses)


def work_out_chunk(work: RunWork, chunk_no: int) -> ChunkFacts:
    facts = price_chunk(work.inputs, chunk_no)
    if work.capital is None:
        return facts
    lost = allowance_measures(work.losses, work.inputs.chunk(chunk_no).rows) if work.losses else {}
    return replace(facts, blocks=facts.blocks | {Fact.CAPITAL: capital_of_chunk(work.capital, chunk_no, lost)})
