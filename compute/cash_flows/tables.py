"""Tables of cash flows as columns: what is shown of them, and how columns of scenarios become one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Columns = dict[str, Any]
"""name -> array or list, one length"""

SCHEDULE = (
    *("position_id", "instrument_id", "scenario_id", "basis", "period", "pay_date", "rate", "opening_balance"),
    *("interest", "scheduled_principal", "prepaid_principal", "advanced_principal", "recovered_principal"),
    *("principal", "drawn", "capitalised", "defaulted", "loss", "closing_balance", "cash_flow"),
    *("discount_factor", "pv"),
)
DEAL = (
    *("deal_id", "instrument_id", "scenario_id", "basis", "period", "pay_date", "rate", "opening_balance"),
    *("interest_due", "interest", "interest_shortfall", "principal", "capitalised", "loss", "closing_balance"),
    "percent_outstanding",
)
POOL = (
    *("deal_id", "scenario_id", "basis", "period", "pay_date", "opening_balance", "interest", "principal"),
    *("defaulted", "loss", "closing_balance", "fees", "interest_paid", "principal_paid", "reserve_balance"),
    *("residual", "triggers", "called"),
)
BEHAVIOURAL, CONTRACTUAL = BASES = ("BEHAVIOURAL", "CONTRACTUAL")


def basis_of(is_contractual: bool) -> str:
    return CONTRACTUAL if is_contractual else BEHAVIOURAL


def stacked(names: Sequence[str], parts: Sequence[Columns]) -> Columns:
    """Parts one below the other, columns in the order of `names`; a text of a part stands for all of its rows."""
    lengths = [len(part["period"]) for part in parts]
    whole: Columns = {}
    for name in names:
        whole[name] = [
            value
            for part, length in zip(parts, lengths, strict=True)
            for value in _cells(part[name], length)
        ]  # fmt: skip
    return whole


def _cells(column: Any, length: int) -> Sequence[Any]:
    if column is None or isinstance(column, str):
        return [column] * length
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        return [None if number != number else number + 0.0 for number in column.tolist()]
    return column.tolist() if isinstance(column, np.ndarray) else list(column)
