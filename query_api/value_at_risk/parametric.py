"""Delta-normal value at risk: sensitivities of a run times the moves of a history, taken as normal with mean nil.

    g_t = sum over factors of exposure x move_t       the linear gain on day t of the history
    s^2 = sum over days of w_t g_t^2                  w_t = 1/n, or (1 - lambda) lambda^age, scaled to add up to 1
    VaR = z_c s,  ES = s phi(z_e) / (1 - e),  component_i = VaR x cov(g_i, g) / s^2

s^2 is e' C e for the weighted covariance matrix C of the moves, without C: a sum of squares, so it is never negative,
whatever the number of factors, and nothing has to be shrunk, repaired or inverted.

Source: J.P. Morgan/Reuters (1996), RiskMetrics Technical Document; McNeil, Frey, Embrechts (2015), Quantitative Risk
Management, chapter 2.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any
from uuid import UUID

import numpy as np

from domain.market.document import MarketDocument
from domain.scenarios.versions import BASE
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.results.group_of_position import TOTAL, Grouping, LoadPortfolio, group_positions, portfolio_of
from query_api.runs import RunRow, queryable_run
from query_api.value_at_risk.exposures import Exposures, exposures
from query_api.value_at_risk.history import days_of
from query_api.value_at_risk.risk_factors import FactorMoves, documents_of, factor_moves
from query_api.value_at_risk.rows import Asked, Basis, Figures, Row, Share, TailRiskGroup, tail_row, whole_share

Array = np.ndarray[Any, Any]

LoadMarket = Callable[[str], MarketDocument]
"""A market document by sha256."""

PARAMETRIC = "parametric"
FACTOR = "factor"
TWO_SIDED_Z = NormalDist().inv_cdf(0.975)

SELECT_MARKET_SHA256 = "SELECT sha256 FROM read.snapshot WHERE snapshot_id = %s"
SELECT_CURRENCIES = "SELECT DISTINCT currency FROM read.result_fx WHERE run_no = %s AND scenario_no = %s ORDER BY 1"


@dataclass(frozen=True)
class Normal:
    """How many standard deviations the figures are, and how sure the deviation is of itself."""

    of_var: float
    of_es: float
    relative_error: float
    """of a deviation estimated from so many days: root of (sum of w^2 / 2)"""

    def figures(self, deviation: float) -> Figures:
        var, es = self.of_var * deviation, self.of_es * deviation
        either_way = TWO_SIDED_Z * self.relative_error * var
        return Figures(var, es, var - either_way, var + either_way, self.relative_error * es)


def parametric_var(
    connection: Connection,
    run_id: str | UUID,
    asked: Asked,
    load_portfolio: LoadPortfolio,
    load_market: LoadMarket,
    *,
    history: str | None = None,
    decay: float | None = None,
) -> list[Row]:
    """`decay` is lambda, 0.94 for RiskMetrics' daily moves; equal weights without it. By `factor` too."""
    run = queryable_run(connection, run_id)
    name, moves = _moves(connection, run, load_market, history)
    weights = day_weights(len(moves.moves), decay)
    normal = _normal(asked, weights)
    basis = Basis(run, asked, PARAMETRIC, name, len(weights))

    def exposed(by: str) -> Exposures:
        return _exposures(
            connection, run, moves, group_positions(connection, run, by, asked.node, load_portfolio), load_portfolio
        )

    whole = exposed(TOTAL)
    gains = whole.gains[0] @ moves.moves.T
    deviation = math.sqrt(float(weights @ gains**2))
    own = normal.figures(deviation)
    rows = [tail_row(basis, _group(whole, 0, TOTAL, asked.node or ""), own, whole_share(own))]
    if asked.by == FACTOR:
        return rows + list(_factor_rows(basis, normal, whole, moves, weights, gains))
    if asked.by not in (None, TOTAL):
        parts = exposed(str(asked.by))
        groups = [_group(parts, place, str(asked.by), key) for place, key in enumerate(parts.keys)]
        rows += _part_rows(basis, normal, groups, parts.gains @ moves.moves.T, weights, gains)
    return rows


def day_weights(days: int, decay: float | None) -> Array:
    """[days] the latest last; they add up to 1."""
    if decay is not None and not 0 < decay < 1:
        raise BadQuery(
            f"a decay of {decay:g} is out of range", "use a number between 0 and 1, such as 0.94, or leave it out"
        )
    weights: Array = np.ones(days) if decay is None else decay ** np.arange(days - 1, -1, -1.0)
    weights /= weights.sum()
    return weights


def _normal(asked: Asked, weights: Array) -> Normal:
    standard = NormalDist()
    of_es = standard.pdf(standard.inv_cdf(asked.es_confidence)) / (1 - asked.es_confidence)
    return Normal(standard.inv_cdf(asked.confidence), of_es, math.sqrt(float(weights @ weights) / 2))


def _moves(
    connection: Connection, run: RunRow, load_market: LoadMarket, history: str | None
) -> tuple[str, FactorMoves]:
    """Of a set, or of the history that the run itself has."""
    name, members = days_of(connection, run, history)
    (sha256,) = connection.execute(SELECT_MARKET_SHA256, (run.market_snapshot_id,)).fetchone() or ("",)
    base_no = run.scenarios.index(BASE)
    currencies = [row[0] for row in connection.execute(SELECT_CURRENCIES, (run.run_no, base_no))]
    documents = documents_of(connection, members)
    return name, factor_moves(documents, load_market(sha256), run.base_currency, currencies)


def _exposures(
    connection: Connection, run: RunRow, moves: FactorMoves, grouping: Grouping, load_portfolio: LoadPortfolio
) -> Exposures:
    held = portfolio_of(connection, run, load_portfolio)
    assert held is not None
    base_no = run.scenarios.index(BASE)
    return exposures(connection, run, base_no, moves.factors, moves.matches, grouping, held)


def _part_rows(
    basis: Basis, normal: Normal, groups: list[TailRiskGroup], parts: Array, weights: Array, whole: Array
) -> Iterator[Row]:
    """`parts` [groups, days] add up to `whole`, or to a part of it."""
    deviation = math.sqrt(float(weights @ whole**2))
    shares = (parts * weights) @ whole / (deviation * deviation or 1.0)
    own = np.sqrt(parts**2 @ weights)
    without = np.sqrt((whole - parts) ** 2 @ weights)
    for group, share, alone, rest in zip(groups, shares.tolist(), own.tolist(), without.tolist(), strict=True):
        of_var, of_es = normal.of_var * deviation, normal.of_es * deviation
        saved = deviation - rest
        due = Share(share * of_var, share * of_es, saved * normal.of_var, saved * normal.of_es)
        yield tail_row(basis, group, normal.figures(alone), due)


def _factor_rows(
    basis: Basis, normal: Normal, whole: Exposures, moves: FactorMoves, weights: Array, gains: Array
) -> Iterator[Row]:
    """Each factor's own part; `exposure_base` for a unit of its move, which deviates by `move_deviation`."""
    parts = whole.gains[0][:, None] * moves.moves.T
    positions, left_out = int(whole.positions[0]), int(whole.left_out[0])
    groups = [TailRiskGroup(FACTOR, str(factor), math.nan, positions, left_out) for factor in moves.factors]
    deviations = np.sqrt(weights @ moves.moves**2).tolist()
    rows = _part_rows(basis, normal, groups, parts, weights, gains)
    for row, exposure, deviation in zip(rows, whole.gains[0].tolist(), deviations, strict=True):
        if exposure != 0 and deviation != 0:
            yield row | {"exposure_base": exposure, "move_deviation": deviation}


def _group(found: Exposures, place: int, by: str, key: str) -> TailRiskGroup:
    return TailRiskGroup(by, key, float(found.pv[place]), int(found.positions[place]), int(found.left_out[place]))
