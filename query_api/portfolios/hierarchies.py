"""The tree of a portfolio by its name: the newest snapshot's, with every change that was decided since or before."""

from collections.abc import Callable
from dataclasses import asdict
from typing import cast

from domain import codec
from domain.documents import JsonObject
from domain.portfolio import hierarchy as book
from domain.portfolio.columns import Portfolio
from domain.portfolio.tree import texts
from query_api.errors import NotFound
from query_api.log import SELECT_STREAM
from query_api.reading import Connection

NEWEST_CONTENT = """
SELECT s.sha256 FROM read.snapshot_brought b JOIN read.snapshot s USING (snapshot_id)
 WHERE b.name = %(name)s AND s.kind = 'PORTFOLIO' AND (%(until)s::bigint IS NULL OR b.log_position <= %(until)s)
 ORDER BY b.as_of DESC, b.log_position DESC LIMIT 1
"""

LoadTree = Callable[[str], Portfolio]
"""The table `portfolio` of a content by its sha256, and nothing else of it."""


def newest_nodes(connection: Connection, load: LoadTree, name: str, until: int | None = None) -> list[book.Node]:
    """None of a portfolio that never came."""
    row = connection.execute(NEWEST_CONTENT, {"name": name, "until": until}).fetchone()
    if row is None:
        return []
    table = load(row[0]).tables["portfolio"]
    columns = [texts(table.columns.get(each), table.rows) for each in ("node_id", "parent_id", "name", "kind")]
    return [
        book.Node(node or "", parent, called, kind or "") for node, parent, called, kind in zip(*columns, strict=True)
    ]


def changes_of(connection: Connection, name: str, until: int | None = None) -> list[tuple[int, book.HierarchyEvent]]:
    """With the log position of each."""
    terms: JsonObject = {"stream": book.hierarchy_stream(name), "after": 0, "until": until, "limit": None}
    rows = connection.execute(SELECT_STREAM, terms)
    return [
        (position, cast(book.HierarchyEvent, codec.decode(topic, bytes(state))))
        for position, _, _, topic, state in rows
    ]


def hierarchy_document(connection: Connection, load: LoadTree, name: str, until: int | None = None) -> JsonObject:
    """Nodes as the next files of this name will have them, closed ones too, and the changes in their order."""
    nodes, changes = newest_nodes(connection, load, name, until), changes_of(connection, name, until)
    if not nodes and not changes:
        raise NotFound(f"there is no portfolio {name!r}", "see /api/v1/portfolio/snapshots for the names")
    tree = book.Hierarchy(tuple(event for _, event in changes)).applied(nodes)
    return {
        "portfolio": name,
        "nodes": [_node(node) for node in tree.values()],
        "changes": [_change(position, event) for position, event in changes],
    }


def _node(node: book.Node) -> JsonObject:
    said = asdict(node)
    closed, by = said.pop("is_closed"), said.pop("changed_by")
    return {**said, "closed": closed, "changed_by": by or None}


def _change(position: int, event: book.HierarchyEvent) -> JsonObject:
    kind = event.TOPIC.rpartition("_")[2]
    said = event.model_dump(mode="json", include={"node_id", "parent_id", "name", "kind", "reason"})
    return {
        "event_position": position,
        "change": kind,
        **({"node_kind": said.pop("kind")} if "kind" in said else {}),
        **said,
        "actor": event.actor,
        "at": event.timestamp.isoformat(),
    }
