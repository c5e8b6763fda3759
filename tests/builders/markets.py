"""Markets that several tests share: quotes of curves, surfaces, credit and spread curves."""

from datetime import date
from typing import Any

import QuantLib as ql

from tests.builders.derivative_fund import AS_OF, INDEX, market, ql_day

EXPIRIES = {"expiries_yr": [0.5, 2, 10]}
CAPLETS = {"surface_id": "C", "product": "CAP_FLOOR", "index": INDEX, "kind": "NORMAL", **EXPIRIES}
SWAPTIONS = {
    "surface_id": "S",
    "product": "SWAPTION",
    "index": INDEX,
    "kind": "NORMAL",
    **EXPIRIES,
    "tenors_yr": [5, 10],
}
PAIRS = {"surface_id": "F", "product": "FX", "pair": "EURUSD", "kind": "LOGNORMAL", **EXPIRIES}
VOLATILITIES = [
    CAPLETS | {"vols": [0.009, 0.0085, 0.008]},
    SWAPTIONS | {"vols": [[0.0085, 0.008], [0.0082, 0.0078], [0.0075, 0.007]]},
    PAIRS | {"vols": [0.07, 0.08, 0.085]},
]
CREDIT = [{"curve_id": "ACME", "recovery": 0.4, "nodes": [{"tenor": "1825D", "hazard_rate": 0.02}]}]
SPREADS = [{"curve_id": "BBB", "nodes": [{"tenor": "365D", "rate": 0.01}, {"tenor": "3650D", "rate": 0.02}]}]


def given(as_of: date = AS_OF, **changes: Any) -> dict[str, Any]:
    own = {"as_of": as_of.isoformat(), "volatilities": VOLATILITIES, "credit_curves": CREDIT, "spread_curves": SPREADS}
    return market(**own) | changes


Quotes = list[dict[str, Any]]
SOFR: Quotes = [
    {"type": "DEPOSIT", "tenor": "1M", "rate": 0.0368},
    {"type": "OIS", "tenor": "6M", "rate": 0.0362},
    {"type": "OIS", "tenor": "1Y", "rate": 0.0351},
    {"type": "OIS", "tenor": "2Y", "rate": 0.0341},
    {"type": "OIS", "tenor": "5Y", "rate": 0.0352},
    {"type": "OIS", "tenor": "10Y", "rate": 0.0381},
    {"type": "OIS", "tenor": "30Y", "rate": 0.0399},
]
EURIBOR = [
    {"type": "DEPOSIT", "tenor": "3M", "rate": 0.0203},
    {"type": "FRA", "tenor": "3x6", "rate": 0.0207},
    {"type": "FUTURE", "date": "2026-09-16", "rate": 0.0211},
    {"type": "SWAP", "tenor": "2Y", "rate": 0.0219, "fixed_day_count": "30E/360"},
    {"type": "SWAP", "tenor": "5Y", "rate": 0.0243, "fixed_day_count": "30E/360"},
    {"type": "SWAP", "tenor": "10Y", "rate": 0.0277, "fixed_day_count": "30E/360"},
]
INTERPOLATIONS = ["LOG_LINEAR_DF", "LINEAR_ZERO", "NATURAL_CUBIC_ZERO", "MONOTONE_CONVEX"]


def days_from_now(count: int, months: int) -> list[int]:
    start = ql_day(AS_OF)
    return [(start + ql.Period(months * k, ql.Months)) - start for k in range(1, count + 1)]


HULL_WHITE = {"mean_reversion": 0.03, "sigma": 0.009}
