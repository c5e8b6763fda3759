"""What is archived, what still holds its blocks, and which runs have been kept long enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from ops.archiving.archive import Archived, archive
from ops.archiving.dropping import Dropped, clear_away
from ops.ports import Archiving, Storage
from ops.read_models import catch_up_catalogues

SELECT_ARCHIVED = """
SELECT r.run_id, e.at AS archived_at, e.actor, e.payload ->> 'reason' AS reason,
       e.payload ->> 'destination' AS destination, e.payload ->> 'manifest_sha256' AS manifest_sha256,
       (e.payload ->> 'archive_bytes')::bigint AS archive_bytes
  FROM read.run r
 CROSS JOIN LATERAL (SELECT * FROM read.run_event e WHERE e.run_id = r.run_id AND e.topic = 'run.archived'
                      ORDER BY e.log_position DESC LIMIT 1) e
 WHERE r.status = 'ARCHIVED' ORDER BY e.at, r.run_no
"""
SELECT_BLOCKS = """
SELECT run_id, count(*), sum(octet_length(payload)), array_agg(DISTINCT run_month)
  FROM fact_block WHERE run_id = ANY (%s) GROUP BY run_id
"""
SELECT_HOLDERS = """
SELECT b.run_month, array_agg(DISTINCT b.run_id::text)
  FROM fact_block b JOIN read.run r ON r.run_id = b.run_id AND r.status <> 'ARCHIVED'
 WHERE b.run_month = ANY (%s) GROUP BY b.run_month
"""
SELECT_KEPT_LONG_ENOUGH = """
SELECT r.run_id, max(e.at) AS ended_at, r.status
  FROM read.run r JOIN read.run_event e ON e.run_id = r.run_id AND e.topic = ANY
       ('{run.published,run.rejected,run.cancelled,run.failed,run.restored}')
 WHERE r.status = ANY ('{PUBLISHED,REJECTED,CANCELLED,FAILED}')
 GROUP BY r.run_id, r.status HAVING max(e.at) < %s ORDER BY 2, 1
"""


@dataclass(frozen=True)
class Retained:
    """`due` ended (published, rejected, cancelled, failed) or came back before the limit. In a dry run nothing is done
    about it."""

    due: list[dict[str, Any]]
    archived: list[Archived]
    dropped: Dropped


def archived_runs(storage: Storage) -> list[dict[str, Any]]:
    """`blocks` DROPPED, or IN_DATABASE with the runs of the same month that hold them there."""
    catch_up_catalogues(storage)
    with storage.connect() as connection, connection.transaction():
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(SELECT_ARCHIVED).fetchall()
        blocks = connection.execute(SELECT_BLOCKS, ([row["run_id"] for row in rows],)).fetchall()
        months = sorted({month for *_, ours in blocks for month in ours})
        holders = dict(connection.execute(SELECT_HOLDERS, (months,)).fetchall())
    held = {run_id: (bytes_, ours) for run_id, _, bytes_, ours in blocks}
    return [row | _blocks(row["run_id"], held, holders) for row in rows]


def retain(archiving: Archiving, *, keep_days: int, to: str, now: datetime, reason: str, dry_run: bool) -> Retained:
    catch_up_catalogues(archiving.storage)
    with archiving.storage.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        due = cursor.execute(SELECT_KEPT_LONG_ENOUGH, (now - timedelta(days=keep_days),)).fetchall()
    if dry_run:
        return Retained(due, [], Dropped(0, [], []))
    archived = [archive(archiving, str(row["run_id"]), to, reason) for row in due]
    return Retained(due, archived, clear_away(archiving.storage) if not archived else _together(archived))


def _together(archived: list[Archived]) -> Dropped:
    """What is busy is looked at each time: the last look counts."""
    drops = [one.dropped for one in archived]
    months = [month for dropped in drops for month in dropped.months]
    return Dropped(sum(dropped.result_partitions for dropped in drops), months, drops[-1].busy)


def _blocks(run_id: UUID, held: dict[UUID, Any], holders: dict[Any, list[str]]) -> dict[str, Any]:
    if run_id not in held:
        return {"blocks": "DROPPED", "block_bytes": 0, "held_by": []}
    bytes_, months = held[run_id]
    runs = sorted({run for month in months for run in holders.get(month, [])})
    return {"blocks": "IN_DATABASE", "block_bytes": int(bytes_), "held_by": runs}
