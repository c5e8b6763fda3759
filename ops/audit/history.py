"""`tenor audit show`: a stream's events as they are stored."""

import json
from typing import Any
from uuid import UUID

from commands.refusals import Refused
from domain.scenario_book import scenario_set_stream, scenario_stream
from ops.audit.proofs import RawEvent, raw_stream
from ops.wiring import Tenor


def history(tenor: Tenor, stream: str) -> list[dict[str, Any]]:
    """Of a stream by its id, of a scenario by its name, of a scenario set by its name after an @."""
    with tenor.database.connect() as connection:
        events = raw_stream(connection, stream_of(stream))
    if not events:
        fix = "use the id of a run or snapshot, or a scenario's name (see `tenor run list`, `tenor scenario list`)"
        raise Refused("UNKNOWN_STREAM", f"the log has no stream {stream!r}", fix)
    return [shown(event) for event in events]


def stream_of(stream: str) -> UUID:
    try:
        return UUID(stream)
    except ValueError:
        return scenario_set_stream(stream[1:]) if stream.startswith("@") else scenario_stream(stream)


def shown(event: RawEvent) -> dict[str, Any]:
    """The state is shown as it stands, also of a topic that this release does not know."""
    state = json.loads(event.state)
    return {
        "position": event.position,
        "originator_id": str(event.originator_id),
        "version": event.version,
        "topic": event.topic,
        "timestamp": state.get("timestamp"),
        "actor": state.get("actor"),
        "leaf_hash": event.leaf_hash().hex(),
        "state": state,
    }
