"""A deal's principal: what is due and who shares it, the residual, and what is written off."""

import numpy as np

from compute.kernels.deals.payments import forget_dust, pro_rata
from compute.kernels.deals.terms import (
    INTEREST_PAID,
    LOSS,
    NOTIONAL,
    PAC,
    PAID_INTEREST,
    PAID_PRINCIPAL,
    PRINCIPAL_PAID,
    PRO_RATA,
    RESIDUAL,
    RESIDUAL_PAID,
    Amounts,
    DealTerms,
    Flags,
    Money,
    Tranches,
    is_note,
    notes_of,
)
from compute.kernels.kernel import kernel


@kernel
def pay_principal(
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
    money: Money,
    tranche_flows: Amounts,
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
    paid = share_principal(tranches, balance, due, sequential_fails, k, tranche_flows, money)
    forget_dust(money, deal.pool_ccy)
    if not is_last:
        filled = min(max(money.available_ccy[0], 0.0), max(needed - money.reserve_ccy[0], 0.0))
        money.available_ccy[0] -= filled
        money.reserve_ccy[0] += filled
    if deal.has_oc_target or turbo:
        share_principal(tranches, balance, target - paid, sequential_fails, k, tranche_flows, money)


@kernel
def share_principal(
    tranches: Tranches,
    balance: Amounts,
    due: float,
    sequential_fails: bool,
    k: int,
    tranche_flows: Amounts,
    money: Money,
) -> float:
    """PACs down to their plan, then the others by rank, then the locked out and PACs beyond it; what was paid."""
    count = len(balance)
    most = min(max(due, 0.0), max(money.available_ccy[0], 0.0))
    if most <= 0.0:
        return 0.0
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
    is_pac = tranches.kind == PAC
    left = _by_step(balance, need, is_pac, tranches.rank, left, k, tranche_flows, money)
    others = ~is_pac & (tranches.kind != NOTIONAL) & (tranches.kind != RESIDUAL)
    locked = others & tranches.is_locked_out[:, k]
    left = _by_step(balance, balance, others & ~locked, place, left, k, tranche_flows, money)
    left = _by_step(balance, balance, locked | is_pac, tranches.rank, left, k, tranche_flows, money)
    paid: float = most - left
    return paid


@kernel
def _by_step(
    balance: Amounts,
    need: Amounts,
    chosen: Flags,
    place: Amounts,
    left: float,
    k: int,
    tranche_flows: Amounts,
    money: Money,
) -> float:
    """Pays the chosen notes place by place, the lowest first; what is left."""
    step = -np.inf
    while left > 0.0:
        following = np.inf
        for t in range(len(balance)):
            if chosen[t] and step < place[t] < following:
                following = place[t]
        if following == np.inf:
            break
        step = following
        left -= pro_rata(balance, need, chosen & (place == step), left, k, tranche_flows, money)
    return left


@kernel
def pay_residual(
    tranches: Tranches, balance: Amounts, money: Money, pool_today: float, row: Amounts, k: int, tranche_flows: Amounts
) -> None:
    """What is left goes to RESIDUAL by units, the reserve with it once no note is left."""
    forget_dust(money, pool_today)
    row[INTEREST_PAID] = tranche_flows[:, PAID_INTEREST, k].sum()
    row[PRINCIPAL_PAID] = tranche_flows[:, PAID_PRINCIPAL, k].sum()
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
            tranche_flows[t, PAID_INTEREST, k] = residual * balance[t] / units
    row[RESIDUAL_PAID] = residual
    money.available_ccy[0] = 0.0


@kernel
def write_down(tranches: Tranches, balance: Amounts, excess: float, k: int, tranche_flows: Amounts) -> None:
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
                tranche_flows[t, LOSS, k] += cut
        left -= taken
