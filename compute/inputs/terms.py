"""The terms of some positions as arrays: columns gathered by position, defaults filled in, texts to codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.portfolio.attributes import Holder, holders, matched
from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.tables import Kind

ABSENT = -1
UNKNOWN = -2
"""Codes of a text: absent, or not among those asked for."""


@dataclass(frozen=True)
class Lookups:
    """Code tables from a column's distinct texts, made once per run and worker."""

    _known: dict[tuple[str, str], Any] = field(default_factory=dict)

    def table(self, purpose: str, column: ColumnData, name: str, code_of: Callable[[str], Any]) -> NDArray[Any]:
        """One entry per category, and one more at the end for an absent text."""
        made: NDArray[Any] = self.once(purpose, name, lambda: np.array([code_of(text) for text in column.categories]))
        return made

    def once(self, purpose: str, name: str, make: Callable[[], Any]) -> Any:
        key = (purpose, name)
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]


@dataclass(frozen=True)
class Terms:
    """Positions `rows` of a portfolio; everything is [n] in their order."""

    portfolio: Portfolio
    rows: NDArray[np.int64]
    lookups: Lookups

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: NDArray[np.int64]) -> "Terms":
        return Terms(self.portfolio, self.rows[chosen], self.lookups)

    def number(self, name: str, default: float = np.nan) -> NDArray[np.float64]:
        column = self._instrument_column(name)
        if column is None:
            return np.full(len(self), default)
        values: NDArray[np.float64] = column.values[self._instruments]
        return np.where(np.isnan(values), default, values)

    def whole(self, name: str, default: int = 0) -> NDArray[np.int32]:
        return self.number(name, default).astype(np.int32)

    def day(self, name: str) -> NDArray[np.int32]:
        column = self._instrument_column(name)
        if column is None:
            return np.full(len(self), ABSENT_DATE, np.int32)
        days: NDArray[np.int32] = column.values[self._instruments]
        return days

    def flag(self, name: str) -> NDArray[np.bool_]:
        column = self._instrument_column(name)
        return np.zeros(len(self), np.bool_) if column is None else column.values[self._instruments] == 1

    def choice(self, name: str, values: tuple[str, ...], default: str | None = None) -> NDArray[np.int8]:
        """Index in a closed list; ABSENT without a value and without a default."""
        codes = self.code(f"choice of {values}", name, lambda text: values.index(text) if text in values else UNKNOWN)
        filled = values.index(default) if default is not None else ABSENT
        return np.where(codes == ABSENT, filled, codes).astype(np.int8)

    def code(self, purpose: str, name: str, code_of: Callable[[str], int]) -> NDArray[np.int32]:
        """What `code_of` says of the text, ABSENT where there is none; asked once per distinct text."""
        column = self._instrument_column(name)
        if column is None or not column.categories:
            return np.full(len(self), ABSENT, np.int32)
        table = self.lookups.table(purpose, column, name, code_of)
        codes = column.values[self._instruments]
        return np.where(codes == ABSENT_CODE, ABSENT, table[codes]).astype(np.int32)

    def row_in(self, name: str, known: Mapping[str, int]) -> NDArray[np.int32]:
        """The row that a mapping gives the text; UNKNOWN where it has none, ABSENT where there is no text."""
        return self.code(f"row {name}", name, lambda text: known.get(text, UNKNOWN))

    def texts(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Codes and categories of an instrument's text."""
        column = self._instrument_column(name)
        if column is None:
            return np.full(len(self), ABSENT_CODE, np.int32), ()
        return column.values[self._instruments], column.categories

    def text_at(self, name: str, index: int) -> str:
        codes, categories = self.of(np.array([index])).texts(name)
        return categories[codes[0]] if codes[0] != ABSENT_CODE else ""

    def position_number(self, name: str, default: float = np.nan) -> NDArray[np.float64]:
        column = self.portfolio.tables["positions"].columns.get(name)
        if column is None:
            return np.full(len(self), default)
        values: NDArray[np.float64] = column.values[self.rows]
        return np.where(np.isnan(values), default, values)

    def attribute_number(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """An attribute as a number, and whether there is one; NaN for what is no number.

        One cell that is no number makes an attribute's column one of texts, so those are read as well.
        """
        values, present = self.lookups.once("numbers", name, partial(_numbers_of, self._holders(name), self.portfolio))
        chosen: tuple[NDArray[np.float64], NDArray[np.bool_]] = values[self.rows], present[self.rows]
        return chosen

    def attribute_text(self, name: str, index: int) -> str:
        """The attribute as an error report shows it."""
        row = self.rows[index]
        for holder in self._holders(name):
            if holder.speaks[row]:
                value = holder.column.values[holder.rows[row]]
                return repr(holder.column.categories[value]) if holder.column.kind is Kind.TEXT else f"{value:g}"
        return ""

    def issuer_number(self, name: str) -> NDArray[np.float64]:
        """NaN where the instrument has no issuer, or the issuer no such number."""
        issuers = self.portfolio.tables.get("issuers")
        if issuers is None or name not in issuers.columns:
            return np.full(len(self), np.nan)
        values = np.append(issuers.columns[name].values.astype(np.float64), np.nan)
        numbers: NDArray[np.float64] = values[self.portfolio.issuer_row[self.rows]]
        return numbers

    def matched(self, match: Mapping[str, str]) -> NDArray[np.bool_]:
        """Positions that a SPREAD shock matches; asked once per run and worker for all of them."""
        key = repr(sorted(match.items()))
        everybody: NDArray[np.bool_] = self.lookups.once("matched", key, lambda: matched(self.portfolio, match))
        return everybody[self.rows]

    @property
    def _instruments(self) -> NDArray[np.int32]:
        rows: NDArray[np.int32] = self.portfolio.instrument_row[self.rows]
        return rows

    @property
    def instruments(self) -> NDArray[np.int64]:
        """Rows of `instruments`."""
        return self._instruments.astype(np.int64)

    def _instrument_column(self, name: str) -> ColumnData | None:
        return self.portfolio.tables["instruments"].columns.get(name)

    def _holders(self, name: str) -> list[Holder]:
        found: list[Holder] = self.lookups.once("holders", name, lambda: list(holders(self.portfolio, name)))
        return found


def _numbers_of(found: list[Holder], portfolio: Portfolio) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """[positions] an attribute's cells as numbers, NaN where they are none, and which are filled."""
    numbers, filled = np.full(portfolio.position_count, np.nan), np.zeros(portfolio.position_count, np.bool_)
    for holder in found:
        numbers[holder.speaks] = _as_numbers(holder.column)[holder.rows[holder.speaks]]
        filled |= holder.speaks
    return numbers, filled


def _as_numbers(column: ColumnData) -> NDArray[np.float64]:
    match column.kind:
        case Kind.TEXT:
            of_category: NDArray[np.float64] = np.array([*(_number(text) for text in column.categories), np.nan])
            of_cells: NDArray[np.float64] = of_category[column.values]
            return of_cells
        case Kind.NUMBER | Kind.INTEGER:
            numbers: NDArray[np.float64] = column.values
            return numbers
        case _:
            return np.full(len(column.values), np.nan)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def row_of(ids: ColumnData, text: str) -> int:
    """Row of an id in a table sorted by it; UNKNOWN where it is not there."""
    code = ids.code_of(text)
    return UNKNOWN if code == ABSENT_CODE else code
