"""Terms of floating loans and notes as their kernels take them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.given_payments import TO_LEVEL, payments_ccy

NOT_BEGUN = -(2**31)
"""`FloatTerms.known_to` of a period that no overnight fixing has begun."""


class FloatTerms(NamedTuple):
    """Terms of n floating loans and notes; absences as in `loans.LoanTerms`, NaN for no cap or floor."""

    balance_ccy: NDArray[np.float64]
    margin: NDArray[np.float64]
    cap: NDArray[np.float64]
    floor: NDArray[np.float64]
    servicing_fee: NDArray[np.float64]
    redemption_per_100: NDArray[np.float64]
    """of what is left at maturity: a note's; 100 for a loan"""
    day_count: NDArray[np.int8]
    frequency: NDArray[np.int32]
    amortization: NDArray[np.int8]
    io_until_day: NDArray[np.int32]
    amortization_months: NDArray[np.int32]
    issue_day: NDArray[np.int32]
    maturity_day: NDArray[np.int32]
    round_to_cent: NDArray[np.bool_]
    is_loan: NDArray[np.bool_]
    """a LOAN's 30/360 is even (`amortization.period_fractions`), a BOND's is dated"""
    projection_row: NDArray[np.int32]
    """row of the index's curve in the day tables"""
    volatility_row: NDArray[np.int32]
    """row of the index's caplet surface, NO_SURFACE for intrinsic caps and floors"""
    fixing: NDArray[np.float64]
    """[P] the index's fixing for periods that reset on or before the valuation date, NaN to project"""
    grown: NDArray[np.float64] = np.empty(0)
    """[P] what a unit has grown to on overnight fixings, by which the forward goes on; empty: 1 everywhere"""
    known_to: NDArray[np.int32] = np.empty(0, np.int32)
    """[P] the day, from the valuation date, up to which `grown` reaches in a period that has begun; empty: none"""
    in_arrears: NDArray[np.bool_] = np.empty(0, np.bool_)
    """[n] the index is an overnight rate, known when its period ends; empty: none is"""
    payment_ccy: NDArray[np.float64] = TO_LEVEL
    """as `loans.LoanTerms.payment_ccy`"""

    def typed(self) -> "FloatTerms":
        """The same with the dtypes that the kernel is compiled for, and nothing left out."""
        rates, codes, days, flags = (np.float64,), (np.int8,), (np.int32,), (np.bool_,)
        dtypes = rates * 6 + codes + days + codes + days * 4 + flags * 2 + days * 2 + rates * 2 + days + flags + rates
        n, periods = len(self.frequency), len(self.fixing)
        full = self._replace(
            grown=self.grown if len(self.grown) else np.ones(periods),
            known_to=self.known_to if len(self.known_to) else np.full(periods, NOT_BEGUN, np.int32),
            in_arrears=self.in_arrears if len(self.in_arrears) else np.zeros(n, np.bool_),
            payment_ccy=payments_ccy(self.payment_ccy, n),
        )
        return FloatTerms(*(np.require(v, t, ["C", "W"]) for v, t in zip(full, dtypes, strict=True)))
