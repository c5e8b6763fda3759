"""What commands that print a report of a run have in common: their options, and how the table is written."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.refusals import Refused
from ops.cli.options import A_RUN
from ops.cli.results import Format, format_of, write

if TYPE_CHECKING:
    import pyarrow as pa

Run = Annotated[str, typer.Argument(help=A_RUN)]
AsFormat = Annotated[
    Format | None, typer.Option("--format", help="How to write it; by default a table on a terminal, else csv.")
]
ToFile = Annotated[Path | None, typer.Option("--out", help="A file; stdout by default.")]


def refuse_unknown_report(report: str, known: Collection[str]) -> None:
    if report not in known:
        raise Refused("UNKNOWN_REPORT", f"there is no report {report!r}", f"use one of {', '.join(known)}")


def put(found: "pa.Table", name: str, format: Format | None, out: Path | None, as_json: bool) -> None:
    from query_api.results.table import ResultTable

    write(ResultTable.of(found, name), "", format_of(format, as_json, out), out)
