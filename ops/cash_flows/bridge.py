"""Why durations moved between two runs, worked out from what their log names: portfolios, markets, and nothing kept."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from compute.cash_flows.bridge import Side, bridge_table, common_rows
from compute.cash_flows.ladders import LadderCells
from domain.portfolio.columns import Portfolio
from domain.refusals import Refused
from domain.runs.run import RunRequested
from domain.scenarios.versions import BASE
from ops.audit.run_events import read_run
from ops.cash_flows.groups import cash_flow_groups
from ops.cash_flows.tables import scenarios_of
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from query_api.errors import BadQuery
from query_api.services.bridge import AskedBridge, WorkOut

WITHOUT = ""
"""The group of positions whose portfolio knows no attribute of that name."""
TEXTS = ("group", "step")


def bridge_of_runs(storage: Storage, asked: AskedBridge) -> pa.Table:
    first, second = (read_run(storage.store, run).requested for run in (asked.from_run, asked.to_run))
    for requested in (first, second):
        scenarios_of(requested, BASE)
    if first.base_currency != second.base_currency:
        message = f"the runs are in {first.base_currency} and in {second.base_currency}"
        raise Refused("OTHER_BASE_CURRENCY", message, "submit one of them again with the other's base currency")
    portfolios = portfolios_of(storage, first, second)
    if not len(common_rows(*portfolios)[0]):
        message = "the runs have no position in common: nothing of the one leads to the other"
        raise Refused("OTHER_BOOKS", message, "name two runs of the same book, on two days")
    groups = groups_of(portfolios, asked.by)
    sides = [
        Side(portfolio, storage.market(requested.market_sha256), cells, made_of, requested.chunk_size)
        for requested, portfolio, (cells, made_of) in zip((first, second), portfolios, groups, strict=True)
    ]
    columns = bridge_table(sides[0], sides[1], first.base_currency)
    fields = [pa.field(name, pa.string() if name in TEXTS else pa.float64()) for name in columns]
    return pa.table(columns, schema=pa.schema(fields))


def work_out_for(storage: Storage) -> WorkOut:
    """The same, refusing as queries do."""

    def work_out(asked: AskedBridge) -> pa.Table:
        with refusing_as_queries():
            return bridge_of_runs(storage, asked)

    return work_out


def portfolios_of(storage: Storage, first: RunRequested, second: RunRequested) -> tuple[Portfolio, Portfolio]:
    portfolio = storage.portfolio(first.portfolio_sha256)
    if second.portfolio_sha256 == first.portfolio_sha256:
        return portfolio, portfolio
    return portfolio, storage.portfolio(second.portfolio_sha256)


def groups_of(portfolios: Sequence[Portfolio], by: str | None) -> list[tuple[LadderCells, Mapping[str, Sequence[int]]]]:
    """Of both portfolios; an attribute that only one of them knows is empty in the other."""
    found: list[tuple[LadderCells, Mapping[str, Sequence[int]]]] = []
    refusals: list[BadQuery] = []
    for portfolio in portfolios:
        try:
            found.append(cells_of(portfolio, by))
        except BadQuery as refused:
            refusals.append(refused)
            found.append((LadderCells(np.zeros(portfolio.position_count, np.int64), 1), {WITHOUT: [0]}))
    if len(refusals) == len(portfolios):
        raise refusals[0]
    return found


def cells_of(portfolio: Portfolio, by: str | None) -> tuple[LadderCells, Mapping[str, Sequence[int]]]:
    """A group's cells, in all of its currencies."""
    groups = cash_flow_groups(portfolio, by, None)
    made_of: dict[str, list[int]] = {}
    for number, key in enumerate(groups.keys):
        made_of.setdefault(key, []).extend([number] if groups.made_of is None else groups.made_of[number])
    return groups.cells, made_of
