"""Who the positions of a run are, as COPY rows: arrays by chunk, and the row of each position by its id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.columns import ColumnData, Portfolio
from projections.binary_copy import field_size, number, text, text_array

POSITION_COLUMNS = ("chunk_no", "position_id", "instrument_id", "book_id", "product_type", "currency", "detail")
ROW_COLUMNS = ("row_no", "position_id")
IDENTITY = (
    ("positions", "position_id"),
    ("instruments", "instrument_id"),
    ("portfolio", "node_id"),
    ("instruments", "product_type"),
    ("instruments", "currency"),
)


@dataclass(frozen=True)
class TextColumn:
    """`fields` are wire texts of the distinct values; `codes` [positions] into them."""

    fields: list[bytes]
    codes: npt.NDArray[np.int32]

    def at(self, rows: Sequence[int] | npt.NDArray[np.int64] | slice) -> list[bytes]:
        return [self.fields[code] for code in self.codes[rows].tolist()]


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
        head = (len(POSITION_COLUMNS) + 1).to_bytes(2, "big") + number("int8", run_no) + number("int4", chunk_no)
        said = {detail: text(detail) for detail in set(details)}
        arrays = [text_array(column.at(rows)) for column in self.columns]
        return head + b"".join(arrays) + text_array([said[detail] for detail in details])

    def lookup_rows(self, run_no: int) -> Iterator[npt.NDArray[np.uint8]]:
        """By length of the id: rows of one length are one array. Their order is the index's business."""
        fields, codes = self.position_ids.fields, self.position_ids.codes
        lengths = np.array([len(field) for field in fields], np.int32)[codes]
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(lengths == length)
            ids = np.frombuffer(b"".join(self.position_ids.at(rows)), np.uint8).reshape(-1, length)
            yield _lookup(run_no, rows, ids)


def _lookup(run_no: int, rows: npt.NDArray[np.int64], ids: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    head = np.frombuffer((len(ROW_COLUMNS) + 1).to_bytes(2, "big") + number("int8", run_no), np.uint8)
    row_no = np.empty(len(rows), np.dtype([("bytes", ">i4"), ("value", ">i4")]))
    row_no["bytes"], row_no["value"] = 4, rows
    heads = np.broadcast_to(head, (len(rows), len(head)))
    return np.concatenate([heads, row_no.view(np.uint8).reshape(-1, 8), ids], axis=1)


def _text_column(column: ColumnData, rows: npt.NDArray[np.int32] | None) -> TextColumn:
    """Absent is the empty text: its field is the last, where code -1 points."""
    fields = [field_size(each) + each for each in map(str.encode, (*column.categories, ""))]
    return TextColumn(fields, column.values if rows is None else column.values[rows])
