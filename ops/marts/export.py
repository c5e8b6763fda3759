"""A run's figures as a Parquet dataset, partitioned by run and scenario, for tools that read files in place.

    OUT/position_result/run_id=…/scenario_id=BASE/part-0.parquet        the columns of mart.position_result
    OUT/total/run_id=…/scenario_id=BASE/part-0.parquet                  the columns of mart.total
    OUT/total_detail/run_id=…/scenario_id=BASE/part-0.parquet           what each total is of, and leaves out
    OUT/run/run_id=…/part-0.parquet                                     last: where it is, all of the run is

A file is written beside its name and renamed, and the same run is the same bytes. `run_id` and `scenario_id` stand in
the path alone, as Hive writes them: readers that find a column in both places do not agree on its type. Positions go
scenario after scenario, so that little is in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ops.archiving.destinations import Destination, destination_of
from ops.marts.figures import Figures, figures_of
from ops.ports import Storage
from projections.marts.tables import DETAILS, TABLES, MartRun, Rows, meaning_of

PART = "part-0.parquet"
RUN = "run"
SCENARIO, AS_OF = "scenario_id", "as_of"
ROWS_OF_A_GROUP = 65_536


@dataclass(frozen=True)
class Exported:
    run_id: UUID
    out: str
    files: int
    bytes: int
    rows: dict[str, int]


def export_run(storage: Storage, run_id: UUID, out: str) -> Exported:
    """To a directory or s3://bucket/prefix."""
    with figures_of(storage, run_id) as figures, TemporaryDirectory(prefix="tenor-mart-") as folder:
        return Export(figures, out, Path(folder)).write()


class Export:
    def __init__(self, figures: Figures, out: str, folder: Path) -> None:
        self._figures, self._out, self._folder = figures, out.rstrip("/") or "/", folder
        self._files, self._bytes, self._rows = 0, 0, dict.fromkeys(TABLES, 0)

    def write(self) -> Exported:
        for name in TABLES:
            self._write_table(name, self._figures.tables[name])
        self._put(run_table(self._figures.run), (RUN, self._run_folder()))
        return Exported(self._figures.run.run_id, self._out, self._files, self._bytes, self._rows)

    def _write_table(self, name: str, rows: Rows) -> None:
        """Rows come scenario after scenario."""
        schema = self._schema(name, rows.schema)
        for scenario, batches in groupby(by_scenario(rows), key=lambda each: each[0]):
            place = (name, self._run_folder(), f"{SCENARIO}={quote(scenario, safe='')}")
            with self._writer(schema) as writer:
                for group in grouped(batch for _, batch in batches):
                    self._rows[name] += group.num_rows
                    writer.write_table(self._complete(group, schema), row_group_size=ROWS_OF_A_GROUP)
            self._send(place)

    def _put(self, table: pa.Table, place: tuple[str, ...]) -> None:
        with self._writer(table.schema) as writer:
            writer.write_table(table)
        self._send(place)

    def _writer(self, schema: pa.Schema) -> Any:
        return pq.ParquetWriter(self._folder / PART, schema, compression="zstd")

    def _send(self, place: tuple[str, ...]) -> None:
        path = self._folder / PART
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        destination: Destination = destination_of(f"{self._out}/{place[0]}", "/".join(place[1:]))
        destination.put(PART, path, digest)
        self._files, self._bytes = self._files + 1, self._bytes + path.stat().st_size
        path.unlink()

    def _run_folder(self) -> str:
        return f"run_id={self._figures.run.run_id}"

    def _schema(self, name: str, schema: pa.Schema) -> pa.Schema:
        """What the path says is left out; units and meanings are told with the fields."""
        day = [] if name == DETAILS else [pa.field(AS_OF, pa.date32())]
        kept = [_told(field, is_total=name != TABLES[0]) for field in schema if field.name != SCENARIO]
        return pa.schema([*day, *kept])

    def _complete(self, rows: pa.Table, schema: pa.Schema) -> pa.Table:
        columns = [rows.column(name) for name in schema.names if name != AS_OF]
        if AS_OF in schema.names:
            columns.insert(0, pa.repeat(pa.scalar(self._figures.run.as_of, pa.date32()), rows.num_rows))
        return pa.Table.from_arrays(columns, schema=schema)


def _told(field: pa.Field, *, is_total: bool) -> pa.Field:
    if not pa.types.is_floating(field.type):
        return field.remove_metadata()
    return field.with_metadata({"description": meaning_of(field.name, is_total=is_total)})


def by_scenario(rows: Rows) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Batches of one scenario each, in the order of the rows."""
    for batch in rows.batches:
        names = batch.column(batch.schema.get_field_index(SCENARIO))
        encoded = pc.run_end_encode(names)
        start = 0
        for end, name in zip(encoded.run_ends.to_pylist(), encoded.values.to_pylist(), strict=True):
            yield name, batch.slice(start, end - start)
            start = end


def grouped(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Enough batches for a row group at a time."""
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(each.num_rows for each in group) >= ROWS_OF_A_GROUP:
            yield pa.Table.from_batches(group)
            group = []
    if group:
        yield pa.Table.from_batches(group)


def run_table(run: MartRun) -> pa.Table:
    texts = pa.list_(pa.string())
    columns: dict[str, tuple[Any, pa.DataType]] = {
        AS_OF: (run.as_of, pa.date32()),
        "base_currency": (run.base_currency, pa.string()),
        "portfolio_snapshot_id": (str(run.portfolio_snapshot_id), pa.string()),
        "market_snapshot_id": (str(run.market_snapshot_id), pa.string()),
        "scenarios": (run.scenarios, texts),
        "measures": (run.measures, texts),
    }
    return pa.table({name: pa.array([value], kind) for name, (value, kind) in columns.items()})
