"""What ladders and gaps are grouped by: any name of results, or the nodes of the tree, each group in one currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.ladders import LadderCells
from compute.kernels.valuing.ladders import NOWHERE
from domain.portfolio.columns import Portfolio
from domain.portfolio.tree import paths, texts
from ops.quote_risk import chosen_rows
from query_api.results.asked_groups import BETWEEN_KEYS, NODE, By, ChosenGroups, parse_by
from query_api.results.attributes import currencies_of
from query_api.results.chosen.fields import NamedPortfolio

ALL = "ALL"
"""The group of everything."""
BETWEEN_NAMES = ", "


Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class CashFlowGroups:
    """Cells are added up; groups are cells, or made of several: a node of all that hangs below it."""

    cells: LadderCells
    keys: Sequence[str]
    currencies: Sequence[str]
    made_of: Sequence[Sequence[int]] | None
    """cells of each group; None where each is one"""

    def summed(self, by_cell: NDArray[Scalar]) -> NDArray[Scalar]:
        """From [S, cells, …] to [S, groups, …], cells in their order."""
        if self.made_of is None:
            return by_cell
        groups = np.zeros((by_cell.shape[0], len(self.keys), *by_cell.shape[2:]), by_cell.dtype)
        for group, cells in enumerate(self.made_of):
            for cell in cells:
                groups[:, group] += by_cell[:, cell]
        return groups


def cash_flow_groups(portfolio: Portfolio, by: str | None, node: str | None) -> CashFlowGroups:
    """Of all positions, or those of a node and below it."""
    currencies, currency = currencies_of(portfolio)
    asked = np.zeros(portfolio.position_count, np.bool_)
    asked[chosen_rows(portfolio, node, None)] = True
    names = parse_by(by) if by is not None else []
    of_tree = names == [By(NODE)]
    keys, codes = _hanging(portfolio) if of_tree else _labelled(portfolio, names)
    both = np.asarray(codes, np.int64) * len(currencies) + currency
    used, place = np.unique(both[asked], return_inverse=True)
    cell = np.full(portfolio.position_count, NOWHERE, np.int64)
    cell[asked] = place
    pairs = [(int(each) // len(currencies), currencies[int(each) % len(currencies)]) for each in used]
    cells = LadderCells(cell, len(used))
    if of_tree:
        return _of_nodes(portfolio, keys, cells, pairs, node)
    return CashFlowGroups(cells, [keys[code] for code, _ in pairs], [currency for _, currency in pairs], None)


def refuse_unknown_node(portfolio: Portfolio, node: str | None) -> None:
    chosen_rows(portfolio, node, None)


def _labelled(portfolio: Portfolio, names: list[By]) -> tuple[list[str], NDArray[np.int64]]:
    if not names:
        return [ALL], np.zeros(portfolio.position_count, np.int64)
    keys, codes = ChosenGroups(NamedPortfolio(portfolio), names, [], []).coded
    return [key.replace(BETWEEN_KEYS, BETWEEN_NAMES) for key in keys], codes


def _hanging(portfolio: Portfolio) -> tuple[list[str], NDArray[np.int64]]:
    table = portfolio.tables["portfolio"]
    return [each or "" for each in texts(table.columns.get("node_id"), table.rows)], portfolio.book_row


def _of_nodes(
    portfolio: Portfolio, ids: list[str], cells: LadderCells, pairs: list[tuple[int, str]], node: str | None
) -> CashFlowGroups:
    """Every node on the way down to a position, from the one asked for on."""
    ways, made_of = paths(portfolio), dict[tuple[str, str], list[int]]()
    for cell, (row, currency) in enumerate(pairs):
        way = [ids[each] for each in ways[row]]
        for each in way[way.index(node) if node is not None else 0 :]:
            made_of.setdefault((each, currency), []).append(cell)
    groups = sorted(made_of)
    return CashFlowGroups(
        cells,
        [key for key, _ in groups],
        [currency for _, currency in groups],
        [made_of[group] for group in groups],
    )
