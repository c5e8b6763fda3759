"""The part of the market that lineage shows: of the fixings those that the position is paid on, and no others."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from commands.ingestion.prepare import prepare_portfolio
from ops.audit.lineage.market import market_used

COLUMNS = "instrument_id,product_type,currency,issue_date,maturity_date,rate_type,index,frequency,day_count,"
MORE = "fixing_lag_days,amortization,coupon,pay_receive,fixed_frequency,fixed_day_count,float_frequency,float_day_count"
ROWS = {
    "TERM": "BOND,USD,2024-11-15,2028-11-15,FLOATING,USD-SOFR-3M,4,ACT/360,2,,,,,,,",
    "ON": "LOAN,USD,2026-01-15,2028-01-15,FLOATING,USD-SOFR,1,ACT/360,,BULLET,,,,,,",
    "OIS": "IRS,USD,2026-01-15,2028-01-15,,USD-SOFR,,,,,0.03,PAY,1,ACT/360,1,ACT/360",
    "FIXED": "BOND,USD,2024-11-15,2028-11-15,FIXED,USD-SOFR-3M,4,ACT/360,,,0.04,,,,,",
}
USED = [
    ("TERM", ["2025-11-12"]),  # reset on Saturday 15 November 2025, two business days before the Friday
    ("ON", ["2026-01-15", "2026-01-16", "2026-01-20", "2026-01-21", "2026-01-22"]),  # Martin Luther King Day between
    ("OIS", ["2026-01-15", "2026-01-16", "2026-01-20", "2026-01-21", "2026-01-22"]),
    ("FIXED", []),
]


@pytest.mark.parametrize(("position", "days"), USED)
def test_lineage_shows_the_fixings_that_a_position_is_paid_on(tmp_path: Path, position: str, days: list[str]) -> None:
    rows = [f"{name},{terms}" for name, terms in ROWS.items()]
    (tmp_path / "instruments.csv").write_text("\n".join([COLUMNS + MORE, *rows]))
    held = [f"{name},{name},B,100" for name in ROWS]
    (tmp_path / "positions.csv").write_text("\n".join(["position_id,instrument_id,book_id,notional", *held]))
    (tmp_path / "portfolio.csv").write_text("node_id,parent_id,name,kind\nF,,Fund,FUND\nB,F,Book,BOOK\n")
    prepared = prepare_portfolio(tmp_path)
    assert prepared.portfolio is not None, prepared.errors
    every_day = [date(2025, 10, 1) + timedelta(days=k) for k in range(115)]
    weekdays = [day for day in every_day if day.weekday() < 5 and day != date(2026, 1, 19)]
    market = {
        "as_of": "2026-01-23",
        "base_currency": "USD",
        "curves": [{"curve_id": "C", "currency": "USD", "nodes": [{"tenor": t, "rate": 0.03} for t in ("1Y", "9Y")]}],
        "discount": {"USD": "C"},
        "projection": {"USD-SOFR": "C", "USD-SOFR-3M": "C"},
        "fixings": [
            {"index": index, "date": str(day), "rate": 0.04}
            for index in ("USD-SOFR", "USD-SOFR-3M")
            for day in weekdays
        ],
    }
    column = prepared.portfolio.tables["positions"].columns["position_id"]
    row = [column.categories[code] for code in column.values].index(position)
    used = market_used(json.dumps(market).encode(), prepared.portfolio, row, "USD")
    assert [each["date"] for each in used["fixings"]] == days
