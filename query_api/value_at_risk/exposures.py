"""What groups of positions gain for a unit of every risk factor, summed from the sensitivities of a run under BASE.

    RATE   -KEY_RATE_DV01 in base currency, by the position's currency       per basis point
    SPREAD -CS01 in base currency of the positions that match                per basis point
    FX      FX_DELTA, by the position's currency                             per cent against base

An FX product's delta is that of its pair's base currency. To first order, with q its quote currency, its gain for a
per cent of q is PV_base / 100 less that delta, and where the pair's base is the run's: minus the delta.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.portfolio.attributes import matched
from domain.portfolio.columns import Portfolio
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.results.attributes import texts_of
from query_api.results.columns import ResultColumn, chosen_columns
from query_api.results.group_of_position import NOBODY, Grouping, refuse_too_many
from query_api.results.table import facts_of_run, identities_of, pieces_between, rates_of, read_amounts
from query_api.runs import RunRow
from query_api.value_at_risk.risk_factors import Factor, FactorKind, Match

Array = np.ndarray[Any, Any]

MEASURES = ["PV", "KEY_RATE_DV01", "CS01", "FX_DELTA"]
KEY_RATES = 11


@dataclass(frozen=True)
class Exposures:
    """By group. Positions without a value or without key rates do not count."""

    keys: list[str]
    pv: Array
    gains: Array
    """[groups, factors] base currency for a unit of the factor's move"""
    positions: Array
    left_out: Array


@dataclass(frozen=True)
class _Places:
    """Of every position: the factors that it has a delta to, NOBODY for none, and the spreads that it has."""

    rate: Array
    """[positions] the first of its currency's key rates"""
    fx_own: Array
    fx_quote: Array
    quote_is_own: Array
    """the pair's base is the run's base currency"""
    is_pair: Array
    has_spread: Array
    """[positions, matches]"""


def exposures(
    connection: Connection,
    run: RunRow,
    base_no: int,
    factors: list[Factor],
    spreads: list[Match],
    grouping: Grouping,
    held: Portfolio,
) -> Exposures:
    columns = _columns(run)
    places = _places(run, factors, spreads, held)
    cells = grouping.cell_count
    refuse_too_many(cells, len(factors))
    sums = np.zeros((cells, len(factors)))
    pv, positions, counted = np.zeros(cells), np.zeros(cells), np.zeros(cells)
    cursor, facts = connection.cursor(binary=True), facts_of_run(connection, run)
    for piece in pieces_between(run, [base_no], 0, run.positions):
        amounts = read_amounts(cursor, run, piece, columns)
        rates = rates_of(identities_of(cursor, run, piece)["currency"], facts, base_no)
        read = np.stack([amounts[column.number] for column in columns])
        cells_of_piece = grouping.cells[piece.rows]
        asked = cells_of_piece != NOBODY
        counts = asked & ~np.isnan(read[: 1 + KEY_RATES]).any(axis=0) & ~np.isnan(rates)
        cell, rows = cells_of_piece[counts], piece.start + np.flatnonzero(counts)
        positions += np.bincount(cells_of_piece[asked], minlength=cells)
        counted += np.bincount(cell, minlength=cells)
        pv += np.bincount(cell, read[0, counts] * rates[counts], cells)
        _add(sums, cell, np.nan_to_num(read[:, counts]), rates[counts], places, rows, factors)
    by_group = [grouping.by_group(each) for each in (pv, sums, positions, counted)]
    left_out = (by_group[2] - by_group[3]).astype(np.int64)
    pv = np.where(by_group[3] == 0, np.nan, by_group[0])
    return Exposures(grouping.keys, pv, by_group[1], by_group[2].astype(np.int64), left_out)


def _columns(run: RunRow) -> list[ResultColumn]:
    """PV, the eleven key rates, CS01, FX_DELTA."""
    missing = [name for name in MEASURES if name not in run.measures]
    if missing:
        message = f"run {run.run_id} has no {', '.join(missing)}"
        raise BadQuery(message, f"submit a run with --measures {','.join(MEASURES)}")
    return [column for name in MEASURES for column in chosen_columns(run, [name])]


def _add(
    sums: Array, cell: Array, read: Array, rates: Array, places: _Places, rows: Array, factors: list[Factor]
) -> None:
    def add(place: Array, amounts: Array) -> None:
        known = place != NOBODY
        where = cell[known] * len(factors) + place[known]
        sums.reshape(-1)[:] += np.bincount(where, amounts[known], sums.size)

    pv, key_rates, cs01, delta = read[0] * rates, read[1 : 1 + KEY_RATES], read[-2] * rates, read[-1]
    rate = places.rate[rows]
    for key in range(KEY_RATES):
        add(np.where(rate == NOBODY, NOBODY, rate + key), -key_rates[key] * rates)
    first_spread = next((i for i, factor in enumerate(factors) if factor.kind is FactorKind.SPREAD), 0)
    for number in range(places.has_spread.shape[1]):
        add(np.where(places.has_spread[rows, number], first_spread + number, NOBODY), -cs01)
    is_pair, quote_is_own = places.is_pair[rows], places.quote_is_own[rows]
    add(places.fx_own[rows], delta)
    add(places.fx_quote[rows], np.where(quote_is_own, -delta, np.where(is_pair, pv / 100 - delta, 0.0)))


def _places(run: RunRow, factors: list[Factor], spreads: list[Match], held: Portfolio) -> _Places:
    place = {factor: number for number, factor in enumerate(factors)}
    currency, pairs = texts_of(held, "currency"), texts_of(held, "pair")
    base = run.base_currency

    def of_fx(name: str) -> int:
        return place.get(Factor(FactorKind.FX, name), NOBODY)

    return _Places(
        rate=np.array([place.get(Factor(FactorKind.RATE, f"{each} 3m"), NOBODY) for each in currency]),
        fx_own=np.array([of_fx(p[:3] or c) for c, p in zip(currency, pairs, strict=True)]),
        fx_quote=np.array([of_fx(p[3:]) for p in pairs]),
        quote_is_own=np.array([p[:3] == base for p in pairs]),
        is_pair=np.array([p != "" for p in pairs]),
        has_spread=np.stack([matched(held, dict(each)) for each in spreads], axis=1)
        if spreads
        else np.zeros((len(currency), 0), bool),
    )
