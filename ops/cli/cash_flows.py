"""`tenor cashflows RUN`: what will be paid, when: schedules of positions, decrement tables and pools of deals."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.refusals import Refused
from ops.cli.options import AsJson, opened
from ops.cli.results import Format, write_file

if TYPE_CHECKING:
    from query_api.services.cashflow import AskedFlows

BASES = ("BEHAVIOURAL", "CONTRACTUAL")


def register(app: typer.Typer) -> None:
    app.command("cashflows")(cash_flows)


def cash_flows(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run id.")],
    position: Annotated[str | None, typer.Option(help="The schedule of this position.")] = None,
    deal: Annotated[str | None, typer.Option(help="Every tranche of this deal, by distribution.")] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="Of the deal what its lines collect, and where it goes.")
    ] = False,
    scenario: Annotated[str | None, typer.Option(help="One scenario; all that the run keeps by default.")] = None,
    basis: Annotated[str, typer.Option(help="BEHAVIOURAL, or CONTRACTUAL: no prepayment, default or call.")] = BASES[0],
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.csv,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cash flows of a run after its date, worked out by the kernels that priced it."""
    asked = asked_of(position, deal, pool, scenario, basis)
    from ops.cash_flows import cash_flows_of_run
    from query_api.export import write

    chosen = Format.json if as_json else format
    with opened(context) as tenor:
        table = cash_flows_of_run(tenor.storage, run, asked)
    if out is None:
        write(table, chosen.value, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        write_file(table, chosen.value, out)


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
