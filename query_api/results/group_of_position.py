"""Which group every position of a run belongs to: a node of the tree, a value of an attribute, the whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import NODE_KINDS
from query_api.errors import BadQuery, NotFound
from query_api.reading import Array, Connection, unpacked_texts
from query_api.results.attributes import sorted_keys
from query_api.runs import RunRow
from query_api.scope import trimmed_path

LoadPortfolio = Callable[[str], Portfolio]

TOTAL, NODE, CHILDREN = "total", "node", "children"
KINDS = tuple(kind.lower() for kind in NODE_KINDS)
TREE = (TOTAL, NODE, CHILDREN, *KINDS)
NOBODY = -1

MAX_VALUES = 50_000_000
"""Groups times scenarios, or factors, that an answer is made of: 400 MB."""

SELECT_NODES = "SELECT node_id, kind, path, positions FROM read.portfolio_node WHERE snapshot_id = %s ORDER BY path"
SELECT_BOOKS = "SELECT book_id FROM read.result_position WHERE run_no = %s ORDER BY chunk_no"
SELECT_PORTFOLIO_SHA256 = "SELECT sha256 FROM read.snapshot WHERE snapshot_id = %s"


class TreeNode(NamedTuple):
    node_id: str
    kind: str
    path: list[str]
    positions: int


@dataclass(frozen=True)
class Grouping:
    """A position is in one cell, or in none; groups are made of cells, and may share them."""

    keys: list[str]
    cells: Array
    """[positions] NOBODY where the position is not asked for"""
    membership: Array | None
    """[groups, cells] 1 where the group is made of the cell; None where each group is one cell"""

    @property
    def cell_count(self) -> int:
        return len(self.keys) if self.membership is None else self.membership.shape[1]

    def by_group(self, by_cell: Array) -> Array:
        """From [cells, …] to [groups, …]."""
        found: Array = by_cell if self.membership is None else self.membership @ by_cell
        return found


def nodes_of(connection: Connection, run: RunRow) -> list[TreeNode]:
    nodes = [TreeNode(*row) for row in connection.execute(SELECT_NODES, (run.portfolio_snapshot_id,))]
    if run.rows is None:
        return nodes
    seen = {node.node_id for node in nodes}
    return [node._replace(path=trimmed_path(node.path, seen)) for node in nodes]


def node_named(nodes: Iterable[TreeNode], node: str) -> TreeNode:
    for each in nodes:
        if each.node_id == node:
            return each
    raise NotFound(f"the portfolio has no node {node!r}", "`tenor results RUN --by node` names the nodes")


def group_positions(
    connection: Connection, run: RunRow, by: str, node: str | None, load_portfolio: LoadPortfolio | None
) -> Grouping:
    """Of all positions, or of those below `node`."""
    nodes = nodes_of(connection, run)
    if node is not None:
        node_named(nodes, node)
    if by == TOTAL and node is None:
        return Grouping([""], np.zeros(run.positions, np.int64), None)
    hanging = _hanging(connection, run, nodes)
    below = np.array([node is None or node in each.path for each in nodes])[hanging]
    if by in TREE:
        return _of_tree(nodes, np.where(below, hanging, NOBODY), by, node)
    keys, codes = _attribute(connection, run, by, load_portfolio)
    used, places = np.unique(codes[below], return_inverse=True)
    cells = np.full(run.positions, NOBODY)
    cells[below] = places
    return Grouping([keys[number] for number in used.tolist()], cells, None)


def refuse_too_many(groups: int, each: int) -> None:
    if groups * each > MAX_VALUES:
        message = f"{groups:,} groups times {each:,} are more than {MAX_VALUES:,} values"
        raise BadQuery(message, "ask for one node of the tree, or for larger groups")


def groups_on_path(path: list[str], kinds: dict[str, str], by: str, node: str | None) -> list[str]:
    """The groups of a position that hangs on the last node of the path."""
    if by == TOTAL:
        return [""]
    start = 0 if node is None else path.index(node)
    if by == NODE:
        return path[start:]
    if by == CHILDREN:
        below = path if node is None else path[start + 1 :]
        return [below[0] if below else path[-1]]
    return [next((each for each in reversed(path) if kinds[each].lower() == by), "")]


def _of_tree(nodes: list[TreeNode], hanging: Array, by: str, node: str | None) -> Grouping:
    kinds = {each.node_id: each.kind for each in nodes}
    used = np.unique(hanging[hanging != NOBODY])
    groups = {int(cell): groups_on_path(nodes[cell].path, kinds, by, node) for cell in used}
    keys = sorted({key for of_cell in groups.values() for key in of_cell})
    membership = np.zeros((len(keys), len(nodes)))
    for cell, of_cell in groups.items():
        membership[[keys.index(key) for key in of_cell], cell] = 1.0
    return Grouping(keys, hanging, membership)


def _hanging(connection: Connection, run: RunRow, nodes: list[TreeNode]) -> Array:
    """[positions] the place among the nodes of the one that each position hangs on."""
    place = {each.node_id: number for number, each in enumerate(nodes)}
    rows = connection.execute(SELECT_BOOKS, (run.run_no,), binary=True).fetchall()
    every = pa.chunked_array([unpacked_texts(books) for (books,) in rows]).combine_chunks()
    books = (every if run.rows is None else every.take(pa.array(run.rows))).dictionary_encode()
    places = np.array([place[book] for book in books.dictionary.to_pylist()], np.int64)
    found: Array = places[books.indices.to_numpy()]
    return found


def _attribute(
    connection: Connection, run: RunRow, by: str, load_portfolio: LoadPortfolio | None
) -> tuple[list[str], Array]:
    held = portfolio_of(connection, run, load_portfolio)
    found = sorted_keys(held, by) if held is not None else None
    if found is None:
        message = f"run {run.run_id} cannot be grouped by {by!r}"
        raise BadQuery(message, f"group by {', '.join(TREE)}, or an attribute of positions, instruments or issuers")
    return found


def portfolio_of(connection: Connection, run: RunRow, load_portfolio: LoadPortfolio | None) -> Portfolio | None:
    row = connection.execute(SELECT_PORTFOLIO_SHA256, (run.portfolio_snapshot_id,)).fetchone()
    return load_portfolio(row[0]) if load_portfolio and row else None
