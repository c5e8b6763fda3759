"""A snapshot's columns as they travel: canonical, typed, without a library's own types.

The arrays are numpy arrays; `domain` depends on no array library, so it says `Any` and states the dtype.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.lazy import lazy
from domain.portfolio.tables import Kind

ABSENT_DATE = -(2**31)
ABSENT_CODE = -1


@dataclass(frozen=True)
class ColumnData:
    """One column of n rows.

    NUMBER, INTEGER  float64, NaN where absent
    DATE             int32 days since 1970-01-01, ABSENT_DATE where absent
    FLAG             int8 0 or 1, -1 where absent
    TEXT             int32 codes into `categories` (sorted, unique), -1 where absent
    """

    kind: Kind
    values: Any
    categories: tuple[str, ...] = ()

    def code_of(self, text: str) -> int:
        """Of TEXT: the code of a text, ABSENT_CODE where no row has it."""
        code = bisect_left(self.categories, text)
        return code if code < len(self.categories) and self.categories[code] == text else ABSENT_CODE


@dataclass(frozen=True)
class RowsOf(Mapping[str, ColumnData]):
    """Columns of some rows of a table, gathered when they are asked for."""

    columns: Mapping[str, ColumnData]
    rows: Any
    _found: dict[str, ColumnData] = field(default_factory=dict)

    def __getitem__(self, name: str) -> ColumnData:
        if name not in self._found:
            column = self.columns[name]
            self._found[name] = ColumnData(column.kind, column.values[self.rows], column.categories)
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


@dataclass(frozen=True)
class TableData:
    """A column that is absent in every row is not stored at all: it is the same content."""

    rows: int
    columns: Mapping[str, ColumnData] = field(default_factory=dict)


@dataclass(frozen=True)
class Portfolio:
    """A portfolio snapshot's tables in canonical row order.

    Every table is sorted by its key; `positions` by (product type in table order, book_id, position_id), and
    carries `instrument_row` and `book_row` (int32 rows of `instruments` and `portfolio`) outside its columns.
    Tags are columns named `tag:KEY`.
    """

    tables: Mapping[str, TableData]
    instrument_row: Any
    book_row: Any

    @property
    def position_count(self) -> int:
        return self.tables["positions"].rows

    def of_positions(self, rows: Any) -> "Portfolio":
        """Some positions, each with an instrument and an issuer of its own; other tables are the whole portfolio's."""
        arrays = self.instrument_row.__array_namespace__()
        each, issuer = arrays.arange(len(rows), dtype=self.instrument_row.dtype), self.issuer_row[rows]
        chosen = {"positions": rows, "instruments": self.instrument_row[rows], "issuers": issuer}
        tables = {
            name: TableData(len(rows), RowsOf(table.columns, chosen[name])) if name in chosen else table
            for name, table in self.tables.items()
        }
        part = Portfolio(tables, each, self.book_row[rows])
        vars(part)["issuer_row"] = arrays.where(issuer < 0, -1, each)
        return part

    @lazy
    def issuer_row(self) -> Any:
        """int32 rows of `issuers` that the positions' instruments name, -1 where there is none; not stored."""
        named = self.tables["instruments"].columns.get("issuer_id")
        none = self.instrument_row * 0 - 1
        if named is None or "issuers" not in self.tables:
            return none
        issuers = self.tables["issuers"].columns["issuer_id"]
        row_of = {issuers.categories[code]: row for row, code in enumerate(issuers.values.tolist())}
        arrays = self.instrument_row.__array_namespace__()
        of_category = arrays.asarray([*(row_of.get(text, -1) for text in named.categories), -1], dtype=none.dtype)
        return of_category[named.values][self.instrument_row]
