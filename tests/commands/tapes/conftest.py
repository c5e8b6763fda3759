"""Tapes as small files, and what becomes of them."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.ingestion.limits import Budget
from commands.ingestion.prepare import Prepared
from commands.tapes.prepare_tape import Wanted, prepare_tape
from commands.tapes.to_tables import Given
from domain.tapes.mapping import parse_mapping

Bring = Callable[..., Prepared]

COLUMNS: dict[str, Any] = {
    "positions.position_id": {"from": "LOAN_ID"},
    "positions.notional": {"from": "UPB"},
    "instruments.product_type": {"value": "LOAN"},
    "instruments.currency": {"value": "USD"},
    "instruments.issue_date": {"value": "2020-01-01"},
    "instruments.maturity_date": {"from": "MAT"},
    "instruments.rate_type": {"value": "FIXED"},
    "instruments.coupon": {"from": "RATE"},
    "instruments.day_count": {"value": "30/360"},
    "instruments.frequency": {"value": 12},
    "instruments.amortization": {"value": "LEVEL_PAY"},
}
PLAIN = "LOAN_ID,UPB,MAT,RATE,STATE\nA,100,2030-01-01,0.05,NJ\nB,200,2031-01-01,0.04,NY\n"


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    def prepared(
        *files: str | bytes | Path,
        columns: dict[str, Any] | None = None,
        rejects: Path | None = None,
        accept_valid: bool = False,
        as_of: str = "2026-01-23",
        book: str | None = "BOOK",
        names: tuple[str, ...] = (),
        budget: Budget | None = None,
        **more: Any,
    ) -> Prepared:
        paths = []
        for place, content in enumerate(files):
            if isinstance(content, Path):
                paths.append(content)
                continue
            path = tmp_path / (names[place] if names else f"tape{place}.csv")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            paths.append(path)
        document = {"mapping_id": "m", "columns": {**COLUMNS, **(columns or {})}, **more}
        wanted = Wanted(
            parse_mapping(json.dumps(document)),
            Given("fund", book),
            date.fromisoformat(as_of),
            accept_valid=accept_valid,
            rejects=rejects,
        )
        return prepare_tape(paths, wanted, budget)

    return prepared


def column(prepared: Prepared, table: str, name: str) -> list[Any]:
    """Cells of a column of what would be stored, in the canonical order of its rows."""
    assert prepared.portfolio is not None, [error.message for error in prepared.errors]
    found = prepared.portfolio.tables[table].columns[name]
    if found.kind == "text":
        return [found.categories[code] if code >= 0 else None for code in found.values]
    return [float(value) for value in found.values]


def codes(prepared: Prepared) -> list[tuple[str, int | None, str | None]]:
    return [(error.code, error.row, error.column) for error in prepared.errors]
