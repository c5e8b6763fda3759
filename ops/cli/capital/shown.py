"""Risk-weighted assets by three frameworks, as the demonstration prints them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

Node = Mapping[str, str | float | None]
COLUMNS = {
    "EAD": "ead",
    "standardised": "rwa_sa",
    "by ratings": "rwa_irb",
    "US": "rwa_us_sa",
    "capital": "capital",
    "allowance": "allowance",
}


def rwa_table(nodes: Sequence[Node], base_currency: str) -> "Table":
    """Of desks and the funds above them, netting sets included, in million of the base currency."""
    from rich.table import Table

    table = Table(title=f"Risk-weighted assets by desk, million {base_currency}")
    table.add_column("desk", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right")
    desks, funds = ([row for row in nodes if row["kind"] == kind] for kind in ("DESK", "FUND"))
    for row in desks:
        table.add_row(str(row["node_id"]), *(_million([row], column) for column in COLUMNS.values()))
    table.add_row("total", *(_million(funds, column) for column in COLUMNS.values()), style="bold")
    return table


def _million(rows: Sequence[Node], column: str) -> str:
    return f"{sum(float(row[column] or 0.0) for row in rows) / 1e6:,.1f}"
