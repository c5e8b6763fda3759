"""Charge-offs and recoveries of a portfolio: the table `credit_events`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.portfolio.columns import Portfolio

CHARGE_OFF, RECOVERY = "CHARGE_OFF", "RECOVERY"


@dataclass(frozen=True)
class CreditEvents:
    """[e] in the currency of the position's instrument."""

    position_id: tuple[str, ...]
    day: NDArray[np.int64]
    kind: tuple[str, ...]
    amount_ccy: NDArray[np.float64]

    def of(self, kind: str, after_day: int, to_day: int) -> "CreditEvents":
        """Of one kind, after a day and up to another, that one included."""
        chosen = np.flatnonzero((self.day > after_day) & (self.day <= to_day))
        rows = [int(row) for row in chosen if self.kind[row] == kind]
        return CreditEvents(
            tuple(self.position_id[row] for row in rows), self.day[rows], (kind,) * len(rows), self.amount_ccy[rows]
        )

    def by_id(self) -> dict[str, float]:
        sums: dict[str, float] = {}
        for name, amount in zip(self.position_id, self.amount_ccy.tolist(), strict=True):
            sums[name] = sums.get(name, 0.0) + amount
        return sums

    def by_position(self, portfolio: Portfolio) -> NDArray[np.float64]:
        """[positions] of the portfolio; those of positions that are not held any more are in none."""
        ids = portfolio.tables["positions"].columns["position_id"]
        found, sums = np.zeros(portfolio.position_count), self.by_id()
        if sums:
            of_category = np.array([sums.get(name, 0.0) for name in ids.categories])
            found = of_category[ids.values]
        return found


def credit_events(portfolio: Portfolio) -> CreditEvents:
    table = portfolio.tables.get("credit_events")
    if table is None or not table.rows:
        return CreditEvents((), np.empty(0, np.int64), (), np.empty(0))
    columns = table.columns
    ids, kinds = ([columns[name].categories[code] for code in columns[name].values] for name in ("position_id", "kind"))
    return CreditEvents(
        tuple(ids), columns["date"].values.astype(np.int64), tuple(kinds), columns["amount"].values.astype(np.float64)
    )
