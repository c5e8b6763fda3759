"""`tenor var`: what a run may lose, by its history or by its sensitivities."""

from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer

from commands.refusals import Refused
from ops.cli.options import AsJson, opened
from ops.cli.output import Output
from ops.wiring import Tenor


class Method(StrEnum):
    historical = "historical"


def register(app: typer.Typer) -> None:
    app.command("var")(value_at_risk)


def value_at_risk(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run id.")],
    node: Annotated[str | None, typer.Option(help="One node of the tree; the whole run by default.")] = None,
    by: Annotated[str | None, typer.Option(help="A row for each desk, book, node, currency, sector, …")] = None,
    contributions: Annotated[bool, typer.Option("--contributions", help="The same as --by children.")] = False,
    confidence: Annotated[float, typer.Option(help="Of the value at risk.")] = 0.99,
    es_confidence: Annotated[float, typer.Option(help="Of the expected shortfall.")] = 0.975,
    history: Annotated[str | None, typer.Option(help="A scenario set; the run's own by default.")] = None,
    method: Annotated[Method, typer.Option(help="How.")] = Method.historical,
    as_json: AsJson = False,
) -> None:
    """Value at risk and expected shortfall, with what is due to each part."""
    from query_api.errors import QueryRefused
    from query_api.results.value_at_risk import Asked, historical_var

    with opened(context) as tenor, tenor.database.connect() as connection:
        try:
            asked = Asked(by or ("children" if contributions else None), node, confidence, es_confidence)
            rows = historical_var(
                connection, run, asked, history=history, load_portfolio=partial(load_portfolio, tenor)
            )
        except QueryRefused as refused:
            raise Refused("VAR_REFUSED", str(refused), refused.fix) from refused
    Output(as_json).show(rows, *lines(rows))


def load_portfolio(tenor: Tenor, sha256: str) -> Any:
    return tenor.portfolio_codec.decode(tenor.blobs.get(sha256))


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row) for row in rows]
