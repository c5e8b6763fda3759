"""Snapshots of portfolios and markets, as registered, and each time that their content was brought."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from domain.event import Event
from domain.ports import Connection, LogEntry
from domain.snapshot import SnapshotBrought, SnapshotRegistered
from projections.engine.versions import FIRST, Tables, versioned

INSERT_SNAPSHOT = """
INSERT INTO {snapshot}
       (snapshot_id, kind, sha256, as_of, base_currency, row_counts, control_totals, source, registered_at, actor,
        log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

INSERT_BROUGHT = """
INSERT INTO {snapshot_brought} (log_position, snapshot_id, name, as_of, brought_at, actor)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class SnapshotProjection:
    tables = ("snapshot", "snapshot_brought")
    alone: tuple[type[Event], ...] = ()

    def __init__(self, version: int = FIRST) -> None:
        self.name = versioned("snapshot", version)
        tables = Tables(self.tables, version)
        self._insert_snapshot, self._insert_brought = tables.sql(INSERT_SNAPSHOT), tables.sql(INSERT_BROUGHT)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case SnapshotRegistered() as event:
                    self._insert(connection, event, entry.position)
                case SnapshotBrought() as event:
                    how = (event.name, event.as_of, event.timestamp, event.actor)
                    connection.execute(self._insert_brought, (entry.position, event.snapshot_id, *how))

    def _insert(self, connection: Connection, event: SnapshotRegistered, position: int) -> None:
        what = (event.originator_id, event.kind.value, event.sha256, event.as_of, event.base_currency)
        contents = (Jsonb(event.rows), Jsonb(event.control_totals), Jsonb(event.source))
        connection.execute(self._insert_snapshot, (*what, *contents, event.timestamp, event.actor, position))
