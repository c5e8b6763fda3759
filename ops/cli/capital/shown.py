"""Risk-weighted assets by three frameworks, as the demonstration prints them."""

from typing import Any

FRAMEWORKS = {"standardised": "rwa_sa_base", "by ratings": "rwa_irb_base", "US": "rwa_us_sa_base"}


def rwa_table(desks: list[dict[str, Any]], everything: list[dict[str, Any]]) -> Any:
    """By desk under BASE, in million of the base currency."""
    from rich.table import Table

    table = Table(title=f"Risk-weighted assets by desk, million {everything[0]['base_currency']}")
    table.add_column("desk", no_wrap=True)
    for name in ("EAD", *FRAMEWORKS, "capital", "allowance"):
        table.add_column(name, justify="right")
    rows = [(row["desk"], row) for row in desks] + [("total", row) for row in everything]
    for name, row in rows:
        if row["scenario_id"] == "BASE":
            amounts = (row["ead_base"], *(row[column] for column in FRAMEWORKS.values()), row["capital_base"])
            amounts = (*amounts, row["allowance_base"])
            shown = ("" if amount is None else f"{amount / 1e6:,.1f}" for amount in amounts)
            table.add_row(name, *shown, style="bold" if name == "total" else "")
    return table
