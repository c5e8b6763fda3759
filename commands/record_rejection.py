"""Say in the log that a portfolio was brought and not stored."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from commands.ingestion.codes import Code
from domain.event import Envelope
from domain.portfolio.rejected import reject
from domain.ports import AlreadyThere, EventStore

BEYOND_BUDGET = (Code.LIMIT_EXCEEDED.value, Code.ARCHIVE_BOMB.value)


def record_rejection(
    store: EventStore, envelope: Envelope, name: str, as_of: date, errors: Sequence[dict[str, Any]]
) -> None:
    """Once for each request: the same one again says nothing more. What is beyond the limits is not told: whoever
    sends such things again and again would fill the log."""
    if any(each["code"] in BEYOND_BUDGET for each in errors):
        return
    with suppress(AlreadyThere):
        store.append([reject(envelope, name, as_of, errors)])
