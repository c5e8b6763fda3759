"""Snapshots of portfolios and markets, as registered."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from domain.event import Event
from domain.ports import Connection, LogEntry
from domain.snapshot import SnapshotRegistered
from projections.engine.versions import FIRST, Tables, versioned

INSERT_SNAPSHOT = """
INSERT INTO {snapshot}
       (snapshot_id, kind, sha256, as_of, base_currency, row_counts, control_totals, source, registered_at, actor,
        log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class SnapshotProjection:
    tables = ("snapshot",)
    alone: tuple[type[Event], ...] = ()

    def __init__(self, version: int = FIRST) -> None:
        self.name = versioned("snapshot", version)
        self._insert_snapshot = Tables(self.tables, version).sql(INSERT_SNAPSHOT)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            if isinstance(entry.event, SnapshotRegistered):
                self._insert(connection, entry.event, entry.position)

    def _insert(self, connection: Connection, event: SnapshotRegistered, position: int) -> None:
        what = (event.originator_id, event.kind.value, event.sha256, event.as_of, event.base_currency)
        contents = (Jsonb(event.rows), Jsonb(event.control_totals), Jsonb(event.source))
        connection.execute(self._insert_snapshot, (*what, *contents, event.timestamp, event.actor, position))
