"""Columns of exposures as arrays: each name is heard on the position, its instrument, then its issuer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.portfolio.attributes import (
    HOLDERS,
    Labels,
    holders,
    is_filled,
    is_held,
    labels,
    own_labels,
    rows_of,
    value_text,
)
from domain.portfolio.columns import ABSENT_DATE, Portfolio
from domain.portfolio.tables import Kind

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
ABSENT = -1

Values = TypeVar("Values", Array, Rows)


@dataclass(frozen=True)
class Heard:
    """An input of an explained figure: what it is, and where it came from."""

    name: str
    value: object
    source: str
    """position, instrument, issuer, market, policy or default"""


@dataclass(frozen=True)
class Columns:
    """Every column is put together once for all positions; then exposures gather their rows."""

    portfolio: Portfolio
    _numbers_of: dict[str, Array | None] = field(default_factory=dict)
    _wholes_of: dict[tuple[str, Kind], Rows | None] = field(default_factory=dict)
    _labels_of: dict[tuple[str, bool], Labels | None] = field(default_factory=dict)

    def number(self, name: str) -> Array | None:
        """[positions] NaN where nothing is said; None where no table has the name."""
        if name not in self._numbers_of:
            values = np.full(self.portfolio.position_count, np.nan)
            self._numbers_of[name] = self._gathered(name, values, (Kind.NUMBER, Kind.INTEGER))
        return self._numbers_of[name]

    def day(self, name: str) -> Rows | None:
        return self._whole(name, Kind.DATE, ABSENT_DATE)

    def flag(self, name: str) -> Rows | None:
        """[positions] 1, 0, or -1 where nothing is said."""
        return self._whole(name, Kind.FLAG, -1)

    def labels(self, name: str) -> Labels | None:
        if (name, False) not in self._labels_of:
            self._labels_of[name, False] = labels(self.portfolio, name) if is_held(self.portfolio, name) else None
        return self._labels_of[name, False]

    def own_labels(self, name: str) -> Labels | None:
        """A term of the instrument alone."""
        if (name, True) not in self._labels_of:
            self._labels_of[name, True] = own_labels(self.portfolio, name)
        return self._labels_of[name, True]

    def source_of(self, name: str, row: int) -> str:
        """The table that speaks for a position, in the singular; `default` where none does."""
        for table in HOLDERS:
            column = self.portfolio.tables[table].columns.get(name) if table in self.portfolio.tables else None
            if column is not None:
                place = int(rows_of(self.portfolio, table)[row])
                if place >= 0 and bool(is_filled(column)[place]):
                    return table.removesuffix("s")
        return "default"

    def _whole(self, name: str, kind: Kind, absent: int) -> Rows | None:
        if (name, kind) not in self._wholes_of:
            values = np.full(self.portfolio.position_count, absent, np.int64)
            self._wholes_of[name, kind] = self._gathered(name, values, (kind,))
        return self._wholes_of[name, kind]

    def _gathered(self, name: str, values: Values, kinds: tuple[Kind, ...]) -> Values | None:
        """Filled where a column of one of the kinds says something."""
        if not is_held(self.portfolio, name):
            return None
        for holder in holders(self.portfolio, name):
            if holder.column.kind in kinds:
                values[holder.speaks] = holder.column.values[holder.rows[holder.speaks]]
        return values


@dataclass(frozen=True)
class Exposures:
    """Some positions; everything is [n] in their order. `heard` is filled where one exposure is explained."""

    columns: Columns
    rows: Rows
    heard: dict[str, Heard] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: Rows) -> "Exposures":
        return Exposures(self.columns, self.rows[chosen], self.heard)

    def number(self, name: str, default: float = np.nan) -> Array:
        values = self.columns.number(name)
        if values is None:
            found = np.full(len(self), default)
        else:
            mine = values[self.rows]
            found = mine if np.isnan(default) else np.where(np.isnan(mine), default, mine)
        self._hear(name, lambda: None if np.isnan(found[0]) else float(found[0]))
        return found

    def day(self, name: str) -> Rows:
        """ABSENT_DATE where there is none."""
        values = self.columns.day(name)
        found = np.full(len(self), ABSENT_DATE, np.int64) if values is None else values[self.rows]
        self._hear(name, lambda: value_text(Kind.DATE, int(found[0])) or None)
        return found

    def flag(self, name: str, default: bool = False) -> Flags:
        values = self.columns.flag(name)
        if values is None:
            found = np.full(len(self), default)
        else:
            mine = values[self.rows]
            found = np.where(mine < 0, default, mine == 1)
        self._hear(name, lambda: bool(found[0]))
        return found

    def said(self, name: str) -> Flags:
        """Whether a flag is filled, true or false."""
        values = self.columns.flag(name)
        return np.zeros(len(self), np.bool_) if values is None else values[self.rows] >= 0

    def choice(self, name: str, values: tuple[str, ...], default: str | None = None) -> NDArray[np.int64]:
        """Place in a closed list; ABSENT where nothing is said and there is no default."""
        places = {text: place for place, text in enumerate(values)}
        filled = ABSENT if default is None else places[default]
        found = self.coded(name, lambda text: places.get(text, ABSENT) if text else filled, filled)
        self._hear(name, lambda: values[found[0]] if found[0] >= 0 else None)
        return found

    def coded(self, name: str, code_of: Callable[[str], int], absent: int) -> Rows:
        """What `code_of` says of the text, asked once for each distinct one."""
        known = self.columns.labels(name)
        if known is None:
            return np.full(len(self), absent, np.int64)
        table = np.array([code_of(key) for key in known.keys] or [absent], np.int64)
        found: Rows = table[known.codes[self.rows]]
        return found

    def texts(self, name: str) -> list[str]:
        known = self.columns.labels(name)
        found = [""] * len(self) if known is None else [known.keys[code] for code in known.codes[self.rows]]
        self._hear(name, lambda: found[0] or None)
        return found

    def own_texts(self, name: str) -> list[str]:
        """A term of the instrument."""
        known = self.columns.own_labels(name)
        return [""] * len(self) if known is None else [known.keys[code] for code in known.codes[self.rows]]

    def own_is(self, name: str, wanted: Callable[[str], bool]) -> Flags:
        """Whether a term of the instrument is such a text."""
        found: Flags = self.own_number(name, lambda text: float(wanted(text)), 0.0) == 1.0
        return found

    def own_number(self, name: str, number_of: Callable[[str], float], absent: float) -> Array:
        """What `number_of` says of a term of the instrument, asked once for each distinct text."""
        known = self.columns.own_labels(name)
        if known is None:
            return np.full(len(self), absent)
        found: Array = np.array([number_of(key) for key in known.keys], np.float64)[known.codes[self.rows]]
        return found

    def hear_text(self, name: str) -> None:
        """A text that was read by its code."""
        if self.heard is not None and name not in self.heard:
            self.texts(name)

    def hear(self, name: str, value: object, source: str) -> None:
        """An input that no column of the portfolio brings."""
        if self.heard is not None and len(self):
            self.heard[name] = Heard(name, value, source)

    def _hear(self, name: str, value: Callable[[], object]) -> None:
        if self.heard is not None and len(self) and name not in self.heard:
            self.heard[name] = Heard(name, value(), self.columns.source_of(name, int(self.rows[0])))
