"""A deal's waterfall: what each tranche gets of the collections, distribution by distribution."""

import numpy as np

from compute.kernels.deals.collections import (
    DEFAULTED,
    INTEREST,
    LOSS_AS_DEFAULTED,
    LOSS_AS_REALISED,
    PERFORMING,
    PRINCIPAL,
    UNRECOVERED,
)
from compute.kernels.deals.payments import (
    pay,
    pay_tranche,
    set_notionals,
)
from compute.kernels.deals.principal import (
    pay_principal,
    pay_residual,
    write_down,
)
from compute.kernels.deals.terms import (
    CALLED,
    CLOSING,
    CUMULATIVE_LOSS,
    DUE,
    FAILS_SEQUENTIAL,
    FAILS_TURBO,
    FEES,
    LOSS,
    OC_RATIO,
    OPENING,
    POOL_CLOSING,
    POOL_DEFAULTED,
    POOL_INTEREST,
    POOL_LOSS,
    POOL_OPENING,
    POOL_PRINCIPAL,
    POOL_ROWS,
    RESERVE,
    SHORTFALL,
    TO_SEQUENTIAL,
    TO_TURBO,
    TRANCHE_ROWS,
    Amounts,
    DealTerms,
    Distributed,
    Flags,
    Money,
    Tranches,
    Triggers,
    is_note,
    notes_of,
)
from compute.kernels.deals.tranche_interest import (
    accrete,
    owe_interest,
    pay_interest,
)
from compute.kernels.kernel import kernel


@kernel
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
    tranche_flows, pool_told = np.zeros((count, TRANCHE_ROWS, last)), np.zeros((POOL_ROWS, last))
    balance, carried = tranches.balance_ccy.copy(), tranches.carried_ccy.copy()
    failed_for_good = np.zeros(len(triggers.test), np.bool_)
    money = Money(np.zeros(1), np.array([deal.reserve_ccy]))
    losses, before = deal.losses_to_date_ccy, deal.pool_ccy
    set_notionals(tranches, balance, deal.pool_ccy, deal.pool_ccy)
    for k in range(last):
        now, row = collected[:, k], pool_told[:, k]
        pool, loss = _pool_and_loss(deal, now)
        losses += loss
        tranche_flows[:, OPENING, k] = balance
        tested = (losses, pool, now[PRINCIPAL], notes_of(tranches, balance))
        sequential_fails, turbo = failing(deal, triggers, k, tested, failed_for_good)
        needed = max(deal.reserve_target * pool, deal.reserve_floor * deal.original_balance_ccy)
        owe_interest(deal, tranches, balance, carried, k, tranche_flows)
        called = is_called(deal, tranches, balance, tranche_flows, now, before, money.reserve_ccy[0], k)
        freed = money.reserve_ccy[0] if called else max(money.reserve_ccy[0] - needed, 0.0)
        money.available_ccy[0] = now[INTEREST] + now[PRINCIPAL] + freed + (now[PERFORMING] if called else 0.0)
        money.reserve_ccy[0] -= freed
        row[FEES] = pay(money, deal.fee_rate * before / 12.0 + deal.fee_amount_ccy)
        accreted = 0.0 if called else accrete(tranches, balance, k, tranche_flows)
        covered = pay_interest(deal, tranches, balance, carried, pool, now[PRINCIPAL], money, k, tranche_flows)
        if called:
            _pay_off(tranches, balance, k, tranche_flows, money)
        else:
            regular = now[PRINCIPAL] if not deal.is_pool_decline else before - pool - covered
            pay_principal(
                deal, tranches, balance, k, k + 1 == last, pool, regular + accreted, sequential_fails, turbo, needed,
                money, tranche_flows,
            )  # fmt: skip
        pay_residual(tranches, balance, money, deal.pool_ccy, row, k, tranche_flows)
        if deal.writes_down and not called:
            write_down(tranches, balance, max(notes_of(tranches, balance) - pool, 0.0), k, tranche_flows)
        if called or k + 1 == last:
            _lose_the_rest(tranches, balance, k, tranche_flows)
        set_notionals(tranches, balance, 0.0 if called else pool, deal.pool_ccy)
        tranche_flows[:, CLOSING, k], tranche_flows[:, SHORTFALL, k] = balance, carried
        _tell_pool(row, now, before, loss, pool, money.reserve_ccy[0], (sequential_fails, turbo, called))
        before = pool
        if called:
            return Distributed(tranche_flows, pool_told, k + 1)
    return Distributed(tranche_flows, pool_told, last)


@kernel
def _pool_and_loss(deal: DealTerms, now: Amounts) -> tuple[float, float]:
    if deal.writes_down:
        return now[PERFORMING] + now[UNRECOVERED], now[LOSS_AS_REALISED]
    return now[PERFORMING] + 0.0, now[LOSS_AS_DEFAULTED]


@kernel
def _pay_off(tranches: Tranches, balance: Amounts, k: int, tranche_flows: Amounts, money: Money) -> None:
    for t in range(len(balance)):
        if is_note(tranches.kind[t]):
            pay_tranche(balance, tranche_flows, t, k, balance[t], money)


@kernel
def _lose_the_rest(tranches: Tranches, balance: Amounts, k: int, tranche_flows: Amounts) -> None:
    """What notes are owed at a deal's end is lost."""
    for t in range(len(balance)):
        if is_note(tranches.kind[t]):
            tranche_flows[t, LOSS, k] += balance[t]
            balance[t] = 0.0


@kernel
def _tell_pool(
    row: Amounts, now: Amounts, before: float, loss: float, pool: float, reserve: float, flags: tuple[bool, bool, bool]
) -> None:
    row[POOL_OPENING], row[POOL_INTEREST], row[POOL_PRINCIPAL] = before, now[INTEREST], now[PRINCIPAL]
    row[POOL_DEFAULTED], row[POOL_LOSS], row[POOL_CLOSING] = now[DEFAULTED], loss, 0.0 if flags[2] else pool
    row[RESERVE], row[FAILS_SEQUENTIAL], row[FAILS_TURBO], row[CALLED] = reserve, flags[0], flags[1], flags[2]


@kernel
def failing(
    deal: DealTerms,
    triggers: Triggers,
    k: int,
    tested: tuple[float, float, float, float],
    failed_for_good: Flags,
) -> tuple[bool, bool]:
    """Whether SEQUENTIAL and TURBO fail at the start of k; `failed_for_good` remembers what is not curable.

    `tested` are the losses to date, the pool, the principal collected and the notes.
    """
    losses, pool, principal, notes = tested
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


@kernel
def is_called(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    tranche_flows: Amounts,
    now: Amounts,
    before: float,
    reserve: float,
    k: int,
) -> bool:
    """The pool is small enough, and all that there is pays fees, interest and the notes."""
    if deal.clean_up_call <= 0.0 or now[PERFORMING] > deal.clean_up_call * deal.original_balance_ccy:
        return False
    owed = (
        deal.fee_rate * before / 12.0
        + deal.fee_amount_ccy
        + notes_of(tranches, balance)
        + tranche_flows[:, DUE, k].sum()
    )
    return bool(now[PERFORMING] + now[INTEREST] + now[PRINCIPAL] + reserve >= owed)
