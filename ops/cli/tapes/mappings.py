"""`tenor mapping define | list | show | suggest`."""

from pathlib import Path
from typing import Annotated

import typer

from domain.documents import JsonObject
from ops.cli.files import read_bytes
from ops.cli.options import AsJson, opened
from ops.cli.output import Output
from ops.cli.tapes.suggested import suggest


def register(app: typer.Typer) -> None:
    mapping = typer.Typer(help="Mappings: how foreign tables are read, in versions.", no_args_is_help=True)
    mapping.command("define")(define)
    mapping.command("list")(list_mappings)
    mapping.command("show")(show)
    mapping.command("suggest")(suggest)
    app.add_typer(mapping, name="mapping")


def define(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A mapping (JSON).")],
    as_json: AsJson = False,
) -> None:
    """Define a mapping; the same content again is the same version."""
    from commands.define_mapping import define_mapping

    raw = read_bytes(file)
    with opened(context) as tenor:
        document, _ = define_mapping(tenor.store, tenor.envelope(), raw)
    Output(as_json).show(document, f"{document['mapping_id']}@{document['version']}")


def list_mappings(context: typer.Context, as_json: AsJson = False) -> None:
    """The latest version of every mapping; those that are built in come first."""
    from commands.define_mapping import listed_mappings

    with opened(context) as tenor:
        documents = listed_mappings(tenor.store)
    Output(as_json).show(documents, *map(mapping_line, documents))


def mapping_line(one: JsonObject) -> str:
    return f"{one['mapping_id']}@{one['version']}{'  built in' if one['built_in'] else ''}"


def show(
    context: typer.Context,
    mapping: Annotated[str, typer.Argument(help="`id@version` of a mapping, or `id`: its latest version.")],
    as_json: AsJson = False,
) -> None:
    """A mapping as it is: change a copy of one that is built in, and define it under a name of its own."""
    import json

    from commands.define_mapping import document_of, mapping_pinned

    with opened(context) as tenor:
        document = document_of(mapping_pinned(tenor.store, mapping))
    Output(as_json).show(document, json.dumps(document, indent=1, ensure_ascii=False))
