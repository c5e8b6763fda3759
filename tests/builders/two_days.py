"""The same small book on two days: another market, other terms and notionals, one bond sold and one bought."""

import json
from pathlib import Path
from typing import Any

FIRST, SECOND = "2026-01-23", "2026-02-27"
TERMS = ",".join(
    (
        *("instrument_id", "product_type", "currency", "issue_date", "maturity_date", "rate_type", "coupon", "index"),
        *("margin", "day_count", "frequency", "amortization", "spread", "spread_curve"),
    )
)
INSTRUMENTS = {
    "Z2": "ZERO-2,BOND,USD,2024-01-23,2028-01-23,ZERO,,,,ACT/365F,1,,,",
    "B5": "BOND-5,BOND,USD,2024-06-15,2031-06-15,FIXED,0.04,,,30/360,2,,,BBB",
    "E7": "EURO-7,BOND,EUR,2024-03-10,2033-03-10,FIXED,0.03,,,ACT/ACT.ICMA,1,,0.002,",
    "FL": "FLOATER,LOAN,USD,2025-02-15,2029-02-15,FLOATING,,USD-T-3M,0.02,ACT/360,4,BULLET,,BBB",
    "LO": "LOAN-3,LOAN,USD,2025-01-31,2029-01-31,FIXED,0.06,,,30/360,12,LEVEL_PAY,0.01,",
    "S1": "SOLD-1,BOND,EUR,2024-06-15,2027-06-15,FIXED,0.02,,,30/360,1,,,",
    "N9": "NEW-9,BOND,USD,2026-02-10,2035-02-10,FIXED,0.05,,,30/360,2,,,BBB",
}
LATER = {"LO": "LOAN-3,LOAN,USD,2025-01-31,2030-01-31,FIXED,0.05,,,30/360,12,LEVEL_PAY,0.01,"}
"""The loan has been given another year, and a lower coupon."""
HELD = {
    FIRST: {"Z2": ("ONE", 1000, "a"), "B5": ("ONE", 2000, "b"), "E7": ("TWO", 1500, "a"), "FL": ("TWO", 3000, "")}
    | {"LO": ("ONE", 2500, "b"), "S1": ("TWO", 1200, "a")},
    SECOND: {"Z2": ("ONE", 1000, "a"), "B5": ("TWO", 2000, "b"), "E7": ("TWO", 900, "a"), "FL": ("TWO", 3300, "c")}
    | {"LO": ("ONE", 2400, "b"), "N9": ("ONE", 700, "a")},
}
"""position: book, notional, tag; the bond B5 has moved to another book."""
PORTFOLIO = "node_id,parent_id,name,kind\nF,,Fund,FUND\nONE,F,One,BOOK\nTWO,F,Two,BOOK\n"


def market(day: str) -> dict[str, Any]:
    """A node on a date beside tenors; the floater is set anew on 15 February, between the days."""
    later = day == SECOND
    move = 0.004 if later else 0.0
    dated = {"date": "2027-06-30" if later else "2027-03-31", "rate": 0.036 + move}
    usd = [{"tenor": "6M", "rate": 0.04 + move}, dated, {"tenor": "5Y", "rate": 0.038 + 2 * move}]
    eur = [{"tenor": "1Y", "rate": 0.02 + move / 2}, {"tenor": "10Y", "rate": 0.025 - move}]
    fixings = [{"index": "USD-T-3M", "date": "2025-11-15", "rate": 0.042}]
    fixings += [{"index": "USD-T-3M", "date": "2026-02-15", "rate": 0.0405}] if later else []
    return {
        "as_of": day,
        "base_currency": "USD",
        "curves": [
            {"curve_id": "USD", "currency": "USD", "kind": "ZERO", "nodes": usd},
            {"curve_id": "EUR", "currency": "EUR", "kind": "ZERO", "interpolation": "LINEAR_ZERO", "nodes": eur},
        ],
        "spread_curves": [{"curve_id": "BBB", "nodes": [{"tenor": "5Y", "rate": 0.021 if later else 0.018}]}],
        "discount": {"USD": "USD", "EUR": "EUR"},
        "projection": {"USD-T-3M": "USD"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.25 if later else 1.15}],
        "fixings": fixings,
    }


def write_day(folder: Path, day: str, given: dict[str, Any] | None = None, held: Any = None) -> Path:
    instruments = INSTRUMENTS | (LATER if day == SECOND else {})
    positions = HELD[day] if held is None else held
    (folder / "portfolio.csv").write_text(PORTFOLIO)
    (folder / "instruments.csv").write_text("\n".join([TERMS, *instruments.values()]) + "\n")
    rows = [
        f"{name},{instruments[name].partition(',')[0]},{book},{notional},{tag}"
        for name, (book, notional, tag) in positions.items()
    ]
    (folder / "positions.csv").write_text("\n".join(["position_id,instrument_id,book_id,notional,team", *rows]) + "\n")
    (folder / "market.json").write_text(json.dumps(given or market(day)))
    return folder
