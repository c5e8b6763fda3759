"""Time buckets of ladders and gaps: the named sets, any tenors, and where their edges fall from a valuation date."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.market.parts import TENOR_FIX, add_tenor, is_tenor
from domain.refusals import Refused

DAYS_PER_YEAR = 365.0
DEFAULT = "DEFAULT"
SETS = {
    DEFAULT: (
        *(f"{months}M" for months in (*range(1, 13), *range(15, 61, 3))),
        *(f"{years}Y" for years in range(6, 31)),
    ),
    "IRRBB": (
        *("1D", "1M", "3M", "6M", "9M", "1Y", "18M", "2Y", "3Y", "4Y", "5Y", "6Y", "7Y", "8Y", "9Y", "10Y"),
        *("15Y", "20Y"),
    ),
    "LIQUIDITY": ("1D", "7D", "30D", "3M", "6M", "9M", "1Y", "2Y", "3Y", "5Y", "10Y"),
}
"""Upper edges; a last bucket is open."""
MIDPOINTS_YR = {
    "IRRBB": (
        *(0.0028, 0.0417, 0.1667, 0.375, 0.625, 0.875, 1.25, 1.75, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 12.5),
        *(17.5, 25.0),
    )
}
"""Source: BCBS d368, Annex 2 (SRP31)."""
MAX_BUCKETS = 1_000


@dataclass(frozen=True)
class Buckets:
    """A flow is in the bucket with start < payment date <= end."""

    names: tuple[str, ...]
    start: tuple[dt.date, ...]
    end: tuple[dt.date | None, ...]
    """None for the last, which is open"""
    midpoints_yr: tuple[float | None, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def edges(self) -> tuple[dt.date, ...]:
        """Of all but the last, ascending."""
        return tuple(end for end in self.end if end is not None)


def buckets_of(asked: str | None, as_of: dt.date) -> Buckets:
    """`IRRBB`, or tenors such as `1M,3M,1Y`; the default set where nothing is asked."""
    name = (asked or DEFAULT).strip().upper()
    tenors = SETS.get(name) or _tenors(name)
    edges = [add_tenor(as_of, tenor) for tenor in tenors]
    if any(a >= b for a, b in pairwise(edges)):
        fix = "write the tenors from the shortest to the longest, each once"
        raise Refused("INVALID_BUCKETS", "the edges of the buckets do not rise", fix)
    start = (as_of, *edges)
    midpoints = MIDPOINTS_YR.get(name) or (*(_midpoint_yr(as_of, *each) for each in pairwise(start)), None)
    return Buckets((*tenors, f">{tenors[-1]}"), start, (*edges, None), tuple(midpoints))


def _tenors(text: str) -> Sequence[str]:
    tenors = [word.strip() for word in text.split(",")]
    for tenor in tenors:
        if not is_tenor(tenor):
            fix = f"name one of {', '.join(SETS)}, or {TENOR_FIX}"
            raise Refused("INVALID_BUCKETS", f"{tenor!r} is neither a set of buckets nor a tenor", fix)
    if len(tenors) > MAX_BUCKETS:
        raise Refused("INVALID_BUCKETS", f"there are more than {MAX_BUCKETS:,} buckets", "name fewer tenors")
    return tenors


def _midpoint_yr(as_of: dt.date, start: dt.date, end: dt.date) -> float:
    return ((start - as_of).days + (end - as_of).days) / 2.0 / DAYS_PER_YEAR


def all_buckets(as_of: dt.date) -> Buckets:
    """At all edges of the named sets: a bucket of any of them is made of some of these."""
    edges = sorted({add_tenor(as_of, tenor) for tenors in SETS.values() for tenor in tenors})
    names = (*(edge.isoformat() for edge in edges), f">{edges[-1].isoformat()}")
    return Buckets(names, (as_of, *edges), (*edges, None), (None,) * len(names))


def made_of(buckets: Buckets, finer: Buckets) -> list[int] | None:
    """The bucket that each of the finer ones is part of; None where an edge is not among theirs."""
    if not set(buckets.edges) <= set(finer.edges):
        return None
    ends = [end or dt.date.max for end in buckets.end]
    return [next(n for n, last in enumerate(ends) if (end or dt.date.max) <= last) for end in finer.end]
