"""A deal's interest: what is due by rank, what accretes, and the coverage tests between the ranks."""

import numpy as np

from compute.kernels.deals.payments import (
    pay,
    pro_rata,
)
from compute.kernels.deals.terms import (
    CAPITALISED,
    DUE,
    OPENING,
    PAID_INTEREST,
    RESIDUAL,
    Amounts,
    Codes,
    DealTerms,
    Money,
    Tranches,
    Z,
    is_note,
)
from compute.kernels.kernel import kernel


@kernel
def owe_interest(
    deal: DealTerms, tranches: Tranches, balance: Amounts, carried: Amounts, k: int, tranche_flows: Amounts
) -> None:
    for t in range(len(balance)):
        if tranches.kind[t] == RESIDUAL:
            continue
        part = tranches.rate[t, k] * tranches.fraction[t, k]
        late = carried[t] * (1.0 + part if deal.shortfall_bears_interest else 1.0)
        tranche_flows[t, DUE, k] = balance[t] * max(part, 0.0) + late
        carried[t] = 0.0


@kernel
def accrete(tranches: Tranches, balance: Amounts, k: int, tranche_flows: Amounts) -> float:
    """A Z's interest joins its balance while a note of lower rank had one at the start of k."""
    total = 0.0
    for t in range(len(balance)):
        if tranches.kind[t] != Z:
            continue
        accretes = False
        for other in range(len(balance)):
            senior = is_note(tranches.kind[other]) and tranches.rank[other] < tranches.rank[t]
            accretes = accretes or (senior and tranche_flows[other, OPENING, k] > 0.0)
        if accretes:
            tranche_flows[t, CAPITALISED, k] = tranche_flows[t, DUE, k]
            balance[t] += tranche_flows[t, DUE, k]
            total += tranche_flows[t, DUE, k]
            tranche_flows[t, DUE, k] = 0.0
    return total


@kernel
def pay_interest(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    carried: Amounts,
    pool: float,
    principal: float,
    money: Money,
    k: int,
    tranche_flows: Amounts,
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
                owed += tranche_flows[t, DUE, k]
        paid, is_tested = pay(money, owed), False
        for t in range(count):
            if tranches.interest_rank[t] == rank and tranches.kind[t] != RESIDUAL:
                is_tested = is_tested or not np.isnan(tranches.coverage_test[t])
                part = tranche_flows[t, DUE, k] * paid / owed if paid < owed else tranche_flows[t, DUE, k]
                tranche_flows[t, PAID_INTEREST, k] = part
                carried[t] = tranche_flows[t, DUE, k] - part
        if is_tested:
            covered += _cover(deal, tranches, balance, pool, principal, rank, money, k, tranche_flows)


@kernel
def _next_rank(ranks: Amounts, kind: Codes, after: float) -> float:
    """The least rank above `after` among all but the RESIDUAL; infinity where there is none."""
    least = np.inf
    for t in range(len(ranks)):
        if kind[t] != RESIDUAL and after < ranks[t] < least:
            least = ranks[t]
    return least


@kernel
def _cover(
    deal: DealTerms,
    tranches: Tranches,
    balance: Amounts,
    pool: float,
    principal: float,
    interest_rank: float,
    money: Money,
    k: int,
    tranche_flows: Amounts,
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
                    left -= pro_rata(balance, balance.copy(), chosen, left, k, tranche_flows, money)
