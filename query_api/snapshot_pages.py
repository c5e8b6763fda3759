"""Pages of snapshots, as three services show them."""

from fastapi import Request
from fastapi.responses import Response

from query_api.http.answers import listing
from query_api.http.paging import decode_cursor, encode_cursor
from query_api.reading import Connect, reading
from query_api.snapshots import count_snapshots, newest_snapshots, snapshot_document


def list_page(
    connect: Connect, request: Request, kind: str, limit: int, cursor: str | None, as_of_event: int | None
) -> Response:
    (before,) = decode_cursor(cursor, int) or (None,)
    with reading(connect) as connection:
        total = count_snapshots(connection, kind, as_of_event)
        rows = newest_snapshots(connection, kind, limit + 1, before, as_of_event)
    more = encode_cursor(rows[limit - 1].listed_at) if len(rows) > limit else None
    return listing(request, [snapshot_document(row) for row in rows[:limit]], total=total, cursor=more)
