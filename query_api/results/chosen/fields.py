"""What a name means for the positions of a snapshot: who they are, where they hang, what the tables say of them.

Everything is arrays over all positions, in the snapshot's order, which is the order of a run's rows.
"""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from domain.lazy import lazy
from domain.portfolio.attributes import ALIASES, HOLDERS, Holder, holders, is_filled, rows_of, value_text
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio
from domain.portfolio.tables import NODE_KINDS, Kind
from domain.portfolio.tree import paths, texts
from query_api.errors import BadQuery
from query_api.reading import Array

KINDS = tuple(kind.lower() for kind in NODE_KINDS)
MAX_KEPT = 64
"""Fields of a portfolio: a byte for each position, and what a column needs beside."""
OWN_TERMS = ("product_type", "currency")
"""Of the instrument, whatever attribute of that name stands beside them."""


@dataclass(frozen=True)
class Field:
    """A name as the positions have it: parts by the table that says it, each position spoken for by one at most."""

    name: str
    parts: tuple[Holder, ...]

    @property
    def kinds(self) -> set[Kind]:
        return {part.column.kind for part in self.parts}

    @lazy
    def is_filled(self) -> Array:
        filled: Array = np.logical_or.reduce([part.speaks for part in self.parts])
        return filled

    def numbers(self) -> Array:
        """float64 [positions], NaN where there is none; numbers, flags and days only."""
        found = np.full(len(self.parts[0].rows), math.nan)
        for part in self.parts:
            found[part.speaks] = part.column.values[part.rows[part.speaks]]
        return found

    def texts(self, rows: Array) -> list[str | None]:
        """Of some positions."""
        found: list[str | None] = [None] * len(rows)
        for part in self.parts:
            column = part.column
            for place in np.flatnonzero(part.speaks[rows]).tolist():
                value = column.values[part.rows[rows[place]]].item()
                found[place] = value_text(column.kind, value, column.categories)
        return found

    def ranks(self) -> Array:
        """float64 [positions] that sorts as the values do, NaN where there is none."""
        if Kind.TEXT not in self.kinds:
            return self.numbers()
        if len(self.parts) == 1:  # categories are sorted, and so are their codes
            return self.numbers()
        known = sorted({text for part in self.parts for text in _texts_of(part.column)})
        place = {text: number for number, text in enumerate(known)}
        found = np.full(len(self.parts[0].rows), math.nan)
        for part in self.parts:
            by_value = np.array([place[text] for text in _texts_of(part.column)] or [0], np.float64)
            codes = part.column.values if part.column.kind is Kind.TEXT else np.arange(len(part.column.values))
            found[part.speaks] = by_value[codes[part.rows[part.speaks]]]
        return found


def _texts_of(column: ColumnData) -> list[str]:
    if column.kind is Kind.TEXT:
        return list(column.categories)
    return [value_text(column.kind, value) for value in column.values.tolist()]


@dataclass(frozen=True)
class NamedPortfolio:
    """A portfolio with its names. Fields are kept once they have been asked for: a page looks at a dozen."""

    portfolio: Portfolio
    _kept: dict[str, Field | None] = field(default_factory=dict, compare=False)

    def field(self, name: str) -> Field | None:
        """None where the portfolio has nothing of that name. Names are read without regard to case."""
        if name not in self._kept:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[name] = self._found(name)
        return self._kept.get(name)

    def _found(self, name: str) -> Field | None:
        for typed in dict.fromkeys((name.strip(), name.strip().lower())):
            parts = tuple(map(self._shared, self._parts(typed)))
            if parts:
                return Field(typed, parts)
        return None

    def _shared(self, part: Holder) -> Holder:
        """Columns of positions have one array of rows between them."""
        known = (self.portfolio.instrument_row, self.portfolio.book_row, self.portfolio.issuer_row)
        return part if any(part.rows is each for each in known) else replace(part, rows=self._everybody)

    @lazy
    def _everybody(self) -> Array:
        return np.arange(self.portfolio.position_count)

    def names(self) -> list[str]:
        """Everything that can be asked for, each once."""
        held = self.portfolio.tables
        names = ["position_id", "instrument_id", "book_id", *OWN_TERMS, *KINDS, *ALIASES]
        names += [name for table in HOLDERS if table in held for name in held[table].columns]
        return list(dict.fromkeys(names))

    def below(self, node: str) -> Array:
        """bool [positions] hanging on the node or below it."""
        wanted = self.nodes.index(node)
        under = np.array([wanted in path for path in self._paths], bool)
        found: Array = under[self.portfolio.book_row]
        return found

    def paths(self) -> list[list[str]]:
        """Of each node, in their order: ids from the root down to itself."""
        return [[self.nodes[row] for row in path] for path in self._paths]

    def levels(self) -> Iterator[Array]:
        """Of each depth of the tree, from the roots on: the node there that each node is or hangs below, else -1."""
        for depth in range(max(map(len, self._paths), default=0)):
            yield np.array([path[depth] if depth < len(path) else -1 for path in self._paths], np.int64)

    def _parts(self, name: str) -> Iterator[Holder]:
        everybody = np.ones(self.portfolio.position_count, bool)
        if name in ("book_id", "instrument_id", *OWN_TERMS):
            table, rows = ("portfolio", self.portfolio.book_row) if name == "book_id" else ("instruments", None)
            rows = rows_of(self.portfolio, "instruments") if rows is None else rows
            held = self.portfolio.tables.get(table)
            column = held.columns.get("node_id" if name == "book_id" else name) if held else None
            if column is not None:
                yield Holder(column, rows, is_filled(column)[rows] & everybody)
        elif name in KINDS:
            yield from self._ancestors(name)
        else:
            yield from holders(self.portfolio, name)

    def _ancestors(self, kind: str) -> Iterator[Holder]:
        """The nearest node of a kind, from the one that a position hangs on upwards."""
        ids, kinds = self.nodes, [(each or "").lower() for each in self._node_texts("kind")]
        nearest = [next((row for row in reversed(path) if kinds[row] == kind), -1) for path in self._paths]
        known = sorted({ids[row] for row in nearest if row >= 0})
        place = {text: code for code, text in enumerate(known)}
        codes = np.array([place[ids[row]] if row >= 0 else ABSENT_CODE for row in nearest], np.int32)
        column = ColumnData(Kind.TEXT, codes, tuple(known))
        if self.nodes:
            yield Holder(column, self.portfolio.book_row, (codes != ABSENT_CODE)[self.portfolio.book_row])

    @lazy
    def nodes(self) -> list[str]:
        return [each or "" for each in self._node_texts("node_id")]

    @lazy
    def _paths(self) -> list[list[int]]:
        return paths(self.portfolio) if "portfolio" in self.portfolio.tables else []

    def _node_texts(self, name: str) -> list[str | None]:
        table = self.portfolio.tables.get("portfolio")
        return texts(table.columns.get(name), table.rows) if table else []


def number_of(name: str, text: str) -> float:
    try:
        found = float(text.replace("_", ""))
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise BadQuery(f"{name} is a number, and {text!r} is none", f"compare it with a number: {name}>=700")
    return found


def day_of(name: str, text: str) -> float:
    """Days since 1970-01-01."""
    try:
        return float((dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days)
    except ValueError:
        message = f"{name} is a date, and {text!r} is none"
        raise BadQuery(message, f"compare it with a day: {name}>=2026-01-31") from None


def flag_of(name: str, text: str) -> float:
    known = {"true": 1.0, "false": 0.0}
    if text.lower() not in known:
        raise BadQuery(f"{name} is true or false, not {text!r}", f"write {name}=true")
    return known[text.lower()]


def value_of(kind: Kind, name: str, text: str) -> float:
    if kind is Kind.DATE:
        return day_of(name, text)
    return flag_of(name, text) if kind is Kind.FLAG else number_of(name, text)
