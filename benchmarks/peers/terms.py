"""The instruments and curves that both sides price: facts alone, in neither side's types."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

AS_OF = date(2026, 1, 23)
NOTIONAL = 1e6
SPOT = 1.10
FIXING = 0.021
SHIFTS_BP = [round(-100 + 200 * scenario / 9, 6) for scenario in range(10)]

PILLARS_YR = [0.08333, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7, 10, 12, 15, 20, 25, 31]
USD_ZEROS = [
    *(0.0200, 0.0205, 0.0210, 0.0218, 0.0225, 0.0235, 0.0245, 0.0262, 0.0276),
    *(0.0288, 0.0306, 0.0325, 0.0333, 0.0341, 0.0350, 0.0355, 0.0360),
]
EUR_ZEROS = [rate - 0.012 for rate in USD_ZEROS]
NODE_DATES = [AS_OF + timedelta(days=round(years * 365.25)) for years in PILLARS_YR]

Terms = dict[str, Any]
"""Columns of the contract's `instruments` table, dates and numbers as they are."""

DEBT = {"currency": "USD", "calendar": "TARGET", "business_day": "FOLLOWING", "end_of_month": False}


def bonds(count: int) -> Iterator[Terms]:
    """Ten years, two coupons a year."""
    for i in range(count):
        maturity = date(2036, 1, 23) - timedelta(days=i % 160)
        yield DEBT | {
            "product_type": "BOND",
            "issue_date": maturity.replace(year=maturity.year - 11),
            "maturity_date": maturity,
            "rate_type": "FIXED",
            "coupon": 0.02 + 0.0001 * (i % 300),
            "frequency": 2,
            "day_count": "ACT/ACT.ICMA",
        }


def loans(count: int, prepayment: str | None = None) -> Iterator[Terms]:
    """Thirty years, 360 level payments to come."""
    for i in range(count):
        issued = date(2026, 1, 1 + i % 22)
        yield DEBT | {
            "product_type": "LOAN",
            "issue_date": issued,
            "maturity_date": issued.replace(year=issued.year + 30),
            "rate_type": "FIXED",
            "coupon": 0.03 + 0.0001 * (i % 300),
            "frequency": 12,
            "day_count": "30/360",
            "amortization": "LEVEL_PAY",
            "prepayment": prepayment,
        }


def floaters(count: int) -> Iterator[Terms]:
    """Ten years, four coupons a year, the first of them fixed."""
    for i in range(count):
        yield DEBT | {
            "product_type": "BOND",
            "issue_date": date(2025, 1, 1 + i % 22),
            "maturity_date": date(2036, 1, 1 + i % 22),
            "rate_type": "FLOATING",
            "index": "USD-3M",
            "margin": 0.005 + 0.0001 * (i % 100),
            "frequency": 4,
            "day_count": "ACT/360",
        }


def fx_forwards(count: int) -> Iterator[Terms]:
    """Half a year to a year, struck away from the forward so that values are not differences of equals."""
    for i in range(count):
        yield {
            "product_type": "FX_FWD",
            "currency": "USD",
            "pair": "EURUSD",
            "strike": 1.20 + 0.001 * (i % 100),
            "maturity_date": AS_OF + timedelta(days=183 + i % 160),
        }


def market_document() -> Terms:
    """The market file of the contract, section 3."""
    reset_days = [AS_OF - timedelta(days=days) for days in range(120)]
    return {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [_curve("USD", USD_ZEROS), _curve("EUR", EUR_ZEROS)],
        "discount": {"USD": "USD", "EUR": "EUR"},
        "projection": {"USD-3M": "USD"},
        "fx_spots": [{"pair": "EURUSD", "spot": SPOT}],
        "fixings": [{"index": "USD-3M", "date": day.isoformat(), "rate": FIXING} for day in reset_days],
    }


def _curve(currency: str, zeros: list[float]) -> Terms:
    nodes = [{"date": day.isoformat(), "rate": zero} for day, zero in zip(NODE_DATES, zeros, strict=True)]
    return {"curve_id": currency, "currency": currency, "kind": "ZERO", "nodes": nodes}
