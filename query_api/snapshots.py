"""Snapshots: portfolios and markets that were brought, newest first."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from query_api.errors import NotFound
from query_api.reading import Connection, parse_id

SELECT_SNAPSHOT = """
SELECT snapshot_id, kind, sha256, as_of, base_currency, row_counts, control_totals, source, registered_at, actor,
       log_position
  FROM read.snapshot
 WHERE snapshot_id = %s AND kind = %s AND (%s::bigint IS NULL OR log_position <= %s)
"""

NEWEST_SNAPSHOTS = """
SELECT snapshot_id, kind, sha256, as_of, base_currency, row_counts, control_totals, source, registered_at, actor,
       log_position
  FROM read.snapshot
 WHERE kind = %(kind)s AND (%(before)s::bigint IS NULL OR log_position < %(before)s)
   AND (%(until)s::bigint IS NULL OR log_position <= %(until)s)
 ORDER BY log_position DESC LIMIT %(limit)s
"""

COUNT_SNAPSHOTS = "SELECT count(*) FROM read.snapshot WHERE kind = %s AND (%s::bigint IS NULL OR log_position <= %s)"


@dataclass(frozen=True)
class SnapshotRow:
    snapshot_id: UUID
    kind: str
    sha256: str
    as_of: date | None
    base_currency: str | None
    row_counts: dict[str, int]
    control_totals: dict[str, Any]
    source: dict[str, Any]
    registered_at: datetime
    actor: str
    log_position: int


def find_snapshot(
    connection: Connection, kind: str, snapshot_id: str | UUID, as_of_event: int | None = None
) -> SnapshotRow:
    what = kind.lower()
    identity = parse_id(f"{what} snapshot", snapshot_id)
    with connection.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        row = cursor.execute(SELECT_SNAPSHOT, (identity, kind, as_of_event, as_of_event)).fetchone()
    if row is None:
        raise NotFound(f"there is no {what} snapshot {snapshot_id}", f"list the {what} snapshots and take an id there")
    return row


def newest_snapshots(
    connection: Connection, kind: str, limit: int, before: int | None = None, as_of_event: int | None = None
) -> list[SnapshotRow]:
    terms = {"kind": kind, "limit": limit, "before": before, "until": as_of_event}
    with connection.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        return cursor.execute(NEWEST_SNAPSHOTS, terms).fetchall()


def count_snapshots(connection: Connection, kind: str, as_of_event: int | None = None) -> int:
    row = connection.execute(COUNT_SNAPSHOTS, (kind, as_of_event, as_of_event)).fetchone()
    assert row is not None
    count: int = row[0]
    return count


def snapshot_document(row: SnapshotRow) -> dict[str, Any]:
    document = asdict(row)
    document["event_position"] = document.pop("log_position")
    return document
