"""The command line as a client of the server that TENOR_SERVER names: the same options, answers and exit codes.

A row for each command: what asks the server for it, what needs neither server nor database, and what only the server's
own machine can do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer

from domain.refusals import Refused
from ops.cli.remote.asking import At, server_asked

OF_RESULTS: Mapping[str, str] = {"NOT_FOUND": "RESULTS_REFUSED", "BAD_QUERY": "RESULTS_REFUSED"}


@dataclass(frozen=True)
class ByServer:
    """`answer`: module and function, imported when it is asked for. `codes`: what a refusal of the server is called by
    the same command on a database."""

    answer: str
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Here:
    """Works on files alone."""


@dataclass(frozen=True)
class NotByServer:
    """`why` is the end of a sentence that begins with the command's name."""

    why: str
    fix: str = "run it on the server's machine, without TENOR_SERVER"


IS_A_PROCESS = NotByServer("is a process of the server's own", "start it where the database is, without TENOR_SERVER")
IS_OF_THE_DATABASE = NotByServer("works on the database itself")
WRITES_FILES = NotByServer("writes files where the database is", "run it there, or read results --format parquet here")
READS_ALL = NotByServer("reads the whole log, or works a run out again: a request must not hold a service for so long")

COMMANDS: Mapping[tuple[str, ...], ByServer | Here | NotByServer] = {
    ("demo",): IS_A_PROCESS,
    ("up",): IS_A_PROCESS,
    ("serve",): IS_A_PROCESS,
    ("worker",): IS_A_PROCESS,
    ("projections", "run"): IS_A_PROCESS,
    ("stop",): IS_OF_THE_DATABASE,
    ("migrate",): IS_OF_THE_DATABASE,
    ("doctor",): NotByServer("looks at the database itself", "ask the server's /readyz, or run it on its machine"),
    ("bench",): IS_OF_THE_DATABASE,
    ("projections", "list"): ByServer("read_models.list_projections"),
    ("projections", "rebuild"): ByServer("read_models.rebuild"),
    ("projections", "rollback"): ByServer("read_models.rollback"),
    ("projections", "dead-letters", "list"): ByServer("read_models.list_dead_letters"),
    ("projections", "dead-letters", "replay"): ByServer("read_models.replay_dead_letters"),
    ("archive",): IS_OF_THE_DATABASE,
    ("run", "archive"): IS_OF_THE_DATABASE,
    ("key", "create"): ByServer("access.create_key"),
    ("key", "list"): ByServer("access.list_keys"),
    ("key", "revoke"): ByServer("access.revoke_key"),
    ("access", "log"): ByServer("access.access_log"),
    ("access", "prune"): ByServer("access.prune_access_log"),
    ("mapping", "define"): ByServer("tapes.define_mapping"),
    ("mapping", "list"): ByServer("tapes.list_mappings"),
    ("mapping", "show"): ByServer("tapes.show_mapping"),
    ("mapping", "suggest"): Here(),
    ("mart", "publish"): ByServer("outward.publish_mart"),
    ("mart", "drop"): ByServer("outward.drop_mart"),
    ("mart", "list"): ByServer("outward.list_marts"),
    ("mart", "export"): WRITES_FILES,
    ("mart", "reader", "create"): ByServer("outward.create_reader"),
    ("mart", "reader", "list"): ByServer("outward.list_readers"),
    ("mart", "reader", "drop"): ByServer("outward.drop_reader"),
    ("portfolio", "tree"): ByServer("portfolios.tree"),
    ("portfolio", "segments"): ByServer("portfolios.segments"),
    ("portfolio", "bands"): ByServer("portfolios.bands"),
    ("portfolio", "compare"): ByServer("portfolios.compare"),
    ("portfolio", "history"): ByServer("portfolios.history"),
    ("portfolio", "node", "create"): ByServer("portfolios.create_node"),
    ("portfolio", "node", "move"): ByServer("portfolios.move_node"),
    ("portfolio", "node", "rename"): ByServer("portfolios.rename_node"),
    ("portfolio", "node", "close"): ByServer("portfolios.close_node"),
    ("schedule", "define"): ByServer("outward.define_schedule"),
    ("schedule", "list"): ByServer("outward.list_schedules"),
    ("schedule", "drop"): ByServer("outward.drop_schedule"),
    ("webhook", "define"): ByServer("outward.define_webhook"),
    ("webhook", "list"): ByServer("outward.list_webhooks"),
    ("webhook", "drop"): ByServer("outward.drop_webhook"),
    ("webhook", "rotate"): ByServer("outward.rotate_webhook"),
    ("webhook", "replay"): ByServer("outward.replay_webhook"),
    ("watch",): ByServer("outward.watch"),
    ("template",): Here(),
    ("market", "calibrate"): Here(),
    ("market", "calibrate-prepayment"): Here(),
    ("audit", "check"): Here(),
    ("check",): ByServer("runs.check"),
    ("ingest",): ByServer("inputs.ingest"),
    ("market", "load"): ByServer("inputs.load_market"),
    ("market", "list"): ByServer("inputs.list_markets"),
    ("portfolio", "list"): ByServer("inputs.list_portfolios"),
    ("scenario", "define"): ByServer("inputs.define_scenarios"),
    ("scenario", "set"): ByServer("inputs.define_set"),
    ("scenario", "history"): ByServer("inputs.define_history"),
    ("scenario", "list"): ByServer("inputs.list_scenarios"),
    ("run", "submit"): ByServer("runs.submit"),
    ("run", "list"): ByServer("runs.list_runs"),
    ("run", "show"): ByServer("runs.show"),
    ("run", "watch"): ByServer("runs.watch"),
    ("run", "retry"): ByServer("runs.retry"),
    ("run", "cancel"): ByServer("runs.cancel"),
    ("run", "approve"): ByServer("runs.approve"),
    ("run", "reject"): ByServer("runs.reject"),
    ("run", "publish"): ByServer("runs.publish"),
    ("results",): ByServer("results.results", OF_RESULTS),
    ("cashflows",): ByServer("results.cash_flows", {"BAD_QUERY": "CASH_FLOWS_REFUSED"}),
    ("var",): ByServer("results.value_at_risk", {"NOT_FOUND": "VAR_REFUSED", "BAD_QUERY": "VAR_REFUSED"}),
    ("backtest",): ByServer("results.backtest", {"NOT_FOUND": "VAR_REFUSED", "BAD_QUERY": "VAR_REFUSED"}),
    ("risk", "quotes"): ByServer("results.quotes"),
    ("regulatory", "show"): ByServer("results.capital"),
    ("regulatory", "explain"): ByServer("results.explain"),
    ("regulatory", "compare"): ByServer("results.compare"),
    ("compare",): ByServer("results.differences", {"BAD_QUERY": "COMPARE_REFUSED"}),
    ("allowance", "show"): ByServer("results.allowance"),
    ("allowance", "rollforward"): ByServer("results.rollforward"),
    ("stress", "show"): ByServer("results.stress"),
    ("limits", "check"): ByServer("results.limits"),
    ("policy", "define"): ByServer("models_and_policies.define_policy"),
    ("policy", "approve"): ByServer("models_and_policies.approve_policy"),
    ("policy", "list"): ByServer("models_and_policies.list_policies"),
    ("model", "list"): ByServer("models_and_policies.list_models"),
    ("model", "show"): ByServer("models_and_policies.show_model"),
    ("model", "approve"): ByServer("models_and_policies.approve_model"),
    ("model", "withdraw"): ByServer("models_and_policies.withdraw_model"),
    ("audit", "show"): ByServer("audit.show"),
    ("audit", "lineage"): ByServer("audit.lineage"),
    ("audit", "certificate"): ByServer("audit.certificate"),
    ("audit", "verify"): READS_ALL,
    ("audit", "replay"): READS_ALL,
    ("audit", "seal"): IS_OF_THE_DATABASE,
    ("audit", "export"): IS_OF_THE_DATABASE,
    ("audit", "rotate-key"): IS_OF_THE_DATABASE,
}
"""A group stands for all of its commands that are not named themselves."""


def row_of(names: tuple[str, ...]) -> ByServer | Here | NotByServer:
    """What has no row, the server cannot do."""
    return COMMANDS.get(names) or COMMANDS.get(names[:1]) or IS_OF_THE_DATABASE


def by_server(command: Any, *names: str) -> Any:
    """The same command, or group of them, answered by the server; as Typer has built it, and for this call alone."""
    for name in list(getattr(command, "commands", ())):
        by_server(command.commands[name], *names, name)
    if not hasattr(command, "commands"):
        row = row_of(names)
        if not isinstance(row, Here):
            command.callback = answered(row, " ".join(names))
    return command


def answered(row: ByServer | NotByServer, name: str) -> Callable[..., None]:
    def callback(**said: Any) -> None:
        if isinstance(row, NotByServer):
            raise Refused("NOT_BY_SERVER", f"`tenor {name}` {row.why}, and TENOR_SERVER names a server", row.fix)
        module, _, function = row.answer.partition(".")
        ask: Callable[[At], None] = getattr(import_module(f"ops.cli.remote.{module}"), function)
        with server_asked(row.codes) as client:
            ask(At(client, said))

    return callback


def is_asked_for(context: typer.Context) -> bool:
    """By TENOR_SERVER; a database that is named on the line itself is meant more than the environment."""
    import os

    from ops.cli.remote.asking import SERVER

    source = context.get_parameter_source("database_url")
    return bool(os.environ.get(SERVER)) and not (source and source.name == "COMMANDLINE")
