"""Snapshots of portfolios and markets, as registered."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from domain.event import Event
from domain.ports import Connection, LogEntry
from domain.snapshot import SnapshotRegistered

INSERT_SNAPSHOT = """
INSERT INTO projection.snapshot_v1
       (snapshot_id, kind, sha256, as_of, base_currency, row_counts, control_totals, source, registered_at, actor,
        log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class SnapshotProjection:
    name = "snapshot_v1"
    alone: tuple[type[Event], ...] = ()

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            if isinstance(entry.event, SnapshotRegistered):
                _insert(connection, entry.event, entry.position)


def _insert(connection: Connection, event: SnapshotRegistered, position: int) -> None:
    what = (event.originator_id, event.kind.value, event.sha256, event.as_of, event.base_currency)
    contents = (Jsonb(event.rows), Jsonb(event.control_totals), Jsonb(event.source))
    connection.execute(INSERT_SNAPSHOT, (*what, *contents, event.timestamp, event.actor, position))
