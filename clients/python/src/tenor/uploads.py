"""Files on their way to a server: a folder as one archive, documents as bytes."""

import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from tenor.errors import Invalid

TABLES = (".csv", ".parquet")
WORKBOOK = ".xlsx"
ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"

Source: TypeAlias = str | PathLike[str]
Document: TypeAlias = Source | bytes | dict[str, Any] | Sequence[dict[str, Any]]


@contextmanager
def as_archive(source: Source) -> Iterator[tuple[Path, str]]:
    """The file to send, and its type: a workbook and an archive as they are, the tables of a folder in one archive."""
    path = Path(source)
    if path.is_file():
        yield path, XLSX if path.suffix.lower() == WORKBOOK else ZIP
        return
    tables = tables_of(path)
    with tempfile.TemporaryDirectory(prefix="tenor-upload-") as folder:
        packed = Path(folder) / "portfolio.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for table in tables:
                archive.write(table, table.name)
        yield packed, ZIP


def tables_of(path: Path) -> list[Path]:
    try:
        inside = sorted(each for each in path.iterdir() if each.is_file() and each.suffix.lower() in TABLES)
    except OSError as error:
        raise unreadable(path, error) from error
    if not inside:
        fix = "name a folder of .csv or .parquet tables, or one .xlsx workbook"
        raise Invalid(f"{path} holds no table", code="NO_TABLES", fix=fix)
    return inside


def name_of(source: Source) -> str:
    """What a portfolio is called when nobody says: the folder's name, or the file's."""
    path = Path(source).resolve()
    return path.stem if path.is_file() else path.name


def as_bytes(document: Document) -> bytes:
    """A path is read; what is JSON already becomes text."""
    if isinstance(document, bytes):
        return document
    if isinstance(document, str | PathLike):
        path = Path(document)
        try:
            return path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error
    return json.dumps(document if isinstance(document, dict) else list(document)).encode()


def unreadable(path: Path, error: OSError) -> Invalid:
    return Invalid(f"cannot read {path}: {error.strerror}", code="UNREADABLE_FILE", fix="check the path")
