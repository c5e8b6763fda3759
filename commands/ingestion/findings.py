"""Errors and warnings as they are found: every one counted, and the first thousands told in full."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from commands.ingestion.codes import Code
from domain.portfolio.tables import TABLES
from domain.texts import is_clean, visible

Array = np.ndarray[Any, Any]
Words = str | Callable[[int], str]
"""A sentence, or what makes it of a row's index."""

MAX_TOLD = 10_000
_MAX_VALUE_CHARS = 200
_MAX_SENTENCE_CHARS = 1_000
_TABLE_ORDER = {table.name: place for place, table in enumerate(TABLES)}


@dataclass(frozen=True)
class RowError:
    """`row` counts as a spreadsheet does (the header is row 1) and is None for a whole file or column."""

    table: str
    row: int | None
    column: str | None
    code: str
    value: str | None
    message: str
    fix: str


class Rows(Protocol):
    """What a finding needs of the table that it is about."""

    @property
    def name(self) -> str: ...

    @property
    def source_rows(self) -> Array: ...

    def text_at(self, column: str, row: int) -> str | None: ...


@dataclass(frozen=True)
class _Group:
    table: Rows
    column: str | None
    code: Code
    rows: Array
    message: Words
    fix: Words
    is_one: bool = False
    """One finding, told at its first row, about them all."""

    @property
    def count(self) -> int:
        return 1 if self.is_one else len(self.rows)

    def tell(self, place: int) -> RowError:
        row = int(self.rows[place])
        value = self.table.text_at(self.column, row) if self.column else None
        return RowError(
            self.table.name,
            int(self.table.source_rows[row]),
            self.column,
            self.code.value,
            shown(value),
            _said(self.message, row),
            _said(self.fix, row),
        )


class Findings:
    """One list: ingestion keeps one of errors and one of warnings."""

    def __init__(self) -> None:
        self._single: list[RowError] = []
        self._single_counts: Counter[str] = Counter()
        self._single_rows: dict[str, list[int]] = {}
        self._groups: list[_Group] = []
        self.fatal = False
        """True when something is wrong that leaving rows out does not mend."""

    def row(self, table: Rows, column: str | None, code: Code, rows: Array, message: Words, fix: Words) -> None:
        """The same finding in many rows, given by index or mask; sentences are made only for those that are told."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        if len(rows):
            self._groups.append(_Group(table, column, code, rows, message, fix))

    def one(self, table: Rows, column: str, code: Code, rows: Array, message: str, fix: str) -> None:
        """What one cause does to many rows: none of them can be used, and it is told and counted once."""
        if len(rows):
            self._groups.append(_Group(table, column, code, rows, message, fix, is_one=True))

    def file(
        self,
        table: str,
        code: Code,
        message: str,
        fix: str,
        *,
        column: str | None = None,
        row: int | None = None,
        value: str | None = None,
    ) -> None:
        """A finding about a file, a column, or a row of it that never became one of a table."""
        self.fatal = self.fatal or row is None
        if row is not None:
            self._single_rows.setdefault(table, []).append(row)
        self._single_counts[code.value] += 1
        if len(self._single) < MAX_TOLD:
            self._single.append(RowError(table, row, column, code.value, shown(value), _said(message), _said(fix)))

    def more(self, code: Code) -> None:
        """One more finding about a row, past those that are told."""
        self._single_counts[code.value] += 1

    def copied(self) -> "Findings":
        """To go on with, as a trial: what is found from now on is in the copy alone."""
        other = Findings()
        other._single, other._single_counts = list(self._single), self._single_counts.copy()
        other._single_rows = {table: list(rows) for table, rows in self._single_rows.items()}
        other._groups, other.fatal = list(self._groups), self.fatal
        return other

    @property
    def total(self) -> int:
        return self._single_counts.total() + sum(group.count for group in self._groups)

    def rows_of(self, table: Rows) -> Array:
        """Mask of the table's rows that any finding is about."""
        mask: Array = np.isin(table.source_rows, self._single_rows.get(table.name, []))
        for group in self._groups:
            if group.table.name == table.name:
                mask[group.rows] = True
        return mask

    def by_code(self) -> dict[str, int]:
        counts = self._single_counts.copy()
        for group in self._groups:
            counts[group.code.value] += group.count
        return dict(sorted(counts.items()))

    def each(self) -> Iterator[tuple[str, int, str | None, str]]:
        """Of every finding about a row, told or not: table, row, column and sentence."""
        for single in self._single:
            if single.row is not None:
                yield single.table, single.row, single.column, single.message
        for group in self._groups:
            for row in group.rows[:1] if group.is_one else group.rows:
                yield group.table.name, int(group.table.source_rows[row]), group.column, _said(group.message, int(row))

    def listed(self) -> list[RowError]:
        """By table, row and column. Past the limit every kind of finding keeps its share, so none hides another."""
        quotas = _shares([group.count for group in self._groups], MAX_TOLD - len(self._single))
        grouped = [
            group.tell(place)
            for group, quota in zip(self._groups, quotas, strict=True)
            for place in range(quota)
        ]  # fmt: skip
        return sorted(self._single + grouped, key=_place)


def shown(value: str | None) -> str | None:
    """Short, and nothing in it that a terminal would obey."""
    return None if value is None else _short(value, _MAX_VALUE_CHARS)


def _said(words: Words, row: int = 0) -> str:
    """Sentences name what stands in the files, however long that is."""
    return _short(words if isinstance(words, str) else words(row), _MAX_SENTENCE_CHARS)


def _short(text: str, most: int) -> str:
    if len(text) <= most:
        return text if is_clean(text) else visible(text)
    return visible(text[:most]) + "…"


def _place(error: RowError) -> tuple[int, str, int, str]:
    return _TABLE_ORDER.get(error.table, -1), error.table, error.row or 0, error.column or ""


def _shares(sizes: Sequence[int], room: int) -> list[int]:
    """Fill the smallest groups first; what is left is shared evenly by the larger ones."""
    shares = [0] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda place: sizes[place])
    for done, place in enumerate(order):
        shares[place] = min(sizes[place], max(room, 0) // (len(order) - done))
        room -= shares[place]
    return shares
