"""Let go of the oldest entries of the access log; that it was done stays in the log of events."""

from domain.access.log_pruning import access_log_stream, kept_for, prune
from domain.event import Envelope, Event
from domain.ports import Connection, EventStore

PRUNE = "SELECT prune_access_log(%s)"


def prune_access_log(store: EventStore, envelope: Envelope, keep: str) -> tuple[dict[str, object], int]:
    """Entries older than `keep`, and the log position; both stand or fall in one transaction."""
    before = envelope.now - kept_for(keep)
    gone: list[int] = []

    def in_one_transaction(connection: Connection) -> list[Event]:
        gone.append(connection.execute(PRUNE, (before,)).fetchone()[0])
        return [*prune(len(store.stream(access_log_stream())), envelope, before, gone[-1])]

    positions = store.append([], also=in_one_transaction)
    return {"before": before.isoformat(), "entries": gone[-1]}, positions[-1] if positions else store.head()
