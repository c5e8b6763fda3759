"""The tree of a portfolio by its name: the newest snapshot's, with every change that was decided since or before."""

from dataclasses import asdict
from typing import Any, cast

from domain import codec
from domain.portfolio import hierarchy as book
from query_api.errors import NotFound
from query_api.log import SELECT_STREAM
from query_api.reading import Connection

NEWEST_NODES = """
WITH newest AS (
    SELECT snapshot_id FROM read.snapshot_brought
     WHERE name = %(name)s AND (%(until)s::bigint IS NULL OR log_position <= %(until)s)
     ORDER BY as_of DESC, log_position DESC LIMIT 1
)
SELECT node_id, parent_id, name, kind FROM read.portfolio_node JOIN newest USING (snapshot_id) ORDER BY path
"""


def newest_nodes(connection: Connection, name: str, until: int | None = None) -> list[book.Node]:
    """None of a portfolio that never came."""
    rows = connection.execute(NEWEST_NODES, {"name": name, "until": until})
    return [book.Node(node_id, parent_id, called, kind) for node_id, parent_id, called, kind in rows]


def changes_of(connection: Connection, name: str, until: int | None = None) -> list[tuple[int, book.HierarchyEvent]]:
    """With the log position of each."""
    terms: dict[str, Any] = {"stream": book.hierarchy_stream(name), "after": 0, "until": until, "limit": None}
    rows = connection.execute(SELECT_STREAM, terms)
    return [
        (position, cast(book.HierarchyEvent, codec.decode(topic, bytes(state))))
        for position, _, _, topic, state in rows
    ]


def hierarchy_document(connection: Connection, name: str, until: int | None = None) -> dict[str, Any]:
    """Nodes as the next files of this name will have them, closed ones too, and the changes in their order."""
    nodes, changes = newest_nodes(connection, name, until), changes_of(connection, name, until)
    if not nodes and not changes:
        raise NotFound(f"there is no portfolio {name!r}", "see /api/v1/portfolio/snapshots for the names")
    tree = book.Hierarchy(tuple(event for _, event in changes)).applied(nodes)
    return {
        "portfolio": name,
        "nodes": [_node(node) for node in tree.values()],
        "changes": [_change(position, event) for position, event in changes],
    }


def _node(node: book.Node) -> dict[str, Any]:
    said = asdict(node)
    closed, by = said.pop("is_closed"), said.pop("changed_by")
    return {**said, "closed": closed, "changed_by": by or None}


def _change(position: int, event: book.HierarchyEvent) -> dict[str, Any]:
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
