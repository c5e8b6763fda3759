"""Deals to measure with: auto securitisations of 43 lines, every second one with a floating note, all notes held."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from commands.ingestion.prepare import prepare_portfolio
from domain.portfolio.columns import Portfolio
from ops.samples.market import INDEX_OF

LINES = 43
CURRENCY = "USD"
POOL = 1e9
NOTES = (("A", 1, 0.75, 0.044), ("B", 2, 0.12, 0.048), ("C", 3, 0.06, 0.052), ("D", 4, 0.03, 0.057))
"""name, rank, share of the pool, coupon"""
Rows = list[dict[str, Any]]


def auto_deals(count: int) -> Portfolio:
    """In book BOOK; read in as any portfolio is."""
    with tempfile.TemporaryDirectory(prefix="tenor-bench-deals-") as folder:
        for name, rows in tables(count):
            fields = pa.unify_schemas([pa.Table.from_pylist([row]).schema for row in rows])
            pq.write_table(pa.Table.from_pylist(rows, schema=fields), Path(folder, f"{name}.parquet"))
        prepared = prepare_portfolio(Path(folder))
    assert prepared.portfolio is not None, prepared.errors
    return prepared.portfolio


def tables(count: int) -> Iterator[tuple[str, Rows]]:
    deals = [f"DEAL-{number:03d}" for number in range(count)]
    notes: Rows = [note for number, deal in enumerate(deals) for note in notes_of(deal, floats=number % 2 == 1)]
    held = [{"instrument_id": note["instrument_id"]} for note in notes if note["kind"] != "RESIDUAL"]
    tree: Rows = [
        {"node_id": "FUND", "name": "Fund", "kind": "FUND"},
        {"node_id": "BOOK", "parent_id": "FUND", "name": "Book", "kind": "BOOK"},
    ]
    yield "portfolio", tree
    yield "deals", [deal_row(deal) for deal in deals]
    yield "collateral", [line for deal in deals for line in lines_of(deal)]
    yield "tranches", notes
    instruments = [
        {"instrument_id": note["instrument_id"], "product_type": "ABS_MBS", "currency": CURRENCY} for note in notes
    ]
    yield "instruments", instruments
    yield (
        "positions",
        [each | {"position_id": each["instrument_id"], "book_id": "BOOK", "notional": 1e6} for each in held],
    )


def deal_row(deal: str) -> dict[str, Any]:
    return {
        "deal_id": deal, "currency": CURRENCY, "first_payment_date": "2026-02-15", "fee_rate": 0.01, "oc_target": 0.06,
        "oc_floor": 0.01, "reserve_balance": 5e6, "reserve_floor": 0.005, "clean_up_call": 0.1,
        "principal_basis": "POOL_DECLINE",
    }  # fmt: skip


def lines_of(deal: str) -> Rows:
    """Autos from new to old, from short to long, by what their borrowers pay."""
    return [
        {
            "deal_id": deal, "line_id": f"{number:02d}", "balance": POOL / LINES, "wac": 0.02 + 0.002 * number,
            "wam": 20 + number, "age": 3 + number % 12, "servicing_fee": 0.01, "prepayment": "ABS 1.3",
            "default": "CDR 1.5", "severity": 0.55, "recovery_lag_months": 4,
        }
        for number in range(LINES)
    ]  # fmt: skip


def notes_of(deal: str, *, floats: bool) -> Rows:
    notes: Rows = []
    for name, rank, share, coupon in NOTES:
        paid = {"index": INDEX_OF[CURRENCY], "margin": 0.008} if floats and rank == 1 else {"coupon": coupon}
        row = {"deal_id": deal, "instrument_id": f"{deal}-{name}", "rank": rank, "balance": share * POOL}
        notes.append(row | {"kind": "SEQUENTIAL"} | paid)
    return [*notes, {"deal_id": deal, "instrument_id": f"{deal}-R", "rank": 9, "balance": 1e5, "kind": "RESIDUAL"}]
