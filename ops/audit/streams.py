"""`tenor audit show`: a stream's events as they are stored."""

from typing import Any

from domain.refusals import Refused
from ops.ports import Connect
from query_api.ids import stream_beginning_with
from query_api.log import stream_events, stream_named


def history(connect: Connect, stream: str) -> list[dict[str, Any]]:
    """Of a stream by its id or its beginning, of a scenario by its name, of a scenario set by its name after an @."""
    with connect() as connection:
        events = stream_events(connection, stream_named(stream))
        if not events and (begun := stream_beginning_with(connection, stream)):
            events = stream_events(connection, begun)
    if not events:
        fix = "use the id of a run or snapshot, or a scenario's name (see `tenor run list`, `tenor scenario list`)"
        raise Refused("UNKNOWN_STREAM", f"the log has no stream {stream!r}", fix)
    return events
