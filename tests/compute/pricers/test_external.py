"""EXTERNAL positions: what is brought is the value, and nothing else is said of them."""

import json
from pathlib import Path

import numpy as np

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.product_families import price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.measures.measures import DEFAULT_MEASURES, Fact
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.markets import given

FUND = {
    "portfolio": "node_id,parent_id,name,kind\nB,,Book,BOOK\n",
    "instruments": "instrument_id,product_type,currency\nCASH,EXTERNAL,USD\nSHARE,EXTERNAL,USD\n",
    "positions": "position_id,instrument_id,book_id,notional,market_value\nA,CASH,B,100,\nC,SHARE,B,100,-37.5\n",
}
UP = ScenarioDocument.model_validate(
    {"scenario_id": "up", "name": "", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]}
)


def test_the_value_is_what_is_brought_and_no_sensitivity_applies(tmp_path: Path) -> None:
    for name, text in FUND.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    prepared = prepare_portfolio(tmp_path)
    assert prepared.errors == [] and prepared.portfolio is not None
    market = parse_market(json.dumps(given()))
    run = resolve(
        prepared.portfolio,
        market,
        [BASE_SCENARIO, UP],
        base_currency=market.base_currency,
        measures=DEFAULT_MEASURES,
        chunk_size=4096,
    )
    facts = price_chunk(run, 0)
    priced, risk = facts.blocks[Fact.PRICED], facts.blocks[Fact.RISK]
    assert facts.failed == 0
    assert priced.values[priced.columns.index("pv")].tolist() == [[100.0, -37.5]] * 2
    others = [number for number, name in enumerate(priced.measures) if name != "PV"]
    assert (priced.reasons[others] == Reason.NOT_APPLICABLE).all()
    assert np.isnan(risk.values).all() and (risk.reasons == Reason.NOT_APPLICABLE).all()
