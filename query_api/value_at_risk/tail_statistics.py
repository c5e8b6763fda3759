"""Value at risk and expected shortfall of equally likely gains: figures, how sure they are, and who they are due to.

Pure arithmetic. Gains are in base currency, positive when the holder gains; VaR and ES are losses, positive.

    L_1 >= L_2 >= …      the losses in order, n of them;  a = n (1 - confidence)
    VaR = L_k            k = ceil(a), at least 1: the larger of the two quantiles where a is whole
    ES  = (L_1 + … + L_m + (a - m) L_(m+1)) / a,   m = floor(a);  L_1 where a < 1

Source: Acerbi, Tasche (2002), On the coherence of expected shortfall, Journal of Banking and Finance 26(7); MAR33 for
97.5 % expected shortfall. Contributions: Tasche (2008), Capital allocation to business units and sub-portfolios: the
Euler principle; Epperlein, Smillie (2006), Cracking VaR with kernels, Risk 19(8).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

TWO_SIDED = 0.95
"""Probability that the interval given for a VaR holds the true quantile."""
WHOLE_DIGITS = 9
"""500 (1 - 0.99) is 5.000000000000004 in doubles, and means 5."""


@dataclass(frozen=True)
class TailFigures:
    """None where the sample is too small to say."""

    var: float
    var_low: float | None
    """bounds of the interval that holds the true quantile with 95 %"""
    var_high: float | None
    es: float
    es_standard_error: float | None
    at: int
    """the scenario whose loss the VaR is"""


def tail_figures(gains: Array, confidence: float, es_confidence: float) -> TailFigures:
    """Of [n] gains."""
    worst = worst_first(gains)
    losses = -gains[worst]
    rank = quantile_rank(len(gains), confidence)
    low, high = quantile_ranks_between(len(gains), confidence)
    return TailFigures(
        var=float(losses[rank - 1]) + 0.0,
        var_low=float(losses[low - 1]) + 0.0 if low else None,
        var_high=float(losses[high - 1]) + 0.0 if high else None,
        es=float(losses @ tail_weights(len(gains), es_confidence)) + 0.0,
        es_standard_error=es_standard_error(losses, es_confidence),
        at=int(worst[rank - 1]),
    )


def worst_first(gains: Array) -> Array:
    """[n] places of the losses in falling order; of equals the earlier first."""
    return np.argsort(gains, kind="stable")


def tail_size(count: int, confidence: float) -> float:
    """a: how many of `count` scenarios lie beyond the quantile."""
    return round(count * (1.0 - confidence), WHOLE_DIGITS)


def quantile_rank(count: int, confidence: float) -> int:
    """k, from 1: the VaR is the k-th largest loss."""
    return max(1, math.ceil(tail_size(count, confidence)))


def tail_weights(count: int, confidence: float) -> Array:
    """[n] what each ordered loss has of the expected shortfall; they add up to 1."""
    size = max(1.0, tail_size(count, confidence))
    weights: Array = np.clip(size - np.arange(count), 0.0, 1.0) / size
    return weights


def quantile_ranks_between(count: int, confidence: float) -> tuple[int | None, int | None]:
    """Ranks of the ordered losses between which the true quantile lies with 95 %, the smaller loss first.

    The number of losses beyond the true quantile is binomial (count, 1 - confidence), whatever the distribution.
    None where the sample has no such rank. Source: David, Nagaraja (2003), Order Statistics, chapter 7
    """
    beyond = np.cumsum(binomial_probabilities(count, 1.0 - confidence))  # [0 … n] at most so many
    side = (1.0 - TWO_SIDED) / 2
    smaller = int(np.searchsorted(beyond, 1.0 - side)) + 1
    larger = int(np.searchsorted(beyond, side, side="right"))
    return smaller if smaller <= count else None, larger or None


def binomial_probabilities(count: int, p: float) -> Array:
    """[0 … count] through logarithms, so that no factorial overflows."""
    k = np.arange(count + 1)
    logs = np.array(
        [math.lgamma(count + 1) - math.lgamma(i + 1) - math.lgamma(count - i + 1) for i in range(count + 1)]
    )
    probabilities: Array = np.exp(logs + k * math.log(p) + (count - k) * math.log1p(-p))
    return probabilities


def es_standard_error(losses: Array, confidence: float) -> float | None:
    """Of the estimate over ordered losses, if the scenarios are independent: overlapping ones say too little.

        root of [Var(L | tail) + c (ES - VaR)^2] / a

    Source: Manistre, Hancock (2005), Variance of the CTE estimator, North American Actuarial Journal 9(2)
    """
    size = tail_size(len(losses), confidence)
    inside = math.floor(size)
    if inside < 2:
        return None
    tail = losses[:inside]
    distance = float(tail.mean() - losses[quantile_rank(len(losses), confidence) - 1])
    return math.sqrt((float(tail.var(ddof=1)) + confidence * distance * distance) / size)


def kernel_weights(count: int, confidence: float) -> Array:
    """[n] a triangle over the ranks around the quantile's, adding up to 1.

    A single scenario is all that an order statistic rests on; who lost in it is chance. Its half width is half the
    tail (Epperlein and Smillie's choice of a kernel is free; ours takes in more neighbours as the tail has more).
    """
    rank = quantile_rank(count, confidence)
    half_width = min(rank, 1 + round(tail_size(count, confidence) / 2))
    weights: Array = np.clip(1.0 - np.abs(np.arange(1, count + 1) - rank) / half_width, 0.0, None)
    weights /= weights.sum()
    return weights


def es_components(parts: Array, whole: Array, confidence: float) -> Array:
    """[groups] of the expected shortfall of `whole` [n]: each part's mean loss in its tail; they add up to it."""
    return average_losses(parts, worst_first(whole), tail_weights(len(whole), confidence))


def var_components(parts: Array, whole: Array, confidence: float) -> Array:
    """[groups] of the VaR of `whole` [n]: each part's mean loss around the quantile, scaled so that they add up to it.

    NaN where what is scaled comes to nothing.
    """
    worst, weights = worst_first(whole), kernel_weights(len(whole), confidence)
    around = float(-whole[worst] @ weights)
    var = float(-whole[worst[quantile_rank(len(whole), confidence) - 1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.divide(var, around)
    return average_losses(parts, worst, weights) * (scale if np.isfinite(scale) else np.nan)


def average_losses(parts: Array, worst: Array, weights: Array) -> Array:
    """[groups] weighted over the ordered scenarios of which any weight is not nil."""
    used = np.flatnonzero(weights)
    averages: Array = -(parts[:, worst[used]] @ weights[used]) + 0.0
    return averages
