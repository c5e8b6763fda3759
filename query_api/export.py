"""Tables as files: CSV, Parquet, Arrow, Excel, JSON. Every row, and doubles that read back to the same bits."""

from collections.abc import Callable, Iterator
from typing import IO, Any, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from query_api.errors import NotAcceptable
from query_api.results.table import ResultTable

MIME = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# A spreadsheet runs a cell that starts so; the last four are the full-width forms that some of them accept too.
FORMULA = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NEEDS_QUOTES = '[",\r\n]'
ROWS_OF_A_GROUP = 65_536

Table: TypeAlias = ResultTable | pa.Table
File = IO[bytes]


def write(table: Table, format: str, file: File) -> None:
    """The whole table in the format named, to a file that need not be seekable."""
    if format not in WRITERS:
        raise NotAcceptable(f"there is no format {format!r}", f"use one of {', '.join(WRITERS)}", formats=[*WRITERS])
    streamed = table if isinstance(table, ResultTable) else ResultTable.of(table, "table")
    WRITERS[format](streamed, file)


def write_csv(table: ResultTable, file: File) -> None:
    file.write(",".join(_quoted(name) for name in table.schema.names).encode() + b"\n")
    for batch in table.batches:
        guarded = _guarded(batch)
        # "needed" quotes every text; most ids have nothing to quote, and read better bare.
        style = "needed" if _has_specials(guarded) else "none"
        pacsv.write_csv(guarded, file, pacsv.WriteOptions(include_header=False, quoting_style=style))


def write_parquet(table: ResultTable, file: File) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, table.schema, compression="zstd") as writer:
        for group in _grouped(table.batches, ROWS_OF_A_GROUP):
            writer.write_table(pa.Table.from_batches(group, table.schema), row_group_size=ROWS_OF_A_GROUP)


def write_arrow(table: ResultTable, file: File) -> None:
    import pyarrow.ipc as ipc

    with ipc.new_stream(file, table.schema) as writer:
        for batch in table.batches:
            writer.write_batch(batch)


def write_json(table: ResultTable, file: File) -> None:
    """A list of rows; a blank is null."""
    file.write(b"[")
    separator = b""
    for batch in table.batches:
        columns = [_plain(column) for column in batch.columns]
        rows = [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]
        if rows:
            file.write(separator + orjson.dumps(rows)[1:-1])
            separator = b",\n"
    file.write(b"]\n")


def write_xlsx(table: ResultTable, file: File) -> None:
    """Whoever writes no workbook does not load what writes them."""
    from query_api.workbook import write_xlsx as write_workbook

    write_workbook(table, file)


WRITERS: dict[str, Callable[[ResultTable, File], None]] = {
    "json": write_json,
    "csv": write_csv,
    "arrow": write_arrow,
    "parquet": write_parquet,
    "xlsx": write_xlsx,
}


def _plain(column: pa.Array) -> list[Any]:
    """A blank number is NaN on its way to orjson, which writes it as null: four times as fast as None by None."""
    if pa.types.is_floating(column.type):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    texts: list[Any] = column.to_pylist()
    return texts


def _guarded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts of users that a spreadsheet would run as a formula get an apostrophe; what reads as a number stays one."""
    columns = [_guard(column) if pa.types.is_string(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _guard(texts: pa.Array) -> pa.Array:
    suspicious = pc.match_substring_regex(texts, FORMULA)
    if not pc.any(suspicious).as_py():
        return texts
    formula = pc.and_not(suspicious, pc.match_substring_regex(texts, NUMBER))
    return pc.if_else(formula, pc.binary_join_element_wise("'", texts, ""), texts)


def _has_specials(batch: pa.RecordBatch) -> bool:
    texts = (column for column in batch.columns if pa.types.is_string(column.type))
    return any(pc.any(pc.match_substring_regex(text, NEEDS_QUOTES)).as_py() for text in texts)


def _quoted(name: str) -> str:
    name = _guard(pa.array([name])).to_pylist()[0]
    return '"' + name.replace('"', '""') + '"' if any(mark in name for mark in '",\r\n') else name


def _grouped(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    """Batches together until they are a row group worth reading."""
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(each.num_rows for each in group) >= rows:
            yield group
            group = []
    if group:
        yield group
