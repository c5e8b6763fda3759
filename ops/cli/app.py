"""The command line's root: global options, and the one table from what went wrong to an exit code."""

import os
import sys
from typing import Annotated, Any

import typer

from domain.refusals import Refused
from domain.runs.run import RunRefused
from domain.valuation_models import ModelRefused
from ops.adapters.database import DatabaseProblem, in_one_line
from ops.cli import (
    archive,
    audit,
    bench,
    cash_flows,
    demo,
    projections,
    results,
    risk,
    runs,
    scenarios,
    service,
    snapshots,
    value_at_risk,
)
from ops.cli import (
    valuation_models as models,
)
from ops.cli.output import Output
from ops.embedded_postgres.errors import EmbeddedPostgresError
from ops.logs import configure_logs
from ops.processes.stopping import end_cleanly_when_killed
from ops.secrets import keep_secret, words_of
from projections.engine.runner import DATABASE_AWAY

app = typer.Typer(
    name="tenor",
    help="Risk for loan-heavy fixed-income books: from files to events, prices and totals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


@app.callback()
def settings(
    context: typer.Context,
    database_url: Annotated[
        str | None,
        typer.Option(help="A Postgres 15+; without it an embedded one under TENOR_HOME.", envvar="TENOR_DATABASE_URL"),
    ] = None,
) -> None:
    context.obj = database_url


for module in (
    demo,
    service,
    projections,
    snapshots,
    scenarios,
    runs,
    results,
    cash_flows,
    risk,
    value_at_risk,
    models,
    archive,
    audit,
    bench,
):
    module.register(app)


def run() -> None:
    arguments, as_json, database_url = global_options(sys.argv[1:])
    keep_secret(database_url)
    keep_off_the_command_line(arguments, database_url)
    configure_logs()
    end_cleanly_when_killed()
    output = Output(as_json)
    if database_url:
        arguments = ["--database-url", database_url, *arguments]
    try:
        app(args=arguments, obj=None, standalone_mode=True)
    except Refused as refused:
        output.fail(refused.code, refused.message, refused.fix, refused.problems)
    except RunRefused as refused:
        output.fail("RUN_REFUSED", str(refused), refused.fix)
    except ModelRefused as refused:
        output.fail("MODEL_REFUSED", str(refused), refused.fix)
    except DatabaseProblem as problem:
        output.fail(problem.code, str(problem), problem.fix)
    except EmbeddedPostgresError as error:
        output.fail(error.problem.code, error.problem.message, error.problem.fix)
    except DATABASE_AWAY as error:
        fix = "ask again when it answers: what was stored is there"
        output.fail("DATABASE_LOST", f"the database went away: {in_one_line(error)}", fix)


def keep_off_the_command_line(arguments: list[str], database_url: str | None) -> None:
    """Everybody may read the words that a process was started with: a password among them moves to the environment."""
    if database_url and words_of(database_url):
        started_with = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
        os.execve(sys.executable, [*started_with, *arguments], os.environ | {"TENOR_DATABASE_URL": database_url})


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
