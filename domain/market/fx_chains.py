"""How one currency becomes another through the quoted pairs: the shortest chain of them."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple


class Step(NamedTuple):
    pair: str
    """as the market quotes it"""
    is_inverse: bool
    """it is walked from the pair's second currency to its first: one unit buys 1 / spot"""


class _Way(NamedTuple):
    """Of two equally long, the smaller is the better."""

    misses_usd: bool
    misses_eur: bool
    between: tuple[str, ...]


def chain(pairs: Iterable[str], base: str, quote: str) -> tuple[Step, ...] | None:
    """Pairs that lead from one currency to the other, none for the same one; None where there is no way.

    The shortest; of equals the one over USD, then the one over EUR, then the first by the names on the way, read from
    the currency that is first by name, so that the way back is the same.
    """
    quoted = frozenset(pairs)
    start, end = sorted((base, quote))
    between = _between(quoted, start, end)
    if between is None:
        return None
    stops = [start, *between, end] if start == base else [end, *reversed(between), start]
    return tuple(
        Step(here + there, False) if here + there in quoted else Step(there + here, True)
        for here, there in pairwise(stops)
        if here != there
    )


@lru_cache(maxsize=4096)
def _between(quoted: frozenset[str], start: str, end: str) -> tuple[str, ...] | None:
    """The currencies on the best way.

    Breadth first. A layer keeps the best way to each currency for either answer to "is USD, is EUR on it?", since what
    comes later may bring them.
    """
    if start == end:
        return ()
    neighbours = _neighbours(quoted)
    seen, layer = {start}, {(start, True, True): _Way(True, True, ())}
    while layer:
        found = [way for (currency, *_), way in layer.items() if end in neighbours.get(currency, ())]
        if found:
            return min(found).between
        ahead: dict[tuple[str, bool, bool], _Way] = {}
        for (currency, *_), way in layer.items():
            for each in neighbours.get(currency, frozenset()) - seen:
                on = _Way(way.misses_usd and each != "USD", way.misses_eur and each != "EUR", (*way.between, each))
                key = (each, on.misses_usd, on.misses_eur)
                ahead[key] = min(on, ahead.get(key, on))
        layer = ahead
        seen |= {currency for currency, *_ in layer}
    return None


@lru_cache(maxsize=64)
def _neighbours(quoted: frozenset[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in quoted:
        found.setdefault(pair[:3], set()).add(pair[3:])
        found.setdefault(pair[3:], set()).add(pair[:3])
    return {currency: frozenset(others) for currency, others in found.items()}
