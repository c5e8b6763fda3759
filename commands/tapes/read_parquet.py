"""Tapes in Parquet: texts, numbers and dates as the columns hold them, under the names of the file's schema."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Spent
from commands.ingestion.raw_tables import Cells
from commands.ingestion.read_parquet import column_cells, is_number, is_readable, open_parquet
from commands.tapes.containers import Opened
from commands.tapes.read_text import unique_names
from commands.tapes.tape import Array, Tape, text_cells
from domain.tapes.mapping import MappingDocument

FIRST_ROW = 2
"""As in a file of text, whose header is its first row."""


def read_parquet(opened: Opened, mapping: MappingDocument, errors: Findings, spent: Spent) -> Tape | None:
    """Columns that hold more than one value a row are left aside where the mapping does not ask for them."""
    file = open_parquet("", opened.path, opened.info, errors, spent)
    if file is None:
        return None
    columns: dict[str, Cells] = {}
    numeric = set()
    for place, name in enumerate(unique_names(file.schema_arrow.names)):
        kind = file.schema_arrow.field(place).type
        if not is_readable(kind.value_type if pa.types.is_dictionary(kind) else kind):
            continue
        cells = column_cells("", name, file, place, errors)
        if cells is None:
            return None
        if is_number(kind):
            numeric.add(name)
            cells = with_mark(cells, mapping.format.decimal)
        columns[name] = text_cells(cells.codes, cells.texts, mapping.format.null)
    if not columns:
        errors.file("", Code.UNREADABLE, f"{opened.name} has no column of single values.", "Write a flat table.")
        return None
    rows = np.arange(FIRST_ROW, FIRST_ROW + file.metadata.num_rows)
    return Tape(opened.name, rows, columns, opened.info, numeric=frozenset(numeric))


def with_mark(cells: Cells, decimal: str) -> Cells:
    """A number of the file itself, with the mark that the mapping says of numbers that are text."""
    return Cells(cells.codes, cells.texts if decimal == "." else pc.replace_substring(cells.texts, ".", decimal))


def rows_of(opened: Opened, numbers: Array) -> pa.Table:
    """Rows as they are, by their numbers in the file."""
    return pq.read_table(opened.path).take(pa.array(numbers - FIRST_ROW))
