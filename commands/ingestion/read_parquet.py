"""Parquet tables: every column becomes the text that the same value has in a CSV file."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.headers import checked_names, named_columns
from commands.ingestion.limits import MAX_CELLS_PER_BYTE, MAX_PACKED_CELLS, Spent
from commands.ingestion.raw_tables import Cells, FileInfo, RawTable, cells_of, distinct, without_blank_rows
from commands.ingestion.typed_columns import is_id
from domain.portfolio.tables import BY_NAME

_MAGIC = b"PAR1"
_CODED = pa.dictionary(pa.int32(), pa.string())
_MAX_CODE_BYTES = 3
"""Of a row, at the mean: codes of few texts take no more, texts themselves do."""

_EXACT_BELOW = 1e15

_DAMAGED = (pa.ArrowException, OSError, ValueError)
"""What the reader raises over bytes that are not what they should be; a name that is not UTF-8 is a ValueError."""


def read_parquet(
    name: str, path: Path, errors: Findings, warnings: Findings, spent: Spent
) -> tuple[RawTable | None, FileInfo]:
    """None when the file as a whole cannot be read; `errors` says why."""
    info = _info(path)
    file = open_parquet(name, path, info, errors, spent)
    names = checked_names(name, file.schema_arrow.names, errors, warnings) if file is not None else None
    if file is None or names is None:
        return None, info
    read = {
        place: column_cells(name, label, file, place, errors)
        for place, label in enumerate(names)
        if _of_known_type(name, label, file.schema_arrow.field(place).type, errors, warnings)
    }
    columns = [cells for cells in read.values() if cells is not None]
    if len(columns) < len(read):
        return None, info
    names = [names[place] for place in read]
    rows = np.arange(2, 2 + file.metadata.num_rows)
    kinds = [file.schema_arrow.field(place).type for place in read]
    numeric = frozenset(label for label, kind in zip(names, kinds, strict=True) if is_number(kind))
    _report_rounded_ids(name, names, kinds, columns, errors)
    named = named_columns(name, names, columns, errors)
    return without_blank_rows(RawTable(name, path.name, rows, named, numeric=numeric)), info


def is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _report_rounded_ids(
    table: str, names: list[str], kinds: list[pa.DataType], columns: list[Cells], errors: Findings
) -> None:
    """Ids that came as floating-point numbers: of more than 15 digits the last are lost."""
    for name, kind, cells in zip(names, kinds, columns, strict=True):
        if not (is_id(BY_NAME[table], name) and pa.types.is_floating(kind)):
            continue
        values = pc.cast(cells.texts, pa.float64()).to_numpy(zero_copy_only=False)
        if (np.abs(values) >= _EXACT_BELOW).any():
            largest = str(cells.texts[int(np.argmax(np.abs(values)))])
            message = f"{name} is a column of floating-point numbers of more than 15 digits; the last are lost."
            fix = "Write the ids as text."
            errors.file(table, Code.ROUNDED_ID, message, fix, column=name, value=largest)


def _info(path: Path) -> FileInfo:
    with path.open("rb") as file:
        return FileInfo(path.name, hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def open_parquet(name: str, path: Path, info: FileInfo, errors: Findings, spent: Spent) -> pq.ParquetFile | None:
    if info.bytes == 0:
        errors.file(name, Code.EMPTY_FILE, f"{path.name} is empty.", "Write the table again.")
        return None
    with path.open("rb") as raw:
        if raw.read(4) != _MAGIC:
            errors.file(name, Code.UNREADABLE, f"{path.name} is not a Parquet file.", "Write the table again.")
            return None
    try:
        file = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)
        few = _columns_of_few_texts(file)
        file = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True, read_dictionary=few)
    except _DAMAGED:
        errors.file(name, Code.UNREADABLE, f"{path.name} is damaged.", "Write the table again.")
        return None
    return file if _is_affordable(name, path, info, file.metadata, errors, spent) else None


def _is_affordable(
    name: str, path: Path, info: FileInfo, metadata: pq.FileMetaData, errors: Findings, spent: Spent
) -> bool:
    """By what the file says of itself; one that says otherwise meets the limit on memory."""
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    rows, columns = metadata.num_rows, metadata.num_columns
    if rows * columns > max(MAX_PACKED_CELLS, MAX_CELLS_PER_BYTE * info.bytes):
        message = (
            f"{path.name} packs {rows:,} rows of {columns} columns into {info.bytes:,} bytes; "
            f"beyond {MAX_PACKED_CELLS:,} cells the limit is {MAX_CELLS_PER_BYTE:,} cells a byte."
        )
        errors.file(name, Code.ARCHIVE_BOMB, message, "Leave out the rows that repeat, or bring the table as CSV.")
        return False
    return spent.may_read(name, path.name, errors, rows=rows, columns=columns, size_bytes=max(unpacked, info.bytes))


def _columns_of_few_texts(file: pq.ParquetFile) -> list[str]:
    """Text columns that the file holds as short codes: to read the codes is cheaper than to look at every text."""
    sizes_bytes = np.zeros(file.metadata.num_columns, dtype=np.int64)
    for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
        sizes_bytes += [group.column(place).total_uncompressed_size for place in range(group.num_columns)]
    few = np.flatnonzero(sizes_bytes < _MAX_CODE_BYTES * file.metadata.num_rows)
    paths = {file.schema.column(place).path for place in few}
    return [field.name for field in file.schema_arrow if pa.types.is_string(field.type) and field.name in paths]


def _of_known_type(name: str, label: str, kind: pa.DataType, errors: Findings, warnings: Findings) -> bool:
    """A list or a struct is an error in a column of the contract; as an attribute it is left aside."""
    if is_readable(kind.value_type if pa.types.is_dictionary(kind) else kind):
        return True
    findings = warnings if BY_NAME[name].column(label) is None else errors
    findings.file(
        name,
        Code.UNSUPPORTED_TYPE,
        f"The column {label} is of type {kind} and cannot be read.",
        "Write it as text, number, true/false or date.",
        column=label,
    )
    return False


def column_cells(name: str, label: str, file: pq.ParquetFile, place: int, errors: Findings) -> Cells | None:
    try:
        cells = _cells(file.read(columns=[file.schema_arrow.names[place]]).column(0))
        cells.texts.validate(full=True)
        damaged = len(cells.codes) != file.metadata.num_rows
    except _DAMAGED:
        damaged = True
    if damaged:
        errors.file(name, Code.UNREADABLE, f"The column {label} is damaged.", "Write the table again.", column=label)
        return None
    return cells


def _cells(column: pa.ChunkedArray) -> Cells:
    if column.type == _CODED:
        return _coded(column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return _timestamps(column) if pa.types.is_timestamp(column.type) else cells_of(column)


def _coded(column: pa.ChunkedArray) -> Cells:
    """Without the texts that no row has, and in the order of the rows, whatever the file's own order."""
    column.validate(full=True)
    encoded = column.unify_dictionaries().combine_chunks()
    used = encoded.indices.dictionary_encode()
    return distinct(used.indices.fill_null(-1).to_numpy(zero_copy_only=False), encoded.dictionary.take(used.dictionary))


def is_readable(kind: pa.DataType) -> bool:
    checks = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_date,
        pa.types.is_timestamp,
        pa.types.is_null,
    )
    return any(check(kind) for check in checks)


def _timestamps(column: pa.ChunkedArray) -> Cells:
    """A timestamp at midnight is a date; any other keeps its time of day, which the date check then refuses."""
    encoded = column.dictionary_encode().combine_chunks()
    moments = encoded.dictionary.cast(pa.timestamp("us"), safe=False)
    texts = pc.replace_substring_regex(moments.cast(pa.string()), pattern=r"[ T]00:00:00(\.0+)?$", replacement="")
    return distinct(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), texts)
