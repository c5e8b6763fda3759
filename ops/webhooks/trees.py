"""The tree of a portfolio as the outbox asks for it: who hangs where."""

from collections.abc import Sequence

import numpy as np

from commands.processes.outbox import Node
from domain.portfolio.tree import paths, texts
from ops.ports import Storage


def tree_of(storage: Storage, sha256: str) -> Sequence[Node]:
    portfolio = storage.portfolio(sha256, ("portfolio",))
    table = portfolio.tables["portfolio"]
    ids = texts(table.columns.get("node_id"), table.rows)
    own = np.bincount(portfolio.book_row, minlength=table.rows)
    return [Node(tuple(str(ids[each]) for each in path), int(own[row])) for row, path in enumerate(paths(portfolio))]
