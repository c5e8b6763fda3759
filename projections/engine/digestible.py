"""Old events as a table can hold them: no text of the log keeps a read model from going on.

What is brought today passes the gate for texts (domain/texts.py). An event from before may hold a NUL or a lone
surrogate, which Postgres refuses: the read model shows U+FFFD in its place, and the log stays as it is.
"""

from collections.abc import Sequence

from domain.ports import LogEntry
from domain.storable import is_unstorable, storable


def digestible(entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
    """The same entries where there is nothing odd in them, as nearly always."""
    if not any(is_unstorable(entry.event) for entry in entries):
        return entries
    return [LogEntry(entry.position, storable(entry.event)) for entry in entries]
