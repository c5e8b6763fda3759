"""Column names: each once, none without a name, near misses pointed out."""

from collections import Counter
from difflib import get_close_matches

from commands.ingestion.cells import Cells
from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import MAX_COLUMNS, MAX_ID_CHARS
from domain import texts
from domain.portfolio.tables import BY_NAME


def checked_names(table: str, header: list[str], errors: Findings, warnings: Findings) -> list[str] | None:
    """The names to use, in order; an empty one for a nameless column. None when the header is of no use."""
    names = [label.strip() for label in header]
    if len(names) > MAX_COLUMNS:
        message = f"{len(names):,} columns; the limit is {MAX_COLUMNS:,}."
        errors.file(table, Code.LIMIT_EXCEEDED, message, "Remove some columns.")
        return None
    for label, name in zip(header, names, strict=True):
        if label != name:
            warnings.file(
                table,
                Code.SURROUNDING_BLANKS,
                f"The column name {label!r} begins or ends with blanks; it is read as {name!r}.",
                "Remove the blanks.",
                column=name,
                row=1,
            )
    for name in names:
        if len(name) > MAX_ID_CHARS:
            message = f"A column's name has {len(name):,} characters; the limit is {MAX_ID_CHARS}."
            errors.file(table, Code.TOO_LONG, message, "Shorten it.", column=name[:MAX_ID_CHARS])
    odd = [name for name in names if not texts.is_clean(name)]
    for name in odd:
        message = f"The column name {texts.visible(name)!r} holds {texts.named(name)}."
        errors.file(table, Code.CONTROL_CHARACTER, message, "Rename the column.", column=texts.visible(name), row=None)
    repeated = [name for name, count in Counter(names).items() if name and count > 1]
    for name in repeated:
        errors.file(
            table, Code.DUPLICATE_COLUMN, f"The column {name} is there twice.", "Keep one of them.", column=name
        )
    missing = _note_missing(table, names, errors)
    return None if odd or repeated or missing else names


def _note_missing(table: str, names: list[str], errors: Findings) -> bool:
    missing = [column.name for column in BY_NAME[table].columns if column.required and column.name not in names]
    for name in missing:
        near = get_close_matches(name, [each.lower() for each in names], n=1)
        hint = f" ({near[0]!r} is in the header; names are lower case and exact)" if near else ""
        errors.file(
            table,
            Code.MISSING_COLUMN,
            f"The column {name} is required and not in the header.",
            f"Add the column {name}{hint}.",
            column=name,
        )
    return bool(missing)


def named_columns(table: str, names: list[str], columns: list[Cells], errors: Findings) -> dict[str, Cells]:
    """The columns by name. One without a name is nothing while it is empty, as spreadsheets leave them behind."""
    for place, (name, cells) in enumerate(zip(names, columns, strict=True), start=1):
        if not name and (cells.codes >= 0).any():
            errors.file(
                table, Code.UNNAMED_COLUMN, f"Column {place} has values and no name.", "Name the column in the header."
            )
    return {name: cells for name, cells in zip(names, columns, strict=True) if name}
