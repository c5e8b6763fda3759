"""A portfolio as bytes: one Arrow IPC stream per table, zstd inside, behind a small JSON header.

    b"TNRSNAP1" | header length, 4 bytes little endian | header, JSON | segments

The header lists each table's name, row count, column kinds, offset and size, so that a reader takes only the tables
that it needs. Absent values keep the sentinels of domain.portfolio.columns; text is a dictionary column, no nulls in
its dictionary, absent where the code is -1.
"""

import json
import struct
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc

from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind

MAGIC = b"TNRSNAP1"
_LENGTH = struct.Struct("<I")
_ROWS = ("instrument_row", "book_row")
_DTYPES = {Kind.NUMBER: np.float64, Kind.INTEGER: np.float64, Kind.DATE: np.int32, Kind.FLAG: np.int8}
_OPTIONS = ipc.IpcWriteOptions(compression="zstd")


class NotASnapshot(ValueError):
    """The bytes are not a snapshot that this version can read."""


class SnapshotCodec:
    """The port `PortfolioCodec`."""

    def encode(self, portfolio: Portfolio) -> bytes:
        return encode_portfolio(portfolio)

    def decode(self, data: bytes | memoryview, tables: Collection[str] | None = None) -> Portfolio:
        return decode_portfolio(data, tables)


def encode_portfolio(portfolio: Portfolio) -> bytes:
    tables = sorted(portfolio.tables.items())
    segments = [_written({name: _arrow(column) for name, column in table.columns.items()}) for _, table in tables]
    rows = {name: pa.array(np.asarray(getattr(portfolio, name), dtype=np.int32)) for name in _ROWS}
    segments.append(_written(rows))
    offsets = np.cumsum([0, *map(len, segments)]).tolist()
    described = [
        {
            "name": name,
            "rows": table.rows,
            "kinds": {each: column.kind.value for each, column in table.columns.items()},
            "offset": offset,
            "size": len(segment),
        }
        for (name, table), segment, offset in zip(tables, segments[:-1], offsets, strict=False)
    ]
    header = json.dumps({"tables": described, "rows": {"offset": offsets[-2], "size": len(segments[-1])}}).encode()
    return b"".join([MAGIC, _LENGTH.pack(len(header)), header, *segments])


def decode_portfolio(data: bytes | memoryview, tables: Collection[str] | None = None) -> Portfolio:
    """The portfolio, or those of its tables that are asked for; its rows of instruments and books come always."""
    view = memoryview(data)
    if bytes(view[: len(MAGIC)]) != MAGIC:
        raise NotASnapshot("the bytes do not begin as a snapshot does")
    start = len(MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack(view[len(MAGIC) : start])
    header = json.loads(bytes(view[start : start + length]))
    body = view[start + length :]
    decoded = {
        each["name"]: _table(each, _read(body, each))
        for each in header["tables"]
        if tables is None or each["name"] in tables
    }
    rows = _read(body, header["rows"])
    return Portfolio(decoded, *(rows.column(name).to_numpy() for name in _ROWS))


def _arrow(column: ColumnData) -> pa.Array:
    if column.kind is not Kind.TEXT:
        return pa.array(np.asarray(column.values, dtype=_DTYPES[column.kind]))
    codes = np.asarray(column.values, dtype=np.int32)
    indices = pa.array(codes, mask=codes == ABSENT_CODE)
    return pa.DictionaryArray.from_arrays(indices, pa.array(column.categories, pa.large_string()))


def _written(columns: dict[str, pa.Array]) -> pa.Buffer:
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _read(body: memoryview, place: dict[str, Any]) -> pa.RecordBatch:
    segment = body[place["offset"] : place["offset"] + place["size"]]
    return ipc.open_stream(pa.py_buffer(segment)).read_next_batch()


def _table(described: dict[str, Any], batch: pa.RecordBatch) -> TableData:
    columns = {name: _column(Kind(kind), batch.column(name)) for name, kind in described["kinds"].items()}
    return TableData(described["rows"], columns)


def _column(kind: Kind, array: pa.Array) -> ColumnData:
    if kind is not Kind.TEXT:
        return ColumnData(kind, array.to_numpy())
    codes = array.indices.fill_null(ABSENT_CODE).to_numpy()
    return ColumnData(kind, codes, tuple(array.dictionary.to_pylist()))
