"""Zero curves that reprice quoted instruments: all nodes solved together, and what the quotes do to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import log_discount_factors

Array = NDArray[np.float64]
Days = NDArray[np.int32]

TOLERANCE = 1e-13
MAX_STEPS = 30
_SHIFT = 1e-6


@dataclass(frozen=True)
class ParQuote:
    """An instrument whose fair rate is its floating leg over its annuity. Days count from the valuation date.

    A deposit, FRA or future has one period on each side, an overnight swap one floating period, from start to end.
    """

    rate: float
    fixed_day: Days
    fixed_fraction: Array
    float_start: Days
    float_end: Days

    @property
    def last_day(self) -> int:
        """Where the curve has its node."""
        return int(max(self.fixed_day[-1], self.float_end[-1]))


@dataclass(frozen=True)
class Solved:
    node_days: Days
    zero_rates: Array
    """[nodes] continuously compounded, ACT/365F"""
    zero_by_quote: Array
    """[nodes, quotes] d zero rate / d quoted rate: what carries zero-rate risk to market quotes"""
    unsolved: int | None
    """the quote that is left furthest from its rate, where the search did not end"""


def solve_curve(
    interpolation: str, quotes: Sequence[ParQuote], discount_factors: Array | None, jumps: Array | None = None
) -> Solved:
    """The zero rates under which every quote is fair.

        rate_i = sum over floating periods of (P(start) / P(end) - 1) D(end) / sum over fixed of fraction D(day)
        z <- z - J^-1 (rate(z) - quoted),  J = d rate / d z by differences; all nodes at once, since an interpolation
        may let a node move what comes before it

    Args:    quotes            ascending by `last_day`, one to a day
             discount_factors  [days] D of another curve; None where the curve discounts itself, D = P
             jumps             [days] what turns add to ln P; None for none
    Returns: Solved
    Accuracy: 1e-13 in the quoted rates
    Failure: `unsolved`, after 30 steps or where J cannot be inverted
    Source:  Hagan and West (2006); Ametrano and Bianchetti (2013)
    """
    node_days = np.array([quote.last_day for quote in quotes], np.int32)
    quoted = np.array([quote.rate for quote in quotes])
    zeros, jacobian, error = quoted.copy(), np.eye(len(quotes)), np.full(len(quotes), np.inf)
    for _ in range(MAX_STEPS):
        rates, jacobian = _rates_and_jacobian(interpolation, node_days, zeros, quotes, discount_factors, jumps)
        error = rates - quoted
        if not np.isfinite(jacobian).all() or np.linalg.matrix_rank(jacobian) < len(quotes):
            break
        if np.abs(error).max() <= TOLERANCE:
            return Solved(node_days, zeros, np.linalg.inv(jacobian).astype(np.float64), None)
        zeros = zeros - np.linalg.solve(jacobian, error)
    size = np.where(np.isfinite(error), np.abs(error), np.inf)
    return Solved(node_days, zeros, np.full_like(jacobian, np.nan), int(size.argmax()))


def fair_rates(quotes: Sequence[ParQuote], projection: Array, discount: Array | None) -> Array:
    """[quotes, columns] under discount factors [days, columns] of the curve itself, and [days] of another."""
    return np.stack([_fair_rate(quote, projection, discount) for quote in quotes])


def _fair_rate(quote: ParQuote, projection: Array, discount: Array | None) -> Array:
    paid = projection if discount is None else discount[:, None]
    growth = projection[quote.float_start] / projection[quote.float_end] - 1.0
    annuity = (quote.fixed_fraction[:, None] * paid[quote.fixed_day]).sum(axis=0)
    rate: Array = (growth * paid[quote.float_end]).sum(axis=0) / annuity
    return rate


def _rates_and_jacobian(
    interpolation: str,
    node_days: Days,
    zeros: Array,
    quotes: Sequence[ParQuote],
    discount: Array | None,
    jumps: Array | None,
) -> tuple[Array, Array]:
    """[quotes], [quotes, nodes]; the Jacobian by central differences."""
    shifts = _SHIFT * np.eye(len(zeros))
    columns = np.hstack([zeros[:, None], zeros[:, None] + shifts, zeros[:, None] - shifts])
    logs = log_discount_factors(interpolation, node_days, columns, int(node_days[-1]) + 1)
    if jumps is not None:
        logs = logs + jumps[: len(logs), None]
    with np.errstate(all="ignore"):  # a step may go astray; what is not finite ends the search
        rates = fair_rates(quotes, np.exp(logs), discount)
    up, down = np.hsplit(rates[:, 1:], 2)
    return rates[:, 0], (up - down) / (2.0 * _SHIFT)
