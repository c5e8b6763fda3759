"""Money out of a deal's funds: to one, to several pro rata, and the notionals that follow."""

from compute.kernels.deals.terms import (
    DUST,
    NIL,
    NOTIONAL,
    OPENING,
    PAID_PRINCIPAL,
    Amounts,
    Flags,
    Money,
    Tranches,
)
from compute.kernels.kernel import kernel


@kernel
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


@kernel
def pay(money: Money, owed: float) -> float:
    """From what is available, then from the reserve; what was paid."""
    first = min(max(owed, 0.0), max(money.available_ccy[0], 0.0))
    second = min(max(owed, 0.0) - first, money.reserve_ccy[0])
    money.available_ccy[0] -= first
    money.reserve_ccy[0] -= second
    paid: float = first + second
    return paid


@kernel
def forget_dust(money: Money, pool_today: float) -> None:
    """Funds that are spent to the last are nil, not what rounding left of them."""
    if money.available_ccy[0] <= DUST * pool_today:
        money.available_ccy[0] = 0.0


@kernel
def pay_tranche(balance: Amounts, tranche_flows: Amounts, t: int, k: int, amount: float, money: Money) -> None:
    balance[t] -= amount
    if balance[t] <= NIL * tranche_flows[t, OPENING, k]:
        balance[t] = 0.0
    tranche_flows[t, PAID_PRINCIPAL, k] += amount
    money.available_ccy[0] -= amount


@kernel
def pro_rata(
    balance: Amounts, need: Amounts, chosen: Flags, most: float, k: int, tranche_flows: Amounts, money: Money
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
            pay_tranche(balance, tranche_flows, t, k, need[t] if most >= total else need[t] * most / total, money)
    return min(total, most)
