"""What makes the sample fund a book that needs capital: a policy, how obligors are rated, what is only brought."""

from typing import Any

import numpy as np
import pyarrow as pa

from ops.samples.credit_policy import cecl, satellites
from ops.samples.obligors import Array, Columns, arrow_table, currencies, pick
from ops.samples.terms import ids_of, in_books

POLICY_ID = "sample"
APPROACH_OF = {"SOV": "SA", "CORP": "FIRB", "SEG": "AIRB", "HOME": "AIRB", "PROP": "SA"}
"""By family of obligors."""
_SORTS = np.array(["CASH", "EQUITY"])


RWA, CET1, TIER1, PPNR, DIVIDEND = 668_000, 87_000, 97_000, 12_000, 270
"""Per position: weighted assets and capital today, nine quarters of net revenue, dividends of a quarter."""
_LIMITS = {"CS01": 340, "DV01": 290, "RWA_SA": 900_000, "RWA_US_SA": 1_150_000, "ALLOWANCE": 12_000, "EL": 5_500}
"""Per position. The demo's fund is past the first, near some, inside others."""


def policy_document(positions: int) -> dict[str, Any]:
    return {
        "policy_id": POLICY_ID,
        "lgd_defaults": {"SENIOR_SECURED": 0.35, "SUBORDINATED": 0.75, "*": 0.45},
        "cecl": cecl(),
        "satellites": satellites(),
        "capital": {
            "domestic_sovereigns": [
                {"country": "US", "currency": "USD"},
                {"country": "DE", "currency": "EUR"},
                {"country": "GB", "currency": "GBP"},
            ],
            "rwa": float(RWA * positions),
            "cet1": float(CET1 * positions),
            "tier1": float(TIER1 * positions),
            "ppnr": float(PPNR * positions),
            "planned_common_dividends": [float(DIVIDEND * positions)] * 9,
        },
        "limits": [
            *(
                {"limit_id": metric.lower(), "metric": metric, "max": float(each * positions), "warn_at": 0.9}
                for metric, each in _LIMITS.items()
            ),
            {"limit_id": "large_exposure", "metric": "LARGE_EXPOSURE"},
            {"limit_id": "country", "metric": "SHARE", "by": "country", "max": 0.6, "warn_at": 0.9},
        ],
    }


def approaches(family: Array) -> list[str]:
    return [APPROACH_OF[each] for each in family]


def brought(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Cash with banks and shares: EXTERNAL, with a value that somebody else found."""
    currency, sort = currencies(rng, n), _SORTS[np.arange(n) % len(_SORTS)]
    issuer, ids = pick(rng, issuers, "CORP", currency), ids_of("E", n)
    notional = rng.lognormal(14.0, 0.5, n).round(2)
    gain = np.where(sort == "EQUITY", rng.normal(1.05, 0.1, n), 1.0)
    instruments = {
        "instrument_id": ids,
        "product_type": np.full(n, "EXTERNAL"),
        "currency": currency,
        "issuer_id": issuers["issuer_id"][issuer],
    }
    positions = {
        "instrument_id": ids,
        "book_id": in_books(rng, "LIQUIDITY", n=n),
        "notional": notional,
        "market_value": (notional * gain).round(2),
        "asset_class": sort,
    }
    return arrow_table(instruments), arrow_table(positions)
