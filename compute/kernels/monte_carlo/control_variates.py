"""Control variates: Hermite polynomials of the state, whose means are nil, with coefficients from a pilot."""

import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermevander
from numpy.typing import NDArray

from compute.kernels.kernel import kernel

Array = NDArray[np.float64]

ORDERS = 2


class ControlVariates(NamedTuple):
    """Of m dates, R replicates and a pilot, J polynomials."""

    mean: Array
    """[m, R, J] of each polynomial over each replicate"""
    fit: Array
    """[m, J, points] what the pilot's values are summed with to give the coefficients"""
    weight: Array
    """[m, R + 1, points] of every path in the estimate"""


def control_variates_of(paths: Array) -> ControlVariates:
    """The estimate of E[c(Z)] as a weighted sum over paths, so that slopes of c are estimated just as c is.

        replicate r:  mean_r(c) - sum_j b_j mean_r(He_j),   b = least squares of c on 1, He_1 .. He_J over the pilot

    The estimate is the mean over replicates. The pilot is a replicate of its own, so each replicate's estimate is
    unbiased. A bond, or the rate without its cap, is nearly a polynomial of the state: the control variates do what an
    uncapped leg of known value would, and more.

    Args:    paths  [m, R + 1, points]  standardised states, the last replicate the pilot
    Accuracy: E[He_j(Z)] = 0 exactly; what is left of the error shows in the scatter of the replicates
    Source:  Glasserman, Monte Carlo Methods in Financial Engineering (2003), 4.1
    """
    points, replicates = paths.shape[2], paths.shape[1] - 1
    basis = hermevander(paths, ORDERS)
    mean = basis[:, :-1, :, 1:].mean(axis=2)
    pilot = basis[:, -1]
    squares = pilot.transpose(0, 2, 1) @ pilot
    fit = np.linalg.solve(squares, pilot.transpose(0, 2, 1))[:, 1:]
    weight = np.full(paths.shape, 1.0 / (points * replicates))
    weight[:, -1] = -(mean.mean(axis=1)[:, :, None] * fit).sum(axis=1)
    return ControlVariates(mean, np.ascontiguousarray(fit), weight)


def estimates(replicate: Array) -> Array:
    """[P, S] means over replicates [R, P, S], summed in their order: numpy's order depends on the other columns."""
    mean = np.zeros(replicate.shape[1:])
    for each in replicate:
        mean += each
    mean /= len(replicate)
    return mean


def standard_errors(replicate: Array, worth_ccy: Array) -> Array:
    """[S] standard error of sum over P of worth x estimate, from the scatter of the replicates' own sums.

    Args:    replicate [R, P, S]; worth_ccy [P, S]
    Returns: sqrt(sum over r of (v_r - v)^2 / (R (R - 1))), v_r the value by replicate r
    """
    errors = np.empty(replicate.shape[2])
    _standard_errors(np.ascontiguousarray(replicate), np.ascontiguousarray(worth_ccy), errors)
    return errors


@kernel
def _standard_errors(replicate: Array, worth_ccy: Array, errors: Array) -> None:
    count, periods, scenarios = replicate.shape
    value = np.empty(count)
    for s in range(scenarios):
        mean = 0.0
        for r in range(count):
            value[r] = 0.0
            for i in range(periods):
                value[r] += worth_ccy[i, s] * replicate[r, i, s]
            mean += value[r] / count
        squares = 0.0
        for r in range(count):
            squares += (value[r] - mean) ** 2
        errors[s] = math.sqrt(squares / (count * (count - 1)))


@kernel
def fit(values: Array, of_pilot: Array, coefficient: Array) -> None:
    """Coefficients [J] from the pilot's values [points] and its `ControlVariates.fit` [J, points]."""
    for j in range(len(coefficient)):
        total = 0.0
        for p in range(len(values)):
            total += of_pilot[j, p] * values[p]
        coefficient[j] = total


@kernel
def controlled(values: Array, mean: Array, coefficient: Array) -> float:
    """A replicate's estimate, from its values [points] and the means [J] of its polynomials."""
    total = 0.0
    for p in range(len(values)):
        total += values[p]
    estimate = total / len(values)
    for j in range(len(coefficient)):
        estimate -= mean[j] * coefficient[j]
    return estimate
