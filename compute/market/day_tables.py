"""A market under all scenarios as tables by day: what every chunk of a run reads, built once per run and worker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import mul as multiply
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import (
    BASIS_POINT,
    DAYS_PER_YEAR,
    key_rate_gradients,
    log_discount_factors,
    spread_factors,
)
from compute.kernels.options.caplet_volatilities import KINDS, CapletSurfaces
from compute.kernels.options.volatility_surfaces import Surfaces
from compute.market.credit_tables import CreditQuotes, credit_quotes, forward_breaks
from compute.market.par_curves import Bootstrapped, bootstrap
from compute.market.prepayment_tables import PrepaymentModels, prepayment_models
from compute.market.shocks import NodeCurve, ShockedMarket, apply_shocks, node_days_of
from compute.market.surface_tables import SurfaceRows, surface_rows, surface_tables
from domain.lazy import lazy
from domain.market.document import MarketDocument
from domain.market.fx_chains import chain
from domain.market.parts import VolatilitySurface, ZeroCurve
from domain.measures.measures import KEY_RATE_TENORS_YR
from domain.scenarios.shocks import CleanUpCallShock, DefaultShock, PrepaymentShock, ScenarioDocument, SpreadShock

Array = NDArray[np.float64]

CONVEXITY_SHIFT = 0.0025
_EPOCH = date(1970, 1, 1)
_RATE_DIGITS = 12


@dataclass(frozen=True)
class MarketTables:
    """Days count from the valuation date, S scenarios, K key rates."""

    as_of_day: int
    n_days: int
    scenario_count: int
    curve_row: Mapping[str, int]
    discount_factors: Array
    """[curves, days, S]"""
    discount_factors_up: Array
    """all zero rates 25 bp higher, for convexity"""
    discount_factors_down: Array
    key_gradients: Array
    """[gradients, curves, days, K]: d ln DF / d key rate, per 1.0 of rate"""
    gradient_of_scenario: NDArray[np.int32]
    """[S]; one gradient unless a scenario replaces nodes, or an interpolation is not linear in the rates"""
    spread_row: Mapping[str, int]
    spread_factors: Array
    """[1 + spread curves, days]: exp(-s(t) t); row 0 is no spread curve"""
    discount_curve_of: Mapping[str, int]
    """currency -> curve row"""
    projection_curve_of: Mapping[str, int]
    """index -> curve row"""
    fx_to_base: Mapping[str, Array]
    """currency -> [S] units of base for one of it; currencies that no spots reach are absent"""
    fx_spot: Callable[[str], Array | None]
    """pair -> [S] units of its second currency for one of its first; None where no spots reach it"""
    fixings: Mapping[str, tuple[NDArray[np.int32], Array]]
    """index -> epoch days in ascending order, rates"""
    caplet_surface_of: Mapping[str, int]
    """index -> row of `caplet_surfaces`"""
    caplet_surfaces: CapletSurfaces
    spread_shocks: tuple[tuple[SpreadShock, ...], ...]
    """per scenario; `match` speaks of positions"""
    prepayment_multiplier: Array
    default_multiplier: Array
    severity_add: Array
    speed_shocks: tuple[tuple[PrepaymentShock | DefaultShock, ...], ...] = ()
    """per scenario, in place of its multipliers; `match` speaks of instruments and lines"""
    call_shocks: tuple[tuple[CleanUpCallShock, ...], ...] = ()
    credit_curves: Mapping[str, CreditQuotes] = field(default_factory=dict)
    forward_breaks: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 0, 0), np.int32))
    """[curves, S, most breaks] days at which the curve's forward rate may jump"""
    unsupported_curves: frozenset[str] = frozenset()
    """curves of kind PAR that could not be solved, which are in no row"""
    unsupported_currencies: frozenset[str] = frozenset()
    """currencies whose discount curve is one of them"""
    unsupported_indices: frozenset[str] = frozenset()
    """indices whose projection curve is one of them"""
    surface_of: SurfaceRows = field(default_factory=dict)
    """product of a surface -> index or pair -> row of `surfaces`"""
    surfaces: Surfaces | None = None
    curve_problems: str = ""
    """why curves of kind PAR could not be solved: curve, node and fix"""
    hull_white: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """currency -> mean reversion, sigma"""
    prepayment: PrepaymentModels = field(default_factory=PrepaymentModels)

    @lazy
    def discount_factors_for_theta(self) -> Array:
        """Seen from the day after the valuation date, same curves by tenor; days keep counting from today."""
        return _a_day_on(self.discount_factors)

    @lazy
    def discount_factors_of_a_basis_point(self) -> tuple[Array, Array]:
        """All zero rates a basis point higher, and lower: for what bends within it."""
        return _moved_factors(self.discount_factors, BASIS_POINT)

    @lazy
    def spread_factors_for_theta(self) -> Array:
        return _a_day_on(self.spread_factors)


@dataclass(frozen=True)
class FxSpots:
    """Spots of the quoted pairs per scenario; any pair by the shortest chain of them."""

    quoted: Mapping[str, Array] = field(default_factory=dict)

    def __call__(self, pair: str) -> Array | None:
        steps = chain(self.quoted, pair[:3], pair[3:])
        if not steps:
            return None
        spots = [1.0 / self.quoted[step.pair] if step.is_inverse else self.quoted[step.pair] for step in steps]
        return reduce(multiply, spots)


def _a_day_on(factors: Array) -> Array:
    """[curves, days, …] with day d - 1 on day d; nothing is discounted up to day 1.

    Day 0 has become yesterday: from it to day 1 money grew at today's overnight forward.
    """
    return np.concatenate((1.0 / factors[:, 1:2], factors[:, :-1]), axis=1)


def build_market_tables(
    market: MarketDocument,
    scenarios: Sequence[ScenarioDocument],
    *,
    n_days: int,
    base_currency: str | None = None,
    prices_only: bool = False,
) -> MarketTables:
    """Tables of days 0 to n_days - 1 under every scenario; raises ScenarioDoesNotFit where one does not.

    Where only prices are asked for, the tables for convexity are the discount factors themselves: no memory for them.
    """
    solved = bootstrap(market)
    market = solved.market
    shocked = [apply_shocks(market, scenario) for scenario in scenarios]
    curve_ids = [curve.curve_id for curve in market.curves if isinstance(curve, ZeroCurve)]
    curve_row = {curve_id: row for row, curve_id in enumerate(curve_ids)}
    factors = _discount_factors(curve_ids, shocked, n_days)
    higher, lower = (factors, factors) if prices_only else _moved_factors(factors, CONVEXITY_SHIFT)
    gradients, gradient_of_scenario = _key_gradients(curve_ids, shocked, n_days)
    spots = _spots(market, shocked)
    return MarketTables(
        as_of_day=(market.as_of - _EPOCH).days,
        n_days=n_days,
        scenario_count=len(scenarios),
        curve_row=curve_row,
        discount_factors=factors,
        discount_factors_up=higher,
        discount_factors_down=lower,
        key_gradients=gradients,
        gradient_of_scenario=gradient_of_scenario,
        spread_row={curve.curve_id: row for row, curve in enumerate(market.spread_curves, start=1)},
        spread_factors=_spread_factors(market, n_days),
        discount_curve_of=_rows(market.discount, curve_row),
        projection_curve_of=_rows(market.projection, curve_row),
        fx_to_base=_fx_to_base(market, spots, base_currency or market.base_currency, len(scenarios)),
        fx_spot=spots,
        fixings=_fixings(market),
        **_volatility_tables(market, shocked),
        spread_shocks=tuple(each.spread_shocks for each in shocked),
        **_behaviour(shocked),
        credit_curves=credit_quotes(market),
        forward_breaks=forward_breaks(curve_row, shocked, n_days),
        hull_white={currency: (each.mean_reversion, each.sigma) for currency, each in market.hull_white.items()},
        prepayment=prepayment_models(market, curve_row),
        **_unsolved(solved, curve_row),
    )


def _volatility_tables(market: MarketDocument, shocked: Sequence[ShockedMarket]) -> dict[str, Any]:
    caplets = _caplet_surface_ids(market)
    return {
        "caplet_surface_of": {index: row for row, index in enumerate(caplets)},
        "caplet_surfaces": _caplet_surfaces(list(caplets.values()), shocked),
        "surface_of": surface_rows(market),
        "surfaces": surface_tables(market, shocked),
    }


def _unsolved(solved: Bootstrapped, curve_row: Mapping[str, int]) -> dict[str, Any]:
    """What still is of kind PAR, and why."""
    market = solved.market
    return {
        "unsupported_curves": frozenset(curve.curve_id for curve in market.curves) - curve_row.keys(),
        "unsupported_currencies": frozenset(market.discount) - _rows(market.discount, curve_row).keys(),
        "unsupported_indices": frozenset(market.projection) - _rows(market.projection, curve_row).keys(),
        "curve_problems": "; ".join(f"{each.path}: {each.message}; {each.fix}" for each in solved.problems),
    }


def _discount_factors(curve_ids: Sequence[str], shocked: Sequence[ShockedMarket], n_days: int) -> Array:
    """Scenarios that share a curve's node dates are interpolated together."""
    factors = np.empty((len(curve_ids), n_days, len(shocked)))
    for row, curve_id in enumerate(curve_ids):
        curves = [market.curves[curve_id] for market in shocked]
        columns: dict[bytes, list[int]] = {}
        for scenario, curve in enumerate(curves):
            columns.setdefault(curve.node_days.tobytes(), []).append(scenario)
        for together in columns.values():
            rates = np.stack([curves[scenario].zero_rates for scenario in together], axis=1)
            first = curves[together[0]]
            logs = log_discount_factors(first.interpolation, first.node_days, rates, n_days)
            factors[row][:, together] = np.exp(logs + first.log_jumps(n_days)[:, None])
    return factors


def _moved_factors(factors: Array, move: float) -> tuple[Array, Array]:
    """All zero rates up and down: every interpolation moves ln DF by exactly -h t when all nodes move by h."""
    shift = np.exp(move * np.arange(factors.shape[1]) / DAYS_PER_YEAR)[:, None]
    return factors / shift, factors * shift


def _key_gradients(
    curve_ids: Sequence[str], shocked: Sequence[ShockedMarket], n_days: int
) -> tuple[Array, NDArray[np.int32]]:
    """One table for all scenarios whose curves have the same gradients, and which of the tables each scenario has."""
    of_scenario = [tuple(_gradient_key(market.curves[curve_id]) for curve_id in curve_ids) for market in shocked]
    distinct = list(dict.fromkeys(of_scenario))
    made = {key: _gradients(key, n_days) for keys in distinct for key in keys}
    tables = np.empty((len(distinct), len(curve_ids), n_days, len(KEY_RATE_TENORS_YR)))
    for number, keys in enumerate(distinct):
        for row, key in enumerate(keys):
            tables[number, row] = made[key]
    return tables, np.array([distinct.index(keys) for keys in of_scenario], np.int32)


class _GradientKey(NamedTuple):
    """All that a curve's gradients depend on."""

    interpolation: str
    node_days: tuple[int, ...]
    zero_rates: tuple[float, ...]


def _gradient_key(curve: NodeCurve) -> _GradientKey:
    """Only MONOTONE_CONVEX looks at the rates, and a parallel move changes nothing of its shape."""
    shape = curve.zero_rates - curve.zero_rates[0] if curve.interpolation == "MONOTONE_CONVEX" else curve.zero_rates * 0
    rates = tuple(float(rate) for rate in np.round(shape, _RATE_DIGITS) + 0.0)
    return _GradientKey(curve.interpolation, tuple(curve.node_days.tolist()), rates)


def _gradients(key: _GradientKey, n_days: int) -> Array:
    return key_rate_gradients(key.interpolation, np.array(key.node_days, np.int32), np.array(key.zero_rates), n_days)


def _spread_factors(market: MarketDocument, n_days: int) -> Array:
    curves = [
        spread_factors(node_days_of(curve.nodes, market.as_of), np.array([node.rate for node in curve.nodes]), n_days)
        for curve in market.spread_curves
    ]
    return np.stack([np.ones(n_days), *curves])


def _rows(curve_ids: Mapping[str, str], curve_row: Mapping[str, int]) -> dict[str, int]:
    return {name: curve_row[curve_id] for name, curve_id in curve_ids.items() if curve_id in curve_row}


def _spots(market: MarketDocument, shocked: Sequence[ShockedMarket]) -> FxSpots:
    return FxSpots({spot.pair: np.array([each.fx_spots[spot.pair] for each in shocked]) for spot in market.fx_spots})


def _fx_to_base(market: MarketDocument, spots: FxSpots, base: str, scenario_count: int) -> dict[str, Array]:
    of_pairs = {currency for pair in spots.quoted for currency in (pair[:3], pair[3:])}
    currencies = of_pairs | {curve.currency for curve in market.curves} | market.discount.keys()
    reached = {currency: spots(currency + base) for currency in sorted(currencies - {base})}
    return {base: np.ones(scenario_count)} | {name: spot for name, spot in reached.items() if spot is not None}


def _caplet_surface_ids(market: MarketDocument) -> dict[str, str]:
    """index -> surface_id; a market has one for each."""
    caplets = sorted((each for each in market.volatilities if each.product == "CAP_FLOOR"), key=lambda s: s.surface_id)
    return {surface.index: surface.surface_id for surface in caplets if surface.index is not None}


def _caplet_surfaces(surface_ids: Sequence[str], shocked: Sequence[ShockedMarket]) -> CapletSurfaces:
    """Shocks move a surface's volatilities, never its axes or kind."""
    if not surface_ids:
        return CapletSurfaces.none()
    surfaces = [shocked[0].volatilities[surface_id] for surface_id in surface_ids]
    expiries = _filled_up([each.expiries_yr for each in surfaces])
    strikes = _filled_up([each.strikes or (0.0,) for each in surfaces])
    vols = np.zeros((len(surfaces), len(shocked), expiries.shape[1], strikes.shape[1]))
    for row, surface_id in enumerate(surface_ids):
        for scenario, market in enumerate(shocked):
            grid = _expiries_by_strikes(market.volatilities[surface_id])
            vols[row, scenario, : grid.shape[0], : grid.shape[1]] = grid
    kind = np.array([KINDS.index(each.kind) for each in surfaces], np.int8)
    return CapletSurfaces(kind, expiries, strikes, vols, np.array([each.shift for each in surfaces]))


def _filled_up(axes: Sequence[Sequence[float]]) -> Array:
    filled = np.full((len(axes), max(map(len, axes))), np.inf)
    for row, axis in enumerate(axes):
        filled[row, : len(axis)] = axis
    return filled


def _expiries_by_strikes(surface: VolatilitySurface) -> Array:
    return np.array(surface.vols).reshape(len(surface.expiries_yr), -1)


def _behaviour(shocked: Sequence[ShockedMarket]) -> dict[str, Any]:
    return {
        "prepayment_multiplier": np.array([each.prepayment_multiplier for each in shocked]),
        "default_multiplier": np.array([each.default_multiplier for each in shocked]),
        "severity_add": np.array([each.severity_add for each in shocked]),
        "speed_shocks": tuple(each.speed_shocks for each in shocked),
        "call_shocks": tuple(each.call_shocks for each in shocked),
    }


def _fixings(market: MarketDocument) -> dict[str, tuple[NDArray[np.int32], Array]]:
    rates: dict[str, dict[int, float]] = {}
    for fixing in market.fixings:
        rates.setdefault(fixing.index, {})[(fixing.date - _EPOCH).days] = fixing.rate
    return {
        index: (np.array(sorted(by_day), np.int32), np.array([by_day[day] for day in sorted(by_day)]))
        for index, by_day in rates.items()
    }
