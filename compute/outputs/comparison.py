"""Two computations of a chunk, value by value: how far apart they are at most."""

import numpy as np

from domain.runs.facts import BlockColumns

TOLERANCE = 1e-9
"""Between two engines: |a - b| <= 1e-9 max(1, |a|, |b|) for every value, and the same blanks for the same reasons."""


def largest_difference(stored: BlockColumns, again: BlockColumns) -> float | None:
    """Infinite where one of the two is blank; None where they do not have the same shape, measures or reasons."""
    if (stored.columns, stored.measures) != (again.columns, again.measures):
        return None
    if stored.values.shape != again.values.shape or not np.array_equal(stored.reasons, again.reasons):
        return None
    if (np.isnan(stored.values) != np.isnan(again.values)).any():
        return float("inf")
    scale = np.maximum(1.0, np.maximum(np.abs(stored.values), np.abs(again.values)))
    return float(np.nanmax(np.abs(stored.values - again.values) / scale, initial=0.0))


def is_alike(difference: float | None) -> bool:
    return difference is not None and difference <= TOLERANCE
