"""Random deals as rows of their tables, for the oracle and for the program alike."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import BY_NAME, Kind
from tests.walk.oracle.deals import Row

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class RandomDeal:
    tables: dict[str, list[Row]]

    def rows(self, name: str) -> list[Row]:
        return self.tables.get(name, [])


def portfolio_of(tables: dict[str, list[Row]]) -> Portfolio:
    """The tables as a snapshot's columns, rows as they stand."""
    return Portfolio({name: _table(name, rows) for name, rows in tables.items() if rows}, np.empty(0), np.empty(0))


def _table(name: str, rows: list[Row]) -> TableData:
    spec = BY_NAME[name]
    return TableData(
        len(rows),
        {
            column.name: _column(column.kind, [row.get(column.name) or "" for row in rows])
            for column in spec.columns
            if any(row.get(column.name) for row in rows)
        },
    )


def _column(kind: Kind, cells: list[str]) -> ColumnData:
    if kind is Kind.TEXT:
        texts = tuple(sorted({each for each in cells if each}))
        return ColumnData(kind, np.array([texts.index(c) if c else ABSENT_CODE for c in cells], np.int32), texts)
    values: Any
    if kind is Kind.DATE:
        values = np.array([(date.fromisoformat(c) - EPOCH).days if c else ABSENT_DATE for c in cells], np.int32)
    elif kind is Kind.FLAG:
        values = np.array([-1 if not c else int(c == "true") for c in cells], np.int8)
    else:
        values = np.array([float(c) if c else np.nan for c in cells])
    return ColumnData(kind, values)


def random_deal(seed: int) -> RandomDeal:
    """A deal with anything that the contract's tables may say, some of it senseless but allowed."""
    draw = random.Random(seed)
    lines = [_line(draw, number) for number in range(draw.randint(1, 4))]
    pool = sum(float(line["balance"]) for line in lines)
    tranches = _tranches(draw, pool * draw.uniform(0.8, 1.0))
    first = date(2026, draw.randint(2, 12), draw.choice([1, 15, 25, 28]))
    deal: Row = {"deal_id": "D", "currency": "USD", "first_payment_date": first.isoformat()}
    deal["original_balance"] = f"{pool * draw.choice([1.0, 1.3, 2.0]):.2f}"
    _maybe(draw, deal, "fee_rate", lambda: f"{draw.uniform(0, 0.01):.5f}")
    _maybe(draw, deal, "fee_amount", lambda: f"{draw.uniform(0, 2):.3f}")
    _maybe(draw, deal, "principal_basis", lambda: draw.choice(["COLLECTIONS", "POOL_DECLINE"]))
    _maybe(draw, deal, "oc_target", lambda: f"{draw.uniform(0, 0.2):.4f}")
    _maybe(draw, deal, "oc_floor", lambda: f"{draw.uniform(0, 0.05):.4f}")
    if draw.random() < 0.3:
        deal["oc_initial"], deal["step_down_date"] = f"{draw.uniform(0, 0.2):.4f}", date(2027, 1, 1).isoformat()
    _maybe(draw, deal, "oc_counts_reserve", lambda: "true")
    _maybe(draw, deal, "reserve_balance", lambda: f"{draw.uniform(0, 0.03) * pool:.2f}")
    _maybe(draw, deal, "reserve_target", lambda: f"{draw.uniform(0, 0.03):.4f}")
    _maybe(draw, deal, "reserve_floor", lambda: f"{draw.uniform(0, 0.02):.4f}")
    _maybe(draw, deal, "shortfall_interest", lambda: draw.choice(["true", "false"]))
    _maybe(draw, deal, "write_down", lambda: draw.choice(["true", "false"]))
    _maybe(draw, deal, "losses_to_date", lambda: f"{draw.uniform(0, 0.02) * pool:.2f}")
    if draw.random() < 0.4:
        deal["clean_up_call"], deal["call_exercised"] = f"{draw.uniform(0.02, 0.3):.3f}", draw.choice(["true", "false"])
    triggers = [_trigger(draw, number) for number in range(draw.choice([0, 0, 1, 2, 4]))]
    distinct = {(row["test"], row["from_date"], row["action"]): row for row in triggers}
    return RandomDeal(
        {"deals": [deal], "collateral": lines, "tranches": tranches, "deal_triggers": list(distinct.values())}
    )


def _maybe(draw: random.Random, row: Row, name: str, value: Any) -> None:
    if draw.random() < 0.4:
        row[name] = value()


def _line(draw: random.Random, number: int) -> Row:
    balance, wam = draw.uniform(50, 1000), draw.randint(3, 60)
    row: Row = {"deal_id": "D", "line_id": f"L{number}", "balance": f"{balance:.2f}", "wam": str(wam)}
    row |= {"age": str(draw.randint(0, 40)), "wac": f"{draw.choice([0.0, draw.uniform(0.02, 0.2)]):.4f}"}
    _maybe(draw, row, "amortization", lambda: draw.choice(["LEVEL_PAY", "LINEAR", "BULLET"]))
    _maybe(draw, row, "io_months", lambda: str(draw.randint(0, 30)))
    if float(row["wac"]) > 0.01:
        _maybe(draw, row, "servicing_fee", lambda: f"{draw.uniform(0, 0.01):.4f}")
    _maybe(draw, row, "prepayment", lambda: draw.choice(["CPR 12", "PSA 165", "SMM 1.5", "ABS 1.4", "CPR 0"]))
    if draw.random() < 0.5:
        row["default"], row["severity"] = draw.choice(["CDR 4", "SDA 300", "CDR 30"]), f"{draw.uniform(0, 1):.2f}"
        row["recovery_lag_months"] = str(draw.randint(0, wam - 1))
        row["servicer_advances"] = draw.choice(["true", "false"])
    if draw.random() < 0.2:
        row["first_collection_months"] = str(draw.randint(1, 3))
    return row


def _tranches(draw: random.Random, notes: float) -> list[Row]:
    kinds = [draw.choice(["SEQUENTIAL", "PRO_RATA", "SUPPORT", "PAC", "Z"]) for _ in range(draw.randint(1, 5))]
    rows: list[Row] = []
    for number, kind in enumerate(kinds):
        row: Row = {"deal_id": "D", "instrument_id": f"T{number}", "kind": kind, "rank": str(draw.randint(1, 4))}
        row["balance"] = f"{notes / len(kinds) * draw.uniform(0.8, 1.0):.2f}"
        row["coupon"] = f"{draw.choice([0.0, draw.uniform(0.01, 0.12)]):.4f}"
        if kind == "PAC":
            row["pac_low"], row["pac_high"] = "PSA 90", "PSA 250"
        _maybe(draw, row, "interest_rank", lambda: str(draw.randint(1, 4)))
        _maybe(draw, row, "day_count", lambda: draw.choice(["30/360", "ACT/360", "ACT/365F"]))
        if draw.random() < 0.2:
            row["coverage_test"] = f"{draw.uniform(0.9, 1.3):.3f}"
        if draw.random() < 0.2:
            row["lockout_date"] = date(2027, 3, 1).isoformat()
        _maybe(draw, row, "interest_shortfall", lambda: f"{draw.uniform(0, 1):.3f}")
        rows.append(row)
    if draw.random() < 0.5:
        on = draw.choice(["POOL", "T0", " ".join(f"T{n}" for n in range(len(kinds)))])
        rows.append(_strip("X", on, draw))
        if draw.random() < 0.5:
            rows.append(_strip("W", "X", draw))
    rows.append({"deal_id": "D", "instrument_id": "R", "kind": "RESIDUAL", "rank": "9", "balance": "1"})
    return sorted(rows, key=lambda row: row["instrument_id"])


def _strip(name: str, on: str, draw: random.Random) -> Row:
    row = {"deal_id": "D", "instrument_id": name, "kind": "NOTIONAL", "rank": str(draw.randint(1, 4))}
    return row | {"balance": "250", "coupon": "0.005", "notional_of": on}


def _trigger(draw: random.Random, number: int) -> Row:
    test = draw.choice(["CUMULATIVE_LOSS", "OC_RATIO", "POOL_FACTOR"])
    level = {"CUMULATIVE_LOSS": 0.02, "OC_RATIO": 1.1, "POOL_FACTOR": 0.5}[test] * draw.uniform(0.5, 1.5)
    row = {"deal_id": "D", "test": test, "from_date": date(2026, 1 + number * 3, 1).isoformat()}
    row |= {"level": f"{level:.4f}", "action": draw.choice(["SEQUENTIAL", "TURBO"])}
    return row | {"curable": draw.choice(["true", "false"])}
