"""The rows of a run whose chunks have all been taken, table by table, as they are copied and as they are vouched for.

Each table's rows come in one order, whatever order facts came in, and are hashed as the bytes of COPY's binary format:
the server gives the same bytes back when it is asked for the rows in that order (ORDERS).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any

import numpy as np

from projections.engine.binary_copy import field_size, number, row_of, text
from projections.results.ahead import Begun
from projections.results.netting import NettedRows
from projections.results.positions import POSITION_COLUMNS, ROW_COLUMNS
from projections.results.rollups import REASON_COLUMNS, ROLLUP_COLUMNS, Rollups
from projections.results.top import TOP_COLUMNS, top_row

STATUS_COLUMNS = ("chunk_no", "scenario_no", "reason_no")
COLUMNS: dict[str, tuple[str, ...]] = {
    "result_status": STATUS_COLUMNS,
    "result_position": POSITION_COLUMNS,
    "result_row": ROW_COLUMNS,
    "rollup": ROLLUP_COLUMNS,
    "rollup_reason": REASON_COLUMNS,
    "top": TOP_COLUMNS,
}
"""In the order in which they are filled; `run_no` stands before them."""
ORDERS = {
    "result_status": "chunk_no, scenario_no",
    "result_position": "chunk_no",
    "result_row": "first_position_id",
    "rollup": 'scenario_no, dimension COLLATE "C", key COLLATE "C"',
    "rollup_reason": 'scenario_no, dimension COLLATE "C", key COLLATE "C"',
    "top": "column_no, scenario_no",
}


class RunRows:
    def __init__(self, run_no: int, begun: Begun, netted: NettedRows | None = None) -> None:
        self._run_no, self._book, self._reduction, self._taken = run_no, begun.book, begun.reduction, begun.taken
        totals, reasons = self._reduction.totals, self._reduction.reasons
        base = begun.facts.base_currency
        self._rollups = Rollups(totals, reasons.measures, self._reduction.rates, netted, base)

    def of(self, table: str) -> Iterator[Any]:
        rows: dict[str, Callable[[], Iterator[Any]]] = {
            "result_status": self._status_rows,
            "result_position": self._position_rows,
            "result_row": lambda: self._book.identities.lookup_rows(self._run_no),
            "rollup": lambda: self._rollups.rows(self._run_no),
            "rollup_reason": lambda: self._rollups.reason_rows(self._run_no),
            "top": self._top_rows,
        }
        return rows[table]()

    def reasons(self) -> list[list[Any]]:
        """number, status, reason"""
        reasons = self._reduction.reasons
        stated = zip(reasons.status, reasons.reason, strict=True)
        return [[place, status.name, reason] for place, (status, reason) in enumerate(stated)]

    def rates(self) -> list[list[Any]]:
        """scenario, currency, base currency per unit; in that order"""
        rates, names = self._reduction.rates, self._book.groups.currencies
        known = zip(*np.nonzero(~np.isnan(rates)), strict=True)
        return sorted([int(scenario), names[place], float(rates[place, scenario])] for place, scenario in known)

    def summary(self) -> list[Any]:
        """priced, failed, counts by reason, partial, failures by sentence"""
        reduction = self._reduction
        failures = reduction.failures
        told = failures.documents(self._book.identities)
        return [reduction.priced, reduction.failed, reduction.failure_counts, failures.partial, told]

    def _status_rows(self) -> Iterator[Any]:
        for taken in self._taken:
            head = row_of(self._run_no, STATUS_COLUMNS) + number("int4", taken.chunk_no)
            for scenario_no, numbers in enumerate(taken.reason_no):
                packed = numbers.astype("<i2").tobytes()
                yield head + number("int2", scenario_no) + field_size(packed) + packed

    def _position_rows(self) -> Iterator[bytes]:
        for taken in self._taken:
            rows = slice(taken.first_row, taken.first_row + len(taken.details))
            yield self._book.identities.chunk_row(self._run_no, taken.chunk_no, rows, taken.details)

    def _top_rows(self) -> Iterator[bytes]:
        ids = self._book.identities.position_ids
        for column, tops in self._reduction.top.items():
            for scenario, top in enumerate(tops):
                rows, values = top.ranked()
                ids_shown = [text(position_id) for position_id in ids.at(rows).to_pylist()]
                yield from top_row(self._run_no, scenario, column, ids_shown, values)


class Digests:
    """Of the rows of each table, as they pass."""

    def __init__(self) -> None:
        self.tables: dict[str, str] = {}

    def passing(self, table: str, rows: Iterable[Any]) -> Iterator[Any]:
        digest = sha256()
        for part in rows:
            digest.update(part)
            yield part
        self.tables[table] = digest.hexdigest()

    def take(self, table: str, values: list[Any]) -> None:
        self.tables[table] = values_sha256(values)


def values_sha256(values: list[Any]) -> str:
    """Of a small table, or of one row: canonical JSON, which says every double exactly."""
    return sha256(json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
