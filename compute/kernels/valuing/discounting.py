"""Present values of projected flows, and what key rates and the spread do to them, for all scenarios at once."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.kernel import kernel
from compute.kernels.simd.lanes import LANES, PASS, lane_starts, load, splat, store, widened
from compute.kernels.valuing.spread_tenors import TENORS, Triangles, fill_by_tenor, triangles_of_days

Array = NDArray[np.float64]
Days = NDArray[np.int32]

MAX_COMPARED = 32
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
    key_rate_cs01: Array | None = None
    """[n, S, tenors] the same about each tenor of spreads, where it is asked for"""


def discount(
    flows: Flows,
    on: DiscountTerms,
    *,
    discount_factors: Array,
    key_gradients: Array,
    gradient_of_scenario: NDArray[np.int32],
    spread_factors: Array,
    sensitivities: bool = True,
    spread_tenors: bool = False,
) -> Discounted:
    """Present value, key-rate DV01 and CS01 of flows that are held; not numbers, and no memory, where not asked for.

        PV = sum_f a_f DF[day_f] q[day_f] exp(-spread t_f)
        KRD_k = -1 bp sum_f pv_f G_k[day_f],   CS01 = 1 bp sum_f pv_f t_f,   of a tenor 1 bp sum_f pv_f t_f w_k(t_f)

    Args:    discount_factors       [curves, days, S]
             key_gradients          [gradients, curves, days, K]  d ln DF / d key rate
             gradient_of_scenario   [S]
             spread_factors         [1 + spread curves, days]
    Accuracy: rounding; first-order sensitivities, (1 bp t)^2 / 6 off the central difference of 1 bp. Flows are summed
              in their order, a position at a time, so nothing depends on its neighbours. A position whose curve row
              is negative has no curve: its results are not numbers.
    """
    if not sensitivities:
        pv = present_values(flows, on, factors=discount_factors, spread_factors=spread_factors)
        per_key = (*pv.shape, key_gradients.shape[-1])
        return Discounted(pv=pv, key_rate_dv01=np.broadcast_to(np.nan, per_key), cs01=np.broadcast_to(np.nan, pv.shape))
    gradients = np.ascontiguousarray(key_gradients, np.float64)
    gradient_of_scenario = widened(np.ascontiguousarray(gradient_of_scenario, np.int32))
    read = _read(flows, on, discount_factors, spread_factors)
    n, scenarios, key_count = flows.position_count, len(read.variant), gradients.shape[-1]
    pv, key_rate_dv01, cs01 = (np.empty(shape) for shape in ((n, scenarios), (n, scenarios, key_count), (n, scenarios)))
    by_tenor = np.empty((n, scenarios, TENORS if spread_tenors else 0))
    triangles = triangles_of_days(read.factors.shape[1])
    filled = _Filled(pv, key_rate_dv01, cs01, by_tenor)
    _discount(read, gradients, gradient_of_scenario, triangles, filled)
    np.multiply(cs01, BASIS_POINT, out=cs01)
    for matrix in (pv, key_rate_dv01, cs01, by_tenor):
        matrix[np.asarray(on.curve_row) < 0] = np.nan
    asked = slice(flows.scenario_count)
    return Discounted(
        pv[:, asked], key_rate_dv01[:, asked], cs01[:, asked], by_tenor[:, asked] if spread_tenors else None
    )


def present_values(flows: Flows, on: DiscountTerms, *, factors: Array, spread_factors: Array) -> Array:
    """The PV of `discount` alone, under any table of factors [curves, days, S]: [n, S]."""
    read = _read(flows, on, factors, spread_factors)
    pv = np.empty((flows.position_count, len(read.variant)))
    _present_values(read, pv)
    return pv[:, : flows.scenario_count]


class _Inputs(NamedTuple):
    """All that a present value reads, in one type and layout: every other one would be compiled anew."""

    offsets: NDArray[np.int64]
    day: NDArray[np.int32]
    amount: Array
    variant: NDArray[np.int32]
    curve_row: NDArray[np.int32]
    spread_row: NDArray[np.int32]
    spread: Array
    factors: Array
    spread_factors: Array


class _Filled(NamedTuple):
    pv: Array
    """[n, S]"""
    key_rate_dv01: Array
    """[n, S, K]"""
    time_weighted: Array
    """[n, S] values times years"""
    key_rate_cs01: Array
    """[n, S, tenors], none where nobody asks"""


def _read(flows: Flows, on: DiscountTerms, factors: Array, spread_factors: Array) -> _Inputs:
    assert factors.shape[2] == flows.scenario_count == on.spread.shape[1]
    assert flows.last_day < factors.shape[1] == spread_factors.shape[1]
    return _Inputs(
        np.ascontiguousarray(flows.offsets, np.int64),
        np.ascontiguousarray(flows.day, np.int32),
        np.ascontiguousarray(flows.amount, np.float64),
        widened(np.ascontiguousarray(flows.variant_of_scenario, np.int32)),
        np.ascontiguousarray(on.curve_row, np.int32),
        np.ascontiguousarray(on.spread_row, np.int32),
        widened(np.ascontiguousarray(on.spread, np.float64)),
        widened(np.ascontiguousarray(factors, np.float64)),
        np.ascontiguousarray(spread_factors, np.float64),
    )


@kernel
def _present_values(read: _Inputs, pv: Array) -> None:
    offsets, day, amount, variant, curve_row, spread_row, spread, _, spread_factors = read
    _, days, scenarios = read.factors.shape
    factors, amounts, out = read.factors.reshape(-1), amount.reshape(-1), pv.reshape(-1)
    scaled = np.empty(_most_flows(offsets) * scenarios)
    distinct, which = np.empty(scenarios), np.empty(scenarios, np.int64)
    for i in range(len(curve_row)):
        if curve_row[i] < 0:
            pv[i] = np.nan
            continue
        rows = (offsets[i], offsets[i + 1], spread_row[i])
        spread_count = _find_distinct(i, spread, distinct, which)
        alike = amount.shape[1] == 1 and spread_count == 1
        paid, before = scaled, offsets[i]
        if alike and spread_row[i] == 0 and distinct[0] == 0.0:  # factors of 1
            paid, before = amounts, 0
        elif alike:
            _scale(rows, distinct[0], day, amount, spread_factors, scaled)
        else:
            _scale_each(rows, which, distinct[:spread_count], day, amount, variant, spread_factors, scaled)
        for b in range(0, scenarios, PASS):
            b0, b1, b2 = lane_starts(b, scenarios)
            pv0, pv1, pv2 = splat(0.0), splat(0.0), splat(0.0)
            for f in range(offsets[i], offsets[i + 1]):
                j, at = f - offsets[i], (curve_row[i] * days + day[f]) * scenarios
                if alike:
                    a0 = a1 = a2 = splat(paid[f - before])
                else:
                    j *= scenarios
                    a0, a1, a2 = load(scaled, j + b0), load(scaled, j + b1), load(scaled, j + b2)
                pv0 += a0 * load(factors, at + b0)
                pv1 += a1 * load(factors, at + b1)
                pv2 += a2 * load(factors, at + b2)
            store(out, i * scenarios + b0, pv0)
            store(out, i * scenarios + b1, pv1)
            store(out, i * scenarios + b2, pv2)


@kernel
def _find_distinct(i: int, spreads: Array, distinct: Array, which: NDArray[np.int64]) -> int:
    """How many spreads position i has over the scenarios, filled into `distinct`; `which` of them each one sees."""
    count = 0
    for s in range(spreads.shape[1]):
        if count > MAX_COMPARED:  # each day of a history has its own: comparing all with all costs more than it saves
            distinct[count], which[s] = spreads[i, s], count
            count += 1
            continue
        j = 0
        while j < count and distinct[j] != spreads[i, s]:
            j += 1
        if j == count:
            distinct[count] = spreads[i, s]
            count += 1
        which[s] = j
    return count


@kernel
def _most_flows(offsets: NDArray[np.int64]) -> int:
    most = 0
    for i in range(len(offsets) - 1):
        most = max(most, offsets[i + 1] - offsets[i])
    return most


@kernel
def _scale(
    rows: tuple[int, int, int], spread: float, day: Days, amount: Array, spread_factors: Array, scaled: Array
) -> None:
    """Fills scaled [flows] with amounts x exp(-(spread + s(t)) t), where neither depends on the scenario."""
    first, last, row = rows
    for f in range(first, last):
        factor = spread_factors[row, day[f]]
        if spread != 0.0:
            factor *= math.exp(-spread * (day[f] / DAYS_PER_YEAR))
        scaled[f - first] = amount[f, 0] * factor


@kernel
def _scale_each(
    rows: tuple[int, int, int],
    which: NDArray[np.int64],
    distinct: Array,
    day: Days,
    amount: Array,
    variant: Days,
    spread_factors: Array,
    scaled: Array,
) -> None:
    """The same [flows x S] where scenarios differ; each distinct spread's exponential once, the dearest part."""
    (first, last, row), at, one_variant = rows, 0, amount.shape[1] == 1
    factors = np.empty(len(distinct))
    for f in range(first, last):
        for j in range(len(distinct)):
            factors[j] = spread_factors[row, day[f]]
            if distinct[j] != 0.0:
                factors[j] *= math.exp(-distinct[j] * (day[f] / DAYS_PER_YEAR))
        for s in range(len(which)):
            scaled[at] = amount[f, 0 if one_variant else variant[s]] * factors[which[s]]
            at += 1


@kernel
def _discount(
    read: _Inputs, gradients: Array, gradient_of_scenario: Days, triangles: Triangles, filled: _Filled
) -> None:
    """Fills all that a position's flows are summed to."""
    pv, key_rate_dv01, time_weighted, key_rate_cs01 = filled
    offsets, day, amount, variant, curve_row, spread_row, spread, _, spread_factors = read
    _, days, scenarios = read.factors.shape
    factors, amounts = read.factors.reshape(-1), amount.reshape(-1)
    out, out_weighted = pv.reshape(-1), time_weighted.reshape(-1)
    scaled, values = np.empty(_most_flows(offsets) * scenarios), np.empty(_most_flows(offsets) * scenarios)
    distinct, which, bands = np.empty(scenarios), np.empty(scenarios, np.int64), _key_bands(gradients)
    for i in range(len(curve_row)):
        row, rows = max(curve_row[i], 0), (offsets[i], offsets[i + 1], spread_row[i])
        spread_count = _find_distinct(i, spread, distinct, which)
        alike = amount.shape[1] == 1 and spread_count == 1
        paid, before = scaled, offsets[i]
        if alike and spread_row[i] == 0 and distinct[0] == 0.0:  # factors of 1
            paid, before = amounts, 0
        elif alike:
            _scale(rows, distinct[0], day, amount, spread_factors, scaled)
        else:
            _scale_each(rows, which, distinct[:spread_count], day, amount, variant, spread_factors, scaled)
        for b in range(0, scenarios, PASS):
            b0, b1, b2 = lane_starts(b, scenarios)
            pv0, pv1, pv2 = splat(0.0), splat(0.0), splat(0.0)
            tv0, tv1, tv2 = splat(0.0), splat(0.0), splat(0.0)
            for f in range(offsets[i], offsets[i + 1]):
                j, o, t = (f - offsets[i]), (row * days + day[f]) * scenarios, splat(day[f] / DAYS_PER_YEAR)
                v = j * scenarios
                if alike:
                    v0 = v1 = v2 = splat(paid[f - before])
                else:
                    v0, v1, v2 = load(scaled, v + b0), load(scaled, v + b1), load(scaled, v + b2)
                v0, v1, v2 = v0 * load(factors, o + b0), v1 * load(factors, o + b1), v2 * load(factors, o + b2)
                store(values, v + b0, v0)
                store(values, v + b1, v1)
                store(values, v + b2, v2)
                pv0, pv1, pv2 = pv0 + v0, pv1 + v1, pv2 + v2
                tv0, tv1, tv2 = tv0 + v0 * t, tv1 + v1 * t, tv2 + v2 * t
            for lane, total, weighted in ((b0, pv0, tv0), (b1, pv1, tv1), (b2, pv2, tv2)):
                store(out, i * scenarios + lane, total)
                store(out_weighted, i * scenarios + lane, weighted)
        _key_rates(rows[:2], row, day, bands, gradients, gradient_of_scenario, values, key_rate_dv01[i])
        if key_rate_cs01.shape[2] > 0:
            fill_by_tenor(offsets[i], offsets[i + 1], day, triangles, values, key_rate_cs01[i])


@kernel
def _key_rates(
    rows: tuple[int, int],
    row: int,
    day: Days,
    bands: tuple[NDArray[np.int64], NDArray[np.int64]],
    gradients: Array,
    gradient_of_scenario: Days,
    values: Array,
    key_rate_dv01: Array,
) -> None:
    """Fills key_rate_dv01 [S, K] from one position's values [flows x S]: each key rate over the flows that it moves."""
    (first, last), (scenarios, keys), (first_key, end_key) = rows, key_rate_dv01.shape, bands
    one_gradient, gradient, total = gradients.shape[0] == 1, np.empty(scenarios), np.empty(scenarios)
    from_flow, to_flow = np.full(keys, last), np.full(keys, first)
    for f in range(first, last):
        for k in range(first_key[row, day[f]], end_key[row, day[f]]):
            from_flow[k], to_flow[k] = min(from_flow[k], f), f + 1
    for k in range(keys):
        for b in range(0, scenarios, PASS):
            b0, b1, b2 = lane_starts(b, scenarios)
            t0, t1, t2 = splat(0.0), splat(0.0), splat(0.0)
            for f in range(from_flow[k], to_flow[k]):
                if one_gradient:
                    g0 = g1 = g2 = splat(gradients[0, row, day[f], k])
                else:
                    for s in range(b0, b2 + LANES):
                        gradient[s] = gradients[gradient_of_scenario[s], row, day[f], k]
                    g0, g1, g2 = load(gradient, b0), load(gradient, b1), load(gradient, b2)
                v = (f - first) * scenarios
                t0, t1, t2 = (
                    t0 + load(values, v + b0) * g0,
                    t1 + load(values, v + b1) * g1,
                    t2 + load(values, v + b2) * g2,
                )
            store(total, b0, t0)
            store(total, b1, t1)
            store(total, b2, t2)
        for s in range(scenarios):
            key_rate_dv01[s, k] = -total[s] * BASIS_POINT


@kernel
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
