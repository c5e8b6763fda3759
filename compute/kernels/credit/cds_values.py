"""Credit default swaps by the ISDA standard model: integrals over default times, added up once for every day.

Swaps on the same curves share one table of days; a swap is then the difference of its rows, four scenarios to a
register. A row depends on the curves alone, so a swap's number does not depend on who shares the table.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.credit.cds import HALF_DAY_YR, PREMIUM_YEAR_DAYS, Credit, Premiums, Rates, Rows, Swaps, moments
from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.kernel import kernel
from compute.kernels.simd.lanes import PASS, lane_starts, load, splat, store, widened
from compute.kernels.valuing.spread_tenors import TENORS, timed_triangles

Array = NDArray[np.float64]
Days = NDArray[np.int32]

SMALL = 0.01
"""Below this a day's integrals are their series to seven terms, 2e-19 of their size."""


class Valuation(NamedTuple):
    """n swaps, S scenarios, K key rates, of protection bought on a notional of 1."""

    pv: Array
    """[n, S]"""
    key_rate_dv01: Array
    """[n, S, K], hazard rates held"""
    cs01: Array
    """[n, S]"""
    key_rate_cs01: Array
    """[n, S, tenors], none where they are not asked for"""


class _Table(NamedTuple):
    """By day d from 0. P discounts, Q survives, h is the hazard rate; movements are by h, by each key rate, and by h
    about each tenor of spreads."""

    paid: Array
    """[days x S] P(d) Q(d - 1)"""
    defaults: Array
    """[days x S] int h P Q dt from 0 to d"""
    timed: Array
    """[days x S] int h t P Q dt"""
    moves: Array
    """[days x (1 + K + T) x S] d defaults: int (1 - h t) P Q dt; int h P Q G dt with G = d ln P / d key rate; the first
    with the triangle w of a tenor, int ((t w)' - h t w) P Q dt"""
    timed_moves: Array
    """[days x (1 + K + T) x S] d timed"""


def value_swaps(
    swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit, *, spread_tenors: bool = False
) -> Valuation:
    """Value of protection bought, what a default pays less the premiums and the accrual paid on default.

        PV = (1 - R) int P dF - c [sum of D_j P(pay_j) Q(pay_j - 1) + 365/360 int (t - start + half a day) P dF]

        key_rate_dv01_k = -1 bp dPV / d key rate k,   cs01 = -1 bp / (1 - R) dPV / d hazard rate

    A basis point of spread is one of hazard rate x (1 - R) (the credit triangle), on all days alike; about a tenor it
    moves the average hazard rate to each day by its triangle.

    Accuracy: 1e-14 of the notional for piecewise constant forward and hazard rates, with QuantLib's IsdaCdsEngine
    Source:   ISDA CDS Standard Model 1.8; QuantLib IsdaCdsEngine (half-day bias, piecewise forwards)
    """
    scenarios, keys, tenors = rates.factors.shape[2], rates.gradients.shape[3], TENORS if spread_tenors else 0
    pv, moves = _values(swaps, premiums, rows, rates, credit, 1 + keys + tenors)
    by_hazard, by_key = moves[:, 0, :scenarios], moves[:, 1 : 1 + keys, :scenarios].transpose(0, 2, 1)
    by_tenor = moves[:, 1 + keys :, :scenarios].transpose(0, 2, 1)
    lost = 1.0 - swaps.recovery[:, None]
    cs01, key_rate_cs01 = -by_hazard * BASIS_POINT / lost, -by_tenor * BASIS_POINT / lost[..., None]
    return Valuation(pv[:, :scenarios], -by_key * BASIS_POINT, cs01, key_rate_cs01)


def present_values(swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit) -> Array:
    """[n, S] the PV of `value_swaps` alone."""
    pv: Array = _values(swaps, premiums, rows, rates, credit, 0)[0][:, : rates.factors.shape[2]]
    return pv


def _values(
    swaps: Swaps, premiums: Premiums, rows: Rows, rates: Rates, credit: Credit, moves: int
) -> tuple[Array, Array]:
    """[n, S] values and [n, moves, S] what the hazard rate and the key rates do to them; neither with 0 moves."""
    rows = rows._replace(spread=widened(rows.spread), hazard_add=widened(rows.hazard_add))
    rates = rates._replace(factors=widened(rates.factors), gradient_of_scenario=widened(rates.gradient_of_scenario))
    order, starts = _by_curves(rows)
    shape = (len(order), rates.factors.shape[2])
    pv, moved = np.zeros(shape), np.zeros((shape[0], moves, shape[1]))
    credit, timed = credit._replace(hazard=widened(credit.hazard)), timed_triangles(rates.factors.shape[1])
    _fill_values(order, starts, swaps, premiums, rows, rates, credit, timed, pv, moved)
    return pv, moved


def _by_curves(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in the order of the curves they read, and where each set of curves starts, and the end."""
    columns = (rows.curve[:, None], rows.spread_curve[:, None], rows.credit[:, None], rows.spread, rows.hazard_add)
    key = np.ascontiguousarray(np.hstack([column.astype(np.float64) for column in columns]) + 0.0)
    together = key.view(np.dtype((np.void, key.shape[1] * 8))).ravel()
    _, group = np.unique(together, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    return order, starts.astype(np.int64)


@kernel
def _fill_values(
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    swaps: Swaps,
    premiums: Premiums,
    rows: Rows,
    rates: Rates,
    credit: Credit,
    triangles: Array,
    pv: Array,
    moved: Array,
) -> None:
    last_day = np.empty(len(order), np.int64)
    for i in range(len(order)):
        last_day[i] = max(swaps.maturity[i], swaps.protected_after[i], 0)
        if premiums.offsets[i + 1] > premiums.offsets[i]:
            last_day[i] = max(last_day[i], premiums.end[premiums.offsets[i + 1] - 1])
    size, moves = (np.max(last_day) + 1 if len(order) else 0) * pv.shape[1], moved.shape[1]
    wide = size * moves
    table = _Table(np.empty(size), np.empty(size), np.empty(size), np.empty(wide), np.empty(wide))
    for g in range(len(starts) - 1):
        members = order[starts[g] : starts[g + 1]]
        _fill_table(members[0], int(np.max(last_day[members])), moves, rows, rates, credit, triangles, table)
        _add_values(members, swaps, premiums, table, pv)
        if moves > 0:
            _add_moves(members, swaps, premiums, rows, rates, triangles, table, moved)


@kernel
def _fill_table(
    i: int, last: int, moves: int, rows: Rows, rates: Rates, credit: Credit, triangles: Array, table: _Table
) -> None:
    """The rows of position i's curves up to a day, each from the one before by the integral over a day.

    With m_k the integrals of u^k exp(-x u) over 0 to 1 and x = (f + h) dt, those of P Q t^k over a day from t are
    A m_0, A (t m_0 + dt m_1), A (t^2 m_0 + 2 t dt m_1 + dt^2 m_2), A = P Q at its start.
    """
    scenarios, curve, row, dt = rates.factors.shape[2], rows.curve[i], rows.credit[i], 1.0 / DAYS_PER_YEAR
    factors, spread_factors, gradients = rates.factors, rates.spread_factors[rows.spread_curve[i]], rates.gradients
    paid, defaults, timed, by, timed_by = table
    tenors = moves - 1 - gradients.shape[3]
    nodes, node_day, hazards = credit.node_count[row], credit.node_day[row], credit.hazard[row]
    defaults[:scenarios], timed[:scenarios] = 0.0, 0.0
    by[: moves * scenarios], timed_by[: moves * scenarios] = 0.0, 0.0
    for s in range(scenarios):
        g, spread, add, node, log_q = rates.gradient_of_scenario[s], rows.spread[i, s], rows.hazard_add[i, s], 0, 0.0
        discount, survives = factors[curve, 0, s] * spread_factors[0], 1.0
        log_p, paid[s] = math.log(discount), discount
        for d in range(last):
            while node < nodes - 1 and node_day[node] <= d:
                node += 1
            hazard, t, at = (hazards[node, s] + add) * dt, d * dt, (d + 1) * scenarios + s
            next_discount = factors[curve, d + 1, s] * spread_factors[d + 1]
            next_log_p = math.log(next_discount) - spread * (t + dt)
            if spread != 0.0:
                next_discount *= math.exp(-spread * (t + dt))
            zero, one, two = _day_moments(log_p - next_log_p + hazard)
            alive = discount * survives
            flat, sloped, curved = alive * zero, alive * one * dt, alive * two * dt * dt
            first, second = t * flat + sloped, t * (t * flat + 2.0 * sloped) + curved
            paid[at] = next_discount * survives
            defaults[at] = defaults[at - scenarios] + hazard * flat
            timed[at] = timed[at - scenarios] + hazard * first
            to = (d + 1) * moves * scenarios + s
            before = to - moves * scenarios
            if moves > 0:
                by[to] = by[before] + dt * flat - hazard * first
                timed_by[to] = timed_by[before] + dt * first - hazard * second
                late, timed_late = hazard * sloped / dt, hazard * (t * sloped + curved) / dt
                ends = hazard * flat - late, late, hazard * first - timed_late, timed_late
                moved = gradients[g, curve, d : d + 2], triangles[d : d + 2, :tenors]
                _fill_moves((to, before, scenarios), moved, (flat, first), ends, by, timed_by)
            log_q -= hazard
            discount, log_p, survives = next_discount, next_log_p, math.exp(log_q)


@kernel
def _fill_moves(
    at: tuple[int, int, int],
    moved: tuple[Array, Array],
    whole: tuple[float, float],
    ends: tuple[float, float, float, float],
    by: Array,
    timed_by: Array,
) -> None:
    """A day's part of what key rates and tenors of spreads move, from its start and its end."""
    (to, before, scenarios), (gradients, triangles) = at, moved
    (flat, first), (early, late, timed_early, timed_late) = whole, ends
    for k in range(gradients.shape[1]):
        to, before = to + scenarios, before + scenarios
        low, high = gradients[0, k], gradients[1, k]
        by[to] = by[before] + early * low + late * high
        timed_by[to] = timed_by[before] + timed_early * low + timed_late * high
    for k in range(triangles.shape[1]):
        to, before = to + scenarios, before + scenarios
        low, high = triangles[0, k], triangles[1, k]
        by[to] = by[before] + (high - low) * flat - early * low - late * high
        timed_by[to] = timed_by[before] + (high - low) * first - timed_early * low - timed_late * high


@kernel
def _day_moments(x: float) -> tuple[float, float, float]:
    if abs(x) > SMALL:
        return moments(x)
    two = 1 / 3 - x * (1 / 4 - x * (1 / 10 - x * (1 / 36 - x * (1 / 168 - x * (1 / 960 - x / 6480)))))
    e = math.exp(-x)
    one = (x * two + e) / 2.0
    return x * one + e, one, two


@kernel
def _add_values(members: NDArray[np.int64], swaps: Swaps, premiums: Premiums, table: _Table, pv: Array) -> None:
    """Premiums on the days they are paid, if there was no default by the day before, accrual and loss on default."""
    offsets, starts, ends, counted_days = premiums
    protected_after, maturity, coupon, recovery = swaps
    paid, defaults, timed, _, _ = table
    scenarios, out = pv.shape[1], pv.reshape(-1)
    for i in members:
        lost, accrues = splat(1.0 - recovery[i]), splat(-coupon[i] * DAYS_PER_YEAR / PREMIUM_YEAR_DAYS)
        for pass_start in range(0, scenarios, PASS):
            for lane in lane_starts(pass_start, scenarios):
                total, after = splat(0.0), max(maturity[i], protected_after[i])
                begin, end = protected_after[i] * scenarios + lane, after * scenarios + lane
                total += lost * (load(defaults, end) - load(defaults, begin))
                for f in range(offsets[i], offsets[i + 1]):
                    pay = ends[f]
                    total += splat(-coupon[i] * counted_days[f] / PREMIUM_YEAR_DAYS) * load(
                        paid, pay * scenarios + lane
                    )
                    begin = max(starts[f] - 1, protected_after[i])
                    since = splat((starts[f] - 1) / DAYS_PER_YEAR - HALF_DAY_YR)
                    b, e = begin * scenarios + lane, max(pay - 1, begin) * scenarios + lane
                    in_default = load(defaults, e) - load(defaults, b)
                    total += accrues * (load(timed, e) - load(timed, b) - since * in_default)
                store(out, i * scenarios + lane, total)


@kernel
def _add_moves(
    members: NDArray[np.int64],
    swaps: Swaps,
    premiums: Premiums,
    rows: Rows,
    rates: Rates,
    triangles: Array,
    table: _Table,
    moved: Array,
) -> None:
    """What the hazard rate and the key rates do to `_add_values`."""
    offsets, starts, ends, counted_days = premiums
    gradients, gradient_of_scenario, paid = rates.gradients, rates.gradient_of_scenario, table.paid
    (_, moves, scenarios), keys = moved.shape, gradients.shape[3]
    for i in members:
        found, curve = moved[i].reshape(-1), rows.curve[i]
        begin, lost = swaps.protected_after[i], 1.0 - swaps.recovery[i]
        _add_between(begin, swaps.maturity[i], lost, 0.0, table.moves, table.timed_moves, found)
        accrues = -swaps.coupon[i] * DAYS_PER_YEAR / PREMIUM_YEAR_DAYS
        for f in range(offsets[i], offsets[i + 1]):
            pay, amount = ends[f], -swaps.coupon[i] * counted_days[f] / PREMIUM_YEAR_DAYS
            for s in range(scenarios):
                value = amount * paid[pay * scenarios + s]
                found[s] -= value * (pay - 1) / DAYS_PER_YEAR
                for k in range(keys):
                    found[(1 + k) * scenarios + s] += value * gradients[gradient_of_scenario[s], curve, pay, k]
                for k in range(moves - 1 - keys):
                    found[(1 + keys + k) * scenarios + s] -= value * triangles[pay - 1, k]
            begin = max(starts[f] - 1, swaps.protected_after[i])
            since_yr = (starts[f] - 1) / DAYS_PER_YEAR - HALF_DAY_YR
            _add_between(begin, pay - 1, -accrues * since_yr, accrues, table.moves, table.timed_moves, found)


@kernel
def _add_between(begin: int, end: int, level: float, slope: float, plain: Array, timed: Array, found: Array) -> None:
    """Adds what moves `level` + `slope` x t paid at default between two days."""
    size = len(found)
    b, e = begin * size, end * size
    if end > begin:
        for x in range(size):
            found[x] += level * (plain[e + x] - plain[b + x]) + slope * (timed[e + x] - timed[b + x])
