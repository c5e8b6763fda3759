"""A bank's small book for rules of liquidity: all classes of debtors, both scales of ratings, and what is left out."""

import json
from pathlib import Path
from typing import Any

AS_OF = "2026-01-23"

ISSUERS = """issuer_id,rating,asset_class
HOUSEHOLDS,,RETAIL
HOMES,,RESIDENTIAL_RE
SHOPS,,CORPORATE_SME
MAKER,BBB,CORPORATE
GOOD-MAKER,Aa3,CORPORATE
WEAK-MAKER,BB+,CORPORATE
STATE,AA-,SOVEREIGN
FAR-STATE,A2,SOVEREIGN
LOW-STATE,Baa3,SOVEREIGN
BANK-ONE,A,BANK
COVERED,AAA,BANK
NOBODY,A,
ODD,five stars,CORPORATE
"""

LOANS = {
    # level pay: 12,000 over 12 months at 0 % is 1,000 a month, the next on 5 February; CPR is behaviour, not contract
    "AUTO": ("HOUSEHOLDS", "2025-02-05", "2027-01-05", 0.0, 12, "LEVEL_PAY", "CPR 20"),
    "HOME": ("HOMES", "2025-01-31", "2027-01-31", 0.06, 12, "LINEAR", ""),
    # bullets: 10,000 at 3.6 % 30/360 pays 90 each quarter; the last on day 30, on day 31, at 6M and a day later
    "DAY-30": ("BANK-ONE", "2025-02-22", "2026-02-22", 0.036, 4, "BULLET", ""),
    "DAY-31": ("BANK-ONE", "2025-02-23", "2026-02-23", 0.036, 4, "BULLET", ""),
    "SIX-MONTHS": ("BANK-ONE", "2025-07-23", "2026-07-23", 0.036, 4, "BULLET", ""),
    "SIX-MONTHS-1": ("BANK-ONE", "2025-07-24", "2026-07-24", 0.036, 4, "BULLET", ""),
    "ONE-YEAR": ("MAKER", "2025-01-23", "2027-01-23", 0.036, 4, "BULLET", ""),
    "ONE-YEAR-1": ("MAKER", "2025-01-24", "2027-01-24", 0.036, 4, "BULLET", ""),
    "SHOP": ("SHOPS", "2025-01-31", "2028-01-31", 0.036, 4, "BULLET", ""),
    "STATE-LOAN": ("STATE", "2025-01-31", "2028-01-31", 0.036, 4, "BULLET", ""),
    "LATE": ("MAKER", "2025-01-31", "2028-01-31", 0.036, 4, "BULLET", ""),
    "UNKNOWN": ("NOBODY", "2025-01-31", "2028-01-31", 0.036, 4, "BULLET", ""),
}
BONDS = {
    "GILT": ("STATE", "2030-06-15", "EUR"),
    "FAR-BOND": ("FAR-STATE", "2026-06-15", "USD"),
    "LOW-BOND": ("LOW-STATE", "2031-06-15", "USD"),
    "GOOD-BOND": ("GOOD-MAKER", "2026-12-15", "USD"),
    "MAKER-BOND": ("MAKER", "2029-06-15", "USD"),
    "WEAK-BOND": ("WEAK-MAKER", "2029-06-15", "USD"),
    "BANK-BOND": ("BANK-ONE", "2026-09-15", "USD"),
    "COVERED-BOND": ("COVERED", "2029-06-15", "EUR"),
    "NOBODY-BOND": ("NOBODY", "2029-06-15", "USD"),
    "ODD-BOND": ("ODD", "2029-06-15", "USD"),
    "SHORT-BOND": ("STATE", "2029-06-15", "USD"),
    "TWICE-RATED": ("GOOD-MAKER", "2029-06-15", "USD"),
    "LOST": ("STATE", "2029-06-15", "CHF"),
}
HELD = {  # position: (instrument, book, notional, undrawn, days_past_due, rating_2, daily_volume, bid_ask_bp)
    "P-AUTO": ("AUTO", "SMALL", 12000, 1000, "", "", "", ""),
    "P-HOME": ("HOME", "SMALL", 26000, "", "", "", "", ""),
    "P-DAY-30": ("DAY-30", "BANKS", 10000, 500, "", "", "", ""),
    "P-DAY-31": ("DAY-31", "BANKS", 10000, "", "", "", "", ""),
    "P-SIX": ("SIX-MONTHS", "BANKS", 10000, "", "", "", "", ""),
    "P-SIX-1": ("SIX-MONTHS-1", "BANKS", 10000, "", "", "", "", ""),
    "P-ONE": ("ONE-YEAR", "FIRMS", 10000, 2000, "", "", "", ""),
    "P-ONE-1": ("ONE-YEAR-1", "FIRMS", 10000, "", "", "", "", ""),
    "P-SHOP": ("SHOP", "FIRMS", 10000, 300, "", "", "", ""),
    "P-STATE": ("STATE-LOAN", "FIRMS", 10000, 400, "", "", "", ""),
    "P-LATE": ("LATE", "FIRMS", 10000, "", 91, "", "", ""),
    "P-UNKNOWN": ("UNKNOWN", "FIRMS", 10000, 700, "", "", "", ""),
    "P-GILT": ("GILT", "BONDS", 5000, "", "", "", 1000, 4),
    "P-FAR": ("FAR-BOND", "BONDS", 4000, "", "", "", 2000, ""),
    "P-LOW": ("LOW-BOND", "BONDS", 4000, "", "", "", "", 10),
    "P-GOOD": ("GOOD-BOND", "BONDS", 3000, "", "", "", 500, 20),
    "P-MAKER": ("MAKER-BOND", "BONDS", 3000, "", "", "", 0, 25),
    "P-WEAK": ("WEAK-BOND", "BONDS", 3000, "", "", "", "", ""),
    "P-BANK": ("BANK-BOND", "BONDS", 3000, "", "", "", "", ""),
    "P-COVERED": ("COVERED-BOND", "BONDS", 3000, "", "", "", "", ""),
    "P-NOBODY": ("NOBODY-BOND", "BONDS", 3000, "", "", "", "", ""),
    "P-ODD": ("ODD-BOND", "BONDS", 3000, "", "", "", "", ""),
    "P-SHORT": ("SHORT-BOND", "BONDS", -2000, "", "", "", 1000, 4),
    "P-TWICE": ("TWICE-RATED", "BONDS", 3000, "", "", "BBB+", "", ""),
    "P-LOST": ("LOST", "BONDS", 3000, "", "", "", 1000, 4),
    "P-FORWARD": ("FORWARD", "HEDGES", 1000, "", "", "", "", ""),
}
COLUMNS = "position_id,instrument_id,book_id,notional,undrawn,days_past_due,rating_2,daily_volume,bid_ask_bp"
PORTFOLIO = """node_id,parent_id,name,kind
FUND,,Fund,FUND
LENDING,FUND,Lending,DESK
SMALL,LENDING,Small,BOOK
BANKS,LENDING,Banks,BOOK
FIRMS,LENDING,Firms,BOOK
TREASURY,FUND,Treasury,DESK
BONDS,TREASURY,Bonds,BOOK
HEDGES,TREASURY,Hedges,BOOK
"""
TERMS = (
    *("instrument_id", "product_type", "currency", "issuer_id", "issue_date", "maturity_date", "rate_type", "coupon"),
    *("day_count", "frequency", "amortization", "prepayment", "pair", "strike", "asset_class"),
)


def instruments() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, (issuer, issued, ends, coupon, frequency, kind, speed) in LOANS.items():
        rows.append(
            dict(zip(TERMS, (name, "LOAN", "USD", issuer, issued, ends, "FIXED", coupon, "30/360"), strict=False))
            | {"frequency": frequency, "amortization": kind, "prepayment": speed}
        )
    for name, (issuer, ends, currency) in BONDS.items():
        rows.append(
            dict(zip(TERMS, (name, "BOND", currency, issuer, "2024-06-15", ends, "FIXED", 0.04), strict=False))
            | {
                "day_count": "30/360",
                "frequency": 2,
                "asset_class": name.replace("-", "_") if issuer == "COVERED" else "",
            }
        )
    forward = dict(zip(TERMS, ("FORWARD", "FX_FWD", "USD"), strict=False))
    rows.append(forward | {"pair": "EURUSD", "strike": 1.1, "maturity_date": "2026-02-10"})
    return rows


def market(**changes: Any) -> dict[str, Any]:
    """Flat curves; nothing leads from francs to dollars."""

    def flat(name: str, currency: str, rate: float) -> dict[str, Any]:
        nodes = [{"tenor": "1Y", "rate": rate}, {"tenor": "30Y", "rate": rate}]
        return {"curve_id": name, "currency": currency, "kind": "ZERO", "nodes": nodes}

    return {
        "as_of": AS_OF,
        "base_currency": "USD",
        "curves": [flat("USD", "USD", 0.04), flat("EUR", "EUR", 0.02), flat("CHF", "CHF", 0.01)],
        "discount": {"USD": "USD", "EUR": "EUR", "CHF": "CHF"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.2}],
    } | changes


def write_fund(folder: Path, **changes: Any) -> Path:
    (folder / "portfolio.csv").write_text(PORTFOLIO)
    (folder / "issuers.csv").write_text(ISSUERS)
    lines = [",".join(str(row.get(name, "")) for name in TERMS) for row in instruments()]
    (folder / "instruments.csv").write_text("\n".join([",".join(TERMS), *lines]) + "\n")
    held = [",".join(map(str, (name, *cells))) for name, cells in HELD.items()]
    (folder / "positions.csv").write_text("\n".join([COLUMNS, *held]) + "\n")
    (folder / "market.json").write_text(json.dumps(market(**changes)))
    up = {"scenario_id": "rates_higher", "name": "up", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]}
    weaker = {"scenario_id": "weak", "name": "euro falls", "shocks": [{"kind": "FX", "pair": "EURUSD", "pct": -10}]}
    (folder / "scenarios.json").write_text(json.dumps([up, weaker]))
    return folder
