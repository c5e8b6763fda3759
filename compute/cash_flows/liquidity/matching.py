"""Which rule of a side each position falls under, by bucket of days: the first that matches, or why none does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.liquidity.traits import DEFAULTED, Traits
from domain.liquidity.ratings import UNREADABLE
from domain.liquidity.rules import CAP, Rule
from domain.portfolio.ratings import SCALE
from domain.portfolio.tables import PRODUCT_TYPES

FOREVER = np.iinfo(np.int32).max
OUT_OF_REACH = np.iinfo(np.int64).min
"""Of days that no rule of the product speaks of."""


class LeftOut(IntEnum):
    """Why a position has no weight; the name is the item of its row."""

    NO_ASSET_CLASS = 0
    UNREADABLE_RATING = 1
    NO_RULE = 2
    NOT_PRICED = 3
    SHORT_POSITION = 4
    NO_DAILY_VOLUME = 5
    NO_BID_ASK_BP = 6


@dataclass(frozen=True)
class Side:
    """Rules of one side and the buckets of days that they tell apart; R rules, B buckets."""

    name: str
    rules: tuple[Rule, ...]
    last_day: NDArray[np.int64]
    """[B] of each bucket"""
    first_bucket: NDArray[np.int64]
    """[R] that the rule reaches"""
    end_bucket: NDArray[np.int64]
    """[R] the one after the last"""

    @property
    def buckets(self) -> int:
        return len(self.last_day)

    def days_of(self, place: int) -> NDArray[np.bool_]:
        """[B] buckets that the rule speaks of."""
        buckets = np.arange(self.buckets)
        within: NDArray[np.bool_] = (buckets >= self.first_bucket[place]) & (buckets < self.end_bucket[place])
        return within

    def reach(self) -> NDArray[np.bool_]:
        """[products, B] buckets that some rule of the product speaks of."""
        reached = np.zeros((len(PRODUCT_TYPES), self.buckets), np.bool_)
        for place, rule in enumerate(self.rules):
            reached |= _fits(rule.product_type, PRODUCT_TYPES)[:, None] & self.days_of(place)
        return reached

    def names_product(self, product: NDArray[np.integer]) -> NDArray[np.bool_]:
        """[n] some rule does by a name or a pattern."""
        patterns = {rule.product_type for rule in self.rules} - {""}
        named = [any(fnmatchcase(each, pattern) for pattern in patterns) for each in PRODUCT_TYPES]
        of_each: NDArray[np.bool_] = np.array(named, np.bool_)[product]
        return of_each


def side_of(name: str, rules: Sequence[Rule], as_of: date) -> Side:
    """Without its cap, which weighs no position."""
    mine = [rule for rule in rules if rule.side == name and rule.item != CAP]
    first = [rule.first_day(as_of) for rule in mine]
    last = [FOREVER if (day := rule.last_day(as_of)) is None else day for rule in mine]
    ends = np.array(sorted({*last, *(day - 1 for day in first if day > 1)}), np.int64)
    return Side(
        name,
        tuple(mine),
        ends,
        np.searchsorted(ends, np.array(first)),
        np.searchsorted(ends, np.array(last)) + 1,
    )


def lines_of(
    side: Side, product: NDArray[np.integer], classes: NDArray[np.int64], rating: NDArray[np.int64], traits: Traits
) -> NDArray[np.int64]:
    """[n, B] place of the rule among the side's; where none holds, -1 - the reason.

    Where a rule asks for an asset class that is not there, nobody can say whether it or a later one holds; who is in
    default is told without one.
    """
    is_open = side.reach()[product]
    line = np.where(is_open, -1 - LeftOut.NO_RULE, OUT_OF_REACH).astype(np.int64)
    for place, rule in enumerate(side.rules):
        of_product = _fits(rule.product_type, PRODUCT_TYPES)[product]
        of_class = _fits(rule.asset_class, traits.classes)[classes]
        rated, unreadable = _rated(rule, rating)
        reached = is_open & side.days_of(place)
        outcomes = [(of_product & of_class & rated, place)]
        if rule.asset_class not in ("", DEFAULTED):
            outcomes.append((of_product & (classes == 0) & (rated | unreadable), -1 - LeftOut.NO_ASSET_CLASS))
        outcomes.append((of_product & of_class & unreadable, -1 - LeftOut.UNREADABLE_RATING))
        for chosen, outcome in outcomes:
            here = reached & chosen[:, None]
            line[here] = outcome
            is_open &= ~here
    return line


def _fits(pattern: str, known: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([not pattern or (each != "" and fnmatchcase(each, pattern)) for each in known], np.bool_)


def _rated(rule: Rule, rating: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[n] within the rule's range, and not to be told."""
    if not rule.rating_from:
        return np.ones(len(rating), np.bool_), np.zeros(len(rating), np.bool_)
    best, worst = SCALE.index(rule.rating_from), SCALE.index(rule.rating_to)
    return (rating >= best) & (rating <= worst), rating == UNREADABLE
