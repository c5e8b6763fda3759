"""What each model says of the fixed fund; `python -m tests.models.record MODEL…` writes it for a new version.

A version that has values keeps them: other values are another version, and are refused here until there is one.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.market.day_tables import build_market_tables
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import MarketDocument, parse_market
from domain.measures.measures import BY_NAME as MEASURES
from domain.measures.measures import DEFAULT_MEASURES
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from domain.valuation_models import BY_NAME, Model
from ops.audit.lineage.models import terms_of

HERE = Path(__file__).parent
VALUE = ("PV", "ACCRUED_INTEREST")
"""What a product's own model is held to; sensitivities and yields have models of theirs."""
DAYS = (1, 31, 92, 365, 1000, 3650, 10950, 12000)
UP = ScenarioDocument.model_validate(
    {"scenario_id": "up100", "name": "", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]}
)
SCENARIOS = [BASE_SCENARIO, UP]

Values = dict[str, list[float]]


def values_of(model: Model) -> Values:
    return dict(sorted(curve_values() if model.name == "curves" else position_values(model)))


def curve_values() -> Iterator[tuple[str, list[float]]]:
    tables = build_market_tables(market(), SCENARIOS, n_days=max(DAYS) + 1)
    for curve, row in tables.curve_row.items():
        for day in DAYS:
            yield f"{curve} discount factor of day {day}", tables.discount_factors[row, day].tolist()


def position_values(model: Model) -> Iterator[tuple[str, list[float]]]:
    held, facts = priced()
    ids = held.tables["positions"].columns["position_id"]
    for row, instrument in enumerate(held.instrument_row):
        if model.values(terms_of(held, int(instrument))):
            yield from numbers_of(facts, row, ids.categories[ids.values[row]], model.measures or VALUE)


def numbers_of(
    facts: ChunkFacts, row: int, position: str, measures: tuple[str, ...]
) -> Iterator[tuple[str, list[float]]]:
    """Those that are there in every scenario."""
    for block in facts.blocks.values():
        for column in (name for measure in measures for name in MEASURES[measure].result_columns):
            if column in block.columns:
                values = block.values[block.columns.index(column), :, row]
                if np.isfinite(values).all():
                    yield f"{position} {column}", values.tolist()


@cache
def market() -> MarketDocument:
    return parse_market((HERE / "fund" / "market.json").read_bytes())


@cache
def priced() -> tuple[Portfolio, ChunkFacts]:
    portfolio = prepare_portfolio(HERE / "fund").portfolio
    assert portfolio is not None
    run = resolve(portfolio, market(), SCENARIOS, base_currency="USD", measures=DEFAULT_MEASURES, chunk_size=4096)
    return portfolio, price_chunk(run, 0)


def file_of(model: Model) -> Path:
    return HERE / "values" / f"{model.name}.json"


def recorded(model: Model) -> dict[str, Any] | None:
    file = file_of(model)
    return json.loads(file.read_text()) if file.exists() else None


def differences(old: Values, new: Values) -> list[str]:
    """Of what was recorded; a number that is new is none. Rounding is allowed: 1e-9, more where a measure is a second
    difference."""
    changed = []
    for name, values in old.items():
        tolerance = 1e-6 if name.endswith("convexity") else 1e-9
        now = new.get(name)
        if now is None or not np.allclose(now, values, rtol=tolerance, atol=1e-9):
            changed.append(f"{name} was {values}, is {now}")
    return changed


def record(name: str) -> str:
    model, values = BY_NAME[name], values_of(BY_NAME[name])
    old = recorded(model)
    if old is not None and old["version"] == model.version and differences(old["values"], values):
        return f"{model.reference} has other values already: raise its version in domain/valuation_models.py first"
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items())
    file_of(model).write_text(f'{{"model": "{name}", "version": {model.version}, "values": {{\n{lines}\n}}}}\n')
    return f"{model.reference}: {len(values)} values"


if __name__ == "__main__":
    for word in sys.argv[1:]:
        print(record(word))
