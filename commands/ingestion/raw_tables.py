"""A table as it was read: the text of every cell, before anything is made of it."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cells:
    """One column: each distinct text once, and every row's place among them (-1 where the cell is empty).

    Whatever the source was, the text is the canonical one of the value (2026-01-23, 0.05, true), so that the same
    content reads the same from CSV, Parquet and XLSX, and each distinct value is parsed once.
    """

    codes: Array
    texts: pa.Array

    def text_at(self, row: int) -> str | None:
        code = int(self.codes[row])
        return None if code < 0 else str(self.texts[code].as_py())


@dataclass(frozen=True)
class RawTable:
    """`source_rows` are the rows' numbers in their file; `unreadable_rows` those of another width than the header.

    `numeric` are the columns that the file itself holds as numbers, so that no cell of them is a label.
    """

    name: str
    file: str
    source_rows: Array
    columns: dict[str, Cells]
    unreadable_rows: tuple[int, ...] = ()
    numeric: frozenset[str] = frozenset()

    def text_at(self, column: str, row: int) -> str | None:
        return self.columns[column].text_at(row)


@dataclass(frozen=True)
class FileInfo:
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Source:
    tables: dict[str, RawTable] = field(default_factory=dict)
    files: list[FileInfo] = field(default_factory=list)


def cells_of(column: pa.ChunkedArray) -> Cells:
    """Cells of a column whose cast to string is the canonical text of its values."""
    if pa.types.is_string(column.type) and _ascends(column):
        return Cells(np.arange(len(column), dtype=np.int32), column.combine_chunks())
    encoded = column.dictionary_encode().combine_chunks()
    codes, texts = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), encoded.dictionary.cast(pa.string())
    if not _each_has_a_text_of_its_own(encoded.dictionary):
        return distinct(codes, texts)
    empty = texts.index("").as_py()
    return Cells(codes if empty < 0 else np.where(codes == empty, -1, codes), texts)


def _ascends(column: pa.ChunkedArray) -> bool:
    """As ids often do: then each is there once, which a look at its neighbour says faster than a table of all."""
    if not len(column) or column.null_count or column[0].as_py() == "":
        return False
    return all(bool(pc.all(pc.less(part[:-1], part[1:])).as_py()) for part in (column[:1000], column))


def _each_has_a_text_of_its_own(values: pa.Array) -> bool:
    """Distinct values have distinct texts, except that NaNs of different bits have one, and nulls none."""
    if pa.types.is_floating(values.type):
        return bool(np.isnan(values.to_numpy(zero_copy_only=False)).sum() < 2)
    return bool(values.null_count == 0)


def distinct(codes: Array, texts: pa.Array) -> Cells:
    """Cells with each text once, where nulls and empty texts are absent cells."""
    encoded = texts.dictionary_encode()
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    places = np.where(places == encoded.dictionary.index("").as_py(), -1, places)
    if np.array_equal(places, np.arange(len(texts))):
        return Cells(codes, texts)
    return Cells(np.append(places, -1).astype(np.int32).take(codes), encoded.dictionary)


def kept(columns: dict[str, Cells], keep: Array) -> dict[str, Cells]:
    return {name: Cells(cells.codes[keep], cells.texts) for name, cells in columns.items()}


def without_blank_rows(table: RawTable) -> RawTable:
    """Rows in which every cell is empty are the used range of a spreadsheet, not data."""
    filled = np.zeros(len(table.source_rows), dtype=bool)
    for cells in table.columns.values():
        filled |= cells.codes >= 0
    if filled.all():
        return table
    return replace(table, source_rows=table.source_rows[filled], columns=kept(table.columns, filled))


def texts_as_lists(texts: pa.Array) -> list[str]:
    """The distinct texts as Python strings, for rules that numpy and Arrow cannot say."""
    return list(texts.to_pylist())


def matches(texts: pa.Array, pattern: str) -> Array:
    return np.asarray(pc.match_substring_regex(texts, pattern), dtype=bool)
