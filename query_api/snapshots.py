"""Snapshots: portfolios and markets that were brought, newest first."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from query_api.errors import NotFound
from query_api.ids import IdKind, find_id
from query_api.reading import Connection
from query_api.scope import is_limited, positions_in_scope

SELECT_SNAPSHOT = """
SELECT s.snapshot_id, s.kind, b.name, s.sha256, coalesce(b.as_of, s.as_of) AS as_of, s.base_currency, s.row_counts,
       s.control_totals, s.source, s.registered_at, coalesce(b.brought_at, s.registered_at) AS brought_at,
       coalesce(b.actor, s.actor) AS actor, s.log_position, coalesce(b.log_position, s.log_position) AS listed_at
  FROM read.snapshot s
  LEFT JOIN LATERAL (SELECT * FROM read.snapshot_brought n
                      WHERE n.snapshot_id = s.snapshot_id AND (%(until)s::bigint IS NULL OR n.log_position <= %(until)s)
                      ORDER BY n.log_position DESC LIMIT 1) b ON true
 WHERE s.snapshot_id = %(snapshot_id)s AND s.kind = %(kind)s
   AND (%(until)s::bigint IS NULL OR s.log_position <= %(until)s)
"""

# A content is listed once for each name and date that it was brought under, when that was last.
NEWEST_SNAPSHOTS = """
WITH brought AS (
    SELECT DISTINCT ON (snapshot_id, name, as_of) * FROM read.snapshot_brought
     WHERE %(until)s::bigint IS NULL OR log_position <= %(until)s
     ORDER BY snapshot_id, name, as_of, log_position DESC
)
SELECT s.snapshot_id, s.kind, b.name, s.sha256, coalesce(b.as_of, s.as_of) AS as_of, s.base_currency, s.row_counts,
       s.control_totals, s.source, s.registered_at, coalesce(b.brought_at, s.registered_at) AS brought_at,
       coalesce(b.actor, s.actor) AS actor, s.log_position, coalesce(b.log_position, s.log_position) AS listed_at
  FROM read.snapshot s LEFT JOIN brought b USING (snapshot_id)
 WHERE s.kind = %(kind)s AND (%(until)s::bigint IS NULL OR s.log_position <= %(until)s)
   AND (%(before)s::bigint IS NULL OR coalesce(b.log_position, s.log_position) < %(before)s)
 ORDER BY listed_at DESC LIMIT %(limit)s
"""

COUNT_SNAPSHOTS = """
SELECT count(*) FROM (
    SELECT DISTINCT s.snapshot_id, b.name, b.as_of FROM read.snapshot s
      LEFT JOIN read.snapshot_brought b ON b.snapshot_id = s.snapshot_id
       AND (%(until)s::bigint IS NULL OR b.log_position <= %(until)s)
     WHERE s.kind = %(kind)s AND (%(until)s::bigint IS NULL OR s.log_position <= %(until)s)) listed
"""

DATES_BROUGHT = """
SELECT b.as_of, b.as_of = (b.brought_at AT TIME ZONE 'UTC')::date FROM read.snapshot_brought b
 WHERE b.snapshot_id = %s ORDER BY b.log_position DESC
"""

MAX_SNAPSHOTS = 2**31


@dataclass(frozen=True)
class SnapshotRow:
    snapshot_id: UUID
    kind: str
    name: str | None
    """of a portfolio, as it was brought; None for a market, and for what an earlier release brought"""
    sha256: str
    as_of: date | None
    base_currency: str | None
    row_counts: dict[str, int]
    control_totals: dict[str, Any]
    source: dict[str, Any]
    registered_at: datetime
    brought_at: datetime
    actor: str
    log_position: int
    listed_at: int
    """log position of the bringing"""


def find_snapshot(
    connection: Connection, kind: str, snapshot_id: str | UUID, as_of_event: int | None = None
) -> SnapshotRow:
    what = kind.lower()
    identity = find_id(connection, IdKind[kind], snapshot_id)
    terms = {"snapshot_id": identity, "kind": kind, "until": as_of_event}
    with connection.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        row = cursor.execute(SELECT_SNAPSHOT, terms).fetchone()
    if row is None:
        raise NotFound(f"there is no {what} snapshot {snapshot_id}", f"`tenor {what} list` names the {what} snapshots")
    return in_scope(connection, [row])[0]


def in_scope(connection: Connection, rows: list[SnapshotRow]) -> list[SnapshotRow]:
    """Counts of positions in scope; control totals and sources are of whole books, and not told."""
    if not is_limited():
        return rows
    portfolios = {row.snapshot_id for row in rows if row.kind == "PORTFOLIO"}
    counts = positions_in_scope(connection, portfolios) if portfolios else {}
    return [
        replace(row, row_counts={"positions": counts.get(row.snapshot_id, 0)}, control_totals={}, source={})
        if row.kind == "PORTFOLIO"
        else row
        for row in rows
    ]


def dates_brought(connection: Connection, snapshot_id: str | UUID) -> list[tuple[date, bool]]:
    """The dates that a snapshot was brought under, the last first, and whether each was the day itself."""
    return connection.execute(DATES_BROUGHT, (snapshot_id,)).fetchall()


def newest_snapshots(
    connection: Connection, kind: str, limit: int, before: int | None = None, as_of_event: int | None = None
) -> list[SnapshotRow]:
    terms = {"kind": kind, "limit": limit, "before": before, "until": as_of_event}
    with connection.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        found = cursor.execute(NEWEST_SNAPSHOTS, terms).fetchall()
    return in_scope(connection, found)


def all_snapshots(connection: Connection, kind: str) -> list[SnapshotRow]:
    return newest_snapshots(connection, kind, MAX_SNAPSHOTS)


def count_snapshots(connection: Connection, kind: str, as_of_event: int | None = None) -> int:
    row = connection.execute(COUNT_SNAPSHOTS, {"kind": kind, "until": as_of_event}).fetchone()
    assert row is not None
    count: int = row[0]
    return count


def snapshot_document(row: SnapshotRow) -> dict[str, Any]:
    document = asdict(row)
    document["event_position"] = document.pop("log_position")
    del document["listed_at"]
    return document
