"""What is shown of cash flows is what is priced: schedules add up to values, decrement tables to the waterfall."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from commands.ingestion.prepare import prepare_portfolio
from compute.cash_flows.deals import NoCashFlows, deal_table, pool_table
from compute.cash_flows.schedules import schedule_table
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from compute.product_families import price_chunk
from domain.market.document import parse_market
from domain.measures.measures import Fact
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.cash_flow_fund import BOND, CONTRACT, LOSING, SHOCKS, SWAP
from tests.builders.deal_fund import ALL, FIXED_NOTE, FLOATING_LOAN, LOAN, POOL, TRANCHE, write_deal
from tests.builders.derivative_fund import market, priced

HELD: list[dict[str, Any]] = [
    *[TRANCHE] * 4,
    POOL | LOSING,
    POOL,
    LOAN | LOSING,
    FLOATING_LOAN | LOSING,
    LOAN | LOSING | {"frequency": 4, "amortization": "LINEAR"},
    CONTRACT,
    CONTRACT | {"payment_amount": 3000, "rounding": "CENT"},
    BOND,
    BOND | {"rate_type": "FLOATING", "coupon": "", "index": FLOATING_LOAN["index"], "frequency": 4},
]
NAMES = ["BASE", "fast@1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunInputs:
    folder = write_deal(tmp_path_factory.mktemp("fund"), ALL)
    priced(folder, [*HELD, SWAP], market(), measures=PRICES_ONLY)  # writes the fund
    portfolio = prepare_portfolio(folder).portfolio
    assert portfolio is not None
    scenarios = [BASE_SCENARIO, ScenarioDocument.model_validate({"scenario_id": "fast", "shocks": SHOCKS})]
    given = parse_market(json.dumps(market()), rates_are_decimals=True)
    return resolve(portfolio, given, scenarios, base_currency="USD", measures=PRICES_ONLY, chunk_size=4096)


def table(run: RunInputs, position: int) -> dict[str, np.ndarray[Any, Any]]:
    return {name: np.array(cells) for name, cells in schedule_table(run, position, NAMES).items()}


def product_of(run: RunInputs, position: int) -> str:
    column = run.portfolio.tables["instruments"].columns["product_type"]
    return str(column.categories[column.values[run.portfolio.instrument_row[position]]])


@pytest.mark.parametrize("position", range(len(HELD)))
def test_a_schedule_is_worth_the_position(run: RunInputs, position: int) -> None:
    """Every scenario; and every balance is the one before it, less what left it."""
    pv = price_chunk(run, 0).blocks[Fact.PRICED].values[0]
    told = table(run, position)
    for number, name in enumerate(NAMES):
        mine = {column: cells[told["scenario_id"] == name] for column, cells in told.items()}
        assert_allclose(mine["pv"].sum(), pv[number, position], rtol=1e-12)
        assert_allclose(mine["cash_flow"], mine["interest"] + mine["principal"] - mine["drawn"], rtol=1e-12)
        assert mine["period"].tolist() == list(range(1, len(mine["period"]) + 1))
        if mine["scheduled_principal"][0] is not None:
            parts = [mine[f"{part}_principal"] for part in ("scheduled", "prepaid", "advanced", "recovered")]
            assert_allclose(mine["principal"], sum(parts), rtol=1e-12, atol=1e-6)
            left = mine["opening_balance"] + mine["capitalised"] - parts[0] - parts[1] - mine["defaulted"]
            assert_allclose(mine["closing_balance"], left, atol=1e-5)
            assert_allclose(mine["closing_balance"][:-1], mine["opening_balance"][1:], atol=1e-5)
            assert_allclose((mine["defaulted"] - mine["loss"] - parts[2] - parts[3]).sum(), 0.0, atol=1e-4)


def test_a_contractual_schedule_knows_no_speeds(run: RunInputs) -> None:
    contractual = replace(run, is_contractual=True)
    for position in range(len(HELD)):
        told = table(contractual, position)
        assert set(told["basis"]) == {"CONTRACTUAL"}
        if told["scheduled_principal"][0] is not None:
            assert not told["prepaid_principal"].any() and not told["defaulted"].any()
    pool = table(contractual, next(p for p in range(len(HELD)) if product_of(run, p) == "ABS_MBS"))
    assert len(pool["period"]) > 0


def test_what_has_no_schedule_says_so(run: RunInputs) -> None:
    forward = next(p for p in range(len(HELD) + 1) if product_of(run, p) == "FX_FWD")
    with pytest.raises(NoCashFlows, match="an FX_FWD has no schedule"):
        schedule_table(run, forward, NAMES)
    with pytest.raises(NoCashFlows, match="no deal 'E'"):
        deal_table(run, "E", NAMES)


def test_a_deal_pays_its_tranches_what_its_pool_hands_out(run: RunInputs) -> None:
    deal = {name: np.array(cells) for name, cells in deal_table(run, "D", NAMES).items()}
    pool = {name: np.array(cells) for name, cells in pool_table(run, "D", NAMES).items()}
    for name in NAMES:
        of_pool = pool["scenario_id"] == name
        for period in pool["period"][of_pool]:
            mine = (deal["scenario_id"] == name) & (deal["period"] == period)
            paid = (deal["interest"] + deal["principal"])[mine].sum()
            now = of_pool & (pool["period"] == period)
            handed = pool["interest_paid"] + pool["principal_paid"] + pool["residual"]
            assert_allclose(paid, handed[now][0], rtol=1e-9)
    note = deal["instrument_id"] == "I00000"
    assert_allclose(deal["percent_outstanding"][note], deal["closing_balance"][note] / FIXED_NOTE["balance"] * 100)
