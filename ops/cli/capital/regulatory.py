"""`tenor regulatory show | explain | compare`: capital of a run, worked out by the rules that it pins."""

from typing import Annotated, Any

import typer

from ops.cli.capital.reports import AsFormat, Run, ToFile, put, refuse_unknown_report
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.output import Output
from ops.ids import run_named

REPORTS = (
    "capital",
    "exposures",
    "netting_sets",
    "hedging_sets",
    "trades",
    "concentration",
    "migration",
    "economic_capital",
    "frtb",
)


def register(app: typer.Typer) -> None:
    regulatory = typer.Typer(help="Capital of a run, by the rules that it names.", no_args_is_help=True)
    regulatory.command("show")(show)
    regulatory.command("explain")(explain)
    regulatory.command("compare")(compare)
    app.add_typer(regulatory, name="regulatory")


def show(
    context: typer.Context,
    run: Run,
    report: Annotated[str, typer.Option(help=", ".join(REPORTS))] = REPORTS[0],
    by: Annotated[str | None, typer.Option(help="A column in place of nodes; of concentration its groups.")] = None,
    years: Annotated[int, typer.Option(help="Of migration: powers of the matrix up to this one.")] = 1,
    format: AsFormat = None,
    out: ToFile = None,
    as_json: AsJson = False,
) -> None:
    """Capital at nodes, exposures, netting sets, concentrations, migration, trading book sensitivities."""
    refuse_unknown_report(report, REPORTS)
    from ops.regulatory.capital import CapitalOfRuns
    from query_api.services.regulatory import Report

    with opened(context) as tenor:
        run_id = run_named(tenor.storage, run)
        found = CapitalOfRuns(tenor.storage).report(run_id, Report(report), by, years)
    put(found, f"run-{run_id}-{report}", format, out, as_json)


def explain(
    context: typer.Context,
    run: Run,
    exposure: Annotated[str, typer.Argument(help="A position or a netting set.")],
    as_json: AsJson = False,
) -> None:
    """Rule, paragraph, inputs and arithmetic of one exposure's figures."""
    from ops.regulatory.capital import CapitalOfRuns

    with opened(context) as tenor:
        document = CapitalOfRuns(tenor.storage).explanation(run_named(tenor.storage, run), exposure)
    Output(as_json).show(document, *lines_of(document))


def compare(
    context: typer.Context,
    from_run: Annotated[str, typer.Option("--from", help=A_RUN)],
    to_run: Annotated[str, typer.Option("--to", help=A_RUN)],
    format: AsFormat = None,
    out: ToFile = None,
    as_json: AsJson = False,
) -> None:
    """Why risk-weighted assets moved from one run to another."""
    from ops.regulatory.capital import CapitalOfRuns

    with opened(context) as tenor:
        runs = [run_named(tenor.storage, each) for each in (from_run, to_run)]
        found = CapitalOfRuns(tenor.storage).comparison(*runs)
    put(found, f"run-{runs[1]}-compare", format, out, as_json)


def lines_of(document: dict[str, Any]) -> list[str]:
    lines = [document["exposure_id"]]
    for each in document["measures"]:
        value = each["reason"] if each["value"] is None else f"{each['value']:,.2f}"
        lines.append(f"{each['measure']:<10}{value}  {each['rule_set']} {each['rule'] or ''} {each['paragraph'] or ''}")
        lines += [f"    {step['name']:<26}{step['value']:<22.12g}{step['arithmetic']}" for step in each["steps"]]
        lines += [f"    {given['name']:<26}{given['value']!s:<22}{given['from']}" for given in each["inputs"]]
    return lines
