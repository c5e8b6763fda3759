"""The volatility surfaces of a market under all scenarios, as arrays, and which of them an option reads."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from compute.kernels.options.caplet_volatilities import KINDS
from compute.kernels.options.volatility_surfaces import Surfaces
from compute.market.shocks import ShockedMarket
from domain.market.document import MarketDocument
from domain.market.parts import VolatilitySurface

SurfaceRows = Mapping[str, Mapping[str, int]]
"""product of the surface -> index or pair -> row"""


def surface_rows(market: MarketDocument) -> SurfaceRows:
    """The first surface in alphabetical order, where an index or pair has several."""
    rows: dict[str, dict[str, int]] = {"CAP_FLOOR": {}, "SWAPTION": {}, "FX": {}}
    for row, surface in enumerate(_in_order(market)):
        rows[surface.product].setdefault(surface.index or surface.pair or "", row)
    return rows


def surface_tables(market: MarketDocument, shocked: Sequence[ShockedMarket]) -> Surfaces:
    """Shocks move a surface's volatilities, never its axes or kind."""
    surfaces = _in_order(market)
    expiries, tenors, strikes = (_filled_up([axis(s) for s in surfaces]) for axis in (_expiries, _tenors, _strikes))
    vols = np.zeros((len(surfaces), expiries.shape[1], tenors.shape[1], strikes.shape[1], len(shocked)))
    for row, surface in enumerate(surfaces):
        e, t, k = shape = len(_expiries(surface)), len(_tenors(surface)), len(_strikes(surface))
        for scenario, each in enumerate(shocked):
            vols[row, :e, :t, :k, scenario] = np.array(each.volatilities[surface.surface_id].vols).reshape(shape)
    kind = np.array([KINDS.index(each.kind) for each in surfaces], np.int8)
    return Surfaces(kind, expiries, tenors, strikes, vols, np.array([each.shift for each in surfaces]))


def _in_order(market: MarketDocument) -> list[VolatilitySurface]:
    return sorted(market.volatilities, key=lambda each: each.surface_id)


def _expiries(surface: VolatilitySurface) -> Sequence[float]:
    return surface.expiries_yr


def _tenors(surface: VolatilitySurface) -> Sequence[float]:
    return surface.tenors_yr or (0.0,)


def _strikes(surface: VolatilitySurface) -> Sequence[float]:
    return surface.strikes or (0.0,)


def _filled_up(axes: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    filled = np.full((len(axes), max(map(len, axes), default=1)), np.inf)
    for row, axis in enumerate(axes):
        filled[row, : len(axis)] = axis
    return filled
