"""COPY in the binary format, from numpy: constant bytes once, values as arrays, no Python per value.

    stream   HEADER, rows, TRAILER
    row      int16 count of fields, then each field: int32 length (-1: NULL), its bytes, all big-endian
    array    int32 dimensions, has_nulls, element oid, length, lower bound, then each element with its own length

Source: PostgreSQL documentation, COPY, binary format; src/backend/utils/adt/arrayfuncs.c, array_recv.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL, Identifier

from domain.ports import Connection

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"

COPY = SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary)")
COPY_FREEZE = SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary, FREEZE)")

NUMBERS = {"int2": (">i2", 21), "int4": (">i4", 23), "int8": (">i8", 20), "float8": (">f8", 701)}
TEXT_OID = 25


@dataclass(frozen=True)
class Field:
    """A number, or an array of `length` numbers."""

    name: str
    kind: str
    length: int = 0


class FixedRows:
    """Rows, or the tails of rows, whose size does not vary. Assign values by field; everything else is written once."""

    def __init__(self, count: int, fields: Sequence[Field], *, counted: bool = True) -> None:
        counter: list[Any] = [("fields", ">i2")] if counted else []
        self._rows = np.zeros(count, np.dtype(counter + [(field.name, _dtype(field)) for field in fields]))
        if counted:
            self._rows["fields"] = len(fields)
        for field in fields:
            _write_constants(self._rows[field.name], field)
        self._arrays = {field.name for field in fields if field.length}

    def __setitem__(self, name: str, values: Any) -> None:
        field = self._rows[name]
        if name in self._arrays:
            field["items"]["value"] = values
        else:
            field["value"] = values

    def data(self) -> npt.NDArray[np.uint8]:
        """[rows, bytes of a row], not a copy."""
        return self._rows.view(np.uint8).reshape(len(self._rows), -1)


def number(kind: str, value: int) -> bytes:
    dtype = np.dtype(NUMBERS[kind][0])
    return dtype.itemsize.to_bytes(4, "big") + np.array(value, dtype).tobytes()


def row_of(run_no: int, columns: Sequence[str]) -> bytes:
    """How a row of a run begins: the count of its fields, then the run before the columns."""
    return (len(columns) + 1).to_bytes(2, "big") + number("int8", run_no)


def field_size(data: bytes | memoryview) -> bytes:
    """What stands before the bytes of a field."""
    return len(data).to_bytes(4, "big")


def text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(4, "big") + encoded


def jsonb(document: str) -> bytes:
    """Version 1 of the wire format is the text itself."""
    encoded = document.encode()
    return (len(encoded) + 1).to_bytes(4, "big") + b"\x01" + encoded


def text_array(fields: Sequence[bytes]) -> bytes:
    """From elements that are already `text` fields."""
    header = np.array([1, 0, TEXT_OID, len(fields), 1], ">i4").tobytes()
    body = b"".join(fields)
    return (len(header) + len(body)).to_bytes(4, "big") + header + body


def copy(connection: Connection, table: Identifier, columns: Sequence[str], rows: Iterable[Any], freeze: bool) -> None:
    """FREEZE needs a table made in this transaction, with no savepoint between."""
    statement = (COPY_FREEZE if freeze else COPY).format(
        table=table, columns=SQL(", ").join(Identifier(column) for column in columns)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        stream.write(HEADER)
        for part in rows:
            stream.write(memoryview(part).cast("B"))
        stream.write(TRAILER)


def _dtype(field: Field) -> np.dtype[Any]:
    kind = NUMBERS[field.kind][0]
    if not field.length:
        return np.dtype([("bytes", ">i4"), ("value", kind)])
    item = np.dtype([("bytes", ">i4"), ("value", kind)])
    words = [(name, ">i4") for name in ("bytes", "dimensions", "has_nulls", "oid", "length", "lower")]
    return np.dtype([*words, ("items", item, (field.length,))])


def _write_constants(rows: Any, field: Field) -> None:
    kind, oid = NUMBERS[field.kind]
    size = np.dtype(kind).itemsize
    if not field.length:
        rows["bytes"] = size
        return
    rows["bytes"] = 20 + field.length * (4 + size)
    rows["dimensions"], rows["oid"], rows["length"], rows["lower"] = 1, oid, field.length, 1
    rows["items"]["bytes"] = size
