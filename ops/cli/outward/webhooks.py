"""`tenor webhook define | list | drop | replay`, and `tenor watch`: messages about what happens."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.documents import JsonObject
from ops.cli.files import read_bytes
from ops.cli.options import AsJson, opened, serving
from ops.cli.output import Output, said

if TYPE_CHECKING:
    from domain.event import Event
    from domain.ports import EventStore

LOOK_SECONDS = 0.25
BATCH = 500


def register(app: typer.Typer) -> None:
    webhook = typer.Typer(help="Messages to other systems about what happens.", no_args_is_help=True)
    webhook.command("define")(define)
    webhook.command("list")(list_webhooks)
    webhook.command("drop")(drop)
    webhook.command("rotate")(rotate)
    webhook.command("replay")(replay)
    app.add_typer(webhook, name="webhook")
    app.command()(watch)


def define(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A webhook (JSON).")],
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Its address may be one of a private network.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Define a webhook; the secret that its messages are signed with is shown this once."""
    from commands.define_webhook import define_webhook
    from ops.webhooks.addresses import check_address

    raw = read_bytes(file)
    with opened(context) as tenor:
        document, position = define_webhook(
            tenor.store, tenor.envelope(), raw, check_address, tenor.secrets.seal, allow_private=allow_private
        )
    show_defined(Output(as_json), document | {"event_position": position})


def show_defined(output: Output, document: JsonObject) -> None:
    lines = [f"{document['webhook_id']}@{document['version']}"]
    if "secret" in document:
        lines.append(f"secret  {document['secret']}  (shown once)")
    output.show(document, *lines)


def list_webhooks(context: typer.Context, as_json: AsJson = False) -> None:
    """Every webhook, its messages by what became of them, and its dead letters."""
    from ops.webhooks.listing import listed_webhooks

    with opened(context) as tenor:
        rows = listed_webhooks(tenor.storage)
    Output(as_json).show(rows, *(line for row in rows for line in webhook_lines(row)))


def webhook_lines(row: dict[str, Any]) -> list[str]:
    counts = f"{row['waiting']} waiting, {row['delivered']} delivered, {row['dead']} dead"
    lines = [f"{row['webhook_id']}@{row['version']}  {row['url']}  {','.join(row['events'])}  {counts}"]
    for letter in row["dead_letters"]:
        when = said(letter["given_up_at"])
        lines.append(f"  {letter['message_id']}  {letter['type']}  given up {when}: {letter['last_error']}")
    return lines


def drop(context: typer.Context, webhook: str, as_json: AsJson = False) -> None:
    """End a webhook; its messages and its secret go with it."""
    from commands.define_webhook import drop_webhook

    with opened(context) as tenor:
        position = drop_webhook(tenor.store, tenor.envelope(), webhook)
    document = {"webhook_id": webhook, "status": "DROPPED", "event_position": position}
    Output(as_json).show(document, f"{webhook} is dropped")


def rotate(
    context: typer.Context,
    webhook: str,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="It has become known: the one before signs nothing more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Another secret, shown this once; for a day messages carry both signatures."""
    from commands.define_webhook import rotate_webhook

    with opened(context) as tenor:
        document, position = rotate_webhook(tenor.store, tenor.envelope(), webhook, tenor.secrets.seal, at_once=at_once)
    show_rotated(Output(as_json), document | {"event_position": position})


def show_rotated(output: Output, document: JsonObject) -> None:
    until = document["previous_until"]
    told = f"the one before signs too until {until}" if until else "the one before signs nothing more"
    output.show(document, f"secret  {document['secret']}  (shown once)", f"{document['webhook_id']}: {told}")


def replay(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="A webhook, or one message of its dead letters.")],
    as_json: AsJson = False,
) -> None:
    """Send dead letters again, for another day, under the ids that they had."""
    from commands.define_webhook import replay_webhook

    with opened(context) as tenor:
        document, position = replay_webhook(tenor.store, tenor.envelope(), identity)
    told = f"{document['replayed']} messages of {document['webhook_id']} are sent again"
    Output(as_json).show(document | {"event_position": position}, told)


def watch(
    context: typer.Context,
    after: Annotated[int | None, typer.Option(help="After this log position; by default from now on.", min=0)] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait for more.")] = True,
    as_json: AsJson = False,
) -> None:
    """Print messages as they happen, one a line: runs that end or are published, breaches, rejected files."""
    if not follow:
        with opened(context) as tenor:
            _print_after(tenor.store, tenor.store.head() if after is None else after, as_json)
        return
    with serving(context) as (tenor, told):
        position = tenor.store.head() if after is None else after
        told.calls(lambda: None)
        while not told.asked.is_set():
            position = _print_after(tenor.store, position, as_json)
            time.sleep(LOOK_SECONDS)


def _print_after(store: "EventStore", position: int, as_json: bool) -> int:
    """Up to the head of the log, whose position it returns."""
    while entries := store.log(position, BATCH):
        for entry in entries:
            _print(entry.event, store, as_json)
        position = entries[-1].position
    return position


def _print(event: "Event", store: "EventStore", as_json: bool) -> None:
    from commands.processes.messages import message_of

    message = message_of(event, store.stream)
    if message is not None:
        told = {"type": message.type, "timestamp": event.timestamp, "data": message.data}
        typer.echo(message.body if as_json else message_line(told))


def message_line(message: JsonObject) -> str:
    about = " ".join(f"{name}={_short(value)}" for name, value in message["data"].items())
    return f"{said(message['timestamp'])}  {message['type']}  {about}"


def _short(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
