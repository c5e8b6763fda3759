"""Does a VaR keep its promise? Days whose loss was larger, and what their number and their order say.

    n days, x exceptions (loss > VaR), p = 1 - confidence, observed share x / n

    Kupiec (1995), proportion of failures, chi-squared with 1 degree of freedom:
        LR_uc = -2 ln[(1 - p)^(n - x) p^x] + 2 ln[(1 - x/n)^(n - x) (x/n)^x]
    Christoffersen (1998), independence, 1 degree; n_ij days in state j after state i (1: an exception):
        LR_ind = -2 ln[(1 - q)^(n00 + n10) q^(n01 + n11)] + 2 ln[(1 - q0)^n00 q0^n01 (1 - q1)^n10 q1^n11]
        q0 = n01 / (n00 + n01),  q1 = n11 / (n10 + n11),  q = (n01 + n11) / (n00 + n01 + n10 + n11)
    conditional coverage, 2 degrees:  LR_cc = LR_uc + LR_ind
    Basel's zones (MAR99): green while so many exceptions or fewer have a probability below 95 %, red from 99.99 %;
    over 250 days at 99 %: green to 4, yellow to 9, red from 10.

Source: Kupiec (1995), Techniques for verifying the accuracy of risk measurement models, Journal of Derivatives 3(2);
Christoffersen (1998), Evaluating interval forecasts, International Economic Review 39(4); MAR99.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from scipy.special import bdtr, chdtrc

YELLOW_FROM, RED_FROM = 0.95, 0.9999
SIGNIFICANCE = 0.05
MIN_DAYS = 2


class Zone(StrEnum):
    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"


@dataclass(frozen=True)
class Test:
    """A likelihood ratio and the probability of one at least as large if the VaR is right."""

    statistic: float
    p_value: float

    @property
    def rejects(self) -> bool:
        return self.p_value < SIGNIFICANCE


@dataclass(frozen=True)
class Backtest:
    days: int
    exceptions: int
    expected: float
    kupiec: Test
    independence: Test
    conditional_coverage: Test
    zone: Zone
    cumulative_probability: float
    """of so many exceptions or fewer, if the VaR is right"""


def backtest(is_exception: Sequence[bool], confidence: float) -> Backtest:
    """Days in their order."""
    days, exceptions, p = len(is_exception), sum(is_exception), 1.0 - confidence
    coverage = 2.0 * (_log_likelihood(days, exceptions, exceptions / days) - _log_likelihood(days, exceptions, p))
    independence = _independence_ratio(is_exception)
    probability = float(bdtr(exceptions, days, p))
    return Backtest(
        days=days,
        exceptions=exceptions,
        expected=days * p,
        kupiec=_likelihood_ratio(coverage, degrees=1),
        independence=_likelihood_ratio(independence, degrees=1),
        conditional_coverage=_likelihood_ratio(coverage + independence, degrees=2),
        zone=zone_of(probability),
        cumulative_probability=probability,
    )


def zone_of(cumulative_probability: float) -> Zone:
    if cumulative_probability < YELLOW_FROM:
        return Zone.GREEN
    return Zone.YELLOW if cumulative_probability < RED_FROM else Zone.RED


def _independence_ratio(is_exception: Sequence[bool]) -> float:
    counts = {(before, after): 0 for before in (False, True) for after in (False, True)}
    for before, after in pairwise(is_exception):
        counts[bool(before), bool(after)] += 1
    after_calm = counts[False, False] + counts[False, True]
    after_exception = counts[True, False] + counts[True, True]
    hits = counts[False, True] + counts[True, True]
    together = _log_likelihood(after_calm + after_exception, hits, _share(hits, after_calm + after_exception))
    apart = sum(
        _log_likelihood(count, hit, _share(hit, count))
        for count, hit in ((after_calm, counts[False, True]), (after_exception, counts[True, True]))
    )
    return 2.0 * (apart - together)


def _share(hits: int, count: int) -> float:
    return hits / count if count else 0.0


def _log_likelihood(count: int, hits: int, p: float) -> float:
    """ln[(1 - p)^(count - hits) p^hits], with 0 ln 0 = 0."""
    misses = count - hits
    return (misses * math.log1p(-p) if misses else 0.0) + (hits * math.log(p) if hits else 0.0)


def _likelihood_ratio(ratio: float, *, degrees: int) -> Test:
    """Rounding may leave a ratio of nil below it."""
    statistic = max(0.0, ratio)
    return Test(statistic, float(chdtrc(degrees, statistic)))
