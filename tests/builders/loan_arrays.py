"""Loans of the month-by-month reference as the arrays that kernels take."""

from datetime import date

import numpy as np

from compute.kernels.dates.schedules import Schedules, build_schedules
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.flows.speeds import NO_SPEED, SPEED_KINDS
from domain.portfolio.columns import ABSENT_DATE
from tests.compute.kernels.flows.reference_loans import (
    Loan,
    epoch_day,
)

AS_OF = date(2026, 1, 23)


def schedules_of(loans: list[Loan], as_of: date = AS_OF) -> Schedules:
    return build_schedules(
        epoch_day(as_of),
        maturity_day=[epoch_day(loan.maturity) for loan in loans],
        issue_day=[epoch_day(loan.issue) for loan in loans],
        first_payment_day=ABSENT_DATE,
        frequency=[loan.frequency for loan in loans],
        calendar=0,
        business_day=0,
        end_of_month=False,
        adjust_accrual=False,
    )


def speeds_of(loans: list[Loan]) -> Speeds:
    def code(speed: tuple[str, float] | None) -> int:
        return SPEED_KINDS.index(speed[0]) if speed else NO_SPEED

    return Speeds(
        prepayment_kind=np.array([code(loan.prepayment) for loan in loans], np.int8),
        prepayment_pct=np.array([loan.prepayment[1] if loan.prepayment else 0.0 for loan in loans]),
        default_kind=np.array([code(loan.default) for loan in loans], np.int8),
        default_pct=np.array([loan.default[1] if loan.default else 0.0 for loan in loans]),
        severity=np.array([loan.severity for loan in loans]),
        recovery_lag_mo=np.array([loan.lag for loan in loans], np.int32),
        servicer_advances=np.array([loan.advances for loan in loans]),
    )
