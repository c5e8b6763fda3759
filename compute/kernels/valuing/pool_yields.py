"""When pools pay, counted in the months of a mortgage yield."""

import numpy as np

from compute.kernels.dates.daycounts import THIRTY_360, year_fraction
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.pass_throughs import MONTH_DAYS, MONTHS_PER_YEAR, Amounts, Days, PoolDates
from compute.kernels.valuing.yields import YieldTimes


def pool_yield_times(as_of_day: int, dates: PoolDates, flows: Flows) -> YieldTimes:
    """Months to every payment: what is left of the month in progress, whole months, and the delay, 30 days a month.

        t_k = w + k + delay / 30,   w = 1 - 30/360 days from the month's start / 30

    Source:  SIFMA Standard Formulas, mortgage yield; w is 0 where the month is over and not yet paid
    """
    start, end = dates.month_start(), dates.first_end_day

    def months(a: Days, b: Days) -> Amounts:
        return MONTHS_PER_YEAR * year_fraction(THIRTY_360, a, b, a, b, 12)

    as_of = np.full(len(start), as_of_day, np.int32)
    elapsed = months(start, np.clip(as_of, start, end)) - months(np.minimum(as_of, start), start)
    w = np.where(as_of_day < end, np.maximum(1.0 - elapsed, 0.0), 0.0)
    first = flows.offsets[:-1]
    live = np.diff(flows.offsets) > 0
    gap = np.diff(flows.period, prepend=0).astype(np.float64)
    gap[first[live]] = flows.period[first[live]] + (w + dates.delay_days / MONTH_DAYS)[live]
    return YieldTimes(gap, np.full(flows.position_count, MONTHS_PER_YEAR))
