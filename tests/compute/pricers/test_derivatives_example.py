"""The example of derivatives as a whole: a value for everything, and bits that depend on nothing but the position."""

from pathlib import Path

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.inputs.terms import Lookups, Terms
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.measures.measures import DEFAULT_MEASURES, Fact
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import OPTION_TYPES
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.derivative_fund import column

FOLDER = Path(__file__).parents[3] / "examples" / "derivatives"
SHOCKS = [
    {"kind": "PARALLEL", "curves": "*", "bp": 100},
    {"kind": "VOL", "surfaces": "*", "pct": 20},
    {"kind": "FX", "pair": "EURUSD", "pct": -10},
]


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    prepared = prepare_portfolio(FOLDER)
    assert prepared.portfolio is not None and prepared.errors == []
    return prepared.portfolio


def facts_of(portfolio: Portfolio, chunk_no: int = 0, chunk_size: int = 4096, scenarios: int = 3) -> ChunkFacts:
    documents = [ScenarioDocument.model_validate({"scenario_id": f"s{k}", "shocks": [s]}) for k, s in enumerate(SHOCKS)]
    run = resolve(
        portfolio,
        parse_market((FOLDER / "market.json").read_bytes()),
        [BASE_SCENARIO, *documents[:scenarios]],
        base_currency="USD",
        measures=DEFAULT_MEASURES,
        chunk_size=chunk_size,
    )
    return price_chunk(run, chunk_no)


def test_everything_is_priced_and_every_blank_has_a_reason(portfolio: Portfolio) -> None:
    facts = facts_of(portfolio)
    assert facts.failed == 0 and facts.positions == 10
    priced, risk = facts.blocks[Fact.PRICED], facts.blocks[Fact.RISK]
    assert (priced.values[0] != 0.0).all() and priced.measures[0] == "PV"
    for block in (priced, risk):
        assert set(np.unique(block.reasons)) <= {Reason.NONE, Reason.NOT_APPLICABLE}
    optional = np.isfinite(column(facts, "vega")[0])
    assert optional.sum() == 7


def test_a_column_is_read_against_any_list_of_choices(portfolio: Portfolio) -> None:
    """A product knows its own option types; another that reads the same column keeps its own codes."""
    terms = Terms(portfolio, np.arange(9), Lookups())
    lists: list[tuple[str, ...]] = [("PAYER", "RECEIVER"), OPTION_TYPES, ("RECEIVER",)]
    for values in lists:
        codes = terms.choice("option_type", values)
        assert (codes == values.index("RECEIVER")).sum() == 1, values


def test_bits_do_not_depend_on_the_chunk_or_on_other_scenarios(portfolio: Portfolio) -> None:
    whole = facts_of(portfolio)
    parts = [facts_of(portfolio, number, chunk_size=2, scenarios=1) for number in range(5)]
    for name in ("pv", "dv01", "key_rate_dv01_5y", "vega", "fx_delta", "convexity"):
        together = np.concatenate([column(facts, name) for facts in parts], axis=1)
        assert together.tobytes() == np.ascontiguousarray(column(whole, name)[:2]).tobytes(), name
