"""Moves of a run's zero rates, and what revaluation under them gives where a derivative does not stand for it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import BASIS_POINT
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.kinks import with_differences
from compute.outputs.family_values import Matrix
from compute.pricers.shared.discounting import revalued
from compute.pricers.shared.theta import is_asked

Array = NDArray[np.float64]


class Bump(NamedTuple):
    """A move of all zero rates, or of one key rate; `sign` 1 is up."""

    name: str
    sign: int = 1
    key: int = -1


AS_IS, TOMORROW = Bump("as it is"), Bump("tomorrow")
WIDE_UP, WIDE_DOWN = Bump("convexity", 1), Bump("convexity", -1)


def of_a_basis_point(sign: int, key: int = -1) -> Bump:
    return Bump("basis point", sign, key)


def factors_under(run: RunInputs, bump: Bump) -> Array:
    """[curves, days, S] discount factors."""
    tables = run.tables
    match bump.name:
        case "as it is":
            return tables.discount_factors
        case "tomorrow":
            return tables.discount_factors_for_theta
        case "convexity":
            return tables.discount_factors_up if bump.sign > 0 else tables.discount_factors_down
        case _:
            return _of_key_rate(run, bump)


def _of_key_rate(run: RunInputs, bump: Bump) -> Array:
    """A table of gradients for all scenarios is taken the exponential of once."""
    tables = run.tables
    if bump.key < 0:
        higher, lower = tables.discount_factors_of_a_basis_point
        return higher if bump.sign > 0 else lower
    moved = np.exp(bump.sign * BASIS_POINT * tables.key_gradients[..., bump.key])
    by_scenario = moved if len(moved) == 1 else moved[tables.gradient_of_scenario]
    factors: Array = tables.discount_factors * np.moveaxis(by_scenario, 0, -1)
    return factors


class Reprojected(NamedTuple):
    """Flows that rates move: as they are, for convexity up and down, and a day later where somebody asks."""

    flows: Flows
    flows_up: Flows
    flows_down: Flows
    for_theta: Flows | None


def reprojected(run: RunInputs, under: Callable[[Bump], Flows]) -> Reprojected:
    flows = under(AS_IS)
    up, down = (under(WIDE_UP), under(WIDE_DOWN)) if run.asks("CONVEXITY") else (flows, flows)
    return Reprojected(flows, up, down, under(TOMORROW) if is_asked(run) else None)


def for_convexity(run: RunInputs, on: DiscountTerms, flows_up: Flows, flows_down: Flows) -> tuple[Matrix, Matrix]:
    """[m, S] values of flows under all zero rates 25 bp up, and down; blank, not computed, unless asked for."""
    if not run.asks("CONVEXITY"):
        blank = np.full((1, 1), np.nan)
        return blank, blank
    sides = (flows_up, factors_under(run, WIDE_UP)), (flows_down, factors_under(run, WIDE_DOWN))
    up, down = (revalued(run, flows, on, factors) for flows, factors in sides)
    return up, down


def key_rates_by_difference(run: RunInputs, on: DiscountTerms, under: Callable[[Bump], Flows]) -> Array:
    """[m, S, K] key rates by revaluation of flows projected anew, which add up to DV01's own difference.

    (PV(-1 bp) - PV(+1 bp)) / 2
    """

    def gain(key: int = -1) -> Matrix:
        down, up = (
            revalued(run, under(bump), on, factors_under(run, bump))
            for bump in (of_a_basis_point(-1, key), of_a_basis_point(1, key))
        )
        gained: Matrix = (down - up) / 2.0
        return gained

    dv01 = gain()
    keys = range(run.tables.key_gradients.shape[-1])
    moves = [bool(run.tables.key_gradients[..., key].any()) for key in keys]
    parts = [gain(key) if moves[key] else np.zeros(dv01.shape) for key in keys]
    return with_differences(np.stack(parts, axis=2), dv01, np.ones(dv01.shape, np.bool_))
