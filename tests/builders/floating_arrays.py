"""Floating loans, factors and discounting as the arrays that kernels take."""

from datetime import date

import numpy as np

from compute.kernels.dates.fixings import reset_rows
from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.amortization import interest_only_until
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating_sensitivity import Discounting
from compute.kernels.options.caplet_volatilities import NO_SURFACE
from domain.measures.measures import KEY_RATE_TENORS_YR
from domain.portfolio.tables import AMORTIZATIONS, DAY_COUNTS
from tests.compute.kernels.flows.reference_loans import (
    Loan,
    epoch_day,
)

AS_OF = date(2026, 1, 23)
MULTIPLIERS = np.array([1.0, 1.0, 1.6]), np.array([1.0, 2.0, 1.0]), np.array([0.0, 0.1, 0.0])
SHIFTS = (0.0, 0.01, -0.005)
DAYS = np.arange(12 * 366)
KEYS = np.array(KEY_RATE_TENORS_YR)
ZERO_RATES = np.array([0.030, 0.031, 0.029, 0.033, 0.035, 0.034, 0.037, 0.039, 0.041, 0.04, 0.042])
WEIGHTS = np.array([np.interp(DAYS / 365, KEYS, unit) for unit in np.eye(len(KEYS))]).T


def factors(key_bumps: np.ndarray | float = 0.0) -> np.ndarray:
    """[2 curves, days, 3 scenarios]: discounting, and projection with its key rates bumped."""
    discounting = [np.exp(-(WEIGHTS @ ZERO_RATES + 0.002 + shift) * DAYS / 365) for shift in SHIFTS]
    projection = [np.exp(-(WEIGHTS @ (ZERO_RATES + shift + key_bumps)) * DAYS / 365) for shift in SHIFTS]
    return np.ascontiguousarray(np.array([np.array(discounting).T, np.array(projection).T]))


def discounting_of(count: int) -> Discounting:
    spread = np.tile([0.01, 0.012, 0.01], (count, 1))
    spread_factors = np.exp(-np.outer([0.0, 0.004], DAYS) / 365)
    gradient = -(DAYS / 365)[:, None] * WEIGHTS
    zeros, ones = np.zeros(count, np.int32), np.ones(count, np.int32)
    return Discounting(zeros, ones, spread, spread_factors, np.array([[gradient, gradient]]), np.zeros(3, np.int32))


def terms_of(
    loans: list[Loan],
    schedules: Schedules,
    fixing: float = 0.0412,
    cap: float = np.nan,
    floor: float = np.nan,
    volatility_row: int = NO_SURFACE,
) -> FloatTerms:
    """The coupon stands for the margin."""
    n, issue = len(loans), np.array([epoch_day(loan.issue) for loan in loans], np.int32)
    fixings = np.full(len(schedules.pay), np.nan)
    fixings[reset_rows(schedules, epoch_day(AS_OF))] = fixing
    return FloatTerms(
        balance_ccy=np.array([loan.balance for loan in loans]),
        margin=np.array([loan.coupon for loan in loans]),
        cap=np.full(n, cap),
        floor=np.full(n, floor),
        servicing_fee=np.array([loan.fee for loan in loans]),
        redemption_per_100=np.array([100 * loan.redemption for loan in loans]),
        day_count=np.array([DAY_COUNTS.index(loan.day_count) for loan in loans], np.int8),
        frequency=np.array([loan.frequency for loan in loans], np.int32),
        amortization=np.array([AMORTIZATIONS.index(loan.amortization) for loan in loans], np.int8),
        io_until_day=interest_only_until(issue, np.array([loan.io_months for loan in loans])),
        amortization_months=np.array([loan.amortization_months for loan in loans], np.int32),
        issue_day=issue,
        maturity_day=np.array([epoch_day(loan.maturity) for loan in loans], np.int32),
        round_to_cent=np.zeros(n, np.bool_),
        is_loan=np.ones(n, np.bool_),
        projection_row=np.ones(n, np.int32),
        volatility_row=np.full(n, volatility_row, np.int32),
        fixing=fixings,
    )
