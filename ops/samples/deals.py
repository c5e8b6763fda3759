"""The sample fund's own deals: an auto securitisation and a small CMO, and a few of their notes held.

The auto deal pays its notes in turn from prime loans at an ABS speed, keeps over-collateral and a reserve, and has a
coverage test. The CMO has a PAC, its support, an accrual bond and an interest-only strip over thirty-year mortgages.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ops.samples.obligors import FUNDS, Columns, arrow_table

AUTO, CMO = "AUTO-2025-1", "CMO-2024-1"
Rows = list[dict[str, Any]]

_AUTO_POOL, _CMO_POOL = 800e6, 400e6
_AUTO_NOTES = (
    ("A2", 1, 300e6, 0.0438, "AAA", None), ("A3", 2, 280e6, 0.0445, "AAA", None), ("A4", 3, 80e6, 0.0452, "AAA", 1.0),
    ("B", 4, 50e6, 0.0478, "A", None), ("C", 5, 40e6, 0.0512, "BBB", None),
)  # fmt: skip
"""name, rank, balance, coupon, rating of its spread, coverage test"""
_HELD = {
    f"{AUTO}-A2": 12e6, f"{AUTO}-A3": 8e6, f"{AUTO}-B": 5e6, f"{AUTO}-C": 2.5e6,
    f"{CMO}-PA": 10e6, f"{CMO}-SB": 6e6, f"{CMO}-Z": 4e6, f"{CMO}-IO": 15e6,
}  # fmt: skip
HELD = len(_HELD)
"""Positions in their tranches."""


def held_tranches(_rng: np.random.Generator, n: int, _issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Every tranche has its instrument, n of them a position."""
    tranches = tranche_rows() if n else []
    names = list(_HELD)[:n]
    instruments = {
        "instrument_id": _texts(tranches, "instrument_id"),
        "product_type": np.full(len(tranches), "ABS_MBS"),
        "currency": np.full(len(tranches), "USD"),
        "spread_curve": np.array([f"{_rating_of(each)}-BOND" for each in tranches], "U32"),
    }
    positions = {
        "instrument_id": np.array(names, "U32"),
        "book_id": np.array([f"{FUNDS[row % len(FUNDS)]}.STRUCTURED" for row in range(len(names))], "U32"),
        "notional": np.array([_HELD[name] for name in names]),
        "accounting_class": np.full(len(names), "AFS"),
        "tags": np.full(len(names), "STRATEGY=CARRY"),
    }
    return arrow_table(instruments), arrow_table(positions)


def deal_tables() -> dict[str, pa.Table]:
    return {
        name: pa.Table.from_pylist(rows, schema=_schema(rows))
        for name, rows in (
            ("deals", _deals()),
            ("collateral", _collateral()),
            ("tranches", tranche_rows()),
            ("deal_triggers", _triggers()),
        )
    }


def _deals() -> Rows:
    auto = {
        "deal_id": AUTO, "name": "Prime autos 2025-1", "currency": "USD", "first_payment_date": "2026-02-16",
        "accrual_start_date": "2026-01-15", "calendar": "US.SETTLEMENT", "business_day": "FOLLOWING",
        "original_balance": 1000e6, "losses_to_date": 2.1e6, "fee_rate": 0.0001, "oc_target": 0.065,
        "oc_floor": 0.01, "reserve_balance": 2.5e6, "reserve_floor": 0.0025, "clean_up_call": 0.1,
        "principal_basis": "POOL_DECLINE", "write_down": False,
    }  # fmt: skip
    cmo = {
        "deal_id": CMO, "name": "Agency mortgages 2024-1", "currency": "USD", "first_payment_date": "2026-02-25",
        "accrual_start_date": "2026-01-01", "original_balance": 450e6, "principal_basis": "COLLECTIONS",
    }  # fmt: skip
    return [auto, cmo]


def _collateral() -> Rows:
    """Autos by what their borrowers pay, each with a short and a long line; mortgages by how old they are."""
    autos: Rows = [
        {
            "deal_id": AUTO, "line_id": f"{wac:.4f}-{wam}", "balance": _AUTO_POOL * share, "wac": wac, "wam": wam,
            "age": age, "servicing_fee": 0.01, "prepayment": "ABS 1.3", "default": "CDR 1.4", "severity": 0.55,
            "recovery_lag_months": 4,
        }
        for wac, weight in ((0.0289, 0.15), (0.0549, 0.35), (0.0729, 0.35), (0.0989, 0.15))
        for wam, age, share in ((28, 20, 0.3 * weight), (55, 10, 0.7 * weight))
    ]  # fmt: skip
    mortgages: Rows = [
        {
            "deal_id": CMO, "line_id": f"30Y-{age}", "balance": _CMO_POOL * share, "wac": wac, "wam": 360 - age,
            "age": age, "servicing_fee": 0.005, "prepayment": "PSA 165",
        }
        for age, wac, share in ((22, 0.0645, 0.6), (31, 0.0595, 0.4))
    ]  # fmt: skip
    return autos + mortgages


def tranche_rows() -> Rows:
    autos: Rows = [
        {
            "deal_id": AUTO, "instrument_id": f"{AUTO}-{name}", "rank": rank, "interest_rank": min(rank, 3) if rank < 4
            else rank, "balance": balance, "original_balance": balance, "coupon": coupon, "kind": "SEQUENTIAL",
            "coverage_test": coverage,
        }
        for name, rank, balance, coupon, _, coverage in _AUTO_NOTES
    ]  # fmt: skip
    residual = {"deal_id": AUTO, "instrument_id": f"{AUTO}-R", "rank": 9, "balance": 100e3, "kind": "RESIDUAL"}
    bonds: tuple[tuple[str, int, float, str, dict[str, str]], ...] = (
        ("PA", 1, 0.4 * _CMO_POOL, "PAC", {"pac_low": "PSA 100", "pac_high": "PSA 250"}),
        ("SB", 2, 0.45 * _CMO_POOL, "SUPPORT", {}),
        ("Z", 3, 0.15 * _CMO_POOL, "Z", {}),
    )
    mortgages: Rows = [
        {
            "deal_id": CMO, "instrument_id": f"{CMO}-{name}", "rank": rank, "balance": balance,
            "original_balance": balance, "coupon": 0.05, "kind": kind, **bands,
        }
        for name, rank, balance, kind, bands in bonds
    ]  # fmt: skip
    strip = {
        "deal_id": CMO, "instrument_id": f"{CMO}-IO", "rank": 4, "balance": _CMO_POOL, "coupon": 0.0055,
        "kind": "NOTIONAL", "notional_of": "POOL",
    }  # fmt: skip
    return [*autos, residual, *mortgages, strip]


def _triggers() -> Rows:
    levels = (("2026-01-01", 0.012), ("2026-07-01", 0.018), ("2027-01-01", 0.025))
    return [
        {"deal_id": AUTO, "test": "CUMULATIVE_LOSS", "from_date": day, "level": level, "action": "TURBO"}
        for day, level in levels
    ]


def _rating_of(tranche: dict[str, Any]) -> str:
    ratings = {f"{AUTO}-{name}": rating for name, _, _, _, rating, _ in _AUTO_NOTES}
    return ratings.get(tranche["instrument_id"], "B" if tranche["kind"] == "RESIDUAL" else "AAA")


def _texts(rows: Sequence[dict[str, Any]], name: str) -> Any:
    return np.array([each[name] for each in rows], "U32")


def _schema(rows: Rows) -> pa.Schema:
    """Of all keys, whichever row has them."""
    return pa.unify_schemas([pa.Table.from_pylist([row]).drop_columns(_blank(row)).schema for row in rows])


def _blank(row: dict[str, Any]) -> list[str]:
    return [name for name, value in row.items() if value is None]
