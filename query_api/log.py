"""The log as an auditor asks for it: streams as they are stored, checkpoints, keys, and how it stands."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from domain.event import Event
from domain.runs.facts import CapitalComputed, CashflowsProjected, PositionPriced, RiskComputed
from domain.scenarios.versions import scenario_set_stream, scenario_stream
from domain.sealing.seals import SEALING_STREAM, VERIFICATIONS_STREAM, event_leaf_hash, origin_of, parse_checkpoint
from query_api.errors import NotFound
from query_api.reading import Connection

NOTE_SIGNATURE = "\n— "
"""What stands between the text of a signed note and its signature."""

SELECT_STREAM = """
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events
 WHERE originator_id = %(stream)s AND originator_version > %(after)s
   AND (%(until)s::bigint IS NULL OR notification_id <= %(until)s)
 ORDER BY originator_version LIMIT %(limit)s
"""

NEWEST_EVENTS = """
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events
 WHERE notification_id <= %(until)s AND topic <> ALL (%(without)s) AND (%(topic)s::text IS NULL OR topic = %(topic)s)
 ORDER BY notification_id DESC LIMIT %(limit)s
"""
END_OF_LOG = 2**62
FACTS = tuple(kind.TOPIC for kind in (PositionPriced, RiskComputed, CapitalComputed, CashflowsProjected))
ENVELOPE = (*Event.model_fields, "actor", "class_version")

NEWEST_OF_STREAM = """
SELECT notification_id, originator_version, state FROM ledger_events
 WHERE originator_id = %(stream)s AND (%(before)s::bigint IS NULL OR originator_version < %(before)s)
 ORDER BY originator_version DESC LIMIT %(limit)s
"""

NEWEST_CHECKPOINTS = """
SELECT tree_size, note FROM log_checkpoint WHERE %(before)s::bigint IS NULL OR tree_size < %(before)s
 ORDER BY tree_size DESC LIMIT %(limit)s
"""

SELECT_CHECKPOINT = "SELECT tree_size, note FROM log_checkpoint WHERE tree_size = %s"

SELECT_HEAD = "SELECT coalesce(max(notification_id), 0) FROM ledger_events"
COUNT_UNSEALED = "SELECT count(*) FROM ledger_events WHERE notification_id > %s"
COUNT_FAILURES = """
SELECT count(*) FROM ledger_events
 WHERE originator_id = %s AND NOT (convert_from(state, 'UTF8')::jsonb -> 'ok')::boolean
"""

VerifierKey = Callable[[str, bytes], str]
"""The public key as readers of signed notes take it, from the log's name and the key."""


def stream_named(stream: str) -> UUID:
    """A stream by its id, a scenario's by its name, a scenario set's by its name after an @."""
    try:
        return UUID(stream)
    except ValueError:
        return scenario_set_stream(stream[1:]) if stream.startswith("@") else scenario_stream(stream)


def stream_events(
    connection: Connection, stream: UUID, limit: int | None = None, after: int = 0, until: int | None = None
) -> list[dict[str, Any]]:
    """The state is shown as it stands, also of a topic that this release does not know."""
    terms = {"stream": stream, "after": after, "until": until, "limit": limit}
    return [event_document(row) for row in connection.execute(SELECT_STREAM, terms)]


def event_document(row: Sequence[Any]) -> dict[str, Any]:
    position, originator_id, version, topic, stored = row
    state, leaf = json.loads(bytes(stored)), event_leaf_hash(position, originator_id, version, topic, bytes(stored))
    return _head(row, state) | {"leaf_hash": leaf.hex(), "state": state}


def _head(row: Sequence[Any], state: dict[str, Any]) -> dict[str, Any]:
    position, originator_id, version, topic, _ = row
    return {
        "position": position,
        "originator_id": str(originator_id),
        "version": version,
        "topic": topic,
        "timestamp": state.get("timestamp"),
        "actor": state.get("actor"),
    }


def newest_events(
    connection: Connection, limit: int, until: int | None = None, topic: str | None = None, *, facts: bool = False
) -> list[dict[str, Any]]:
    """Of the whole log, with what each says in single words and numbers; its stream has the rest. Facts of chunks, of
    which a run has hundreds, only where they are asked for."""
    without = [] if facts or topic else list(FACTS)
    terms = {"until": END_OF_LOG if until is None else until, "without": without, "topic": topic, "limit": limit}
    return [event_line(row) for row in connection.execute(NEWEST_EVENTS, terms)]


def event_line(row: Sequence[Any]) -> dict[str, Any]:
    state = json.loads(bytes(row[-1]))
    said = {name: value for name, value in state.items() if name not in ENVELOPE and not isinstance(value, dict | list)}
    return _head(row, state) | {"correlation_id": state.get("correlation_id"), "says": said}


def newest_checkpoints(connection: Connection, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    rows = connection.execute(NEWEST_CHECKPOINTS, {"before": before, "limit": limit})
    return [checkpoint_document(note) for _, note in rows]


def find_checkpoint(connection: Connection, tree_size: int) -> dict[str, Any]:
    row = connection.execute(SELECT_CHECKPOINT, (tree_size,)).fetchone()
    if row is None:
        raise NotFound(f"no checkpoint seals {tree_size} events", "list the checkpoints and take a tree_size there")
    return checkpoint_document(row[1])


def checkpoint_document(note: str) -> dict[str, Any]:
    """What the note says; the note itself is what is signed, and what counts."""
    checkpoint = parse_checkpoint(note.partition(NOTE_SIGNATURE)[0])
    return {
        "tree_size": checkpoint.size,
        "last_position": checkpoint.position,
        "root": checkpoint.root.hex(),
        "sealed_at": checkpoint.sealed_at,
        "previous": checkpoint.previous,
        "note": note,
    }


def keys_of_log(connection: Connection, verifier_key: VerifierKey) -> list[dict[str, Any]]:
    """Public parts, the first key first; each but the first is endorsed by the one before it."""
    return [key_document(event, verifier_key) for event in stream_events(connection, SEALING_STREAM)]


def key_document(event: dict[str, Any], verifier_key: VerifierKey) -> dict[str, Any]:
    state = event["state"]
    told = ("key_id", "public_key", "previous_key_id", "endorsement", "reason")
    return {
        **{name: state[name] for name in told},
        "verifier_key": verifier_key(origin_of(UUID(state["log_id"])), bytes.fromhex(state["public_key"])),
        "algorithm": "Ed25519",
        "event_position": event["position"],
        "at": event["timestamp"],
        "actor": event["actor"],
    }


def newest_verifications(connection: Connection, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    terms = {"stream": VERIFICATIONS_STREAM, "before": before, "limit": limit}
    rows = connection.execute(NEWEST_OF_STREAM, terms)
    return [verification_document(*row) for row in rows]


def verification_document(position: int, version: int, stored: bytes) -> dict[str, Any]:
    state = json.loads(bytes(stored))
    envelope = ("originator_id", "originator_version", "correlation_id", "causation_id", "timestamp")
    told = {name: value for name, value in state.items() if name not in envelope}
    return {"version": version, "event_position": position, "at": state["timestamp"], **told}


def log_status(connection: Connection) -> dict[str, Any]:
    """How far the log reaches, how far it is sealed, and what its last verification found."""
    sealed = next(iter(newest_checkpoints(connection, 1)), None)
    return {
        "head_position": _count(connection, SELECT_HEAD),
        "sealed_events": sealed["tree_size"] if sealed else 0,
        "unsealed_events": _count(connection, COUNT_UNSEALED, sealed["last_position"] if sealed else 0),
        "last_checkpoint": sealed,
        "last_verification": next(iter(newest_verifications(connection, 1)), None),
        "failed_verifications": _count(connection, COUNT_FAILURES, VERIFICATIONS_STREAM),
    }


def _count(connection: Connection, query: str, *parameters: Any) -> int:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return int(row[0])
