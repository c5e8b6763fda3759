"""`tenor results`: position results, or totals; every row in the format asked for, or what fits on a terminal."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.refusals import Refused
from ops.cli.options import A_RUN, AsJson, opened

if TYPE_CHECKING:
    from ops.wiring import Tenor
    from query_api.reading import Connection
    from query_api.results.chosen.positions import Question
    from query_api.results.table import ResultTable


class Format(StrEnum):
    csv = "csv"
    parquet = "parquet"
    arrow = "arrow"
    xlsx = "xlsx"
    json = "json"
    table = "table"


def register(app: typer.Typer) -> None:
    app.command()(results)


def results(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help=A_RUN)],
    scenario: Annotated[str | None, typer.Option(help="One scenario; all by default.")] = None,
    by: Annotated[
        str | None,
        typer.Option(help="Totals by book, desk, fund, currency, …, an attribute, tag:KEY; several; fico:620,680,740."),
    ] = None,
    where: Annotated[str | None, typer.Option(help="`fico>=700 and state in (CA, NY)`.")] = None,
    node: Annotated[str | None, typer.Option(help="Positions of this node and below.")] = None,
    columns: Annotated[str, typer.Option(help="`pv,dv01_base`: these numbers and no others.")] = "",
    attached: Annotated[
        str, typer.Option("--with", help="`notional,state`: columns of positions, instruments, issuers.")
    ] = "",
    sort: Annotated[str | None, typer.Option(help="`-pv_base,fico`; - before what falls.")] = None,
    prefix: Annotated[str | None, typer.Option("--q", help="The beginning of position ids.")] = None,
    measures: Annotated[str, typer.Option(help="`PV,DV01`; all that the run has by default.")] = "",
    format: Annotated[
        Format | None, typer.Option(help="How to write it; by default a table on a terminal, else csv.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Results of a run, never truncated in silence."""
    from query_api.errors import QueryRefused
    from query_api.results.chosen.positions import Question
    from query_api.results.chosen.selection import Wanted

    wanted = Wanted(where, node, prefix, sort)
    question = Question(scenario, words(measures) or None, words(columns) or None, words(attached), wanted)
    chosen = format_of(format, as_json, out)
    with opened(context) as tenor, tenor.database.connect() as connection:
        try:
            table, found_by = read(tenor, connection, run, by, question)
            write(table, found_by, chosen, out)
        except QueryRefused as refused:
            code = "RESULTS_REFUSED" if refused.code in ("BAD_QUERY", "NOT_FOUND") else refused.code
            raise Refused(code, str(refused), refused.fix) from refused


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def format_of(asked: Format | None, as_json: bool, out: Path | None) -> Format:
    if as_json:
        return Format.json
    if asked is not None:
        return asked
    return Format.table if out is None and sys.stdout.isatty() else Format.csv


def read(
    tenor: "Tenor", connection: "Connection", run: str, by: str | None, question: "Question"
) -> "tuple[ResultTable, str]":
    """The table, and how its rows were found."""
    from query_api.results.chosen.fields import NamedPortfolio
    from query_api.results.chosen.positions import positions_asked

    def load_book(sha256: str) -> NamedPortfolio:
        return NamedPortfolio(tenor.storage.portfolio(sha256))

    if not by:
        answer = positions_asked(connection, run, question, load_book)
        return answer.table, answer.found_by
    from query_api.results.columns import layout
    from query_api.results.table import ResultTable
    from query_api.results.totals import totals_asked
    from query_api.runs import queryable_run

    refuse_what_rows_have(attached=question.attached, sort=question.wanted.sort, prefix=question.wanted.q)
    found = queryable_run(connection, run)
    totals = totals_asked(
        connection,
        found,
        by,
        layout(found, question.measures, question.columns),
        scenario=question.scenario,
        wanted=question.wanted,
        load_book=load_book,
    )
    if totals.note:
        typer.echo(totals.note, err=True)
    return ResultTable.of(totals.table, f"run-{found.run_id}-totals"), totals.found_by


def refuse_what_rows_have(*, attached: object, sort: str | None, prefix: str | None) -> None:
    """Totals have none of it."""
    for name, said in (("--with", attached), ("--sort", sort), ("--q", prefix)):
        if said:
            fix = f"leave {name} out, or leave --by out for positions"
            raise Refused("RESULTS_REFUSED", f"{name} is of position rows, and --by asks for totals", fix)


def write(table: "ResultTable", found_by: str, format: Format, out: Path | None) -> None:
    if format is Format.table:
        from ops.cli.result_table import lines_of

        text = "".join(f"{line}\n" for line in lines_of(table, found_by))
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, encoding="utf-8")
    elif out is None:
        from query_api.export import write as write_to

        write_to(table, format.value, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        write_file(table, format.value, out)


def write_file(table: "ResultTable", format: str, out: Path) -> None:
    """Beside the file first, then renamed: a file that is there is whole."""
    from query_api.export import write as write_to

    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("wb") as file:
            write_to(table, format, file)
    except OSError as error:
        raise Refused("CANNOT_WRITE", f"cannot write {out}: {error.strerror}", "choose another --out") from error
    partial.replace(out)
