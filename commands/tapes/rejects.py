"""Rejected rows, in the format that they came in, each with a reason."""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commands.ingestion.findings import Findings
from commands.ingestion.limits import Budget, Spent
from commands.ingestion.read_xlsx import read_sheets
from commands.tapes.containers import PIECE_BYTES, Opened
from commands.tapes.read_parquet import rows_of
from commands.tapes.read_tape import ReadTape
from commands.tapes.read_text import UTF8, Dialect, as_utf8, dialect_of
from domain.tapes.mapping import MappingDocument

REASON = "reason"


def write_rejects(
    target: Path, read: ReadTape, mapping: MappingDocument, reasons: Mapping[int, str], folder: Path
) -> None:
    """`reasons` by the row's number over all files; without any the file has its header alone.

    `folder` is for files on the way.
    """
    parts = []
    for place, each in enumerate(read.opened):
        start = read.places.starts[place]
        end = read.places.starts[place + 1] if place + 1 < len(read.places.starts) else float("inf")
        parts.append((each, {row - start: why for row, why in reasons.items() if start < row <= end}))
    if any(each.is_workbook for each, _ in parts):
        _write_workbook(target, parts, mapping)
    elif any(each.is_parquet for each, _ in parts):
        _write_parquet(target, parts)
    elif mapping.format.record is not None:
        with _written(target) as file:
            for piece in _records(parts, mapping.format.record):
                file.write(piece)
    else:
        with _written(target) as file:
            for line in _lines(parts, mapping, folder):
                file.write(line.encode(mapping.format.encoding, errors="replace"))


def _written(target: Path) -> IO[bytes]:
    return gzip.open(target, "wb") if target.suffix == ".gz" else target.open("wb")  # type: ignore[return-value]


# --- text -----------------------------------------------------------------------------------------------------------


def _lines(parts: list[tuple[Opened, dict[int, str]]], mapping: MappingDocument, folder: Path) -> Iterator[str]:
    for place, (each, reasons) in enumerate(parts):
        plain = _plain(each, mapping, folder)
        dialect = dialect_of(plain, each.name, mapping, Findings())
        if dialect is None:
            continue
        with plain.open(encoding="utf-8-sig", newline="") as file:
            records = _split(file, dialect)
            for above in islice(file, dialect.skipped):
                if place == 0:
                    yield above
            if dialect.lines_of_header:
                header = next(records)
                if place == 0:
                    yield _with(header, REASON, dialect)
            yield from _rejected(records, dialect, reasons)


def _plain(each: Opened, mapping: MappingDocument, folder: Path) -> Path:
    """The file as UTF-8 again; it was read as such once."""
    if mapping.format.encoding.lower() in UTF8:
        return each.path
    made = as_utf8(each, mapping.format.encoding, folder, Findings())
    assert made is not None
    return made.path


def _rejected(records: Iterable[str], dialect: Dialect, reasons: dict[int, str]) -> Iterator[str]:
    first = dialect.skipped + dialect.lines_of_header + 1
    last = max(reasons, default=0)
    for number, record in enumerate(islice(records, max(last - first + 1, 0)), start=first):
        if number in reasons:
            yield _with(record, reasons[number], dialect)


def _split(file: Iterable[str], dialect: Dialect) -> Iterator[str]:
    """Records as they stand; one whose quotation mark is open goes on in the next line."""
    held = ""
    for line in file:
        held += line
        if dialect.quote is None or held.count(dialect.quote) % 2 == 0:
            yield held
            held = ""
    if held:
        yield held


def _with(record: str, text: str, dialect: Dialect) -> str:
    bare = record.rstrip("\r\n")
    end = record[len(bare) :] or "\n"
    written = io.StringIO()
    if dialect.quote:
        csv.writer(written, delimiter=dialect.delimiter, quotechar=dialect.quote, lineterminator="").writerow([text])
    else:
        written.write(text.replace(dialect.delimiter, " "))
    return f"{bare}{dialect.delimiter}{written.getvalue()}{end}"


# --- workbooks ------------------------------------------------------------------------------------------------------


def _write_workbook(target: Path, parts: list[tuple[Opened, dict[int, str]]], mapping: MappingDocument) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(target), {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet, at = book.add_worksheet("rejects"), 0
        for place, (each, reasons) in enumerate(parts):
            rows = _rows_of(each, mapping)
            head = mapping.skip_rows + mapping.format.header
            for number, row in enumerate(rows, start=1):
                if number <= head and place == 0:
                    why = REASON if number == head else ""
                elif number in reasons:
                    why = reasons[number]
                else:
                    continue
                for column, cell in enumerate([*row, why]):
                    _write_cell(sheet, at, column, cell)
                at += 1


def _write_cell(sheet: Any, row: int, column: int, cell: Any) -> None:
    """A text is written as text, whatever it begins with."""
    if isinstance(cell, str):
        sheet.write_string(row, column, cell) if cell else None
    else:
        sheet.write(row, column, cell)


def _rows_of(each: Opened, mapping: MappingDocument) -> list[list[Any]]:
    wanted = mapping.format.sheet

    def choose(names: list[str]) -> list[str]:
        return [name for name in names if wanted is None or name.strip().lower() == wanted.strip().lower()][:1]

    found = read_sheets(each.path, choose, Findings(), Spent(Budget()))
    return next(iter(found.rows.values()), [])


# --- Parquet --------------------------------------------------------------------------------------------------------


def _write_parquet(target: Path, parts: list[tuple[Opened, dict[int, str]]]) -> None:
    tables = []
    for each, reasons in parts:
        numbers = np.array(sorted(reasons), np.int64)
        why = pa.array([reasons[number] for number in numbers.tolist()], pa.string())
        tables.append(rows_of(each, numbers).append_column(REASON, why))
    pq.write_table(pa.concat_tables(tables, promote_options="default"), target)


# --- records --------------------------------------------------------------------------------------------------------


class _Slices:
    """Where records stand in the bytes, and which elements are open around the first."""

    def __init__(self, record: str, wanted: dict[int, str]) -> None:
        self.record, self.wanted = record, wanted
        self.first: int | None = None
        self.around: list[str] = []
        self.open: list[str] = []
        self.found: list[tuple[int, int, str]] = []
        self._inside, self._from, self._count = 0, 0, 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if not self._inside and name.rpartition(":")[2] == self.record:
            self._inside, self._from = len(self.open) + 1, self.parser.CurrentByteIndex
            self._count += 1
            if self.first is None:
                self.first, self.around = self._from, list(self.open)
        self.open.append(name)

    def end(self, _name: str) -> None:
        if len(self.open) == self._inside:
            if self._count in self.wanted:
                self.found.append((self._from, self.parser.CurrentByteIndex, self.wanted[self._count]))
            self._inside = 0
        self.open.pop()


def _records(parts: list[tuple[Opened, dict[int, str]]], record: str) -> Iterator[bytes]:
    around: list[str] = []
    for place, (each, reasons) in enumerate(parts):
        slices = _Slices(record, reasons)
        with each.path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                slices.parser.Parse(piece, False)
            slices.parser.Parse(b"", True)
        with each.path.open("rb") as file:
            if place == 0:
                around = slices.around
                yield file.read(slices.first or 0)
            for start, end, why in slices.found:
                file.seek(start)
                said = escape(why).encode("ascii", "xmlcharrefreplace")
                yield file.read(end - start) + b"<reason>" + said + b"</reason></" + _name(file, record) + b">\n"
    yield "".join(f"</{name}>" for name in reversed(around)).encode() + b"\n"


def _name(file: IO[bytes], record: str) -> bytes:
    """The closing tag's own name, with its prefix."""
    tag = file.read(len(record) + 200)
    found = tag.partition(b">")[0].removeprefix(b"</").strip()
    return found or record.encode()
