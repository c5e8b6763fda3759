"""CSV tables: UTF-8, a header, commas; rows keep the numbers that a spreadsheet shows."""

import csv
import hashlib
import io
import re
from codecs import IncrementalDecoder, getincrementaldecoder
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from commands.ingestion.codes import Code
from commands.ingestion.findings import MAX_TOLD, Findings
from commands.ingestion.headers import checked_names, named_columns
from commands.ingestion.limits import MAX_UNREADABLE, Spent
from commands.ingestion.raw_tables import FileInfo, RawTable, cells_of, without_blank_rows

_SLICE = 1 << 24
_HEADER_BYTES = 1 << 20
_BLOCK = 1 << 25
_ROWS_OF_HEAD = 21
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_csv(
    name: str, path: Path, errors: Findings, warnings: Findings, spent: Spent
) -> tuple[RawTable | None, FileInfo]:
    """None when the file as a whole cannot be read; `errors` says why."""
    info, lines = _checked(name, path, errors, spent)
    head = _head(name, path, errors) if lines is not None else None
    if lines is None or head is None:
        return None, info
    header = head[0] if head else []
    if _report_other_separator(name, path, header, errors):
        return None, info
    names = checked_names(name, header, errors, warnings, head[1:])
    affordable = spent.may_read(name, path.name, errors, rows=lines, columns=len(header))
    table = _parsed(name, path, header, errors) if names is not None and affordable else None
    if names is None or table is None:
        return None, info
    raw, skipped = table
    columns = named_columns(name, names, [cells_of(column) for column in raw.columns], errors)
    rows = _source_rows(raw.num_rows, skipped)
    return without_blank_rows(RawTable(name, path.name, rows, columns, skipped)), info


def _checked(name: str, path: Path, errors: Findings, spent: Spent) -> tuple[FileInfo, int | None]:
    """Hash and proof-read the bytes in one pass; the lines after the header, or None where nothing can be read."""
    size = path.stat().st_size
    if not spent.may_read(name, path.name, errors, size_bytes=size):
        return FileInfo(path.name, "", size), None
    digest, decoder, before, fault = hashlib.sha256(), getincrementaldecoder("utf-8")(), 0, None
    seen_text = False
    with path.open("rb") as file:
        while piece := file.read(_SLICE):
            digest.update(piece)
            seen_text = seen_text or bool(piece.strip(b"\xef\xbb\xbf \r\n\t"))
            fault = fault or _encoding_fault(decoder, piece, before)
            before += piece.count(b"\n")
    info = FileInfo(path.name, digest.hexdigest(), size)
    if fault is not None:
        row, what = fault
        errors.file(
            name, Code.ENCODING, f"{path.name} is not UTF-8 text: {what} on line {row}.", "Save it as CSV UTF-8."
        )
        return info, None
    if not seen_text:
        errors.file(name, Code.EMPTY_FILE, f"{path.name} is empty.", "Write a header row and at least one row.")
        return info, None
    return info, before


def _encoding_fault(decoder: IncrementalDecoder, piece: bytes, lines_before: int) -> tuple[int, str] | None:
    zero = piece.find(b"\0")
    if zero >= 0:
        return lines_before + piece.count(b"\n", 0, zero) + 1, "a zero byte (UTF-16, or no text at all)"
    try:
        decoder.decode(piece)
    except UnicodeDecodeError as fault:
        line = lines_before + fault.object.count(b"\n", 0, fault.start) + 1
        return line, f"byte 0x{fault.object[fault.start]:02X}"
    return None


def _head(name: str, path: Path, errors: Findings) -> list[list[str]] | None:
    """The header and the rows just below it; None where the header has no end."""
    with path.open("rb") as file:
        text = file.read(_HEADER_BYTES).decode("utf-8-sig", errors="ignore")
    head: list[list[str]] = []
    try:
        for record in islice(csv.reader(io.StringIO(text, newline="")), _ROWS_OF_HEAD):
            head.append(record)
    except csv.Error:
        if not head:
            message = f"{path.name}: a cell of the header is longer than {csv.field_size_limit():,} characters."
            errors.file(name, Code.TOO_LONG, message, "Look for a quotation mark that is never closed.")
            return None
    return head


def _report_other_separator(name: str, path: Path, header: list[str], errors: Findings) -> bool:
    """A file that is separated by something else, and what."""
    first = ",".join(header)
    if re.fullmatch(r"sep=.?", first.strip(), re.IGNORECASE):
        message = f"{path.name} begins with the line {first.strip()!r}, which is for spreadsheets only."
        errors.file(
            name, Code.UNREADABLE, message, "Delete that line, and separate values by commas.", value=first.strip()
        )
        return True
    found = next((mark for mark in _SEPARATORS if len(header) == 1 and mark in first), None)
    if found is None:
        return False
    comma = " Then a decimal comma must be a point." if found == ";" else ""
    message = f"{path.name} is separated by {_SEPARATORS[found]}, not by commas."
    errors.file(name, Code.UNREADABLE, message, f"Save it as CSV with commas.{comma}", value=first)
    return True


def _parsed(name: str, path: Path, header: list[str], errors: Findings) -> tuple[pa.Table, tuple[int, ...]] | None:
    """Every column as text. Rows of another width are errors of their own and leave the others readable."""
    skipped: list[int] = []

    def report_row(row: pacsv.InvalidRow) -> str:
        skipped.append(row.number)
        if len(skipped) > MAX_TOLD:
            errors.more(Code.WRONG_FIELD_COUNT)
            return "skip" if len(skipped) <= MAX_UNREADABLE else "error"
        _report_wrong_width(name, row, errors)
        return "skip"

    try:
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=report_row
            ),
            convert_options=pacsv.ConvertOptions(
                check_utf8=False, strings_can_be_null=False, column_types=dict.fromkeys(header, pa.string())
            ),
        )
    except pa.ArrowInvalid:
        if len(skipped) > MAX_UNREADABLE:
            message = f"{path.name} is read no further: more than {MAX_UNREADABLE:,} rows are of another width."
            errors.file(name, Code.LIMIT_EXCEEDED, message, "Give every row as many fields as the header.")
            return None
        errors.file(
            name,
            Code.UNREADABLE,
            f"{path.name} cannot be read as CSV.",
            "Look for a quotation mark that is never closed, or a cell of several megabytes.",
        )
        return None
    return table, tuple(skipped)


def _report_wrong_width(name: str, row: pacsv.InvalidRow, errors: Findings) -> None:
    more = row.actual_columns > row.expected_columns
    if row.text.count('"') % 2:
        fix = "Close the quotation mark that this row opens."
    elif more:
        fix = "Put values that hold a comma in quotation marks, and use a decimal point."
    else:
        fix = "Give every column its comma, also where the cell is empty."
    errors.file(
        name,
        Code.WRONG_FIELD_COUNT,
        f"The row has {row.actual_columns} fields where the header has {row.expected_columns}.",
        fix,
        row=row.number,
        value=str(row.actual_columns),
    )


def _source_rows(count: int, skipped: tuple[int, ...]) -> np.ndarray:
    numbers = np.arange(2, 2 + count + len(skipped))
    return np.delete(numbers, np.asarray(skipped, dtype=np.int64) - 2) if skipped else numbers
