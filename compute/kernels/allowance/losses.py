"""Expected losses over the payments to come: by PD and LGD, and by discounted cash flow."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.allowance.survival import EDGE, QUARTERS_A_YEAR, quarter_of, survival_over
from compute.kernels.kernel import kernel

Amounts = NDArray[np.float64]

LIFETIME, TWELVE_MONTHS, EXPECTED_CASH, OF_UNDRAWN, YEARS = range(5)
"""Rows of what is told: PD_LGD over the life and with survival cut at one year, the present value of the cash that is
expected, the loss on undrawn amounts alone, and what is outstanding at years 0, 1, 2, … as shares of today's."""
TOLD = 5
CUT_YR = 1.0
SAME_YR = 1e-13
"""Periods whose lengths differ by no more are of one length."""


class Payments(NamedTuple):
    """Payments to come of m positions, those of position i the rows offsets[i]:offsets[i + 1]."""

    offsets: NDArray[np.int64]
    balance_ccy: Amounts
    """[m] at the start of the first period"""
    interest_ccy: Amounts
    """[F, V]"""
    principal_ccy: Amounts
    """[F, V]"""
    fall_ccy: Amounts
    """[F, V] by which the balance falls"""
    fraction: Amounts
    """[F] of a year, of the period that the payment ends"""
    time_yr: Amounts
    """[F] of the payment"""


@kernel
def fill_losses(
    payments: Payments,
    v: int,
    pd: Amounts,
    lgd: Amounts,
    carrying_ccy: Amounts,
    undrawn_ccy: Amounts,
    rate: Amounts,
    told: Amounts,
) -> None:
    """Fills `told` [TOLD, m] under variant v of the payments.

        D_k = D_(k-1) / (1 + EIR fraction_k)        S as `survival.survival_over`, dS_k = S(T_(k-1)) - S(T_k)
        PD_LGD   sum of dS_k LGD_k (C B_k / B_1 + U) D_k        12 months: S at no more than one year
        cash     sum of D_k (S(T_k) (interest_k + principal_k) + dS_k (1 - LGD_k) B_k)

    Args:   pd, lgd [m, Q] by quarter, the last held; carrying_ccy C, undrawn_ccy U, rate EIR a year [m]
    Source: contract_capital section 6b; ASC 326-20-30-4 for the discounted cash flow; FASB Q&A Topic 326 No. 1 for
            the years outstanding, counted after that day's payment
    """
    last = pd.shape[1] - 1
    for i in range(len(carrying_ccy)):
        told[:, i] = 0.0
        first, balance = payments.balance_ccy[i], payments.balance_ccy[i]
        discount, survived, time_yr = 1.0, 1.0, 0.0
        known_quarter, known_step, known, year = -1, 0.0, 1.0, 0
        for k in range(payments.offsets[i], payments.offsets[i + 1]):
            to_yr = payments.time_yr[k]
            quarter = min(quarter_of(to_yr), last)
            step = to_yr - time_yr
            if quarter != known_quarter or abs(step - known_step) > SAME_YR:
                known = survival_over(pd[i], time_yr, to_yr)
                inside = time_yr * QUARTERS_A_YEAR >= quarter - EDGE or quarter == 0
                known_quarter, known_step = quarter if inside else -1, step
            discount /= 1.0 + rate[i] * payments.fraction[k]
            left = survived * known
            lost = survived - left
            share = balance / first if first != 0.0 else 1.0
            loss_ccy = lgd[i, quarter] * discount * (carrying_ccy[i] * share + undrawn_ccy[i])
            told[LIFETIME, i] += lost * loss_ccy
            if to_yr <= CUT_YR:
                told[TWELVE_MONTHS, i] += lost * loss_ccy
            elif time_yr < CUT_YR:
                told[TWELVE_MONTHS, i] += survived * (1.0 - survival_over(pd[i], time_yr, CUT_YR)) * loss_ccy
            told[EXPECTED_CASH, i] += discount * (
                left * (payments.interest_ccy[k, v] + payments.principal_ccy[k, v])
                + lost * (1.0 - lgd[i, quarter]) * balance
            )
            told[OF_UNDRAWN, i] += lost * lgd[i, quarter] * undrawn_ccy[i] * discount
            while year < to_yr - EDGE:
                told[YEARS, i] += share
                year += 1
            balance -= payments.fall_ccy[k, v]
            survived, time_yr = left, to_yr
