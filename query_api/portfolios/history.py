"""What happened to an instrument or an issuer over the snapshots of a portfolio."""

from collections.abc import Callable

from domain.documents import JsonObject
from domain.portfolio.columns import Portfolio
from query_api.errors import NotFound
from query_api.portfolios.cells import fields_of, row_of
from query_api.reading import Connection

MAX_SNAPSHOTS = 366
SNAPSHOTS_OF = """
SELECT DISTINCT ON (b.as_of) b.snapshot_id, b.as_of, s.sha256, b.log_position
  FROM read.snapshot_brought b JOIN read.snapshot s USING (snapshot_id)
 WHERE b.name = %(name)s AND s.kind = 'PORTFOLIO' AND (%(until)s::bigint IS NULL OR b.log_position <= %(until)s)
 ORDER BY b.as_of DESC, b.log_position DESC LIMIT %(limit)s
"""

LoadPortfolio = Callable[[str], Portfolio]


def history_of(
    connection: Connection, load: LoadPortfolio, name: str, table: str, key: str, until: int | None = None
) -> list[JsonObject]:
    """A line for each date on which it appeared, changed or went, oldest first; of a date the last bringing counts."""
    rows = connection.execute(SNAPSHOTS_OF, {"name": name, "until": until, "limit": MAX_SNAPSHOTS}).fetchall()
    if not rows:
        raise NotFound(f"there is no portfolio {name!r}", "see /api/v1/portfolio/snapshots for the names")
    lines: list[JsonObject] = []
    before: dict[str, str] | None = None
    for snapshot_id, as_of, sha256, _ in reversed(rows):
        portfolio = load(sha256)
        row = row_of(portfolio, table, key)
        fields = None if row is None else fields_of(portfolio, table, row)
        if fields != before:
            lines.append({"as_of": as_of.isoformat(), "snapshot_id": str(snapshot_id), **_said(before, fields)})
        before = fields
    if not lines:
        raise NotFound(f"no snapshot of {name} has {key!r} in {table}", "check the id")
    return lines


def _said(before: dict[str, str] | None, after: dict[str, str] | None) -> JsonObject:
    if after is None:
        return {"what": "gone", "changed": {}, "fields": None}
    if before is None:
        return {"what": "new", "changed": {}, "fields": after}
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    changed = {name: {"from": before.get(name), "to": after.get(name)} for name in names}
    return {"what": "changed", "changed": changed, "fields": after}
