"""Scenarios applied to a market: every shock in its order, on a copy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR, log_jumps
from domain.documents import InvalidDocument, Problem
from domain.market.document import MarketDocument, node_problems
from domain.market.fx_chains import chain
from domain.market.parts import Jump, RateNode, VolatilitySurface, ZeroCurve
from domain.measures.measures import KEY_RATE_TENORS_YR
from domain.scenarios.shocks import (
    CleanUpCallShock,
    CreditFactorShock,
    CurveMoveShock,
    CurveShock,
    DefaultShock,
    FxShock,
    IrrbbShock,
    KeyRateShock,
    MacroShock,
    ParallelShock,
    PrepaymentShock,
    ScenarioDocument,
    SeverityShock,
    Shock,
    SpreadShock,
    SupervisoryShock,
    TwistShock,
    VolShock,
    matches,
)
from domain.scenarios.standards import IrrbbSizes, irrbb_sizes, standard_of
from domain.scenarios.supervisory import TREASURY_TENORS_YR, UnknownQuarter, supervisory_move

Array = NDArray[np.float64]
Turns = tuple[NDArray[np.int32], NDArray[np.int32], Array]
"""First days from the valuation date, lengths in days, rates: the arguments of `curves.log_jumps`."""
Shift = Callable[[Array], Array]
"""From the nodes' times in years to their moves in basis points."""


@dataclass(frozen=True)
class NodeCurve:
    """A zero curve as its nodes: days from the valuation date, and continuously compounded rates."""

    curve_id: str
    currency: str
    interpolation: str
    node_days: NDArray[np.int32]
    zero_rates: Array
    jumps: Turns
    """which no shock moves"""

    def log_jumps(self, n_days: int) -> Array:
        return log_jumps(*self.jumps, n_days)

    def shifted(self, shift: Shift) -> "NodeCurve":
        move = shift(self.node_days / DAYS_PER_YEAR) * BASIS_POINT
        return replace(self, zero_rates=self.zero_rates + move)


@dataclass(frozen=True)
class ShockedMarket:
    """A market under one scenario. Curves of kind PAR are not among the curves.

    Spread shocks are kept as they are: they match positions, which a market does not know.
    """

    as_of: date
    curves: Mapping[str, NodeCurve]
    fx_spots: Mapping[str, float]
    volatilities: Mapping[str, VolatilitySurface]
    spread_shocks: tuple[SpreadShock, ...] = ()
    prepayment_multiplier: float = 1.0
    default_multiplier: float = 1.0
    """of all positions alike; 1 where `speed_shocks` say otherwise"""
    severity_add: float = 0.0
    speed_shocks: tuple[PrepaymentShock | DefaultShock, ...] = ()
    """all of them in order, where one is for some positions only, or replaces speeds"""
    call_shocks: tuple[CleanUpCallShock, ...] = ()


class ScenarioDoesNotFit(InvalidDocument):
    """A scenario asks for what the market does not have."""


def apply_shocks(market: MarketDocument, scenario: ScenarioDocument) -> ShockedMarket:
    """The market under a scenario; raises ScenarioDoesNotFit with all the problems."""
    problems, shocked = [], unshocked(market)
    for i, shock in enumerate(scenario.shocks):
        found = list(_misfits(market, shock, f"shocks[{i}]")) or list(_not_positive(shocked, shock, f"shocks[{i}]"))
        problems += found
        shocked = shocked if found else _shocked(shocked, shock)
    shocked = _with_speeds(shocked, scenario)
    if problems:
        raise ScenarioDoesNotFit(problems)
    return shocked


def check_scenarios(market: MarketDocument, scenarios: Sequence[ScenarioDocument]) -> list[Problem]:
    """Everything that keeps these scenarios from being applied to this market."""
    problems = []
    for scenario in scenarios:
        try:
            apply_shocks(market, scenario)
        except ScenarioDoesNotFit as misfit:
            problems += [replace(each, path=f"{scenario.scenario_id}.{each.path}") for each in misfit.problems]
    return problems


def unshocked(market: MarketDocument) -> ShockedMarket:
    return ShockedMarket(
        as_of=market.as_of,
        curves={curve.curve_id: _node_curve(curve, market.as_of) for curve in _zero_curves(market)},
        fx_spots={each.pair: each.spot for each in market.fx_spots},
        volatilities={each.surface_id: each for each in market.volatilities},
    )


def node_days_of(nodes: Sequence[Any], as_of: date) -> NDArray[np.int32]:
    return np.array([(node.on(as_of) - as_of).days for node in nodes], np.int32)


def _zero_curves(market: MarketDocument) -> list[ZeroCurve]:
    return [curve for curve in market.curves if isinstance(curve, ZeroCurve)]


def _node_curve(curve: ZeroCurve, as_of: date) -> NodeCurve:
    nodes = node_days_of(curve.nodes, as_of), np.array([node.rate for node in curve.nodes])
    return NodeCurve(curve.curve_id, curve.currency, curve.interpolation, *nodes, turns_of(curve.jumps, as_of))


def turns_of(jumps: Sequence[Jump], as_of: date) -> Turns:
    start_days = np.array([(jump.date - as_of).days for jump in jumps], np.int32)
    return start_days, np.array([jump.days for jump in jumps], np.int32), np.array([jump.rate for jump in jumps])


def _shocked(market: ShockedMarket, shock: Shock) -> ShockedMarket:
    match shock:
        case ParallelShock() | KeyRateShock() | TwistShock() | CurveMoveShock():
            shift = _shift_of(shock, market.as_of)
            return _with_curves(market, lambda curve: shift if matches(shock.curves, curve.curve_id) else None)
        case IrrbbShock():
            standard = standard_of(shock)
            return _with_curves(market, lambda curve: irrbb_shift(standard, shock.name, curve.currency))
        case CurveShock():
            return _with_nodes(market, shock.curve_id, shock.nodes)
        case SpreadShock():
            return replace(market, spread_shocks=(*market.spread_shocks, shock))
        case FxShock():
            return _with_spot(market, shock.pair, shock.pct)
        case VolShock():
            return replace(market, volatilities=_moved_surfaces(market, shock))
        case CreditFactorShock() | MacroShock():
            return market  # PD and LGD alone: no price reads them
        case PrepaymentShock() | DefaultShock():
            return market  # all of them together: `_with_speeds`
        case SeverityShock():
            return replace(market, severity_add=market.severity_add + shock.add)
        case CleanUpCallShock():
            return replace(market, call_shocks=(*market.call_shocks, shock))
        case SupervisoryShock():
            return _supervised(market, shock)
        case _:
            assert_never(shock)


def _with_speeds(market: ShockedMarket, scenario: ScenarioDocument) -> ShockedMarket:
    shocks = tuple(each for each in scenario.shocks if isinstance(each, PrepaymentShock | DefaultShock))
    if not all(each.is_for_all for each in shocks):
        return replace(market, speed_shocks=shocks)
    prepayment, default = 1.0, 1.0
    for each in shocks:
        assert each.multiplier is not None
        if isinstance(each, PrepaymentShock):
            prepayment *= each.multiplier
        else:
            default *= each.multiplier
    return replace(market, prepayment_multiplier=prepayment, default_multiplier=default)


def _with_curves(market: ShockedMarket, shift_of: Callable[[NodeCurve], Shift | None]) -> ShockedMarket:
    shifts = {curve_id: shift_of(curve) for curve_id, curve in market.curves.items()}
    moved = {curve_id: market.curves[curve_id].shifted(shift) for curve_id, shift in shifts.items() if shift}
    return replace(market, curves={**market.curves, **moved})


def _shift_of(shock: ParallelShock | KeyRateShock | TwistShock | CurveMoveShock, as_of: date) -> Shift:
    match shock:
        case ParallelShock():
            return lambda times: np.full(len(times), shock.bp)
        case KeyRateShock():
            tent = [shock.bp * (tenor == shock.tenor_yr) for tenor in KEY_RATE_TENORS_YR]
            return lambda times: np.interp(times, KEY_RATE_TENORS_YR, tent)
        case TwistShock():
            corners = (0.0, shock.pivot_yr, 30.0), (shock.short_bp, 0.0, shock.long_bp)
            return lambda times: np.interp(times, *corners)
        case CurveMoveShock():
            moves = shock.corners(as_of)
            return lambda times: np.interp(times, *moves)
        case _:
            assert_never(shock)


def irrbb_shift(standard: str, name: str, currency: str) -> Shift:
    """The Basel committee's shock of a currency's curves.

        short(t) = R_short exp(-t / 4),   long(t) = R_long (1 - exp(-t / 4))
        steepener = -0.65 |short| + 0.9 |long|,   flattener = 0.8 |short| - 0.6 |long|

    Source: SRP31.91-31.93
    """
    sizes = irrbb_sizes(standard, currency)
    assert sizes is not None
    return lambda times: _irrbb_bp(name, sizes, np.exp(-times / 4))


def _irrbb_bp(name: str, sizes: IrrbbSizes, decay: Array) -> Array:
    short, long = sizes.short_bp * decay, sizes.long_bp * (1 - decay)
    match name:
        case "PARALLEL_UP" | "PARALLEL_DOWN":
            return np.full(len(decay), sizes.parallel_bp if name == "PARALLEL_UP" else -sizes.parallel_bp)
        case "SHORT_UP" | "SHORT_DOWN":
            return short if name == "SHORT_UP" else -short
        case "STEEPENER":
            return -0.65 * np.abs(short) + 0.9 * np.abs(long)
        case "FLATTENER":
            return 0.8 * np.abs(short) - 0.6 * np.abs(long)
        case _:
            raise ValueError(f"unknown standard shock {name!r}")


def _with_nodes(market: ShockedMarket, curve_id: str, nodes: Sequence[RateNode]) -> ShockedMarket:
    rates = np.array([node.rate for node in nodes])
    curve = replace(market.curves[curve_id], node_days=node_days_of(nodes, market.as_of), zero_rates=rates)
    return replace(market, curves={**market.curves, curve_id: curve})


def _with_spot(market: ShockedMarket, pair: str, pct: float) -> ShockedMarket:
    """The pair's first currency gains `pct` percent, whichever way round the market quotes it."""
    inverse, factor = pair[3:] + pair[:3], 1 + pct / 100
    spots = dict(market.fx_spots)
    if pair in spots:
        spots[pair] *= factor
    else:
        spots[inverse] /= factor
    return replace(market, fx_spots=spots)


def _moved_surfaces(market: ShockedMarket, shock: VolShock) -> dict[str, VolatilitySurface]:
    """Basis points move the normal surfaces that match, percent those of either kind."""
    return {
        surface_id: surface.model_copy(update={"vols": _each(surface.vols, lambda vol: _moved(vol, shock))})
        if _moves(shock, surface)
        else surface
        for surface_id, surface in market.volatilities.items()
    }


def _moves(shock: VolShock, surface: VolatilitySurface) -> bool:
    return matches(shock.surfaces, surface.surface_id) and (shock.bp is None or surface.kind == "NORMAL")


def _moved(vol: float, shock: VolShock) -> float:
    return vol + shock.bp * BASIS_POINT if shock.bp is not None else vol * (1 + (shock.pct or 0.0) / 100)


def _each(values: Any, change: Callable[[float], float]) -> Any:
    return tuple(_each(value, change) for value in values) if isinstance(values, tuple) else change(values)


def _supervised(market: ShockedMarket, shock: SupervisoryShock) -> ShockedMarket:
    """Dollar curves by the Treasury rates, spreads of all but sovereigns by the BBB spread, spots by their own."""
    move = supervisory_move(shock)
    corners = TREASURY_TENORS_YR, move.treasury_bp
    market = _with_curves(
        market, lambda curve: (lambda times: np.interp(times, *corners)) if curve.currency == "USD" else None
    )
    wider = SpreadShock(match={"rating": "*"}, bp=move.spread_bp)
    # A sovereign's spread is over its own curve, which the Treasury rates have moved already.
    not_sovereigns = SpreadShock(match={"asset_class": "SOVEREIGN"}, bp=-move.spread_bp)
    market = replace(market, spread_shocks=(*market.spread_shocks, wider, not_sovereigns))
    return replace(market, fx_spots=_moved_spots(market.fx_spots, move.fx_pct))


def _moved_spots(spots: Mapping[str, float], pct: Mapping[str, float]) -> dict[str, float]:
    """Quoted pairs moved by what the scenario says of their two currencies against the dollar.

    A pair of which it leaves one out does not move of itself.
    """
    gain = {"USD": 1.0}
    for pair, move in pct.items():
        gain |= {pair[:3]: 1 + move / 100} if pair[3:] == "USD" else {pair[3:]: 1 / (1 + move / 100)}
    moved = dict(spots)
    for pair in spots:
        inverse = pair[3:] + pair[:3]
        if pair in pct:
            moved[pair] *= 1 + pct[pair] / 100
        elif inverse in pct:
            moved[pair] /= 1 + pct[inverse] / 100
        elif pair[:3] in gain and pair[3:] in gain:
            moved[pair] *= gain[pair[:3]] / gain[pair[3:]]
    return moved


def _quoted(pair: str, spots: Mapping[str, float]) -> bool:
    return pair in spots or pair[3:] + pair[:3] in spots


def _misfits(market: MarketDocument, shock: Shock, path: str) -> Iterator[Problem]:
    """What a shock names and the market does not have."""
    curve_ids = [curve.curve_id for curve in market.curves]
    match shock:
        case ParallelShock() | KeyRateShock() | TwistShock() | CurveMoveShock():
            yield from _matching_nothing(f"{path}.curves", shock.curves, curve_ids, "curve")
            if isinstance(shock, CurveMoveShock):
                yield from _same_day_misfits(shock, market.as_of, path)
        case VolShock():
            kinds = ("NORMAL",) if shock.bp is not None else ("NORMAL", "LOGNORMAL")
            surfaces = [each.surface_id for each in market.volatilities if each.kind in kinds]
            what = "normal surface" if shock.bp is not None else "surface"
            yield from _matching_nothing(f"{path}.surfaces", shock.surfaces, surfaces, what)
        case FxShock():
            spots = {each.pair: each.spot for each in market.fx_spots}
            if not _quoted(shock.pair, spots):
                message = f"the market quotes {_listed(list(spots))}, not {shock.pair} or its inverse"
                ways = [step.pair for step in chain(spots, shock.pair[:3], shock.pair[3:]) or ()]
                fix = (
                    f"shock a pair that is quoted: {' or '.join(ways)} moves it"
                    if ways
                    else "shock a pair that is quoted"
                )
                yield Problem(f"{path}.pair", "UNKNOWN_PAIR", shock.pair, message, fix)
        case CurveShock():
            yield from _curve_misfits(market, shock, path)
        case IrrbbShock():
            yield from _irrbb_misfits(market, shock, path)
        case SupervisoryShock():
            yield from _quarter_misfits(shock, path)


def _matching_nothing(path: str, pattern: str, names: list[str], what: str) -> Iterator[Problem]:
    if not any(matches(pattern, name) for name in names):
        message = f"{pattern!r} matches no {what}; there are: {_listed(names)}"
        yield Problem(path, "PATTERN_MATCHES_NOTHING", pattern, message, "correct the pattern, or leave the shock out")


def _same_day_misfits(shock: CurveMoveShock, as_of: date, path: str) -> Iterator[Problem]:
    times, _ = shock.corners(as_of)
    if len(set(times)) < len(times):
        tenors, message = ", ".join(move.tenor for move in shock.moves), "two tenors fall on the same day"
        yield Problem(f"{path}.moves", "DUPLICATE_TENOR", tenors, message, "give each day one move")


def _curve_misfits(market: MarketDocument, shock: CurveShock, path: str) -> Iterator[Problem]:
    known = [curve.curve_id for curve in _zero_curves(market)]
    if shock.curve_id not in known:
        message = f"there is no zero curve {shock.curve_id!r}; there are: {_listed(known)}"
        yield Problem(f"{path}.curve_id", "UNKNOWN_CURVE", shock.curve_id, message, "name a curve of kind ZERO")
    yield from node_problems(path, shock.nodes, market.as_of)


def _irrbb_misfits(market: MarketDocument, shock: IrrbbShock, path: str) -> Iterator[Problem]:
    for curve in market.curves:
        if irrbb_sizes(standard_of(shock), curve.currency) is None:
            message = f"{standard_of(shock)} has no shock sizes for {curve.currency} (curve {curve.curve_id})"
            fix = f"shock the {curve.currency} curves by PARALLEL or TWIST, or leave them out of the market"
            yield Problem(path, "NO_SHOCK_SIZES", curve.currency, message, fix)


def _quarter_misfits(shock: SupervisoryShock, path: str) -> Iterator[Problem]:
    try:
        supervisory_move(shock)
    except UnknownQuarter as unknown:
        fix = f"use one of {', '.join(unknown.quarters)}"
        yield Problem(f"{path}.quarter", "UNKNOWN_QUARTER", str(shock.quarter), str(unknown), fix)


def _not_positive(market: ShockedMarket, shock: Shock, path: str) -> Iterator[Problem]:
    """Volatilities that a shock of basis points would take to nil or below."""
    if not isinstance(shock, VolShock) or shock.bp is None:
        return
    for surface in market.volatilities.values():
        lowest = _lowest(surface.vols) / BASIS_POINT
        if _moves(shock, surface) and lowest + shock.bp <= 0:
            message = f"{surface.surface_id} has a volatility of {lowest:g} bp, which {shock.bp:g} bp would not leave"
            yield Problem(f"{path}.bp", "NO_VOLATILITY_LEFT", f"{shock.bp:g}", message, "use a smaller shock, or pct")


def _lowest(values: Any) -> float:
    return min(map(_lowest, values)) if isinstance(values, tuple) else float(values)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "none"
