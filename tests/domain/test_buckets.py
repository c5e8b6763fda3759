"""Time buckets: where the edges of the named sets fall, their midpoints, and what is no set."""

import datetime as dt

import pytest

from domain.buckets import buckets_of
from domain.refusals import Refused

AS_OF = dt.date(2026, 1, 31)


def test_edges_are_tenors_from_the_valuation_date_clipped_to_their_month() -> None:
    buckets = buckets_of("1d,1m, 1Y", AS_OF)
    assert buckets.names == ("1D", "1M", "1Y", ">1Y")
    assert buckets.start == (AS_OF, dt.date(2026, 2, 1), dt.date(2026, 2, 28), dt.date(2027, 1, 31))
    assert buckets.end == (*buckets.start[1:], None)
    assert buckets.midpoints_yr == (0.5 / 365, (1 + 28) / 2 / 365, (28 + 365) / 2 / 365, None)


@pytest.mark.parametrize(
    ("name", "count", "last"), [(None, 54, ">30Y"), ("irrbb", 19, ">20Y"), ("LIQUIDITY", 12, ">10Y")]
)
def test_named_sets(name: str | None, count: int, last: str) -> None:
    """DEFAULT: 12 months, 16 quarters to five years, 25 years, and the rest."""
    buckets = buckets_of(name, AS_OF)
    assert (len(buckets), buckets.names[-1]) == (count, last) and len(buckets.midpoints_yr) == count


def test_midpoints_of_irrbb_are_those_of_basel() -> None:
    """BCBS d368, Annex 2: overnight .0028, …, over 20 years 25."""
    midpoints = buckets_of("IRRBB", AS_OF).midpoints_yr
    assert (midpoints[0], midpoints[6], midpoints[-2], midpoints[-1]) == (0.0028, 1.25, 17.5, 25.0)


@pytest.mark.parametrize("asked", ["WEEKLY", "1M,", "3M,1M", "1Y,12M", "1M,1M", "0D", "300Y", ",".join(["1D"] * 1001)])
def test_what_is_no_set_of_buckets_is_refused(asked: str) -> None:
    with pytest.raises(Refused) as refused:
        buckets_of(asked, AS_OF)
    assert refused.value.code == "INVALID_BUCKETS" and refused.value.fix
