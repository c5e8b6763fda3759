"""What an archived run consists of, with the hash of every part; written last, so that where it is, all is.

    DESTINATION/<run_id>/manifest.json
    DESTINATION/<run_id>/PositionPriced-00001.parquet …

Canonical JSON without a clock: the same run archived twice by one release is the same manifest. `RunArchived` holds
its sha256, so that whoever trusts the log can trust the files.
"""

import json
from datetime import date
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ops.archiving.problems import ArchiveDamaged

MANIFEST = "manifest.json"

Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class ManifestPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArchivedFile(ManifestPart):
    """`name` never leads out of the archive's folder."""

    name: str = Field(pattern=r"^[A-Za-z]+-[0-9]{5}\.parquet$")
    rows: int
    bytes: int
    sha256: str = Sha256


class ArchivedBlock(ManifestPart):
    """A block is one row group of its file. `details` are the sentences that `detail_no` counts from 0."""

    kind: str
    chunk_no: int
    run_month: date
    file: str
    row_group: int
    first_row: int
    positions: int
    details: list[str]
    content_sha256: str = Sha256
    payload_sha256: str = Sha256
    engine_version: str


class Manifest(ManifestPart):
    """`run` is the state of run.requested: portfolio, market, scenarios with their documents, measures. `completed`
    is that of run.completed, with the Merkle root over the blocks' content hashes; none where the run was cancelled or
    failed before. `columns` and `measures` by kind."""

    format: Literal["tenor-run-archive"] = "tenor-run-archive"
    format_version: Literal[1] = 1
    run_id: str
    run: dict[str, Any]
    completed: dict[str, Any] | None
    columns: dict[str, list[str]]
    measures: dict[str, list[str]]
    files: list[ArchivedFile]
    blocks: list[ArchivedBlock]

    def to_bytes(self) -> bytes:
        return (json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(data: bytes, said_sha256: str, where: str) -> Manifest:
    """Of bytes that must be those the log knows."""
    found = sha256(data).hexdigest()
    if found != said_sha256:
        raise ArchiveDamaged(f"{where}/{MANIFEST}", said_sha256, found)
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:  # the log has its hash: whole, and of a release to come
        raise ArchiveDamaged(f"{where}/{MANIFEST}", "an archive that this release knows", str(error)) from error
