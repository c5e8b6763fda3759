"""Workbooks: a sheet per table, read only after the archive has been counted and searched for formulas.

The reader sees the last computed value of a formula and nothing of an error cell, so both are looked for in the
sheets' XML first.
"""

import datetime as dt
import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.headers import checked_names, named_columns
from commands.ingestion.limits import (
    MAX_COLUMNS,
    MAX_WORKBOOK_BYTES,
    MAX_WORKBOOK_MEMBERS,
    MAX_WORKBOOK_RATIO,
    Spent,
    setting_of,
)
from commands.ingestion.raw_tables import Cells, FileInfo, RawTable, distinct, without_blank_rows
from commands.ingestion.typed_columns import is_id
from domain.portfolio.tables import BY_NAME

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_FAR_COLUMN = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="((?:AL[M-Z]|A[M-Z][A-Z]|[B-Z][A-Z]{2}|[A-Z]{4,})\d+)"')
"""Of a cell beyond ALL, the thousandth column."""
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,9})"')
_STRAY = "Delete the rows and columns after the table (Ctrl+End shows the last cell)."
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ERROR_CELL = re.compile(rb'\bt="e"')
_SUSPECT = re.compile(rb'<(?:\w+:)?f[\s/>]|\bt="e"')
_DAMAGED = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ElementTree.ParseError,
    LookupError,
    StopIteration,
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
)
"""What unpacking and reading raise over bytes that are not what they should be."""
_ROWS_OF_HEAD = 21
_EXACT_BELOW = 1e15
_MAX_WHOLE = 2.0**63
"""Written out in full; beyond it digits mean nothing."""
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OLE = b"\xd0\xcf\x11\xe0"


class _Refused(Exception):
    def __init__(self, code: Code, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


@dataclass(frozen=True)
class Sheets:
    """Sheets by name: their rows, and the cells that hold formulas or errors; `names` are those of all sheets."""

    rows: dict[str, list[list[Any]]]
    suspects: dict[str, list[tuple[int, int, str]]]
    info: FileInfo
    names: list[str]


def read_xlsx(
    path: Path, errors: Findings, warnings: Findings, spent: Spent
) -> tuple[dict[str, RawTable], FileInfo, list[str]]:
    """The tables that could be read, the file, and the names of all its sheets."""
    found = read_sheets(path, _tables, errors, spent)
    tables: dict[str, RawTable] = {}
    _report_repeated(list(found.rows), errors)
    for sheet, rows in found.rows.items():
        name = sheet.strip().lower()
        if not spent.may_read(name, path.name, errors, rows=len(rows), columns=len(rows[0]) if rows else 0):
            continue
        table = _sheet(name, path.name, rows, found.suspects.get(sheet, []), errors, warnings)
        if table is not None:
            tables[name] = table
    return tables, found.info, found.names


def read_sheets(path: Path, choose: Callable[[list[str]], list[str]], errors: Findings, spent: Spent) -> Sheets:
    """Those that are chosen by name; none, and `errors` says why, where the workbook cannot be read."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(min(size_bytes, MAX_WORKBOOK_BYTES) + 1)  # as many bytes are set aside as are asked for
    info = FileInfo(path.name, hashlib.sha256(data).hexdigest(), size_bytes)
    try:
        parts = _unpacked(data)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets_xml, chosen = _sheets(parts), choose(list(book.sheet_names))
        for sheet in chosen:
            _refuse_far_cells(sheet, sheets_xml[sheet], spent.budget.cells)
        suspects = {name: _suspect_cells(part) if _SUSPECT.search(part) else [] for name, part in sheets_xml.items()}
        rows = {sheet: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False) for sheet in chosen}
    except _Refused as refused:
        errors.file("", refused.code, f"{path.name}: {refused.message}", refused.fix)
        return Sheets({}, {}, info, [])
    except _DAMAGED:
        errors.file("", Code.UNREADABLE, f"{path.name} is damaged.", "Save the workbook again as .xlsx.")
        return Sheets({}, {}, info, [])
    return Sheets(rows, suspects, info, list(book.sheet_names))


def _tables(names: list[str]) -> list[str]:
    """Those that are tables, their names read without regard to case or blanks around them."""
    return [name for name in names if name.strip().lower() in BY_NAME]


def _report_repeated(sheets: list[str], errors: Findings) -> None:
    for name, count in Counter(sheet.strip().lower() for sheet in sheets).items():
        if count > 1:
            errors.file(name, Code.DUPLICATE_TABLE, f"{count} sheets are called {name}.", "Keep one of them.")


# --- the archive ----------------------------------------------------------------------------------------------------


def _unpacked(data: bytes) -> dict[str, bytes]:
    """The XML parts, once their number, their size and their honesty are known. Bytes are counted as they unpack."""
    if not data:
        raise _Refused(Code.EMPTY_FILE, "the workbook is empty.", "Save it again from a spreadsheet.")
    if len(data) > MAX_WORKBOOK_BYTES:
        raise _Refused(Code.LIMIT_EXCEEDED, "the workbook is larger than 300 MB.", "Bring CSV or Parquet.")
    if data.startswith(_OLE):
        raise _Refused(Code.UNREADABLE, "an old or password-protected workbook.", "Save it as .xlsx, unprotected.")
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = archive.infolist()
    if len(members) > MAX_WORKBOOK_MEMBERS:
        raise _bomb(f"it has {len(members)} parts; the limit is {MAX_WORKBOOK_MEMBERS}.")
    if any(member.compress_type not in _PLAIN for member in members):
        raise _Refused(Code.UNREADABLE, "a part is packed in a way that workbooks do not use.", "Save it again.")
    if any(member.flag_bits & 1 for member in members):
        raise _Refused(Code.UNREADABLE, "the workbook is encrypted.", "Save it without a password.")
    if any("vbaproject" in member.filename.lower() or "macrosheets/" in member.filename.lower() for member in members):
        raise _Refused(Code.MACRO, "the workbook carries macros.", "Save it as .xlsx, without macros.")
    if sum(member.file_size for member in members) > min(MAX_WORKBOOK_BYTES, MAX_WORKBOOK_RATIO * len(data)):
        raise _bomb("it unpacks to more than 300 MB, or to more than a hundred times its size.")
    return _read_members(archive, members, len(data))


def _read_members(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], packed: int) -> dict[str, bytes]:
    parts, total = {}, 0
    for member in members:
        with archive.open(member) as stream:
            room = min(MAX_WORKBOOK_BYTES, MAX_WORKBOOK_RATIO * packed) - total
            part = stream.read(room + 1)
        if len(part) > room:
            raise _bomb("it unpacks to far more than it says.")
        if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
            raise _bomb("it declares XML entities.")
        total += len(part)
        if member.filename.endswith((".xml", ".rels")):
            parts[member.filename] = part
    return parts


def _bomb(reason: str) -> _Refused:
    return _Refused(Code.ARCHIVE_BOMB, f"the workbook is not opened: {reason}", "Save it again from a spreadsheet.")


def _sheets(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The XML of each sheet by its name."""
    if "xl/workbook.xml" not in parts:
        raise _Refused(Code.UNREADABLE, "this is not a workbook.", "Save it as .xlsx.")
    links = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    found = {}
    for sheet in ElementTree.fromstring(parts["xl/workbook.xml"]).iter():
        if sheet.tag.endswith("}sheet"):
            target = targets[next(value for name, value in sheet.items() if name.endswith("}id"))]
            found[str(sheet.get("name"))] = parts[target.lstrip("/") if target.startswith("/") else f"xl/{target}"]
    return found


def _refuse_far_cells(name: str, part: bytes, most_cells: int) -> None:
    """The reader allocates all from the first cell to the last, so the last is looked for before it begins."""
    far = _FAR_COLUMN.search(part)
    if far:
        cell = far.group(1).decode()
        message = f"the sheet {name} has a cell at {cell}; tables are read up to column {MAX_COLUMNS:,}."
        raise _Refused(Code.LIMIT_EXCEEDED, message, _STRAY)
    last_row = max((int(row) for row in _ROW.findall(part)), default=0)
    if last_row * MAX_COLUMNS <= most_cells:
        return
    cells = last_row * max((_column_number(each.group(1)) for each in _PLACE.finditer(part)), default=0)
    if cells > most_cells:
        message = f"the sheet {name} spans {cells:,} cells; the limit is {most_cells:,}."
        raise _Refused(Code.LIMIT_EXCEEDED, message, f"{_STRAY} Or raise {setting_of('cells')}.")


def _column_number(letters: bytes) -> int:
    """A is 1."""
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column


def _suspect_cells(part: bytes) -> list[tuple[int, int, str]]:
    found = []
    for cell in _CELL.finditer(part):
        attributes, content = cell.group(1), cell.group(2) or b""
        place = _PLACE.search(attributes)
        formula = _FORMULA.search(content)
        if formula or _ERROR_CELL.search(attributes):
            if place is None:
                raise _Refused(Code.FORMULA, "a sheet holds formulas or errors.", "Paste the sheets as values.")
            column = _column_number(place.group(1))
            found.append((int(place.group(2)) - 1, column - 1, "a formula" if formula else "a spreadsheet error"))
    return found


# --- a sheet --------------------------------------------------------------------------------------------------------


def _sheet(
    name: str,
    file: str,
    rows: list[list[Any]],
    formulas: list[tuple[int, int, str]],
    errors: Findings,
    warnings: Findings,
) -> RawTable | None:
    if not any(cell != "" for row in rows for cell in row):
        errors.file(name, Code.EMPTY_FILE, f"The sheet {name} is empty.", "Write a header row and at least one row.")
        return None
    body = rows[1:]
    head = [[cell_text(cell) or "" for cell in row] for row in rows[:_ROWS_OF_HEAD]]
    names = checked_names(name, head[0], errors, warnings, head[1:])
    if names is None:
        return None
    columns = [_cells([cell_text(row[place]) for row in body]) for place in range(len(names))]
    numeric = frozenset(label for place, label in enumerate(names) if _all_numbers(body, place))
    _report_rounded_ids(name, names, body, errors, warnings)
    named = named_columns(name, names, columns, errors)
    table = RawTable(name, file, np.arange(2, 2 + len(body)), named, numeric=numeric)
    _report_formulas(table, names, formulas, errors)
    return without_blank_rows(table)


def _all_numbers(body: list[list[Any]], place: int) -> bool:
    return all(isinstance(row[place], int | float) or row[place] == "" for row in body)


def _report_rounded_ids(
    table: str, names: list[str], body: list[list[Any]], errors: Findings, warnings: Findings
) -> None:
    """A spreadsheet keeps 15 digits of a number: those of a longer id are lost before we see them."""
    for place, name in enumerate(names):
        if BY_NAME[table].column(name) is not None and not is_id(BY_NAME[table], name):
            continue
        for number, row in enumerate(body, start=2):
            cell = row[place]
            if isinstance(cell, float) and cell.is_integer() and abs(cell) >= _EXACT_BELOW and name:
                (errors if BY_NAME[table].column(name) else warnings).file(
                    table,
                    Code.ROUNDED_ID,
                    f"Cell {_letters(place)}{number} holds {name} as a number of more than 15 digits; "
                    "a spreadsheet keeps no more, so the last ones are lost.",
                    "Format the column as text, and write or import the ids again.",
                    column=name,
                    row=number,
                    value=str(int(cell)),
                )


def _letters(place: int) -> str:
    """A column as a spreadsheet calls it, from its place counted from 0."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _report_formulas(table: RawTable, names: list[str], found: list[tuple[int, int, str]], errors: Findings) -> None:
    for row, column, what in found:
        label = names[column] if column < len(names) else None
        errors.file(
            table.name,
            Code.FORMULA,
            f"The cell holds {what}.",
            "Paste the sheet as values.",
            column=label or None,
            row=row + 1,
            value=table.text_at(label, row - 1) if label and 1 <= row <= len(table.source_rows) else None,
        )


def _cells(texts: list[str | None]) -> Cells:
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return distinct(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), encoded.dictionary)


def cell_text(cell: Any) -> str | None:
    """The text that the same value has in a CSV file."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _MAX_WHOLE else repr(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)
