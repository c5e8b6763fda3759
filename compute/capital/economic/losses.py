"""Loss of every node: what is expected, its quantile for many obligors, and by simulation for those that there are."""

from dataclasses import dataclass

import numpy as np

from compute.capital.columns import Array, Flags, Rows
from compute.capital.economic.obligors import Obligors
from compute.kernels.capital.vasicek import (
    STEP,
    conditional_pds,
    factor_at,
    factor_nodes,
    granularity_adjustment,
    simulated_losses,
    stratified_factors,
)

NODES = 64
SIMULATIONS = 20_000
MOST_SIMULATED = 2_000
"""Obligors that are drawn one by one, those that lose most; the others lose what the factor lets expect of them."""
GRID = np.linspace(-6.0, 6.0, 121)
"""Of the factor, between which the expected loss of the others is a straight line."""


@dataclass(frozen=True)
class Analytic:
    """[nodes] above what is certain to be lost."""

    expected: Array
    deviation: Array
    quantile: Array
    """of a portfolio of infinitely many obligors"""
    granularity: Array
    obligors: Rows


def analytic_losses(obligors: Obligors, under: list[Rows], confidence: float) -> Analytic:
    factors, weights = factor_nodes(NODES)
    worst = factor_at(confidence)
    parts = [obligors.within(books, len(under)) for books in under]
    means, variances = _moments(obligors, parts, factors)
    expected = weights @ means
    deviation = np.sqrt(np.maximum(0.0, weights @ (variances + means**2) - expected**2))
    near = np.array([worst - 2 * STEP, worst - STEP, worst, worst + STEP, worst + 2 * STEP])
    mean, variance = _moments(obligors, parts, near)
    slope = np.stack([mean[2] - mean[0], mean[4] - mean[2]]) / (2.0 * STEP)
    granularity = granularity_adjustment(slope, variance[[1, 3]], worst)
    sizes = np.array([len(each) for each, _ in parts], np.int64)
    return Analytic(expected, deviation, mean[2], granularity, sizes)


def _moments(obligors: Obligors, parts: list[tuple[Rows, Array]], factors: Array) -> tuple[Array, Array]:
    """[factors, nodes] mean and variance of the loss given the factor."""
    means, variances = np.zeros((2, len(factors), len(parts)))
    for place, factor in enumerate(factors.tolist()):
        chance = conditional_pds(obligors.pd, obligors.correlation, factor)
        for node, (mine, loss) in enumerate(parts):
            mean = chance[mine] * loss
            means[place, node] = mean.sum()
            variances[place, node] = (mean * (loss - mean)).sum()
    return means, variances


def node_losses(obligors: Obligors, under: list[Rows], seed: int, most: int = MOST_SIMULATED) -> Array:
    """[simulations, nodes] above what is certain to be lost."""
    count = len(under)
    largest = np.sort(np.argsort(-obligors.total, kind="stable")[:most])
    place = np.full(len(obligors.pd), -1, np.int64)
    place[largest] = np.arange(len(largest))
    factors = stratified_factors(SIMULATIONS)
    drawn = place[obligors.obligor] >= 0
    cells = (obligors.loss[drawn], place[obligors.obligor[drawn]], obligors.book[drawn])
    books = simulated_losses(
        obligors.pd[largest], obligors.correlation[largest], *cells, count, factors, seed
    ) + _expected_of_others(obligors, ~drawn, count, factors)
    return np.stack([books[:, each].sum(axis=1) for each in under], axis=1)


def _expected_of_others(obligors: Obligors, cells: Flags, count: int, factors: Array) -> Array:
    found = np.zeros((len(factors), count))
    if not cells.any():
        return found
    who, book, loss = obligors.obligor[cells], obligors.book[cells], obligors.loss[cells]
    on_grid = np.stack(
        [
            np.bincount(
                book, weights=loss * conditional_pds(obligors.pd, obligors.correlation, z)[who], minlength=count
            )
            for z in GRID.tolist()
        ]
    )
    for node in np.unique(book).tolist():
        found[:, node] = np.interp(factors, GRID, on_grid[:, node])
    return found
