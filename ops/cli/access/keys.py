"""`tenor key create | list | revoke`, `tenor access log`."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from domain.documents import JsonObject
from ops.cli.options import AsJson, opened
from ops.cli.output import Output, said

MOST_ENTRIES = 1_000_000
HEADS = ("key_id", "name", "role", "nodes", "expires_at", "last_used_at", "revoked_at")


def register(app: typer.Typer) -> None:
    key = typer.Typer(help="Keys: who may come in, and what they may do.", no_args_is_help=True)
    key.command("create")(create)
    key.command("list")(list_keys)
    key.command("revoke")(revoke)
    app.add_typer(key, name="key")
    access = typer.Typer(help="Who read and did what.", no_args_is_help=True)
    access.command("log")(access_log)
    access.command("prune")(prune)
    app.add_typer(access, name="access")


def create(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Who will use it; the actor of what is done with it.")],
    role: Annotated[str, typer.Option(help="viewer, analyst, operator, approver, auditor or admin.")],
    node: Annotated[list[str] | None, typer.Option(help="A node of the portfolio tree; without, all.")] = None,
    expires: Annotated[str | None, typer.Option(help="12h, 90d, 52w; without, never.")] = None,
    person: Annotated[
        str | None,
        typer.Option(help="Whose it is, where somebody has keys of several names: four eyes are two people's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a key; it is shown this once."""
    from commands.manage_keys import create_key
    from domain.access.keys import KeyTerms

    with opened(context) as tenor:
        document, _ = create_key(
            tenor.store, tenor.envelope(), KeyTerms(name, role, tuple(node or ()), expires, person)
        )
    show_created(Output(as_json), document)


def show_created(output: Output, document: JsonObject) -> None:
    scope = "every position (*)" if document["nodes"] == ["*"] else f"positions at {said(document['nodes'])}"
    until = f", until {document['expires_at']}" if document["expires_at"] else ""
    lines = (
        str(document["key"]),
        f"{document['name']} is {document['role']} of {scope}{until}; the key is not shown again",
    )
    output.show(document, *lines)


def list_keys(context: typer.Context, as_json: AsJson = False) -> None:
    """Every key there was, the latest first; never the key itself."""
    from query_api.key_lists import listed_keys

    with opened(context) as tenor, tenor.database.connect() as connection:
        documents = listed_keys(connection, tenor.keyring.listed())
    Output(as_json).show(documents, *key_lines(documents))


def key_lines(documents: Iterable[JsonObject]) -> Iterator[str]:
    return ("  ".join(f"{name} {said(one[name])}" for name in HEADS) for one in documents)


def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="From `tenor key list`.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a key: it is worth nothing from now on. What it read stays in the access log."""
    from commands.manage_keys import revoke_key

    with opened(context) as tenor:
        document, _ = revoke_key(tenor.store, tenor.envelope(), key_id)
    Output(as_json).show(document, f"key {key_id} is revoked")


def prune(
    context: typer.Context,
    keep: Annotated[str, typer.Option(help="What is older goes: 400d, 52w; 30d at least.")],
    as_json: AsJson = False,
) -> None:
    """Let go of the oldest entries of the access log; that it was done is an event."""
    from commands.prune_access_log import prune_access_log

    with opened(context) as tenor:
        document, position = prune_access_log(tenor.store, tenor.envelope(), keep)
    show_pruned(Output(as_json), document | {"event_position": position})


def show_pruned(output: Output, document: JsonObject) -> None:
    output.show(document, f"{document['entries']:,} entries from before {document['before']} are gone")


def access_log(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="From this moment on: 2026-11-29 or 2026-11-29T08:00:00Z.")] = None,
    actor: Annotated[str | None, typer.Option(help="Of one actor.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who read or did what over HTTP, the latest first."""
    from query_api.key_lists import entry_document, newest_entries
    from query_api.services.access import moment_of

    moment = moment_of(since)
    with opened(context) as tenor, tenor.database.connect() as connection:
        entries = [entry_document(one) for one in newest_entries(connection, MOST_ENTRIES, since=moment, actor=actor)]
    Output(as_json).show(entries, *entry_lines(entries))


def entry_lines(entries: Iterable[JsonObject]) -> Iterator[str]:
    return (
        f"{said(one['at'])}  {one['actor'] or 'nobody'} ({one['role'] or 'unknown'})  "
        f"{one['method']} {one['path']}  {one['status']}"
        + (f"  {one['rows']:,} rows" if one["rows"] is not None else "")
        for one in entries
    )
