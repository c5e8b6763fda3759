"""A pool that prepays and defaults: its cash flows period by period in the order of the SIFMA standard formulas.

Everything a pool pays is a share of its performing balance at the start of the period, so a schedule is given as
`scheduled_share` (the part of the balance that amortises), and one engine serves level, linear and bullet loans,
pools and floating loans.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.flows import OF_DEFAULTED, OF_PREPAID, OF_RECOVERED, OF_SCHEDULED
from compute.kernels.flows.speeds import ABS, MODEL, NO_SPEED, PSA, SDA, mdr, settled_age_mo, smm
from compute.kernels.kernel import kernel

BEGINNING, INTEREST, SCHEDULED, PREPAID, DEFAULTED, RECOVERED, ADVANCED = range(7)
"""Rows of a pool's cash flows; BEGINNING is the performing balance at the start of the period, ADVANCED the principal
that falls due on defaulted balances and that the servicer pays on."""
POOL_ROWS = 7


class Speeds(NamedTuple):
    """What n positions quote. Kinds are codes of `speeds.SPEED_KINDS`, NO_SPEED where there is none."""

    prepayment_kind: NDArray[np.int8]
    prepayment_pct: NDArray[np.float64]
    default_kind: NDArray[np.int8]
    default_pct: NDArray[np.float64]
    severity: NDArray[np.float64]
    recovery_lag_mo: NDArray[np.int32]
    servicer_advances: NDArray[np.bool_]

    def typed(self) -> "Speeds":
        """The same with the dtypes that kernels are compiled for."""
        dtypes = (np.int8, np.float64, np.int8, np.float64, np.float64, np.int32, np.bool_)
        return Speeds(*(np.require(v, t, ["C", "W"]) for v, t in zip(self, dtypes, strict=True)))

    @classmethod
    def none(cls, count: int) -> "Speeds":
        kinds, zeros = np.full(count, NO_SPEED, np.int8), np.zeros(count)
        return cls(kinds, zeros, kinds, zeros, zeros, np.zeros(count, np.int32), np.zeros(count, np.bool_))


class Variants(NamedTuple):
    """The distinct ways in which scenarios change speeds: V of them, and the one that each of S scenarios sees."""

    prepayment_multiplier: NDArray[np.float64]
    default_multiplier: NDArray[np.float64]
    severity_add: NDArray[np.float64]
    of_scenario: NDArray[np.int32]


def distinct_variants(
    speeds: Speeds,
    prepayment_multiplier: NDArray[np.float64],
    default_multiplier: NDArray[np.float64],
    severity_add: NDArray[np.float64],
) -> Variants:
    """One variant for each distinct triple [S] that matters to these positions, in order of first appearance."""
    prepays = bool((speeds.prepayment_kind != NO_SPEED).any())
    defaults = bool((speeds.default_kind != NO_SPEED).any())
    matters = np.array([prepays, defaults, defaults])
    triples = np.column_stack([prepayment_multiplier, default_multiplier, severity_add]).astype(np.float64)
    _, first, inverse = np.unique(np.where(matters, triples, 1.0), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    kept = np.ascontiguousarray(triples[first[order]].T)
    return Variants(kept[0].copy(), kept[1].copy(), kept[2].copy(), rank[inverse.ravel()])


class SpeedPath(NamedTuple):
    """A pool's speeds over its n periods and their N months, as shares of balances; paid every 14 or 7 days, that
    many days stand for a month everywhere here.

    A period's survival is the product of its months'. The default of month q leaves `default_share[q]` of its
    period's beginning balance, and is recovered with the payment of period `recovery_period[q]`.
    """

    months: NDArray[np.int32]
    """[n] months in the period"""
    end_age_mo: NDArray[np.int32]
    """[n] loan age at the payment"""
    smm: NDArray[np.float64]
    """[n] share of the balance after scheduled principal that prepays, at most what defaults leave"""
    mdr: NDArray[np.float64]
    """[n] share of the beginning balance that defaults"""
    default_share: NDArray[np.float64]
    """[N]"""
    recovery_period: NDArray[np.int32]
    """[N]"""
    step_mo: float
    """length of what `months` counts, in months: 1, or 12/26 or 12/52"""


@kernel
def empty_path(months: NDArray[np.int32], end_age_mo: NDArray[np.int32], step_mo: float = 1.0) -> SpeedPath:
    count, total = len(months), months.sum()
    slots = np.zeros(total, np.int32)
    return SpeedPath(months, end_age_mo, np.zeros(count), np.zeros(count), np.zeros(total), slots, step_mo)


@kernel
def _age_mo(path: SpeedPath, j: int, q: int, settled: int) -> int:
    """Loan age in the q-th month of period j."""
    back = path.months[j] - 1 - q if path.step_mo == 1.0 else 0
    age: int = min(max(path.end_age_mo[j] - back, 1), settled)
    return age


@kernel
def _over_step(monthly: float, step_mo: float) -> float:
    """What leaves in part of a month: survival is its power."""
    return monthly if step_mo == 1.0 else -math.expm1(step_mo * math.log1p(-monthly))


@kernel
def fill_prepayments(path: SpeedPath, kind: int, quoted_pct: float, multiplier: float) -> None:
    """Fills `smm`: 1 - product of the months' (1 - SMM), as a sum that keeps small rates exact."""
    rate, rate_age, settled = 0.0, -1, settled_age_mo(kind)
    for j in range(len(path.months)):
        left, prepaid = 1.0, 0.0
        for q in range(path.months[j]):
            age = _age_mo(path, j, q, settled)
            if age != rate_age:
                rate, rate_age = _over_step(smm(kind, quoted_pct, age, multiplier), path.step_mo), age
            prepaid += left * rate
            left *= 1.0 - rate
        path.smm[j] = prepaid


@kernel
def fill_defaults(path: SpeedPath, kind: int, quoted_pct: float, multiplier: float, lag_mo: int) -> None:
    """Fills `mdr`, `default_share` and `recovery_period`, and caps `smm` at the balance that defaults leave.

    Nothing defaults in the last `lag_mo` months, so every recovery is paid by the last period: that of the month
    q + lag, with the first payment at or after it. Months count through the periods to come, whatever their length:
    paid quarterly, with a lag of 4, the months 1, 2 and 3 recover with the payments of months 6, 6 and 9.
    """
    rate, rate_age, settled = 0.0, -1, settled_age_mo(kind)
    lag_mo = math.ceil(lag_mo / path.step_mo)
    last, month = path.months.sum() - lag_mo, 0
    slot, slot_end = 0, path.months[0]
    for j in range(len(path.months)):
        left, defaulted = 1.0, 0.0
        for q in range(path.months[j]):
            age = _age_mo(path, j, q, settled)
            if age != rate_age:
                rate, rate_age = _over_step(mdr(kind, quoted_pct, age, multiplier), path.step_mo), age
            share = left * rate if month < last else 0.0
            while slot_end < month + 1 + lag_mo and slot < len(path.months) - 1:
                slot += 1
                slot_end += path.months[slot]
            path.default_share[month], path.recovery_period[month] = share, slot
            defaulted += share
            left -= share
            month += 1
        path.mdr[j] = defaulted
        path.smm[j] = min(path.smm[j], 1.0 - defaulted)


@kernel
def fill_speeds(path: SpeedPath, i: int, v: int, speeds: Speeds, variants: Variants) -> None:
    """Fills the path with position i's speeds under variant v."""
    fill_prepayments(path, speeds.prepayment_kind[i], speeds.prepayment_pct[i], variants.prepayment_multiplier[v])
    if speeds.default_kind[i] != NO_SPEED:
        multiplier, lag_mo = variants.default_multiplier[v], speeds.recovery_lag_mo[i]
        fill_defaults(path, speeds.default_kind[i], speeds.default_pct[i], multiplier, lag_mo)


@kernel
def depends_on_age(speeds: Speeds, i: int) -> bool:
    return bool(speeds.prepayment_kind[i] in (PSA, ABS, MODEL) or speeds.default_kind[i] == SDA)


@kernel
def severity_under(speeds: Speeds, i: int, variants: Variants, v: int) -> float:
    severity: float = speeds.severity[i] + variants.severity_add[v]
    return min(max(severity, 0.0), 1.0)


@kernel
def fill_pool(
    balance_ccy: float,
    scheduled_share: NDArray[np.float64],
    interest_rate: NDArray[np.float64],
    path: SpeedPath,
    severity: float,
    advances: bool,
    cashflows_ccy: NDArray[np.float64],
) -> None:
    """Cash flows of one pool, with B its performing balance at the start of a period and s its scheduled share.

        default D = MDR B        interest (B - D) x rate      scheduled (1 - MDR) s B
        prepaid SMM (1 - s) B    next B = (1 - s) (1 - MDR - SMM) B
        recovery (1 - severity) D after the lag; with advances max(A - severity D, 0), A = D x (schedule's balance
        then / now): the D - A that falls due in between is advanced when it does, its interest is not

    Args:    scheduled_share, interest_rate  [n] of balance, interest for the whole period
             cashflows_ccy  [7, n], written: a row each from BEGINNING to ADVANCED
    Accuracy: rounding; SCHEDULED + PREPAID + RECOVERED + ADVANCED and the losses add up to the balance
    Source:  SIFMA Standard Formulas C.3 (SF-18, 19), 1 February 1999; ADVANCED is its amortization from defaults
    """
    cashflows_ccy[RECOVERED:, :] = 0.0
    balance, month = balance_ccy, 0
    for j in range(len(scheduled_share)):
        default, share = path.mdr[j], scheduled_share[j]
        cashflows_ccy[BEGINNING, j] = balance
        cashflows_ccy[INTEREST, j] = (1.0 - default) * balance * interest_rate[j]
        cashflows_ccy[SCHEDULED, j] = (1.0 - default) * share * balance
        cashflows_ccy[PREPAID, j] = path.smm[j] * (1.0 - share) * balance
        cashflows_ccy[DEFAULTED, j] = default * balance
        if default > 0.0:
            for q in range(month, month + path.months[j]):
                slot = path.recovery_period[q]
                unpaid_ccy = path.default_share[q] * balance
                left = advance(unpaid_ccy, scheduled_share, j, slot, cashflows_ccy) if advances else 1.0
                cashflows_ccy[RECOVERED, slot] += max(left - severity, 0.0) * unpaid_ccy
        month += path.months[j]
        balance *= (1.0 - share) * (1.0 - default - path.smm[j])


@kernel
def advance(
    unpaid_ccy: float, scheduled_share: NDArray[np.float64], j: int, slot: int, cashflows_ccy: NDArray[np.float64]
) -> float:
    """Pays on what falls due, in periods j to `slot` - 1, of a balance that defaulted in j; returns the share left."""
    left = 1.0
    for k in range(j, slot):
        cashflows_ccy[ADVANCED, k] += unpaid_ccy * left * scheduled_share[k]
        left *= 1.0 - scheduled_share[k]
    return left


@kernel
def principal_paid(cashflows_ccy: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n] scheduled, prepaid, recovered and advanced principal."""
    paid: NDArray[np.float64] = (
        cashflows_ccy[SCHEDULED] + cashflows_ccy[PREPAID] + cashflows_ccy[RECOVERED] + cashflows_ccy[ADVANCED]
    )
    return paid


@kernel
def fill_parts(cashflows_ccy: NDArray[np.float64], first: int, v: int, parts_ccy: NDArray[np.float64]) -> None:
    """Writes `flows.PARTS` of one position and variant into [4, F, V], from row `first` on; no rows: nobody asks."""
    if len(parts_ccy) == 0:
        return
    for j in range(cashflows_ccy.shape[1]):
        parts_ccy[OF_SCHEDULED, first + j, v] = cashflows_ccy[SCHEDULED, j]
        parts_ccy[OF_PREPAID, first + j, v] = cashflows_ccy[PREPAID, j]
        parts_ccy[OF_RECOVERED, first + j, v] = cashflows_ccy[RECOVERED, j]
        parts_ccy[OF_DEFAULTED, first + j, v] = cashflows_ccy[DEFAULTED, j]


@kernel
def level_shares(wac: float, wam_mo: int) -> NDArray[np.float64]:
    """[wam_mo] share of the balance that each month's payment amortises, levelled anew every month."""
    share, factor = np.empty(wam_mo), 0.0
    for left in range(1, wam_mo + 1):
        factor = (factor + 1.0) / (1.0 + wac / 12.0)
        share[wam_mo - left] = 1.0 / factor - wac / 12.0 if left > 1 else 1.0
    return share


@kernel
def level_pay_pool(
    balance_ccy: float,
    wac: float,
    wam_mo: int,
    age_mo: int,
    pass_through: float,
    i: int,
    v: int,
    speeds: Speeds,
    variants: Variants,
) -> NDArray[np.float64]:
    """Monthly cash flows of one pool of level-pay loans under row i of `speeds` and variant v.

    The payment at `wac` is set anew every month over what remains of `wam_mo`; investors receive `pass_through`.

    Args:    rates a year, decimal; the k-th payment falls at loan age age_mo + k
    Returns: [7, wam_mo]  ccy, rows as `fill_pool`
    Source:  SIFMA Standard Formulas B.1 and C.3
    """
    share = level_shares(wac, wam_mo)
    path = empty_path(np.ones(wam_mo, np.int32), (age_mo + 1 + np.arange(wam_mo)).astype(np.int32))
    fill_speeds(path, i, v, speeds, variants)
    cashflows_ccy = np.empty((POOL_ROWS, wam_mo))
    rate = np.full(wam_mo, pass_through / 12.0)
    severity = severity_under(speeds, i, variants, v)
    fill_pool(balance_ccy, share, rate, path, severity, speeds.servicer_advances[i], cashflows_ccy)
    return cashflows_ccy
