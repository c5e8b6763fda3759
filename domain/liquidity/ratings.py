"""Ratings of the agencies as steps of one scale: S&P's and Fitch's letters, Moody's known by their form."""

from collections.abc import Mapping

SCALE = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"),
    *("B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D"),
)
"""From the best to default."""
MOODYS = (
    *("Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3"),
    *("B1", "B2", "B3", "Caa1", "Caa2", "Caa3", "Ca"),
)
UNRATED_WORDS = ("", "NR", "UNRATED", "WR")
UNRATED, UNREADABLE = len(SCALE), len(SCALE) + 1

_STEP: Mapping[str, int] = {text: step for scale in (SCALE, MOODYS) for step, text in enumerate(scale)}


def step_of(text: str) -> int:
    """0 for the best; UNRATED for none, UNREADABLE for what no agency writes."""
    word = text.strip()
    if word.upper() in UNRATED_WORDS:
        return UNRATED
    return _STEP.get(word, UNREADABLE)
