"""`tenor limits check`: a run against the limits of its policy."""

import typer

from ops.cli.capital.reports import AsFormat, Run, ToFile, put
from ops.cli.options import AsJson, opened
from ops.ids import run_named


def register(app: typer.Typer) -> None:
    limits = typer.Typer(help="Limits of a run's policy.", no_args_is_help=True)
    limits.command("check")(check)
    limits.callback()(lambda: None)
    app.add_typer(limits, name="limits")


def check(
    context: typer.Context, run: Run, format: AsFormat = None, out: ToFile = None, as_json: AsJson = False
) -> None:
    """What is used of each limit: OK, WARN or BREACH. A breach is recorded, once."""
    from ops.regulatory.capital import CapitalOfRuns
    from ops.regulatory.limits import checked_limits

    with opened(context) as tenor:
        run_id = run_named(tenor.storage, run)
        found = checked_limits(tenor.storage, CapitalOfRuns(tenor.storage), tenor.envelope(), run_id)
    put(found, f"run-{run_id}-limits", format, out, as_json)
