"""A foreign table as it was read: columns of text under the names that its header gives them."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.ingestion.near_names import nearest_column
from commands.ingestion.raw_tables import Cells, FileInfo, distinct, kept
from domain.documents import nearest

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Tape:
    """`rows` are the rows' numbers in their file; `unreadable` those that are no row of a table.

    Records of XML are counted from 1, and `lines` say where each begins: several may stand on one line.
    """

    file: str
    rows: Array
    columns: dict[str, Cells]
    info: FileInfo
    unreadable: tuple[int, ...] = ()
    numeric: frozenset[str] = frozenset()
    lines: Array | None = None

    def column(self, label: str | int) -> str | None:
        """The name of a column as the tape has it: by its header, without regard to case, or by its number from 1."""
        names = list(self.columns)
        text = str(label).strip()
        if text in self.columns:
            return text
        same = [name for name in names if name.lower() == text.lower()]
        if len(same) == 1:
            return same[0]
        if not same and isinstance(label, int) and label <= len(names):
            return names[label - 1]
        return None

    def nearest(self, label: str | int) -> str | None:
        names = list(self.columns)
        return nearest(str(label), names) or next(
            (each for each in names if nearest_column(each, [str(label).lower()], brought=())), None
        )

    def with_rows(self, keep: Array) -> "Tape":
        lines = None if self.lines is None else self.lines[keep]
        return replace(self, rows=self.rows[keep], columns=kept(self.columns, keep), lines=lines)


@dataclass(frozen=True)
class Places:
    """Rows of several files counted as one: those of each file begin after the ones before."""

    files: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    """The number that is added to the rows of each file; the first file's rows are their own."""

    def of(self, row: int) -> tuple[str, int]:
        place = int(np.searchsorted(self.starts, row, side="left")) - 1
        place = max(place, 0)
        return self.files[place], row - self.starts[place]

    def split(self, rows: Array) -> tuple[Array, Array]:
        """[rows] which file, and the row in it."""
        which = np.maximum(np.searchsorted(self.starts, rows, side="left") - 1, 0)
        return which, rows - np.asarray(self.starts, dtype=np.int64)[which]


@dataclass(frozen=True)
class Stacked:
    """Tapes of one kind, one below the other."""

    tape: Tape
    places: Places
    infos: tuple[FileInfo, ...] = field(default_factory=tuple)


def stacked(tapes: list[Tape], last_rows: list[int]) -> Stacked:
    """`last_rows` are the numbers of each file's last row. Columns that a file does not have are empty there."""
    starts, total = [], 0
    for last in last_rows:
        starts.append(total)
        total += last
    places = Places(tuple(tape.file for tape in tapes), tuple(starts))
    infos = tuple(tape.info for tape in tapes)
    if len(tapes) == 1:
        return Stacked(tapes[0], places, infos)
    names = dict.fromkeys(name for tape in tapes for name in tape.columns)
    columns = {name: _stacked_cells([(tape.columns.get(name), len(tape.rows)) for tape in tapes]) for name in names}
    rows = np.concatenate([tape.rows + start for tape, start in zip(tapes, starts, strict=True)])
    unreadable = tuple(row + start for tape, start in zip(tapes, starts, strict=True) for row in tape.unreadable)
    numeric = frozenset.intersection(*(tape.numeric for tape in tapes))
    lines = [tape.lines for tape in tapes if tape.lines is not None]
    stack = Tape(
        tapes[0].file, rows, columns, tapes[0].info, unreadable, numeric, np.concatenate(lines) if lines else None
    )
    return Stacked(stack, places, infos)


def _stacked_cells(parts: list[tuple[Cells | None, int]]) -> Cells:
    codes, texts, before = [], [], 0
    for cells, count in parts:
        if cells is None:
            codes.append(np.full(count, -1, dtype=np.int32))
            continue
        codes.append(np.where(cells.codes < 0, -1, cells.codes + before).astype(np.int32))
        texts.append(cells.texts)
        before += len(cells.texts)
    return distinct(np.concatenate(codes), pa.concat_arrays(texts) if texts else pa.array([], pa.string()))


def text_cells(codes: Array, texts: pa.Array, empty: tuple[str, ...]) -> Cells:
    """Blanks around a cell are no part of it; cells that say one of `empty` are absent."""
    trimmed = pc.utf8_trim_whitespace(texts)
    if empty:
        absent = pc.is_in(trimmed, value_set=pa.array(sorted({each.strip() for each in empty}), pa.string()))
        trimmed = pc.if_else(absent, pa.scalar("", pa.string()), trimmed)
    return distinct(codes, trimmed)


def texts_of(cells: Cells, default: str = "") -> pa.Array:
    """[rows] the text of every cell."""
    if not len(cells.texts):
        return pa.array([default] * len(cells.codes), pa.string())
    codes = pa.array(cells.codes, mask=cells.codes < 0)
    return pc.fill_null(cells.texts.take(codes), default)
