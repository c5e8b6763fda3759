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


def policy_document() -> dict[str, Any]:
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
            ]
        },
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
