"""`tenor compare FROM TO`: what is new, gone and changed from one run to another, by group or by position."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.refusals import Refused
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.results import Format, format_of, write
from ops.ids import run_named

if TYPE_CHECKING:
    from query_api.results.chosen.fields import NamedPortfolio

NOT_FOUND = "summed from positions"


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    context: typer.Context,
    from_run: Annotated[str, typer.Argument(metavar="FROM", help=A_RUN)],
    to_run: Annotated[str, typer.Argument(metavar="TO", help=A_RUN)],
    measure: Annotated[str, typer.Option(help="An amount: PV, DV01, CS01, …")] = "PV",
    scenario: Annotated[str, typer.Option(help="Of both runs.")] = "BASE",
    by: Annotated[str, typer.Option(help="total, node, desk, book, currency, an attribute, …")] = "total",
    node: Annotated[str | None, typer.Option(help="Positions of this node and below, in either run.")] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="In place of groups: so many positions that moved most.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="How to write it; by default a table on a terminal, else csv.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """From, new, gone, changed, to, in base currency. Nothing is revalued."""
    from query_api.errors import QueryRefused
    from query_api.results.differences.by_group import differences
    from query_api.results.differences.movers import movers
    from query_api.results.differences.sides import Question, both_sides
    from query_api.results.table import ResultTable

    chosen = format_of(format, as_json, out)
    with opened(context) as tenor, tenor.database.connect() as connection:
        earlier, later = (run_named(tenor.storage, run) for run in (from_run, to_run))

        def load_book(sha256: str) -> "NamedPortfolio":
            from query_api.results.chosen.fields import NamedPortfolio

            return NamedPortfolio(tenor.storage.portfolio(sha256))

        try:
            both = both_sides(connection, Question(earlier, later, measure, scenario, node), load_book)
            found = movers(both, top) if top else differences(both, by)
        except QueryRefused as refused:
            raise Refused("COMPARE_REFUSED", str(refused), refused.fix) from refused
    write(ResultTable.of(found, f"compare-{earlier}-{later}"), NOT_FOUND, chosen, out)
