"""Seals outside the database: a file that grows by a note for each checkpoint, under TENOR_HOME/seals.

Its first line is the log's first public key. Whoever rewrites the database has this file to answer to; copies of it
elsewhere (`tenor audit export FILE`) are worth more than the one on the same machine.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import structlog

from domain.sealing.seals import NotACheckpoint, parse_checkpoint
from ops.audit.sealing.checkpoints import SELECT_NOTES_AFTER
from ops.audit.sealing.signed_notes import MARK
from ops.settings import Settings
from ops.wiring import Tenor

HEAD_LINES = 2
"""The log's first public key and a blank line."""

log = structlog.get_logger()


def seals_file(settings: Settings, log_id: UUID) -> Path:
    return settings.home / "seals" / f"{log_id}.notes"


def export_seals(tenor: Tenor, path: Path, verifier_key: str) -> int:
    """Append the notes of all checkpoints that the file has not. Returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and (whole := whole_bytes(path)) < path.stat().st_size:
        log.warning("seals.torn_end_dropped", file=str(path), octets=path.stat().st_size - whole)
        os.truncate(path, whole)  # what a crash left of a note: it is written again
    last = last_size(path)
    with tenor.database.connect() as connection:
        notes = [note for _, note in connection.execute(SELECT_NOTES_AFTER, (last,))]
    if not notes and path.exists():
        return 0
    is_new = not path.exists() or path.stat().st_size == 0
    with path.open("ab") as file:
        file.write((verifier_key + "\n\n" if is_new else "").encode() + "".join(notes).encode())
        file.flush()
        os.fsync(file.fileno())
    return len(notes)


def whole_bytes(path: Path) -> int:
    """As far as the file's last whole note, or its head where it has none: an append that was cut off comes after."""
    whole, at = 0, 0
    with path.open("rb") as file:
        for number, line in enumerate(file):
            at += len(line)
            is_end = line.endswith(b"\n") and (line.startswith(MARK.encode()) or number < HEAD_LINES)
            whole = at if is_end else whole
    return whole


def last_size(path: Path) -> int:
    """The size of the largest tree that the file has a note of; 0 without a file."""
    return max((size_of(note) or 0 for note in read_notes(path)), default=0) if path.exists() else 0


def first_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().strip()


def read_notes(path: Path) -> Iterator[str]:
    """The whole notes one after the other, as texts; a note ends with its signature's line."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        file.readline()
        lines: list[str] = []
        for line in file:
            if lines or line.strip():
                lines.append(line)
            if line.startswith(MARK) and line.endswith("\n"):
                yield "".join(lines)
                lines = []


def size_of(note: str) -> int | None:
    try:
        return parse_checkpoint(note.partition(f"\n{MARK}")[0]).size
    except NotACheckpoint:
        return None
