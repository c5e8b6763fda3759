"""A table as it was read: the text of every cell, before anything is made of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

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
    """`source_rows` are the rows' numbers in their file; `partial_rows` those that were there but could not be read."""

    name: str
    file: str
    source_rows: Array
    columns: dict[str, Cells]
    unreadable_rows: int = 0

    def text_at(self, column: str, row: int) -> str | None:
        return self.columns[column].text_at(row)


@dataclass(frozen=True)
class FileInfo:
    name: str
    sha256: str
    bytes: int


def cells_of(column: pa.ChunkedArray) -> Cells:
    """Cells of a column of strings, or of any type whose cast to string is its canonical text."""
    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    texts = encoded.dictionary.cast(pa.string())
    codes = encoded.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    return without_empty(codes, texts)


def without_empty(codes: Array, texts: pa.Array) -> Cells:
    """Empty texts and nulls are absent cells."""
    empty = np.asarray(pa.compute.fill_null(pa.compute.equal(texts, ""), True))
    if empty.any():
        codes = np.where(np.append(empty, True)[codes], -1, codes).astype(np.int32)
    return Cells(codes, texts.fill_null(""))


def rows_kept(table_columns: dict[str, Cells], keep: Array) -> dict[str, Cells]:
    return {name: Cells(cells.codes[keep], cells.texts) for name, cells in table_columns.items()}
