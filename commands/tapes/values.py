"""Cells as files write them become cells as we read them: numbers, dates and codes; each distinct text once.

What cannot be read stays as it stands, so that the checks of every portfolio refuse it with its row.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.ingestion.raw_tables import Cells, distinct, matches
from commands.tapes.tape import texts_of
from domain.currencies import ISO_4217
from domain.tapes.dates import DatePattern, read_date
from domain.tapes.mapping import Format

PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SPACES = "\u00a0\u202f\u2009 "
_SIGN = re.compile(r"^[\s\u00a0]*(?P<open>\()?(?P<body>.*?)(?P<close>\))?[\s\u00a0]*$")
_CURRENCY = re.compile(r"^(?P<lead>[+-]?)\s*(?P<mark>[$€£¥₹₩₽₺₪฿₫₴¢]|[A-Z]{3})\s*(?P<rest>.*)$")
_CURRENCY_LAST = re.compile(r"^(?P<rest>.*?)\s*(?P<mark>[$€£¥₹₩₽₺₪฿₫₴¢]|[A-Z]{3})$")
_LONGEST = 60
_MOST_DIGITS = 300
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Numbers:
    """How numbers of a column are written, and what they are to be multiplied by."""

    decimal: str = "."
    thousands: str | None = None
    scale: Decimal | None = None
    """None: none said, so that a percent sign, or the mapping's word that these are percent, means hundredths."""
    in_percent: bool = False

    @property
    def is_plain(self) -> bool:
        return self.decimal == "." and self.scale is None and not self.in_percent

    def of(self, cell: str) -> str | None:
        """The number in digits with a decimal point; None for what is no number so written."""
        if len(cell) > _LONGEST:
            return None
        body, is_negative, has_percent = _bare(cell)
        digits = self._digits(body)
        if digits is None:
            return None
        value = -digits if is_negative else digits
        if self.scale is not None:
            value *= self.scale
        elif has_percent or self.in_percent:
            value *= _HUNDREDTH
        return _written(value)

    def _digits(self, body: str) -> Decimal | None:
        whole, mark, rest = body.partition(self.decimal)
        if self.thousands:
            whole = self._without_thousands(whole)
        if self.decimal != "." and "." in whole + rest:
            return None
        text = f"{whole}{'.' if mark else ''}{rest}"
        if not re.fullmatch(PLAIN, text):
            return None
        try:
            digits = Decimal(text)
        except InvalidOperation:
            return None
        return digits if abs(digits.adjusted()) <= _MOST_DIGITS else None

    def _without_thousands(self, whole: str) -> str:
        said = self.thousands or ""
        marks = _SPACES if said in _SPACES else said
        mark = f"[{re.escape(marks)}]"
        return re.sub(mark, "", whole) if re.fullmatch(rf"[+-]?\d{{1,3}}({mark}\d{{3}})+", whole) else whole


def _bare(cell: str) -> tuple[str, bool, bool]:
    """Without currency, percent sign and the brackets of a negative amount; whether it had the last two."""
    found = _SIGN.match(cell)
    assert found is not None
    body, is_negative = found["body"], bool(found["open"] and found["close"])
    if found["open"] and not found["close"]:
        body = "(" + body
    has_percent = body.endswith("%")
    body = body.removesuffix("%").rstrip() if has_percent else body
    if body.endswith("-") and not body.startswith(("-", "+")):
        body, is_negative = body[:-1].rstrip(), not is_negative
    for pattern in (_CURRENCY, _CURRENCY_LAST):
        marked = pattern.match(body)
        if marked and (not marked["mark"].isalpha() or marked["mark"] in ISO_4217):
            body = (marked["lead"] if "lead" in marked.groupdict() else "") + marked["rest"].strip()
            break
    return body, is_negative, has_percent


def _written(value: Decimal) -> str:
    """In digits, without an exponent or nils at the end: the same amount is the same text."""
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def numbers_of(written: Format, *, scale: float | None, in_percent: bool) -> Numbers:
    exact = None if scale is None else Decimal(repr(scale))
    return Numbers(written.decimal, written.thousands, exact, in_percent)


def read_numbers(cells: Cells, numbers: Numbers) -> Cells:
    """What is a plain number already is left alone."""
    asked = np.ones(len(cells.texts), dtype=bool)
    if numbers.is_plain:
        asked = ~matches(cells.texts, PLAIN)
    return _each(cells, asked, lambda text: numbers.of(text) or text)


def read_attribute(cells: Cells, numbers: Numbers) -> Cells:
    """A column of which every value is a number so written is one of numbers; any other stays as it stands."""
    plain = matches(cells.texts, PLAIN)
    if not len(plain) or (plain.all() and numbers.is_plain):
        return cells
    if numbers.decimal == "." and not numbers.in_percent and numbers.scale is None and not _odd(cells.texts, plain):
        return cells
    found = [numbers.of(text) for text in cells.texts.to_pylist()]
    return cells if any(each is None for each in found) else distinct(cells.codes, pa.array(found, pa.string()))


def _odd(texts: pa.Array, plain: np.ndarray) -> bool:
    """A look at the first text that is no plain number spares most columns of labels the rest."""
    first = int(np.argmin(plain))
    return bool(re.search(r"[0-9]", str(texts[first])))


def read_dates(cells: Cells, patterns: tuple[DatePattern, ...]) -> Cells:
    def read(text: str) -> str:
        day = read_date(text, patterns)
        return text if day is None else day.isoformat()

    return _each(cells, np.ones(len(cells.texts), dtype=bool), read)


def read_dates_if_all(cells: Cells, patterns: tuple[DatePattern, ...]) -> Cells:
    found = [read_date(text, patterns) for text in cells.texts.to_pylist()]
    if not found or any(day is None for day in found):
        return cells
    return distinct(cells.codes, pa.array([day.isoformat() for day in found if day], pa.string()))


def days_of(cells: Cells) -> np.ndarray:
    """[rows] the day of an ISO date, NaT where there is none."""
    made = [_iso(text) for text in cells.texts.to_pylist()]
    return np.array([*made, "NaT"], dtype="datetime64[D]").take(cells.codes)


def _iso(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return "NaT"


def months_of(cells: Cells) -> np.ndarray:
    """[rows] the whole number that a cell begins with, as in "36 months"; NaN where there is none."""
    found = [re.match(r"\d{1,4}(?!\d)", text) for text in cells.texts.to_pylist()]
    return np.array([*(float(each[0]) if each else np.nan for each in found), np.nan]).take(cells.codes)


def later(cells: Cells, months: np.ndarray) -> Cells:
    """Dates so many months on, the day clipped to its month; what is no date stays, and without months is absent."""
    days = days_of(cells)
    known = ~np.isnat(days) & ~np.isnan(months)
    day, count = np.where(known, days, np.datetime64(0, "D")), np.where(known, months, 0).astype(np.int64)
    month = day.astype("datetime64[M]")
    last = (month + count + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    moved = np.minimum((month + count).astype("datetime64[D]") + (day - month.astype("datetime64[D]")), last)
    texts = pa.array(np.datetime_as_string(moved).astype(object), pa.string())
    left = texts_of(cells)
    chosen = pc.if_else(pa.array(known), texts, pc.if_else(pa.array(np.isnat(days)), left, pa.scalar("", pa.string())))
    encoded = chosen.dictionary_encode()
    return distinct(encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary)


def mapped(cells: Cells, values: dict[str, str]) -> tuple[Cells, np.ndarray]:
    """Values by the map, and a mask of the rows whose text it does not have; those stay as they stand."""
    texts = cells.texts.to_pylist()
    unknown = np.array([text not in values for text in texts], dtype=bool)
    made = [values.get(text, text) for text in texts]
    codes, empty = cells.codes, values.get("")
    if empty:
        made.append(empty)
        codes = np.where(codes < 0, len(texts), codes)
    rows = np.append(unknown, [False, False] if empty else [False]).take(codes) if len(codes) else unknown[:0]
    return distinct(codes, pa.array(made, pa.string())), rows


def _each(cells: Cells, asked: np.ndarray, read: Callable[[str], str]) -> Cells:
    if not asked.any():
        return cells
    made = [read(text) if ask else text for text, ask in zip(cells.texts.to_pylist(), asked.tolist(), strict=True)]
    return distinct(cells.codes, pa.array(made, pa.string()))


def constant(value: bool | float | str, rows: int) -> Cells:
    return Cells(np.zeros(rows, dtype=np.int32), pa.array([said(value)], pa.string()))


def said(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
