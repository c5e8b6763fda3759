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
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from commands.ingestion.cells import Cells, FileInfo, RawTable, distinct, without_blank_rows
from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.headers import checked_names, named_columns
from commands.ingestion.limits import MAX_WORKBOOK_BYTES, MAX_WORKBOOK_MEMBERS, MAX_WORKBOOK_RATIO
from commands.ingestion.typed_columns import is_id
from domain.portfolio.tables import BY_NAME

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
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
_LARGEST_WHOLE = 2.0**63
"""Written out in full; beyond it digits mean nothing."""
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OLE = b"\xd0\xcf\x11\xe0"


class _Refused(Exception):
    def __init__(self, code: Code, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


def read_xlsx(path: Path, errors: Findings, warnings: Findings) -> tuple[dict[str, RawTable], FileInfo, list[str]]:
    """The tables that could be read, the file, and the names of all its sheets."""
    with path.open("rb") as file:
        data = file.read(MAX_WORKBOOK_BYTES + 1)
    info = FileInfo(path.name, hashlib.sha256(data).hexdigest(), path.stat().st_size)
    try:
        parts = _unpacked(data)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        formulas = _formulas(parts)
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in _sheets(book)}
    except _Refused as refused:
        errors.file("", refused.code, f"{path.name}: {refused.message}", refused.fix)
        return {}, info, []
    except _DAMAGED:
        errors.file("", Code.UNREADABLE, f"{path.name} is damaged.", "Save the workbook again as .xlsx.")
        return {}, info, []
    tables: dict[str, RawTable] = {}
    _note_repeated(list(sheets), errors)
    for sheet, rows in sheets.items():
        name = sheet.strip().lower()
        table = _sheet(name, path.name, rows, formulas.get(sheet, []), errors, warnings)
        if table is not None:
            tables[name] = table
    return tables, info, list(book.sheet_names)


def _sheets(book: CalamineWorkbook) -> list[str]:
    """Those that are tables, their names read without regard to case or blanks around them."""
    return [name for name in book.sheet_names if name.strip().lower() in BY_NAME]


def _note_repeated(sheets: list[str], errors: Findings) -> None:
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


def _formulas(parts: dict[str, bytes]) -> dict[str, list[tuple[int, int, str]]]:
    """Sheet name -> (row, column, what) of each cell that holds a formula or an error; both counted from 0."""
    if "xl/workbook.xml" not in parts:
        raise _Refused(Code.UNREADABLE, "this is not a workbook.", "Save it as .xlsx.")
    links = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    found = {}
    for sheet in ElementTree.fromstring(parts["xl/workbook.xml"]).iter():
        if sheet.tag.endswith("}sheet"):
            target = targets[next(value for name, value in sheet.items() if name.endswith("}id"))]
            part = parts[target.lstrip("/") if target.startswith("/") else f"xl/{target}"]
            found[str(sheet.get("name"))] = _suspect_cells(part) if _SUSPECT.search(part) else []
    return found


def _suspect_cells(part: bytes) -> list[tuple[int, int, str]]:
    found = []
    for cell in _CELL.finditer(part):
        attributes, content = cell.group(1), cell.group(2) or b""
        place = _PLACE.search(attributes)
        formula = _FORMULA.search(content)
        if formula or _ERROR_CELL.search(attributes):
            if place is None:
                raise _Refused(Code.FORMULA, "a sheet holds formulas or errors.", "Paste the sheets as values.")
            column = 0
            for letter in place.group(1):
                column = column * 26 + letter - 64
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
    head = [[_text(cell) or "" for cell in row] for row in rows[:_ROWS_OF_HEAD]]
    names = checked_names(name, head[0], errors, warnings, head[1:])
    if names is None:
        return None
    columns = [_cells([_text(row[place]) for row in body]) for place in range(len(names))]
    numeric = frozenset(label for place, label in enumerate(names) if _all_numbers(body, place))
    _note_rounded_ids(name, names, body, errors, warnings)
    named = named_columns(name, names, columns, errors)
    table = RawTable(name, file, np.arange(2, 2 + len(body)), named, numeric=numeric)
    _note_formulas(table, names, formulas, errors)
    return without_blank_rows(table)


def _all_numbers(body: list[list[Any]], place: int) -> bool:
    return all(isinstance(row[place], int | float) or row[place] == "" for row in body)


def _note_rounded_ids(
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


def _note_formulas(table: RawTable, names: list[str], found: list[tuple[int, int, str]], errors: Findings) -> None:
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


def _text(cell: Any) -> str | None:
    """The text that the same value has in a CSV file."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _LARGEST_WHOLE else repr(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)
