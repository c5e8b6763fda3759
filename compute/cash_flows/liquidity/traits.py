"""What rules of liquidity ask of positions: asset class, rating, whether the debtor pays; by the one rule of lookup."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.liquidity.ratings import UNRATED, UNREADABLE, step_of
from domain.portfolio.attributes import labels
from domain.portfolio.columns import Portfolio

RATINGS = ("rating", "rating_2", "rating_3")
DEFAULTED = "DEFAULTED"
DAYS_TO_DEFAULT = 90
YES = ("true", "1", "yes", "y")


@dataclass(frozen=True)
class Traits:
    """Of every position of a portfolio; `asset_class` are codes into `classes`, whose first is none."""

    classes: tuple[str, ...]
    asset_class: NDArray[np.int64]
    performing_class: NDArray[np.int64]
    """the same, DEFAULTED where the debtor is in default or pays no interest"""
    rating: NDArray[np.int64]
    """steps of the scale of ratings"""


def traits_of(portfolio: Portfolio) -> Traits:
    classes, codes = _codes(portfolio, "asset_class")
    ratings = np.stack([_mapped(portfolio, name, step_of, UNRATED) for name in RATINGS])
    defaulted = _defaulted(portfolio)
    known = (*classes, DEFAULTED) if DEFAULTED not in classes else classes
    performing = np.where(defaulted, known.index(DEFAULTED), codes)
    return Traits(known, codes, performing, _one_rating(ratings))


def _one_rating(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n] of [3, n]: of two the lower, of three the higher of the two lowest; UNREADABLE where one is."""
    ordered = np.sort(steps, axis=0)
    given = (steps < UNRATED).sum(axis=0)
    chosen = np.where(given >= 2, ordered[1], ordered[0])
    return np.where((steps == UNREADABLE).any(axis=0), UNREADABLE, chosen)


def _defaulted(portfolio: Portfolio) -> NDArray[np.bool_]:
    """Marked so, of that class, more than 90 days past due, or not accruing."""
    found = np.zeros(portfolio.position_count, np.bool_)
    for name in ("defaulted", "nonaccrual"):
        found |= _mapped(portfolio, name, lambda text: int(text.strip().lower() in YES), 0) == 1
    found |= _mapped(portfolio, "days_past_due", _is_late, 0) == 1
    return found


def _is_late(text: str) -> int:
    try:
        return int(float(text) > DAYS_TO_DEFAULT)
    except ValueError:
        return 0


def _codes(portfolio: Portfolio, name: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Texts in capitals, '' first, and each position's place among them."""
    found = labels(portfolio, name)
    if found is None:
        return ("",), np.zeros(portfolio.position_count, np.int64)
    words = [key.strip().upper() for key in found.keys]
    distinct = ("", *sorted({*words} - {""}))
    place = np.array([distinct.index(word) for word in words], np.int64)
    return distinct, place[found.codes]


def _mapped(portfolio: Portfolio, name: str, meaning: Callable[[str], int], absent: int) -> NDArray[np.int64]:
    """[positions] what each text means; asked once per distinct text."""
    found = labels(portfolio, name)
    if found is None:
        return np.full(portfolio.position_count, absent, np.int64)
    meanings = np.array([meaning(key) if key else absent for key in found.keys], np.int64)
    of_each: NDArray[np.int64] = meanings[found.codes]
    return of_each
