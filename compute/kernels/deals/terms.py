"""What a deal's waterfall is told, and what it tells: terms, tranches, triggers, and the rows of its answers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.kernel import kernel

Amounts = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

SEQUENTIAL, PRO_RATA, SUPPORT, PAC, Z, RESIDUAL, NOTIONAL = range(7)
"""Codes of `Tranches.kind`."""
CUMULATIVE_LOSS, OC_RATIO, POOL_FACTOR = range(3)
"""Codes of `Triggers.test`."""
TO_SEQUENTIAL, TO_TURBO = range(2)
"""Codes of `Triggers.action`."""

OPENING, DUE, PAID_INTEREST, SHORTFALL, PAID_PRINCIPAL, CAPITALISED, LOSS, CLOSING = range(8)
"""Rows of what a tranche gets. DUE includes the shortfall carried in; SHORTFALL is what is carried out."""
TRANCHE_ROWS = 8
(
    POOL_OPENING,
    POOL_INTEREST,
    POOL_PRINCIPAL,
    POOL_DEFAULTED,
    POOL_LOSS,
    POOL_CLOSING,
    FEES,
    INTEREST_PAID,
    PRINCIPAL_PAID,
    RESERVE,
    RESIDUAL_PAID,
    FAILS_SEQUENTIAL,
    FAILS_TURBO,
    CALLED,
) = range(14)
POOL_ROWS = 14
NIL = 1e-11
"""Of a note's balance at the start of a distribution: what rounding leaves of less is no balance."""
DUST = 1e-14
"""Of today's pool: what rounding leaves of the funds below it is no money."""


class DealTerms(NamedTuple):
    """One deal. Fractions are decimal: of the pool, or of the original balance."""

    original_balance_ccy: float
    pool_ccy: float
    """performing today"""
    fee_rate: float
    fee_amount_ccy: float
    is_pool_decline: bool
    has_oc_target: bool
    oc_target: float
    oc_initial: float
    oc_floor: float
    oc_counts_reserve: bool
    reserve_ccy: float
    reserve_target: float
    reserve_floor: float
    losses_to_date_ccy: float
    shortfall_bears_interest: bool
    writes_down: bool
    clean_up_call: float
    """0 where it is not exercised"""


class Tranches(NamedTuple):
    """T tranches of the deal over K distributions."""

    kind: Codes
    rank: Amounts
    interest_rank: Amounts
    balance_ccy: Amounts
    carried_ccy: Amounts
    """interest owed from before"""
    rate: Amounts
    """[T, K] a year"""
    fraction: Amounts
    """[T, K] of the year"""
    coverage_test: Amounts
    """[T] NaN without one"""
    is_locked_out: Flags
    """[T, K]"""
    planned_ccy: Amounts
    """[T, K] balances of PACs"""
    stands_on: Amounts
    """[T, T + 1] how much of a note a NOTIONAL stands on, 1 where it names the note; the last column is the pool"""
    is_before_step_down: Flags
    """[K]"""


class Triggers(NamedTuple):
    """Q pairs of test and action over K distributions."""

    test: Codes
    action: Codes
    level: Amounts
    """[Q, K] NaN while no row holds"""
    is_curable: Flags
    """[Q, K]"""


class Distributed(NamedTuple):
    """What one scenario gives; `count` distributions until the deal ends."""

    tranches: Amounts
    """[T, 8, K]"""
    pool: Amounts
    """[14, K]"""
    distributions: int


class Money(NamedTuple):
    """Arrays of one, so that helpers may change them."""

    available_ccy: Amounts
    reserve_ccy: Amounts


@kernel
def is_note(kind: int) -> bool:
    return kind not in (NOTIONAL, RESIDUAL)


@kernel
def notes_of(tranches: Tranches, balance: Amounts) -> float:
    total = 0.0
    for t in range(len(balance)):
        if is_note(tranches.kind[t]):
            total += balance[t]
    return total
