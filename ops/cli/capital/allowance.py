"""`tenor allowance show | rollforward`: the allowance of a run, by the policy that it pins."""

from typing import Annotated

import typer

from ops.cli.capital.reports import AsFormat, Run, ToFile, put, refuse_unknown_report
from ops.cli.options import A_RUN, AsJson, opened
from ops.ids import run_named

REPORTS = ("segments", "positions", "paths", "vintage", "past_due")


def register(app: typer.Typer) -> None:
    allowance = typer.Typer(help="Allowance for credit losses of a run, by its policy.", no_args_is_help=True)
    allowance.command("show")(show)
    allowance.command("rollforward")(rollforward)
    app.add_typer(allowance, name="allowance")


def show(
    context: typer.Context,
    run: Run,
    report: Annotated[str, typer.Option(help=", ".join(REPORTS))] = REPORTS[0],
    format: AsFormat = None,
    out: ToFile = None,
    as_json: AsJson = False,
) -> None:
    """The allowance by segment or position, its paths, and the tables that are disclosed."""
    refuse_unknown_report(report, REPORTS)
    from ops.regulatory.allowance import AllowanceOfRuns
    from query_api.services.allowance import AllowanceReport

    with opened(context) as tenor:
        run_id = run_named(tenor.storage, run)
        found = AllowanceOfRuns(tenor.storage).report(run_id, AllowanceReport(report))
    put(found, f"run-{run_id}-allowance-{report}", format, out, as_json)


def rollforward(
    context: typer.Context,
    from_run: Annotated[str, typer.Option("--from", help=A_RUN)],
    to_run: Annotated[str, typer.Option("--to", help=A_RUN)],
    format: AsFormat = None,
    out: ToFile = None,
    as_json: AsJson = False,
) -> None:
    """Why the allowance moved from one run to another; the parts add up to the closing."""
    from ops.regulatory.allowance import AllowanceOfRuns
    from query_api.services.allowance import note_of

    with opened(context) as tenor:
        runs = [run_named(tenor.storage, each) for each in (from_run, to_run)]
        found = AllowanceOfRuns(tenor.storage).rollforward(*runs)
    if note_of(found):
        typer.echo(note_of(found), err=True)
    put(found, f"run-{runs[1]}-rollforward", format, out, as_json)
