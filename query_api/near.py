"""The names that somebody may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

NEAR = 0.6
MOST = 3
LONGEST = 60


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The nearest first; nothing where none is near."""
    of_lower: dict[str, str] = {}
    for each in known:
        of_lower.setdefault(each.lower(), each)
    typed = name.strip().lower()[:LONGEST]
    return [of_lower[each] for each in get_close_matches(typed, of_lower, MOST, NEAR)]


def nearest_or_all(name: str, known: Iterable[str], most: int = 40) -> str:
    """For a fix: what is near, else what there is."""
    names = list(dict.fromkeys(known))
    if near := nearest(name, names):
        return f"the nearest: {', '.join(near)}"
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"there are {', '.join(names[:most])}{rest}"
