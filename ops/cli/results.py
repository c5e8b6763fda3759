"""`tenor results`: position results, or totals; every row, in the format asked for."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.refusals import Refused
from ops.cli.options import AsJson, opened

if TYPE_CHECKING:
    from ops.wiring import Tenor


class Format(StrEnum):
    csv = "csv"
    parquet = "parquet"
    arrow = "arrow"
    xlsx = "xlsx"
    json = "json"


def register(app: typer.Typer) -> None:
    app.command()(results)


def results(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run id.")],
    scenario: Annotated[str | None, typer.Option(help="One scenario; all by default.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Totals by book, desk, fund, product_type, currency, …, an attribute or tag:KEY.")
    ] = None,
    measures: Annotated[str, typer.Option(help="`PV,DV01`; all that the run has by default.")] = "",
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.csv,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Results of a run, never truncated."""
    from query_api.errors import QueryRefused
    from query_api.export import write

    chosen = Format.json if as_json else format
    with opened(context) as tenor, tenor.database.connect() as connection:
        try:
            table = read(tenor, connection, run, scenario, by, measures)
        except QueryRefused as refused:
            raise Refused("RESULTS_REFUSED", str(refused), refused.fix) from refused
        if out is None:
            write(table, chosen.value, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            write_file(table, chosen.value, out)


def read(tenor: "Tenor", connection: Any, run: str, scenario: str | None, by: str | None, measures: str) -> Any:
    from query_api.results.table import position_results
    from query_api.results.totals import totals

    names = [name.strip() for name in measures.split(",") if name.strip()] or None
    if not by:
        return position_results(connection, run, scenario=scenario, measures=names)

    load = tenor.storage.portfolio
    return totals(connection, run, by, scenario=scenario, measures=names, load_portfolio=load)


def write_file(table: Any, format: str, out: Path) -> None:
    """Beside the file first, then renamed: a file that is there is whole."""
    from query_api.export import write

    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("wb") as file:
            write(table, format, file)
    except OSError as error:
        raise Refused("CANNOT_WRITE", f"cannot write {out}: {error.strerror}", "choose another --out") from error
    partial.replace(out)
