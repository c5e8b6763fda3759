"""Callable bonds under all scenarios: which of them share a lattice, their prices, and what they pay on average."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.flows import Flows
from compute.kernels.hull_white.exercise import CALL, PUT
from compute.kernels.hull_white.lattice import Lattice, build_lattice
from compute.kernels.hull_white.rollback import Chances, Events, Lanes, roll_back
from compute.kernels.hull_white.steps import step_counts
from domain.lazy import lazy

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

AT_ONCE = -1
"""Row of what is paid whatever happens later: its date has passed, its payment day has not."""
PAID, CALLED, PUTTED = 0, 1 + CALL, 1 + PUT
"""What an amount is paid for."""


@dataclass(frozen=True)
class DatedAmounts:
    """A amounts of n bonds, per unit of notional: coupons, redemption, and what is paid on exercise."""

    position: Rows
    """[A]"""
    day: NDArray[np.int32]
    """[A] payment day from the valuation date"""
    amount: Array
    """[A]"""
    is_principal: NDArray[np.bool_]
    """[A]"""
    row: Rows
    """[A] of the bond's dates, or AT_ONCE"""
    purpose: NDArray[np.int8]
    """[A] PAID, CALLED or PUTTED"""


def amounts_of(amounts: DatedAmounts, rows: Rows) -> DatedAmounts:
    return DatedAmounts(
        amounts.position[rows],
        amounts.day[rows],
        amounts.amount[rows],
        amounts.is_principal[rows],
        amounts.row[rows],
        amounts.purpose[rows],
    )


@dataclass(frozen=True)
class Dates:
    """R dates of n bonds (CSR) on which something is paid or decided, those of a bond in order."""

    offsets: Rows
    """[n + 1]"""
    day: NDArray[np.int32]
    """[R] > 0, from the valuation date"""
    paid_loading: Array
    """[R] as in `Events`"""
    strike_loading: Array
    """[2, R]"""


@dataclass(frozen=True)
class LatticeGroup:
    """Bonds on one lattice."""

    lattice: Lattice
    members: Rows
    """[g] the longest first"""


@dataclass(frozen=True)
class CallableBonds:
    """n bonds with their lattices: all that does not depend on a curve."""

    dates: Dates
    amounts: DatedAmounts
    groups: tuple[LatticeGroup, ...]

    @property
    def position_count(self) -> int:
        return len(self.dates.offsets) - 1

    @lazy
    def stacking(self) -> tuple[Rows, Rows, Rows]:
        """Rows of the amounts in the order of purpose and date, where each such sum begins, and purpose x R + row."""
        later = np.flatnonzero(self.amounts.row != AT_ONCE)
        key = self.amounts.purpose[later].astype(np.int64) * len(self.dates.day) + self.amounts.row[later]
        order = np.argsort(key, kind="stable")
        keys, first = np.unique(key[order], return_index=True)
        return later[order], first, keys

    @lazy
    def has_right(self) -> NDArray[np.bool_]:
        """[2, R]"""
        has = np.zeros((3, len(self.dates.day)), np.bool_)
        has.reshape(-1)[self.stacking[2]] = True
        return has[1:]

    @lazy
    def members(self) -> Rows:
        """[n] of all groups, one after another."""
        return np.concatenate([group.members for group in self.groups])

    def on(self, mean_reversion: Array, sigma: Array, fineness: float = 1.0, bump: float = 0.0) -> "CallableBonds":
        """The same bonds under other parameters, [n] each; a bump of sigma keeps its steps."""
        rights = np.asarray(self.has_right.any(axis=0))
        counts = step_counts(self.dates.offsets, self.dates.day, rights, sigma, fineness)
        return replace(self, groups=tuple(_groups(self.dates, counts, mean_reversion, np.maximum(sigma + bump, 0.0))))


def prices(
    bonds: CallableBonds, present: Array, active: NDArray[np.bool_] | None = None, *, smooth: bool = True
) -> Array:
    """Dirty prices per unit of notional.

    Args:    present [A, S]  present values of the bonds' amounts
             active  [n, S]  which prices are wanted; the others are NaN
             smooth  as in `roll_back`; official prices are
    Returns: [n, S]
    """
    return _rolled(bonds, present, active, weighed=False, smooth=smooth)[0]


def prices_and_flows(bonds: CallableBonds, present: Array) -> tuple[Array, Flows]:
    """Prices [n, S], and the flows that the bonds pay on average, as the best exercise has it.

    An amount counts with the state price of its being paid over the discount factor of its day. Discounted, the flows
    are worth the price, and their sensitivities are the price's with the exercise held, which is the best one under a
    small move too.
    """
    price, chance = _rolled(bonds, present, None, weighed=True, smooth=True)
    return price, _expected_flows(bonds.amounts, bonds.position_count, chance)


def _rolled(
    bonds: CallableBonds, present: Array, active: NDArray[np.bool_] | None, *, weighed: bool, smooth: bool
) -> tuple[Array, Array]:
    """Prices [n, S], and the chance [A, S] of every amount, where it is asked for."""
    amounts, rows, scenarios = bonds.amounts, len(bonds.dates.day), present.shape[1]
    stacked = _by_date(bonds, present)
    events = Events(stacked[0], stacked[1:], bonds.has_right, bonds.dates.paid_loading, bonds.dates.strike_loading)
    chances = np.zeros((3, rows, scenarios) if weighed else (3, 0, 0))
    price = np.full((bonds.position_count, scenarios), np.nan)
    lanes, position, ends = _lanes(bonds, scenarios, active)
    of_lanes, first = np.empty(len(position)), 0
    for group, end in zip(bonds.groups, ends, strict=True):
        if end > first:
            mine, of_mine = Lanes(*(column[first:end] for column in lanes)), of_lanes[first:end]
            roll_back(group.lattice, events, mine, of_mine, Chances(chances[0], chances[1:]), weighed, smooth)
        first = end
    price[position, lanes.scenario] = of_lanes
    at_once = amounts.row == AT_ONCE
    np.add.at(price, amounts.position[at_once], present[at_once])
    if not weighed:
        return price, chances
    return price, np.where(at_once[:, None], 1.0, chances[amounts.purpose, amounts.row])


def _by_date(bonds: CallableBonds, present: Array) -> Array:
    """[3, R, S] what is paid, the call and the put of every date, sums of their amounts; 0 where there is none."""
    order, first, keys = bonds.stacking
    stacked = np.zeros((3, len(bonds.dates.day), present.shape[1]))
    stacked.reshape(-1, present.shape[1])[keys] = np.add.reduceat(present[order], first, axis=0)
    return stacked


def _lanes(bonds: CallableBonds, scenarios: int, active: NDArray[np.bool_] | None) -> tuple[Lanes, Rows, list[int]]:
    """Lanes of all groups, one after another, with their bonds, and where each group's lanes end."""
    members, offsets = bonds.members, bonds.dates.offsets
    position = np.repeat(members, scenarios)
    scenario = np.broadcast_to(np.arange(scenarios), (len(members), scenarios)).reshape(-1)
    lanes_of = np.full(len(members), scenarios)
    if active is not None:
        wanted, lanes_of = active[position, scenario], active[members].sum(axis=1)
        position, scenario = position[wanted], scenario[wanted]
    last = np.cumsum([len(group.members) for group in bonds.groups]) - 1
    return Lanes(offsets[position], np.diff(offsets)[position], scenario), position, np.cumsum(lanes_of)[last].tolist()


def _expected_flows(amounts: DatedAmounts, count: int, chance: Array) -> Flows:
    """Every scenario is a variant of its own."""
    order = np.lexsort((amounts.day, amounts.position))
    expected = (amounts.amount[:, None] * chance)[order]
    principal = amounts.is_principal[order][:, None]
    return Flows(
        offsets=np.searchsorted(amounts.position[order], np.arange(count + 1)).astype(np.int64),
        day=amounts.day[order],
        period=np.zeros(len(order), np.int32),
        interest=np.where(principal, 0.0, expected),
        principal=np.where(principal, expected, 0.0),
        variant_of_scenario=np.arange(chance.shape[1], dtype=np.int32),
    )


def _groups(dates: Dates, counts: Rows, mean_reversion: Array, sigma: Array) -> Iterator[LatticeGroup]:
    """Bonds whose dates and steps begin alike, and whose parameters are the same, stand on the lattice of the longest.

    A lattice up to a date depends on the dates up to it alone, so who stands beside a bond does not matter to it.
    """
    parameters = np.stack((mean_reversion, sigma), axis=1)
    distinct, kind = np.unique(parameters, axis=0, return_inverse=True)
    days = _padded(dates, counts, kind.reshape(-1))
    order = np.argsort(days.astype(">u4").view(f"S{4 * days.shape[1]}").reshape(-1), kind="stable")
    ordered = days[order]
    begins_next = ((ordered[:-1] == ordered[1:]) | (ordered[:-1] == 0)).all(axis=1)
    for members in np.split(order, np.flatnonzero(~begins_next) + 1):
        longest = members[-1]
        a, s = distinct[kind.reshape(-1)[longest]]
        own = slice(dates.offsets[longest], dates.offsets[longest + 1])
        yield LatticeGroup(build_lattice(dates.day[own].astype(np.int64), counts[own], a, s), members[::-1].copy())


def _padded(dates: Dates, counts: Rows, kind: Rows) -> NDArray[np.int64]:
    """[n, 1 + 2 x most] number of the parameters, then each day and the steps to it, filled up with 0."""
    lengths = np.diff(dates.offsets)
    padded = np.zeros((len(lengths), 1 + 2 * lengths.max()), np.int64)
    position = np.repeat(np.arange(len(lengths)), lengths)
    column = 1 + 2 * (np.arange(len(dates.day)) - dates.offsets[:-1][position])
    padded[:, 0] = kind + 1
    padded[position, column], padded[position, column + 1] = dates.day, counts
    return padded
