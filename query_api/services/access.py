"""Who may come in, and who has: keys without what they are, and the access log."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.access.keys import Key
from query_api.errors import BadQuery
from query_api.http.answers import Cursor, Limit, document, listing
from query_api.http.paging import decode_cursor, encode_cursor
from query_api.key_lists import entry_document, listed_keys, newest_entries
from query_api.reading import Connect

Since = Annotated[str | None, Query(description="Entries from this moment on: 2026-11-29 or 2026-11-29T08:00:00Z.")]
Actor = Annotated[str | None, Query(description="Of one actor.")]


def build_router(connect: Connect, known_keys: Callable[[], Iterable[Key]], bring_up: Callable[[], None]) -> APIRouter:
    """`known_keys` are folded from the log; `bring_up` writes what this process has not yet written of the log."""
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/keys", operation_id="orchestrator_list_keys")
    def list_keys(request: Request) -> Response:
        """Every key there was, the latest first: whose, what it may do, when it was last used."""
        bring_up()
        with connect() as connection:
            return document(request, listed_keys(connection, known_keys()))

    @router.get("/access-log", operation_id="orchestrator_list_access_log")
    def list_access_log(
        request: Request, since: Since = None, actor: Actor = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Response:
        """Who read or did what, the latest first."""
        bring_up()
        (before,) = decode_cursor(cursor, int) or (None,)
        with connect() as connection:
            rows = newest_entries(connection, limit + 1, since=moment_of(since), actor=actor, before=before)
        more = encode_cursor(rows[limit - 1]["entry_no"]) if len(rows) > limit else None
        return listing(request, [entry_document(row) for row in rows[:limit]], cursor=more)

    return router


def moment_of(text: str | None) -> datetime | None:
    """A day begins at midnight UTC; a moment without a zone is one of UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadQuery(f"{text!r} is no moment", "write 2026-11-29 or 2026-11-29T08:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
