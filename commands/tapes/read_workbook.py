"""Tapes in a workbook: one sheet with a header, dates and numbers as the cells hold them."""

from typing import Any

import numpy as np
import pyarrow as pa

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Spent
from commands.ingestion.read_xlsx import cell_text, read_sheets
from commands.tapes.containers import Opened
from commands.tapes.read_text import unique_names, without_blank_rows
from commands.tapes.tape import Tape, text_cells
from domain.tapes.mapping import MappingDocument


def read_workbook(opened: Opened, mapping: MappingDocument, errors: Findings, spent: Spent) -> Tape | None:
    """The sheet that the mapping names, else the only one, else the first."""
    wanted = mapping.format.sheet

    def choose(names: list[str]) -> list[str]:
        same = [name for name in names if wanted is None or name.strip().lower() == wanted.strip().lower()]
        return same[:1]

    found = read_sheets(opened.path, choose, errors, spent)
    if not found.rows:
        if found.names:
            message = f"{opened.name} has no sheet {wanted}; it has {', '.join(found.names)}."
            errors.file("", Code.UNREADABLE, message, "Name the sheet in format.sheet.")
        return None
    sheet, rows = next(iter(found.rows.items()))
    body = rows[mapping.skip_rows :]
    if not body or not spent.may_read("", opened.name, errors, rows=len(body), columns=len(body[0])):
        if not body:
            errors.file("", Code.EMPTY_FILE, f"The sheet {sheet} of {opened.name} is empty.", "Bring one with rows.")
        return None
    _report_suspects(opened.name, found.suspects.get(sheet, []), errors)
    return without_blank_rows(_tape(opened, mapping, body))


def _tape(opened: Opened, mapping: MappingDocument, body: list[list[Any]]) -> Tape:
    if mapping.format.header:
        names, body = unique_names([cell_text(cell) or "" for cell in body[0]]), body[1:]
    else:
        names = tuple(str(place) for place in range(1, len(body[0]) + 1))
    first = mapping.skip_rows + 1 + mapping.format.header
    columns, numeric = {}, set()
    for place, name in enumerate(names):
        cells = [row[place] for row in body]
        texts = [_written(cell, mapping.format.decimal) for cell in cells]
        encoded = pa.array(texts, pa.string()).dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        columns[name] = text_cells(codes, encoded.dictionary, mapping.format.null)
        if all(isinstance(cell, int | float) or cell == "" for cell in cells):
            numeric.add(name)
    rows = np.arange(first, first + len(body))
    return Tape(opened.name, rows, columns, opened.info, numeric=frozenset(numeric))


def _written(cell: Any, decimal: str) -> str | None:
    """A number of the workbook itself, with the mark that the mapping says of numbers that are text."""
    text = cell_text(cell)
    return text.replace(".", decimal) if isinstance(cell, float) and text is not None else text


def _report_suspects(file: str, suspects: list[tuple[int, int, str]], errors: Findings) -> None:
    for row, _column, what in suspects:
        fix = "Paste the sheet as values."
        errors.file("positions", Code.FORMULA, f"A cell of {file} holds {what}.", fix, row=row + 1)
