"""Swaps in the repricing gap: notionals that amortise fall on the dates of their steps, on both legs."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.cash_flows.ladders import LadderCells
from compute.cash_flows.repricing import gap_of_run
from compute.inputs.run_inputs import EPOCH, PRICES_ONLY, resolve
from compute.kernels.valuing.repricing import SWAPS
from domain.buckets import buckets_of
from domain.market.document import parse_market
from domain.scenarios.shocks import BASE_SCENARIO
from tests.builders.deal_fund import write
from tests.builders.derivative_fund import INDEX, market, write_held

SWAP = {
    "product_type": "IRS", "currency": "USD", "issue_date": "2025-06-23", "maturity_date": "2029-06-23",
    "coupon": 0.04, "index": INDEX, "pay_receive": "RECEIVE", "fixed_frequency": 2, "fixed_day_count": "30/360",
    "float_frequency": 4, "float_day_count": "ACT/360",
}  # fmt: skip
AMORTISING = {"2025-12-23": 0.9, "2026-12-23": 0.6, "2027-12-23": 0.2}
ACCRETING = {"2026-02-10": 1.5, "2029-06-23": 9.0}
"""Before the next reset, 23 March 2026; a row on maturity says nothing any more."""


@pytest.mark.parametrize(
    ("steps", "side", "expected"),
    [
        ({}, "RECEIVE", [0.0, -1.0, 0.0, 1.0, 0.0]),
        (AMORTISING, "RECEIVE", [0.0, -0.9, 0.3, 0.6, 0.0]),
        (AMORTISING, "PAY", [0.0, 0.9, -0.3, -0.6, 0.0]),
        (ACCRETING, "RECEIVE", [-0.5 + 0.5, -1.5, 0.0, 1.5, 0.0]),
    ],
    ids=["level", "amortising, received", "amortising, paid", "accreting"],
)
def test_the_notional_falls_as_its_steps_say(
    tmp_path: Path, steps: dict[str, float], side: str, expected: list[float]
) -> None:
    """As of 23 January 2026, in buckets to 1M, 3M, 1Y, 5Y and beyond."""
    write_held(tmp_path, [SWAP | {"pay_receive": side}, SWAP])
    rows = [{"instrument_id": "I00000", "date": day, "notional_factor": factor} for day, factor in steps.items()]
    if rows:
        write(tmp_path / "steps.csv", rows)
    prepared = prepare_portfolio(tmp_path)
    assert prepared.portfolio is not None, prepared.errors
    given = parse_market(json.dumps(market()), rates_are_decimals=True)
    of = {"base_currency": "USD", "measures": PRICES_ONLY, "chunk_size": 4096}
    run = resolve(prepared.portfolio, given, [BASE_SCENARIO], **of)  # type: ignore[arg-type]
    gap = gap_of_run(
        run, LadderCells(np.arange(2), 2), buckets_of("1M,3M,1Y,5Y", EPOCH + timedelta(days=run.as_of_day))
    )
    np.testing.assert_allclose(gap[0, 0, :, SWAPS] / 1e6, expected, atol=1e-12)
    np.testing.assert_allclose(gap[0, 1, :, SWAPS] / 1e6, [0.0, -1.0, 0.0, 1.0, 0.0], atol=1e-12)
