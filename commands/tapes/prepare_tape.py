"""The way from a tape to a portfolio ready to store, told in the tape's own words and rows."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings, RowError
from commands.ingestion.limits import Budget, Spent
from commands.ingestion.prepare import Change, Prepared, SourceRows, prepare
from commands.ingestion.raw_tables import Source
from commands.tapes.read_tape import ReadTape, read_tape
from commands.tapes.rejects import write_rejects
from commands.tapes.to_tables import Given, Made, Sources, to_tables
from domain.documents import JsonObject
from domain.tapes.mapping import MappingDocument

HOW_DATES_ARE_SAID = "Say in the mapping's format.dates how the file writes them, or correct the cell."


@dataclass(frozen=True)
class Wanted:
    """How the tape is to be read; `rejects` is where rejected rows go, if anywhere."""

    mapping: MappingDocument
    given: Given
    as_of: date
    accept_valid: bool = False
    rates_are_decimals: bool = False
    rejects: Path | None = None
    is_edited: bool = False


def prepare_tape(
    paths: Sequence[Path], wanted: Wanted, budget: Budget | None = None, change: Change | None = None
) -> Prepared:
    """As `prepare_portfolio`; rows are those of the tape."""
    errors, warnings = Findings(), Findings()
    with tempfile.TemporaryDirectory(prefix="tenor-tape-") as name:
        spent = Spent(budget or Budget())
        read = read_tape(list(paths), wanted.mapping, wanted.as_of, errors, spent, Path(name))
        if read is not None and wanted.is_edited and len(read.places.files) > 1:
            message = "A row of an edit could be one of several files."
            errors.file("", Code.EDIT_MISFIT, message, "Bring the files that are edited one by one.")
        made = Made({}) if read is None else to_tables(read, wanted.mapping, wanted.given, errors, warnings)
        prepared = prepare(
            Source(dict(made.tables), list(read.infos if read else ())),
            errors,
            warnings,
            accept_valid=wanted.accept_valid,
            rates_are_decimals=wanted.rates_are_decimals,
            change=change,
        )
        if read is None:
            return prepared
        if wanted.rejects is not None:
            reasons = _reasons(prepared, errors, made.sources)
            write_rejects(wanted.rejects, read, wanted.mapping, reasons, Path(name))
    return _in_words_of_tape(prepared, read, made.sources, wanted.mapping)


def _reasons(prepared: Prepared, errors: Findings, sources: Sources) -> dict[int, str]:
    """Of each rejected row everything that is wrong with it."""
    said: dict[int, dict[str, None]] = {}
    for table, row, column, message in errors.each():
        source = sources.get((table, column or ""), column)
        said.setdefault(row, {})[f"{source}: {message}" if source else message] = None
    rows = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *prepared.left_out.values()]))
    return {int(row): " ".join(said.get(int(row), {"A row that it needs was rejected.": None})) for row in rows}


def _in_words_of_tape(prepared: Prepared, read: ReadTape, sources: Sources, mapping: MappingDocument) -> Prepared:
    files = read.places
    rejected = np.concatenate([np.zeros(0, dtype=np.int64), *prepared.left_out.values()])
    tape = {
        "files": list(files.files),
        "rows": read.found + len(read.tape.unreadable),
        "left_aside": read.left_aside,
        "rejected": len(np.unique(rejected)),
    }
    return replace(
        prepared,
        errors=[_retold(each, read, sources, mapping) for each in prepared.errors],
        warnings=[_retold(each, read, sources, mapping) for each in prepared.warnings],
        left_out={table: files.split(rows)[1] for table, rows in prepared.left_out.items()},
        lines={table: _lines(table, lines, read) for table, lines in prepared.lines.items()},
        more={"tape": tape},
    )


def _retold(error: RowError, read: ReadTape, sources: Sources, mapping: MappingDocument) -> RowError:
    source = sources.get((error.table, error.column or ""))
    message, fix, row = error.message, error.fix, error.row
    if error.code == Code.NOT_A_DATE:
        dates = ", ".join(mapping.format.date_texts) or "YYYY-MM-DD"
        message, fix = f"{error.column} is not a date written {dates}.", HOW_DATES_ARE_SAID
    if source is not None and source.lower() != (error.column or "").lower():
        message += f" It comes from {_shown(source, mapping)}."
    if row is not None and len(read.places.files) > 1:
        file, row = read.places.of(row)
        message += f" The row is of {file}."
    return replace(error, message=message, fix=fix, row=row)


def _shown(source: str, mapping: MappingDocument) -> str:
    return source if mapping.format.header else f"column {source}"


def _lines(table: str, lines: SourceRows, read: ReadTape) -> SourceRows:
    """`lines.rows` count over all files; each goes back to its own, and to the row that was joined to it."""
    more: JsonObject = {}
    which, rows = read.places.split(lines.rows)
    if len(read.places.files) > 1:
        more = {"files": list(read.places.files), "file_of": which.tolist()}
    at = np.searchsorted(read.tape.rows, lines.rows)
    if read.tape.lines is not None:
        more["lines"] = read.tape.lines[at].tolist()
    if read.joined is not None and table != "portfolio":
        more["joined"] = {"file": read.joined.file, "rows": read.joined.rows[at].tolist()}
    return replace(lines, rows=rows, more={**lines.more, **more})
