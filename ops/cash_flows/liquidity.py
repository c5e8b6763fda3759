"""Liquidity of a run by a rule set, at any node: worked out by the kernels that priced it, from what its log names."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from compute.cash_flows.liquidity.cells import AmountCells, cells_of
from compute.cash_flows.liquidity.table import liquidity_table
from domain.access.asking import nodes_asked
from domain.access.principal import Nodes
from domain.liquidity.rules import RULE_SETS, rules_in_force
from domain.portfolio.columns import Portfolio
from domain.portfolio.tree import paths, texts
from domain.refusals import Refused
from domain.scenarios.versions import BASE
from ops.audit.run_events import read_run
from ops.cash_flows.tables import inputs_of, scenarios_of
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from query_api.scope import Kept
from query_api.services.cashflow import Basis
from query_api.services.liquidity import AskedLiquidity, WorkOut

TEXTS = ("rule_set", "paragraph", "side", "item", "currency")
TYPES = {name: pa.string() for name in TEXTS} | {"effective_from": pa.date32(), "positions": pa.int64()}
MOST_KEPT = 16
UNKNOWN = ("UNKNOWN_NODE", "UNKNOWN_RULE_SET", "UNKNOWN_SCENARIO")


Question = tuple[str, str, str | None, Nodes]
"""Run, rule set, scenario, and the nodes in whose scope it is asked."""


@dataclass(frozen=True)
class Tree:
    """Which node each row of `portfolio` is, and the rows from the root down to it."""

    ids: list[str | None]
    paths: list[list[int]]

    def below(self, node: str | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        if node is None:
            return np.ones(len(self.ids), np.bool_)
        if node not in self.ids:
            known = ", ".join(str(each) for each in self.ids[:20])
            raise Refused("UNKNOWN_NODE", f"the portfolio has no node {node!r}", f"use one of {known}")
        wanted = self.ids.index(node)
        return np.array([wanted in path for path in self.paths], np.bool_)


@dataclass(frozen=True)
class Found:
    """Of all books: any node is told from it without reading a position again."""

    cells: AmountCells
    tree: Tree


def liquidity_of_run(storage: Storage, run: str, asked: AskedLiquidity) -> pa.Table:
    return as_table(found_of_run(storage, run, asked), asked.node)


def work_out_for(storage: Storage) -> WorkOut:
    """The same, refusing as queries do; the last answers are kept, and every node is told from them."""
    kept: Kept[Found] = Kept(MOST_KEPT)

    def work_out(run: str, asked: AskedLiquidity) -> pa.Table:
        key = (run, asked.rule_set, asked.scenario, nodes_asked())
        with refusing_as_queries(UNKNOWN):
            return as_table(kept.get(key, lambda: found_of_run(storage, run, asked)), asked.node)

    return work_out


def found_of_run(storage: Storage, run: str, asked: AskedLiquidity) -> Found:
    """BASE unless a scenario is named: a row does not say which it is of."""
    if asked.rule_set not in RULE_SETS:
        message = f"there is no rule set {asked.rule_set!r} of liquidity"
        raise Refused("UNKNOWN_RULE_SET", message, f"use one of {', '.join(RULE_SETS)}")
    requested = read_run(storage.store, run).requested
    scenarios = scenarios_of(requested, asked.scenario or BASE)
    market = storage.market(requested.market_sha256)
    rules = rules_in_force(asked.rule_set, market.as_of)
    portfolio = storage.portfolio(requested.portfolio_sha256)
    inputs = inputs_of(storage, requested, portfolio, scenarios, Basis.BEHAVIOURAL)
    return Found(cells_of(inputs, rules), tree_of(portfolio))


def tree_of(portfolio: Portfolio) -> Tree:
    table = portfolio.tables["portfolio"]
    return Tree(texts(table.columns.get("node_id"), table.rows), paths(portfolio))


def as_table(found: Found, node: str | None) -> pa.Table:
    columns = liquidity_table(found.cells, found.tree.below(node))
    fields = [pa.field(name, TYPES.get(name, pa.float64())) for name in columns]
    return pa.table(columns, schema=pa.schema(fields))
