"""Who the positions of a run are, as COPY rows: texts of a chunk, and where in the run each position is, by its id.

Texts are kept packed, so that neither the server nor a reader handles them one by one: their count n, n + 1 offsets of
their bytes, all int32 and little-endian, then the bytes in UTF-8. Ids are found in sorted runs, each under its first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from domain.portfolio.columns import ColumnData, Portfolio
from projections.engine.binary_copy import NULL, field_size, number, row_of, text, text_array

POSITION_COLUMNS = ("chunk_no", "position_id", "instrument_id", "book_id", "product_type", "currency", "detail")
ROW_COLUMNS = ("first_position_id", "position_id", "row_no")
IDENTITY = (
    ("positions", "position_id"),
    ("instruments", "instrument_id"),
    ("portfolio", "node_id"),
    ("instruments", "product_type"),
    ("instruments", "currency"),
)
LOOKUP_ROWS = 1_024
"""Ids that a lookup reads to find one."""

Rows = npt.NDArray[np.int64] | slice


@dataclass(frozen=True)
class TextColumn:
    """`texts` are distinct; `codes` [positions] into them."""

    texts: pa.StringArray
    codes: npt.NDArray[np.int32]

    def at(self, rows: Rows) -> pa.StringArray:
        return self.texts.take(pa.array(self.codes[rows]))


class Identities:
    """The five texts that say who a position is."""

    def __init__(self, portfolio: Portfolio) -> None:
        rows_of = {"instruments": portfolio.instrument_row, "portfolio": portfolio.book_row}
        self.columns = [
            _text_column(portfolio.tables[table].columns[name], rows_of.get(table)) for table, name in IDENTITY
        ]

    @property
    def position_ids(self) -> TextColumn:
        return self.columns[0]

    def chunk_row(self, run_no: int, chunk_no: int, rows: slice, details: list[str]) -> bytes:
        fields = [number("int4", chunk_no), *(_sized(packed(column.at(rows))) for column in self.columns)]
        fields.append(text_array([text(detail) for detail in details]) if any(details) else NULL)
        return row_of(run_no, POSITION_COLUMNS) + b"".join(fields)

    def lookup_rows(self, run_no: int) -> Iterator[bytes]:
        order = np.argsort(self.position_ids.codes)  # categories are sorted, and so are their codes
        for first in range(0, len(order), LOOKUP_ROWS):
            rows = order[first : first + LOOKUP_ROWS]
            ids = self.position_ids.at(rows)
            fields = [text(ids[0].as_py()), _sized(packed(ids)), _sized(_int32s(rows))]
            yield row_of(run_no, ROW_COLUMNS) + b"".join(fields)


def packed(texts: pa.StringArray) -> bytes:
    """Of an array that is no slice of another."""
    _, held, data = texts.buffers()
    offsets = np.frombuffer(held, "<i4", len(texts) + 1)
    octets = memoryview(data)[: offsets[-1]] if data else b""
    return b"".join((_int32s(np.array([len(texts)])), _int32s(offsets), octets))


def _int32s(values: npt.NDArray[Any]) -> bytes:
    return values.astype("<i4").tobytes()


def _sized(data: bytes) -> bytes:
    return field_size(data) + data


def _text_column(column: ColumnData, rows: npt.NDArray[np.int32] | None) -> TextColumn:
    """Absent is the empty text: the last, where code -1 points."""
    codes = column.values if rows is None else column.values[rows]
    texts = pa.array((*column.categories, ""), pa.string())
    return TextColumn(texts, np.where(codes < 0, len(texts) - 1, codes))
