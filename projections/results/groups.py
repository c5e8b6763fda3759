"""Groups of positions, made of cells.

A cell is (value of one dimension, currency); a position is in one cell of every dimension. Native amounts are summed
by cell, and turn into base currency where a group's cells are added up, so each number is added once for both. All
dimensions of the tree (total, node, fund, sub_fund, desk, book) are made of the cells of the nodes that positions hang
on: a deep tree costs no more than a flat one.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from domain.lazy import lazy
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import NODE_KINDS
from domain.portfolio.tree import paths, texts
from projections.results.dimensions import Dimension, currencies, dimensions

Key = tuple[str, str]


@dataclass(frozen=True)
class Groups:
    """cells          int32 [dimensions, positions], the cells that a position is in
    cell_currency  int32 [cells], into `currencies`
    keys           (dimension, key) of each group
    membership     [groups, cells], 1 where the group is made of the cell
    """

    cells: npt.NDArray[np.int32]
    cell_currency: npt.NDArray[np.int32]
    currencies: tuple[str, ...]
    currency_codes: npt.NDArray[np.int32]
    keys: tuple[Key, ...]
    membership: sparse.csr_matrix

    @property
    def cell_count(self) -> int:
        return len(self.cell_currency)

    @lazy
    def positions(self) -> npt.NDArray[np.int64]:
        """In each group."""
        by_cell = np.bincount(self.cells.ravel(), minlength=self.cell_count)
        return np.asarray(self.membership @ by_cell.astype(np.float64)).astype(np.int64)

    @lazy
    def shared_currency(self) -> list[str | None]:
        """Of each group: the one currency of all its positions, or None."""
        starts = self.membership.indptr
        by_group = [self.cell_currency[self.membership.indices[a:b]] for a, b in itertools.pairwise(starts)]
        return [self.currencies[each[0]] if len(each) and (each == each[0]).all() else None for each in by_group]


def build_groups(portfolio: Portfolio) -> Groups:
    currency = currencies(portfolio)
    tree_keys, groups_of_node = _tree(portfolio)
    hanging = Dimension("", (), portfolio.book_row)
    cells, cell_values, cell_currency = _cells(hanging, currency)
    rows, pairs = (
        [cells.astype(np.int32)],
        [(g, cell) for cell, node in enumerate(cell_values) for g in groups_of_node[node]],
    )
    currency_of, keys, n_cells = [cell_currency], tree_keys, len(cell_values)
    for dimension in dimensions(portfolio):
        cells, cell_values, cell_currency = _cells(dimension, currency)
        pairs += [(len(keys) + value, n_cells + cell) for cell, value in enumerate(cell_values)]
        keys += [(dimension.name, key) for key in dimension.keys]
        rows.append((cells + n_cells).astype(np.int32))
        currency_of.append(cell_currency)
        n_cells += len(cell_values)
    return Groups(
        cells=np.stack(rows),
        cell_currency=np.concatenate(currency_of).astype(np.int32),
        currencies=currency.keys,
        currency_codes=currency.codes,
        keys=tuple(keys),
        membership=_membership(pairs, len(keys), n_cells),
    )


def _cells(dimension: Dimension, currency: Dimension) -> tuple[npt.NDArray[Any], list[int], npt.NDArray[Any]]:
    """The cell of each position, and each cell's value and currency."""
    n_currencies = len(currency.keys)
    both = dimension.codes.astype(np.int64) * n_currencies + currency.codes
    used = np.bincount(both) > 0
    cell_keys = np.flatnonzero(used)
    return (np.cumsum(used) - 1)[both], (cell_keys // n_currencies).tolist(), cell_keys % n_currencies


def _membership(pairs: list[tuple[int, int]], groups: int, cells: int) -> sparse.csr_matrix:
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    return sparse.csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(groups, cells))


def _tree(portfolio: Portfolio) -> tuple[list[Key], list[list[int]]]:
    """The tree's groups, and those that a position hanging on each node belongs to."""
    table = portfolio.tables["portfolio"]
    ids = [each or "" for each in texts(table.columns.get("node_id"), table.rows)]
    kinds = texts(table.columns.get("kind"), table.rows)
    hung = np.bincount(portfolio.book_row, minlength=table.rows) > 0
    number: dict[Key, int] = {("total", ""): 0}
    for node_id, kind in zip(ids, kinds, strict=True):
        number.setdefault(("node", node_id), len(number))
        number.setdefault(((kind or "").lower(), node_id), len(number))
    groups_of_node: list[list[int]] = []
    for row, path in enumerate(paths(portfolio)):
        wanted = groups_on_path([(ids[each], kinds[each]) for each in path]) if hung[row] else []
        groups_of_node.append([number.setdefault(key, len(number)) for key in wanted])
    return list(number), groups_of_node


def groups_on_path(path: Sequence[tuple[str, str | None]]) -> list[Key]:
    """Every node on the way down; for each kind the nearest node above, or '' where there is none."""
    nearest = [(kind.lower(), next((n for n, k in reversed(path) if k == kind), "")) for kind in NODE_KINDS]
    return [("total", ""), *(("node", node_id) for node_id, _ in path), *nearest]
