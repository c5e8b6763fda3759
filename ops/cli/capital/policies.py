"""`tenor policy define | approve | list`."""

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.files import read_bytes
from ops.cli.options import AsJson, opened
from ops.cli.output import Output


def register(app: typer.Typer) -> None:
    policy = typer.Typer(help="Policies of credit and capital, in versions.", no_args_is_help=True)
    policy.command("define")(define)
    policy.command("approve")(approve)
    policy.command("list")(list_policies)
    app.add_typer(policy, name="policy")


def define(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A policy (JSON).")],
    as_json: AsJson = False,
) -> None:
    """Define a policy; the same content again is the same version."""
    from commands.define_policy import define_policy

    raw = read_bytes(file)
    with opened(context) as tenor:
        document, _ = define_policy(tenor.store, tenor.envelope(), raw)
    Output(as_json).show(document, f"{document['policy_id']}@{document['version']}")


def approve(
    context: typer.Context,
    policy: Annotated[str, typer.Argument(help="`id@version` of a policy, or `id`: its latest version.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Approve a version of a policy; runs that are submitted from then on say so."""
    from commands.define_policy import approve_policy

    with opened(context) as tenor:
        document, position = approve_policy(tenor.store, tenor.envelope(), policy, reason)
    shown = {**document, "status": "APPROVED", "event_position": position}
    Output(as_json).show(shown, f"{document['policy_id']}@{document['version']} is APPROVED")


def list_policies(context: typer.Context, as_json: AsJson = False) -> None:
    """The latest version of every policy."""
    from commands.define_policy import listed_policies

    with opened(context) as tenor:
        documents = listed_policies(tenor.store)
    Output(as_json).show(documents, *(f"{one['policy_id']}@{one['version']}" for one in documents))
