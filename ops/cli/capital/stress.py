"""`tenor stress show`: losses and capital along a run's scenarios, macro paths, and rate shocks of the banking book."""

from typing import Annotated

import typer

from ops.cli.capital.reports import AsFormat, Run, ToFile, put, refuse_unknown_report
from ops.cli.options import AsJson, opened
from ops.ids import run_named

REPORTS = ("path", "losses", "scb", "macro", "irrbb", "irrbb_nodes")


def register(app: typer.Typer) -> None:
    stress = typer.Typer(help="Stress of a run: losses, capital and rate shocks.", no_args_is_help=True)
    stress.callback()(lambda: None)  # so that `show` stays a word of its own
    stress.command("show")(show)
    app.add_typer(stress, name="stress")


def show(
    context: typer.Context,
    run: Run,
    report: Annotated[str, typer.Option(help=", ".join(REPORTS))] = REPORTS[0],
    scenario: Annotated[str | None, typer.Option(help="One scenario; all that have it by default.")] = None,
    format: AsFormat = None,
    out: ToFile = None,
    as_json: AsJson = False,
) -> None:
    """Capital along a scenario, the losses behind it, the buffer, macro paths, or interest rate shocks."""
    refuse_unknown_report(report, REPORTS)
    from ops.regulatory.stress import stress_of_run
    from query_api.services.stress import StressReport

    with opened(context) as tenor:
        run_id = run_named(tenor.storage, run)
        found = stress_of_run(tenor.storage, run_id, StressReport(report), scenario)
    put(found, f"run-{run_id}-{report}", format, out, as_json)
