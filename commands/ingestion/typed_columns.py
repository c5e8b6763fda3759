"""Texts become numbers, dates, flags and codes: each distinct text once, every bad cell an error."""

import re
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.fixes import date_fix, number_fix
from commands.ingestion.limits import MAX_ID_CHARS, MAX_TEXT_CHARS
from commands.ingestion.raw_tables import Cells, RawTable, distinct, matches, texts_as_lists
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import BY_NAME, Column, Kind, Table
from domain.texts import MAX_AMOUNT, named, with_article

Array = np.ndarray[Any, Any]

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity|1\.#inf|1\.#qnan)$"
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAX_RATE = 10
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"
_NOT_BLANK = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
"""Control characters that are no blanks of a table either."""
_TRUE = ("true", "TRUE", "True", "1", "yes", "YES", "Yes")
_FALSE = ("false", "FALSE", "False", "0", "no", "NO", "No")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Typed:
    """`values` as in domain.portfolio.columns.ColumnData; for TEXT codes into `texts`, in no particular order."""

    kind: Kind
    values: Array
    cells: Cells

    @property
    def present(self) -> Array:
        return self.cells.codes >= 0

    @property
    def texts(self) -> pa.Array:
        return self.cells.texts


@dataclass(frozen=True)
class TypedTable:
    """`referred` is what references.rows_referred has found of this table's columns: each is looked up once.

    `numeric` as in cells.RawTable.
    """

    spec: Table
    file: str
    source_rows: Array
    columns: dict[str, Typed]
    unreadable_rows: tuple[int, ...] = ()
    referred: dict[tuple[str, str, str], Array] = field(default_factory=dict)
    numeric: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def rows(self) -> int:
        return len(self.source_rows)

    def text_at(self, column: str, row: int) -> str | None:
        typed = self.columns.get(column)
        return typed.cells.text_at(row) if typed else None

    def present(self, column: str) -> Array:
        typed = self.columns.get(column)
        return typed.present if typed else np.zeros(self.rows, dtype=bool)

    def number(self, column: str) -> Array:
        """NaN where absent."""
        typed = self.columns.get(column)
        return typed.values if typed else np.full(self.rows, np.nan)

    def day(self, column: str) -> Array:
        """ABSENT_DATE where absent."""
        typed = self.columns.get(column)
        return typed.values if typed else np.full(self.rows, ABSENT_DATE, dtype=np.int32)

    def equals(self, column: str, *values: str) -> Array:
        typed = self.columns.get(column)
        if typed is None:
            return np.zeros(self.rows, dtype=bool)
        wanted = pc.is_in(typed.texts, value_set=pa.array(values, pa.string()))
        return of_rows(np.asarray(wanted, dtype=bool), typed.cells.codes)

    def distinct_texts(self, column: str) -> list[str]:
        typed = self.columns.get(column)
        return texts_as_lists(typed.texts) if typed else []

    def rows_with(self, column: str, distinct_mask: Array) -> Array:
        """Mask of the rows whose text is one of the marked distinct ones."""
        typed = self.columns.get(column)
        return of_rows(distinct_mask, typed.cells.codes) if typed else np.zeros(self.rows, dtype=bool)


def of_rows(distinct_mask: Array, codes: Array) -> Array:
    """From a mask over distinct texts to a mask over rows; absent cells are False."""
    return np.append(distinct_mask, False).take(codes) if distinct_mask.any() else np.zeros(len(codes), dtype=bool)


def typed_table(raw: RawTable, errors: Findings, warnings: Findings) -> TypedTable:
    """The columns of the contract; attributes are typed by their content elsewhere."""
    spec = BY_NAME[raw.name]
    columns: dict[str, Typed] = {}
    table = TypedTable(spec, raw.file, raw.source_rows, columns, raw.unreadable_rows, numeric=raw.numeric)
    for name, cells in raw.columns.items():
        column = spec.column(name)
        checked = _cleaned(table, name, cells, is_id(spec, name), errors, warnings)
        columns[name] = Typed(Kind.TEXT, checked.codes, checked)
        if column is not None:
            columns[name] = _typed(table, column, checked, errors)
            _report_absent(table, column, errors)
    return table


def is_id(spec: Table, name: str) -> bool:
    column = spec.column(name)
    return column is not None and (name in spec.key or column.refers_to is not None) and column.kind is Kind.TEXT


def _report_absent(table: TypedTable, column: Column, errors: Findings) -> None:
    if column.required:
        absent = ~table.columns[column.name].present
        errors.row(
            table,
            column.name,
            Code.REQUIRED,
            absent,
            f"{column.name} is empty.",
            f"Give every row {with_article(column.name)}.",
        )


def _cleaned(table: TypedTable, name: str, cells: Cells, is_key: bool, errors: Findings, warnings: Findings) -> Cells:
    """What no column may hold. Blanks around a value are an error in an id; elsewhere they go, with a warning."""
    # A table that can be seen by Findings needs the column in place before it is typed.
    table.columns[name] = Typed(Kind.TEXT, cells.codes, cells)
    limit = MAX_ID_CHARS if is_key else MAX_TEXT_CHARS
    if _is_plain(cells.texts, limit):
        return cells
    formula = of_rows(matches(cells.texts, r"^\s*="), cells.codes)
    errors.row(table, name, Code.FORMULA, formula, "The cell holds a formula.", "Write the value instead.")
    long = of_rows(np.asarray(pc.greater(pc.utf8_length(cells.texts), limit), dtype=bool), cells.codes)
    errors.row(table, name, Code.TOO_LONG, long, f"The text is longer than {limit} characters.", "Shorten it.")
    trimmed = pc.utf8_trim_whitespace(cells.texts)
    _report_control_characters(table, name, cells, cells.texts if is_key else trimmed, errors)
    blanks = of_rows(np.asarray(pc.not_equal(trimmed, cells.texts), dtype=bool), cells.codes)
    if not blanks.any():
        return cells
    message, fix = f"{name} begins or ends with blanks.", "Remove the blanks."
    (errors if is_key else warnings).row(table, name, Code.SURROUNDING_BLANKS, blanks, message, fix)
    return cells if is_key else distinct(cells.codes, trimmed)


def _report_control_characters(table: TypedTable, name: str, cells: Cells, kept: pa.Array, errors: Findings) -> None:
    """In what is kept; a line end or a tab around a value goes with the other blanks."""
    control = matches(cells.texts, _NOT_BLANK) | matches(kept, _CONTROL)
    errors.row(
        table,
        name,
        Code.CONTROL_CHARACTER,
        of_rows(control, cells.codes),
        lambda row: f"The text holds {named(table.text_at(name, row) or '')}.",
        "Remove it: a text is one line of visible characters.",
    )


def _is_plain(texts: pa.Array, most_bytes: int) -> bool:
    """Visible ASCII without the sign of a formula, and none too long: there is nothing to clean."""
    longest_bytes = pc.max(pc.binary_length(texts)).as_py()
    if not longest_bytes:
        return True
    each = np.frombuffer(texts.buffers()[2], dtype=np.uint8)
    visible = each.min() > ord(" ") and each.max() <= ord("~") and not (each == ord("=")).any()
    return bool(visible and longest_bytes <= most_bytes)


def _typed(table: TypedTable, column: Column, cells: Cells, errors: Findings) -> Typed:
    match column.kind:
        case Kind.NUMBER | Kind.INTEGER:
            return _number(table, column, cells, errors)
        case Kind.DATE:
            return _date(table, column, cells, errors)
        case Kind.FLAG:
            return _flag(table, column, cells, errors)
        case Kind.TEXT:
            if column.values:
                _report_not_in_list(table, column, cells, errors)
            return Typed(Kind.TEXT, cells.codes, cells)


# --- numbers --------------------------------------------------------------------------------------------------------


def parsed_numbers(texts: pa.Array) -> tuple[Array, Array]:
    """Values of distinct texts and a mask of those that are numbers; NaN, of one bit pattern, where they are not."""
    numeric = matches(texts, NUMBER)
    values = pc.if_else(pa.array(numeric), texts, pa.scalar(None, pa.string())).cast(pa.float64())
    # One bit pattern for nil: -0.0 + 0.0 is 0.0.
    return values.fill_null(np.nan).to_numpy(zero_copy_only=False) + 0.0, numeric


def not_finite(texts: pa.Array, values: Array, numeric: Array) -> Array:
    """Mask of the distinct texts that say infinity or no number, of what `parsed_numbers` makes of them."""
    endless = np.isinf(values)
    return endless if numeric.all() else endless | matches(texts, NOT_FINITE)


def spread(values: Array, absent: Any, codes: Array) -> Array:
    """From values of distinct texts to values of rows."""
    return np.append(values, np.asarray(absent, dtype=values.dtype)).take(codes)


def _number(table: TypedTable, column: Column, cells: Cells, errors: Findings) -> Typed:
    values, numeric = parsed_numbers(cells.texts)
    endless = not_finite(cells.texts, values, numeric)
    name = column.name
    errors.row(
        table,
        name,
        Code.NOT_FINITE,
        of_rows(endless, cells.codes),
        f"{name} is not a finite number.",
        "Write the value, or leave the cell empty where there is none.",
    )
    errors.row(
        table,
        name,
        Code.NOT_A_NUMBER,
        of_rows(~numeric & ~endless, cells.codes),
        f"{name} is not a number.",
        lambda row: number_fix(table.text_at(name, row), is_rate=_is_rate(column)),
    )
    large = np.isfinite(values) & (np.abs(values) >= MAX_AMOUNT)
    errors.row(
        table,
        name,
        Code.OUT_OF_RANGE,
        of_rows(large, cells.codes),
        f"{name} is {MAX_AMOUNT:g} or more: amounts stay below it.",
        "Check the number, and the unit that it is in.",
    )
    values = np.where(endless | large, np.nan, values)
    if column.kind is Kind.INTEGER:
        broken = of_rows(np.isfinite(values) & (values != np.floor(values)), cells.codes)
        errors.row(table, name, Code.NOT_AN_INTEGER, broken, f"{name} is not a whole number.", "Write a whole number.")
    rows = spread(values, np.nan, cells.codes)
    _report_range(table, column, rows, errors)
    return Typed(column.kind, rows, cells)


def _is_rate(column: Column) -> bool:
    return column.kind is Kind.NUMBER and column.high is not None and column.high <= _MAX_RATE


def _report_range(table: TypedTable, column: Column, values: Array, errors: Findings) -> None:
    name = column.name
    if column.values:
        allowed = np.array([float(each) for each in column.values])
        outside = np.isfinite(values) & ~np.isin(values, allowed)
        fix = f"Use one of {', '.join(column.values)}."
        errors.row(table, name, Code.NOT_IN_LIST, outside, f"{name} is not one of its list.", fix)
        return
    if column.low is None and column.high is None:
        return
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    outside = np.isfinite(values) & ((values < low) | (values > high))
    message = f"{name} must be {_range_words(column)}."
    errors.row(table, name, Code.OUT_OF_RANGE, outside, message, lambda row: _range_fix(column, values[row]))


def _range_words(column: Column) -> str:
    if column.high is None:
        return f"{column.low:g} or more"
    if column.low is None:
        return f"{column.high:g} or less"
    return f"between {column.low:g} and {column.high:g}"


def _range_fix(column: Column, value: float) -> str:
    if column.high is not None and _is_rate(column) and value > column.high:
        basis_points = f", {value:g} bp is {value / 10_000:g}" if value >= 10 else ""
        return f"It is a decimal: {value:g} % is {value / 100:g}{basis_points}."
    return f"Write a value {_range_words(column)}."


# --- dates, flags, lists --------------------------------------------------------------------------------------------


def parsed_dates(texts: pa.Array) -> tuple[Array, Array]:
    """Days since 1970 of distinct texts and a mask of those that are ISO dates."""
    days = np.full(len(texts), ABSENT_DATE, dtype=np.int32)
    for place, text in enumerate(texts_as_lists(texts)):
        if ISO_DATE.fullmatch(text):
            try:
                days[place] = date.fromisoformat(text).toordinal() - _EPOCH
            except ValueError:
                continue
    return days, days != ABSENT_DATE


def _date(table: TypedTable, column: Column, cells: Cells, errors: Findings) -> Typed:
    days, sound = parsed_dates(cells.texts)
    name = column.name
    errors.row(
        table,
        name,
        Code.NOT_A_DATE,
        of_rows(~sound, cells.codes),
        f"{name} is not an ISO 8601 date.",
        lambda row: date_fix(table.text_at(name, row)),
    )
    early, late = EARLIEST.toordinal() - _EPOCH, LATEST.toordinal() - _EPOCH
    far = of_rows(sound & ((days < early) | (days > late)), cells.codes)
    message = f"{name} must lie between {EARLIEST} and {LATEST}."
    errors.row(table, name, Code.OUT_OF_RANGE, far, message, "Correct the year.")
    return Typed(Kind.DATE, spread(days, ABSENT_DATE, cells.codes), cells)


def _flag(table: TypedTable, column: Column, cells: Cells, errors: Findings) -> Typed:
    texts = np.array(texts_as_lists(cells.texts), dtype=object)
    true, false = np.isin(texts, _TRUE), np.isin(texts, _FALSE)
    errors.row(
        table,
        column.name,
        Code.NOT_A_FLAG,
        of_rows(~true & ~false, cells.codes),
        f"{column.name} is neither true nor false.",
        "Write true or false (also 1 or 0, yes or no), or leave the cell empty.",
    )
    flags = np.where(true, 1, np.where(false, 0, -1)).astype(np.int8)
    return Typed(Kind.FLAG, spread(flags, -1, cells.codes), cells)


def _report_not_in_list(table: TypedTable, column: Column, cells: Cells, errors: Findings) -> None:
    name = column.name
    known = np.asarray(pc.is_in(cells.texts, value_set=pa.array(column.values)), dtype=bool)
    code = Code.UNKNOWN_PRODUCT_TYPE if name == "product_type" else Code.NOT_IN_LIST
    errors.row(
        table,
        name,
        code,
        of_rows(~known, cells.codes),
        lambda row: f"{table.text_at(name, row)!r} is not {with_article(name)}.",
        lambda row: list_fix(table.text_at(name, row), column.values),
    )


def list_fix(value: str | None, allowed: tuple[str, ...]) -> str:
    """The nearest value first, then the whole list."""
    wanted = (value or "").upper().replace(" ", "_").replace("-", "_")
    near = get_close_matches(wanted, allowed, n=1, cutoff=0.5)
    listed = f"Use one of {', '.join(allowed)}."
    return f"Did you mean {near[0]}? {listed}" if near else listed
