"""How long principal stays out: weighted average life and maturity."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows import Flows

DAYS_PER_YEAR = 365.0
MONTHS_PER_YEAR = 12.0


def weighted_average_life(flows: Flows) -> NDArray[np.float64]:
    """Mean time to the principal still to come, scheduled, prepaid and recovered, at its payment days.

    WAL = sum(principal x day / 365) / sum(principal)

    Returns: [n, S]  years from the valuation date; NaN where no principal is left
    Source:  SIFMA, Standard Formulas, average life (with ACT/365F times)
    """
    n, variants = flows.position_count, flows.principal.shape[1]
    position = np.repeat(np.arange(n), np.diff(flows.offsets))
    life_yr = np.full((n, variants), np.nan)
    for v in range(variants):
        principal = flows.principal[:, v]
        total = np.bincount(position, principal, minlength=n)
        weighted = np.bincount(position, principal * flows.day, minlength=n)
        np.divide(weighted, total * DAYS_PER_YEAR, out=life_yr[:, v], where=total != 0)
    return life_yr[:, flows.variant_of_scenario]


def weighted_average_maturity_mo(maturity_day: NDArray[np.int32], as_of_day: int) -> NDArray[np.float64]:
    """Months to maturity of single loans and bonds, whole and part: ACT/365F years x 12, to the unadjusted date.

    Returns: [n]  months; NaN where matured
    """
    left_days = maturity_day.astype(np.float64) - as_of_day
    return np.where(left_days > 0, left_days / DAYS_PER_YEAR * MONTHS_PER_YEAR, np.nan)
