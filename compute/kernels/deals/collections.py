"""What a deal's lines collect: representative loans month by month, summed by distribution."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.speeds import MODEL, NO_SPEED, mdr, smm
from compute.kernels.kernel import kernel

INTEREST, PRINCIPAL, DEFAULTED, LOSS_AS_DEFAULTED, LOSS_AS_REALISED, PERFORMING, UNRECOVERED = range(7)
"""Rows of collections. PERFORMING and UNRECOVERED are balances after the distribution's last month: what still
performs, and what has defaulted and is neither recovered nor advanced."""
COLLECTION_ROWS = 7
LEVEL_PAY, LINEAR, BULLET = range(3)
"""Codes of `DealLines.amortization`."""

Amounts = NDArray[np.float64]
Months = NDArray[np.int32]


class DealLines(NamedTuple):
    """L lines of one deal; rates and fees a year, decimal."""

    balance_ccy: Amounts
    wam_mo: Months
    age_mo: Months
    amortization: NDArray[np.int8]
    io_months: Months
    servicing_fee: Amounts
    first_collection_mo: Months
    prepayment_kind: NDArray[np.int8]
    prepayment_pct: Amounts
    default_kind: NDArray[np.int8]
    default_pct: Amounts
    severity: Amounts
    recovery_lag_mo: Months
    servicer_advances: NDArray[np.bool_]
    original_balance_ccy: Amounts
    burnout: Amounts
    """[L, 4] of a MODEL speed: floor, slope, least CPR, most CPR"""


class Shock(NamedTuple):
    """What a scenario does to every line's speeds: [L] each."""

    prepayment_multiplier: Amounts
    default_multiplier: Amounts
    severity_add: Amounts


@kernel
def distributions_of(lines: DealLines) -> int:
    """The last one is that of the last month of the longest line."""
    most = 0
    for i in range(len(lines.balance_ccy)):
        most = max(most, lines.wam_mo[i] - lines.first_collection_mo[i] + 1)
    return max(most, 1)


@kernel
def collect(lines: DealLines, shock: Shock, gross_rate: Amounts, model_cpr: Amounts) -> Amounts:
    """Collections of all lines of a deal under one scenario.

        default D = MDR B      interest (B - D) (rate - servicing fee) / 12      scheduled (1 - MDR) s B
        prepaid SMM (1 - s) B, at most what defaults leave      recovered max(A - severity D, 0) after the lag

    B performs at the start of a month, s is the scheduled share of it, A what advances left of D by then. Nothing
    defaults in a line's last `recovery_lag_mo` months.

    Args:    gross_rate  [L, M]  a year, M months at least as many as the longest line has
             model_cpr   [L, M]  of MODEL speeds before burn-out, decimal a year; read there alone
    Returns: [7, K]  ccy by distribution, rows from INTEREST to UNRECOVERED
    Accuracy: rounding; principal and the losses as realised add up to the balances
    Source:  SIFMA Standard Formulas C.3; distribution 1 takes the first `first_collection_mo` months of a line
    """
    collected = np.zeros((COLLECTION_ROWS, distributions_of(lines)))
    for i in range(len(lines.balance_ccy)):
        _collect_line(lines, shock, i, gross_rate[i], model_cpr[i], collected)
    return collected


@kernel
def _collect_line(
    lines: DealLines, shock: Shock, i: int, gross_rate: Amounts, model_cpr: Amounts, collected: Amounts
) -> None:
    months, lag, first = lines.wam_mo[i], lines.recovery_lag_mo[i], lines.first_collection_mo[i]
    severity = min(max(lines.severity[i] + shock.severity_add[i], 0.0), 1.0)
    share = np.empty(months)
    for m in range(months):
        share[m] = _scheduled_share(lines, i, m, gross_rate[m] / 12.0)
    unrecovered = np.zeros(months)
    balance = lines.balance_ccy[i]
    for m in range(months):
        k = max(m + 1 - first, 0)
        age = lines.age_mo[i] + m + 1
        lost = 0.0
        if m + lag < months:
            lost = mdr(lines.default_kind[i], lines.default_pct[i], age, shock.default_multiplier[i])
        due = share[m]
        speed = _speed(lines, shock, i, age, balance, model_cpr[m])
        prepaid = min(speed * (1.0 - due), (1.0 - lost) * (1.0 - due)) * balance
        scheduled = (1.0 - lost) * due * balance
        defaulted = lost * balance
        collected[INTEREST, k] += (balance - defaulted) * (gross_rate[m] - lines.servicing_fee[i]) / 12.0
        collected[PRINCIPAL, k] += scheduled + prepaid
        collected[DEFAULTED, k] += defaulted
        collected[LOSS_AS_DEFAULTED, k] += severity * defaulted
        if defaulted > 0.0:
            owed = defaulted
            for j in range(m, m + lag):
                if lines.servicer_advances[i]:
                    collected[PRINCIPAL, max(j + 1 - first, 0)] += owed * share[j]
                    owed *= 1.0 - share[j]
                unrecovered[j] += owed
            recovered = max(owed - severity * defaulted, 0.0)
            later = max(m + lag + 1 - first, 0)
            collected[PRINCIPAL, later] += recovered
            collected[LOSS_AS_REALISED, later] += owed - recovered
        balance = (1.0 - due) * balance * (1.0 - lost) - prepaid if m + 1 < months else 0.0
        if m + 1 >= first:
            collected[PERFORMING, k] += balance
            collected[UNRECOVERED, k] += unrecovered[m]


@kernel
def _scheduled_share(lines: DealLines, i: int, m: int, rate: float) -> float:
    """Of the balance at the start of month m (from 0), what the schedule pays in it."""
    left = lines.wam_mo[i] - m
    if left == 1:
        return 1.0
    if lines.age_mo[i] + m + 1 <= lines.io_months[i] or lines.amortization[i] == BULLET:
        return 0.0
    if lines.amortization[i] == LINEAR or rate == 0.0:
        return float(1.0 / left)
    return float(rate / ((1.0 + rate) ** left - 1.0))


@kernel
def _speed(lines: DealLines, shock: Shock, i: int, age: int, balance: float, model_cpr: float) -> float:
    """Single monthly mortality; a model's burn-out is that of the balance as it stands."""
    kind, multiplier = lines.prepayment_kind[i], shock.prepayment_multiplier[i]
    if kind == NO_SPEED:
        return 0.0
    if kind != MODEL:
        return float(smm(kind, lines.prepayment_pct[i], age, multiplier))
    floor, slope, least, most = lines.burnout[i]
    cpr = model_cpr * (floor + slope * balance / lines.original_balance_ccy[i])
    cpr = multiplier * lines.prepayment_pct[i] / 100.0 * min(max(cpr, least), most)
    return float(1.0 - (1.0 - min(max(cpr, 0.0), 1.0)) ** (1.0 / 12.0))
