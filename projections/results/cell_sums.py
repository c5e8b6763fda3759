"""Sums of a run by cell, chunk after chunk.

Native amounts, and x times weight with the weights beside it for what is averaged. Sums run over positions in row
order within a chunk and over chunks in their order, so that the last bit depends on nothing else. A position without
the number adds nothing, neither to a sum nor to a weight, and is counted under its reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from domain.measures.averages import AVERAGES, brought, weight_of
from domain.measures.measures import Adds, Measure
from projections.results.blocks import ChunkResults, Values
from projections.results.groups import Groups
from projections.results.reasons import KnownReasons, Label

SLAB_COLUMNS = 512
"""Scenarios are added as many at a time as keep a position's row of addends within this: it stays in the cache."""


@dataclass(frozen=True)
class Parts:
    """How the dimensions part the positions of a chunk: most dimensions by their currency and no further, because a
    chunk has few kinds of positions. Their sums are worked out once, for all of them.

    currency   [positions] the currencies of the chunk, numbered from 0
    fine       int32 [positions, dimensions that part further], cells
    coarse     int32 [currencies of the chunk, other dimensions], cells
    """

    currency: npt.NDArray[np.int64]
    fine: npt.NDArray[np.int32]
    coarse: npt.NDArray[np.int32]

    @classmethod
    def of(cls, cells: npt.NDArray[np.int32], currency_codes: npt.NDArray[np.int32]) -> "Parts":
        """A cell has one currency, so that a dimension with one cell to a currency parts by currency."""
        _, first, currency = np.unique(currency_codes, return_index=True, return_inverse=True)
        of_currency = cells[first]
        is_coarse = (of_currency[currency] == cells).all(axis=0)
        return cls(currency, cells[:, ~is_coarse], of_currency[:, is_coarse])

    def sums(self, columns: list[Values], cell_count: int) -> Values:
        """Columns [scenarios, positions] to [cells, columns, scenarios]."""
        currency_cells = (self.currency + cell_count).astype(np.int32)
        cells = np.concatenate([self.fine, currency_cells[:, None]], axis=1)
        with_currencies = sum_by_cell(cells, cell_count + len(self.coarse), columns)
        by_cell, by_currency = with_currencies[:cell_count], with_currencies[cell_count:]
        by_cell[self.coarse] = by_currency[:, None]
        return by_cell


class Totals:
    """sums     [cells, columns, scenarios] native amounts, their squares, or x times weight
    weights  [cells, averages, scenarios] PV, |notional| or exposure of the positions that have the number
    blanks   label -> int32 [cells, scenarios] positions
    """

    def __init__(
        self, groups: Groups, measures: tuple[Measure, ...], scenarios: int, principal_ccy: npt.NDArray[np.float64]
    ) -> None:
        self.groups, self.scenarios, self._principal_ccy = groups, scenarios, principal_ccy
        self.columns = [measure for measure in measures for _ in measure.result_columns]
        self.averages = [c for c, measure in enumerate(self.columns) if measure.adds in AVERAGES]
        self._column_named = {
            name: c for c, name in enumerate(name for measure in measures for name in measure.result_columns)
        }
        self.sums = np.zeros((groups.cell_count, len(self.columns), scenarios))
        self.weights = np.zeros((groups.cell_count, len(self.averages), scenarios))
        self.blanks: dict[Label, npt.NDArray[np.int32]] = {}

    def add(self, chunk: ChunkResults, reason_no: npt.NDArray[np.int16], reasons: KnownReasons) -> None:
        rows = slice(chunk.first_row, chunk.first_row + chunk.positions)
        cells = np.ascontiguousarray(self.groups.cells[:, rows].T)
        self._count(cells, reason_no, reasons)
        if chunk.values is None:
            return
        parts = Parts.of(cells, self.groups.currency_codes[rows])
        step = max(1, SLAB_COLUMNS // (len(self.columns) + len(self.averages)))
        for start in range(0, self.scenarios, step):
            slab = slice(start, min(start + step, self.scenarios))
            self._add(parts, [column[slab] for column in chunk.values], self._principal_ccy[rows], slab)

    def _add(self, parts: Parts, values: list[Values], principal_ccy: Values, slab: slice) -> None:
        addends: list[Values] = []
        weights: list[Values] = []
        places: list[int] = []

        def named(name: str) -> Values:
            return values[self._column_named[name]]

        principal_ccy = np.broadcast_to(principal_ccy, values[0].shape)
        for column, measure in zip(values, self.columns, strict=True):
            match measure.adds:
                case Adds.SUM:
                    addends.append(_or_zero(column))
                case Adds.ROOT_SUM_OF_SQUARES:
                    addends.append(_or_zero(column * column))
                case _:
                    weight = weight_of(measure, named, principal_ccy)
                    addends.append(_or_zero(brought(measure, column, named, weight)))
                    places.append(_place(weights, np.where(np.isnan(column), 0.0, _or_zero(weight))))
        by_cell = parts.sums(addends + weights, self.groups.cell_count)
        self.sums[:, :, slab] += by_cell[:, : len(addends)]
        self.weights[:, :, slab] += by_cell[:, [len(addends) + place for place in places]]

    def _count(self, cells: npt.NDArray[np.int32], reason_no: npt.NDArray[np.int16], reasons: KnownReasons) -> None:
        for scenarios in _alike(reason_no):
            numbers = reason_no[scenarios[0]]
            for reason in np.unique(numbers).tolist():
                labels = reasons.labels(reason)
                if labels:
                    by_cell = np.bincount(cells[numbers == reason].ravel(), minlength=self.groups.cell_count)
                for label in labels:
                    self._blanks(label)[:, scenarios] += by_cell.astype(np.int32)[:, None]

    def _blanks(self, label: Label) -> npt.NDArray[np.int32]:
        if label not in self.blanks:
            self.blanks[label] = np.zeros((self.groups.cell_count, self.scenarios), np.int32)
        return self.blanks[label]


def sum_by_cell(cells: npt.NDArray[np.int32], cell_count: int, columns: list[Values]) -> Values:
    """Columns [scenarios, positions] to [cells, columns, scenarios]; each position in turn is added to its cells."""
    scenarios, positions = columns[0].shape
    addends = np.empty((positions, len(columns) * scenarios))
    for place, column in enumerate(columns):
        addends[:, place * scenarios : (place + 1) * scenarios] = column.T
    starts = np.arange(0, cells.size + 1, cells.shape[1], dtype=np.int32)
    cells_of = sparse.csr_matrix((np.ones(cells.size), cells.ravel(), starts), shape=(positions, cell_count))
    by_cell: Values = (cells_of.T @ addends).reshape(cell_count, len(columns), scenarios)
    return by_cell


def _or_zero(values: Values) -> Values:
    blank = np.isnan(values)
    return np.where(blank, 0.0, values) if blank.any() else values


def _place(known: list[Values], values: Values) -> int:
    """Most averages of a chunk share one set of weights: it is summed once."""
    for place, each in enumerate(known):
        if np.array_equal(each, values):
            return place
    known.append(values)
    return len(known) - 1


def _alike(reason_no: npt.NDArray[np.int16]) -> Iterator[list[int]]:
    """Scenarios with the same reasons as the first together (mostly all of them), the others one by one."""
    same = [s for s in range(len(reason_no)) if np.array_equal(reason_no[s], reason_no[0])]
    yield same
    yield from ([s] for s in range(len(reason_no)) if s not in same)
