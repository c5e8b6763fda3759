"""A deal's waterfall: what each tranche gets of the collections, distribution by distribution."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compute.kernels.deals.collections import (
    DEFAULTED,
    INTEREST,
    LOSS_AS_DEFAULTED,
    LOSS_AS_REALISED,
    PERFORMING,
    PRINCIPAL,
    UNRECOVERED,
)

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


class _Money(NamedTuple):
    """Arrays of one, so that helpers may change them."""

    available_ccy: Amounts
    reserve_ccy: Amounts


@njit(cache=True, nogil=True, error_model="numpy")
def distribute(deal: DealTerms, tranches: Tranches, triggers: Triggers, collected: Amounts) -> Distributed:
    """Runs the waterfall over every distribution.

    In each: release of the reserve, fees, interest by rank with coverage tests, principal, reserve, turbo, residual,
    write-downs. Cash is conserved: collections + reserve released = fees + interest + principal + reserve filled +
    residual.

    Args:    collected  [7, K]  as `collections.collect`
    Accuracy: rounding
    Source:  contract of the project, cash flows and deals, 2a
    """
    count, last = len(tranches.kind), collected.shape[1]
    told, pool_told = np.zeros((count, TRANCHE_ROWS, last)), np.zeros((POOL_ROWS, last))
    balance, carried = tranches.balance_ccy.copy(), tranches.carried_ccy.copy()
    failed_for_good = np.zeros(len(triggers.test), np.bool_)
    money = _Money(np.zeros(1), np.array([deal.reserve_ccy]))
    losses, before = deal.losses_to_date_ccy, deal.pool_ccy
    set_notionals(tranches, balance, deal.pool_ccy, deal.pool_ccy)
    for k in range(last):
        now, row = collected[:, k], pool_told[:, k]
        pool = now[PERFORMING] + (now[UNRECOVERED] if deal.writes_down else 0.0)
        loss = now[LOSS_AS_REALISED] if deal.writes_down else now[LOSS_AS_DEFAULTED]
        losses += loss
        told[:, OPENING, k] = balance
        sequential_fails, turbo = failing(
            deal, triggers, k, losses, pool, now[PRINCIPAL], notes_of(tranches, balance), failed_for_good
        )
        needed = max(deal.reserve_target * pool, deal.reserve_floor * deal.original_balance_ccy)
        _owe_interest(deal, tranches, balance, carried, k, told)
        called = is_called(deal, tranches, balance, told, now, before, money.reserve_ccy[0], k)
        freed = money.reserve_ccy[0] if called else max(money.reserve_ccy[0] - needed, 0.0)
        money.available_ccy[0] = now[INTEREST] + now[PRINCIPAL] + freed + (now[PERFORMING] if called else 0.0)
        money.reserve_ccy[0] -= freed
        row[FEES] = pay(money, deal.fee_rate * before / 12.0 + deal.fee_amount_ccy)
        accreted = 0.0 if called else _accrete(tranches, balance, k, told)
        covered = pay_interest(deal, tranches, balance, carried, pool, now[PRINCIPAL], money, k, told)
        if called:
            for t in range(count):
                if is_note(tranches.kind[t]):
                    pay_note(balance, told, t, k, balance[t], money)
        else:
            regular = now[PRINCIPAL] if not deal.is_pool_decline else before - pool - covered
            _pay_principal(
                deal, tranches, balance, k, k + 1 == last, pool, regular + accreted, sequential_fails, turbo, needed,
                money, told,
            )  # fmt: skip
        _pay_residual(tranches, balance, money, row, k, told)
        if deal.writes_down and not called:
            write_down(tranches, balance, max(notes_of(tranches, balance) - pool, 0.0), k, told)
        ends = called or k + 1 == last
        if ends:
            for t in range(count):
                if is_note(tranches.kind[t]):
                    told[t, LOSS, k] += balance[t]
                    balance[t] = 0.0
        left = 0.0 if called else pool
        set_notionals(tranches, balance, left, deal.pool_ccy)
        told[:, CLOSING, k], told[:, SHORTFALL, k] = balance, carried
        row[POOL_OPENING], row[POOL_INTEREST], row[POOL_PRINCIPAL] = before, now[INTEREST], now[PRINCIPAL]
        row[POOL_DEFAULTED], row[POOL_LOSS], row[POOL_CLOSING] = now[DEFAULTED], loss, left
        row[RESERVE], row[FAILS_SEQUENTIAL], row[FAILS_TURBO] = money.reserve_ccy[0], sequential_fails, turbo
        row[CALLED] = called
        before = pool
        if called:
            return Distributed(told, pool_told, k + 1)
    return Distributed(told, pool_told, last)


@njit(cache=True, nogil=True, error_model="numpy")
def is_note(kind: int) -> bool:
    return kind not in (NOTIONAL, RESIDUAL)


@njit(cache=True, nogil=True, error_model="numpy")
def notes_of(tranches: Tranches, balance: Amounts) -> float:
    total = 0.0
    for t in range(len(balance)):
        if is_note(tranches.kind[t]):
            total += balance[t]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def set_notionals(tranches: Tranches, balance: Amounts, pool: float, first_pool: float) -> None:
    """A strip's notional moves in proportion to what it stands on."""
    count = len(balance)
    for t in range(count):
        if tranches.kind[t] != NOTIONAL:
            continue
        base, now = tranches.stands_on[t, count] * first_pool, tranches.stands_on[t, count] * pool
        for other in range(count):
            base += tranches.stands_on[t, other] * tranches.balance_ccy[other]
            now += tranches.stands_on[t, other] * balance[other]
        balance[t] = tranches.balance_ccy[t] * now / base if base > 0.0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def failing(
    deal: DealTerms,
    triggers: Triggers,
    k: int,
    losses: float,
    pool: float,
    principal: float,
    notes: float,
    failed_for_good: Flags,
) -> tuple[bool, bool]:
    """Whether SEQUENTIAL and TURBO fail at the start of k; `failed_for_good` remembers what is not curable."""
    fails = np.zeros(2, np.bool_)
    for q in range(len(triggers.test)):
        level, test = triggers.level[q, k], triggers.test[q]
        failed = False
        if not np.isnan(level):
            if test == CUMULATIVE_LOSS:
                failed = losses / deal.original_balance_ccy > level
            elif test == OC_RATIO:
                failed = notes > 0.0 and (pool + principal) / notes < level
            else:
                failed = pool / deal.original_balance_ccy < level
            if failed and not triggers.is_curable[q, k]:
                failed_for_good[q] = True
        if failed or failed_for_good[q]:
            fails[triggers.action[q]] = True
    return bool(fails[TO_SEQUENTIAL]), bool(fails[TO_TURBO])


@njit(cache=True, nogil=True, error_model="numpy")
def _owe_interest(
    deal: DealTerms, tranches: Tranches, balance: Amounts, carried: Amounts, k: int, told: Amounts
) -> None:
    for t in range(len(balance)):
        if tranches.kind[t] == RESIDUAL:
            continue
        part = tranches.rate[t, k] * tranches.fraction[t, k]
        late = carried[t] * (1.0 + part if deal.shortfall_bears_interest else 1.0)
        told[t, DUE, k] = balance[t] * max(part, 0.0) + late
        carried[t] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def is_called(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    told: Amounts,
    now: Amounts,
    before: float,
    reserve: float,
    k: int,
) -> bool:
    """The pool is small enough, and all that there is pays fees, interest and the notes."""
    if deal.clean_up_call <= 0.0 or now[PERFORMING] > deal.clean_up_call * deal.original_balance_ccy:
        return False
    owed = deal.fee_rate * before / 12.0 + deal.fee_amount_ccy + notes_of(tranches, balance) + told[:, DUE, k].sum()
    return bool(now[PERFORMING] + now[INTEREST] + now[PRINCIPAL] + reserve >= owed)


@njit(cache=True, nogil=True, error_model="numpy")
def pay(money: _Money, owed: float) -> float:
    """From what is available, then from the reserve; what was paid."""
    first = min(max(owed, 0.0), max(money.available_ccy[0], 0.0))
    second = min(max(owed, 0.0) - first, money.reserve_ccy[0])
    money.available_ccy[0] -= first
    money.reserve_ccy[0] -= second
    paid: float = first + second
    return paid


@njit(cache=True, nogil=True, error_model="numpy")
def pay_note(balance: Amounts, told: Amounts, t: int, k: int, amount: float, money: _Money) -> None:
    balance[t] -= amount
    if balance[t] <= NIL * told[t, OPENING, k]:
        balance[t] = 0.0
    told[t, PAID_PRINCIPAL, k] += amount
    money.available_ccy[0] -= amount


@njit(cache=True, nogil=True, error_model="numpy")
def _accrete(tranches: Tranches, balance: Amounts, k: int, told: Amounts) -> float:
    """A Z's interest joins its balance while a note of lower rank had one at the start of k."""
    total = 0.0
    for t in range(len(balance)):
        if tranches.kind[t] != Z:
            continue
        accretes = False
        for other in range(len(balance)):
            senior = is_note(tranches.kind[other]) and tranches.rank[other] < tranches.rank[t]
            accretes = accretes or (senior and told[other, OPENING, k] > 0.0)
        if accretes:
            told[t, CAPITALISED, k] = told[t, DUE, k]
            balance[t] += told[t, DUE, k]
            total += told[t, DUE, k]
            told[t, DUE, k] = 0.0
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def pay_interest(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    carried: Amounts,
    pool: float,
    principal: float,
    money: _Money,
    k: int,
    told: Amounts,
) -> float:
    """By interest rank, ties pro rata to what is due; coverage tests after each rank. Returns what those paid."""
    count, covered, rank = len(balance), 0.0, -np.inf
    while True:
        rank = _next_rank(tranches.interest_rank, tranches.kind, rank)
        if rank == np.inf:
            return covered
        owed = 0.0
        for t in range(count):
            if tranches.interest_rank[t] == rank and tranches.kind[t] != RESIDUAL:
                owed += told[t, DUE, k]
        paid = pay(money, owed)
        for t in range(count):
            if tranches.interest_rank[t] == rank and tranches.kind[t] != RESIDUAL:
                part = told[t, DUE, k] * paid / owed if paid < owed else told[t, DUE, k]
                told[t, PAID_INTEREST, k] = part
                carried[t] = told[t, DUE, k] - part
        covered += _cover(deal, tranches, balance, pool, principal, rank, money, k, told)


@njit(cache=True, nogil=True, error_model="numpy")
def _next_rank(ranks: Amounts, kind: Codes, after: float) -> float:
    """The least rank above `after` among all but the RESIDUAL; infinity where there is none."""
    least = np.inf
    for t in range(len(ranks)):
        if kind[t] != RESIDUAL and after < ranks[t] < least:
            least = ranks[t]
    return least


@njit(cache=True, nogil=True, error_model="numpy")
def _cover(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    pool: float,
    principal: float,
    interest_rank: float,
    money: _Money,
    k: int,
    told: Amounts,
) -> float:
    """Coverage tests of the tranches of an interest rank, by rank: notes are paid down until the pool covers them."""
    count, covered, rank = len(balance), 0.0, -np.inf
    held = pool if deal.is_pool_decline else pool + principal
    while True:
        rank = _next_rank(tranches.rank, tranches.kind, rank)
        if rank == np.inf:
            return covered
        for t in range(count):
            test = tranches.coverage_test[t]
            tested = tranches.rank[t] == rank and tranches.interest_rank[t] == interest_rank
            if not tested or np.isnan(test) or tranches.kind[t] == RESIDUAL:
                continue
            senior = 0.0
            for other in range(count):
                if is_note(tranches.kind[other]) and tranches.rank[other] <= rank:
                    senior += balance[other]
            left = min(max(senior - held / test, 0.0), max(money.available_ccy[0], 0.0))
            covered += left
            for step in np.unique(tranches.rank):
                if step <= rank:
                    chosen = np.array([is_note(tranches.kind[o]) and tranches.rank[o] == step for o in range(count)])
                    left -= _pro_rata(balance, balance.copy(), chosen, left, k, told, money)


@njit(cache=True, nogil=True, error_model="numpy")
def _pro_rata(
    balance: Amounts, need: Amounts, chosen: Flags, most: float, k: int, told: Amounts, money: _Money
) -> float:
    """Pays the chosen notes in proportion to their needs, `most` at the most; what was paid."""
    total = 0.0
    for t in range(len(balance)):
        if chosen[t]:
            total += need[t]
    if total <= 0.0 or most <= 0.0:
        return 0.0
    for t in range(len(balance)):
        if chosen[t]:
            pay_note(balance, told, t, k, need[t] if most >= total else need[t] * most / total, money)
    return min(total, most)


@njit(cache=True, nogil=True, error_model="numpy")
def _pay_principal(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    k: int,
    is_last: bool,
    pool: float,
    regular: float,
    sequential_fails: bool,
    turbo: bool,
    needed: float,
    money: _Money,
    told: Amounts,
) -> None:
    """Steps 4 to 6: principal up to the target, the reserve, then what turbo adds."""
    notes = notes_of(tranches, balance)
    target = notes
    if deal.has_oc_target and not turbo:
        initial = tranches.is_before_step_down[k]
        wanted = deal.oc_initial * deal.original_balance_ccy if initial else deal.oc_target * pool
        wanted -= needed if deal.oc_counts_reserve else 0.0
        kept = max(deal.oc_floor * deal.original_balance_ccy, wanted)
        target = max(0.0, notes - max(0.0, pool - kept))
    due = min(max(regular, 0.0), target)
    if is_last:
        money.available_ccy[0] += money.reserve_ccy[0]
        money.reserve_ccy[0] = 0.0
        target = due = notes
    paid = share_principal(tranches, balance, due, sequential_fails, k, told, money)
    if not is_last:
        filled = min(max(money.available_ccy[0], 0.0), max(needed - money.reserve_ccy[0], 0.0))
        money.available_ccy[0] -= filled
        money.reserve_ccy[0] += filled
    if deal.has_oc_target or turbo:
        share_principal(tranches, balance, target - paid, sequential_fails, k, told, money)


@njit(cache=True, nogil=True, error_model="numpy")
def share_principal(
    tranches: Tranches, balance: Amounts, due: float, sequential_fails: bool, k: int, told: Amounts, money: _Money
) -> float:
    """PACs down to their plan, then the others by rank, then the locked out and PACs beyond it; what was paid."""
    count = len(balance)
    most = min(max(due, 0.0), max(money.available_ccy[0], 0.0))
    left, need = most, np.empty(count)
    place = tranches.rank.copy()
    together = np.inf
    for t in range(count):
        need[t] = max(balance[t] - tranches.planned_ccy[t, k], 0.0)
        if tranches.kind[t] == PRO_RATA:
            together = min(together, tranches.rank[t])
    for t in range(count):
        if tranches.kind[t] == PRO_RATA and not sequential_fails:
            place[t] = together
    steps = np.unique(place)
    ranks = np.unique(tranches.rank)
    for rank in ranks:
        chosen = (tranches.kind == PAC) & (tranches.rank == rank)
        left -= _pro_rata(balance, need, chosen, left, k, told, money)
    others = (tranches.kind != PAC) & (tranches.kind != NOTIONAL) & (tranches.kind != RESIDUAL)
    locked = others & tranches.is_locked_out[:, k]
    for step in steps:
        left -= _pro_rata(balance, balance.copy(), others & ~locked & (place == step), left, k, told, money)
    for rank in ranks:
        chosen = (locked | (tranches.kind == PAC)) & (tranches.rank == rank)
        left -= _pro_rata(balance, balance.copy(), chosen, left, k, told, money)
    paid: float = most - left
    return paid


@njit(cache=True, nogil=True, error_model="numpy")
def _pay_residual(tranches: Tranches, balance: Amounts, money: _Money, row: Amounts, k: int, told: Amounts) -> None:
    """What is left goes to RESIDUAL by units, the reserve with it once no note is left."""
    row[INTEREST_PAID] = told[:, PAID_INTEREST, k].sum()
    row[PRINCIPAL_PAID] = told[:, PAID_PRINCIPAL, k].sum()
    residual = money.available_ccy[0]
    if notes_of(tranches, balance) <= 0.0:
        residual += money.reserve_ccy[0]
        money.reserve_ccy[0] = 0.0
    units = 0.0
    for t in range(len(balance)):
        if tranches.kind[t] == RESIDUAL:
            units += balance[t]
    for t in range(len(balance)):
        if tranches.kind[t] == RESIDUAL and units > 0.0:
            told[t, PAID_INTEREST, k] = residual * balance[t] / units
    row[RESIDUAL_PAID] = residual
    money.available_ccy[0] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def write_down(tranches: Tranches, balance: Amounts, excess: float, k: int, told: Amounts) -> None:
    """Notes beyond the pool are written off, highest rank first, ties pro rata by balance."""
    left = excess
    for rank in np.unique(tranches.rank)[::-1]:
        total = 0.0
        for t in range(len(balance)):
            if is_note(tranches.kind[t]) and tranches.rank[t] == rank:
                total += balance[t]
        taken = min(left, total)
        if taken <= 0.0:
            continue
        for t in range(len(balance)):
            if is_note(tranches.kind[t]) and tranches.rank[t] == rank:
                cut = balance[t] if taken >= total else taken * balance[t] / total
                balance[t] -= cut
                told[t, LOSS, k] += cut
        left -= taken
