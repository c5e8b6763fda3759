"""What to write instead: readings of a number or a date as people write them, and all of them where there are two."""

import re
from datetime import date, timedelta

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([,' \u00a0\u202f]\d{3})+(\.\d+)?")
_ONE_COMMA = re.compile(r"[+-]?\d*,\d+")
_CONTINENTAL = re.compile(r"[+-]?\d{1,3}([.' \u00a0\u202f]\d{3})*,\d+")
_CONTINENTAL_WHOLE = re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}")
_DAY_FIRST_OR_MONTH = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/. ]?(\d{2})[/. ]?(\d{2})|(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_SERIAL = re.compile(r"\d{5}(\.0*)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)
PLAIN_NUMBER = "Write a number with a decimal point and nothing around it, or leave the cell empty."
PLAIN_DATE = "Write a date of the calendar as YYYY-MM-DD, without a time."


def number_fix(text: str | None, *, is_rate: bool) -> str:
    """For a text that is no number; `is_rate` says that thousands are out of the question."""
    text = (text or "").strip()
    for unit, per, word in (("%", 100, "Rates are decimals"), ("bps", 1e4, "Basis points are decimals too")):
        bare = text.removesuffix(unit).removesuffix("bp") if unit == "bps" else text.removesuffix(unit)
        value = _value(bare.strip().replace(",", ".")) if bare != text else None
        if value is not None:
            return f"{word}: write {value / per:.10g}."
    if text.startswith("(") and text.endswith(")"):
        inner = text[1:-1].strip()
        plain = inner if _value(inner) is not None else re.sub(r"[,' ]", "", inner)
        return f"A negative amount has a minus sign: write -{plain}." if _value(plain) is not None else PLAIN_NUMBER
    decimal, whole = _with_point(text), _without_separators(text)
    if decimal and whole and not is_rate:
        return f"Write {whole} if the comma separates thousands, or {decimal} if it is a decimal comma."
    if decimal:
        return f"Use a decimal point: write {decimal} if that is what is meant."
    if whole:
        return f"Write it without thousands separators: {whole}."
    return PLAIN_NUMBER


def _value(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _with_point(text: str) -> str | None:
    """Read as a decimal comma."""
    if _ONE_COMMA.fullmatch(text):
        return re.sub(r"^([+-]?),", r"\g<1>0,", text).replace(",", ".")
    if _CONTINENTAL.fullmatch(text):
        return re.sub(r"[.' \u00a0\u202f]", "", text).replace(",", ".")
    return None


def _without_separators(text: str) -> str | None:
    """Read as thousands, which never begin with a nil."""
    if re.match(r"[+-]?0", text):
        return None
    if _THOUSANDS.fullmatch(text):
        return re.sub(r"[,' \u00a0\u202f]", "", text)
    return text.replace(".", "") if _CONTINENTAL_WHOLE.fullmatch(text) else None


def date_fix(text: str | None) -> str:
    """For a text that is no ISO date."""
    text = re.sub(r"[T ]\d{1,2}:\d{2}.*$", "", (text or "").strip())
    found = _DAY_FIRST_OR_MONTH.fullmatch(text)
    if found:
        first, second, year = (int(part) for part in found.groups())
        by_day, by_month = _day(year, second, first), _day(year, first, second)
        if by_day and by_month and by_day != by_month:
            return f"Write {by_day} if the day comes first, or {by_month} if the month does."
        return f"Write {by_day or by_month}." if by_day or by_month else PLAIN_DATE
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        day = _day(*(int(part) for part in found.groups() if part is not None))
        if day is not None:
            return f"Write {day}."
    if _SERIAL.fullmatch(text) and int(float(text)) in _SERIALS:
        day = (_EXCEL_EPOCH + timedelta(days=int(float(text)))).isoformat()
        return f"If this is a spreadsheet's number of a day, write {day}; format the column as a date."
    return PLAIN_DATE


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
