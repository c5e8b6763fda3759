"""From files to one table: unpacked, read, stacked, joined, and cut to the rows that the mapping wants."""

import fnmatch
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Spent
from commands.ingestion.raw_tables import Array, Cells, FileInfo
from commands.tapes.containers import Opened, opened
from commands.tapes.read_parquet import read_parquet
from commands.tapes.read_records import read_records
from commands.tapes.read_text import read_text
from commands.tapes.read_workbook import read_workbook
from commands.tapes.tape import Places, Stacked, Tape, stacked, texts_of
from commands.tapes.values import days_of, read_dates
from domain.tapes.dates import patterns_of
from domain.tapes.mapping import Label, MappingDocument


@dataclass(frozen=True)
class TapeRows:
    """`name` and `rows` make it what findings are about."""

    source_rows: Array
    columns: dict[str, Cells]
    name: str = "positions"

    def text_at(self, column: str, row: int) -> str | None:
        return self.columns[column].text_at(row) if column in self.columns else None


@dataclass(frozen=True)
class Joined:
    """The file that was joined, and which of its rows stands beside each row of the tape."""

    file: str
    rows: Array


@dataclass(frozen=True)
class ReadTape:
    """`opened` are the plain files of the tape itself, `left_aside` counts rows that the mapping does not want."""

    tape: Tape
    places: Places
    infos: tuple[FileInfo, ...]
    opened: tuple[Opened, ...]
    found: int
    left_aside: dict[str, int] = field(default_factory=dict)
    joined: Joined | None = None


def read_tape(
    paths: list[Path], mapping: MappingDocument, as_of: date, errors: Findings, spent: Spent, folder: Path
) -> ReadTape | None:
    """None when there is nothing to go on with; `errors` says why."""
    files = [each for path in paths for each in _opened(path, mapping, errors, spent, folder)]
    if errors.fatal or not files:
        return None
    main, second = _parted(files, mapping, errors)
    if mapping.join is not None and second is None:
        return None
    tapes = _stacked(main, mapping, errors, spent, folder)
    if tapes is None:
        return None
    found = ReadTape(tapes.tape, tapes.places, tapes.infos, tuple(main), len(tapes.tape.rows))
    found = _latest(found, mapping, as_of, errors)
    if second is not None and not errors.fatal:
        other = _read(second, mapping, errors, spent, folder)
        found = found if other is None else _joined(found, other, mapping, errors)
    return None if errors.fatal else _where(found, mapping, errors)


def _opened(path: Path, mapping: MappingDocument, errors: Findings, spent: Spent, folder: Path) -> list[Opened]:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        errors.file("", Code.MISSING_SOURCE, f"{path.name} {what}.", "Name the files of the tape.", value=str(path))
        return []
    return opened(path, folder, errors, spent, several=mapping.join is not None)


def _parted(files: list[Opened], mapping: MappingDocument, errors: Findings) -> tuple[list[Opened], Opened | None]:
    """The tape's files, and the one that the mapping joins: by its name, else the second of two."""
    if mapping.join is None:
        return files, None
    wanted = mapping.join.file.lower()
    fits = [each for each in files if wanted in each.name.lower() or fnmatch.fnmatchcase(each.name.lower(), wanted)]
    if len(files) == 2 and len(fits) != 1:
        fits = files[1:]
    if len(fits) != 1 or len(files) < 2:
        message = f"The mapping joins {mapping.join.file} to the tape, and "
        message += "no file was brought beside it." if len(files) < 2 else f"{len(fits)} of the files are called so."
        fix = f"Bring the tape and one file with {mapping.join.file!r} in its name."
        errors.file("", Code.MISSING_SOURCE, message, fix)
        return files, None
    return [each for each in files if each is not fits[0]], fits[0]


def _stacked(
    files: list[Opened], mapping: MappingDocument, errors: Findings, spent: Spent, folder: Path
) -> Stacked | None:
    tapes = [tape for each in files if (tape := _read(each, mapping, errors, spent, folder)) is not None]
    if len(tapes) < len(files):
        return None
    last = [int(max([*tape.rows[-1:], *tape.unreadable[-1:]], default=0)) for tape in tapes]
    return stacked(tapes, last)


def _read(each: Opened, mapping: MappingDocument, errors: Findings, spent: Spent, folder: Path) -> Tape | None:
    if mapping.format.record is not None:
        tape = read_records(each, mapping, errors, spent)
    elif each.is_workbook:
        tape = read_workbook(each, mapping, errors, spent)
    elif each.is_parquet:
        tape = read_parquet(each, mapping, errors, spent)
    else:
        tape = read_text(each, mapping, errors, spent, folder)
    if tape is not None and not len(tape.rows) and not tape.unreadable:
        errors.file("", Code.NO_ROWS, f"{each.name} has no rows.", "Bring a tape with rows.")
        return None
    return tape


def column_of(tape: Tape, label: Label, said_by: str, errors: Findings) -> str | None:
    """The tape's name of a column; where it has none, `errors` names the nearest."""
    name = tape.column(label)
    if name is not None:
        return name
    if isinstance(label, int) or str(label).isdigit():
        message = f"{said_by} is column {label}, and {tape.file} has {len(tape.columns)} columns."
        errors.file("", Code.MISSING_COLUMN, message, "Check the layout and the delimiter.", column=str(label))
        return None
    near, shown = tape.nearest(label), ", ".join(list(tape.columns)[:12])
    fix = f"Write {near!r} in the mapping if that is the column." if near else "Correct the mapping."
    message = f"{said_by} is {label!r}, and {tape.file} has no such column; it has {shown}"
    message += f" and {len(tape.columns) - 12} more." if len(tape.columns) > 12 else "."
    errors.file("", Code.MISSING_COLUMN, message, fix, column=str(label))
    return None


# --- the last row of each key ---------------------------------------------------------------------------------------


def _latest(found: ReadTape, mapping: MappingDocument, as_of: date, errors: Findings) -> ReadTape:
    if mapping.latest is None:
        return found
    key = column_of(found.tape, mapping.latest.key, "latest.key", errors)
    dated = column_of(found.tape, mapping.latest.date, "latest.date", errors)
    if key is None or dated is None:
        return found
    patterns = patterns_of(mapping.format.date_texts)
    cells = read_dates(found.tape.columns[dated], patterns)
    days = days_of(cells)
    unknown = np.isnat(days)
    message, fix = f"{dated} is not a date, so the row cannot be told from later ones.", "Correct the date."
    set_aside(found.tape, dated, unknown, Code.NOT_A_DATE, message, fix, errors)
    keys = found.tape.columns[key].codes
    fits = np.flatnonzero(~unknown & (days <= np.datetime64(as_of)))
    order = fits[np.lexsort((fits, days[fits], keys[fits]))]
    is_last = np.append(keys[order][1:] != keys[order][:-1], True) if len(order) else np.zeros(0, dtype=bool)
    # A row without a key is not another's older self: each is kept, and its missing id is told.
    keep = np.sort(order[is_last | (keys[order] < 0)])
    aside = {"not_latest": len(found.tape.rows) - len(keep) - int(unknown.sum())}
    if not len(keep):
        first = np.min(days[~unknown]) if (~unknown).any() else None
        message = f"No row is dated on or before {as_of}" + (
            f"; the first is of {first}." if first is not None else "."
        )
        errors.file("", Code.NO_ROWS, message, "Give the date that is meant with --as-of.")
    tape = replace(found.tape.with_rows(keep), unreadable=with_more(found.tape, unknown))
    return replace(found, tape=tape, left_aside=found.left_aside | aside)


def set_aside(tape: Tape, column: str, rows: Array, code: Code, message: str, fix: str, errors: Findings) -> None:
    """Rows that never become rows of a table; they are rejected all the same."""
    for row in np.flatnonzero(rows):
        value = tape.columns[column].text_at(int(row))
        errors.file("positions", code, message, fix, column=column, row=int(tape.rows[row]), value=value)


def with_more(tape: Tape, rows: Array) -> tuple[int, ...]:
    return tuple(sorted({*tape.unreadable, *(int(row) for row in tape.rows[rows])}))


# --- the second file ------------------------------------------------------------------------------------------------


def _joined(found: ReadTape, other: Tape, mapping: MappingDocument, errors: Findings) -> ReadTape:
    """Its columns stand beside the tape's; where names meet, its own carry its name."""
    assert mapping.join is not None
    of_tape, of_other = mapping.join.keys
    key = column_of(found.tape, of_tape, "join.on", errors)
    key_of_other = column_of(other, of_other, "join.on", errors)
    if key is None or key_of_other is None:
        return found
    keys, unique = texts_of(other.columns[key_of_other]), other.columns[key_of_other].codes
    _report_repeated_keys(other, key_of_other, unique, errors)
    wanted = texts_of(found.tape.columns[key])
    place = pc.fill_null(pc.index_in(wanted, value_set=keys), -1).to_numpy(zero_copy_only=False)
    place = np.where(found.tape.columns[key].codes < 0, -1, place)
    lost = place < 0
    message, fix = f"{other.file} has no row for this {key}.", f"Add it to {other.file}, or leave the row out."
    set_aside(found.tape, key, lost, Code.UNKNOWN_REFERENCE, message, fix, errors)
    columns = dict(found.tape.columns)
    for name, cells in other.columns.items():
        codes = np.append(cells.codes, -1).take(place)
        taken = name in columns or not mapping.format.header
        columns[f"{mapping.join.file}.{name}" if taken else name] = Cells(codes, cells.texts)
    if key_of_other in other.columns and key_of_other.lower() == key.lower():
        columns.pop(f"{mapping.join.file}.{key_of_other}", None)
    tape = replace(found.tape, columns=columns, unreadable=with_more(found.tape, lost)).with_rows(~lost)
    joined = Joined(other.file, other.rows[place[~lost]])
    return replace(found, tape=tape, infos=(*found.infos, other.info), joined=joined)


def _report_repeated_keys(other: Tape, key: str, codes: Array, errors: Findings) -> None:
    filled = codes[codes >= 0]
    if len(np.unique(filled)) == len(filled):
        return
    counts = np.bincount(filled)
    text = str(other.columns[key].texts[int(np.argmax(counts))])
    message = f"{other.file} has {text!r} {int(counts.max())} times, so it is not told which row is meant."
    errors.file("", Code.DUPLICATE_ID, message, "Keep one row of each.", column=key, value=text)


# --- the rows that are wanted ---------------------------------------------------------------------------------------


def _where(found: ReadTape, mapping: MappingDocument, errors: Findings) -> ReadTape:
    keep, aside = np.ones(len(found.tape.rows), dtype=bool), {}
    for label, values in mapping.where.items():
        number = int(label) if label.isdigit() and not mapping.format.header else label
        name = column_of(found.tape, number, "where", errors)
        if name is None:
            continue
        cells = found.tape.columns[name]
        wanted = np.asarray(pc.is_in(cells.texts, value_set=pa.array(values, pa.string())), dtype=bool)
        fits = np.append(wanted, "" in values).take(cells.codes)
        aside[name] = int((keep & ~fits).sum())
        keep &= fits
    if mapping.where and len(keep) and not keep.any() and not errors.fatal:
        said = "; ".join(f"{name} is none of {', '.join(values)}" for name, values in mapping.where.items())
        errors.file("", Code.NO_ROWS, f"The mapping leaves every row aside: {said}.", "Check where in the mapping.")
    return replace(found, tape=found.tape.with_rows(keep) if not keep.all() else found.tape,
                   joined=None if found.joined is None else replace(found.joined, rows=found.joined.rows[keep]),
                   left_aside=found.left_aside | aside)  # fmt: skip
