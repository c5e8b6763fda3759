"""Overnight swaps, resets on weekends and stubs of no days, from files to results: public bug reports of others."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.command_line import Tenor

QUOTES = {"1M": 0.0431, "3M": 0.0425, "6M": 0.0405, "1Y": 0.036, "2Y": 0.034, "5Y": 0.0345}
SWAP = "IRS,USD,{issue},{maturity},{coupon},USD-SOFR,PAY,1,ACT/360,1,ACT/360,,,,,,"
STUB = "IRS,EUR,{issue},2036-02-02,0.03,EUR-EURIBOR-6M,RECEIVE,1,30/360,2,ACT/360,,,,TARGET,FOLLOWING,true"
INSTRUMENTS = {
    "AT-MARKET": SWAP.format(issue="2026-01-23", maturity="2027-01-23", coupon=0.036),
    "SEASONED": SWAP.format(issue="2025-07-23", maturity="2030-07-23", coupon=0.0345),
    "WEEKEND": "BOND,USD,2024-11-15,2027-11-15,,USD-SOFR-3M,,,,,,FLOATING,4,ACT/360,,,",
    "STUB": STUB.format(issue="2026-01-31"),
    "NO-STUB": STUB.format(issue="2026-02-02"),
}
HEADER = (
    "instrument_id,product_type,currency,issue_date,maturity_date,coupon,index,pay_receive,fixed_frequency,"
    "fixed_day_count,float_frequency,float_day_count,rate_type,frequency,day_count,calendar,business_day,adjust_accrual"
)


def market() -> dict[str, Any]:
    nodes = [{"type": "OIS", "tenor": tenor, "rate": rate} for tenor, rate in QUOTES.items()]
    flat = [{"tenor": tenor, "rate": 0.03} for tenor in ("1Y", "50Y")]
    return {
        "as_of": "2026-01-23",
        "base_currency": "USD",
        "curves": [
            {"curve_id": "USD-SOFR", "currency": "USD", "kind": "PAR", "nodes": nodes},
            {"curve_id": "EUR-FLAT", "currency": "EUR", "kind": "ZERO", "nodes": flat},
        ],
        "discount": {"USD": "USD-SOFR", "EUR": "EUR-FLAT"},
        "projection": {"USD-SOFR": "USD-SOFR", "USD-SOFR-3M": "USD-SOFR", "EUR-EURIBOR-6M": "EUR-FLAT"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.1}],
        "fixings": [
            {"index": "USD-SOFR", "date": "2026-01-22", "rate": 0.0433},
            {"index": "USD-SOFR-3M", "date": "2025-11-14", "rate": 0.04},
        ],
    }


@pytest.fixture
def brought(tenor: Tenor, tmp_path: Path) -> tuple[str, str]:
    rows = [f"{name},{terms}" for name, terms in INSTRUMENTS.items()]
    (tmp_path / "instruments.csv").write_text("\n".join([HEADER, *rows]))
    held = [f"{name},{name},B,10000000" for name in INSTRUMENTS]
    (tmp_path / "positions.csv").write_text("\n".join(["position_id,instrument_id,book_id,notional", *held]))
    (tmp_path / "portfolio.csv").write_text("node_id,parent_id,name,kind\nF,,Fund,FUND\nB,F,Book,BOOK\n")
    (tmp_path / "market.json").write_text(json.dumps(market()))
    return tenor.bring(tmp_path)


def test_fixings_and_stubs_come_right_through_the_command_line(tenor: Tenor, brought: tuple[str, str]) -> None:
    portfolio, market_id = brought
    asked = ("--measures", "PV,DV01", "--wait", "--workers", "1")
    run = tenor.json("run", "submit", "--portfolio", portfolio, "--market", market_id, *asked)
    assert (run["priced"], run["failed"]) == (4, 1)
    answer = tenor("results", run["run_id"], "--format", "csv")
    rows = {row["position_id"]: row for row in csv.DictReader(io.StringIO(answer.out.decode()))}
    assert abs(float(rows["AT-MARKET"]["pv"])) < 0.005
    assert float(rows["AT-MARKET"]["dv01"]) == pytest.approx(-1_000, abs=0.1)
    assert rows["SEASONED"]["reason"].startswith("PV:MISSING_MARKET_DATA")
    assert rows["WEEKEND"]["status"] == "PRICED"  # reset on Saturday 15 November 2025, fixed on the Friday
    assert float(rows["STUB"]["pv"]) == pytest.approx(-40_126.70, abs=0.005)
    assert float(rows["NO-STUB"]["pv"]) == pytest.approx(-40_126.70, abs=0.005)
    said = tenor.json("audit", "lineage", run["run_id"], "SEASONED", "PV")["number"]["detail"]
    assert said == "the market has no fixing of 'USD-SOFR' for 2025-07-23 to 2026-01-21"
