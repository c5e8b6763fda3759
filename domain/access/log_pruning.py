"""The access log is a table of its own; what is done to it is an event."""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from domain.access.keys import lifetime
from domain.event import Envelope, Event, stream_id
from domain.refusals import Refused

LEAST_KEPT = timedelta(days=30)


class AccessLogPruned(Event):
    """Entries from before a moment are gone; `entries` says how many."""

    TOPIC: ClassVar[str] = "access_log.pruned"

    before: datetime
    entries: int


def access_log_stream() -> UUID:
    return stream_id("access", "log")


def kept_for(text: str) -> timedelta:
    """`400d`; not less than 30 days."""
    lasts = lifetime(text)
    if lasts is None or lasts < LEAST_KEPT:
        message = f"the access log is kept for 30 days at least, and {text!r} is less"
        raise Refused("ACCESS_LOG_TOO_SHORT", message, "write 30d or more, such as 400d")
    return lasts


def prune(length: int, envelope: Envelope, before: datetime, entries: int) -> list[AccessLogPruned]:
    """`length`: events that were there. Nothing gone is nothing said."""
    if not entries:
        return []
    return [AccessLogPruned(**envelope.at(access_log_stream(), length + 1), before=before, entries=entries)]
