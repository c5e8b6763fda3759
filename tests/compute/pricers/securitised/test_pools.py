"""Pools through a chunk: what cannot be priced and why, and how far a portfolio of pools reaches."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.ingest_portfolio import latest_maturity
from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import horizon_days
from domain.measures.failures import Reason
from domain.measures.measures import Fact
from tests.builders.derivative_fund import AS_OF, column, market, priced

EPOCH = date(1970, 1, 1)
POOL: dict[str, Any] = {
    "product_type": "ABS_MBS",
    "currency": "USD",
    "coupon": 0.055,
    "wac": 0.06,
    "wam": 350,
    "age": 10,
    "first_payment_date": "2026-02-01",
    "payment_delay_days": 24,
    "prepayment": "PSA 150",
}


def test_a_floater_is_unsupported_and_a_model_has_to_be_in_the_market(tmp_path: Path) -> None:
    pools = [
        POOL | {"deal_id": "D"},
        POOL | {"rate_type": "FLOATING"},
        POOL | {"prepayment": "MODEL m"},
    ]
    block = priced(tmp_path, pools, market()).blocks[Fact.PRICED]
    assert block.reasons[0, 0].tolist() == [Reason.NONE, Reason.UNSUPPORTED, Reason.MISSING_MARKET_DATA]
    assert [block.details[number] for number in block.detail[1:]] == [
        "a pool with a floating pass-through rate is not in this release",
        "the market has no prepayment model 'm'",
    ]


def test_a_missing_curve_is_named(tmp_path: Path) -> None:
    given = market(discount={"EUR": "EUR"})
    block = priced(tmp_path, [POOL, POOL | {"discount_curve": "USD-OIS"}], given).blocks[Fact.PRICED]
    assert block.reasons[0, 0].tolist() == [Reason.MISSING_MARKET_DATA, Reason.NONE]


def test_faster_speeds_shorten_a_pool_and_scenarios_scale_them_as_quoted(tmp_path: Path) -> None:
    """1.5 times 100 PSA is 150 PSA."""
    facts = priced(
        tmp_path,
        [POOL | {"prepayment": "PSA 100"}, POOL],
        market(),
        [{"kind": "PREPAYMENT", "multiplier": 1.5}],
    )
    pv = column(facts, "pv")
    assert pv[1, 0] == pytest.approx(pv[0, 1], rel=1e-14)
    assert abs(column(facts, "dv01")[0, 1]) < abs(column(facts, "dv01")[0, 0])


def test_the_day_tables_and_the_latest_maturity_reach_the_last_payment(tmp_path: Path) -> None:
    priced(tmp_path, [POOL | {"wam": 1200, "payment_delay_days": 366}, POOL], market())
    portfolio = prepare_portfolio(tmp_path).portfolio
    assert portfolio is not None
    last = date(2126, 1, 1) + timedelta(days=366)
    assert latest_maturity(portfolio) == (last - EPOCH).days
    assert horizon_days(portfolio, (AS_OF - EPOCH).days) > (last - AS_OF).days


def test_the_last_payment_is_clipped_to_its_month(tmp_path: Path) -> None:
    priced(tmp_path, [POOL | {"first_payment_date": "2026-01-31", "wam": 2, "payment_delay_days": 0}], market())
    portfolio = prepare_portfolio(tmp_path).portfolio
    assert portfolio is not None
    assert latest_maturity(portfolio) == (date(2026, 2, 28) - EPOCH).days


def test_a_pools_bits_do_not_depend_on_what_stands_beside_it(tmp_path: Path) -> None:
    facts = priced(tmp_path, [POOL, POOL | {"wam": 20, "age": 340}, POOL], market())
    pv = column(facts, "pv")[0]
    assert pv[0].tobytes() == pv[2].tobytes() != np.float64(pv[1]).tobytes()
