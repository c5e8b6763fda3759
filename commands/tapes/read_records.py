"""Tapes of XML: one repeated element is a row, the elements and attributes inside it are its columns.

Every document type declaration is refused, so that no entity is ever expanded and nothing outside is fetched.
"""

from array import array
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import MAX_COLUMNS, MAX_TEXT_CHARS, Spent
from commands.ingestion.raw_tables import Cells
from commands.tapes.containers import PIECE_BYTES, Opened
from commands.tapes.tape import Tape, text_cells
from domain.tapes.mapping import Label, MappingDocument
from domain.texts import is_clean

MAX_DEPTH = 64
ASK_EVERY = 10_000
"""Rows after which the budget is asked whether there may be more."""


class _Refused(Exception):
    def __init__(self, code: Code, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


@dataclass
class _Column:
    rows: "array[int]" = field(default_factory=lambda: array("l"))
    codes: "array[int]" = field(default_factory=lambda: array("l"))
    texts: dict[str, int] = field(default_factory=dict)
    last: str = ""

    def add(self, row: int, text: str) -> None:
        """A second value in the same row stands behind the first."""
        if self.rows and self.rows[-1] == row:
            self.last = f"{self.last}; {text}"[:MAX_TEXT_CHARS]
            self.codes[-1] = self.texts.setdefault(self.last, len(self.texts))
            return
        self.last = text
        self.rows.append(row)
        self.codes.append(self.texts.setdefault(text, len(self.texts)))


class _Records:
    """What expat tells: nothing is kept but the cells of the records."""

    def __init__(self, record: str, spent: Spent, file: str, errors: Findings) -> None:
        self.record, self.file, self.spent, self.errors = record, file, spent, errors
        self.columns: dict[str, _Column] = {}
        self.lines = array("l")
        self.seen: dict[str, int] = {}
        self.depth = self.inside = 0
        self.text: list[str] = []
        self.has_children = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype
        self.parser.EntityDeclHandler = self.refuse_doctype

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused(Code.LIMIT_EXCEEDED, f"elements stand deeper than {MAX_DEPTH} levels.", "Check the file.")
        local = name.rpartition(":")[2]
        if not self.inside:
            if local != self.record:
                if len(self.seen) < MAX_COLUMNS:
                    self.seen[local] = self.seen.get(local, 0) + 1
                return
            self.inside = self.depth
            self.lines.append(self.parser.CurrentLineNumber)
            self.parser.CharacterDataHandler = self.text.append
            if len(self.lines) % ASK_EVERY == 0:
                self.ask()
        self.text.clear()
        self.has_children = False
        for label, text in attributes.items():
            self.add(label.rpartition(":")[2], text)

    def end(self, name: str) -> None:
        if self.inside and self.depth > self.inside and not self.has_children:
            self.add(name.rpartition(":")[2], "".join(self.text))
        if self.depth == self.inside:
            self.inside = 0
            self.parser.CharacterDataHandler = None
        self.text.clear()
        self.has_children = True
        self.depth -= 1

    def add(self, label: str, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if len(text) > MAX_TEXT_CHARS:
            raise _Refused(Code.TOO_LONG, f"{label} has more than {MAX_TEXT_CHARS:,} characters.", "Check the file.")
        column = self.columns.get(label)
        if column is None:
            if len(self.columns) >= MAX_COLUMNS:
                raise _Refused(Code.LIMIT_EXCEEDED, f"more than {MAX_COLUMNS:,} columns.", "Check format.record.")
            column = self.columns[label] = _Column()
        column.add(len(self.lines) - 1, text)

    def ask(self) -> None:
        if not self.spent.may_read("", self.file, self.errors, rows=ASK_EVERY, columns=len(self.columns)):
            raise _Refused(Code.LIMIT_EXCEEDED, "", "")

    def refuse_doctype(self, *_: Any) -> None:
        message = "it has a document type declaration, which could name entities."
        raise _Refused(Code.ARCHIVE_BOMB, message, "Remove the <!DOCTYPE …>.")


def read_records(opened: Opened, mapping: MappingDocument, errors: Findings, spent: Spent) -> Tape | None:
    """None when the file as a whole cannot be read; `errors` says why."""
    assert mapping.format.record is not None
    records = _Records(mapping.format.record, spent, opened.name, errors)
    try:
        with opened.path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                records.parser.Parse(piece, False)
            records.parser.Parse(b"", True)
    except _Refused as refused:
        if refused.args[0]:
            errors.file("", refused.code, f"{opened.name}: {refused.message}", refused.fix)
        return None
    except expat.ExpatError as fault:
        message = f"{opened.name} is no XML: {expat.ErrorString(fault.code)} on line {fault.lineno:,}."
        errors.file("", Code.UNREADABLE, message, "Correct it there, or leave out format.record of a text file.")
        return None
    except (LookupError, ValueError):
        message = f"{opened.name} says an encoding that is not known."
        errors.file("", Code.ENCODING, message, "Save it as UTF-8, and say so in its first line.")
        return None
    if not records.lines:
        _report_no_records(opened.name, records, errors)
        return None
    return _tape(opened, records, mapping)


def _report_no_records(file: str, records: _Records, errors: Findings) -> None:
    most = sorted(records.seen, key=records.seen.__getitem__, reverse=True)[:8]
    message = f"{file} has no element {records.record}; it has {', '.join(most)}."
    errors.file("", Code.NO_ROWS, message, "Name the repeated element in format.record.")


def _tape(opened: Opened, records: _Records, mapping: MappingDocument) -> Tape:
    count, columns = len(records.lines), {}
    for name, column in records.columns.items():
        if not is_clean(name):
            continue
        codes = np.full(count, -1, dtype=np.int32)
        codes[np.asarray(column.rows)] = np.asarray(column.codes)
        columns[name] = text_cells(codes, pa.array(list(column.texts), pa.string()), mapping.format.null)
    lines = np.asarray(records.lines, dtype=np.int64)
    tape = Tape(opened.name, np.arange(1, count + 1), columns, opened.info, lines=lines)
    for label in named_labels(mapping):
        if tape.column(label) is None:
            columns[str(label)] = Cells(np.full(count, -1, dtype=np.int32), pa.array([], pa.string()))
    return tape


def named_labels(mapping: MappingDocument) -> list[Label]:
    """What the mapping names: an element that stands in no record is a column of empty cells."""
    labels = [source.column for source in mapping.columns.values() if source.column is not None]
    labels += [*mapping.where, *mapping.format.percent_columns]
    return [*labels, *((mapping.latest.key, mapping.latest.date) if mapping.latest else ())]
