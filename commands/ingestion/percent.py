"""Rates that look like percent: most values of a column above 0.5. Rates are decimals, so the column is refused."""

from typing import Any

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.references import Tables
from commands.ingestion.typed_columns import TypedTable

Array = np.ndarray[Any, Any]

_LARGE = 0.5
_RATES = (
    *("coupon", "margin", "cap", "floor", "spread", "servicing_fee", "wac"),
    *("initial_rate", "first_cap", "periodic_cap", "life_cap"),
)
_STRUCK_ON_RATES = ("CAP_FLOOR", "SWAPTION", "STRUCTURED")
"""The strike of an FX product is an exchange rate."""
_DEFAULTED = 1.0
_RATES_OF_OTHERS = {
    "steps": ("coupon", "margin"),
    "deals": ("fee_rate",),
    "collateral": ("wac", "margin", "cap", "floor", "servicing_fee"),
    "tranches": ("coupon", "margin", "cap", "floor"),
}


def refuse_percent(tables: Tables, errors: Findings) -> None:
    """One finding a column. Severities and losses given default are often above 0.5, and are not looked at."""
    instruments, issuers = tables.get("instruments"), tables.get("issuers")
    if instruments is not None:
        for column in _RATES:
            _check(instruments, column, instruments.number(column), errors)
        struck = instruments.equals("product_type", *_STRUCK_ON_RATES)
        _check(instruments, "strike", np.where(struck, instruments.number("strike"), np.nan), errors)
    if issuers is not None:
        chance = issuers.number("pd_12m")
        _check(issuers, "pd_12m", np.where(chance == _DEFAULTED, np.nan, chance), errors)
    for name, columns in _RATES_OF_OTHERS.items():
        for column in columns if name in tables else ():
            _check(tables[name], column, tables[name].number(column), errors)


def _check(table: TypedTable, column: str, values: Array, errors: Findings) -> None:
    if column not in table.columns:
        return
    present = np.flatnonzero(np.isfinite(values))
    large = present[np.abs(values[present]) > _LARGE]
    if 2 * len(large) <= len(present):
        return
    example, row = values[large[0]], int(table.source_rows[large[0]])
    errors.file(
        table.name,
        Code.PERCENT_SUSPECTED,
        f"{column} looks like percent: {len(large)} of {len(present)} values are above {_LARGE:g}, "
        f"such as {example:g} in row {row}. Rates are decimals.",
        f"Divide the column by 100 ({example:g} % is {example / 100:.10g}). If the values are meant as they are, say "
        "--rates-are-decimals (by HTTP ?rates_are_decimals=true).",
        column=column,
        value=f"{example:g}",
    )
