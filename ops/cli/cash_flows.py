"""`tenor cashflows RUN`: what will be paid, when: schedules of positions, decrement tables and pools of deals."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.refusals import Refused
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.results import Format, format_of, write
from ops.ids import run_named

if TYPE_CHECKING:
    from query_api.services.cashflow import AskedFlows

BASES = ("BEHAVIOURAL", "CONTRACTUAL")


def register(app: typer.Typer) -> None:
    app.command("cashflows")(cash_flows)


def cash_flows(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help=A_RUN)],
    position: Annotated[str | None, typer.Option(help="The schedule of this position.")] = None,
    deal: Annotated[str | None, typer.Option(help="Every tranche of this deal, by distribution.")] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="Of the deal what its lines collect, and where it goes.")
    ] = False,
    scenario: Annotated[str | None, typer.Option(help="One scenario; all that the run keeps by default.")] = None,
    basis: Annotated[str, typer.Option(help="BEHAVIOURAL, or CONTRACTUAL: no prepayment, default or call.")] = BASES[0],
    format: Annotated[
        Format | None, typer.Option(help="How to write it; by default a table on a terminal, else csv.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cash flows of a run after its date, worked out by the kernels that priced it."""
    asked = asked_of(position, deal, pool, scenario, basis)
    from ops.cash_flows import cash_flows_of_run
    from query_api.results.table import ResultTable

    with opened(context) as tenor:
        run_id = run_named(tenor.storage, run)
        flows = cash_flows_of_run(tenor.storage, run_id, asked)
    write(ResultTable.of(flows, f"run-{run_id}-{asked.shown}"), "", format_of(format, as_json, out), out)


def asked_of(position: str | None, deal: str | None, pool: bool, scenario: str | None, basis: str) -> "AskedFlows":
    from query_api.services.cashflow import AskedFlows, Basis, Shown

    if (position is None) == (deal is None):
        raise Refused("WHAT_IS_SHOWN", "one thing is shown at a time", "name a --position, or a --deal")
    if pool and deal is None:
        raise Refused("WHAT_IS_SHOWN", "a pool is a deal's", "name a --deal")
    if basis.upper() not in BASES:
        raise Refused("UNKNOWN_BASIS", f"there is no basis {basis!r}", f"use {' or '.join(BASES)}")
    shown = Shown.POSITION if position is not None else Shown.POOL if pool else Shown.DEAL
    return AskedFlows(shown, position or deal or "", scenario, Basis(basis.upper()))
