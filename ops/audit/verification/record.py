"""What verifications found, kept in the log: a later one, a dashboard and an auditor can ask."""

from typing import Any

from domain.ports import AlreadyThere, EventStore
from domain.sealing.seals import VERIFICATIONS_STREAM, LogVerified, record_verification
from ops.ports import MakeEnvelope

TRIES = 5
"""Two that verify at once meet the unique key of the stream."""


def record(store: EventStore, envelope: MakeEnvelope, report: dict[str, Any]) -> LogVerified:
    """A damaged log is told so as well: the event holds what was found before it was appended."""
    for _ in range(TRIES):
        version = len(store.stream(VERIFICATIONS_STREAM)) + 1
        verified = record_verification(envelope(), version, report)
        try:
            store.append([verified])
        except AlreadyThere:
            continue
        return verified
    raise AlreadyThere(f"stream {VERIFICATIONS_STREAM} moved {TRIES} times")
