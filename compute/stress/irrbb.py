"""Interest rate risk in the banking book: what the standard shocks do to economic value and to a year's income.

    delta EVE = PV under the shock - PV at BASE, at BASE rates of exchange
    delta NII = +- R_parallel x sum over t < 1 year of repriced principal x (1 - t)

Losses of economic value are added over currencies without the gains of others, and held against tier 1 capital.

Source: SRP31 (BCBS d368, d578); SRP31.13 for the outlier test
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.cash_flows.ladders import LadderCells, over_chunks
from compute.cash_flows.repricing import gap_of
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.valuing.ladders import NOWHERE
from compute.market.par_curves import bootstrap
from compute.market.shocks import irrbb_shift, node_days_of
from compute.stress.reports import Array, OfScenario, Row, StressedRun, table_of
from domain.market.parts import ZeroCurve
from domain.scenarios.shocks import IrrbbShock, ScenarioDocument
from domain.scenarios.standards import irrbb_sizes, standard_of

Rows = NDArray[np.int64]
TOTAL = "TOTAL"
NO_SHOCK = "no IRRBB shock"
SIGNS = {"PARALLEL_UP": 1.0, "PARALLEL_DOWN": -1.0}
YEAR_DAYS = int(DAYS_PER_YEAR)
COLUMNS = {name: pa.string() for name in ("scenario", "shock", "currency")} | {
    name: pa.float64() for name in ("delta_eve", "delta_nii", "eve_loss", "eve_loss_share_tier1")
}
COLUMNS |= {"outlier": pa.bool_()}
NODE_COLUMNS = {name: pa.string() for name in ("scenario", "currency", "curve_id", "node")} | {
    name: pa.float64() for name in ("time_yr", "shock_bp")
}


def shocks_of(document: ScenarioDocument) -> list[IrrbbShock]:
    return [shock for shock in document.shocks if isinstance(shock, IrrbbShock)]


def has_rate_shock(document: ScenarioDocument) -> bool:
    return bool(shocks_of(document))


def is_parallel(scenario: OfScenario) -> bool:
    """The shocks of which a change of income is told."""
    return all(shock.name in SIGNS for shock in shocks_of(scenario.document))


class ValueChanges:
    """Adds up what positions of the banking book gain, by scenario and currency, as chunks are read."""

    def __init__(self, run: StressedRun, scenario_count: int) -> None:
        self._keys, self._currency = run.currencies
        self._counts = ~run.is_trading
        self.by_currency_ccy = np.zeros((scenario_count, len(self._keys)))

    def take(self, rows: slice, base_ccy: Array, shocked_ccy: Sequence[Array]) -> None:
        """What has no value in one of the two gains nothing."""
        for scenario, values in enumerate(shocked_ccy):
            gains = np.where(self._counts[rows], np.nan_to_num(values - base_ccy, nan=0.0), 0.0)
            added = np.bincount(self._currency[rows], gains, len(self._keys))
            self.by_currency_ccy[scenario] += added


def repriced_principal(run: StressedRun, inputs: RunInputs) -> Array:
    """[currencies] sum over t < 1 year of what reprices x (1 - t): repayments, floaters' balances, legs of swaps."""
    keys, currency = run.currencies
    of_position = np.where(run.is_trading, NOWHERE, currency)
    days = np.arange(inputs.tables.discount_factors.shape[1])
    of_day = np.minimum(days, YEAR_DAYS).astype(np.int32)
    weight = 1.0 - np.arange(YEAR_DAYS + 1) / DAYS_PER_YEAR

    def of_chunk(terms: Terms, cell: Rows, count: int) -> Array:
        by_day = gap_of(inputs, terms, cell, count, of_day, YEAR_DAYS + 1)[0].sum(axis=2)
        found: Array = by_day @ weight
        return found

    whole = np.zeros(len(keys))
    for used, part in over_chunks(inputs, LadderCells(of_position, len(keys)), of_chunk):
        whole[used] += part
    return whole


def irrbb_table(
    run: StressedRun, scenarios: Sequence[OfScenario], changes: ValueChanges, repriced_ccy: Array
) -> pa.Table:
    rows = [
        row
        for number, scenario in enumerate(scenarios)
        for row in _rows(run, scenario, changes.by_currency_ccy[number], repriced_ccy)
    ]
    return table_of(rows, COLUMNS)


def _rows(run: StressedRun, scenario: OfScenario, gains_ccy: Array, repriced_ccy: Array) -> Iterator[Row]:
    keys, currency = run.currencies
    shocks = shocks_of(scenario.document)
    named = {"scenario": scenario.name, "shock": "+".join(shock.name for shock in shocks)}
    has_income = is_parallel(scenario)
    held = sorted(keys[place] for place in np.unique(currency[~run.is_trading]).tolist())
    gains, incomes = [], []
    for name in held:
        place, rate = keys.index(name), run.rates.get(name, np.nan)
        gains.append(float(gains_ccy[place]) * rate)
        incomes.append(_parallel(shocks, name) * float(repriced_ccy[place]) * rate if has_income else 0.0)
        income = incomes[-1] if has_income else None
        yield {**named, "currency": name, "delta_eve": gains[-1], "delta_nii": income}
    yield {**named, **_total(run, gains), "delta_nii": sum(incomes) if has_income else None}


def _total(run: StressedRun, gains: Sequence[float]) -> Row:
    """Gains of one currency do not stand against the losses of another."""
    loss = sum(max(0.0, -gain) for gain in gains)
    tier1, rules = run.capital.tier1, run.rules.get("irrbb")
    share = loss / tier1 if tier1 else None
    limit = rules.value("OUTLIER", "SHARE_OF_TIER1") if rules else None
    return {
        "currency": TOTAL,
        "delta_eve": sum(gains),
        "eve_loss": loss,
        "eve_loss_share_tier1": share,
        "outlier": None if share is None or limit is None else share > limit,
    }


def _parallel(shocks: Sequence[IrrbbShock], currency: str) -> float:
    """A decimal, with its sign; nil where the committee has no size for the currency."""
    sizes = [(SIGNS[shock.name], irrbb_sizes(standard_of(shock), currency)) for shock in shocks]
    return sum(sign * size.parallel_bp * BASIS_POINT for sign, size in sizes if size is not None)


def nodes_table(run: StressedRun, scenarios: Sequence[OfScenario]) -> pa.Table:
    """What each shock adds to the zero rate at every node of the market's curves."""
    return table_of([row for each in scenarios for row in _node_rows(run, each)], NODE_COLUMNS)


def _node_rows(run: StressedRun, scenario: OfScenario) -> Iterator[Row]:
    for curve in bootstrap(run.market).market.curves:
        if not isinstance(curve, ZeroCurve):
            continue
        times = node_days_of(curve.nodes, run.market.as_of) / DAYS_PER_YEAR
        moves = np.zeros(len(times))
        for shock in shocks_of(scenario.document):
            moves += irrbb_shift(standard_of(shock), shock.name, curve.currency)(times)
        for node, time, move in zip(curve.nodes, times.tolist(), moves.tolist(), strict=True):
            yield {
                "scenario": scenario.name,
                "currency": curve.currency,
                "curve_id": curve.curve_id,
                "node": node.tenor or str(node.date),
                "time_yr": time,
                "shock_bp": move,
            }
