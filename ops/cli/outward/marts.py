"""`tenor mart publish | drop | list | export | reader`: figures of runs as plain tables for other tools."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from domain.documents import JsonObject
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.output import Output
from ops.ids import run_named

if TYPE_CHECKING:
    from ops.wiring import Tenor

Run = Annotated[str, typer.Argument(help=A_RUN)]
Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]


def register(app: typer.Typer) -> None:
    mart = typer.Typer(help="Figures of runs as plain tables for other tools.", no_args_is_help=True)
    mart.command("publish")(publish)
    mart.command("drop")(drop)
    mart.command("list")(list_marts)
    mart.command("export")(export)
    reader = typer.Typer(help="Login roles that may read schema mart alone.", no_args_is_help=True)
    reader.command("create")(create_reader)
    reader.command("list")(list_readers)
    reader.command("drop")(drop_reader)
    mart.add_typer(reader, name="reader")
    app.add_typer(mart, name="mart")


def publish(context: typer.Context, run: Run, as_json: AsJson = False) -> None:
    """Write positions, totals and the run itself to schema mart; again is nothing."""
    from ops.marts.publishing import publish as publish_run
    from ops.marts.publishing import published_document

    with opened(context) as tenor:
        run_id = queryable(tenor, run)
        published = publish_run(tenor.storage, tenor.envelope(), run_id)
    show_published(Output(as_json), published_document(published.event) | {"new": published.is_new})


def show_published(output: Output, document: JsonObject) -> None:
    rows, how = sum(document["rows"].values()), "" if document["new"] else " already"
    output.show(document, f"{document['run_id']} is in schema mart{how}: {rows:,} rows", *_contents(document))


def queryable(tenor: "Tenor", run: str) -> UUID:
    """Of the run named; what projections have not told yet is told now, since none may be running."""
    from ops.read_models import read_model_named
    from projections.engine.runner import catch_up

    run_id = UUID(run_named(tenor.storage, run))
    for name in ("snapshot", "run", "portfolio_node", "result"):
        catch_up(read_model_named(tenor.storage, name), tenor.store, tenor.database.connect)
    return run_id


def _contents(document: JsonObject) -> list[str]:
    return [
        f"mart.{name:<16} {rows:>12,} rows  {document['contents'][name]}" for name, rows in document["rows"].items()
    ]


def drop(context: typer.Context, run: Run, reason: Reason = "", as_json: AsJson = False) -> None:
    """Take a run out of schema mart; the run itself stays as it is."""
    from ops.marts.publishing import drop as drop_run

    with opened(context) as tenor:
        run_id = UUID(run_named(tenor.storage, run))
        position = drop_run(tenor.storage, tenor.envelope(), run_id, reason)
    document = {"run_id": str(run_id), "status": "DROPPED", "event_position": position}
    Output(as_json).show(document, f"{run_id} is no more in schema mart")


def list_marts(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Read the rows and compare them with the log's hashes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Runs in schema mart, newest first."""
    from ops.marts.checking import is_intact
    from ops.marts.listing import listed_marts

    with opened(context) as tenor:
        rows = listed_marts(tenor.storage)
        if check:
            rows = [row | {"intact": is_intact(tenor.storage, UUID(row["run_id"]))} for row in rows]
    show_marts(Output(as_json), rows)


def show_marts(output: Output, rows: list[JsonObject]) -> None:
    output.show(rows, *map(_line, rows))
    if not all(row.get("intact", True) for row in rows):
        raise SystemExit(1)


def _line(row: JsonObject) -> str:
    size = f"{row['bytes'] / 1e6:,.1f} MB"
    counts = f"{row['positions']:,} positions x {row['scenarios']} scenarios"
    checked = {None: "", True: "  as written", False: "  NOT as written"}[row.get("intact")]
    return f"{row['run_id']}  {row['as_of']}  {counts}  {size}  since {row['published_at']:%Y-%m-%d %H:%M}{checked}"


def create_reader(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Of the login role; small letters, digits, underscores.")],
    node: Annotated[list[str] | None, typer.Option(help="It sees this node and below; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a login role that may read schema mart; its password is shown this once."""
    from ops.marts.readers import create_reader as create

    with opened(context) as tenor:
        reader = create(tenor.storage, tenor.envelope(), name, node or [])
    show_reader(Output(as_json), dict(vars(reader)))


def show_reader(output: Output, made: JsonObject) -> None:
    told = "every node" if made["nodes"] == ["*"] else f"{', '.join(made['nodes'])} and below"
    lines = (f"{made['name']} sees {told}", f"database  {made['database']}")
    output.show(made, *lines, f"password  {made['password']}  (shown once)")


def list_readers(context: typer.Context, as_json: AsJson = False) -> None:
    """Login roles of schema mart, and the nodes that each sees."""
    from ops.marts.readers import listed_readers

    with opened(context) as tenor:
        rows = listed_readers(tenor.storage)
    Output(as_json).show(rows, *map(reader_line, rows))


def reader_line(row: JsonObject) -> str:
    return f"{row['name']:<24} {', '.join(row['nodes'])}"


def drop_reader(context: typer.Context, name: str, as_json: AsJson = False) -> None:
    """Take a login role away; it can read nothing from then on."""
    from ops.marts.readers import drop_reader as drop_role

    with opened(context) as tenor:
        position = drop_role(tenor.storage, tenor.envelope(), name)
    Output(as_json).show({"name": name, "status": "DROPPED", "event_position": position}, f"{name} is gone")


def export(
    context: typer.Context,
    run: Run,
    out: Annotated[str, typer.Option("--out", help="A directory, or s3://bucket/prefix.")],
    as_json: AsJson = False,
) -> None:
    """Write a run as a Parquet dataset by run and scenario; again is the same bytes."""
    from ops.marts.export import export_run

    with opened(context) as tenor:
        exported = export_run(tenor.storage, queryable(tenor, run), out)
    megabytes = exported.bytes / 1e6
    told = f"{exported.run_id} is in {exported.out}: {exported.files} files, {megabytes:.1f} MB"
    Output(as_json).show(vars(exported), told)
