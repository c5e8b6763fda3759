"""Which runs' figures are in schema mart, newest first."""

from typing import Any
from uuid import UUID

from commands.publish_mart import mart_of
from ops.marts.publishing import published_document
from ops.ports import Storage

SELECT_PUBLICATIONS = """
SELECT p.run_id, r.as_of,
       (SELECT sum(pg_total_relation_size(to_regclass('mart.' || t || '_' || p.run_no)))
          FROM unnest(ARRAY['position_result', 'total', 'total_detail']) t)::bigint
  FROM mart_publication p JOIN mart.run r USING (run_id)
 WHERE %(run_id)s::uuid IS NULL OR p.run_id = %(run_id)s
 ORDER BY p.published_at DESC, p.run_no DESC
"""


def listed_marts(storage: Storage, run_id: UUID | None = None) -> list[dict[str, Any]]:
    with storage.connect() as connection:
        found = connection.execute(SELECT_PUBLICATIONS, {"run_id": run_id}).fetchall()
    return [_line(storage, *row) for row in found]


def _line(storage: Storage, run_id: UUID, as_of: Any, size: int) -> dict[str, Any]:
    published = mart_of(storage.store, run_id).published
    assert published is not None
    return {**published_document(published), "as_of": as_of, "bytes": size}
