"""Derivatives as dictionaries of what is said of them, in the files of a portfolio."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.builders.exposures import NODES, write_table

OF_POSITIONS = (
    *("notional", "market_value", "netting_set_id", "counterparty_id", "ccr_quality", "ccr_underlying", "ccr_delta"),
    *("ccr_start", "ccr_end", "ccr_maturity", "book_id"),
)
SWAP = {
    "product_type": "IRS",
    "currency": "USD",
    "issue_date": "2026-01-23",
    "coupon": "0.04",
    "pay_receive": "PAY",
    "index": "USD-SOFR-3M",
    "fixed_frequency": "2",
    "fixed_day_count": "30/360",
    "float_frequency": "4",
    "float_day_count": "ACT/360",
}
SWAPTION = {
    "product_type": "SWAPTION",
    "currency": "EUR",
    "index": "EUR-EURIBOR-6M",
    "option_type": "RECEIVER",
    "fixed_frequency": "1",
    "fixed_day_count": "30/360",
    "float_frequency": "2",
    "float_day_count": "ACT/360",
    "strike": "0.05",
}
CDS = {"product_type": "CDS", "currency": "USD", "issue_date": "2026-01-23", "coupon": "0.01"}
EXTERNAL = {"product_type": "EXTERNAL", "currency": "USD"}

Said = Mapping[str, Any]


def write_netted_book(folder: Path, trades: Sequence[Said], sets: Sequence[Said], issuers: Sequence[Said]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    positions, instruments = [], []
    for said in trades:
        name = said["id"]
        own = {key: value for key, value in said.items() if key in OF_POSITIONS}
        positions.append({"position_id": name, "instrument_id": f"I-{name}", "book_id": "BOOK", **own})
        terms = {key: value for key, value in said.items() if key not in (*OF_POSITIONS, "id")}
        instruments.append({"instrument_id": f"I-{name}", **terms})
    nodes = [dict(zip(("node_id", "parent_id", "kind"), node, strict=True)) for node in NODES]
    tables = {"portfolio": nodes, "positions": positions, "instruments": instruments, "issuers": issuers}
    for table, rows in {**tables, **({"netting_sets": sets} if sets else {})}.items():
        write_table(folder / f"{table}.csv", rows)
    return folder
