"""The tree of each portfolio snapshot, with how many positions hang on a node or below."""

from collections.abc import Sequence

import numpy as np

from domain.event import Event
from domain.portfolio.columns import Portfolio
from domain.portfolio.tree import paths, texts
from domain.ports import BlobStore, Connection, LogEntry, PortfolioCodec
from domain.snapshot import SnapshotKind, SnapshotRegistered
from projections.engine.versions import FIRST, Tables, versioned

INSERT_NODE = """
INSERT INTO {portfolio_node} (snapshot_id, node_id, parent_id, name, kind, path, positions)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class PortfolioTreeProjection:
    tables = ("portfolio_node",)
    alone: tuple[type[Event], ...] = ()

    def __init__(self, blobs: BlobStore, codec: PortfolioCodec, version: int = FIRST) -> None:
        self.name = versioned("portfolio_node", version)
        self._blobs, self._codec = blobs, codec
        self._insert_node = Tables(self.tables, version).sql(INSERT_NODE)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            event = entry.event
            if isinstance(event, SnapshotRegistered) and event.kind is SnapshotKind.PORTFOLIO:
                portfolio = self._codec.decode(self._blobs.get(event.sha256), ("portfolio",))
                rows = [(event.originator_id, *node) for node in _nodes(portfolio)]
                with connection.cursor() as cursor:
                    cursor.executemany(self._insert_node, rows)


def _nodes(portfolio: Portfolio) -> list[tuple[object, ...]]:
    table = portfolio.tables["portfolio"]
    ids, parents, names, kinds = (
        texts(table.columns.get(name), table.rows) for name in ("node_id", "parent_id", "name", "kind")
    )
    tree = paths(portfolio)
    hanging = np.bincount(portfolio.book_row, minlength=table.rows)
    below = np.zeros(table.rows, np.int64)
    for row, path in enumerate(tree):
        below[path] += hanging[row]
    return [
        (ids[row], parents[row], names[row], kinds[row], [ids[each] for each in tree[row]], int(below[row]))
        for row in range(table.rows)
    ]
