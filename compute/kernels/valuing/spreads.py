"""Constant spreads at which projected flows have a price: over the discount curve, over an index, and as a coupon."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.flows.flows import Flows
from compute.kernels.kernel import kernel
from compute.kernels.valuing.yields import LANES, MAX_LOG_RATE, MAX_STEPS, newton_step

Amounts = NDArray[np.float64]
Rows = NDArray[np.int32]


def z_spreads(
    flows: Flows, *, curve_row: Rows, discount_factors: Amounts, price_ccy: Amounts, wanted: NDArray[np.bool_]
) -> Amounts:
    """Continuous spreads over the discount curve at which held flows are worth their price.

        price = sum over flows of amount DF(day) exp(-z t),  t = days / 365
        solved by Newton's method on log(sum / price), convex in z for flows of one sign, within a bracket that is
        halved where a step leaves it

    Args:    flows             of n positions under S scenarios; a floater's amounts as they are projected
             curve_row         [n]  row of the discount curve
             discount_factors  [curves, days, S]
             price_ccy         [n, S]  dirty, for the position's own signed notional
             wanted            [n]  the others are not solved
    Returns: [n, S] decimal, NaN where not wanted or not converged: no flows, a price of zero or of the other sign
    Accuracy: 1e-10 in the spread; flows of both signs may have several, and one is found
    """
    spread = np.full(price_ccy.shape, np.nan)
    if not wanted.any():
        return spread
    amount = np.ascontiguousarray(flows.interest + flows.principal)
    factors, price = np.ascontiguousarray(discount_factors), np.array(price_ccy, np.float64, order="C")
    columns = flows.offsets, flows.day, amount, flows.variant_of_scenario, np.array(curve_row, np.int32)
    _fill_z_spreads(*columns, factors, price, np.array(wanted, np.bool_), spread)
    return spread


def discount_margins(
    flows: Flows,
    *,
    fraction: Amounts,
    projection_row: Rows,
    discount_factors: Amounts,
    price_ccy: Amounts,
    wanted: NDArray[np.bool_],
) -> Amounts:
    """Margins over the index at which a floater's projected flows, discounted at index + margin, have their price.

        price = sum_k amount_k / prod_(j <= k) (1 + (L_j + m) fraction_j),  1 + L_j fraction_j = P(day_(j-1)) / P(day_j)
        L_j the forward of the index between payments, from the valuation date for the first; solved as `z_spreads`

    Args:    fraction          [F]  of the year from the payment before, by the floater's day count
             projection_row    [n]  row of the index's curve
             others            as `z_spreads`
    Returns: [n, S] decimal, NaN where not wanted or not converged
    Accuracy: 1e-10 in the margin
    Source:  Fabozzi, Floating-Rate Securities (2000), discount margin, with forwards in place of an assumed index
    """
    margin = np.full(price_ccy.shape, np.nan)
    amount = np.ascontiguousarray(flows.interest + flows.principal)
    factors, price = np.ascontiguousarray(discount_factors), np.array(price_ccy, np.float64, order="C")
    columns = flows.offsets, flows.day, amount, flows.variant_of_scenario, np.array(projection_row, np.int32)
    unit = np.array(fraction, np.float64)
    _fill_margins(*columns, unit, factors, price, np.array(wanted, np.bool_), margin)
    return margin


def annuity_flows(flows: Flows) -> Flows:
    """What a coupon of 1 a year pays on the principal still to come, from the valuation date on, with each flow.

        balance before the flow x days since the flow before / 365

    Returns: Flows without principal, for the same positions and days
    """
    paid = np.empty_like(flows.interest)
    _fill_annuity(flows.offsets, flows.day, flows.principal, paid)
    return Flows(flows.offsets, flows.day, flows.period, paid, np.zeros_like(paid), flows.variant_of_scenario)


@kernel
def _fill_annuity(offsets: NDArray[np.int64], day: Rows, principal: Amounts, paid: Amounts) -> None:
    for i in range(len(offsets) - 1):
        for v in range(principal.shape[1]):
            balance = 0.0
            for f in range(offsets[i + 1] - 1, offsets[i] - 1, -1):
                balance += principal[f, v]
                before = day[f - 1] if f > offsets[i] else 0
                paid[f, v] = balance * (day[f] - before) / DAYS_PER_YEAR


@kernel
def _fill_z_spreads(
    offsets: NDArray[np.int64],
    day: Rows,
    amount: Amounts,
    variant: Rows,
    curve_row: Rows,
    factors: Amounts,
    price: Amounts,
    wanted: NDArray[np.bool_],
    spread: Amounts,
) -> None:
    """Scenarios in lanes, each of which stops by itself."""
    longest, scenarios = np.max(np.diff(offsets)) if len(price) else 0, price.shape[1]
    lanes, which, gaps = np.empty((longest, LANES)), np.empty(longest, np.int64), np.empty(longest, np.int64)
    for i in range(len(price)):
        first, count = offsets[i], offsets[i + 1] - offsets[i]
        if not wanted[i] or count == 0 or curve_row[i] < 0:
            continue
        gap_count = _distinct_gaps(day[first : first + count], gaps, which)
        for block in range(0, scenarios, LANES):
            own = slice(block, min(block + LANES, scenarios))
            for l in range(LANES):
                s = min(block + l, scenarios - 1)
                for j in range(count):
                    f = first + j
                    lanes[j, l] = amount[f, variant[s]] * factors[curve_row[i], day[f], s]
            _solve_z(lanes[:count], which[:count], gaps[:gap_count] / DAYS_PER_YEAR, price[i, own], spread[i, own])


@kernel
def _distinct_gaps(day: Rows, gaps: NDArray[np.int64], which: NDArray[np.int64]) -> int:
    """Days between flows repeat, and the exponential is the dearest part of a flow: one for each distinct gap."""
    count, before = 0, 0
    for j in range(len(day)):
        gap, k = day[j] - before, 0
        while k < count and gaps[k] != gap:
            k += 1
        if k == count:
            gaps[count] = gap
            count += 1
        which[j], before = k, day[j]
    return count


@kernel
def _solve_z(lanes: Amounts, which: NDArray[np.int64], gap_yr: Amounts, price: Amounts, spread: Amounts) -> None:
    rate, value, moment, over = np.zeros(LANES), np.empty(LANES), np.empty(LANES), np.empty((len(gap_yr), LANES))
    low, high, done = (
        np.full(LANES, -MAX_LOG_RATE),
        np.full(LANES, MAX_LOG_RATE),
        np.zeros(len(price), np.bool_),
    )
    for _ in range(MAX_STEPS):
        for k in range(len(gap_yr)):
            for l in range(LANES):
                over[k, l] = np.exp(-rate[l] * gap_yr[k])
        value[:], moment[:] = 0.0, 0.0
        for j in range(len(which) - 1, -1, -1):
            k = which[j]
            for l in range(LANES):
                paid = value[l] + lanes[j, l]
                moment[l] = (moment[l] + gap_yr[k] * paid) * over[k, l]
                value[l] = paid * over[k, l]
        _step(value, moment, price, rate, low, high, done, spread)
        if np.all(done):
            break


@kernel
def _step(
    value: Amounts,
    moment: Amounts,
    price: Amounts,
    rate: Amounts,
    low: Amounts,
    high: Amounts,
    done: NDArray[np.bool_],
    found: Amounts,
) -> None:
    """Moves the rates of the lanes that are not done; `moment` is the loss of `value` per unit of rate."""
    for l in range(len(price)):
        if not done[l]:
            done[l] = newton_step(l, value[l] / price[l], moment[l] / value[l], rate, low, high)
            if done[l]:
                found[l] = rate[l]


@kernel
def _fill_margins(
    offsets: NDArray[np.int64],
    day: Rows,
    amount: Amounts,
    variant: Rows,
    projection_row: Rows,
    fraction: Amounts,
    factors: Amounts,
    price: Amounts,
    wanted: NDArray[np.bool_],
    margin: Amounts,
) -> None:
    longest, scenarios = np.max(np.diff(offsets)) if len(price) else 0, price.shape[1]
    lanes, growth = np.empty((longest, LANES)), np.empty((longest, LANES))
    for i in range(len(price)):
        first, count = offsets[i], offsets[i + 1] - offsets[i]
        if not wanted[i] or count == 0 or projection_row[i] < 0:
            continue
        for block in range(0, scenarios, LANES):
            own = slice(block, min(block + LANES, scenarios))
            for l in range(LANES):
                s, before = min(block + l, scenarios - 1), 0
                for j in range(count):
                    f = first + j
                    lanes[j, l] = amount[f, variant[s]]
                    growth[j, l] = factors[projection_row[i], before, s] / factors[projection_row[i], day[f], s]
                    before = day[f]
            unit = fraction[first : first + count]
            _solve_margin(lanes[:count], growth[:count], unit, price[i, own], margin[i, own])


@kernel
def _solve_margin(lanes: Amounts, growth: Amounts, fraction: Amounts, price: Amounts, margin: Amounts) -> None:
    """No period may shrink to nothing, which bounds the margin from below."""
    rate, value, moment, done = np.zeros(LANES), np.empty(LANES), np.empty(LANES), np.zeros(len(price), np.bool_)
    low, high = np.full(LANES, -MAX_LOG_RATE), np.full(LANES, MAX_LOG_RATE)
    for j in range(len(fraction)):
        for l in range(LANES):
            if fraction[j] > 0.0:
                low[l] = max(low[l], -growth[j, l] / fraction[j])
    for _ in range(MAX_STEPS):
        value[:], moment[:] = 0.0, 0.0
        for j in range(len(fraction) - 1, -1, -1):
            for l in range(LANES):
                over = 1.0 / (growth[j, l] + rate[l] * fraction[j])
                paid = value[l] + lanes[j, l]
                moment[l] = (moment[l] + fraction[j] * paid * over) * over
                value[l] = paid * over
        _step(value, moment, price, rate, low, high, done, margin)
        if np.all(done):
            break
