"""What a run knows of its derivatives beside their terms: present values, and forwards of options."""

from functools import lru_cache

import numpy as np

from compute.capital.columns import Array, Rows
from compute.capital.counterparty.trades import Brought
from compute.option_forwards import option_forwards
from domain.market.document import MarketDocument
from domain.portfolio.columns import Portfolio
from domain.runs.run import RunRequested
from domain.scenarios.versions import BASE
from ops.ports import Storage
from query_api.reading import reading
from query_api.results.columns import columns_of_run
from query_api.results.table import pieces_between, read_amounts
from query_api.runs import queryable_run, scenario_numbers


def brought_by(
    storage: Storage, run_id: str, requested: RunRequested, portfolio: Portfolio, market: MarketDocument
) -> Brought:
    @lru_cache(maxsize=1)
    def everything() -> Array:
        return present_values(storage, run_id)

    def values(rows: Rows) -> Array:
        return everything()[rows]

    def forwards(rows: Rows) -> Array:
        return option_forwards(portfolio, market, requested.base_currency, rows)

    return Brought(values, forwards)


def present_values(storage: Storage, run_id: str) -> Array:
    """[positions] PV under BASE in the position's currency; NaN where it is blank, or the run has none."""
    with reading(storage.connect) as connection:
        run = queryable_run(connection, run_id)
        column = next((each for each in columns_of_run(run) if each.name == "pv"), None)
        if column is None or BASE not in run.scenario_ids:
            return np.full(run.positions, np.nan)
        cursor = connection.cursor(binary=True)
        pieces = pieces_between(run, scenario_numbers(run, BASE), 0, run.positions)
        parts = [read_amounts(cursor, run, piece, [column])[column.number] for piece in pieces]
    return np.concatenate(parts)
