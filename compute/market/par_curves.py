"""Curves of kind PAR made into zero curves: discount curves first, then those that project with their discounting."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import log_discount_factors, log_jumps
from compute.kernels.curves.par_curves import ParQuote, Solved, solve_curve
from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.dates.schedules import build_schedules
from compute.market.shocks import turns_of
from domain.documents import Problem, shown
from domain.market.conventions import SwapConventions
from domain.market.document import MarketDocument
from domain.market.par_quotes import conventions_of
from domain.market.parts import TENOR_FIX, ParCurve, ParNode, RateNode, ZeroCurve, add_tenor, is_tenor
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import DAY_COUNTS
from domain.texts import with_article

_EPOCH = dt.date(1970, 1, 1)
_FRA = re.compile(r"([0-9]{1,4})M?[xX]([0-9]{1,4})M?")
_MAX_FRA_MONTHS = 2_400
_FUTURE_MONTHS = 3
_MIN_QUOTES = 2
MAX_FORWARD = 1.0
"""A year, between nodes, up or down: as a quoted rate."""


@dataclass
class Bootstrapped:
    """A market with its PAR curves solved; those that could not be are left out of it and have a problem."""

    market: MarketDocument
    solved: dict[str, Solved] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class UnreadableQuote(ValueError):
    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message, self.fix, self.where, self.value = message, fix, "nodes", ""

    def at(self, curve: ParCurve, number: int | None) -> "UnreadableQuote":
        """The same, with the curve and the node named."""
        self.message = f"{curve.curve_id} {self.message}"
        if number is not None:
            node = curve.nodes[number]
            self.where, self.value = f"nodes[{number}]", node.tenor or str(node.date)
        return self


def bootstrap(market: MarketDocument) -> Bootstrapped:
    """Every PAR curve as a ZERO one with a node at the end of each quote."""
    made = Bootstrapped(market)
    known = {curve.curve_id: curve for curve in market.curves if isinstance(curve, ZeroCurve)}
    waiting = [(i, curve) for i, curve in enumerate(market.curves) if isinstance(curve, ParCurve)]
    while ready := [each for each in waiting if each[1].discount_curve in {None, each[1].curve_id, *known}]:
        for each in ready:
            waiting.remove(each)
            zero = _solved_curve(made, *each, known)
            if zero is not None:
                known[zero.curve_id] = zero
    made.problems += [_waiting_for_ever(i, curve, waiting) for i, curve in waiting]
    curves = tuple(known.get(curve.curve_id, curve) for curve in market.curves)
    made.market = market.model_copy(update={"curves": curves})
    return made


def _waiting_for_ever(i: int, curve: ParCurve, waiting: Sequence[tuple[int, ParCurve]]) -> Problem:
    """Either the way from curve to discount curve comes back to this one, or it ends at one without a solution."""
    on = {each.curve_id: str(each.discount_curve) for _, each in waiting}
    way = [curve.curve_id]
    while (ahead := on.get(way[-1])) is not None and ahead not in way:
        way.append(ahead)
    if ahead is None:
        message, fix = f"{curve.curve_id} discounts on {way[-1]}, which is not solved", f"mend {way[-1]} first"
    else:
        message = f"discount curves in a circle: {' on '.join([*way, ahead])}"
        fix = "let one of them discount on itself: leave out its discount_curve"
    return _problem(i, "discount_curve", str(curve.discount_curve), message, fix)


def _solved_curve(made: Bootstrapped, i: int, curve: ParCurve, known: dict[str, ZeroCurve]) -> ZeroCurve | None:
    as_of = made.market.as_of
    try:
        quotes = _quotes(curve, made.market)
    except UnreadableQuote as unreadable:
        made.problems.append(_problem(i, unreadable.where, unreadable.value, unreadable.message, unreadable.fix))
        return None
    jumps = log_jumps(*turns_of(curve.jumps, as_of), quotes[-1][0].last_day + 1)
    only = [quote for quote, _ in quotes]
    solved = solve_curve(curve.interpolation, only, _factors(curve, quotes, known, as_of), jumps)
    worst, message = _wrong_with(solved)
    if worst is not None:
        number = quotes[worst][1]
        message = message.format(curve_id=curve.curve_id, type=curve.nodes[number].type)
        fix = "correct the rate, which may be in percent, or drop the quote"
        made.problems.append(_problem(i, f"nodes[{number}]", str(curve.nodes[number].rate), message, fix))
        return None
    made.solved[curve.curve_id] = solved
    return _zero_curve(curve, solved, as_of)


def _wrong_with(solved: Solved) -> tuple[int | None, str]:
    """The quote that the curve cannot give, or gives by lending at more than 100 % a year to the node: an arbitrage."""
    if solved.unsolved is not None:
        return solved.unsolved, "{curve_id} cannot be made to give its {type} the rate quoted"
    growth = np.diff(solved.zero_rates * solved.node_days, prepend=0.0)
    forward = growth / np.diff(solved.node_days, prepend=0)
    beyond = np.flatnonzero(np.abs(forward) > MAX_FORWARD)
    if not len(beyond):
        return None, ""
    return int(
        beyond[0]
    ), f"{{curve_id}} needs a forward rate of {forward[beyond[0]]:.0%} up to the end of its {{type}}"


def _quotes(curve: ParCurve, market: MarketDocument) -> list[tuple[ParQuote, int]]:
    """Ascending by their ends, each with its number in the file."""
    quotes = []
    for number, node in enumerate(curve.nodes):
        try:
            conventions = conventions_of(curve, node, market.projection)
            quotes.append((par_quote(curve, node, conventions, market.as_of), number))
        except UnreadableQuote as unreadable:
            raise unreadable.at(curve, number) from None
    quotes.sort(key=lambda each: each[0].last_day)
    for (first, _), (second, number) in pairwise(quotes):
        if first.last_day == second.last_day:
            raise UnreadableQuote("has two quotes that end on the same day", "keep one of them").at(curve, number)
    if len(quotes) < _MIN_QUOTES:
        fix = f"give {_MIN_QUOTES} quotes or more"
        raise UnreadableQuote(f"has {len(quotes)} quotes", fix).at(curve, None)
    return quotes


def _factors(
    curve: ParCurve, quotes: list[tuple[ParQuote, int]], known: dict[str, ZeroCurve], as_of: dt.date
) -> NDArray[np.float64] | None:
    """Discount factors of the curve that this one discounts on; None for itself."""
    if curve.discount_curve is None or curve.discount_curve == curve.curve_id:
        return None
    on = known[curve.discount_curve]
    days = np.array([(node.on(as_of) - as_of).days for node in on.nodes], np.int32)
    rates = np.array([[node.rate] for node in on.nodes])
    n_days = quotes[-1][0].last_day + 1
    logs = log_discount_factors(on.interpolation, days, rates, n_days)[:, 0]
    return np.exp(logs + log_jumps(*turns_of(on.jumps, as_of), n_days))


def _zero_curve(curve: ParCurve, solved: Solved, as_of: dt.date) -> ZeroCurve:
    nodes = tuple(
        RateNode.model_construct(tenor=None, date=as_of + dt.timedelta(days=int(day)), rate=float(rate))
        for day, rate in zip(solved.node_days, solved.zero_rates, strict=True)
    )
    return ZeroCurve.model_construct(
        curve_id=curve.curve_id,
        currency=curve.currency,
        kind="ZERO",
        interpolation=curve.interpolation,
        nodes=nodes,
        jumps=curve.jumps,
    )


def par_quote(curve: ParCurve, node: ParNode, conventions: SwapConventions, as_of: dt.date) -> ParQuote:
    """The instrument behind a quote, by its index's conventions or those that stand beside it.

    All start on the valuation date but a FRA, `"tenor": "3x6"` in months, and a FUTURE, three months from its `date`.
    Nothing is adjusted for business days (contract, section 3).
    """
    own = node.model_extra or {}
    if node.type in ("DEPOSIT", "FRA", "FUTURE"):
        start, end = _ends(node, as_of)
        fraction = _fractions(as_of, start, end, 0, str(own.get("day_count", conventions.float_day_count)))[1]
        days = [np.array([(day - as_of).days], np.int32) for day in (start, end)]
        return ParQuote(node.rate, days[1], fraction, days[0], days[1])
    end = _end(node, as_of)
    frequency = int(own.get("fixed_frequency", conventions.fixed_frequency))
    day_count = str(own.get("fixed_day_count", conventions.fixed_day_count))
    fixed_day, fixed = _fractions(as_of, as_of, end, frequency, day_count)
    if node.type == "OIS" and curve.discount_curve in (None, curve.curve_id):
        return ParQuote(node.rate, fixed_day, fixed, np.zeros(1, np.int32), fixed_day[-1:])
    floats = int(own.get("float_frequency", conventions.float_frequency))
    stops, _ = _fractions(as_of, as_of, end, floats, conventions.float_day_count)
    return ParQuote(node.rate, fixed_day, fixed, np.concatenate(([0], stops[:-1])).astype(np.int32), stops)


def _ends(node: ParNode, as_of: dt.date) -> tuple[dt.date, dt.date]:
    if node.type == "DEPOSIT":
        return as_of, _end(node, as_of)
    if node.type == "FUTURE":
        start = _end(node, as_of)
        return start, add_tenor(start, f"{_FUTURE_MONTHS}M")
    months = _FRA.fullmatch(node.tenor or "")
    if months is None or not int(months[1]) < int(months[2]) <= _MAX_FRA_MONTHS:
        raise UnreadableQuote(f"has a FRA at {shown(node.tenor or '')!r}", 'write months from and to: "3x6"')
    start = add_tenor(as_of, f"{int(months[1])}M") if int(months[1]) else as_of
    return start, add_tenor(as_of, f"{int(months[2])}M")


def _end(node: ParNode, as_of: dt.date) -> dt.date:
    tenor = node.tenor or ""
    if node.date is None and not is_tenor(tenor):
        raise UnreadableQuote(f"has {with_article(node.type)} at {shown(tenor)!r}", f"{TENOR_FIX}; or give a date")
    end = node.date or add_tenor(as_of, tenor)
    if end <= as_of:
        raise UnreadableQuote(f"has {with_article(node.type)} on {end}, not after {as_of}", "remove the quote")
    return end


def _fractions(
    as_of: dt.date, start: dt.date, end: dt.date, frequency: int, day_count: str
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Payment days from the valuation date, and year fractions, counted back from the end."""
    if day_count not in DAY_COUNTS:
        raise UnreadableQuote(f"counts days by {day_count!r}", f"use one of {', '.join(DAY_COUNTS)}")
    one: dict[str, Any] = {"calendar": [0], "business_day": [0], "end_of_month": [False], "adjust_accrual": [False]}
    as_of_day = (as_of - _EPOCH).days
    schedules = build_schedules(
        as_of_day,
        maturity_day=[(end - _EPOCH).days],
        issue_day=[(start - _EPOCH).days],
        first_payment_day=[ABSENT_DATE],
        frequency=[frequency],
        **one,
    )
    fraction = period_fraction(schedules, np.array([DAY_COUNTS.index(day_count)]), np.array([frequency]))
    return (schedules.pay - as_of_day).astype(np.int32), fraction


def _problem(i: int, where: str, value: str, message: str, fix: str) -> Problem:
    return Problem(f"curves[{i}].{where}", "CURVE_NOT_SOLVED", value, message, fix)
