"""Keys of a server, and its access log."""

import json

from ops.cli.access import keys
from ops.cli.remote.asking import At, with_moments
from ops.cli.remote.results import named

ORCHESTRATOR = "/api/v1/orchestrator"


def create_key(at: At) -> None:
    body = at.some("name", "role", "expires", "person") | {"nodes": list(at["node"] or ())}
    document = at.post(f"{ORCHESTRATOR}/keys", json.dumps(body).encode())
    document.pop("event_position", None)
    keys.show_created(at.output, with_moments(document, "expires_at"))


def list_keys(at: At) -> None:
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    documents = [with_moments(row, *moments) for row in at.get(f"{ORCHESTRATOR}/keys")]
    at.output.show(documents, *keys.key_lines(documents))


def revoke_key(at: At) -> None:
    document = at.post(f"{ORCHESTRATOR}/keys/{named(at['key_id'])}/revoke", b"")
    document.pop("event_position", None)
    at.output.show(document, f"key {at['key_id']} is revoked")


def prune_access_log(at: At) -> None:
    document = at.post(f"{ORCHESTRATOR}/access-log/prune", json.dumps(at.some("keep")).encode())
    keys.show_pruned(at.output, document)


def access_log(at: At) -> None:
    rows = at.every(f"{ORCHESTRATOR}/access-log", limit=1000, **at.some("since", "actor"))
    entries = [with_moments(row, "at") for row in rows]
    at.output.show(entries, *keys.entry_lines(entries))
