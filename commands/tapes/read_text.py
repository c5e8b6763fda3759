"""Tapes of delimited text: any delimiter, quote and encoding, with a header or without."""

import csv
import io
from codecs import getincrementaldecoder
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from commands.ingestion.codes import Code
from commands.ingestion.findings import MAX_TOLD, Findings
from commands.ingestion.limits import MAX_COLUMNS, MAX_UNREADABLE, Spent
from commands.tapes.containers import Opened
from commands.tapes.tape import Tape, text_cells
from domain.tapes.mapping import MappingDocument
from domain.texts import is_clean

PIECE_BYTES = 1 << 22
HEAD_BYTES = 1 << 20
BLOCK_BYTES = 1 << 25
DELIMITERS = (",", ";", "\t", "|")
SAID = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
UTF8 = ("utf-8", "ascii")


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    quote: str | None
    skipped: int
    """Lines above the header, or above the first row."""
    header: tuple[str, ...]
    """Names of the columns; numbers from 1 where the file has no header."""
    lines_of_header: int


@dataclass(frozen=True)
class Plain:
    """A file of UTF-8, and how many lines it has."""

    path: Path
    lines: int


def read_text(opened: Opened, mapping: MappingDocument, errors: Findings, spent: Spent, folder: Path) -> Tape | None:
    """None when the file as a whole cannot be read; `errors` says why."""
    plain = as_utf8(opened, mapping.format.encoding, folder, errors)
    dialect = dialect_of(plain.path, opened.name, mapping, errors) if plain else None
    if plain is None or dialect is None:
        return None
    width = len(dialect.header)
    if not spent.may_read("", opened.name, errors, rows=plain.lines, columns=width):
        return None
    found = _parsed(plain.path, opened.name, dialect, errors)
    if found is None:
        return None
    table, skipped = found
    first = dialect.skipped + dialect.lines_of_header + 1
    numbers = np.arange(first, first + table.num_rows + len(skipped))
    rows = np.delete(numbers, np.asarray(skipped, dtype=np.int64) - first) if skipped else numbers
    columns = {}
    for name, column in zip(dialect.header, table.columns, strict=True):
        encoded = column.dictionary_encode().combine_chunks()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        columns[name] = text_cells(codes, encoded.dictionary, mapping.format.null)
    return without_blank_rows(Tape(opened.name, rows, columns, opened.info, tuple(skipped)))


def without_blank_rows(tape: Tape) -> Tape:
    filled = np.zeros(len(tape.rows), dtype=bool)
    for cells in tape.columns.values():
        filled |= cells.codes >= 0
    return tape if filled.all() else tape.with_rows(filled)


def as_utf8(opened: Opened, encoding: str, folder: Path, errors: Findings) -> Plain | None:
    """The file itself where it is UTF-8 already; a byte that is no text is told with its line."""
    decoder = getincrementaldecoder(encoding)()
    is_utf8 = encoding.lower() in UTF8
    target = opened.path if is_utf8 else folder / f"{len(list(folder.iterdir()))}-utf8"
    lines, is_first = 1, True
    with opened.path.open("rb") as file, io.BytesIO() if is_utf8 else target.open("xb") as written:
        while True:
            piece = file.read(PIECE_BYTES)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as fault:
                before = fault.object[: fault.start].decode(encoding, errors="ignore")
                what = f"the byte 0x{fault.object[fault.start]:02X}"
                _report_no_text(opened.name, lines + before.count("\n"), what, encoding, errors)
                return None
            zero = text.find("\0")
            if zero >= 0:
                _report_no_text(opened.name, lines + text.count("\n", 0, zero), "a zero byte", encoding, errors)
                return None
            lines += text.count("\n")
            if not is_utf8:
                written.write((text.removeprefix("\ufeff") if is_first else text).encode())
            is_first = False
            if not piece:
                return Plain(target, lines)


def _report_no_text(file: str, line: int, what: str, encoding: str, errors: Findings) -> None:
    message = f"{file} is not {encoding} text: {what} on line {line:,}."
    errors.file("", Code.ENCODING, message, "Say its encoding in the mapping's format, such as latin-1 or cp1252.")


def dialect_of(path: Path, file: str, mapping: MappingDocument, errors: Findings) -> Dialect | None:
    """By what the mapping says; where it does not say the delimiter, the one under which its columns are there."""
    written = mapping.format
    quote = '"' if written.quote is None else written.quote or None
    with path.open("rb") as raw:
        text = raw.read(HEAD_BYTES).decode("utf-8-sig", errors="ignore")
    lines = text.splitlines(keepends=True)[mapping.skip_rows :]
    if not any(line.strip() for line in lines):
        errors.file("", Code.EMPTY_FILE, f"{file} has no rows below {mapping.skip_rows} lines.", "Check skip_rows.")
        return None
    wanted = {str(source.column).lower() for source in mapping.columns.values() if isinstance(source.column, str)}
    delimiter = written.delimiter or _delimiter(lines, quote, wanted)
    first = _first_record(lines, delimiter, quote)
    if first is None:
        message = f"{file}: the first row has no end within {HEAD_BYTES:,} characters."
        errors.file("", Code.TOO_LONG, message, "Look for a quotation mark that is never closed.")
        return None
    record, count = first
    if len(record) > MAX_COLUMNS:
        message = f"{file} has {len(record):,} columns; the limit is {MAX_COLUMNS:,}."
        errors.file("", Code.LIMIT_EXCEEDED, message, "Check the delimiter, or remove columns.")
        return None
    if not written.header:
        names = tuple(str(place) for place in range(1, len(record) + 1))
        return Dialect(delimiter, quote, mapping.skip_rows, names, 0)
    header = unique_names(record)
    if not all(is_clean(name) for name in header):
        message = f"{file}: a name in the header holds a control character."
        errors.file("", Code.CONTROL_CHARACTER, message, "Check the delimiter and the encoding, or rename the column.")
        return None
    return Dialect(delimiter, quote, mapping.skip_rows, header, count)


def _delimiter(lines: list[str], quote: str | None, wanted: set[str]) -> str:
    """Never by a guess at the values: the one under which most of the mapping's headers are there, else the comma."""

    def found(delimiter: str) -> int:
        first = _first_record(lines, delimiter, quote)
        names = {name.strip().lower() for name in first[0]} if first else set()
        return len(wanted & names)

    return max(DELIMITERS, key=found)


def _first_record(lines: list[str], delimiter: str, quote: str | None) -> tuple[list[str], int] | None:
    """The record, and how many lines it takes."""
    reader = csv.reader(iter(lines), delimiter=delimiter, quotechar=quote or '"', quoting=0 if quote else 3)
    try:
        for record in islice(reader, 1):
            return record, reader.line_num
    except csv.Error:
        return None
    return None


def unique_names(record: list[str]) -> tuple[str, ...]:
    """A nameless column and the second of a name are told apart by their numbers."""
    names: list[str] = []
    for place, label in enumerate(record, start=1):
        name = label.strip() or f"column_{place}"
        taken = {each.lower() for each in names}
        names.append(name if name.lower() not in taken else f"{name}_{place}")
    return tuple(names)


def _parsed(path: Path, file: str, dialect: Dialect, errors: Findings) -> tuple[pa.Table, list[int]] | None:
    """Every column as text. Rows of another width are errors of their own and leave the others readable."""
    skipped: list[int] = []
    before = dialect.skipped + dialect.lines_of_header

    def report_row(row: pacsv.InvalidRow) -> str:
        number = row.number
        skipped.append(number)
        if len(skipped) > MAX_TOLD:
            errors.more(Code.WRONG_FIELD_COUNT)
            return "skip" if len(skipped) <= MAX_UNREADABLE else "error"
        _report_wrong_width(row, number, dialect, errors)
        return "skip"

    names = [f"c{place}" for place in range(len(dialect.header))]
    try:
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, skip_rows=before, column_names=names
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                newlines_in_values=dialect.quote is not None,
                ignore_empty_lines=False,
                invalid_row_handler=report_row,
            ),
            convert_options=pacsv.ConvertOptions(
                check_utf8=False, strings_can_be_null=False, column_types=dict.fromkeys(names, pa.string())
            ),
        )
    except pa.ArrowInvalid:
        if len(skipped) > MAX_UNREADABLE:
            message = f"{file} is read no further: more than {MAX_UNREADABLE:,} rows are of another width."
            errors.file("", Code.LIMIT_EXCEEDED, message, "Check the delimiter.")
        elif not _has_rows(path, before):
            errors.file("", Code.NO_ROWS, f"{file} has a header and no rows.", "Bring a tape with rows.")
        else:
            message = f"{file} cannot be read as text separated by {SAID.get(dialect.delimiter, dialect.delimiter)}."
            errors.file("", Code.UNREADABLE, message, "Look for a quotation mark that is never closed.")
        return None
    return table, skipped


def _has_rows(path: Path, before: int) -> bool:
    with path.open("rb") as file:
        return any(line.strip() for line in islice(file, before, before + 1_000))


def _report_wrong_width(row: pacsv.InvalidRow, number: int, dialect: Dialect, errors: Findings) -> None:
    where = "header" if dialect.lines_of_header else "first row"
    errors.file(
        "positions",
        Code.WRONG_FIELD_COUNT,
        f"The row has {row.actual_columns} fields where the {where} has {row.expected_columns}.",
        "Give it as many fields, and quote values that hold the delimiter.",
        row=number,
        value=str(row.actual_columns),
    )
