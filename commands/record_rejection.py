"""Say in the log that a portfolio was brought and not stored."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from domain.event import Envelope
from domain.portfolio.rejected import reject
from domain.ports import AlreadyThere, EventStore


def record_rejection(
    store: EventStore, envelope: Envelope, name: str, as_of: date, errors: Sequence[dict[str, Any]]
) -> None:
    """Once for each request: the same one again says nothing more."""
    with suppress(AlreadyThere):
        store.append([reject(envelope, name, as_of, errors)])
