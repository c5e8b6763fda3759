"""Present values of projected flows, and what key rates and the spread do to them, for all scenarios at once."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compute.kernels.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.flows import Flows

Array = NDArray[np.float64]

MOST_COMPARED = 32
"""Distinct spreads of a position that each further one is compared with."""


@dataclass(frozen=True)
class Discounted:
    """n positions, S scenarios, K key rates; positive when the holder gains, trade currency."""

    pv: Array
    """[n, S]"""
    key_rate_dv01: Array
    """[n, S, K] of discounting alone: the flows are held"""
    cs01: Array
    """[n, S]"""


def discount(
    flows: Flows,
    *,
    curve_row: NDArray[np.int32],
    spread_row: NDArray[np.int32],
    spread: Array,
    discount_factors: Array,
    key_gradients: Array,
    gradient_of_scenario: NDArray[np.int32],
    spread_factors: Array,
    sensitivities: bool = True,
) -> Discounted:
    """Present value, key-rate DV01 and CS01 of flows that are held; not numbers, and no memory, where not asked for.

        PV = sum_f a_f DF[day_f] q[day_f] exp(-spread t_f)
        KRD_k = -1 bp sum_f pv_f G_k[day_f],   CS01 = 1 bp sum_f pv_f t_f

    Args:    curve_row, spread_row  [n]  rows of the tables; spread row 0 is no spread curve
             spread                 [n, S]  instrument spread and shocks, continuous, decimal
             discount_factors       [curves, days, S]
             key_gradients          [gradients, curves, days, K]  d ln DF / d key rate
             gradient_of_scenario   [S]
             spread_factors         [1 + spread curves, days]
    Accuracy: rounding; first-order sensitivities, (1 bp t)^2 / 6 off the central difference of 1 bp. Flows are summed
              in their order, a position at a time, so nothing depends on its neighbours. A position whose curve row
              is negative has no curve: its results are not numbers.
    """
    key_count = key_gradients.shape[-1]
    n, scenarios = flows.position_count, flows.scenario_count
    if not sensitivities:
        rows: dict[str, Any] = {"curve_row": curve_row, "spread_row": spread_row}
        pv = present_values(flows, **rows, spread=spread, factors=discount_factors, spread_factors=spread_factors)
        return Discounted(pv, *(np.broadcast_to(np.nan, shape) for shape in ((n, scenarios, key_count), pv.shape)))
    result = Discounted(*(np.empty(shape) for shape in ((n, scenarios), (n, scenarios, key_count), (n, scenarios))))
    gradients = np.ascontiguousarray(key_gradients, np.float64)
    gradient_of_scenario = np.ascontiguousarray(gradient_of_scenario, np.int32)
    book = _book(flows, curve_row, spread_row, spread, discount_factors, spread_factors)
    _discount(book, gradients, gradient_of_scenario, result.pv, result.key_rate_dv01, result.cs01)
    np.multiply(result.cs01, BASIS_POINT, out=result.cs01)
    for matrix in (result.pv, result.key_rate_dv01, result.cs01):
        matrix[np.asarray(curve_row) < 0] = np.nan
    return result


def present_values(
    flows: Flows,
    *,
    curve_row: NDArray[np.int32],
    spread_row: NDArray[np.int32],
    spread: Array,
    factors: Array,
    spread_factors: Array,
) -> Array:
    """The PV of `discount` alone, under any table of factors [curves, days, S]: [n, S]."""
    pv = np.empty((flows.position_count, flows.scenario_count))
    _present_values(_book(flows, curve_row, spread_row, spread, factors, spread_factors), pv)
    return pv


class _Book(NamedTuple):
    """All that a present value reads, in one type and layout: every other one would be compiled anew."""

    offsets: NDArray[np.int64]
    day: NDArray[np.int32]
    interest: Array
    principal: Array
    variant: NDArray[np.int32]
    curve_row: NDArray[np.int32]
    spread_row: NDArray[np.int32]
    spread: Array
    factors: Array
    spread_factors: Array


def _book(
    flows: Flows,
    curve_row: NDArray[np.int32],
    spread_row: NDArray[np.int32],
    spread: Array,
    factors: Array,
    spread_factors: Array,
) -> _Book:
    assert factors.shape[2] == flows.scenario_count == spread.shape[1]
    assert len(flows.day) == 0 or 0 <= flows.day.min() <= flows.day.max() < factors.shape[1] == spread_factors.shape[1]
    return _Book(
        np.ascontiguousarray(flows.offsets, np.int64),
        np.ascontiguousarray(flows.day, np.int32),
        np.ascontiguousarray(flows.interest, np.float64),
        np.ascontiguousarray(flows.principal, np.float64),
        np.ascontiguousarray(flows.variant_of_scenario, np.int32),
        np.ascontiguousarray(curve_row, np.int32),
        np.ascontiguousarray(spread_row, np.int32),
        np.ascontiguousarray(spread, np.float64),
        np.ascontiguousarray(factors, np.float64),
        np.ascontiguousarray(spread_factors, np.float64),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _discount(
    book: _Book,
    gradients: Array,
    gradient_of_scenario: NDArray[np.int32],
    pv: Array,
    key_rate_dv01: Array,
    time_weighted: Array,
) -> None:
    """Fills pv [n, S], key_rate_dv01 [n, S, K], and the sum of values times years [n, S].

    All in one loop over plain arrays: a helper that is handed rows of them costs seven times as much.
    """
    offsets, day, interest, principal, variant, curve_row, spread_row, spread, factors, spread_factors = book
    scenarios, keys, one_gradient = factors.shape[2], gradients.shape[3], gradients.shape[0] == 1
    one_variant = interest.shape[1] == 1
    first_key, end_key = _key_bands(gradients)
    value, per_key = np.empty(scenarios), np.empty((keys, scenarios))
    which, distinct, spread_factor = np.empty(scenarios, np.int64), np.empty(scenarios), np.empty(scenarios)
    for i in range(len(curve_row)):
        row = max(curve_row[i], 0)
        pv[i], time_weighted[i], per_key[:] = 0.0, 0.0, 0.0
        spread_count = _find_distinct(spread[i], distinct, which)
        for f in range(offsets[i], offsets[i + 1]):
            d = day[f]
            t = d / DAYS_PER_YEAR
            _discount_spreads(distinct, spread_count, t, spread_factors[spread_row[i], d], spread_factor)
            if one_variant and spread_count == 1:  # the same arithmetic without gathers: twice as fast
                amount, one_factor = interest[f, 0] + principal[f, 0], spread_factor[0]
                for s in range(scenarios):
                    value[s] = amount * factors[row, d, s] * one_factor
            else:
                for s in range(scenarios):
                    amount = interest[f, variant[s]] + principal[f, variant[s]]
                    value[s] = amount * factors[row, d, s] * spread_factor[which[s]]
            for s in range(scenarios):
                pv[i, s] += value[s]
                time_weighted[i, s] += value[s] * t
            for k in range(first_key[row, d], end_key[row, d]):
                if one_gradient:
                    gradient = gradients[0, row, d, k]
                    for s in range(scenarios):
                        per_key[k, s] += value[s] * gradient
                else:
                    for s in range(scenarios):
                        per_key[k, s] += value[s] * gradients[gradient_of_scenario[s], row, d, k]
        for s in range(scenarios):
            for k in range(keys):
                key_rate_dv01[i, s, k] = -per_key[k, s] * BASIS_POINT


@njit(cache=True, nogil=True, error_model="numpy")
def _present_values(book: _Book, pv: Array) -> None:
    offsets, day, interest, principal, variant, curve_row, spread_row, spread, factors, spread_factors = book
    scenarios, one_variant = factors.shape[2], interest.shape[1] == 1
    which, distinct, spread_factor = np.empty(scenarios, np.int64), np.empty(scenarios), np.empty(scenarios)
    for i in range(len(curve_row)):
        row = curve_row[i]
        if row < 0:
            pv[i] = np.nan
            continue
        pv[i] = 0.0
        spread_count = _find_distinct(spread[i], distinct, which)
        for f in range(offsets[i], offsets[i + 1]):
            d = day[f]
            curve_factor = spread_factors[spread_row[i], d]
            _discount_spreads(distinct, spread_count, d / DAYS_PER_YEAR, curve_factor, spread_factor)
            if one_variant and spread_count == 1:  # the same arithmetic without gathers: twice as fast
                amount, one_factor = interest[f, 0] + principal[f, 0], spread_factor[0]
                for s in range(scenarios):
                    pv[i, s] += amount * factors[row, d, s] * one_factor
                continue
            for s in range(scenarios):
                amount = interest[f, variant[s]] + principal[f, variant[s]]
                pv[i, s] += amount * factors[row, d, s] * spread_factor[which[s]]


@njit(cache=True, nogil=True, error_model="numpy")
def _find_distinct(spread: Array, distinct: Array, which: NDArray[np.int64]) -> int:
    """Most scenarios leave the spread alone, and the exponential is the dearest part of a flow."""
    count = 0
    for s in range(len(spread)):
        if count > MOST_COMPARED:  # each day of a history has its own: comparing all with all costs more than it saves
            distinct[count], which[s] = spread[s], count
            count += 1
            continue
        j = 0
        while j < count and distinct[j] != spread[s]:
            j += 1
        if j == count:
            distinct[count] = spread[s]
            count += 1
        which[s] = j
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _discount_spreads(distinct: Array, count: int, t: float, curve_factor: float, spread_factor: Array) -> None:
    """exp(-(spread + s(t)) t) of a position's distinct spreads."""
    for j in range(count):
        spread_factor[j] = curve_factor if distinct[j] == 0.0 else math.exp(-distinct[j] * t) * curve_factor


@njit(cache=True, nogil=True, error_model="numpy")
def _key_bands(gradients: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First key rate and end of the key rates that move each day: mostly the two on either side of it."""
    _, curves, days, keys = gradients.shape
    first, end = np.full((curves, days), keys), np.zeros((curves, days), np.int64)
    for g in range(gradients.shape[0]):
        for c in range(curves):
            for d in range(days):
                for k in range(keys):
                    if gradients[g, c, d, k] != 0.0:
                        first[c, d] = min(first[c, d], k)
                        end[c, d] = max(end[c, d], k + 1)
    return first, end
