"""The command line's root: its commands, global options, and what is said when a command is refused."""

import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer

from domain import texts
from domain.refusals import Refused
from ops.cli.commands import Commands
from ops.cli.endings import endings_told
from ops.cli.output import Output
from ops.processes.stopping import end_cleanly_when_killed
from ops.secrets import hide_what_is_said, keep_secret, words_of

app = typer.Typer(
    name="tenor",
    cls=Commands,
    help="Risk for loan-heavy fixed-income books: from files to events, prices and totals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


LOGS_NOTHING = ("results",)
"""Commands in whose process nothing of ours logs."""


def show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"tenor {version('tenor-risk')}")
        raise typer.Exit


@app.callback()
def settings(
    context: typer.Context,
    _show: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="This release's number.")
    ] = False,
    database_url: Annotated[
        str | None,
        typer.Option(help="A Postgres 15+; without it an embedded one under TENOR_HOME.", envvar="TENOR_DATABASE_URL"),
    ] = None,
) -> None:
    context.obj = database_url


def run() -> None:
    arguments, as_json, database_url = global_options(sys.argv[1:])
    keep_secret(database_url)
    keep_off_the_command_line(arguments, database_url)
    start_logs(arguments)
    end_cleanly_when_killed()
    output = Output(as_json)
    refuse_control_characters(output, sys.argv[1:])
    if database_url:
        arguments = ["--database-url", database_url, *arguments]
    try:
        with endings_told():
            app(args=arguments, obj=None, standalone_mode=True)
    except Refused as refused:
        output.fail(refused.code, refused.message, refused.fix, refused.problems)
    except Exception as error:
        if not is_database_away(error):
            raise
        from ops.adapters.database import in_one_line

        fix = "ask again when it answers: what was stored is there"
        output.fail("DATABASE_LOST", f"the database went away: {in_one_line(error)}", fix)


def start_logs(arguments: list[str]) -> None:
    """Help and queries log nothing, and are not to wait for what does."""
    hide_what_is_said()
    if arguments and "--help" not in arguments:
        from ops.logs import configure_libraries, configure_logs

        (configure_libraries if arguments[0] in LOGS_NOTHING else configure_logs)()


def is_database_away(error: Exception) -> bool:
    """Asked when something has gone wrong, and not before: the drivers take long to import."""
    from projections.engine.runner import DATABASE_AWAY

    return isinstance(error, DATABASE_AWAY)


def keep_off_the_command_line(arguments: list[str], database_url: str | None) -> None:
    """Everybody may read the words that a process was started with: a password among them moves to the environment."""
    if database_url and words_of(database_url):
        started_with = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
        os.execve(sys.executable, [*started_with, *arguments], os.environ | {"TENOR_DATABASE_URL": database_url})


def refuse_control_characters(output: Output, words: list[str]) -> None:
    """A surrogate is a byte of the line that is not UTF-8."""
    for word in words:
        if not texts.is_clean(word):
            output.fail(texts.CODE, f"the word {texts.visible(word)[:80]} holds {texts.named(word)}", texts.FIX)


def global_options(arguments: list[str]) -> tuple[list[str], bool, str | None]:
    """`--database-url` may stand anywhere on the line; `--json` stays where its command reads it."""
    rest: list[str] = []
    database_url: str | None = None
    words: Any = iter(arguments)
    for word in words:
        if word == "--database-url":
            database_url = next(words, None)
            rest += [] if database_url else [word]  # its value is missing: the command says so
        elif word.startswith("--database-url="):
            database_url = word.partition("=")[2]
        else:
            rest.append(word)
    return rest, "--json" in rest, database_url
