"""What a tape comes in: a plain file, one packed by gzip, or a zip of one table. Bounded in bytes and ratio."""

import gzip
import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Spent
from commands.ingestion.raw_tables import FileInfo

PIECE_BYTES = 1 << 20
MAX_RATIO = 1_000
SMALL_BYTES = 64 * 1024**2
"""Below this the ratio does not matter; tapes of many empty columns pack well beyond a hundred to one."""
MAX_MEMBERS = 200
GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
WORKBOOK = "xl/workbook.xml"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Opened:
    """`path` is the plain file; `name` what it is called to people, `info` the file as it was brought."""

    name: str
    path: Path
    info: FileInfo
    is_workbook: bool = False
    is_parquet: bool = False


class _TooMuch(Exception):
    """What is unpacked passes its limit."""


def opened(path: Path, folder: Path, errors: Findings, spent: Spent, *, several: bool = False) -> list[Opened]:
    """The tables that a file holds, unpacked into `folder`; nothing where it cannot be, and `errors` says why.

    A zip may hold more than one table only where the mapping joins `several`.
    """
    size = path.stat().st_size
    if not spent.may_read("", path.name, errors, size_bytes=size):
        return []
    info = FileInfo(path.name, _sha256(path), size)
    with path.open("rb") as file:
        first = file.read(4)
    try:
        if first.startswith(GZIP):
            return [_gunzipped(path, folder, info, spent)]
        if first == ZIP:
            return _unzipped(path, folder, info, errors, spent, several=several)
    except _TooMuch as error:
        errors.file(
            "", Code.ARCHIVE_BOMB, f"{path.name} is not unpacked: {error}.", "Split the tape, or bring it plain."
        )
        return []
    except DAMAGED:
        message = f"{path.name} is packed in a way that cannot be read, or damaged."
        errors.file("", Code.UNREADABLE, message, "Pack it again by gzip or zip, without a password.")
        return []
    if not size:
        errors.file("", Code.EMPTY_FILE, f"{path.name} is empty.", "Bring a file with rows.")
        return []
    return [Opened(path.name, path, info, is_parquet=first == PARQUET)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _gunzipped(path: Path, folder: Path, info: FileInfo, spent: Spent) -> Opened:
    target = folder / f"{len(list(folder.iterdir()))}-{path.name.removesuffix('.gz')}"
    with gzip.open(path, "rb") as packed:
        _copy(packed, target, info.bytes, spent.budget.bytes)
    return Opened(path.name, target, info)


def _unzipped(
    path: Path, folder: Path, info: FileInfo, errors: Findings, spent: Spent, *, several: bool
) -> list[Opened]:
    with zipfile.ZipFile(path) as archive:
        if WORKBOOK in archive.namelist():
            return [Opened(path.name, path, info, is_workbook=True)]
        members = [member for member in archive.infolist() if _is_table(member)]
        if len(members) > MAX_MEMBERS:
            raise _TooMuch(f"it holds {len(members):,} files")
        if not members or (len(members) > 1 and not several):
            holds = ", ".join(PurePosixPath(member.filename).name for member in members[:5]) or "no table"
            errors.file("", Code.UNREADABLE, f"{path.name} holds {holds}.", "Bring a zip of one table.")
            return []
        found = []
        for place, member in enumerate(members):
            name = PurePosixPath(member.filename).name
            target = folder / f"{len(list(folder.iterdir()))}-{place}"
            with archive.open(member) as packed:
                _copy(packed, target, max(member.compress_size, 1), spent.budget.bytes)
            found.append(Opened(name if len(members) > 1 else path.name, target, info))
    return found


def _is_table(member: zipfile.ZipInfo) -> bool:
    """Not the shadow files that macOS adds."""
    path = PurePosixPath(member.filename)
    return not member.is_dir() and not path.name.startswith(".") and "__MACOSX" not in path.parts


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, packed_bytes: int, most_bytes: int) -> None:
    total = 0
    with target.open("xb") as file:
        while piece := packed.read(PIECE_BYTES):
            total += len(piece)
            if total > most_bytes:
                raise _TooMuch(f"it unpacks to more than {most_bytes:,} bytes")
            if total > SMALL_BYTES and total > MAX_RATIO * packed_bytes:
                raise _TooMuch(f"it unpacks to more than {MAX_RATIO:,} times its size")
            file.write(piece)
