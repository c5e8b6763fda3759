"""Ratings as steps that rules of liquidity compare: the worse, the larger."""

from domain.portfolio import ratings
from domain.portfolio.ratings import SCALE

UNRATED, UNREADABLE = len(SCALE), len(SCALE) + 1


def step_of(text: str) -> int:
    """0 for the best; UNRATED for none, UNREADABLE for what no agency writes."""
    word = text.strip()
    notch = ratings.notch_of(word.upper() if word.upper() in ratings.UNRATED_TEXTS else word)
    return {ratings.UNRATED: UNRATED, ratings.UNKNOWN: UNREADABLE}.get(notch, notch)
