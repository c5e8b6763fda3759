"""How a file is written: packing, encoding, delimiter, header, the marks of numbers, the order of dates."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

from commands.tapes.read_text import DELIMITERS
from domain.documents import JsonObject
from domain.tapes.dates import patterns_of, read_date

HEAD_LINES = 2_000
HEAD_BYTES = 4 << 20
NUMBER = re.compile(r"[+\-(]?[$€£¥]?\s*\d[\d.,' \u00a0\u202f]*\s*[%$€£¥]?\)?")
DATES_WITH_MARKS = (
    "YYYY/MM/DD", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "MMM-YYYY", "DD-MMM-YYYY",
    "DD MMM YYYY", "MMM-YY", "MM/YYYY", "MM-YYYY", "YYYY-MM", "DD/MM/YY", "MM/DD/YY",
)  # fmt: skip
DATES_OF_DIGITS = ("YYYYMMDD", "YYYYMM", "MMYYYY", "DDMMYYYY", "MMDDYYYY", "EXCEL")


@dataclass(frozen=True)
class Question:
    """What the file leaves open: `choices` are what the mapping may say at `path`."""

    path: str
    message: str
    choices: tuple[str, ...]


@dataclass
class Layout:
    format: JsonObject = field(default_factory=dict)
    skip_rows: int = 0
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def text_layout(raw: bytes, path: Path) -> tuple[Layout, str]:
    """Of delimited text: the layout, and the text itself."""
    layout = Layout()
    encoding = _encoding(raw)
    if encoding != "utf-8":
        layout.format["encoding"] = encoding
        layout.notes.append(f"{path.name} is not UTF-8; it is read as {encoding}: look at accented letters below")
    text = raw.decode(encoding, errors="replace").removeprefix("\ufeff")
    lines = text.splitlines()[:HEAD_LINES]
    delimiter, width = _delimiter(lines)
    if delimiter != ",":
        layout.format["delimiter"] = delimiter
    records = list(csv.reader(lines[:200], delimiter=delimiter))
    layout.skip_rows = next((at for at, record in enumerate(records) if len(record) == width), 0)
    if layout.skip_rows:
        layout.notes.append(f"the first {layout.skip_rows} lines are no rows of the table and are skipped")
    if not has_header(records[layout.skip_rows :]):
        layout.format["header"] = False
        layout.notes.append("the first row looks like data, not like a header: columns are numbered from 1")
    return layout, text


def _encoding(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    for cut in range(4):
        try:
            raw[: len(raw) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "utf-8"
    return "cp1252"


def _delimiter(lines: list[str]) -> tuple[str, int]:
    """The one by which most lines have the same number of fields, and more than one."""
    best = (0, 0, ",", 1)
    for delimiter in DELIMITERS:
        widths = Counter(len(record) for record in islice(_records(lines, delimiter), 500) if record)
        usual, count = widths.most_common(1)[0] if widths else (1, 0)
        if usual > 1:
            best = max(best, (count, usual, delimiter, usual))
    return best[2], best[3]


def _records(lines: list[str], delimiter: str) -> Iterable[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        return


def has_header(records: list[list[str]]) -> bool:
    """No cell of a header is a number or empty, and below it some are numbers."""
    if not records:
        return True
    first = [cell.strip() for cell in records[0]]
    if any(NUMBER.fullmatch(cell) for cell in first):
        return False
    below = [cell.strip() for record in records[1:50] for cell in record]
    filled = sum(bool(cell) for cell in first)
    return filled * 2 > len(first) and (not below or any(NUMBER.fullmatch(cell) for cell in below))


def record_of(raw: bytes) -> str | None:
    """The element that is repeated most among those that hold others; None of what is no XML."""
    counts: Counter[str] = Counter()
    parents: set[str] = set()
    stack: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if stack:
            parents.add(stack[-1])
        stack.append(local)
        counts[local] += 1

    def refuse(*_: Any) -> None:
        raise ValueError

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(raw, False)
    except (expat.ExpatError, LookupError, ValueError):
        return None
    found = [(count, name) for name, count in counts.items() if name in parents]
    return max(found)[1] if found else None


# --- numbers and dates ----------------------------------------------------------------------------------------------


def number_marks(columns: Iterable[Sequence[str]], layout: Layout) -> None:
    """The decimal mark and the one between thousands, where the cells tell; a question where they could be either."""
    comma_decimal = comma_thousands = unclear = point_thousands = space = False
    example = ""
    for cells in columns:
        for cell in cells:
            text = cell.strip(" \u00a0%$€£¥()+-")
            if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}", text):
                point_thousands = comma_decimal = True
            elif re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}", text):
                comma_thousands = True
            elif re.fullmatch(r"\d{1,3}([\u00a0\u202f ]\d{3})+([.,]\d+)?", text):
                space = True
                comma_decimal = comma_decimal or "," in text
            elif re.fullmatch(r"\d{1,3},\d{3}", text):
                unclear, example = True, example or text
            elif re.fullmatch(r"\d+,\d+", text):
                comma_decimal = True
    if comma_decimal:
        layout.format["decimal"] = ","
    if point_thousands or comma_thousands or space:
        layout.format["thousands"] = "." if point_thousands else " " if space else ","
    if unclear and not comma_decimal and not comma_thousands:
        whole, part = example.replace(",", ""), example.replace(",", ".")
        message = f"{example} can be {whole} or {part}"
        layout.questions.append(Question("format.decimal", message, ('"thousands": ","', '"decimal": ","')))
    elif unclear and comma_thousands:
        layout.format["thousands"] = ","


def date_fits(cells: Sequence[str], *, digits_too: bool) -> list[str]:
    """The patterns in which every cell is a date; those of digits alone only where the name says that it is one."""
    wanted = (*DATES_WITH_MARKS, *(DATES_OF_DIGITS if digits_too else ()))
    filled = [cell for cell in dict.fromkeys(cells) if cell][:500]
    if not filled:
        return []
    if all(read_date(cell, patterns_of(())) for cell in filled):
        return ["YYYY-MM-DD"]
    fits = []
    for pattern in wanted:
        days = [read_date(cell, patterns_of((pattern,))[:1]) for cell in filled]
        if all(day is not None and 1900 <= day.year <= 2150 for day in days):
            fits.append(pattern)
    return fits
