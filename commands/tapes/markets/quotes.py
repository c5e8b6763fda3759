"""Lines of quotes: a date, a key and a value, however they are separated; each with its file and line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Spent
from commands.ingestion.raw_tables import FileInfo
from commands.tapes.containers import Opened, opened
from commands.tapes.read_text import as_utf8
from commands.tapes.values import Numbers
from domain.tapes.dates import DatePattern, patterns_of, read_date
from domain.tapes.mapping import MappingDocument

MAX_LINE_CHARS = 10_000
COMMENT = "#"

Place = tuple[int, int]
"""Which file, from 0, and the line in it."""


@dataclass(frozen=True)
class Quote:
    day: date
    key: str
    value: float
    place: Place

    @property
    def parts(self) -> list[str]:
        return self.key.split("/")


@dataclass(frozen=True)
class Quotes:
    quotes: list[Quote]
    infos: list[FileInfo]


def read_quotes(
    paths: Sequence[Path], mapping: MappingDocument, errors: Findings, spent: Spent, folder: Path
) -> Quotes:
    files = [each for path in paths for each in opened(path, folder, errors, spent)]
    patterns = patterns_of(mapping.format.date_texts)
    quotes = [
        quote
        for place, each in enumerate(files)
        for quote in _quotes_of(each, place, mapping, patterns, errors, spent, folder)
    ]
    return Quotes(quotes, [each.info for each in files])


def _quotes_of(
    each: Opened,
    place: int,
    mapping: MappingDocument,
    patterns: tuple[DatePattern, ...],
    errors: Findings,
    spent: Spent,
    folder: Path,
) -> Iterator[Quote]:
    plain = as_utf8(each, mapping.format.encoding, folder, errors)
    if plain is None or not spent.may_read("", each.name, errors, rows=plain.lines, columns=3):
        return
    columns = mapping.of_table("quotes")
    at = [int(str(columns[name].column)) - 1 for name in ("date", "key", "value")]
    numbers = Numbers(mapping.format.decimal, mapping.format.thousands)
    with plain.path.open(encoding="utf-8-sig") as file:
        for line, text in enumerate(file, start=1):
            if line <= mapping.skip_rows or not text.strip() or text.lstrip().startswith(COMMENT):
                continue
            quote = _quote(text[:MAX_LINE_CHARS], at, (place, line), patterns, numbers)
            if quote is None:
                message = f"Line {line:,} of {each.name} is no quote: {text.strip()[:80]!r}."
                fix = "A quote is a date, a key and a number: 2026-01-23 IR_SWAP/RATE/EUR/2D/6M/10Y 0.025"
                errors.file("", Code.UNREADABLE, message, fix, value=text.strip()[:80])
                continue
            yield quote


def _quote(text: str, at: list[int], place: Place, patterns: tuple[DatePattern, ...], numbers: Numbers) -> Quote | None:
    fields = text.replace(",", " ").replace(";", " ").replace("\t", " ").split()
    if max(at) >= len(fields):
        return None
    day, value = read_date(fields[at[0]], patterns), numbers.of(fields[at[2]])
    if day is None or value is None:
        return None
    return Quote(day, fields[at[1]], float(value), place)
