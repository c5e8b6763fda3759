"""Messages as they stand in the log, for whoever asks rather than waits to be told."""

import json

from commands.processes.messages import message_of
from domain.documents import JsonObject
from domain.ports import EventStore

BATCH = 500
MOST_READ = 5_000
"""Events that one question reads; the next one goes on."""


def messages_after(store: EventStore, after: int | None, limit: int) -> JsonObject:
    """`position`: how far the log was read, the head where nothing was named; `more`: there is more of it."""
    if after is None:
        return {"messages": [], "position": store.head(), "more": False}
    found: list[JsonObject] = []
    position = after
    while position < after + MOST_READ and (entries := store.log(position, BATCH)):
        for entry in entries:
            position, message = entry.position, message_of(entry.event, store.stream)
            if message is not None:
                found.append({"event_position": position, **json.loads(message.body)})
            if len(found) == limit:
                return {"messages": found, "position": position, "more": position < store.head()}
    return {"messages": found, "position": position, "more": position < store.head()}
