"""From a tape to the tables of a portfolio: each column by its source, what nothing names as an attribute."""

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import MAX_ID_CHARS
from commands.ingestion.raw_tables import Array, Cells, RawTable, distinct, kept, matches
from commands.ingestion.typed_columns import NUMBER
from commands.tapes.read_tape import ReadTape, TapeRows, column_of
from commands.tapes.tape import Tape
from commands.tapes.values import (
    constant,
    later,
    mapped,
    months_of,
    numbers_of,
    read_attribute,
    read_dates,
    read_dates_if_all,
    read_numbers,
    said,
)
from domain.documents import JsonObject
from domain.portfolio.tables import BY_NAME, Column, Kind
from domain.tapes.dates import patterns_of
from domain.tapes.mapping import From, Label, MappingDocument

Sources = dict[tuple[str, str], str]
"""By table and column, the tape's name of where it comes from."""
KEPT_ASIDE = "tape_"
_WORD_OF_DATES = "_date"


@dataclass(frozen=True)
class Made:
    """`sources` say in the tape's words where a column comes from."""

    tables: dict[str, RawTable]
    sources: Sources = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What the one who brings the tape says beside the mapping."""

    portfolio: str
    book: str | None = None


def to_tables(read: ReadTape, mapping: MappingDocument, given: Given, errors: Findings, warnings: Findings) -> Made:
    """The tables as if files of their own had been brought; a cell that cannot be read stays as it stands.

    An attribute without any value is none.
    """
    tape, sources = _with_named_columns(read, mapping, errors)
    if errors.fatal:
        return Made({})
    _warn_of_absent(tape, sources, warnings)
    percent = {tape.column(label) for label in mapping.format.percent_columns}
    tables: dict[str, dict[str, Cells]] = {}
    for target, source in mapping.columns.items():
        table, _, column = target.lower().partition(".")
        cells = _cells(tape, table, column, source, sources.get((table, column)), percent, mapping, errors)
        if (cells.codes >= 0).any() or BY_NAME[table].column(column) is not None:
            tables.setdefault(table, {})[column] = cells
    _fill_ids(tables, sources)
    _fill_books(tables, given, len(tape.rows), sources, warnings)
    _keep_attributes(tape, mapping, tables["positions"], sources, percent, warnings)
    made = {name: _table(name, columns, tape) for name, columns in tables.items()}
    if "portfolio" not in made:
        made["portfolio"] = _books(made["positions"])
    order = [name for name in BY_NAME if name in made]
    return Made({name: made[name] for name in order}, sources)


def _warn_of_absent(tape: Tape, sources: Sources, warnings: Findings) -> None:
    """Elements of XML may be left out; one that is in no record may be misspelt."""
    if tape.lines is None:
        return
    for (table, column), name in sources.items():
        if BY_NAME[table].column(column) is not None and not (tape.columns[name].codes >= 0).any():
            near = tape.nearest(name)
            fix = f"Write {near!r} in the mapping if that is meant." if near and near != name else "Check the mapping."
            message = f"No record of {tape.file} has {name}, the source of {table}.{column}."
            warnings.file(table, Code.MISSING_COLUMN, message, fix, column=column, row=1)


def _with_named_columns(read: ReadTape, mapping: MappingDocument, errors: Findings) -> tuple[Tape, Sources]:
    """Each column that the mapping names must be there."""
    sources: Sources = {}
    for target, source in mapping.columns.items():
        table, _, column = target.lower().partition(".")
        if source.column is None:
            continue
        label = label_of(source.column, mapping)
        name = column_of(read.tape, label, f"The source of {table}.{column}", errors)
        if name is not None:
            sources[table, column] = name
    for label in mapping.format.percent_columns:
        column_of(read.tape, label, "A column of format.percent_columns", errors)
    return read.tape, sources


def read_column(
    tape: Tape, target: str, source: From, name: str | None, mapping: MappingDocument, errors: Findings
) -> Cells:
    """A column of ours from the tape's column `name`."""
    table, _, column = target.lower().partition(".")
    percent = {tape.column(label) for label in mapping.format.percent_columns}
    return _cells(tape, table, column, source, name, percent, mapping, errors)


def _cells(
    tape: Tape,
    table: str,
    column: str,
    source: From,
    name: str | None,
    percent: set[str | None],
    mapping: MappingDocument,
    errors: Findings,
) -> Cells:
    if source.value is not None:
        return constant(source.value, len(tape.rows))
    assert name is not None
    cells, spec = tape.columns[name], BY_NAME[table].column(column)
    if source.map is not None:
        return _mapped(tape, name, cells, source.map, spec, errors)
    numbers = numbers_of(mapping.format, scale=source.scale, in_percent=name in percent)
    patterns = patterns_of((source.dates,) if source.dates else mapping.format.date_texts)
    if spec is None:
        if source.dates or (column.endswith(_WORD_OF_DATES) and mapping.format.date_texts):
            return read_dates_if_all(cells, patterns)
        return read_attribute(cells, numbers)
    match spec.kind:
        case Kind.NUMBER | Kind.INTEGER:
            return read_numbers(cells, numbers)
        case Kind.DATE:
            return _moved(tape, read_dates(cells, patterns), source, mapping, errors)
        case _:
            return cells


def _moved(tape: Tape, cells: Cells, source: From, mapping: MappingDocument, errors: Findings) -> Cells:
    if source.plus_months is None:
        return cells
    if isinstance(source.plus_months, int):
        return later(cells, np.full(len(tape.rows), float(source.plus_months)))
    name = column_of(tape, label_of(source.plus_months, mapping), "A column of plus_months", errors)
    return cells if name is None else later(cells, months_of(tape.columns[name]))


def label_of(label: Label, mapping: MappingDocument) -> Label:
    """The number of a column, where the file has no header, however it is written."""
    return int(label) if not mapping.format.header and str(label).isdigit() else label


def _mapped(tape: Tape, name: str, cells: Cells, values: JsonObject, spec: Column | None, errors: Findings) -> Cells:
    """A value that the map does not have is refused, unless the column's own list has it or will refuse it."""
    made, unknown = mapped(cells, {text: said(value) for text, value in values.items()})
    if spec is None or not spec.values:
        shown = ", ".join(list(values)[:12])
        errors.row(
            TapeRows(tape.rows, tape.columns),
            name,
            Code.NOT_IN_LIST,
            unknown,
            lambda row: f"{cells.text_at(row)!r} of {name} is not in the mapping's map, which has {shown}.",
            "Add the value to the map.",
        )
    return made


def _fill_ids(tables: dict[str, dict[str, Cells]], sources: Sources) -> None:
    """A loan is its own instrument, where the mapping names but one id."""
    positions, instruments = tables["positions"], tables["instruments"]
    ways = (
        (positions, ("positions", "instrument_id"), instruments, ("instruments", "instrument_id")),
        (positions, ("positions", "instrument_id"), positions, ("positions", "position_id")),
        (instruments, ("instruments", "instrument_id"), positions, ("positions", "instrument_id")),
    )
    for table, target, other, origin in ways:
        if target[1] not in table and origin[1] in other:
            table[target[1]] = other[origin[1]]
            if origin in sources:
                sources[target] = sources[origin]


def _fill_books(
    tables: dict[str, dict[str, Cells]], given: Given, rows: int, sources: Sources, warnings: Findings
) -> None:
    positions = tables["positions"]
    if given.book is not None:
        positions["book_id"] = constant(given.book, rows)
        sources.pop(("positions", "book_id"), None)
    elif "book_id" not in positions:
        book = given.portfolio[:MAX_ID_CHARS]
        positions["book_id"] = constant(book, rows)
        message = f"Nothing says in which book the positions are: they are in {book}, named after the portfolio."
        fix = "Give --book, or map positions.book_id."
        warnings.file("positions", Code.MISSING_COLUMN, message, fix, column="book_id", row=1)


def _keep_attributes(
    tape: Tape,
    mapping: MappingDocument,
    positions: dict[str, Cells],
    sources: Sources,
    percent: set[str | None],
    warnings: Findings,
) -> None:
    """What the mapping does not name, under its own name in lower case; a column without any value is nothing."""
    named = set(sources.values())
    for name, cells in tape.columns.items():
        if name in named or not (cells.codes >= 0).any():
            continue
        label = name.lower()
        if not mapping.format.header:
            label = f"column_{name}" if name.isdigit() else name.replace(".", "_").lower()
        numbers = numbers_of(mapping.format, scale=None, in_percent=name in percent)
        read = read_attribute(cells, numbers)
        spec = BY_NAME["positions"].column(label)
        if label in positions or (spec is not None and not _fits(spec, read)):
            why = "another source was mapped to it" if label in positions else "its values are none of that column's"
            message = f"The tape's column {name} is kept as {KEPT_ASIDE}{label}: {why}."
            warnings.file("positions", Code.UNKNOWN_COLUMN, message, f"Map {name} if it is meant.", column=label, row=1)
            label = KEPT_ASIDE + label
        positions[label] = read
        sources["positions", label] = name


def _fits(spec: Column, cells: Cells) -> bool:
    """Whether a column that is called as one of positions can be it."""
    texts = [str(text) for text in cells.texts.to_pylist()]
    match spec.kind:
        case Kind.NUMBER | Kind.INTEGER:
            if not matches(cells.texts, NUMBER).all():
                return False
            low, high = spec.low, spec.high
            inside = all(
                (low is None or float(text) >= low) and (high is None or float(text) <= high) for text in texts
            )
            return inside and (not spec.values or all(text in spec.values for text in texts))
        case Kind.FLAG:
            return all(text.lower() in ("true", "false", "0", "1", "yes", "no") for text in texts)
        case Kind.DATE:
            return bool(matches(cells.texts, r"^\d{4}-\d{2}-\d{2}$").all())
        case _:
            return spec.refers_to is None and (not spec.values or all(text in spec.values for text in texts))


def _table(name: str, columns: dict[str, Cells], tape: Tape) -> RawTable:
    """Positions are the tape's rows. Of any other table rows that say the same are one."""
    unreadable = tape.unreadable if name == "positions" else ()
    table = RawTable(name, tape.file, tape.rows, columns, unreadable)
    return table if name == "positions" else _once(table)


def _once(table: RawTable) -> RawTable:
    """The first of rows that are alike in every column; rows of one key that differ stay, and are refused as such."""
    key = [table.columns[column] for column in BY_NAME[table.name].key if column in table.columns]
    if not key or not len(table.source_rows):
        return table
    absent = np.logical_and.reduce([cells.codes < 0 for cells in key])
    first, inverse = _first_rows([cells.codes for cells in key])
    repeated = first[inverse] != np.arange(len(inverse))
    same = repeated.copy()
    for cells in table.columns.values():
        same &= cells.codes == cells.codes[first[inverse]]
    keep = ~same
    if table.name not in ("instruments", "portfolio"):
        keep &= ~absent
    if keep.all():
        return table
    return replace(table, source_rows=table.source_rows[keep], columns=kept(table.columns, keep))


def _first_rows(codes: list[Array]) -> tuple[Array, Array]:
    """Of each distinct combination the first row, and which combination each row has."""
    if len(codes) == 1:
        _, first, inverse = np.unique(codes[0], return_index=True, return_inverse=True)
        return first, inverse
    _, first, inverse = np.unique(np.stack(codes, axis=1), axis=0, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _books(positions: RawTable) -> RawTable:
    """Every book that is named is a node, with nothing above it."""
    books = positions.columns["book_id"]
    filled = np.flatnonzero(books.codes >= 0)
    codes, first = np.unique(books.codes[filled], return_index=True)
    texts = books.texts.take(pa.array(codes))
    count = len(codes)
    node = distinct(np.arange(count, dtype=np.int32), texts.cast(pa.string()))
    columns = {"node_id": node, "name": node, "kind": constant("BOOK", count)}
    return RawTable("portfolio", positions.file, positions.source_rows[filled[first]], columns)
