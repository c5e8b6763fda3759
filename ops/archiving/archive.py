"""A run that has ended leaves: Parquet out, read back and checked, told to the log, and only then dropped.

    blocks -> files -> manifest (last) -> read everything back -> RunArchived -> results dropped -> months dropped

Killed anywhere before RunArchived, the run is as it was and the same command begins again; killed after, whatever is
left to drop is dropped by the next `tenor run archive` or `tenor archive retain`.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq

from commands.archive_run import archivable_run, archive_run
from commands.processes.run import key_prefix
from domain.ports import BlockCodec
from domain.runs.facts import BlockColumns, BlockFact, CashflowsProjected, fact_stream
from domain.runs.run import ArchivedCopy, RunCompleted, RunPlanned, RunRequested
from ops.archiving.destinations import Destination, destination_of
from ops.archiving.dropping import Dropped, clear_away
from ops.archiving.manifest import MANIFEST, ArchivedBlock, ArchivedFile, Manifest
from ops.archiving.parquet_blocks import NOBODY, KindWriter, Nobody, PositionNames, block_table, read_block
from ops.archiving.problems import ArchiveDamaged, RunWorkedOn
from ops.ports import Archiving, Storage

PORTFOLIO_TABLES = ("portfolio", "instruments", "positions")
SELECT_MONTHS = "SELECT kind, chunk_no, run_month FROM fact_block WHERE run_id = %s"


@dataclass(frozen=True)
class Archived:
    run_id: UUID
    destination: str
    manifest_sha256: str
    files: int
    archive_bytes: int
    blocks: int
    event_position: int
    dropped: Dropped


def archive(archiving: Archiving, run_id: str, to: str, reason: str) -> Archived:
    storage = archiving.storage
    identity = archivable_run(storage.store, run_id)
    _refuse_if_worked_on(archiving, identity)
    destination = destination_of(to, str(identity))
    with TemporaryDirectory(prefix="tenor-archive-") as folder:
        manifest = Writing(storage, identity, destination, Path(folder)).write()
        manifest_sha256 = put_manifest(destination, manifest, Path(folder))
        for _ in read_archive(destination, manifest, storage.block_codec, Path(folder)):
            pass
    copy = ArchivedCopy(
        destination=destination.root,
        manifest_sha256=manifest_sha256,
        files=len(manifest.files),
        archive_bytes=sum(file.bytes for file in manifest.files),
        blocks=len(manifest.blocks),
    )
    position = archive_run(storage.store, archiving.envelope(), str(identity), reason, copy)
    return Archived(identity, event_position=position, dropped=clear_away(storage), **vars(copy))


def _refuse_if_worked_on(archiving: Archiving, run_id: UUID) -> None:
    """A cancelled run's workers end the chunk that they are at: its facts belong in the archive too."""
    with archiving.storage.connect() as connection:
        live = archiving.queue.live_keys(connection, key_prefix(run_id))
    if live:
        raise RunWorkedOn(run_id, len(live))


class Writing:
    """One run on its way out, block by block; a file is put as soon as it is whole, then forgotten here."""

    def __init__(self, storage: Storage, run_id: UUID, destination: Destination, folder: Path) -> None:
        self._storage, self._run_id, self._destination, self._folder = storage, run_id, destination, folder
        self._history = storage.store.stream(run_id)
        self._requested = self._last(RunRequested)
        self._names = self._position_names()
        self._files: list[ArchivedFile] = []
        self._blocks: list[ArchivedBlock] = []
        self._columns: dict[str, list[str]] = {}
        self._measures: dict[str, list[str]] = {}

    def write(self) -> Manifest:
        months = self._months()
        plan, completed = self._last(RunPlanned), self._last(RunCompleted)
        for kind in plan.kinds if plan else ():
            self._write_kind(kind, plan.chunks, months)
        return Manifest(
            run_id=str(self._run_id),
            run=self._requested.model_dump(mode="json"),
            completed=completed.model_dump(mode="json") if completed else None,
            columns=self._columns,
            measures=self._measures,
            files=self._files,
            blocks=self._blocks,
        )

    def _write_kind(self, kind: str, chunks: int, months: dict[tuple[str, int], Any]) -> None:
        with closing(KindWriter(self._folder, kind)) as writer:
            for fact in self._facts(kind, chunks):
                self._write_block(writer, kind, fact, months[kind, fact.chunk_no])
                if writer.is_full:
                    self._put(writer)
            self._put(writer)

    def _write_block(self, writer: KindWriter, kind: str, fact: BlockFact, month: Any) -> None:
        block = self._storage.block_codec.decode(self._storage.store.block(self._run_id, kind, fact.chunk_no))
        scenarios: Sequence[str] = self._requested.scenarios
        names: PositionNames | Nobody = self._names
        if isinstance(fact, CashflowsProjected):
            scenarios, names = self._requested.cashflows, NOBODY
        table = block_table(str(self._run_id), fact.chunk_no, fact.first_row, scenarios, block, names)
        place = writer.write(table)
        self._columns[kind], self._measures[kind] = list(block.columns), list(block.measures)
        self._blocks.append(
            ArchivedBlock(
                kind=kind,
                chunk_no=fact.chunk_no,
                run_month=month,
                file=place.file,
                row_group=place.row_group,
                first_row=fact.first_row,
                positions=block.values.shape[2],
                details=list(block.details),
                content_sha256=fact.content_sha256,
                payload_sha256=fact.payload_sha256,
                engine_version=fact.engine_version,
            )
        )

    def _put(self, writer: KindWriter) -> None:
        if closed := writer.close():
            path, rows = closed
            digest = sha256_of(path)
            self._files.append(ArchivedFile(name=path.name, rows=rows, bytes=path.stat().st_size, sha256=digest))
            self._destination.put(path.name, path, digest)
            path.unlink()

    def _facts(self, kind: str, chunks: int) -> Iterator[BlockFact]:
        """A chunk that failed has none."""
        for chunk_no in range(chunks):
            for event in self._storage.store.stream(fact_stream(self._run_id, kind, chunk_no)):
                if isinstance(event, BlockFact):
                    yield event

    def _months(self) -> dict[tuple[str, int], Any]:
        with self._storage.connect() as connection:
            rows = connection.execute(SELECT_MONTHS, (self._run_id,)).fetchall()
        return {(kind, chunk_no): month for kind, chunk_no, month in rows}

    def _position_names(self) -> PositionNames:
        return PositionNames(self._storage.portfolio(self._requested.portfolio_sha256, PORTFOLIO_TABLES))

    def _last(self, kind: Any) -> Any:
        return next((event for event in reversed(self._history) if isinstance(event, kind)), None)


def put_manifest(destination: Destination, manifest: Manifest, folder: Path) -> str:
    """Last: where there is a manifest, everything it names is there."""
    data = manifest.to_bytes()
    digest = sha256(data).hexdigest()
    path = folder / MANIFEST
    path.write_bytes(data)
    destination.put(MANIFEST, path, digest)
    return digest


def read_archive(
    destination: Destination, manifest: Manifest, codec: BlockCodec, folder: Path
) -> Iterator[tuple[ArchivedBlock, BlockColumns]]:
    """Every block, once the hash of its file and that of its numbers are what they should be."""
    for file in manifest.files:
        path = folder / file.name
        destination.get(file.name, path)
        _check(f"{destination.url}/{file.name}", file.sha256, sha256_of(path))
        with pq.ParquetFile(path) as parquet:
            for block in manifest.blocks:
                if block.file == file.name:
                    columns, measures = manifest.columns[block.kind], manifest.measures[block.kind]
                    read = read_block(parquet, block.row_group, columns, measures, block.positions, block.details)
                    _check(f"{block.kind} of chunk {block.chunk_no}", block.content_sha256, codec.content_sha256(read))
                    yield block, read
        path.unlink()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _check(what: str, said: str, found: str) -> None:
    if said != found:
        raise ArchiveDamaged(what, said, found)
