"""Floaters whose balance no rate moves, four scenarios to a register: notes, bullet and linear loans, legs of swaps.

By contract, without speeds, cent rounding, level payments or a caplet surface, what is outstanding in each period is
known today, and only the rates depend on the scenario.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compute.kernels.flows.amortization import LINEAR
from compute.kernels.flows.floating_sensitivity import BASIS_POINT, Discounting
from compute.kernels.simd.lanes import (
    LANES,
    PASS,
    at_least,
    at_most,
    lane_starts,
    load,
    splat,
    store,
    where_equal,
    widened,
)

Array = NDArray[np.float64]
Days = NDArray[np.int32]


class SteadyFloaters(NamedTuple):
    """n floaters, resolved: all that no curve changes. Days count from the valuation date."""

    chosen: NDArray[np.bool_]
    """[n] the others' rows are not read"""
    offsets: NDArray[np.int64]
    reset: Days
    """[P] start of the accrual period"""
    stop: Days
    pay: Days
    fraction: Array
    fixing: Array
    """[P] NaN to project"""
    grown: Array
    """[P] what a unit has grown to by `reset` on overnight fixings; 1 where the period's forward is all of its rate"""
    balance_ccy: Array
    """[P] that interest runs on"""
    repaid_ccy: Array
    """[P]"""
    margin: Array
    """[n]"""
    cap: Array
    """[n] NaN for none"""
    floor: Array
    fee: Array
    projection_row: Days


@njit(cache=True, nogil=True, error_model="numpy")
def fill_balances(
    chosen: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    interest_only: NDArray[np.bool_],
    outstanding_ccy: Array,
    amortization: NDArray[np.int8],
    redemption_per_100: Array,
    balance_ccy: Array,
    repaid_ccy: Array,
) -> None:
    """Fills balance_ccy and repaid_ccy [P]: LINEAR repays balance / periods left, all others at the end."""
    for i in range(len(chosen)):
        balance, last = outstanding_ccy[i], offsets[i + 1] - 1
        for j in range(offsets[i], last + 1):
            share = 1.0 if j == last else 0.0
            if amortization[i] == LINEAR and j < last and not interest_only[j]:
                share = 1.0 / (last + 1 - j)
            balance_ccy[j], repaid_ccy[j] = balance, share * balance
            balance *= 1.0 - share
        if last >= offsets[i]:
            repaid_ccy[last] *= redemption_per_100[i] / 100.0


def steady_present_values(
    floaters: SteadyFloaters,
    *,
    curve_row: Days,
    spread_row: Days,
    spread: Array,
    factors: Array,
    spread_factors: Array,
) -> Array:
    """PV [n, S] of what `fill_interest` and the repayments make, without the flows: nothing of size [P, S] is made.

    Args: as `discounting.present_values`; NaN for the positions that are not chosen
    """
    pv = np.full((len(floaters.chosen), max(factors.shape[2], LANES)), np.nan)
    _present_values(floaters, curve_row, spread_row, widened(spread), widened(factors), spread_factors, pv)
    return pv[:, : factors.shape[2]]


@njit(cache=True, nogil=True, error_model="numpy")
def _present_values(
    floaters: SteadyFloaters,
    curve_row: Days,
    spread_row: Days,
    spread: Array,
    factors: Array,
    spread_factors: Array,
    pv: Array,
) -> None:
    chosen, offsets, reset, stop, pay, fraction, fixing, grown, balance, repaid = floaters[:10]
    margins, caps, floors, fees, projection_row = floaters[10:]
    (_, days, scenarios), table, out, moved = factors.shape, factors.reshape(-1), pv.reshape(-1), np.empty(pv.shape[1])
    for i in range(len(chosen)):
        if not chosen[i] or curve_row[i] < 0:
            continue
        margin, cap, floor, fee = splat(margins[i]), splat(caps[i]), splat(floors[i]), splat(fees[i])
        alike = _is_same(i, spread)
        for b in range(0, scenarios, PASS):
            b0, b1, b2 = lane_starts(b, scenarios)
            pv0, pv1, pv2 = splat(0.0), splat(0.0), splat(0.0)
            for j in range(offsets[i], offsets[i + 1]):
                at, unit, held = (curve_row[i] * days + pay[j]) * scenarios, splat(fraction[j]), splat(balance[j])
                start = (projection_row[i] * days + reset[j]) * scenarios
                end, back, known = start + (stop[j] - reset[j]) * scenarios, splat(repaid[j]), splat(grown[j])
                r0 = r1 = r2 = splat(fixing[j])
                if math.isnan(fixing[j]) and reset[j] >= 0:
                    r0 = (known * load(table, start + b0) / load(table, end + b0) - splat(1.0)) / unit
                    r1 = (known * load(table, start + b1) / load(table, end + b1) - splat(1.0)) / unit
                    r2 = (known * load(table, start + b2) / load(table, end + b2) - splat(1.0)) / unit
                curve_factor = spread_factors[spread_row[i], pay[j]]
                if alike:
                    m0 = m1 = m2 = splat(_spread_factor(spread[i, 0], pay[j], curve_factor))
                else:
                    for s in range(b0, b2 + LANES):
                        moved[s] = _spread_factor(spread[i, s], pay[j], curve_factor)
                    m0, m1, m2 = load(moved, b0), load(moved, b1), load(moved, b2)
                a0 = held * ((at_least(at_most(r0 + margin, cap), floor) - fee) * unit) + back
                a1 = held * ((at_least(at_most(r1 + margin, cap), floor) - fee) * unit) + back
                a2 = held * ((at_least(at_most(r2 + margin, cap), floor) - fee) * unit) + back
                pv0 += a0 * m0 * load(table, at + b0)
                pv1 += a1 * m1 * load(table, at + b1)
                pv2 += a2 * m2 * load(table, at + b2)
            store(out, i * scenarios + b0, pv0)
            store(out, i * scenarios + b1, pv1)
            store(out, i * scenarios + b2, pv2)


@njit(cache=True, nogil=True, error_model="numpy")
def _is_same(i: int, spread: Array) -> bool:
    same = True
    for s in range(1, spread.shape[1]):
        same = same and spread[i, s] == spread[i, 0]
    return same


@njit(cache=True, nogil=True, error_model="numpy")
def _spread_factor(spread: float, day: int, curve_factor: float) -> float:
    """exp(-(spread + s(t)) t), as `discounting` has it."""
    return curve_factor * math.exp(-spread * (day / 365.0)) if spread != 0.0 else curve_factor


@njit(cache=True, nogil=True, error_model="numpy")
def fill_interest(floaters: SteadyFloaters, factors: Array, interest_ccy: Array) -> None:
    """Fills interest_ccy [P, S], balance x (rate - fee) x fraction."""
    chosen, offsets, reset, stop, _, fraction, fixing, grown, balance_ccy, _ = floaters[:10]
    margins, caps, floors, fees, projection_row = floaters[10:]
    (_, days, scenarios), table, out = factors.shape, factors.reshape(-1), interest_ccy.reshape(-1)
    for i in range(len(chosen)):
        if not chosen[i]:
            continue
        margin, cap, floor, fee = splat(margins[i]), splat(caps[i]), splat(floors[i]), splat(fees[i])
        base = projection_row[i] * days
        for j in range(offsets[i], offsets[i + 1]):
            is_open = math.isnan(fixing[j]) and reset[j] >= 0
            unit, balance, rate = splat(fraction[j]), splat(balance_ccy[j]), splat(fixing[j])
            known = splat(grown[j])
            for b in range(0, scenarios, LANES):
                at, _, _ = lane_starts(b, scenarios)
                if is_open:
                    start, end = (base + reset[j]) * scenarios + at, (base + stop[j]) * scenarios + at
                    rate = (known * load(table, start) / load(table, end) - splat(1.0)) / unit
                paid = at_least(at_most(rate + margin, cap), floor)
                store(out, j * scenarios + at, balance * ((paid - fee) * unit))


@njit(cache=True, nogil=True, error_model="numpy")
def fill_key_rates(floaters: SteadyFloaters, factors: Array, discounting: Discounting, key_rate_dv01: Array) -> None:
    """Fills key_rate_dv01 [n, S, K] that comes through the forwards, discount factors held.

    -1 bp x sum over periods of dPV / d (ln DF(start) - ln DF(end)) x (d ln DF(start) - d ln DF(end)) / d key rate
    """
    chosen, offsets, reset, stop, pay, fraction, fixing, grown, balance_ccy, _ = floaters[:10]
    margins, caps, floors, _, row = floaters[10:]
    curve_row, spread_row, spread, spread_factors, gradients, gradient_of_scenario = discounting
    (_, days, scenarios), table = factors.shape, factors.reshape(-1)
    weight, moved, per_key = np.empty(scenarios), np.empty(scenarios), np.empty((key_rate_dv01.shape[2], scenarios))
    for i in range(len(chosen)):
        if not chosen[i]:
            continue
        margin, cap, floor = splat(margins[i]), splat(caps[i]), splat(floors[i])
        per_key[:] = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            if not math.isnan(fixing[j]) or reset[j] < 0:
                continue
            curve_factor = spread_factors[spread_row[i], pay[j]]
            for s in range(scenarios):
                again = s > 0 and spread[i, s] == spread[i, s - 1]
                moved[s] = moved[s - 1] if again else _spread_factor(spread[i, s], pay[j], curve_factor)
            unit, scale = splat(fraction[j]), splat(balance_ccy[j] * fraction[j])
            start, end = (row[i] * days + reset[j]) * scenarios, (row[i] * days + stop[j]) * scenarios
            paid = (curve_row[i] * days + pay[j]) * scenarios
            for b in range(0, scenarios, LANES):
                at, _, _ = lane_starts(b, scenarios)
                growth = splat(grown[j]) * load(table, start + at) / load(table, end + at)
                rate = (growth - splat(1.0)) / unit + margin
                slope = where_equal(at_least(at_most(rate, cap), floor), rate, growth / unit)
                store(weight, at, scale * load(table, paid + at) * load(moved, at) * slope)
            _add_keys(gradients, gradient_of_scenario, row[i], reset[j], stop[j], weight, per_key)
        for s in range(key_rate_dv01.shape[1]):
            for k in range(key_rate_dv01.shape[2]):
                key_rate_dv01[i, s, k] = -BASIS_POINT * per_key[k, s]


@njit(cache=True, nogil=True, error_model="numpy")
def _add_keys(
    gradients: Array, gradient_of_scenario: Days, row: int, reset: int, stop: int, weight: Array, per_key: Array
) -> None:
    one_gradient = gradients.shape[0] == 1
    for k in range(len(per_key)):
        if one_gradient:
            moved = gradients[0, row, reset, k] - gradients[0, row, stop, k]
            if moved != 0.0:
                for s in range(len(weight)):
                    per_key[k, s] += weight[s] * moved
        else:
            for s in range(len(weight)):
                g = gradient_of_scenario[s]
                per_key[k, s] += weight[s] * (gradients[g, row, reset, k] - gradients[g, row, stop, k])
