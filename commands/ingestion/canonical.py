"""The canonical form of a portfolio and its name: the same content is the same sha256, however it was brought."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.ingestion.attributes import TAGS
from commands.ingestion.references import rows_referred
from commands.ingestion.typed_columns import Typed, TypedTable
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import PRODUCT_TYPES, Kind

Array = np.ndarray[Any, Any]

_LITTLE_ENDIAN = {
    Kind.NUMBER: "<f8",
    Kind.INTEGER: "<f8",
    Kind.DATE: "<i4",
    Kind.FLAG: "|i1",
    Kind.TEXT: "<i4",
}


@dataclass(frozen=True)
class Canonical:
    """`source_rows`: for each table the file's row numbers in canonical order."""

    portfolio: Portfolio
    source_rows: dict[str, Array]


def canonical(tables: dict[str, TypedTable], keep: dict[str, Array]) -> Canonical:
    """The kept rows of sound tables, sorted, with text as codes into sorted categories and absent columns left out.

    The tables' columns are used up: two copies of a portfolio need not be held at once.
    """
    tables = {name: table for name, table in tables.items() if keep[name].any()}
    instrument = rows_referred(tables["positions"], "instrument_id", tables["instruments"], "instrument_id")
    book = rows_referred(tables["positions"], "book_id", tables["portfolio"], "node_id")
    columns = {name: _kept_columns(table, keep[name]) for name, table in tables.items()}
    order = {name: _key_order(table, columns[name]) for name, table in tables.items()}
    instrument_row = _canonical_rows(instrument, keep, order, "instruments")
    book_row = _canonical_rows(book, keep, order, "portfolio")
    order["positions"] = places = _positions_order(columns, order, instrument_row)
    data = {name: _ordered(columns.pop(name), order[name]) for name in sorted(columns)}
    return Canonical(
        Portfolio(data, instrument_row[places].astype(np.int32), book_row[places].astype(np.int32)),
        {name: _kept(table.source_rows, keep[name])[order[name]].astype(np.int32) for name, table in tables.items()},
    )


def content_sha256(portfolio: Portfolio) -> str:
    """Over tables and columns in the order of their names: name, kind, row count, little-endian bytes, categories."""
    digest = hashlib.sha256(b"tenor portfolio 1\0")
    for table_name, table in sorted(portfolio.tables.items()):
        if table.rows:
            _feed(digest, "table", table_name, str(table.rows))
            for name, column in sorted(table.columns.items()):
                _feed(digest, "column", name, column.kind.value)
                digest.update(np.ascontiguousarray(column.values, dtype=_LITTLE_ENDIAN[column.kind]).data)
                _feed(digest, *column.categories)
    return digest.hexdigest()


def _feed(digest: Any, *texts: str) -> None:
    """Each text after its length, so that no two lists of texts feed the same bytes."""
    together = "".join(texts).encode()
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if int(lengths.sum()) != len(together):  # beyond ASCII a character is not a byte
        lengths = np.array([len(text.encode()) for text in texts])
    digest.update(np.append(len(texts), lengths).astype("<u8").tobytes())
    digest.update(together)


# --- columns --------------------------------------------------------------------------------------------------------


def _kept_columns(table: TypedTable, keep: Array) -> dict[str, ColumnData]:
    columns = {}
    for name in sorted(table.columns):
        typed = table.columns.pop(name)
        # `tags` stays for error reports only: its content is in the columns tag:KEY.
        if (table.name, name) != TAGS and (typed.present & keep).any():
            columns[name] = _column(typed, keep)
    return columns


def _column(typed: Typed, keep: Array) -> ColumnData:
    values = _kept(typed.values, keep)
    return _text_column(values, typed.texts) if typed.kind is Kind.TEXT else ColumnData(typed.kind, values)


def _kept(values: Array, keep: Array) -> Array:
    return values if keep.all() else values[keep]


def _text_column(codes: Array, texts: pa.Array) -> ColumnData:
    used = np.zeros(len(texts) + 1, dtype=bool)
    used[codes] = True
    used_texts = texts.filter(pa.array(used[:-1]))
    by_text = pc.sort_indices(used_texts).to_numpy()
    rank = np.empty(len(by_text), dtype=np.int32)
    rank[by_text] = np.arange(len(by_text), dtype=np.int32)
    new_code = np.full(len(texts) + 1, ABSENT_CODE, dtype=np.int32)
    new_code[:-1][used[:-1]] = rank
    return ColumnData(Kind.TEXT, new_code.take(codes), tuple(used_texts.take(by_text).to_pylist()))


def _ordered(columns: dict[str, ColumnData], order: Array) -> TableData:
    taken = {name: _in_order(columns.pop(name), order) for name in sorted(columns)}
    return TableData(len(order), taken)


def _in_order(column: ColumnData, order: Array) -> ColumnData:
    return ColumnData(column.kind, column.values.take(order), column.categories)


# --- order ----------------------------------------------------------------------------------------------------------


def _key_order(table: TypedTable, columns: dict[str, ColumnData]) -> Array:
    return np.lexsort([columns[name].values for name in reversed(table.spec.key) if name in columns])


def _positions_order(columns: dict[str, dict[str, ColumnData]], order: dict[str, Array], row: Array) -> Array:
    """By product type in the order of the contract's table, then book, then position."""
    product = columns["instruments"]["product_type"]
    place = np.array([PRODUCT_TYPES.index(each) for each in product.categories])
    family = place[product.values[order["instruments"]]][row]
    positions = columns["positions"]
    return np.lexsort((positions["position_id"].values, positions["book_id"].values, family))


def _canonical_rows(referred: Array, keep: dict[str, Array], order: dict[str, Array], name: str) -> Array:
    """For each kept position, in file order, the canonical row of what it refers to."""
    canonical_row = np.full(len(keep[name]), -1, dtype=np.int64)
    canonical_row[np.flatnonzero(keep[name])[order[name]]] = np.arange(len(order[name]))
    return _kept(canonical_row.take(referred), keep["positions"])
