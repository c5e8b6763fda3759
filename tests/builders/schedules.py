"""Schedules of loans that a test writes down: tables to a folder, through ingestion, to rows."""

import csv
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from commands.ingestion.prepare import Prepared, prepare_portfolio
from compute.cash_flows.schedules import schedule_table
from compute.inputs.run_inputs import RunInputs, resolve
from compute.product_families import price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument

Row = dict[str, Any]

AS_OF = date(2026, 1, 1)
MEASURES = ("PV", "DV01", "KEY_RATE_DV01", "WAL", "WAM", "ACCRUED_INTEREST", "CONVEXITY", "THETA", "YIELD")


def flat(rate: float = 0.04, as_of: date = AS_OF) -> Row:
    """One flat curve that discounts and projects."""
    return {
        "as_of": as_of.isoformat(),
        "base_currency": "USD",
        "curves": [
            {
                "curve_id": "USD-SOFR",
                "currency": "USD",
                "kind": "ZERO",
                "nodes": [{"tenor": "1Y", "rate": rate}, {"tenor": "30Y", "rate": rate}],
            }
        ],
        "spread_curves": [],
        "credit_curves": [],
        "discount": {"USD": "USD-SOFR"},
        "projection": {"USD-SOFR-1Y": "USD-SOFR", "USD-SOFR-3M": "USD-SOFR"},
        "fx_spots": [],
        "fixings": [],
        "volatilities": [],
        "hull_white": {},
    }


def loan(**changes: Any) -> Row:
    return {
        "instrument_id": "L",
        "product_type": "LOAN",
        "currency": "USD",
        "issue_date": AS_OF,
        "maturity_date": date(2027, 1, 1),
        "rate_type": "FIXED",
        "coupon": 0.12,
        "frequency": 12,
        "day_count": "30/360",
        "amortization": "LEVEL_PAY",
    } | changes


def arm(**changes: Any) -> Row:
    own = {"rate_type": "FLOATING", "coupon": 0.05, "index": "USD-SOFR-1Y", "margin": 0.02}
    return loan(**own, maturity_date=date(2036, 1, 1), first_reset_date=date(2027, 1, 1)) | changes


def brought(folder: Path, instruments: Sequence[Row], positions: Sequence[Row] = (), **tables: list[Row]) -> Prepared:
    """A position of 10,000 in each instrument, unless the test says otherwise."""
    ids = [row["instrument_id"] for row in instruments]
    held = positions or [{"position_id": f"P-{name}", "instrument_id": name, "notional": 10_000} for name in ids]
    every = tables | {
        "portfolio": [{"node_id": "F", "kind": "FUND"}, {"node_id": "B", "parent_id": "F", "kind": "BOOK"}],
        "instruments": list(instruments),
        "positions": [{"book_id": "B"} | row for row in held],
    }
    folder.mkdir(exist_ok=True, parents=True)
    for name, rows in every.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return prepare_portfolio(folder)


def run_of(prepared: Prepared, market: Row | None = None, *scenarios: Row) -> RunInputs:
    assert prepared.portfolio is not None, prepared.errors
    parsed = [BASE_SCENARIO, *(ScenarioDocument.model_validate(each) for each in scenarios)]
    document = parse_market(json.dumps(market or flat()))
    return resolve(prepared.portfolio, document, parsed, base_currency="USD", measures=MEASURES, chunk_size=4096)


def schedule(run: RunInputs, position: int = 0, scenario: int = 0) -> list[Row]:
    """Rows of one position under one scenario of the run."""
    names = [f"s{number}" for number in range(run.scenario_count)]
    table = schedule_table(run, position, names)
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    return [row for row in rows if row["scenario_id"] == names[scenario]]


def measures(run: RunInputs, position: int = 0, scenario: int = 0) -> dict[str, float]:
    found = {}
    for block in price_chunk(run, 0).blocks.values():
        for column, values in zip(block.columns, block.values, strict=True):
            found[column] = float(values[scenario, position])
    return found


def why_blank(run: RunInputs, position: int = 0) -> list[tuple[str, str]]:
    """The reason of PV under each scenario, and the sentence of the position."""
    facts = price_chunk(run, 0)
    block = next(block for block in facts.blocks.values() if "PV" in block.measures)
    place = block.measures.index("PV")
    sentence = block.details[block.detail[position]] if block.detail[position] >= 0 else ""
    return [(Reason(int(block.reasons[place, s, position])).name, sentence) for s in range(run.scenario_count)]
