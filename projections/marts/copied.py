"""Rows of a result table as COPY's binary format takes them: columns in, bytes out, no Python by row.

    row    int16 count of fields, then each: int32 length (-1: NULL), its bytes
    head   what is the same in every row of the run: the count, run_id, and as_of where the table has it

Texts and their lengths are joined by Arrow; numbers become a block of fields a row, from which the bytes of blanks
are taken out.
"""

from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projections.engine.binary_copy import field_size

POSTGRES_EPOCH = date(2000, 1, 1)
WHOLE, NUMBER = pa.types.is_integer, pa.types.is_floating
FIELD = np.dtype([("bytes", ">i4"), ("value", ">f8")])
BLANK = -1


def row_head(run_id: UUID, as_of: date | None, columns: int) -> bytes:
    """`columns` are those that follow."""
    day = [] if as_of is None else [_sized((as_of - POSTGRES_EPOCH).days.to_bytes(4, "big", signed=True))]
    fields = [_sized(run_id.bytes), *day]
    return (len(fields) + columns).to_bytes(2, "big") + b"".join(fields)


def copy_bytes(batch: pa.RecordBatch, head: bytes) -> memoryview:
    """Texts first, then whole numbers and texts as they come, doubles last: the columns in their order."""
    doubles = [place for place, field in enumerate(batch.schema) if NUMBER(field.type)]
    others = [place for place in range(batch.num_columns) if place not in doubles]
    if doubles and others and others[-1] > doubles[0]:
        raise ValueError("doubles come last")
    parts: list[Any] = [pa.scalar(head, pa.binary())]
    for place in others:
        parts += _whole(batch.column(place)) if WHOLE(batch.schema[place].type) else _text(batch.column(place))
    if doubles:
        parts.append(_numbers([batch.column(place) for place in doubles]))
    joined = pc.binary_join_element_wise(*parts, b"")
    _, held, data = joined.buffers()
    offsets = np.frombuffer(held, np.int32)[joined.offset : joined.offset + len(joined) + 1]
    return memoryview(data)[offsets[0] : offsets[-1]]


def _text(texts: pa.Array) -> list[pa.Array]:
    blank = texts.is_null()
    lengths = pc.if_else(blank, BLANK, pc.binary_length(texts.fill_null("")))
    return [_fixed(lengths.to_numpy(zero_copy_only=False).astype(">i4")), texts.fill_null("").cast(pa.binary())]


def _whole(numbers: pa.Array) -> list[pa.Array]:
    """As int8; none is blank."""
    values = numbers.to_numpy(zero_copy_only=False).astype(">i8")
    return [pa.scalar(field_size(bytes(8)), pa.binary()), _fixed(values)]


def _fixed(values: Any) -> pa.Array:
    """The bytes of each value."""
    width = values.dtype.itemsize
    offsets = np.arange(0, (len(values) + 1) * width, width, dtype=np.int32)
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(values))]
    )


def _numbers(columns: list[pa.Array]) -> pa.Array:
    """The fields of all columns, row by row; of a blank its length alone."""
    rows = len(columns[0])
    fields = np.empty((rows, len(columns)), FIELD)
    blank = np.empty((rows, len(columns)), bool)
    for place, column in enumerate(columns):
        blank[:, place] = column.is_null().to_numpy(zero_copy_only=False)
        fields["value"][:, place] = column.to_numpy(zero_copy_only=False)
    fields["bytes"] = np.where(blank, BLANK, 8)
    octets = fields.view(np.uint8).reshape(rows, len(columns), FIELD.itemsize)
    sizes = np.where(blank, 4, FIELD.itemsize).sum(axis=1)
    if blank.any():
        keep = np.ones(octets.shape, bool)
        keep[:, :, 4:] = ~blank[:, :, None]
        octets = octets[keep]
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(octets))]
    return pa.BinaryArray.from_buffers(pa.binary(), rows, buffers)


def _sized(data: bytes) -> bytes:
    return field_size(data) + data
