"""Find the tables in what the user points at: a folder of CSV and Parquet files, or one workbook."""

from difflib import get_close_matches
from pathlib import Path

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Budget, Spent
from commands.ingestion.raw_tables import FileInfo, RawTable, Source
from commands.ingestion.read_csv import read_csv
from commands.ingestion.read_parquet import read_parquet
from commands.ingestion.read_xlsx import read_xlsx
from domain.portfolio.tables import BY_NAME, TABLES

_READERS = {".csv": read_csv, ".parquet": read_parquet}
_WITH_MACROS = {".xlsm", ".xlsb", ".xltm", ".xlam"}
_MAX_LISTED = 12
_LOOKS_LIKE_A_TABLE = {".csv", ".parquet", ".xlsx", ".xls", ".xlsm", ".ods", ".tsv", ".txt"}


def read_source(source: Path, errors: Findings, warnings: Findings, spent: Spent | None = None) -> Source:
    """Every table that could be read; what could not is in `errors`."""
    spent = spent or Spent(Budget())
    workbook = _only_workbook(source) if source.is_dir() else source
    if workbook is not None and workbook.suffix.lower() == ".xlsx" and workbook.is_file():
        found = _read_workbook(workbook, errors, warnings, spent)
    elif source.is_dir():
        found = _read_folder(source, errors, warnings, spent)
    else:
        found = Source()
        _report_no_source(source, errors)
        return found
    _report_missing_and_empty(found, errors)
    return found


def _only_workbook(folder: Path) -> Path | None:
    """A folder without tables that holds one workbook stands for the workbook."""
    paths = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(("~$", "."))]
    books = [path for path in paths if path.suffix.lower() == ".xlsx"]
    tables = [path for path in paths if table_of(path.stem) in BY_NAME and path.suffix.lower() in _READERS]
    return books[0] if len(books) == 1 and not tables else None


def _report_no_source(source: Path, errors: Findings) -> None:
    if source.suffix.lower() in _WITH_MACROS:
        message, fix = f"{source.name} is of a kind that carries macros.", "Save it as .xlsx."
        errors.file("", Code.MACRO, message, fix, value=str(source))
        return
    if source.exists():
        message, fix = f"{source} is neither a folder nor an .xlsx workbook.", "Point at the folder of the tables."
    else:
        message, fix = f"There is no {source}.", "Check the path."
    errors.file("", Code.MISSING_SOURCE, message, fix, value=str(source))


def table_of(label: str) -> str:
    """The name of a table as a file or a sheet says it, without regard to case or blanks around it."""
    return label.strip().lower()


def _read_folder(folder: Path, errors: Findings, warnings: Findings, spent: Spent) -> Source:
    tables: dict[str, RawTable] = {}
    files: list[FileInfo] = []
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    ours = [path for path in paths if table_of(path.stem) in BY_NAME and path.suffix.lower() in _READERS]
    others = [path for path in paths if path not in ours and path.suffix.lower() in _LOOKS_LIKE_A_TABLE]
    for path in others:
        _warn_of_unknown(path.stem, path.name, warnings)
    for name in BY_NAME:
        versions = [path for path in ours if table_of(path.stem) == name]
        if len(versions) > 1:
            both = " and ".join(path.name for path in versions)
            errors.file(name, Code.DUPLICATE_TABLE, f"The table is there twice: {both}.", "Keep one of them.")
        for path in versions:
            table, info = _READERS[path.suffix.lower()](name, path, errors, warnings, spent)
            files.append(info)
            if table is not None:
                tables[name] = table
    brought = {table_of(path.stem) for path in ours}
    there = [path.name for path in (*ours, *others)] or [path.name for path in paths]
    return _with_missing_noted(Source(tables, files), brought, f"The folder holds {listed(there)}.", errors)


def _read_workbook(path: Path, errors: Findings, warnings: Findings, spent: Spent) -> Source:
    tables, info, sheets = read_xlsx(path, errors, warnings, spent)
    for sheet in sheets:
        if table_of(sheet) not in BY_NAME:
            _warn_of_unknown(sheet, f"The sheet {sheet}", warnings)
    found = Source(tables, [info])
    if not sheets:
        return found
    there = f"The workbook holds {listed(sheets)}."
    return _with_missing_noted(found, {table_of(sheet) for sheet in sheets}, there, errors)


def _warn_of_unknown(stem: str, shown: str, warnings: Findings) -> None:
    name = table_of(stem)
    near = get_close_matches(name, BY_NAME, n=1)
    fix = f"Rename it to {near[0]} if it is that table." if near else f"The tables are {', '.join(BY_NAME)}."
    warnings.file(stem, Code.UNKNOWN_TABLE, f"{shown} is none of the tables and was left aside.", fix)


def _with_missing_noted(found: Source, brought: set[str], there: str, errors: Findings) -> Source:
    """A required table that is absent; one that is there and unreadable has said so itself."""
    for table in TABLES:
        if table.required and table.name not in brought and table.name not in found.tables:
            errors.file(
                table.name,
                Code.MISSING_TABLE,
                f"There is no {table.name} table. {there}",
                f"Add {table.name}.csv, {table.name}.parquet or a sheet {table.name}.",
            )
    return found


def listed(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:_MAX_LISTED])
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return shown + more if names else "no files"


def _report_missing_and_empty(found: Source, errors: Findings) -> None:
    for name, table in found.tables.items():
        if not len(table.source_rows) and not table.unreadable_rows:
            errors.file(
                name,
                Code.NO_ROWS,
                f"{table.file} has a header and no rows.",
                "Add rows." if BY_NAME[name].required else "Add rows, or leave the table out.",
            )
