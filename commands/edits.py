"""Cells that somebody changed on the way in: applied to what was read, and kept, so that none is silently lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pydantic import Field, TypeAdapter, ValidationError

from commands.define_scenario import invalid_input
from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.headers import name_of
from commands.ingestion.raw_tables import Cells, RawTable, Source, distinct
from domain.documents import InvalidDocument, JsonObject, Number, Part, nearest, read_json, structure_problems

MAX_EDITS = 100_000


class Edit(Part):
    """`row` as errors count it; a value of null empties the cell."""

    table: str = Field(min_length=1, max_length=200)
    row: int = Field(ge=1, strict=True)
    column: str = Field(min_length=1, max_length=200)
    value: bool | Number | str | None = None


class InvalidEdits(InvalidDocument):
    """Edits that cannot be read."""


_EDITS: TypeAdapter[list[Edit]] = TypeAdapter(list[Edit])


@dataclass(frozen=True)
class Edited:
    """`made` are by table the edits that were applied: row, column, from and to."""

    source: Source
    made: dict[str, list[JsonObject]]


def parse_edits(raw: bytes) -> list[JsonObject]:
    content, problems = read_json(raw)
    edits: list[Edit] = []
    if not problems:
        try:
            edits = _EDITS.validate_python(content)
        except ValidationError as error:
            problems = structure_problems(error, content)
    if problems:
        invalid = InvalidEdits(problems)
        raise invalid_input("INVALID_EDITS", "the edits cannot be read", invalid) from invalid
    return [edit.model_dump(mode="json") | {"value": edit.value} for edit in edits[:MAX_EDITS]]


def edited(source: Source, edits: Sequence[JsonObject], errors: Findings) -> Edited:
    """Each by its table, row and column; one that fits nowhere is an error, and nothing is stored."""
    tables, made = dict(source.tables), dict[str, list[JsonObject]]()
    for place, edit in enumerate(edits):
        name = edit["table"].strip().lower()
        if name not in tables:
            near = nearest(name, tables)
            fix = f"Write {near}." if near else f"The tables are {', '.join(tables)}."
            _misfit(errors, place, edit, f"there is no table {name}", fix)
            continue
        table = tables[name]
        at = np.flatnonzero(table.source_rows == edit["row"])
        if not len(at):
            fix = "Count rows as the errors do: the header is row 1."
            _misfit(errors, place, edit, f"{name} has no row {edit['row']} that can be read", fix)
            continue
        column = name_of(edit["column"])
        before = table.text_at(column, int(at[0])) if column in table.columns else None
        after = _text(edit["value"])
        tables[name] = _with_cell(table, column, int(at[0]), after)
        made.setdefault(name, []).append({"row": edit["row"], "column": column, "from": before, "to": after})
    return Edited(replace(source, tables=tables), made)


def _misfit(errors: Findings, place: int, edit: JsonObject, what: str, fix: str) -> None:
    message = f"The edit edits[{place}] fits nowhere: {what}."
    errors.file(edit["table"][:60], Code.EDIT_MISFIT, message, fix, column=edit["column"][:60])


def _text(value: bool | float | str | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return None if value is None or value == "" else value if isinstance(value, str) else repr(value)


def _with_cell(table: RawTable, column: str, row: int, text: str | None) -> RawTable:
    count = len(table.source_rows)
    cells = table.columns.get(column, Cells(np.full(count, -1, dtype=np.int32), pa.array([], pa.string())))
    codes = cells.codes.copy()
    if text is None:
        codes[row] = -1
        return replace(table, columns={**table.columns, column: Cells(codes, cells.texts)})
    codes[row] = len(cells.texts)
    texts = pa.concat_arrays([cells.texts.cast(pa.string()), pa.array([text], pa.string())])
    return replace(table, columns={**table.columns, column: distinct(codes, texts)})
