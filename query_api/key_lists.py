"""Keys as they are listed, and the log of who read and did what."""

from collections.abc import Iterable
from datetime import datetime

from psycopg.rows import dict_row

from domain.access.keys import Key
from query_api.reading import Connection

SELECT_LAST_USES = "SELECT key_id, max(at) FROM access_log WHERE key_id = ANY (%s) GROUP BY key_id"

SELECT_ENTRIES = """
SELECT entry_no, at, actor, role, method, path, status, rows FROM access_log
 WHERE (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND (%(actor)s::text IS NULL OR actor = %(actor)s)
   AND (%(before)s::bigint IS NULL OR entry_no < %(before)s)
 ORDER BY entry_no DESC LIMIT %(limit)s
"""


def listed_keys(connection: Connection, keys: Iterable[Key]) -> list[dict[str, object]]:
    """The latest first."""
    known = list(keys)
    used = dict(connection.execute(SELECT_LAST_USES, ([key.created.key_id for key in known],)).fetchall())
    return [key_document(key, used.get(key.created.key_id)) for key in reversed(known)]


def key_document(key: Key, last_used_at: datetime | None) -> dict[str, object]:
    created = key.created
    return {
        "key_id": created.key_id,
        "name": created.name,
        "role": created.role,
        "nodes": created.nodes,
        "created_at": created.timestamp,
        "expires_at": created.expires_at,
        "last_used_at": last_used_at,
        "revoked_at": key.revoked_at,
        **({"person": created.person} if created.person else {}),
    }


def newest_entries(
    connection: Connection,
    limit: int,
    *,
    since: datetime | None = None,
    actor: str | None = None,
    before: int | None = None,
) -> list[dict[str, object]]:
    terms = {"since": since, "actor": actor, "before": before, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SELECT_ENTRIES, terms).fetchall()


def entry_document(entry: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in entry.items() if name != "entry_no"}
