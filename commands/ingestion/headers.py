"""Column names: each once, none without a name, read without regard to case; near misses pointed out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import MAX_COLUMNS, MAX_ID_CHARS
from commands.ingestion.near_names import nearest_column
from commands.ingestion.raw_tables import Cells
from domain import texts
from domain.portfolio.tables import BY_NAME

TAG = "tag:"
_MAX_LISTED = 12
_MAX_TITLE_ROWS = 20


def name_of(label: str) -> str:
    """A column's name as Tenor keeps it; the key of a tag keeps its case."""
    bare = label.strip()
    return TAG + bare[len(TAG) :] if bare.lower().startswith(TAG) else bare.lower()


def checked_names(
    table: str, header: list[str], errors: Findings, warnings: Findings, below: Sequence[Sequence[str]] = ()
) -> list[str] | None:
    """The names to use, in order; an empty one for a nameless column. None when the header is of no use.

    `below` are the first rows under the header, where the header itself may stand below a title.
    """
    if len(header) > MAX_COLUMNS:
        message = f"{len(header):,} columns; the limit is {MAX_COLUMNS:,}."
        errors.file(table, Code.LIMIT_EXCEEDED, message, "Remove some columns.")
        return None
    names = [name_of(label) for label in header]
    if _report_unfit_names(table, names, errors):
        return None
    _warn_of_blanks(table, header, warnings)
    repeated = [name for name, count in Counter(names).items() if name and count > 1]
    for name in repeated:
        message = f"The column {name} is there twice; names are read without regard to case."
        errors.file(table, Code.DUPLICATE_COLUMN, message, "Keep one of them.", column=name)
    missing = _report_missing(table, names, below, errors)
    if repeated or missing:
        return None
    _warn_of_near_names(table, names, warnings)
    return names


def _report_unfit_names(table: str, names: list[str], errors: Findings) -> bool:
    """Names too long to be one, or with characters that no text may hold."""
    too_long = [name for name in names if len(name) > MAX_ID_CHARS]
    odd = [name for name in names if not texts.is_clean(name)]
    for name in too_long:
        message = f"A column's name has {len(name):,} characters; the limit is {MAX_ID_CHARS}."
        column = texts.visible(name[:MAX_ID_CHARS])
        errors.file(table, Code.TOO_LONG, message, "Shorten it.", column=column)
    for name in odd:
        shown = texts.visible(name[:MAX_ID_CHARS])
        message = f"The column name {shown!r} holds {texts.named(name)}."
        errors.file(table, Code.CONTROL_CHARACTER, message, "Rename the column.", column=shown)
    return bool(too_long or odd)


def _warn_of_blanks(table: str, header: Iterable[str], warnings: Findings) -> None:
    for label in header:
        if label != label.strip():
            warnings.file(
                table,
                Code.SURROUNDING_BLANKS,
                f"The column name {label!r} begins or ends with blanks; it is read as {name_of(label)!r}.",
                "Remove the blanks.",
                column=name_of(label),
                row=1,
            )


def _warn_of_near_names(table: str, names: list[str], warnings: Findings) -> None:
    """A column named nearly as one that Tenor reads is probably meant to be it; others are attributes, and listed."""
    known = [column.name for column in BY_NAME[table].columns]
    elsewhere = {column.name for each in BY_NAME.values() for column in each.columns}
    left = [name for name in names if name and name not in elsewhere and not name.startswith(TAG)]
    for name in left:
        near = nearest_column(name, known, brought=names)
        if near is not None:
            warnings.file(
                table,
                Code.UNKNOWN_COLUMN,
                f"{name} is no column that Tenor reads, and it is kept as an attribute. The nearest is {near}.",
                f"Rename it to {near} if that is what it is.",
                column=name,
                row=1,
                value=name,
            )


def _report_missing(table: str, names: list[str], below: Sequence[Sequence[str]], errors: Findings) -> bool:
    required = [column.name for column in BY_NAME[table].columns if column.required]
    missing = [name for name in required if name not in names]
    under_title = _header_below(required, names, below) if missing else None
    if under_title is not None:
        title = next((name for name in names if name), "")
        errors.file(
            table,
            Code.MISSING_COLUMN,
            f"The first row is no header ({title!r}); the column names stand in row {under_title}.",
            f"Delete the rows above row {under_title}: the header is the first row.",
            value=title,
        )
        return True
    for name in missing:
        near = next((each for each in names if each and nearest_column(each, [name], brought=())), None)
        hint = f", or rename {near} to it" if near else ""
        errors.file(
            table,
            Code.MISSING_COLUMN,
            f"The column {name} is required and not in the header, which has {_listed(names)}.",
            f"Add the column {name}{hint}.",
            column=name,
        )
    return bool(missing)


def _header_below(required: list[str], names: list[str], below: Sequence[Sequence[str]]) -> int | None:
    """The number of the row that holds every required name, where the first holds none."""
    if set(required) & set(names):
        return None
    for number, row in enumerate(below[:_MAX_TITLE_ROWS], start=2):
        if set(required) <= {name_of(cell) for cell in row}:
            return number
    return None


def _listed(names: list[str]) -> str:
    named = [name[:40] for name in names if name]
    more = f" and {len(named) - _MAX_LISTED} more" if len(named) > _MAX_LISTED else ""
    return ", ".join(named[:_MAX_LISTED]) + more if named else "no names"


def named_columns(table: str, names: list[str], columns: list[Cells], errors: Findings) -> dict[str, Cells]:
    """The columns by name. One without a name is nothing while it is empty, as spreadsheets leave them behind."""
    for place, (name, cells) in enumerate(zip(names, columns, strict=True), start=1):
        if not name and (cells.codes >= 0).any():
            errors.file(
                table, Code.UNNAMED_COLUMN, f"Column {place} has values and no name.", "Name the column in the header."
            )
    return {name: cells for name, cells in zip(names, columns, strict=True) if name}
