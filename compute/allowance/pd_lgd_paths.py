"""PD and LGD by quarter: the forecast, the way back, and what holds for good after it.

    quarter   1 .. F                F + 1 .. F + n                        from there
              forecast              last + (long run - last) j / n        long run

Without a forecast a PD is the segment's `pd_term` by year, or PD_12M, throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from compute.allowance.choices import NONE, Choices
from compute.allowance.moves import CreditMoves
from compute.market.credit_shocks import Array, Flags, Matched
from domain.capital.policies import Horizon, PolicyDocument, Satellite, Segment

Rows = NDArray[np.int64]
FORECAST, REVERSION, LONG_RUN = range(3)
PHASES = ("FORECAST", "REVERSION", "LONG_RUN")
QUARTERS_A_YEAR = 4


@dataclass(frozen=True)
class Span:
    """Quarters of a forecast and of the way back from it."""

    forecast: int
    reversion: int

    @property
    def length(self) -> int:
        return self.forecast + self.reversion if self.forecast else 0


@dataclass(frozen=True)
class Paths:
    """Of n positions; the last quarter holds for all that follow."""

    pd: Array
    """[n, Q] annualised; NaN where nothing says one"""
    lgd: Array
    """[n, Q] within 0 and 1"""
    phase: NDArray[np.int8]
    """[n, Q] of PHASES"""

    def pd_of(self, quarter: int) -> Array:
        """[n] of quarter 1, 2, …"""
        return self.pd[:, min(quarter, self.pd.shape[1]) - 1]

    def lgd_of(self, quarter: int) -> Array:
        return self.lgd[:, min(quarter, self.lgd.shape[1]) - 1]


def horizon_of(policy: PolicyDocument | None) -> Horizon:
    return (policy and (policy.cecl or policy.ifrs9)) or Horizon()


def paths_of(
    horizon: Horizon,
    choices: Choices,
    pd_12m: Array,
    lgd: Array,
    moves: CreditMoves,
    matched: Matched,
    *,
    whole_path: bool = False,
) -> Paths:
    """Paths of n positions under one scenario.

    Args:    pd_12m, lgd  [n] as the book has them, 1 in default, NaN where nothing says one; a segment's LGD wins
             matched      [n] positions that a shock's patterns name
             whole_path   the forecast runs along the whole macro path, whatever `forecast_quarters` says
    Returns: Paths; a position in default has a PD of 1 throughout
    Source:  contract_capital section 6b
    """
    quarters = moves.quarters if whole_path else min(moves.quarters, horizon.forecast_quarters)
    parts = []
    for segment, satellite, rows in _groups(choices):
        rules = _Rules(horizon, segment, satellite, moves, quarters)
        parts.append((rows, _of_group(rules, pd_12m[rows], lgd[rows], partial(_of_rows, matched, rows))))
    length = max((part.pd.shape[1] for _, part in parts), default=1)
    whole = Paths(*(np.empty((len(pd_12m), length), dtype) for dtype in (np.float64, np.float64, np.int8)))
    for rows, part in parts:
        for name in ("pd", "lgd", "phase"):
            getattr(whole, name)[rows] = _held(getattr(part, name), length)
    whole.pd[pd_12m == 1.0] = 1.0
    return whole


@dataclass(frozen=True)
class _Rules:
    """What positions of one segment and one satellite have in common."""

    horizon: Horizon
    segment: Segment | None
    satellite: Satellite | None
    moves: CreditMoves
    quarters: int
    """of the macro path that are heard"""

    def moves_pd(self) -> bool:
        return self.quarters > 0 and self.satellite is not None and bool(self.satellite.pd)

    def moves_lgd(self) -> bool:
        return self.quarters > 0 and self.satellite is not None and bool(self.satellite.lgd)

    def of_segment(self, name: str) -> tuple[float, ...]:
        return getattr(self.segment, name) if self.segment is not None else ()

    @property
    def pd_span(self) -> Span:
        given = self.of_segment("pd_forecast")[: self.horizon.forecast_quarters]
        return Span(self.quarters if self.moves_pd() else len(given), self.horizon.reversion_quarters)

    @property
    def lgd_span(self) -> Span:
        return Span(self.quarters if self.moves_lgd() else 0, self.horizon.reversion_quarters)


def _of_rows(matched: Matched, rows: Rows, match: Mapping[str, str]) -> Flags:
    return matched(match)[rows]


def _of_group(rules: _Rules, pd_12m: Array, lgd: Array, matched: Matched) -> Paths:
    segment, moves, count = rules.segment, rules.moves, len(pd_12m)
    first = moves.pd(pd_12m, matched)
    pd = _pd_path(rules, first, matched, count)
    own = lgd if segment is None or segment.lgd is None else np.full(count, segment.lgd)
    long_lgd = moves.lgd(own)
    forecast = np.empty((count, 0))
    if rules.moves_lgd() and rules.satellite is not None:
        moved = moves.change(rules.satellite.lgd, rules.quarters)
        forecast = np.clip(long_lgd[:, None] + moved[None, :], 0.0, 1.0)
    lgd_path = _with_reversion(forecast, rules.lgd_span, long_lgd)
    length = max(pd.shape[1], lgd_path.shape[1])
    span = max(rules.pd_span, rules.lgd_span, key=lambda each: each.forecast)
    phase = np.full(length, LONG_RUN, np.int8)
    phase[: span.length] = REVERSION
    phase[: span.forecast] = FORECAST
    return Paths(_held(pd, length), _held(lgd_path, length), np.broadcast_to(phase, (count, length)))


def _pd_path(rules: _Rules, first: Array, matched: Matched, count: int) -> Array:
    def as_said(values: tuple[float, ...]) -> Array:
        """[count, values] of the segment, moved as PD_12M is."""
        return rules.moves.pd(np.broadcast_to(np.array(values), (count, len(values))), matched)

    if rules.pd_span.forecast == 0:
        by_year = as_said(rules.of_segment("pd_term"))
        return np.repeat(by_year, QUARTERS_A_YEAR, axis=1) if by_year.shape[1] else first[:, None]
    if rules.moves_pd() and rules.satellite is not None:
        moved = rules.moves.change(rules.satellite.pd, rules.quarters)
        forecast = expit(logit(first)[:, None] + moved[None, :])
    else:
        forecast = as_said(rules.of_segment("pd_forecast"))[:, : rules.pd_span.forecast]
    long_run = None if rules.segment is None else rules.segment.pd_long_run
    return _with_reversion(forecast, rules.pd_span, first if long_run is None else as_said((long_run,))[:, 0])


def _with_reversion(forecast: Array, span: Span, long_run: Array) -> Array:
    """[n, F + n + 1] straight back from the last quarter of the forecast; the long run alone without one."""
    if forecast.shape[1] == 0:
        return long_run[:, None]
    last = forecast[:, -1:]
    step = np.arange(1, span.reversion + 1) / max(span.reversion, 1)
    way_back = last + (long_run[:, None] - last) * step[None, :]
    return np.hstack((forecast, way_back, long_run[:, None]))


def _held(path: NDArray, length: int) -> NDArray:  # type: ignore[type-arg]
    return path[:, np.minimum(np.arange(length), path.shape[1] - 1)]


def _groups(choices: Choices) -> list[tuple[Segment | None, Satellite | None, Rows]]:
    """Rows by segment and satellite."""
    segments, satellites = (*choices.segments, None), (*choices.satellites, None)
    wide = len(satellites)
    code = np.where(choices.segment == NONE, len(segments) - 1, choices.segment) * wide
    code += np.where(choices.satellite == NONE, wide - 1, choices.satellite)
    found, place = np.unique(code, return_inverse=True)
    return [
        (segments[number // wide], satellites[number % wide], np.flatnonzero(place == each))
        for each, number in enumerate(found.tolist())
    ]
