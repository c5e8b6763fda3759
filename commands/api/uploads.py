"""Uploads from outside: archives are believed nothing. Bounded in members, bytes and ratio before and while reading."""

import errno
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from commands.ingest_portfolio import Digested, ReadingOptions, digest_here
from commands.ingestion.limits import Budget
from commands.refusals import InvalidInput
from domain.ports import PortfolioCodec

MAX_MEMBERS = 200
MAX_BYTES = 8 * 1024**3
MAX_RATIO = 100
SMALL_BYTES = 64 * 1024**2
"""Below this the ratio does not matter: a short column of one value packs well beyond it."""
PIECE_BYTES = 1024**2
WORKBOOK = "xl/workbook.xml"
TABLE_SUFFIXES = (".csv", ".parquet")
FIX = "send a .zip of the .csv or .parquet tables, or the .xlsx workbook"


def digest_upload(
    codec: PortfolioCodec, upload: Path, folder: Path, options: ReadingOptions, budget: Budget
) -> Digested:
    """In this process; `folder` is for what the archive holds. A tape, or a folder of tables, is read as it is."""
    if options.by_mapping is not None or upload.is_dir():
        return digest_here(codec, upload, options, budget)
    return digest_here(codec, unpack(upload, folder, budget.bytes), options, budget)


def unpack(upload: Path, folder: Path, most_bytes: int = MAX_BYTES) -> Path:
    """The portfolio to read: the workbook itself, or the folder with the archive's tables."""
    try:
        with zipfile.ZipFile(upload) as archive:
            members = check(archive, most_bytes)
            folder.mkdir()
            if WORKBOOK in archive.namelist():
                _read_through(archive, members)
                return upload.rename(folder / "portfolio.xlsx")
            _extract(archive, members, folder)
            return folder
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InvalidInput("NOT_AN_ARCHIVE", "the body is no archive that can be read", FIX) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning of the file, which the archive's own list names
            raise
        raise InvalidInput("NOT_AN_ARCHIVE", "the body is no archive that can be read", FIX) from error


def check(archive: zipfile.ZipFile, most_bytes: int) -> list[zipfile.ZipInfo]:
    """By what the headers say, before anything is unpacked."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if len(members) > MAX_MEMBERS:
        raise _too_much(f"it holds {len(members):,} files; the limit is {MAX_MEMBERS}")
    if unpacked > most_bytes:
        raise _too_much(f"it has {unpacked:,} bytes unpacked; the limit is {most_bytes:,}")
    if unpacked > SMALL_BYTES and unpacked > MAX_RATIO * packed:
        ratio = f"the limit is {MAX_RATIO} to one beyond {SMALL_BYTES:,} bytes"
        raise _too_much(f"{unpacked:,} bytes are packed into {packed:,}; {ratio}")
    if any(stat.S_ISLNK(member.external_attr >> 16) for member in members):
        raise InvalidInput("UNSAFE_ARCHIVE", "the archive holds a symbolic link", FIX)
    return members


def _read_through(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """A header that lies about a size fails its checksum here, not in the workbook's reader."""
    for member in members:
        with archive.open(member) as packed:
            while packed.read(PIECE_BYTES):
                pass


def _extract(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> None:
    """Tables by their bare names, wherever the archive put them: no path of the archive is ever followed."""
    tables = [member for member in members if _is_table(member.filename)]
    if not tables:
        raise InvalidInput("EMPTY_ARCHIVE", "the archive holds no .csv or .parquet file", FIX)
    for member in tables:
        target = folder / PurePosixPath(member.filename).name
        if target.exists():
            raise InvalidInput("REPEATED_TABLE", f"the archive holds {target.name} twice", "send each table once")
        with archive.open(member) as packed, target.open("xb") as file:
            shutil.copyfileobj(packed, file, PIECE_BYTES)


def _is_table(name: str) -> bool:
    """Not the shadow files that macOS adds."""
    path = PurePosixPath(name)
    return path.suffix.lower() in TABLE_SUFFIXES and not path.name.startswith(".") and "__MACOSX" not in path.parts


def _too_much(what: str) -> InvalidInput:
    return InvalidInput(
        "ARCHIVE_TOO_LARGE", f"the archive is refused: {what}", "split the portfolio, or use `tenor ingest`"
    )
