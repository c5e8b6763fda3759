"""Blocks of facts as Parquet that any tool reads in twenty years, and back to the very same columns.

    one file        blocks of one kind, closed when it has grown to 64 MB
    one row group   one block: scenario after scenario, its positions in the snapshot's order
    one row         a position under a scenario: who it is, its numbers, a reason for every blank

    run_id, chunk_no, row_no, position_id, instrument_id, book_id, product_type, currency, scenario_id (id@version),
    one column per result column (null: blank), reason_<measure> (null: the number is there), detail_no, detail

Nothing is rounded: the doubles are the log's, so the hash of what is read is the hash of what was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.measures.failures import Reason
from domain.portfolio.columns import Portfolio
from domain.runs.facts import BlockColumns

FILE_BYTES = 64 * 1024 * 1024
IDENTITY = (
    ("position_id", "positions", "position_id"),
    ("instrument_id", "instruments", "instrument_id"),
    ("book_id", "portfolio", "node_id"),
    ("product_type", "instruments", "product_type"),
    ("currency", "instruments", "currency"),
)
REASON_NAMES = pa.array([None, *(reason.name for reason in Reason if reason)], pa.string())
REASON_CODES = {reason.name: int(reason) for reason in Reason if reason}


@dataclass(frozen=True)
class Place:
    """Where a block is in the archive's files."""

    file: str
    row_group: int


class PositionNames:
    """The five texts that say who a position is, for any rows of the snapshot."""

    def __init__(self, portfolio: Portfolio) -> None:
        rows_of = {"instruments": portfolio.instrument_row, "portfolio": portfolio.book_row}
        self._columns: dict[str, tuple[Any, Any]] = {}
        for name, table, column_name in IDENTITY:
            column = portfolio.tables[table].columns[column_name]
            codes = column.values[rows_of[table]] if table in rows_of else column.values
            self._columns[name] = (codes, pa.array([*column.categories, None], pa.string()))

    def of(self, rows: slice, scenarios: int) -> dict[str, pa.Array]:
        """Repeated for each scenario. Absent is code -1: the null at the end of the texts."""
        arrays = {}
        for name, (codes, texts) in self._columns.items():
            taken = np.where(codes[rows] < 0, len(texts) - 1, codes[rows])
            arrays[name] = texts.take(pa.array(np.tile(taken, scenarios)))
        return arrays


class Nobody:
    """For rows that are no positions: sums of kept cash flows, whose `detail` says of what."""

    def of(self, rows: slice, scenarios: int) -> dict[str, pa.Array]:
        return {name: pa.nulls((rows.stop - rows.start) * scenarios, pa.string()) for name, _, _ in IDENTITY}


NOBODY = Nobody()


def schema_of(columns: Sequence[str], measures: Sequence[str]) -> pa.Schema:
    text = pa.string()
    return pa.schema(
        [
            pa.field("run_id", text, nullable=False),
            pa.field("chunk_no", pa.int32(), nullable=False),
            pa.field("row_no", pa.int64(), nullable=False),
            *(pa.field(name, text) for name, _, _ in IDENTITY),
            pa.field("scenario_id", text, nullable=False),
            *(pa.field(name, pa.float64()) for name in columns),
            *(pa.field(_reason_column(measure), text) for measure in measures),
            pa.field("detail_no", pa.int32(), nullable=False),
            pa.field("detail", text),
        ]
    )


def block_table(
    run_id: str,
    chunk_no: int,
    first_row: int,
    scenarios: Sequence[str],
    block: BlockColumns,
    names: PositionNames | Nobody,
) -> pa.Table:
    _, n_scenarios, n_positions = block.values.shape
    rows = n_scenarios * n_positions
    numbers = {name: pa.array(values.ravel(), from_pandas=True) for name, values in _pairs(block.columns, block.values)}
    reasons = {
        _reason_column(measure): REASON_NAMES.take(pa.array(codes.ravel()))
        for measure, codes in _pairs(block.measures, block.reasons)
    }
    detail_no = np.tile(np.asarray(block.detail, np.int32), n_scenarios)
    details = pa.array([*block.details, None], pa.string())
    arrays = {
        "run_id": pa.repeat(pa.scalar(run_id), rows),
        "chunk_no": pa.array(np.full(rows, chunk_no, np.int32)),
        "row_no": pa.array(np.tile(np.arange(first_row, first_row + n_positions, dtype=np.int64), n_scenarios)),
        **names.of(slice(first_row, first_row + n_positions), n_scenarios),
        "scenario_id": pa.array(np.repeat(np.array(scenarios, object), n_positions), pa.string()),
        **numbers,
        **reasons,
        "detail_no": pa.array(detail_no),
        "detail": details.take(pa.array(np.where(detail_no < 0, len(block.details), detail_no))),
    }
    return pa.table(arrays, schema=schema_of(block.columns, block.measures))


def read_block(
    file: pq.ParquetFile, row_group: int, columns: Sequence[str], measures: Sequence[str], positions: int,
    details: Sequence[str],
) -> BlockColumns:  # fmt: skip
    """The columns of one row group; NaN where a number is null."""
    wanted = [*columns, *map(_reason_column, measures), "detail_no"]
    table = file.read_row_group(row_group, columns=wanted)
    shape = (table.num_rows // positions, positions)
    values = [table.column(name).to_numpy().reshape(shape) for name in columns]
    reasons = [_reason_codes(table.column(_reason_column(name))).reshape(shape) for name in measures]
    return BlockColumns(
        columns=tuple(columns),
        values=np.stack(values) if values else np.empty((0, *shape)),
        measures=tuple(measures),
        reasons=np.stack(reasons) if reasons else np.empty((0, *shape), np.uint8),
        details=tuple(details),
        detail=table.column("detail_no").to_numpy()[:positions],
    )


class KindWriter:
    """Blocks of one kind into files of a folder. `closed` takes each file as soon as it is whole."""

    def __init__(self, folder: Path, kind: str, file_bytes: int = FILE_BYTES) -> None:
        self._folder, self._kind, self._file_bytes = folder, kind, file_bytes
        self._number, self._row_groups, self._rows = 0, 0, 0
        self._file: Any = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> Place:
        if self._writer is None:
            self._open(table.schema)
        assert self._writer is not None
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._row_groups += 1
        self._rows += table.num_rows
        return Place(self._path.name, self._row_groups - 1)

    @property
    def is_full(self) -> bool:
        return self._file is not None and self._file.tell() >= self._file_bytes

    def close(self) -> tuple[Path, int] | None:
        """The file and its rows; None where none is open."""
        if self._writer is None:
            return None
        self._writer.close()
        self._file.close()
        self._writer = self._file = None
        return self._path, self._rows

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._kind}-{self._number:05d}.parquet"

    def _open(self, schema: pa.Schema) -> None:
        self._number, self._row_groups, self._rows = self._number + 1, 0, 0
        self._file = self._path.open("wb")
        floats = [field.name for field in schema if pa.types.is_floating(field.type)]
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        self._writer = pq.ParquetWriter(
            self._file, schema, compression="zstd", use_dictionary=texts, use_byte_stream_split=floats
        )


def _pairs(names: Sequence[str], arrays: Any) -> Any:
    return zip(names, arrays, strict=True)


def _reason_column(measure: str) -> str:
    return f"reason_{measure.lower()}"


def _reason_codes(column: pa.ChunkedArray) -> Any:
    """A name that this release does not know is another release's: KeyError would hide what is in the file."""
    encoded = column.combine_chunks().dictionary_encode()
    codes = np.array([*(REASON_CODES[name] for name in encoded.dictionary.to_pylist()), 0], np.uint8)
    indices = encoded.indices.fill_null(len(codes) - 1).to_numpy()
    return codes[indices]
