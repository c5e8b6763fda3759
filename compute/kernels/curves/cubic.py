"""Natural cubic splines through many sets of values at the same nodes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Spline(NamedTuple):
    """Nodes [n], values [n, columns] and second derivatives [n, columns], nil at both ends."""

    nodes: Array
    values: Array
    second_derivatives: Array


def natural_spline(nodes: Array, values: Array) -> Spline:
    """The twice differentiable piecewise cubic through the nodes that is straight at both ends.

        h_{i-1} M_{i-1} + 2 (h_{i-1} + h_i) M_i + h_i M_{i+1} = 6 (d_i - d_{i-1}),  M_0 = M_n = 0,
        h_i = x_{i+1} - x_i,  d_i = (y_{i+1} - y_i) / h_i

    Args:    nodes   [n]           ascending
             values  [n, columns]
    Accuracy: rounding; the system is diagonally dominant, so elimination needs no pivots. Linear in the values.
    Source:  de Boor, A Practical Guide to Splines (2001), chapter IV
    """
    widths = np.diff(nodes)
    slopes = np.diff(values, axis=0) / widths[:, None]
    second = np.zeros_like(values)
    diagonal = 2 * (widths[:-1] + widths[1:])
    right = 6 * np.diff(slopes, axis=0)
    for i in range(1, len(diagonal)):
        ratio = widths[i] / diagonal[i - 1]
        diagonal[i] -= ratio * widths[i]
        right[i] -= ratio * right[i - 1]
    for i in range(len(diagonal) - 1, -1, -1):
        second[i + 1] = (right[i] - widths[i + 1] * second[i + 2]) / diagonal[i]
    return Spline(nodes, values, second)


def spline_values(spline: Spline, points: Array) -> Array:
    """The spline at points within its nodes: [points] -> [points, columns]."""
    nodes, values, second = spline
    left = np.clip(np.searchsorted(nodes, points, side="right") - 1, 0, len(nodes) - 2)
    width = (nodes[left + 1] - nodes[left])[:, None]
    u = (points - nodes[left])[:, None]
    slope = (values[left + 1] - values[left]) / width - width * (2 * second[left] + second[left + 1]) / 6
    return values[left] + u * (slope + u * (second[left] / 2 + u * (second[left + 1] - second[left]) / (6 * width)))


def last_slope(spline: Spline) -> Array:
    """First derivative at the last node: [columns]."""
    nodes, values, second = spline
    width = nodes[-1] - nodes[-2]
    slope: Array = (values[-1] - values[-2]) / width + width * (second[-2] + 2 * second[-1]) / 6
    return slope
