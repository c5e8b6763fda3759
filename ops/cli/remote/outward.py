"""What goes from a server to others: marts and their readers, schedules, webhooks, and messages as they happen."""

import json
import time
from pathlib import Path

import typer

from domain.refusals import Refused
from ops.cli.files import read_bytes
from ops.cli.outward import marts, schedules, webhooks
from ops.cli.remote.asking import At, Options, with_moments
from ops.cli.remote.results import named

ORCHESTRATOR = "/api/v1/orchestrator"
LOOK_SECONDS = 1.0
OF_LISTS = ("as_of", "bytes")
"""What a list of marts says and its publication does not."""


def publish_mart(at: At) -> None:
    """The server's process writes it; the answer comes when it is there."""
    asked = at.post(f"{ORCHESTRATOR}/marts", json.dumps({"run": at["run"]}).encode())
    path = f"{ORCHESTRATOR}/marts/{asked['run_id']}"
    while (found := at.get(path)).get("status") == "REQUESTED":
        time.sleep(LOOK_SECONDS)
    document = {name: value for name, value in found.items() if name not in OF_LISTS}
    marts.show_published(at.output, document | {"new": asked["status"] != "PUBLISHED"})


def drop_mart(at: At) -> None:
    document = at.delete(f"{ORCHESTRATOR}/marts/{named(at['run'])}", reason=at["reason"])
    at.output.show(document, f"{document['run_id']} is no more in schema mart")


def list_marts(at: At) -> None:
    rows = at.get(f"{ORCHESTRATOR}/marts")
    if at["check"]:
        rows = [at.get(f"{ORCHESTRATOR}/marts/{row['run_id']}", check=True) for row in rows]
    marts.show_marts(at.output, [with_moments(row, "published_at") for row in rows])


def create_reader(at: At) -> None:
    body = at.some("name") | {"nodes": list(at["node"] or ())}
    marts.show_reader(at.output, at.post(f"{ORCHESTRATOR}/mart-readers", json.dumps(body).encode()))


def list_readers(at: At) -> None:
    rows = [with_moments(row, "created_at") for row in at.get(f"{ORCHESTRATOR}/mart-readers")]
    at.output.show(rows, *map(marts.reader_line, rows))


def drop_reader(at: At) -> None:
    document = at.delete(f"{ORCHESTRATOR}/mart-readers/{named(at['name'])}")
    at.output.show(document, f"{document['name']} is gone")


def define_schedule(at: At) -> None:
    said = at.post(f"{ORCHESTRATOR}/schedules", read_bytes(Path(at["file"])))
    line = of_schedule(at.get(f"{ORCHESTRATOR}/schedules/{named(said['schedule_id'])}"))
    position = said.pop("event_position")
    document = {**said, "next_at": line["next_at"], "event_position": position}
    schedules.show_defined(at.output, document)


def of_schedule(row: Options) -> Options:
    return with_moments(row, "defined_at", "next_at", "waits_since", "last_at")


def list_schedules(at: At) -> None:
    rows = list(map(of_schedule, at.get(f"{ORCHESTRATOR}/schedules")))
    at.output.show(rows, *(line for row in rows for line in schedules.schedule_lines(row)))


def drop_schedule(at: At) -> None:
    document = at.delete(f"{ORCHESTRATOR}/schedules/{named(at['schedule'])}")
    at.output.show(document, f"{at['schedule']} is dropped")


def define_webhook(at: At) -> None:
    if at["allow_private"]:
        fix = "leave it out; the server's own setting is TENOR_WEBHOOKS_ALLOW_PRIVATE"
        raise Refused("NOT_BY_SERVER", "--allow-private is the server's own to allow", fix)
    webhooks.show_defined(at.output, at.post(f"{ORCHESTRATOR}/webhooks", read_bytes(Path(at["file"]))))


def list_webhooks(at: At) -> None:
    rows = [with_moments(row, "last_delivered_at") for row in at.get(f"{ORCHESTRATOR}/webhooks")]
    for row in rows:
        row["dead_letters"] = [with_moments(each, "made_at", "given_up_at") for each in row["dead_letters"]]
    at.output.show(rows, *(line for row in rows for line in webhooks.webhook_lines(row)))


def drop_webhook(at: At) -> None:
    document = at.delete(f"{ORCHESTRATOR}/webhooks/{named(at['webhook'])}")
    at.output.show(document, f"{at['webhook']} is dropped")


def rotate_webhook(at: At) -> None:
    body = json.dumps(at.some("at_once")).encode()
    webhooks.show_rotated(at.output, at.post(f"{ORCHESTRATOR}/webhooks/{named(at['webhook'])}/rotate", body))


def replay_webhook(at: At) -> None:
    document = at.post(f"{ORCHESTRATOR}/webhooks/{named(at['identity'])}/replay", b"")
    at.output.show(document, f"{document['replayed']} messages of {document['webhook_id']} are sent again")


def watch(at: At) -> None:
    """Until interrupted, or to the end of the log."""
    path, position = f"{ORCHESTRATOR}/messages", at["after"]
    while True:
        found = at.get(path, after=position, limit=1000) if position is not None else at.get(path)
        for message in found["messages"]:
            message.pop("event_position")
            typer.echo(as_told(message, as_json=at["as_json"]))
        position = found["position"]
        if found["more"]:
            continue
        if not at["follow"]:
            return
        time.sleep(LOOK_SECONDS)


def as_told(message: Options, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
    return webhooks.message_line(with_moments(message, "timestamp"))
