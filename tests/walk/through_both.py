"""A fund through the real path and through the oracle, and every number in which the two differ."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.product_families import price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, DEFAULT_MEASURES, KEY_RATE_LABELS, SPREAD_LABELS, Fact
from domain.scenarios.shocks import ScenarioDocument, parse_scenarios
from tests.walk.oracle.market import read_market
from tests.walk.oracle.pricer import Result, price_folder

FUNDS = Path(__file__).parent / "funds"
BASE = ScenarioDocument(scenario_id="BASE", name="Base", shocks=())

MEASURES = tuple(
    name for name in DEFAULT_MEASURES if name != "DISCOUNT_MARGIN" and BY_NAME[name].fact is not Fact.CAPITAL
)
"""tests/compute/pricers/debt/test_spreads.py has a second implementation of that one, and capital has its own."""

# Relative. A central difference of 1 bp is off by (1 bp x t)^2 / 6, and the contract allows 1e-5.
EXACT, DURATION, BUMPED = 1e-10, 1e-8, 1e-5
TOLERANCE = {
    "dv01": BUMPED,
    "cs01": BUMPED,
    "convexity": BUMPED,
    "effective_duration": BUMPED,
    "spread_duration": BUMPED,
    "macaulay_duration": DURATION,
    "modified_duration": DURATION,
}
TOLERANCE |= {f"key_rate_dv01_{label}": BUMPED for label in KEY_RATE_LABELS}
TOLERANCE |= {f"key_rate_cs01_{label}": BUMPED for label in SPREAD_LABELS}
BENT = 4e-2
"""Of DV01: where MONOTONE_CONVEX forwards change shape within a basis point, key rates are shared out to add up."""
OF_NOTIONAL = 1e-9
OF_SPREAD_BP = 1e-6
AMOUNTS = {
    "pv",
    "theta",
    "accrued_interest",
    "dv01",
    "cs01",
    "fx_delta",
    *(f"key_rate_dv01_{k}" for k in KEY_RATE_LABELS),
    *(f"key_rate_cs01_{k}" for k in SPREAD_LABELS),
}
ROUNDING = 2.0**-50


@dataclass(frozen=True)
class Cell:
    """One number of the program: which, its value (NaN where blank) and why it is blank."""

    position_id: str
    scenario_id: str
    column: str
    value: float
    reason: str


@dataclass(frozen=True)
class Priced:
    """A fund through the real path, and through the oracle."""

    cells: list[Cell]
    fx_to_base: dict[str, list[float]]
    scenario_ids: list[str]
    oracle: dict[tuple[str, str], Result]
    notionals: dict[str, float]


def price_through_both(folder: Path) -> Priced:
    portfolio = prepare_portfolio(folder).portfolio
    assert portfolio is not None
    market = parse_market((folder / "market.json").read_bytes())
    scenarios = [BASE, *parse_scenarios((folder / "scenarios.json").read_bytes())]
    base_currency = read_market(folder).base_currency
    run = resolve(portfolio, market, scenarios, base_currency=base_currency, measures=MEASURES, chunk_size=4096)
    facts = price_chunk(run, 0)
    columns = portfolio.tables["positions"].columns
    ids = [columns["position_id"].categories[code] for code in columns["position_id"].values]
    scenario_ids = [each.scenario_id for each in scenarios]
    return Priced(
        cells=[cell for block in facts.blocks.values() for cell in cells_of(block, scenario_ids, ids)],
        fx_to_base={k: list(v) for k, v in facts.fx_to_base.items()},
        scenario_ids=scenario_ids,
        oracle=price_folder(folder, base_currency),
        notionals=dict(zip(ids, map(float, columns["notional"].values), strict=True)),
    )


def cells_of(block: Any, scenario_ids: list[str], ids: list[str]) -> Iterator[Cell]:
    for m, measure in enumerate(block.measures):
        for column in BY_NAME[measure].result_columns:
            values = block.values[block.columns.index(column)]
            for s, scenario_id in enumerate(scenario_ids):
                for p, position_id in enumerate(ids):
                    reason = Reason(int(block.reasons[m, s, p])).name
                    yield Cell(position_id, scenario_id, column, float(values[s, p]), reason)


def allowed(cell: Cell, expected: float, notional: float, pv: float) -> float:
    relative = TOLERANCE.get(cell.column, EXACT) * abs(expected)
    if cell.column in AMOUNTS:
        return relative + OF_NOTIONAL * abs(notional)
    if cell.column == "convexity":
        # A second difference keeps what rounding leaves of values as large as the notional.
        return relative + 16 * ROUNDING * abs(notional) / (abs(pv) * 0.0025**2)
    if cell.column in ("z_spread", "oas", "par_spread"):
        # Basis points: a price's rounding, over the life of what is left.
        return relative + OF_SPREAD_BP * max(1.0, abs(notional / pv))
    return relative + 1e-12


def differences(fund: Priced) -> Iterator[str]:
    for cell in fund.cells:
        result = fund.oracle[cell.position_id, cell.scenario_id]
        expected = result.values.get(cell.column, math.nan)
        said = f"{cell.position_id} {cell.scenario_id} {cell.column}: {cell.value!r} {cell.reason}"
        if math.isnan(expected) != math.isnan(cell.value):
            yield f"{said}, expected {expected!r} {result.reason} {result.detail}"
        elif not math.isnan(expected):
            pv, notional = result.values["pv"], fund.notionals[cell.position_id]
            bent = cell.position_id.endswith("-MC-STD") and cell.column.startswith("key_rate_dv01_")
            slack = BENT * abs(result.values["dv01"]) if bent else 0.0
            if abs(cell.value - expected) > allowed(cell, expected, notional, pv) + slack:
                yield f"{said}, expected {expected!r}"
