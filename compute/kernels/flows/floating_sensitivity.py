"""How a floating position's value moves with its forwards: the adjoint of the recursion of its balance."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compute.kernels.flows.prepaying_pool import SpeedPath

BASIS_POINT = 1e-4


class Discounting(NamedTuple):
    """What turns an amount's sensitivity to its forward into one of value: the positions' own discounting."""

    curve_row: NDArray[np.int32]
    """[n]"""
    spread_row: NDArray[np.int32]
    """[n]"""
    spread: NDArray[np.float64]
    """[n, S] continuous"""
    spread_factors: NDArray[np.float64]
    """[1 + spread curves, days]"""
    key_gradients: NDArray[np.float64]
    """[gradients, curves, days, K] d ln DF / d key rate"""
    gradient_of_scenario: NDArray[np.int32]
    """[S]"""

    @classmethod
    def none(cls) -> "Discounting":
        rows, matrix = np.empty(0, np.int32), np.empty((0, 0))
        return cls(rows, rows, matrix, matrix, np.empty((0, 0, 0, 0)), rows)


class FloatingPath(NamedTuple):
    """One position under one scenario, each [count of its periods]."""

    all_in: NDArray[np.float64]
    """rate paid, or expected to be where it is an option on the forward; before the servicing fee"""
    growth_slope: NDArray[np.float64]
    """d all_in / d (ln DF(start) - ln DF(end)) on the projection curve; 0 where a fixing, cap or floor is certain;
    an option's over a basis point of all zero rates"""
    share: NDArray[np.float64]
    """of the balance that amortises"""
    share_slope: NDArray[np.float64]
    """d share / d all_in"""
    discount: NDArray[np.float64]
    """discount factor to the payment, spreads included"""
    weight: NDArray[np.float64]
    """d PV / d (ln DF(start) - ln DF(end))"""
    share_of_payment: NDArray[np.float64]
    """-d share / d ln balance: the payment over the balance where the payment is given, else 0"""


@njit(cache=True, nogil=True, error_model="numpy")
def empty_floating_path(count: int) -> FloatingPath:
    return FloatingPath(
        np.empty(count),
        np.empty(count),
        np.empty(count),
        np.empty(count),
        np.empty(count),
        np.empty(count),
        np.zeros(count),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def fill_weights(
    fraction: NDArray[np.float64],
    fee: float,
    redemption: float,
    path: SpeedPath,
    severity: float,
    advances: bool,
    beginning_ccy: NDArray[np.float64],
    work: FloatingPath,
) -> None:
    """Fills `weight`, backwards, with A_j the value ahead of a unit of balance at the start of period j.

        A_j = d_j ((1 - MDR) (net interest + s) + SMM (1 - s)) + recoveries + (1 - s) (1 - MDR - SMM) A_(j+1)
        dPV / ds_j = B_j (1 - MDR - SMM) (d_j - A_(j+1)) + what s_j makes of defaulted balances that are advanced on
        a payment P that is given makes s_j fall as the balance rises: A_j + dPV / ds_j ds_j / dB_j

    Args:   fraction, beginning_ccy (B)  [count]; redemption of the last balance, per unit
    Source: Giles and Glasserman (2006), Smoking Adjoints; the flows are those of `behaviour.fill_pool`
    """
    shares, paid, smm, mdr = work.share, work.discount, path.smm, path.mdr
    all_in, weight, slopes, share_slopes = work.all_in, work.weight, work.growth_slope, work.share_slope
    recovery, of_share_ccy = _recoveries(path, severity, advances, beginning_ccy, work)
    ahead = 0.0
    for j in range(len(shares) - 1, -1, -1):
        performing, keeps, share = 1.0 - mdr[j], 1.0 - mdr[j] - smm[j], shares[j]
        of_rate = beginning_ccy[j] * performing * paid[j] * fraction[j]
        if share_slopes[j] != 0.0:
            of_rate += (beginning_ccy[j] * keeps * (paid[j] - ahead) + of_share_ccy[j]) * share_slopes[j]
        weight[j] = of_rate * slopes[j] if slopes[j] != 0.0 else 0.0
        net = (all_in[j] - fee) * fraction[j] + redemption * share
        of_share = keeps * (paid[j] - ahead)
        ahead = paid[j] * (performing * net + smm[j] * (1.0 - share)) + recovery[j] + keeps * (1.0 - share) * ahead
        if work.share_of_payment[j] != 0.0 and beginning_ccy[j] != 0.0:
            ahead -= (of_share + of_share_ccy[j] / beginning_ccy[j]) * work.share_of_payment[j]
        redemption = 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _recoveries(
    path: SpeedPath, severity: float, advances: bool, beginning_ccy: NDArray[np.float64], work: FloatingPath
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """PV that a unit of balance brings once defaulted, by period of default, and d PV / d share of each period."""
    count, month, discount, mdr = len(work.share), 0, work.discount, path.mdr
    months, slots, default_share = path.months, path.recovery_period, path.default_share
    recovery, of_share_ccy = np.zeros(count), np.zeros(count)
    for j in range(count):
        for q in range(month, month + months[j] if mdr[j] > 0.0 else month):
            slot, unpaid_ccy, unit = (
                slots[q],
                default_share[q] * beginning_ccy[j],
                (1.0 - severity) * discount[slots[q]],
            )
            if advances:
                unit = _advanced(j, slot, severity, unpaid_ccy, work, of_share_ccy)
            recovery[j] += default_share[q] * unit
        month += months[j]
    return recovery, of_share_ccy


@njit(cache=True, nogil=True, error_model="numpy")
def _advanced(
    j: int, slot: int, severity: float, unpaid_ccy: float, work: FloatingPath, of_share_ccy: NDArray[np.float64]
) -> float:
    """PV of a unit that defaults in j: what falls due is advanced, the rest less severity recovered in t = `slot`.

    U_t = d_t,   U_k = d_k s_k + (1 - s_k) U_(k+1),   dU_j / ds_k = left_k (d_k - U_(k+1)),   PV = U_j - severity d_t
    """
    shares, discount, left = work.share, work.discount, np.ones(slot - j + 1)
    for k in range(j, slot):
        left[k - j + 1] = left[k - j] * (1.0 - shares[k])
    recovers = left[slot - j] > severity
    ahead = discount[slot] if recovers else 0.0
    for k in range(slot - 1, j - 1, -1):
        of_share_ccy[k] += unpaid_ccy * left[k - j] * (discount[k] - ahead)
        ahead = discount[k] * shares[k] + (1.0 - shares[k]) * ahead
    return ahead - severity * discount[slot] if recovers else ahead


@njit(cache=True, nogil=True, error_model="numpy")
def add_key_rates(
    reset: NDArray[np.int32],
    stop: NDArray[np.int32],
    weight: NDArray[np.float64],
    gradients: NDArray[np.float64],
    key_rate_dv01: NDArray[np.float64],
) -> None:
    """Adds -1 bp x weight x (d ln DF(start) - d ln DF(end)) / d key rate; gradients [days, K]."""
    for j in range(len(weight)):
        scale = -BASIS_POINT * weight[j]
        if scale == 0.0:
            continue
        for k in range(len(key_rate_dv01)):
            key_rate_dv01[k] += scale * (gradients[reset[j], k] - gradients[stop[j], k])
