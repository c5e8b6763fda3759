"""An archived run comes back: every hash checked first, then blocks and RunRestored in one transaction.

    manifest, known by the log's hash -> files -> numbers -> blocks in a folder -> one transaction -> results again

The numbers are the log's, to the bit. Their bytes are too, unless a later release packs blocks in another way.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from commands.archive_run import archived_run, restore_run
from commands.change_run import load_run
from domain.ports import BlockCodec, Connection
from ops.archiving.archive import read_archive
from ops.archiving.destinations import Destination, destination_of
from ops.archiving.manifest import MANIFEST, Manifest, read_manifest
from ops.ports import Archiving
from ops.read_models import catch_up_catalogues, read_model_named
from projections.engine.runner import catch_up

ENSURE_PARTITION = "SELECT ensure_fact_partition(%s)"
INSERT_BLOCK = """
INSERT INTO fact_block (run_month, run_id, kind, chunk_no, content_sha256, payload_sha256, payload)
VALUES (%b, %b, %b, %b, %b, %b, %b) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Restored:
    run_id: UUID
    source: str
    manifest_sha256: str
    blocks: int
    reencoded_blocks: int
    event_position: int
    status: str


@dataclass(frozen=True)
class ReadyBlock:
    """A checked block, packed, waiting in a file."""

    run_month: date
    kind: str
    chunk_no: int
    content_sha256: str
    payload_sha256: str
    path: Path
    same_bytes: bool


def restore(archiving: Archiving, run_id: str, source: str | None, reason: str) -> Restored:
    """From where the log says that it is, or from another copy of the same."""
    storage = archiving.storage
    identity, copy = archived_run(storage.store, run_id)
    archive = destination_of(source or copy.destination, str(identity))
    with TemporaryDirectory(prefix="tenor-restore-") as folder:
        manifest = _fetch_manifest(archive, copy.manifest_sha256, Path(folder))
        ready = _make_ready(archive, manifest, storage.block_codec, Path(folder))
        reencoded = sum(not block.same_bytes for block in ready)

        def bring_back(connection: Connection) -> int:
            _insert(connection, identity, ready)
            return reencoded

        position = restore_run(
            storage.store, archiving.envelope(), str(identity), reason, source=archive.root, bring_back=bring_back
        )
    catch_up_catalogues(storage)
    for name in ("result", "ladder"):
        catch_up(read_model_named(storage, name), storage.store, storage.connect)
    _, run = load_run(storage.store, run_id)
    return Restored(identity, archive.root, copy.manifest_sha256, len(ready), reencoded, position, run.status.value)


def _fetch_manifest(archive: Destination, said_sha256: str, folder: Path) -> Manifest:
    path = folder / MANIFEST
    archive.get(MANIFEST, path)
    return read_manifest(path.read_bytes(), said_sha256, archive.url)


def _make_ready(archive: Destination, manifest: Manifest, codec: BlockCodec, folder: Path) -> list[ReadyBlock]:
    """All that takes time, before the transaction."""
    ready = []
    for block, columns in read_archive(archive, manifest, codec, folder):
        payload = codec.encode(columns)
        digest = sha256(payload).hexdigest()
        path = folder / f"{block.kind}-{block.chunk_no}.block"
        path.write_bytes(payload)
        same = digest == block.payload_sha256
        ready.append(ReadyBlock(block.run_month, block.kind, block.chunk_no, block.content_sha256, digest, path, same))
    return ready


def _insert(connection: Any, run_id: UUID, ready: list[ReadyBlock]) -> None:
    """Into the month they were in. Where that was never dropped they are there, and stay as they are."""
    for month in sorted({block.run_month for block in ready}):
        connection.execute(ENSURE_PARTITION, (month,))
    with connection.cursor(binary=True) as cursor:
        for block in ready:
            identity = (block.run_month, run_id, block.kind, block.chunk_no)
            hashes = (block.content_sha256, block.payload_sha256)
            cursor.execute(INSERT_BLOCK, (*identity, *hashes, block.path.read_bytes()))
