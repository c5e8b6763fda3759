"""The example of structured notes as a whole: a value and an error for every kind, and bits of each one's own."""

from pathlib import Path

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.measures.measures import DEFAULT_MEASURES, Fact
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.derivative_fund import column

FOLDER = Path(__file__).parents[4] / "examples" / "structured_notes"
SHOCKS = [
    {"kind": "PARALLEL", "curves": "*", "bp": 100},
    {"kind": "SPREAD", "match": {"rating": "A"}, "bp": 50},
    {"kind": "FX", "pair": "EURUSD", "pct": -10},
]


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    prepared = prepare_portfolio(FOLDER)
    assert prepared.portfolio is not None and prepared.errors == [] and prepared.warnings == []
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


def test_every_kind_is_priced_near_par_with_a_standard_error(portfolio: Portfolio) -> None:
    facts = facts_of(portfolio)
    assert facts.failed == 0 and facts.positions == 6
    for block in (facts.blocks[Fact.PRICED], facts.blocks[Fact.RISK]):
        assert set(np.unique(block.reasons)) <= {Reason.NONE, Reason.NOT_APPLICABLE}
    price, error, pv = (column(facts, name)[0] for name in ("clean_price", "standard_error", "pv"))
    assert (price > 80).all() and (price < 110).all()
    assert (error > 0).all() and (error / pv < 3e-4).all()
    for name in ("dv01", "cs01", "vega", "yield", "wal", "accrued_interest"):
        assert np.isfinite(column(facts, name)[0]).all(), name


def test_a_wider_spread_costs_and_the_euro_counts_for_the_euro_notes(portfolio: Portfolio) -> None:
    facts = facts_of(portfolio)
    pv, delta = column(facts, "pv"), column(facts, "fx_delta")[0]
    assert (pv[2] < pv[0]).all() and (pv[3] == pv[0]).all()
    assert np.count_nonzero(delta) == np.count_nonzero(delta == 0.0) == 3


def test_bits_do_not_depend_on_the_chunk_or_on_other_scenarios(portfolio: Portfolio) -> None:
    whole = facts_of(portfolio)
    parts = [facts_of(portfolio, number, chunk_size=2, scenarios=1) for number in range(3)]
    for name in ("pv", "standard_error", "dv01", "key_rate_dv01_5y", "vega", "cs01", "convexity", "yield"):
        together = np.concatenate([column(facts, name) for facts in parts], axis=1)
        assert together.tobytes() == np.ascontiguousarray(column(whole, name)[:2]).tobytes(), name
