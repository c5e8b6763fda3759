"""Loans that say what they pay a period: what that amortises, until nothing is left."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compute.kernels.flows.floating_sensitivity import FloatingPath

TO_LEVEL = np.empty(0)
"""Payments of loans that give none."""


def payments_ccy(given: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return given if len(given) else np.full(count, np.nan)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_shares(
    balance_ccy: float,
    payment_ccy: float,
    coupon: float,
    fraction: NDArray[np.float64],
    end: NDArray[np.int32],
    io_until_day: int,
    share: NDArray[np.float64],
) -> None:
    """Shares that a payment makes of the balance that nobody has prepaid; 1 once nothing is left."""
    balance = balance_ccy
    for j in range(len(share)):
        if end[j] > io_until_day:
            share[j] = share_of_payment(payment_ccy, balance, coupon * fraction[j])
        balance *= 1.0 - share[j]
    share[len(share) - 1] = 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def fill_floating_shares(
    balance_ccy: float,
    payment_ccy: float,
    fraction: NDArray[np.float64],
    end: NDArray[np.int32],
    io_until_day: int,
    work: FloatingPath,
) -> None:
    """The payment stays as rates move, so that a share hangs on every rate before: through the balance that is left."""
    balance, last, share = balance_ccy, len(fraction) - 1, work.share
    work.share_of_payment[:] = 0.0
    for j in range(last):
        due = work.all_in[j] * fraction[j]
        if end[j] > io_until_day:
            share[j] = share_of_payment(payment_ccy, balance, due)
        if end[j] > io_until_day and share[j] != 1.0:
            work.share_slope[j], work.share_of_payment[j] = -fraction[j], share[j] + due
        balance *= 1.0 - share[j]
    share[last] = 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def share_of_payment(payment_ccy: float, balance_ccy: float, due: float) -> float:
    """What a payment amortises of a balance after the interest `due` on a unit of it; negative where it falls short."""
    if abs(payment_ccy) >= abs(balance_ccy * (1.0 + due)):
        return 1.0
    return payment_ccy / balance_ccy - due
