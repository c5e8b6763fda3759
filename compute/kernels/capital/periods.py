"""Regulatory years: whole calendar months / 12, and the days left over / 365."""

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]


def regulatory_years(from_day: Days | int, to_day: Days | int) -> NDArray[np.float64]:
    """Years between two days since 1970; 0 where the second is not later.

    Source: the printed examples of BCBS 279: 23 Jan 2026 to 23 Oct 2026 is 0.75.
    """
    start, end = np.broadcast_arrays(np.asarray(from_day, np.int64), np.asarray(to_day, np.int64))
    months = _month(end) - _month(start)
    months = months - (add_months(start, months) > end)
    left = end - add_months(start, months)
    return np.where(end > start, months / 12.0 + left / 365.0, 0.0)


def add_months(day: Days, months: Days | int) -> Days:
    """The same day of a later month, clipped to its end."""
    days = np.asarray(day, np.int64)
    target = _month(days) + np.asarray(months, np.int64)
    first = target.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (target + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    of_month = days - _month(days).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    moved: Days = np.minimum(first + of_month, following - 1)
    return moved


def _month(days: Days) -> Days:
    months: Days = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months
