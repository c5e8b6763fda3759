"""`tenor var`, `tenor backtest`: what a run may lose, and whether such figures have kept their promise."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.refusals import Refused
from ops.cli.files import read_bytes
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.output import Output
from ops.cli.results import Format, write_file

FIGURES = ("pv_base", "var_base", "es_base", "component_var_base", "component_es_base", "incremental_var_base")
HEADINGS = ("value", "VaR", "ES", "VaR due", "ES due", "VaR less")

Confidence = Annotated[float, typer.Option(help="Of the value at risk.")]
Node = Annotated[str | None, typer.Option(help="One node of the tree; the whole run by default.")]
History = Annotated[str | None, typer.Option(help="A scenario set, with its version or the latest; the run's own.")]


class Method(StrEnum):
    historical = "historical"
    parametric = "parametric"


def register(app: typer.Typer) -> None:
    app.command("var")(value_at_risk)
    app.command()(backtest)


def value_at_risk(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help=A_RUN)],
    node: Node = None,
    by: Annotated[str | None, typer.Option(help="desk, book, node, currency, sector, …; factor if parametric.")] = None,
    contributions: Annotated[bool, typer.Option("--contributions", help="--by children: the next level down.")] = False,
    method: Annotated[Method, typer.Option(help="Full revaluation, or sensitivities.")] = Method.historical,
    history: History = None,
    confidence: Confidence = 0.99,
    es_confidence: Annotated[float, typer.Option(help="Of the expected shortfall.")] = 0.975,
    decay: Annotated[
        float | None, typer.Option(help="Parametric: 0.94 forgets; days weigh the same without it.")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="A table to a file or stdout.")] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Value at risk and expected shortfall, and what of them is due to each part."""
    from query_api.value_at_risk.historical import historical_var
    from query_api.value_at_risk.parametric import parametric_var
    from query_api.value_at_risk.rows import Asked

    with opened(context) as tenor, tenor.database.connect() as connection, answered():
        asked = Asked(by or ("children" if contributions else None), node, confidence, es_confidence)
        held = tenor.storage.portfolio
        if method is Method.historical:
            rows = historical_var(connection, run, asked, history=history, load_portfolio=held)
        else:
            market = tenor.storage.market
            rows = parametric_var(connection, run, asked, held, market, history=history, decay=decay)
    if format in (None, Format.table) or as_json:
        Output(as_json).show(rows, *lines(rows))
    else:
        write_rows(rows, format, out)


def backtest(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="CSV with date,pnl,var; a run's own history without it.")] = None,
    run: Annotated[str | None, typer.Option("--run", help="A run over a history.")] = None,
    node: Node = None,
    history: History = None,
    window: Annotated[int, typer.Option(min=2, help="Days that each VaR of a run is made of.")] = 250,
    confidence: Confidence = 0.99,
    as_json: AsJson = False,
) -> None:
    """How many days lost more than the VaR, and whether that is too many or too close together."""
    from query_api.value_at_risk.backtests import backtest_file, backtest_run

    if (file is None) == (run is None):
        raise typer.BadParameter("name a FILE, or a run with --run")
    if file is not None:
        raw = read_bytes(file)
        with answered():
            document = backtest_file(raw, confidence)
    else:
        with opened(context) as tenor, tenor.database.connect() as connection, answered():
            document = backtest_run(
                connection,
                str(run),
                node=node,
                history=history,
                confidence=confidence,
                window=window,
                load_portfolio=tenor.storage.portfolio,
            )
    Output(as_json).show(document, *backtest_lines(document))


@contextmanager
def answered() -> Iterator[None]:
    """A question without an answer is one problem with its fix."""
    from query_api.errors import QueryRefused

    try:
        yield
    except QueryRefused as refused:
        raise Refused("VAR_REFUSED", refused.message, refused.fix, refused.problems) from refused


def write_rows(rows: list[dict[str, Any]], format: Format, out: Path | None) -> None:
    from query_api.export import write
    from query_api.value_at_risk.rows import tail_table

    table = tail_table(rows)
    if out is None:
        write(table, format.value, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        write_file(table, format.value, out)


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """The whole's figures in words, then a table of the parts."""
    whole = rows[0]
    currency, confidence, es_confidence = whole["base_currency"], whole["confidence"], whole["es_confidence"]
    said = [
        f"{whole['method']}, {whole['scenarios']} moves of {whole['history']}, in {currency}",
        f"VaR {100 * confidence:g} %   {amount(whole['var_base'])}"
        f"   ({amount(whole['var_low_base'])} to {amount(whole['var_high_base'])})   {whole['var_scenario_id'] or ''}",
        f"ES {100 * es_confidence:g} %  {amount(whole['es_base'])}   (+- {amount(whole['es_standard_error_base'])})",
    ]
    if whole["left_out"]:
        said.append(f"{whole['left_out']:,} of {whole['positions']:,} positions have no value and are left out")
    said += [whole["note"]] if whole["note"] else []
    if len(rows) > 1:
        width = max(len(row["key"]) for row in rows)
        said.append(f"{whole['node'] or rows[1]['by']:{width}}" + "".join(f"{heading:>18}" for heading in HEADINGS))
        said += [f"{row['key']:{width}}" + "".join(f"{amount(row[name]):>18}" for name in FIGURES) for row in rows[1:]]
    return said


def amount(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def backtest_lines(found: dict[str, Any]) -> list[str]:
    days, exceptions = found["days"], found["exceptions"]
    said = [
        f"{exceptions} of {days} days lost more than the VaR; {found['expected_exceptions']:.2g} were to be expected",
        f"zone        {found['zone']} (so many or fewer: {100 * found['cumulative_probability']:.2f} %)",
    ]
    for name, what in (("kupiec", "number"), ("independence", "order"), ("conditional_coverage", "both")):
        verdict = "rejected at 5 %" if found[f"{name}_rejects"] else "not rejected"
        said.append(f"{what:<11} LR {found[f'{name}_lr']:.3f}, p-value {found[f'{name}_p_value']:.4f}: {verdict}")
    return said + [
        f"  {day['date']}  {amount(day['pnl'])} against {amount(day['var'])}" for day in found["exception_days"]
    ]
