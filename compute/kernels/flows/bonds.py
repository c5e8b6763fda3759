"""Fixed-rate and zero-coupon bonds: their flows, and interest accrued on anything that pays by period."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.daycounts import accrual_fraction, period_fraction
from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.flows import Flows

Amounts = NDArray[np.float64]
Codes = NDArray[np.int8]


def bond_flows(
    schedules: Schedules,
    *,
    notional: Amounts,
    coupon: Amounts,
    rate_type_is_zero: NDArray[np.bool_],
    day_count: Codes,
    frequency: NDArray[np.int32],
    redemption_per_100: Amounts,
    as_of_day: int,
    scenario_count: int,
) -> Flows:
    """Flows of bullet bonds, the same in every scenario.

    interest = notional x coupon x year fraction of the period, at each payment day
    principal = notional x redemption_per_100 / 100, at the last; a zero-coupon bond pays that alone

    Args:    notional            [n]  face, signed, trade currency
             coupon              [n]  decimal; not read for a zero-coupon bond
             rate_type_is_zero   [n]
             day_count           [n]  index in domain.portfolio.tables.DAY_COUNTS
             frequency           [n]  payments a year, 0 for one at maturity
             redemption_per_100  [n]
             as_of_day           epoch day that payment days count from
             scenario_count      S, for `variant_of_scenario`
    Returns: Flows with one variant; a bond without periods has no flows
    Accuracy: 1e-12 relative of QuantLib's FixedRateBond and ZeroCouponBond
    """
    position = schedules.position_of_period
    last = np.arange(len(schedules.pay)) == schedules.offsets[position + 1] - 1
    rate = np.where(rate_type_is_zero, 0.0, coupon)
    interest = (notional * rate)[position] * period_fraction(schedules, day_count, frequency)
    principal = np.where(last, (notional * redemption_per_100 / 100)[position], 0.0)
    pays = last | ~rate_type_is_zero[position]
    return Flows(
        offsets=np.concatenate(([0], np.cumsum(pays)))[schedules.offsets],
        day=(schedules.pay - as_of_day)[pays].astype(np.int32),
        period=(np.arange(len(position)) - schedules.offsets[position])[pays].astype(np.int32),
        interest=interest[pays, np.newaxis],
        principal=principal[pays, np.newaxis],
        variant_of_scenario=np.zeros(scenario_count, dtype=np.int32),
    )


def accrued_interest(
    schedules: Schedules,
    *,
    balance: Amounts,
    rate: Amounts,
    day_count: Codes,
    frequency: NDArray[np.int32],
    as_of_day: int,
) -> Amounts:
    """Interest earned to the valuation date and not yet paid, of bonds and of loans.

    balance x rate x year fraction from the start of the first period still to be paid to the valuation date, at
    most that period; 0 before it starts

    Args:    balance    [n]  face of a bond, outstanding principal of a loan, signed, trade currency
             rate       [n]  coupon before fees, of a floater the rate of the period in progress; 0 for a zero bond
             day_count  [n]  index in domain.portfolio.tables.DAY_COUNTS, counted on dates for loans too
             frequency  [n]
    Returns: [n]  trade currency
    """
    return balance * rate * accrual_fraction(schedules, day_count, frequency, as_of_day)
