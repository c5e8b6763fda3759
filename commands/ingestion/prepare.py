"""The way from a folder or workbook to a portfolio ready to store: read, type, check, put in canonical form."""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commands.ingestion.attributes import attributes_of, expand_tags, type_attributes
from commands.ingestion.canonical import Canonical, canonical, content_sha256
from commands.ingestion.codes import Code
from commands.ingestion.control_totals import control_totals
from commands.ingestion.exposures.checks import check_exposures
from commands.ingestion.findings import Findings, RowError
from commands.ingestion.identifiers import check_identifiers
from commands.ingestion.limits import Budget, Spent
from commands.ingestion.outliers import warn_of_outliers
from commands.ingestion.percent import refuse_percent
from commands.ingestion.raw_tables import FileInfo, Source
from commands.ingestion.read_source import read_source
from commands.ingestion.references import Tables, check_references
from commands.ingestion.rejection import count_acceptable, report_unattributable, rows_to_keep
from commands.ingestion.terms import check_terms
from commands.ingestion.typed_columns import TypedTable, typed_table
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import TABLES

Array = np.ndarray[Any, Any]

Change = Callable[[Source, Findings], tuple[Source, dict[str, Any]]]
"""What is done to tables between reading and checking them, and by table what their lines say of it."""

MAX_LISTED = 1_000_000
"""Numbers of rows that a report lists for a table; it counts all."""


@dataclass(frozen=True)
class SourceRows:
    """Where the canonical rows of a table came from: row i stands in row `rows[i]` of `file`."""

    file: str
    rows: Array
    more: Mapping[str, Any] = field(default_factory=dict)
    """Where rows came from several files, were joined, or edited; see ops.audit.lineage.rows."""

    def as_json(self) -> str:
        numbers = pa.ListArray.from_arrays([0, len(self.rows)], pa.array(self.rows).cast(pa.string()))
        more = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in self.more.items())
        return f'{{"file":{json.dumps(self.file)},"rows":[{pc.binary_join(numbers, ",")[0]}]{more}}}'


@dataclass(frozen=True)
class Prepared:
    """What ingestion made of a source. `portfolio` and `sha256` are None when nothing may be stored.

    `rows`      rows found per table, blank lines aside
    `accepted`  rows to be stored: all, some under accept_valid, or none
    `acceptable`  rows that accept_valid would store: 0 where it cannot help, or where all of them are accepted
    `rejected`  rows with an error, and under accept_valid those that depend on one; `left_out` has their numbers
    `attributes`  by table, the columns that the contract does not name: kept to group, filter and match by
    `errors`    by table, row and column, at most findings.MAX_TOLD of them; `errors_total` counts all
    """

    portfolio: Portfolio | None
    sha256: str | None
    rows: Mapping[str, int]
    accepted: int
    acceptable: int
    rejected: int
    left_out: Mapping[str, Array]
    errors: list[RowError]
    errors_total: int
    errors_by_code: Mapping[str, int]
    warnings: list[RowError]
    warnings_total: int
    attributes: dict[str, list[str]]
    control_totals: dict[str, dict[str, float]]
    lines: Mapping[str, SourceRows]
    files: list[dict[str, str | int]] = field(default_factory=list)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Of the report, where the source was no folder of tables."""

    def report(self) -> dict[str, Any]:
        """The JSON document of the contract, section 7, without its snapshot_id; a count beside every capped list."""
        return {
            "sha256": self.sha256,
            "rows": dict(self.rows),
            "accepted": self.accepted,
            "acceptable": self.acceptable,
            "rejected": self.rejected,
            "errors": [asdict(error) for error in self.errors],
            "errors_total": self.errors_total,
            "errors_by_code": dict(self.errors_by_code),
            "warnings": [asdict(warning) for warning in self.warnings],
            "warnings_total": self.warnings_total,
            "left_out": {table: rows[:MAX_LISTED].tolist() for table, rows in self.left_out.items()},
            "left_out_total": {table: len(rows) for table, rows in self.left_out.items()},
            "attributes": self.attributes,
            "control_totals": self.control_totals,
            "files": self.files,
            **self.more,
        }

    def lines_document(self) -> bytes:
        """`lines` as JSON under zlib: {table: {"file": name, "rows": [row of each canonical row]}}."""
        tables = ",".join(f"{json.dumps(name)}:{each.as_json()}" for name, each in sorted(self.lines.items()))
        return zlib.compress(f"{{{tables}}}".encode(), level=1)


def prepare_portfolio(
    source: Path,
    *,
    accept_valid: bool = False,
    rates_are_decimals: bool = False,
    budget: Budget | None = None,
    change: Change | None = None,
) -> Prepared:
    """Everything that is wrong with the source, and the portfolio when nothing is, or when the rest will do.

    Under `rates_are_decimals` a column of rates that looks like percent is meant as it is.
    """
    errors, warnings = Findings(), Findings()
    found = read_source(source, errors, warnings, Spent(budget or Budget()))
    return prepare(
        found, errors, warnings, accept_valid=accept_valid, rates_are_decimals=rates_are_decimals, change=change
    )


def prepare(
    found: Source,
    errors: Findings,
    warnings: Findings,
    *,
    accept_valid: bool,
    rates_are_decimals: bool,
    change: Change | None = None,
) -> Prepared:
    """Of tables that were read already; what reading found is in `errors`, and what is found from here on too."""
    found, more = change(found, errors) if change else (found, {})
    tables = {
        table.name: typed_table(found.tables[table.name], errors, warnings)
        for table in TABLES
        if table.name in found.tables
    }
    found.tables.clear()
    attributes = {name: kept for name, table in tables.items() if (kept := attributes_of(table))}
    if not rates_are_decimals:
        refuse_percent(tables, errors)
    _check(tables, errors, warnings)
    if accept_valid:
        report_unattributable(tables, errors)
    storable = not errors.fatal and (accept_valid or errors.total == 0)
    keep = rows_to_keep(tables, errors) if storable else {}
    if storable and not keep["positions"].any():
        errors.file("positions", Code.NO_ROWS, "No position is left to store.", "Correct the errors, or add positions.")
        storable = False
    said = _said(tables, errors, warnings, found.files, attributes)
    if storable:
        return _with_portfolio(said, tables, canonical(tables, keep), more)
    return replace(said, acceptable=0 if accept_valid else count_acceptable(tables, errors))


def _check(tables: Tables, errors: Findings, warnings: Findings) -> None:
    for table in tables.values():
        expand_tags(table, errors)
        type_attributes(table, warnings)
        check_identifiers(table, errors, warnings)
    check_references(tables, errors)
    check_exposures(tables, errors)
    if "instruments" in tables:
        check_terms(tables, errors, warnings)
        warn_of_outliers(tables, warnings)


def _said(
    tables: Tables, errors: Findings, warnings: Findings, files: list[FileInfo], attributes: dict[str, list[str]]
) -> Prepared:
    bad = {name: errors.rows_of(table) for name, table in tables.items()}
    rows = {name: table.rows + len(table.unreadable_rows) for name, table in tables.items()}
    left_out = {name: _left_out(table, bad[name]) for name, table in tables.items()}
    return Prepared(
        portfolio=None,
        sha256=None,
        rows=rows,
        accepted=0,
        acceptable=0,
        rejected=sum(len(each) for each in left_out.values()),
        left_out={name: each for name, each in left_out.items() if len(each)},
        errors=errors.listed(),
        errors_total=errors.total,
        errors_by_code=errors.by_code(),
        warnings=warnings.listed(),
        warnings_total=warnings.total,
        attributes=attributes,
        control_totals={},
        lines={},
        files=[asdict(file) for file in files],
    )


def _with_portfolio(said: Prepared, tables: Tables, made: Canonical, more: Mapping[str, Any]) -> Prepared:
    return replace(
        said,
        portfolio=made.portfolio,
        sha256=content_sha256(made.portfolio),
        accepted=sum(len(kept) for kept in made.source_rows.values()),
        control_totals=control_totals(made.portfolio),
        lines={
            name: SourceRows(tables[name].file, each, more.get(name, {})) for name, each in made.source_rows.items()
        },
    )


def _left_out(table: TypedTable, bad: Array) -> Array:
    return np.sort(np.concatenate([table.source_rows[bad], np.asarray(table.unreadable_rows, dtype=np.int64)]))
