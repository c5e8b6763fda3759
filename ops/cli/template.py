"""`tenor template`: an empty set of files to fill in."""

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import AsJson
from ops.cli.output import Output


def register(app: typer.Typer) -> None:
    app.command()(template)


def template(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder; made where it is not there.")],
    as_json: AsJson = False,
) -> None:
    """An empty portfolio with its market and scenarios, and a page that says what every column means."""
    from ops.template import write_template
    from ops.wiring import utc_now

    written = write_template(folder, utc_now().date())
    lines = [f"wrote     {', '.join(written)}", f"next      fill in the tables: {folder / 'README.md'} says how"]
    Output(as_json).show({"folder": str(folder), "files": written}, *lines)
