"""How long principal stays out: weighted average life and maturity."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.flows import Flows
from compute.kernels.kernel import kernel

DAYS_PER_YEAR = 365.0
MONTHS_PER_YEAR = 12.0


def weighted_average_life(flows: Flows) -> NDArray[np.float64]:
    """Mean time to the principal still to come, scheduled, prepaid and recovered, at its payment days.

    WAL = sum(principal x day / 365) / sum(principal)

    Returns: [n, S]  years from the valuation date; NaN where no principal is left
    Source:  SIFMA, Standard Formulas, average life (with ACT/365F times)
    """
    life_yr = np.empty((flows.position_count, flows.principal.shape[1]))
    principal = np.ascontiguousarray(flows.principal, np.float64)
    _fill_average_lives(
        np.ascontiguousarray(flows.offsets, np.int64), np.ascontiguousarray(flows.day), principal, life_yr
    )
    return life_yr[:, flows.variant_of_scenario]


@kernel
def _fill_average_lives(
    offsets: NDArray[np.int64], day: NDArray[np.int32], principal: NDArray[np.float64], life_yr: NDArray[np.float64]
) -> None:
    variants = principal.shape[1]
    total, weighted = np.empty(variants), np.empty(variants)
    for i in range(len(life_yr)):
        total[:], weighted[:] = 0.0, 0.0
        for f in range(offsets[i], offsets[i + 1]):
            for v in range(variants):
                total[v] += principal[f, v]
                weighted[v] += principal[f, v] * day[f]
        for v in range(variants):
            life_yr[i, v] = weighted[v] / (total[v] * DAYS_PER_YEAR) if total[v] != 0.0 else np.nan


def weighted_average_maturity_mo(maturity_day: NDArray[np.int32], as_of_day: int) -> NDArray[np.float64]:
    """Months to maturity of single loans and bonds, whole and part: ACT/365F years x 12, to the unadjusted date.

    Returns: [n]  months; NaN where matured
    """
    left_days = maturity_day.astype(np.float64) - as_of_day
    return np.where(left_days > 0, left_days / DAYS_PER_YEAR * MONTHS_PER_YEAR, np.nan)
