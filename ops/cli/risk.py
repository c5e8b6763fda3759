"""`tenor risk quotes`: DV01 by market quote."""

from typing import Annotated

import typer

from domain.documents import JsonObject
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.output import Output
from ops.ids import run_named


def register(app: typer.Typer) -> None:
    risk = typer.Typer(help="Risk that is worked out when asked for.", no_args_is_help=True)
    risk.callback()(group)
    risk.command()(quotes)
    app.add_typer(risk, name="risk")


def group() -> None:
    """One command so far, and it has a name."""


def quotes(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help=A_RUN)],
    node: Annotated[str | None, typer.Option(help="Positions of this node and below; all by default.")] = None,
    position: Annotated[str | None, typer.Option(help="One position alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """DV01 by market quote: gain when a quote falls by a basis point and its curves are solved again."""
    from compute.engine_version import pin_arithmetic
    from ops.processes.kernel_cache import use_numba_cache

    pin_arithmetic()  # as the workers do, before numpy is there: their compiled kernels are these
    with opened(context) as tenor:
        use_numba_cache(tenor.settings)
        from ops.quote_risk import quotes_of_run

        document = quotes_of_run(tenor.storage, run_named(tenor.storage, run), node, position)
    show_quotes(Output(as_json), document)


def show_quotes(output: Output, document: JsonObject) -> None:
    lines = [
        f"{one['curve_id']:<20} {one['type']:<8} {one['tenor']:<11} {one['rate']:>10.6f} {one['dv01_base']:>16,.2f}"
        for one in document["quotes"]
    ]
    left_out = f", {document['left_out']} left out" if document["left_out"] else ""
    told = f"{document['positions']} positions{left_out}; {document['base_currency']} for a fall of a basis point"
    output.show(document, *lines, told)
