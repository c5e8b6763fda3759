"""Credit losses along a scenario, quarter by quarter, by the policy's satellites; balances are held.

    loss_q = EAD (1 - (1 - PD_q)^(1/4)) LGD_q           or EAD x nine-quarter loss rate / 9

PD and LGD follow the whole path of the scenario, whatever `forecast_quarters`; quarters beyond it revert. What is in
default loses EAD x LGD_1 in quarter 1. Amounts are in base currency at the scenario's exchange rates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.allowance.book import FVO, Book
from compute.allowance.choices import NONE
from compute.allowance.moves import CreditMoves
from compute.allowance.pd_lgd_paths import paths_of
from compute.capital.basics import Basics, basics_of
from compute.capital.columns import Exposures
from compute.capital.credit import exposures_at_default, lgds, pds
from compute.capital.frameworks import default_days, rates_to_base
from compute.market.shocks import apply_shocks
from compute.stress.reports import Array, OfScenario, Row, StressedRun, table_of
from domain.market.document import MarketDocument
from domain.market.parts import FxSpot
from domain.scenarios.shocks import ScenarioDocument

Rows = NDArray[np.int64]
QUARTERS = 13
"""Nine of the projection, and the four after them that its allowance looks at."""
PROJECTED = 9
CHUNK = 4096
COLUMNS = {"scenario": pa.string(), "segment": pa.string(), "quarter": pa.int64(), "loss": pa.float64()}


@dataclass(frozen=True)
class StressLosses:
    segments: tuple[str, ...]
    """of the policy's satellites, in its order"""
    by_scenario: Array
    """[scenarios, segments, QUARTERS] base currency"""


def losses_of(book: Book, run: StressedRun, scenarios: Sequence[OfScenario]) -> StressLosses:
    """`book.moves` are of these scenarios. Positions without a PD, an LGD or a rate of exchange lose nothing."""
    satellites = book.choices.satellites
    names = tuple(dict.fromkeys(each.segment for each in satellites))
    place = np.array([names.index(each.segment) for each in satellites], np.int64)
    whole = np.zeros((len(scenarios), len(names), QUARTERS))
    rates = [scenario_rates(run, each.document) for each in scenarios]
    asked = np.flatnonzero(book.exposed & (book.accounting != FVO) & (book.choices.satellite != NONE))
    for first in range(0, len(asked), CHUNK):
        lending = _lending(book, asked[first : first + CHUNK])
        segment = place[book.choices.satellite[lending.rows]]
        for number, by_currency in enumerate(rates):
            rate = lending.exposures.own_number("currency", lambda name: by_currency.get(name, np.nan), np.nan)  # noqa: B023
            amounts = np.nan_to_num(_quarterly(book, lending, book.moves[number]) * rate[:, None], nan=0.0)
            np.add.at(whole[number], segment, amounts)
    return StressLosses(names, whole)


@dataclass(frozen=True)
class _Lending:
    """[n] exposures that have a satellite."""

    rows: Rows
    exposures: Exposures
    basics: Basics
    pd_12m: Array
    lgd: Array
    ead_ccy: Array
    nine_quarter_rate: Array
    """NaN where losses follow PD"""


def _lending(book: Book, rows: Rows) -> _Lending:
    exposures = Exposures(book.columns, rows)
    basics = basics_of(exposures, default_days(book.setting))
    quoted = [each.nine_quarter_loss_rate for each in book.choices.satellites]
    rate = np.array([np.nan if each is None else each for each in quoted])[book.choices.satellite[rows]]
    of_book = pds(basics, book.setting), lgds(basics, book.setting), exposures_at_default(basics, book.setting)
    return _Lending(rows, exposures, basics, *of_book, rate)


def _quarterly(book: Book, lending: _Lending, moves: CreditMoves) -> Array:
    """[n, QUARTERS] in the instrument's currency."""
    rows = lending.rows
    of_book = book.horizon, book.choices.of(rows), lending.pd_12m, lending.lgd
    paths = paths_of(*of_book, moves, book.matching(rows), whole_path=True)
    pd = np.stack([paths.pd_of(quarter) for quarter in range(1, QUARTERS + 1)], axis=1)
    lgd = np.stack([paths.lgd_of(quarter) for quarter in range(1, QUARTERS + 1)], axis=1)
    share = quarter_loss_shares(pd, lgd)
    share[lending.basics.defaulted] = 0.0
    share[lending.basics.defaulted, 0] = lgd[lending.basics.defaulted, 0]
    by_rate = ~np.isnan(lending.nine_quarter_rate)
    share[by_rate] = lending.nine_quarter_rate[by_rate, None] / PROJECTED
    return lending.ead_ccy[:, None] * share


def quarter_loss_shares(pd: Array, lgd: Array) -> Array:
    """[n, quarters] from annualised PD: (1 - (1 - PD)^(1/4)) LGD."""
    return (1.0 - (1.0 - pd) ** 0.25) * lgd


def scenario_rates(run: StressedRun, scenario: ScenarioDocument) -> dict[str, float]:
    """Base currency per unit as the scenario's shocks leave the spots."""
    spots = apply_shocks(run.market, scenario).fx_spots
    moved: MarketDocument = run.market.model_copy(
        update={"fx_spots": tuple(FxSpot(pair=pair, spot=spot) for pair, spot in spots.items())}
    )
    return rates_to_base(moved, run.requested.base_currency)


def losses_table(found: StressLosses, scenarios: Sequence[OfScenario]) -> pa.Table:
    return table_of(_rows(found, scenarios), COLUMNS)


def _rows(found: StressLosses, scenarios: Sequence[OfScenario]) -> Iterator[Row]:
    for scenario, by_segment in zip(scenarios, found.by_scenario.tolist(), strict=True):
        for segment, losses in zip(found.segments, by_segment, strict=True):
            for quarter, loss in enumerate(losses, start=1):
                yield {"scenario": scenario.name, "segment": segment, "quarter": quarter, "loss": loss}
