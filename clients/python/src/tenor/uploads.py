"""Files on their way to a server: a folder as one archive, documents as bytes."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeAlias
from uuid import uuid4

from tenor.errors import Invalid

TABLES = (".csv", ".parquet")
WORKBOOK = ".xlsx"
ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"

Source: TypeAlias = str | PathLike[str]
Sources: TypeAlias = Source | Sequence[Source]
Document: TypeAlias = Source | bytes | dict[str, Any] | Sequence[dict[str, Any]]


@contextmanager
def as_archive(source: Source) -> Iterator[tuple[Path, str]]:
    """The file to send, and its type: a workbook and an archive as they are, the tables of a folder in one archive."""
    path = Path(source)
    if path.is_dir() and (workbook := only_workbook(path)):
        path = workbook
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


@contextmanager
def as_form(files: Sequence[Path], fields: dict[str, bytes]) -> Iterator[tuple[Path, str]]:
    """Several files and what is said beside them, as parts of a form; put together on disk, sent piece by piece."""
    boundary = f"tenor-{uuid4().hex}"
    with tempfile.TemporaryDirectory(prefix="tenor-upload-") as folder:
        form = Path(folder) / "form"
        with form.open("wb") as out:
            for name, value in fields.items():
                out.write(head_of(boundary, f'name="{name}"') + value + b"\r\n")
            for path in files:
                out.write(head_of(boundary, f'name="file"; filename="{path.name.replace(chr(34), "_")}"'))
                with opened(path) as file:
                    shutil.copyfileobj(file, out)
                out.write(b"\r\n")
            out.write(f"--{boundary}--\r\n".encode())
        yield form, f"multipart/form-data; boundary={boundary}"


def head_of(boundary: str, said: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {said}\r\n\r\n".encode()


def opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error


def tables_of(path: Path) -> list[Path]:
    try:
        inside = sorted(each for each in path.iterdir() if each.is_file() and each.suffix.lower() in TABLES)
    except OSError as error:
        raise unreadable(path, error) from error
    if not inside:
        fix = "name a folder of .csv or .parquet tables, or one .xlsx workbook"
        raise Invalid(f"{path} holds no table", code="NO_TABLES", fix=fix)
    return inside


def only_workbook(folder: Path) -> Path | None:
    """Of a folder that holds one and no tables."""
    inside = [each for each in folder.iterdir() if each.is_file()]
    books = [each for each in inside if each.suffix.lower() == WORKBOOK]
    return books[0] if len(books) == 1 and not any(each.suffix.lower() in TABLES for each in inside) else None


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
