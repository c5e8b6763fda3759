"""Bonds with calls and puts rolled back on a Hull-White lattice, many bonds and scenarios side by side.

A lane is one bond under one scenario. Lanes stand beside one another and no number of one meets another's, so that a
price does not depend on its neighbours.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.hull_white.exercise import CALL, LANES, hold, use
from compute.kernels.hull_white.lattice import Lattice
from compute.kernels.kernel import kernel
from compute.kernels.simd.lanes import LANES as REGISTER
from compute.kernels.simd.lanes import load, splat, store

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

NEVER = 1e30
"""Strike, node by node, of a call that nobody has; minus it of a put."""


class Events(NamedTuple):
    """R dates of n bonds, each bond's together and in order, under S scenarios; amounts per unit of notional.

    On a date something is paid, then the issuer may call, then the holder may put. A bond's last is its redemption.
    """

    paid: Array
    """[R, S] present value of what is paid"""
    strike: Array
    """[2, R, S] present value of what is paid when it is called (put)"""
    has_right: NDArray[np.bool_]
    """[2, R] whether there is one to read"""
    paid_loading: Array
    """[R] B of the time from the date to the payment; read at redemption alone"""
    strike_loading: Array
    """[2, R] B of the time from the decision to the payment"""


class Lanes(NamedTuple):
    """Those of bonds on one lattice, the longest bond first."""

    first_row: Rows
    """[L] row of the bond's first date"""
    dates: Rows
    """[L] how many it has"""
    scenario: Rows
    """[L]"""


class Chances(NamedTuple):
    """How much of an amount's present value is in the price: the deflated probability that it is paid."""

    paid: Array
    """[R, S]"""
    strike: Array
    """[2, R, S]"""


class _Block(NamedTuple):
    """Work space of LANES lanes; W nodes, E dates."""

    now: Array
    """[W, LANES]"""
    later: Array
    strikes: Array
    gain: Array
    """[2, E, W, LANES] by using a right, node by node; one E where nobody reads it again"""
    level: Array
    """[LANES]"""


@kernel
def roll_back(
    lattice: Lattice, events: Events, lanes: Lanes, price: Array, chances: Chances, weighed: bool, smooth: bool
) -> None:
    """Prices of bonds per unit of notional, and the chances of what they pay where these are asked for.

        U(i) = weights . U(i + 1);   on a date  U <- max(min(U, call), put) + paid
        an amount enters as its present value / S(i), or, where it is paid later than its date, at every node as
        present value x exp(-B x) / sum(state price x exp(-B x)): its mean is exact, and so is its move with the rate
        price = sum of present value x chance, the best exercise being the best under a small move too

    Args:     lattice  on the dates of the longest bond;  price [L] and, where `weighed`, chances are filled
              smooth   puts back what a sum over nodes misses of a kink between two of them (`use`)
    Accuracy: without `smooth`, and steps discounted at their start, QuantLib's lattice on the same times to 1e-11
    Source:   Hull and White (1994), Numerical Procedures for Implementing Term Structure Models I
    """
    widest, most = np.max(lattice.size), np.max(lanes.dates)
    gain = np.empty((2, most if weighed else 1, widest, LANES))
    empty = np.zeros((3, widest, LANES))
    block = _Block(empty[0], empty[1], empty[2], gain, np.empty(LANES))
    sums = np.empty(most)
    for k in range(most):
        sums[k] = _bond_state_price(lattice, lattice.step_of_event[k], 0.0)
    for first in range(0, len(lanes.dates), LANES):
        end = min(first + LANES, len(lanes.dates))
        _roll_block(lattice, events, lanes, first, end, sums, block, price, smooth)
        if weighed:
            _weigh_block(lattice, events, lanes, first, end, sums, block, chances, smooth)


@kernel
def _roll_block(
    lattice: Lattice,
    events: Events,
    lanes: Lanes,
    first: int,
    end: int,
    sums: Array,
    block: _Block,
    price: Array,
    smooth: bool,
) -> None:
    now, later = block.now, block.later
    later[:] = 0.0
    for k in range(lanes.dates[first] - 1, -1, -1):
        step = lattice.step_of_event[k]
        for side in range(2):
            if _any_right(events, lanes, first, end, k, side):
                _fill_strikes(lattice, events, lanes, first, end, k, side, sums[k], block.level, block.strikes)
                gain = block.gain[side, min(k, block.gain.shape[1] - 1)]
                use(later, block.strikes, lattice.size[step], side, smooth, gain)
        _pay(lattice, events, lanes, first, end, k, sums[k], later, block.level)
        for i in range(step - 1, (lattice.step_of_event[k - 1] if k > 0 else 0) - 1, -1):
            _one_step_back(lattice.child, lattice.weight, lattice.size[i], lattice.row[i], later, now)
            now, later = later, now
    for l in range(first, end):
        price[l] = later[0, l - first]


@kernel
def _one_step_back(child: NDArray[np.int32], weight: Array, size: int, row: int, later: Array, now: Array) -> None:
    to, of = now.reshape(-1), later.reshape(-1)
    for j in range(size):
        k, down, middle, up = (
            child[row, j],
            splat(weight[row, j, 0]),
            splat(weight[row, j, 1]),
            splat(weight[row, j, 2]),
        )
        for r in range(0, LANES, REGISTER):
            low, mid, high = k * LANES + r, (k + 1) * LANES + r, (k + 2) * LANES + r
            store(to, j * LANES + r, down * load(of, low) + middle * load(of, mid) + up * load(of, high))


@kernel
def _one_step_on(child: NDArray[np.int32], weight: Array, size: int, row: int, now: Array, later: Array) -> None:
    """The transpose of a step back: what is held at a node goes to its children. `later` is overwritten."""
    later[:] = 0.0
    to, of = later.reshape(-1), now.reshape(-1)
    for j in range(size):
        k, down, middle, up = (
            child[row, j],
            splat(weight[row, j, 0]),
            splat(weight[row, j, 1]),
            splat(weight[row, j, 2]),
        )
        for r in range(0, LANES, REGISTER):
            low, mid, high = k * LANES + r, (k + 1) * LANES + r, (k + 2) * LANES + r
            held = load(of, j * LANES + r)
            store(to, low, load(to, low) + down * held)
            store(to, mid, load(to, mid) + middle * held)
            store(to, high, load(to, high) + up * held)


@kernel
def _any_right(events: Events, lanes: Lanes, first: int, end: int, k: int, side: int) -> bool:
    found = False
    for l in range(first, end):
        found |= k < lanes.dates[l] - 1 and events.has_right[side, lanes.first_row[l] + k]
    return found


@kernel
def _fill_strikes(
    lattice: Lattice,
    events: Events,
    lanes: Lanes,
    first: int,
    end: int,
    k: int,
    side: int,
    state_price: float,
    level: Array,
    strikes: Array,
) -> None:
    """What a lane is worth where the right is used, node by node; out of reach where it has none."""
    step = lattice.step_of_event[k]
    level[:] = NEVER if side == CALL else -NEVER
    for l in range(first, end):
        row = lanes.first_row[l] + k
        if k < lanes.dates[l] - 1 and events.has_right[side, row]:
            level[l - first] = events.strike[side, row, lanes.scenario[l]] / state_price
    _spread(level, lattice.size[step], strikes)
    for l in range(first, end):
        row = lanes.first_row[l] + k
        if k < lanes.dates[l] - 1 and abs(level[l - first]) < NEVER and events.strike_loading[side, row] != 0.0:
            loading = events.strike_loading[side, row]
            amount = events.strike[side, row, lanes.scenario[l]] / _bond_state_price(lattice, step, loading)
            for j in range(lattice.size[step]):
                strikes[j, l - first] = amount * math.exp(-loading * lattice.x[step, j])


@kernel
def _pay(
    lattice: Lattice,
    events: Events,
    lanes: Lanes,
    first: int,
    end: int,
    k: int,
    state_price: float,
    values: Array,
    level: Array,
) -> None:
    """Every node of a lane gets the same, but for a redemption that is paid after its date."""
    step = lattice.step_of_event[k]
    level[:] = 0.0
    for l in range(first, end):
        row = lanes.first_row[l] + k
        if k < lanes.dates[l] - 1 or (k == lanes.dates[l] - 1 and events.paid_loading[row] == 0.0):
            level[l - first] = events.paid[row, lanes.scenario[l]] / state_price
        elif k == lanes.dates[l] - 1:
            loading = events.paid_loading[row]
            redeemed = events.paid[row, lanes.scenario[l]] / _bond_state_price(lattice, step, loading)
            for j in range(lattice.size[step]):
                values[j, l - first] = redeemed * math.exp(-loading * lattice.x[step, j])
    _raise_all(values, lattice.size[step], level)


@kernel
def _spread(level: Array, size: int, values: Array) -> None:
    flat = values.reshape(-1)
    for r in range(0, LANES, REGISTER):
        same = load(level, r)
        for j in range(size):
            store(flat, j * LANES + r, same)


@kernel
def _raise_all(values: Array, size: int, level: Array) -> None:
    flat = values.reshape(-1)
    for r in range(0, LANES, REGISTER):
        more = load(level, r)
        for j in range(size):
            store(flat, j * LANES + r, load(flat, j * LANES + r) + more)


@kernel
def _bond_state_price(lattice: Lattice, step: int, loading: float) -> float:
    """Curve-free value today of exp(-B x) at the step: S(i) where B is nil."""
    total = 0.0
    if loading == 0.0:
        for j in range(lattice.size[step]):
            total += lattice.state_price[step, j]
        return total
    for j in range(lattice.size[step]):
        total += lattice.state_price[step, j] * math.exp(-loading * lattice.x[step, j])
    return total


@kernel
def _weigh_block(
    lattice: Lattice,
    events: Events,
    lanes: Lanes,
    first: int,
    end: int,
    sums: Array,
    block: _Block,
    chances: Chances,
    smooth: bool,
) -> None:
    """One pass forward: state prices of what has not been called or put yet."""
    now, later = block.now, block.later
    now[0] = 1.0
    step = 0
    for k in range(lanes.dates[first]):
        for i in range(step, lattice.step_of_event[k]):
            _one_step_on(lattice.child, lattice.weight, lattice.size[i], lattice.row[i], now, later)
            now, later = later, now
        step = lattice.step_of_event[k]
        _weigh_paid(lattice, events, lanes, first, end, k, sums[k], now, chances.paid)
        for side in range(1, -1, -1):
            if _any_right(events, lanes, first, end, k, side):
                _weigh_used(lattice, events, lanes, first, end, k, side, sums[k], now, block, smooth, chances.strike)


@kernel
def _weigh_paid(
    lattice: Lattice,
    events: Events,
    lanes: Lanes,
    first: int,
    end: int,
    k: int,
    state_price: float,
    alive: Array,
    paid: Array,
) -> None:
    step, total = lattice.step_of_event[k], np.zeros(LANES)
    for j in range(lattice.size[step]):
        for l in range(LANES):
            total[l] += alive[j, l]
    for l in range(first, end):
        row = lanes.first_row[l] + k
        if k < lanes.dates[l] - 1 or (k == lanes.dates[l] - 1 and events.paid_loading[row] == 0.0):
            paid[row, lanes.scenario[l]] = total[l - first] / state_price
        elif k == lanes.dates[l] - 1:
            paid[row, lanes.scenario[l]] = _seen_ahead(lattice, step, events.paid_loading[row], alive[:, l - first])


@kernel
def _seen_ahead(lattice: Lattice, step: int, loading: float, held: Array) -> float:
    """Chance of a payment that follows later, from what is held at the nodes of the decision."""
    total = 0.0
    for j in range(lattice.size[step]):
        total += held[j] * math.exp(-loading * lattice.x[step, j])
    return total / _bond_state_price(lattice, step, loading)


@kernel
def _weigh_used(
    lattice: Lattice,
    events: Events,
    lanes: Lanes,
    first: int,
    end: int,
    k: int,
    side: int,
    state_price: float,
    alive: Array,
    block: _Block,
    smooth: bool,
    strike: Array,
) -> None:
    step, total, used, held = lattice.step_of_event[k], np.zeros(LANES), np.zeros(alive.shape), block.strikes
    hold(alive, block.gain[side, k], lattice.size[step], smooth, held)
    for j in range(lattice.size[step]):
        for l in range(LANES):
            used[j, l] = alive[j, l] - held[j, l]
            total[l] += used[j, l]
            alive[j, l] = held[j, l]
    for l in range(first, end):
        row = lanes.first_row[l] + k
        if k < lanes.dates[l] - 1:
            loading = events.strike_loading[side, row]
            seen = total[l - first] / state_price
            strike[side, row, lanes.scenario[l]] = (
                seen if loading == 0.0 else _seen_ahead(lattice, step, loading, used[:, l - first])
            )
