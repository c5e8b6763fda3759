"""A small deal that floats, as files beside those of `derivative_fund`: its tranches are instruments of that fund."""

from pathlib import Path
from typing import Any

from tests.builders.derivative_fund import INDEX

TRANCHE: dict[str, Any] = {"product_type": "ABS_MBS", "currency": "USD"}
Rows = list[dict[str, Any]]

FIXED_NOTE: dict[str, Any] = {"rank": 1, "kind": "SEQUENTIAL", "balance": 700e6, "coupon": 0.05}
FLOATER: dict[str, Any] = {
    "rank": 2, "kind": "SEQUENTIAL", "balance": 200e6, "index": INDEX, "margin": 0.01, "day_count": "ACT/360",
}  # fmt: skip
INVERSE: dict[str, Any] = {
    "rank": 1, "kind": "NOTIONAL", "balance": 200e6, "index": INDEX, "margin": 0.08, "index_multiplier": -1.0,
    "floor": 0.0, "day_count": "ACT/360",
}  # fmt: skip
RESIDUAL: dict[str, Any] = {"rank": 9, "kind": "RESIDUAL", "balance": 1e6}
ALL: Rows = [FIXED_NOTE, FLOATER, INVERSE | {"notional_of": "I00001"}, RESIDUAL]
LINES: Rows = [
    {"line_id": "fixed", "balance": 600e6, "wac": 0.07, "wam": 48, "age": 6, "prepayment": "ABS 1.3", "region": "EAST"},
    {
        "line_id": "arm", "balance": 400e6, "index": INDEX, "margin": 0.025, "wam": 36, "age": 12, "cap": 0.12,
        "prepayment": "CPR 8", "default": "CDR 2", "severity": 0.4, "recovery_lag_months": 3, "region": "WEST",
    },
]  # fmt: skip
DEAL: dict[str, Any] = {"currency": "USD", "first_payment_date": "2026-02-15", "clean_up_call": 0.1}


POOL: dict[str, Any] = {
    "product_type": "ABS_MBS",
    "currency": "USD",
    "coupon": 0.055,
    "wac": 0.06,
    "wam": 350,
    "age": 10,
    "first_payment_date": "2026-02-01",
    "prepayment": "PSA 150",
    "deal_id": "Q",
}
LOAN: dict[str, Any] = {
    "product_type": "LOAN",
    "currency": "USD",
    "issue_date": "2025-06-23",
    "maturity_date": "2031-06-23",
    "rate_type": "FIXED",
    "coupon": 0.06,
    "day_count": "30/360",
    "frequency": 12,
    "amortization": "LEVEL_PAY",
    "prepayment": "CPR 6",
    "default": "CDR 1",
    "severity": 0.5,
}
FLOATING_LOAN = LOAN | {"rate_type": "FLOATING", "coupon": "", "index": INDEX, "frequency": 4}


def write_deal(folder: Path, tranches: Rows, lines: Rows | None = None, **deal: Any) -> Path:
    """Deal D, whose tranches are the instruments I00000, I00001 and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    named = [{"deal_id": "D", "instrument_id": f"I{row:05d}", **each} for row, each in enumerate(tranches)]
    write(folder / "deals.csv", [{"deal_id": "D", **DEAL, **deal}])
    write(folder / "collateral.csv", [{"deal_id": "D", **each} for each in lines or LINES])
    write(folder / "tranches.csv", named)
    return folder


def write(path: Path, rows: Rows) -> None:
    columns = list(dict.fromkeys(name for each in rows for name in each))
    lines = [",".join(str(each.get(name, "")) for name in columns) for each in rows]
    path.write_text("\n".join([",".join(columns), *lines]))
