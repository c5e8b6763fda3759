"""Which periods have reset, and the fixings of their reset days."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.schedules import Schedules


def reset_rows(schedules: Schedules, as_of_day: int) -> NDArray[np.int64]:
    """Periods that reset on or before the valuation date and so need the index's fixing of `accrual_start`.

    The period in progress, the one that starts today, and any earlier one whose payment a holiday has moved past
    the valuation date.
    """
    return np.flatnonzero(schedules.accrual_start <= as_of_day)


def fixings_at(
    reset_day: NDArray[np.int32], fixing_day: NDArray[np.int32], fixing_rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The fixing of each reset day exactly, NaN where there is none; `fixing_day` ascends."""
    if not len(fixing_day):
        return np.full(len(reset_day), np.nan)
    at = np.minimum(np.searchsorted(fixing_day, reset_day), len(fixing_day) - 1)
    return np.where(fixing_day[at] == reset_day, fixing_rate[at], np.nan)
