"""`tenor model list | show | approve | withdraw`."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.refusals import Refused
from ops.cli.options import AsJson, opened
from ops.cli.output import Output

if TYPE_CHECKING:
    from ops.wiring import Tenor

Name = Annotated[str, typer.Argument(help="A model, at a version (`swaps@1`) or at the one in use.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]


def register(app: typer.Typer) -> None:
    model = typer.Typer(help="Models: versions, approvals, limits of use.", no_args_is_help=True)
    model.command("list")(list_all)
    model.command("show")(show)
    model.command("approve")(approve)
    model.command("withdraw")(withdraw)
    app.add_typer(model, name="model")


def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """Every model at the version that this release computes with, and how that stands."""
    from ops.read_models import catch_up_catalogues
    from query_api.valuation_models import list_models

    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        with tenor.database.connect() as connection:
            rows = list_models(connection)
    lines = [f"{row['model'] + '@' + str(row['version']):<22}{standing(row):<28}{row['summary']}" for row in rows]
    Output(as_json).show(rows, *lines)


def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """What a model serves, its page, and every decision on it."""
    with opened(context) as tenor:
        document = found(tenor, name)
    show_model_row(Output(as_json), document)


def show_model_row(output: Output, document: dict[str, Any]) -> None:
    facts = (f"{key:<15}{value}" for key, value in document.items() if key != "decisions" and value is not None)
    told = (
        f"decision       {one['model']}@{one['version']} {one['status']} by {one['actor']} at {one['decided_at']}: "
        f"{one['reason']}"
        for one in document["decisions"]
    )
    output.show(document, *facts, *told)


def approve(
    context: typer.Context,
    name: Name,
    reason: Reason,
    conditions: Annotated[str, typer.Option(help="The limits of use.")] = "",
    until: Annotated[str | None, typer.Option(help="The last day of the approval, YYYY-MM-DD.")] = None,
    as_json: AsJson = False,
) -> None:
    """Approve a version of a model."""
    from commands.decide_model import approve_model

    last_day = day_of(until)
    with opened(context) as tenor:
        position = approve_model(tenor.store, tenor.envelope(), name, reason, conditions=conditions, until=last_day)
        say(found(tenor, name), position, as_json)


def withdraw(context: typer.Context, name: Name, reason: Reason, as_json: AsJson = False) -> None:
    """Withdraw the approval of a version."""
    from commands.decide_model import withdraw_model

    with opened(context) as tenor:
        position = withdraw_model(tenor.store, tenor.envelope(), name, reason)
        say(found(tenor, name), position, as_json)


def found(tenor: "Tenor", name: str) -> dict[str, Any]:
    from ops.read_models import catch_up_catalogues
    from query_api.errors import NotFound
    from query_api.valuation_models import show_model

    catch_up_catalogues(tenor.storage)
    try:
        with tenor.database.connect() as connection:
            return show_model(connection, name)
    except NotFound as missing:
        raise Refused("UNKNOWN_MODEL", str(missing), missing.fix) from missing


def say(document: dict[str, Any], position: int, as_json: bool) -> None:
    shown = {name: document[name] for name in ("model", "version", "status", "until", "conditions", "reason")}
    line = f"{document['model']}@{document['version']} is {standing(document)}"
    Output(as_json).show(shown | {"event_position": position}, line)


def standing(row: dict[str, Any]) -> str:
    return str(row["status"]) + (f" until {row['until']}" if row["until"] else "")


def day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refused("INVALID_DATE", f"{text!r} is no date", "write --until YYYY-MM-DD") from error
