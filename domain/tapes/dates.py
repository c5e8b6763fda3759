"""Dates as files write them: a pattern such as MMYYYY or DD/MM/YYYY says which figures are the day."""

import re
from calendar import month_abbr, month_name
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

ISO, EXCEL, DAY_FIRST, MONTH_FIRST = "YYYY-MM-DD", "EXCEL", "DAY_FIRST", "MONTH_FIRST"
WORDS = (DAY_FIRST, MONTH_FIRST, EXCEL)
EXAMPLES = "MMYYYY, YYYYMM, DD/MM/YYYY, MM/DD/YYYY, DD.MM.YYYY, MMM-YYYY, DAY_FIRST, MONTH_FIRST or EXCEL"
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(1, 110_000)
_PIVOT = 70
_MONTHS = {name.upper(): place for names in (month_name, month_abbr) for place, name in enumerate(names) if name}
_TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MMMM": r"(?P<name>[A-Za-z]{3,9})",
    "MMM": r"(?P<name>[A-Za-z]{3,9})",
    "MM": r"(?P<month>\d{1,2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
}
_FIRST = r"(?P<day>\d{1,2})(?P<mark>[/.\- ])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})"
_SECOND = r"(?P<month>\d{1,2})(?P<mark>[/.\- ])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4})"
_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?"
_PIECE = re.compile(r"YYYY|YY|MMMM|MMM|MM|M|DD|D|.", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class DatePattern:
    """`text` as it was said; `of` reads a cell, and says None where it is written otherwise."""

    text: str
    fits: re.Pattern[str] | None

    def of(self, cell: str) -> date | None:
        if self.fits is None:
            return _of_serial(cell)
        found = self.fits.fullmatch(cell)
        return _of_parts(found.groupdict()) if found else None


def date_pattern(text: str) -> DatePattern | None:
    """None for what says no date."""
    said = text.strip().upper()
    if said == EXCEL:
        return DatePattern(text, None)
    if said in (DAY_FIRST, MONTH_FIRST):
        return DatePattern(text, re.compile((_FIRST if said == DAY_FIRST else _SECOND) + _MIDNIGHT))
    pieces = _PIECE.findall(text.strip())
    tokens = [piece.upper() for piece in pieces if piece.upper() in _TOKENS]
    kinds = [token[0] for token in tokens]
    if sorted(kinds) not in (["D", "M", "Y"], ["M", "Y"], ["Y"]):
        return None
    if any(piece.isalnum() for piece in pieces if piece.upper() not in _TOKENS):
        return None
    written = [_piece(piece, is_tight=len(tokens) == len(pieces)) for piece in pieces]
    return DatePattern(text, re.compile("".join(written) + _MIDNIGHT))


def _piece(piece: str, *, is_tight: bool) -> str:
    """Without marks between them, figures are counted: 012026 is no month of one figure."""
    token = _TOKENS.get(piece.upper())
    if token is None:
        return re.escape(piece)
    return token.replace(r"\d{1,2}", r"\d{2}") if is_tight else token


def _of_parts(parts: dict[str, str]) -> date | None:
    """A date without a day is the first of its month."""
    name = parts.get("name")
    month = _MONTHS.get(name.upper(), 0) if name else int(parts.get("month") or 1)
    short = int(parts.get("short") or 0)
    year = int(parts["year"]) if parts.get("year") else short + (2000 if short < _PIVOT else 1900)
    try:
        return date(year, month, int(parts.get("day") or 1))
    except ValueError:
        return None


def _of_serial(cell: str) -> date | None:
    whole, _, rest = cell.partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > len(str(_SERIALS.stop)) or rest.strip("0"):
        return None
    return _EXCEL_EPOCH + timedelta(days=int(whole)) if int(whole) in _SERIALS else None


@lru_cache(maxsize=64)
def patterns_of(texts: tuple[str, ...]) -> tuple[DatePattern, ...]:
    """In the order in which they are tried; ISO dates are no other date in any pattern, and always read."""
    found = [date_pattern(text) for text in (*texts, ISO)]
    return tuple(pattern for pattern in found if pattern is not None)


def read_date(cell: str, patterns: tuple[DatePattern, ...]) -> date | None:
    return next((day for pattern in patterns if (day := pattern.of(cell)) is not None), None)
