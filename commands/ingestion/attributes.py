"""Columns that the contract does not name: attributes typed by their content, and tags as columns of their own."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.identifiers import SCHEMES
from commands.ingestion.limits import MAX_TAG_KEYS
from commands.ingestion.raw_tables import Cells, distinct, matches, texts_as_lists
from commands.ingestion.typed_columns import (
    Typed,
    TypedTable,
    not_finite,
    of_rows,
    parsed_dates,
    parsed_numbers,
    spread,
)
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import Kind
from domain.texts import is_clean

TAG = "tag:"
TAGS = ("positions", "tags")
LONG = r"^[+-]?[0-9]{16,}(\.|$)"
LABEL = rf"{LONG}|^[+-]?0[0-9]|[eE]"


def type_attributes(table: TypedTable, warnings: Findings) -> None:
    """All numbers: NUMBER; all ISO dates: DATE; else TEXT. An identifier or a tag made of digits stays text, and one
    label makes a column of labels: 02138 beside 2138.

    An unknown column is never an error: whatever is odd about it is a warning.
    """
    for name, typed in table.columns.items():
        if table.spec.column(name) is None and name not in SCHEMES and not name.startswith(TAG):
            table.columns[name] = _by_content(table, name, typed.cells, warnings)


def attributes_of(table: TypedTable) -> list[str]:
    """The columns that were brought and that the contract does not name, in their order."""
    return [name for name in table.columns if table.spec.column(name) is None]


def _by_content(table: TypedTable, name: str, cells: Cells, warnings: Findings) -> Typed:
    used = np.zeros(len(cells.texts), dtype=bool)
    used[cells.codes[cells.codes >= 0]] = True
    numbers, numeric = parsed_numbers(cells.texts)
    # A NaN among numbers is a number that is not there, not a reason to keep the whole column as text.
    endless = not_finite(cells.texts, numbers, numeric) & used
    all_numbers = bool((numeric | ~used | endless).all() and (numeric & used & ~endless).any())
    if all_numbers and not _has_label(table, name, cells, used):
        warnings.row(
            table,
            name,
            Code.NOT_FINITE,
            of_rows(endless, cells.codes),
            f"{name} holds numbers, and this is not a finite one; it counts as absent.",
            "Write the value, or leave the cell empty where there is none.",
        )
        values = spread(np.where(endless, np.nan, numbers), np.nan, cells.codes)
        return Typed(Kind.NUMBER, values, Cells(np.where(np.isnan(values), -1, cells.codes), cells.texts))
    days, dated = _dates_if_all(cells.texts, used)
    if dated:
        return Typed(Kind.DATE, spread(days, ABSENT_DATE, cells.codes), cells)
    return Typed(Kind.TEXT, cells.codes, cells)


def _has_label(table: TypedTable, name: str, cells: Cells, used: np.ndarray[Any, Any]) -> bool:
    """Digits that name something: with a leading zero, an exponent, or more than 15 of them before the point.

    A column that the file itself holds as numbers has none, save whole numbers too long for a double.
    """
    pattern = LONG if name in table.numeric else LABEL
    return bool(matches(cells.texts, pattern)[used].any())


def _dates_if_all(texts: pa.Array, used: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], bool]:
    if not used.any() or not matches(texts, r"^\d{4}-\d{2}-\d{2}$")[used].all():
        return np.empty(0, dtype=np.int32), False
    days, sound = parsed_dates(texts)
    return days, bool(sound[used].all())


# --- tags -----------------------------------------------------------------------------------------------------------


def expand_tags(table: TypedTable, errors: Findings) -> None:
    """The positions' `tags` becomes one column `tag:KEY` for each key; it stays itself for error reports only."""
    typed = table.columns.get("tags")
    if typed is None or table.name != TAGS[0]:
        return
    texts = texts_as_lists(typed.texts)
    parsed = [_parsed_tags(text) for text in texts]
    bad = np.array([each is None for each in parsed], dtype=bool)
    errors.row(
        table,
        "tags",
        Code.INVALID_TAGS,
        table.rows_with("tags", bad),
        "The tags cannot be read.",
        "Write KEY=VALUE;KEY2=VALUE2 with each key once, or a flat JSON object.",
    )
    odd = np.array([not _are_clean(text, tags or {}) for text, tags in zip(texts, parsed, strict=True)], dtype=bool)
    if odd.any():  # as an escape of JSON, where the cell itself has nothing odd in it
        message, fix = "A tag holds a control character or a lone surrogate.", "Remove it."
        errors.row(table, "tags", Code.CONTROL_CHARACTER, table.rows_with("tags", odd), message, fix)
        return
    keys = sorted({key for tags in parsed if tags for key in tags})
    if len(keys) > MAX_TAG_KEYS:
        errors.file(
            table.name,
            Code.LIMIT_EXCEEDED,
            f"{len(keys)} different tag keys; the limit is {MAX_TAG_KEYS}.",
            "Put what differs in every row into the value, not the key.",
            column="tags",
        )
        return
    for key in keys:
        _add_tag(table, key, [tags.get(key) if tags else None for tags in parsed], errors)


def _are_clean(text: str, tags: dict[str, str]) -> bool:
    """What the cell itself holds has been told of with the other cells."""
    return not is_clean(text) or all(is_clean(key) and is_clean(value) for key, value in tags.items())


def _add_tag(table: TypedTable, key: str, values: list[str | None], errors: Findings) -> None:
    name = TAG + key
    if name in table.columns:
        errors.file(
            table.name,
            Code.DUPLICATE_COLUMN,
            f"The tag {key} is both in tags and a column {name}.",
            "Keep one of them.",
            column=name,
        )
        return
    cells = distinct(table.columns["tags"].cells.codes, pa.array(values, pa.string()))
    table.columns[name] = Typed(Kind.TEXT, cells.codes, cells)


def _parsed_tags(text: str) -> dict[str, str] | None:
    return _json_tags(text) if text.startswith("{") else _plain_tags(text)


def _plain_tags(text: str) -> dict[str, str] | None:
    """A key alone means true; an empty piece, as after a last semicolon, means nothing."""
    tags: dict[str, str] = {}
    for piece in filter(None, (piece.strip() for piece in text.split(";"))):
        key, mark, value = (part.strip() for part in piece.partition("="))
        if not key or key in tags or (mark and not value):
            return None
        tags[key] = value if mark else "true"
    return tags


def _json_tags(text: str) -> dict[str, str] | None:
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    tags: dict[str, str] = {}
    for key, value in pairs:
        if not key or key in tags or isinstance(value, (list, dict)):
            return None
        if value is not None:
            tags[key] = value if isinstance(value, str) else json.dumps(value)
    return tags
