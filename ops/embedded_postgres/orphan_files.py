"""Files in the database's folder that no relation owns.

A backend killed in the middle of a load (kill -9, the kernel's out-of-memory killer) leaves the files of the table that
it was filling, and Postgres never removes them.
"""

import psycopg

# A file is a suspect if no relation known to this statement has its number, and if it is older than every transaction
# in progress, since the table of an uncommitted load is not yet to be seen. (Two seconds older: a file's time comes in
# whole seconds, and from a coarser clock.) A prepared transaction shows no beginning, so while there is one nothing is
# suspected. Left out: temporary tables, which the server clears itself when it starts, and files of no size, which are
# a dropped table's and go at the next checkpoint.
UNOWNED_FILES = r"""
WITH place AS (
    SELECT regexp_replace(pg_relation_filepath('pg_catalog.pg_class'), '/[^/]+$', '') AS folder
), owned AS (
    SELECT pg_relation_filenode(oid) AS filenode FROM pg_class WHERE relkind IN ('r', 'i', 'm', 'S', 't')
), file AS (
    SELECT folder || '/' || name AS path, substring(name FROM '^\d+')::oid AS filenode
    FROM place, pg_ls_dir(folder) AS name
    WHERE name ~ '^\d+(_(fsm|vm|init))?(\.\d+)?$'
), in_progress AS (
    SELECT coalesce(min(xact_start), 'infinity') AS since
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_xid IS NOT NULL
)
SELECT path
FROM file CROSS JOIN in_progress, LATERAL pg_stat_file(path, true) AS status
WHERE NOT EXISTS (SELECT FROM owned WHERE owned.filenode = file.filenode)
  AND status.size > 0
  AND status.modification < in_progress.since - interval '2 seconds'
  AND NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
ORDER BY path
"""


def orphaned_files(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Paths below the data directory; the connection is a superuser's, in autocommit.

    Asked twice: a transaction that commits or drops a table while the first answer is put together can make a file
    look unowned, and by the second question it is owned or gone.
    """
    assert connection.autocommit, "within one transaction the second question could be answered as the first"
    first = {str(path) for (path,) in connection.execute(UNOWNED_FILES)}
    return [str(path) for (path,) in connection.execute(UNOWNED_FILES) if path in first] if first else []
