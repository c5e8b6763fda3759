"""A sound portfolio in memory, to be spoilt one cell at a time and written to a folder."""

import copy
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared, prepare_portfolio

Tables = dict[str, list[dict[str, Any]]]

LOAN = {
    "instrument_id": "L1",
    "product_type": "LOAN",
    "currency": "USD",
    "issuer_id": "ACME",
    "issue_date": "2024-01-15",
    "maturity_date": "2029-01-15",
    "rate_type": "FIXED",
    "coupon": "0.06",
    "frequency": "12",
    "day_count": "30/360",
    "amortization": "LEVEL_PAY",
}
FLOATER = {
    "instrument_id": "F1",
    "product_type": "BOND",
    "currency": "EUR",
    "issuer_id": "ACME",
    "issue_date": "2024-02-20",
    "maturity_date": "2030-02-20",
    "rate_type": "FLOATING",
    "index": "EUR-EURIBOR-3M",
    "margin": "0.01",
    "frequency": "4",
    "day_count": "ACT/360",
}
FORWARD = {
    "instrument_id": "X1",
    "product_type": "FX_FWD",
    "currency": "USD",
    "pair": "EURUSD",
    "strike": "1.18",
    "maturity_date": "2026-06-30",
}
SOUND: Tables = {
    "portfolio": [
        {"node_id": "FUND", "parent_id": "", "name": "Fund", "kind": "FUND"},
        {"node_id": "DESK", "parent_id": "FUND", "name": "Desk", "kind": "DESK"},
        {"node_id": "BOOK", "parent_id": "DESK", "name": "Book", "kind": "BOOK"},
        {"node_id": "BOOK2", "parent_id": "DESK", "name": "Book 2", "kind": "BOOK"},
    ],
    "issuers": [{"issuer_id": "ACME", "name": "Acme", "rating": "BBB", "pd_12m": "0.002", "lgd": "0.4"}],
    "instruments": [LOAN, FLOATER, FORWARD],
    "positions": [
        {"position_id": "P1", "instrument_id": "L1", "book_id": "BOOK", "notional": "1000.50", "tags": "A=1;B"},
        {"position_id": "P2", "instrument_id": "F1", "book_id": "BOOK2", "notional": "-2000"},
        {"position_id": "P3", "instrument_id": "X1", "book_id": "BOOK", "notional": "500"},
    ],
}


def header(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def write_csv(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header(rows), restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture
def sound() -> Tables:
    return copy.deepcopy(SOUND)


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Prepared]:
    """Write tables as CSV and prepare them."""
    count = 0

    def prepared(tables: Tables, *, accept_valid: bool = False) -> Prepared:
        nonlocal count
        count += 1
        return prepare_portfolio(write_csv(tmp_path / f"source-{count}", tables), accept_valid=accept_valid)

    return prepared


@pytest.fixture
def write() -> Callable[[Path, Tables], Path]:
    return write_csv
