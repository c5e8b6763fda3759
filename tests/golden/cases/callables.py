"""Callable bonds on QuantLib's own grid of times, which our lattice kernel takes as it takes any other."""

import itertools
import re

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import adjust, civil_of_day, day_in_month
from compute.kernels.dates.daycounts import year_fraction
from compute.kernels.hull_white.exercise import CALL, PUT
from compute.kernels.hull_white.lattice import lattice_at
from compute.kernels.hull_white.rollback import NEVER, Chances, Events, Lanes, roll_back
from domain.portfolio.tables import BUSINESS_DAYS
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible
from tests.golden.cases.conventions import calendar, day_count, flat_curve, frequency

Array = NDArray[np.float64]
Days = NDArray[np.int32]


def callable_bond(case: Case) -> Figures:
    """Clean price at settlement, from which the curve starts; coupons accrue between adjusted dates."""
    inputs = case.inputs
    if "tree_pct" in inputs:
        raise NotExpressible("a binomial lattice of given rates: ours is Hull-White's, fitted to a curve")
    settled = int(np.datetime64(inputs.text("curve").rsplit(" ", 1)[1], "D").astype(int))
    inputs.skip("evaluation_date", "settlement_days")
    days, fraction = _schedule(inputs)
    factors = flat_curve(re.sub(r" from .*", "", inputs.text("curve"))).factors(int(days[-1]) - settled + 1)[0, :, 0]
    ahead = days[1:] > settled
    node, coupon = days[1:][ahead] - settled, 100 * inputs.number("coupon") * fraction[ahead]
    paid = coupon * factors[node]
    paid[-1] += 100 * factors[node[-1]]
    strike = np.stack([_strikes(inputs, name, node + settled) for name in ("calls", "puts")])
    strike[CALL] = np.where(strike[CALL] > 0, strike[CALL] * factors[node], NEVER)
    strike[PUT] = np.where(strike[PUT] > 0, strike[PUT] * factors[node], -NEVER)
    accrued = 100 * inputs.number("coupon") * _years(inputs, days[:-1][ahead][0], np.int32(settled))
    return {VALUE: _price(inputs, node / 365.0, paid, strike) - accrued}


def _schedule(inputs: Inputs) -> tuple[Days, Array]:
    if inputs.text("calendar") != "TARGET MF":
        raise NotExpressible(f"calendar {inputs.text('calendar')!r}")
    interval = 12 // frequency(inputs.text("freq"))
    first, last = inputs.day("issue"), inputs.day("maturity")
    months = range(0, 12 * (civil_of_day(last)[0] - civil_of_day(first)[0]) + 1, interval)
    unadjusted = np.array([_later(first, k) for k in months], np.int32)
    days = adjust(unadjusted, calendar("TARGET"), BUSINESS_DAYS.index("MODIFIED_FOLLOWING"))
    return days, np.array([_years(inputs, a, b) for a, b in itertools.pairwise(days)])


def _years(inputs: Inputs, start: np.int32, end: np.int32) -> float:
    count = np.array([day_count(inputs.text("daycount"))], np.int8)
    return float(year_fraction(count, np.array([start]), np.array([end]), np.array([start]), np.array([end]), 2)[0])


def _later(day: int, months: int) -> int:
    year, month, of_month = civil_of_day(day)
    return day_in_month(12 * year + month - 1 + months, of_month)


def _strikes(inputs: Inputs, name: str, nodes: Days) -> Array:
    """`110 clean on even anniversaries` of the issue date, moved to business days; nil where there is no right."""
    strikes = np.zeros(len(nodes))
    if name not in inputs:
        inputs.skip(name)
        return strikes
    found = re.fullmatch(r"(\d+) clean on (even|odd) anniversaries", inputs.text(name))
    if found is None:
        raise NotExpressible(f"{name} {inputs.text(name)!r}")
    for years in range(1 if found[2] == "odd" else 2, 10, 2):
        day = adjust([_later(inputs.day("issue"), 12 * years)], calendar("TARGET"), BUSINESS_DAYS.index("FOLLOWING"))
        strikes[nodes == day[0]] = float(found[1])
    return strikes


def _price(inputs: Inputs, times: Array, paid: Array, strike: Array) -> float:
    model = re.fullmatch(r"HullWhite a=([\d.]+) sigma=([\d.]+) \(defaults\)", inputs.text("model"))
    if model is None:
        raise NotExpressible(f"model {inputs.text('model')!r}")
    ends = np.concatenate(([0.0], times))
    counts = np.maximum(np.rint(np.diff(ends) / (ends[-1] / inputs.whole("tree_steps"))), 1).astype(np.int64)
    grid = [np.linspace(a, b, n + 1)[1:] for a, b, n in zip(ends[:-1], ends[1:], counts, strict=True)]
    lattice = lattice_at(
        np.concatenate(([0.0], *grid)), np.cumsum(counts), float(model[1]), float(model[2]), False, 7.0
    )
    rows, price = len(times), np.empty(1)
    events = Events(
        paid[:, None].copy(), strike[:, :, None].copy(), np.abs(strike) < NEVER, np.zeros(rows), np.zeros((2, rows))
    )
    chances = Chances(np.zeros((rows, 1)), np.zeros((2, rows, 1)))
    lanes = Lanes(np.zeros(1, np.int64), np.array([rows]), np.zeros(1, np.int64))
    roll_back(lattice, events, lanes, price, chances, False, False)
    return float(price[0])
