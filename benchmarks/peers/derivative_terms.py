"""Swaps, options and credit default swaps that both sides price, in the contract's columns."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from benchmarks.peers.terms import AS_OF, SPOT, Terms, bonds, market_document

VOLATILITY = 0.25
RECOVERY = 0.4
HAZARDS = {"1Y": 0.010, "2Y": 0.012, "3Y": 0.014, "5Y": 0.016, "7Y": 0.018, "10Y": 0.020}
USD_INDEX = {"currency": "USD", "index": "USD-3M", "float_frequency": 4, "float_day_count": "ACT/360"}


def unadjusted_bonds(count: int) -> Iterator[Terms]:
    """Yields count the days on which a bond is due; QuantLib's would count those on which it is paid."""
    for terms in bonds(count):
        yield terms | {"calendar": "NONE", "business_day": "UNADJUSTED"}


def spread_bonds(count: int) -> Iterator[Terms]:
    for i, terms in enumerate(bonds(count)):
        yield terms | {"spread": 0.005 + 0.0001 * (i % 100)}


def swaps(count: int) -> Iterator[Terms]:
    """Ten years, annual against quarterly, the first period fixed."""
    for i in range(count):
        issued = date(2026, 1, 1 + i % 22)
        yield USD_INDEX | {
            "product_type": "IRS",
            "issue_date": issued,
            "maturity_date": issued.replace(year=issued.year + 10),
            "coupon": 0.04 + 0.0001 * (i % 200),
            "pay_receive": "PAY",
            "fixed_frequency": 1,
            "fixed_day_count": "30/360",
        }


def caps(count: int) -> Iterator[Terms]:
    """Ten years, 40 caplets, all still to be set."""
    for i in range(count):
        begins = date(2026, 2, 1 + i % 22)
        yield USD_INDEX | {
            "product_type": "CAP_FLOOR",
            "option_type": "CAP",
            "issue_date": begins,
            "maturity_date": begins.replace(year=begins.year + 10),
            "strike": 0.02 + 0.0001 * (i % 200),
        }


def swaptions(count: int) -> Iterator[Terms]:
    """Five years into ten."""
    for i in range(count):
        expiry = date(2031, 1, 1 + i % 22)
        yield USD_INDEX | {
            "product_type": "SWAPTION",
            "option_type": "PAYER",
            "expiry_date": expiry,
            "maturity_date": expiry.replace(year=expiry.year + 10),
            "strike": 0.02 + 0.0001 * (i % 200),
            "fixed_frequency": 1,
            "fixed_day_count": "30/360",
        }


def credit_default_swaps(count: int) -> Iterator[Terms]:
    """About five years, twenty premiums to come."""
    for i in range(count):
        yield {
            "product_type": "CDS",
            "currency": "USD",
            "option_type": "BUY",
            "coupon": 0.02 + 0.0001 * (i % 200),
            "credit_curve": "ACME",
            "maturity_date": (date(2030, 12, 20), date(2031, 3, 20), date(2031, 6, 20))[i % 3],
            "calendar": "WEEKEND",
        }


def fx_options(count: int) -> Iterator[Terms]:
    """Half a year to a year, around the spot."""
    for i in range(count):
        yield {
            "product_type": "FX_OPTION",
            "currency": "USD",
            "pair": "EURUSD",
            "option_type": "CALL",
            "strike": SPOT * (0.95 + 0.001 * (i % 100)),
            "expiry_date": AS_OF + timedelta(days=183 + i % 160),
        }


def derivative_market() -> dict[str, Any]:
    hazards = [{"tenor": tenor, "hazard_rate": rate} for tenor, rate in HAZARDS.items()]
    flat = {"kind": "LOGNORMAL", "expiries_yr": [1, 5, 10], "vols": [VOLATILITY] * 3}
    on_swaps = flat | {"tenors_yr": [5, 10], "vols": [[VOLATILITY] * 2] * 3}
    return market_document() | {
        "credit_curves": [{"curve_id": "ACME", "recovery": RECOVERY, "nodes": hazards}],
        "volatilities": [
            flat | {"surface_id": "CAP", "product": "CAP_FLOOR", "index": "USD-3M"},
            on_swaps | {"surface_id": "SWPT", "product": "SWAPTION", "index": "USD-3M"},
            flat | {"surface_id": "FX", "product": "FX", "pair": "EURUSD"},
        ],
    }
