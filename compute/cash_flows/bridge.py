"""Why the duration of a book moved between two runs: the first portfolio under one market after another, then the
terms, the notionals and the positions of the second.

    duration = sum of EFFECTIVE_DURATION x PV_base / sum of PV_base, of the positions that have both

Each step's effect is the duration after it less the one before, so the effects add up to TO - FROM.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.ladders import LadderCells, over_chunks
from compute.cash_flows.tables import Columns
from compute.inputs.run_inputs import resolve
from compute.inputs.terms import Terms
from compute.kernels.valuing.ladders import NOWHERE
from compute.pricers.shared.fx_rates import fx_rates
from compute.product_families import price_terms
from domain.market.document import MarketDocument
from domain.market.steps import steps_between
from domain.measures.measures import Fact
from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.scenarios.shocks import BASE_SCENARIO

Amounts = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

BRIDGE = ("group", "step", "duration_yr", "effect_yr", "pv_base")
FROM, TERMS, NOTIONAL, GONE, NEW, TO = "FROM", "TERMS", "NOTIONAL", "GONE", "NEW", "TO"
MEASURES = ("PV", "DV01", "EFFECTIVE_DURATION")


@dataclass(frozen=True)
class Side:
    """One run: its portfolio and market, and the cells that its positions are in; a group is made of some of them."""

    portfolio: Portfolio
    market: MarketDocument
    cells: LadderCells
    made_of: Mapping[str, Sequence[int]]
    chunk_size: int


@dataclass(frozen=True)
class Valued:
    """[positions] in base currency, nil for what has no value."""

    pv: Amounts
    weight: Amounts
    """PV of what has a duration"""
    weighted: Amounts
    """PV x duration"""

    def of(self, chosen: Flags) -> "Valued":
        return Valued(*(np.where(chosen, each, 0.0) for each in (self.pv, self.weight, self.weighted)))

    def by_cell(self, cells: LadderCells) -> Amounts:
        """[3, cells] sums, position after position."""
        columns = (self.pv, self.weight, self.weighted)
        return np.stack([np.bincount(cells.of_position, column, cells.count) for column in columns])


State = tuple[str, Valued | None, Valued | None]
"""A step, and what counts after it: of the first portfolio, and of the second."""


def bridge_table(first: Side, second: Side, base_currency: str) -> Columns:
    """Groups in the order of their names, each with all steps; a group without a value has a duration of nil."""
    keys = sorted({*first.made_of, *second.made_of})
    rows: dict[str, list[tuple[str, float, float]]] = {key: [] for key in keys}
    for step, of_first, of_second in _states(first, second, base_currency):
        parts = [
            (side.made_of, valued.by_cell(side.cells))
            for side, valued in ((first, of_first), (second, of_second))
            if valued is not None
        ]
        for key in keys:
            sums = sum((by_cell[:, list(made_of.get(key, ()))].sum(axis=1) for made_of, by_cell in parts), np.zeros(3))
            rows[key].append((step, _duration_yr(*sums.tolist()), float(sums[0])))
    return _columns(rows)


def _duration_yr(_pv: float, weight: float, weighted: float) -> float:
    return weighted / weight if weight != 0.0 else 0.0


def _columns(rows: Mapping[str, Sequence[tuple[str, float, float]]]) -> Columns:
    """FROM and TO have no effect: nothing comes before the one, and NEW leads to the other."""
    columns: Columns = {name: [] for name in BRIDGE}
    for key, steps in rows.items():
        before = steps[0][1]
        for step, duration_yr, pv_base in steps:
            for name, cell in zip(BRIDGE, (key, step, duration_yr, duration_yr - before, pv_base), strict=True):
                columns[name].append(cell)
            before = duration_yr
    return columns


def _states(first: Side, second: Side, base_currency: str) -> Iterator[State]:
    now = valued_under(first, first.market, base_currency)
    yield FROM, now, None
    market = first.market
    for step, then in steps_between(first.market, second.market):
        now = now if then == market else valued_under(first, then, base_currency)
        market = then
        yield step, now, None
    of_first, of_second = common_rows(first.portfolio, second.portfolio)
    gone = now.of(_others(first.portfolio, of_first))
    stays = ~_others(second.portfolio, of_second)
    as_held = with_notionals(second, first.portfolio, of_first, of_second)
    yield TERMS, gone, valued_under(as_held, second.market, base_currency, stays)
    whole = valued_under(second, second.market, base_currency)
    yield NOTIONAL, gone, whole.of(stays)
    yield GONE, None, whole.of(stays)
    yield NEW, None, whole
    yield TO, None, whole


def common_rows(first: Portfolio, second: Portfolio) -> tuple[Rows, Rows]:
    """Rows of the positions that both have, in one order."""
    ids, others = _position_ids(first), _position_ids(second)
    _, of_first, of_second = np.intersect1d(ids, others, assume_unique=True, return_indices=True)
    return of_first, of_second


def _position_ids(portfolio: Portfolio) -> NDArray[np.str_]:
    column = portfolio.tables["positions"].columns["position_id"]
    ids: NDArray[np.str_] = np.array(column.categories)[column.values]
    return ids


def _others(portfolio: Portfolio, rows: Rows) -> Flags:
    others = np.ones(portfolio.position_count, np.bool_)
    others[rows] = False
    return others


def with_notionals(second: Side, first: Portfolio, of_first: Rows, of_second: Rows) -> Side:
    """The second portfolio, with as much of what both hold as the first had."""
    table = second.portfolio.tables["positions"]
    notional = table.columns["notional"]
    values = notional.values.copy()
    values[of_second] = first.tables["positions"].columns["notional"].values[of_first]
    columns = {**table.columns, "notional": ColumnData(notional.kind, values, notional.categories)}
    tables = {**second.portfolio.tables, "positions": TableData(table.rows, columns)}
    return replace(second, portfolio=replace(second.portfolio, tables=tables))


def valued_under(side: Side, market: MarketDocument, base_currency: str, wanted: Flags | None = None) -> Valued:
    """Positions of the side, all or some, under a market and without shocks."""
    count = side.portfolio.position_count
    cell = np.zeros(count, np.int64) if wanted is None else np.where(wanted, 0, NOWHERE)
    sums = np.zeros((3, count))
    run = resolve(
        side.portfolio,
        market,
        [BASE_SCENARIO],
        base_currency=base_currency,
        measures=MEASURES,
        chunk_size=side.chunk_size,
    )

    def of_chunk(terms: Terms, _cell: Rows, _count: int) -> tuple[Rows, Amounts]:
        blocks = price_terms(run, terms).blocks
        pv_base = blocks[Fact.PRICED].values[0, 0] * fx_rates(run, terms)[:, 0]
        risk = blocks[Fact.RISK]
        duration_yr = risk.values[risk.columns.index("effective_duration"), 0]
        weight = np.where(np.isnan(duration_yr), 0.0, pv_base)
        return terms.rows, np.nan_to_num(np.stack((pv_base, weight, weight * duration_yr)))

    for _, (rows, part) in over_chunks(run, LadderCells(cell.astype(np.int64), 1), of_chunk):
        sums[:, rows] = part
    return Valued(*sums)
