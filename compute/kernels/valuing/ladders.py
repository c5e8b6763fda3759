"""Flows of many positions by time bucket and group: amounts, and what they are worth."""

import math

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import OF_PREPAID, OF_RECOVERED, OF_SCHEDULED, Flows, no_parts
from compute.kernels.kernel import kernel

Array = NDArray[np.float64]
Days = NDArray[np.int32]
Rows = NDArray[np.int64]

AMOUNTS = ("scheduled_principal", "prepaid_principal", "recovered_principal", "principal", "interest", "pv")
SCHEDULED, PREPAID, RECOVERED, PRINCIPAL, INTEREST, PV = range(len(AMOUNTS))
NOWHERE = -1


def add_to_ladder(
    flows: Flows,
    on: DiscountTerms,
    notional_ccy: Array,
    has_parts: NDArray[np.bool_],
    cell: Rows,
    bucket_of_day: Days,
    factors: Array,
    spread_factors: Array,
    amounts_ccy: Array,
    positions: Rows,
) -> None:
    """Adds the flows of m positions, in their order, to the cells that they are in, where they are numbers.

        pv = (interest + principal) DF[day] q[day] exp(-spread t)
        interest that a payment leaves unpaid joins the balance: it is neither interest nor principal

    Args:    has_parts      [m] whose principal is told in its parts as well
             cell           [m], NOWHERE for nobody's
             bucket_of_day  [days]
             factors        [curves, days, S], spread_factors [1 + spread curves, days]
             amounts_ccy    [S, cells, buckets, AMOUNTS], added to; positions [S, cells], counted up
    """
    parts = no_parts() if flows.parts is None else flows.parts
    of_flows = (flows.offsets, flows.day, flows.interest, flows.principal, parts, flows.variant_of_scenario)
    curves = (on.curve_row, on.spread_row, on.spread, factors, spread_factors)
    _add(*of_flows, notional_ccy, has_parts, cell, bucket_of_day, *curves, amounts_ccy, positions)


@kernel
def _add(
    offsets: Rows,
    day: Days,
    interest_ccy: Array,
    principal_ccy: Array,
    parts_ccy: Array,
    variant_of_scenario: Days,
    notional_ccy: Array,
    has_parts: NDArray[np.bool_],
    cell: Rows,
    bucket_of_day: Days,
    curve_row: Days,
    spread_row: Days,
    spread: Array,
    factors: Array,
    spread_factors: Array,
    amounts_ccy: Array,
    positions: Rows,
) -> None:
    for i in range(len(cell)):
        if cell[i] == NOWHERE:
            continue
        for s in range(len(variant_of_scenario)):
            v, total = variant_of_scenario[s], 0.0
            for f in range(offsets[i], offsets[i + 1]):
                total += interest_ccy[f, v] + principal_ccy[f, v]
            if not math.isfinite(total):
                continue
            positions[s, cell[i]] += 1
            of_curve, of_spread, rate = factors[curve_row[i]], spread_factors[spread_row[i]], spread[i, s]
            for f in range(offsets[i], offsets[i + 1]):
                factor = of_curve[day[f], s] * of_spread[day[f]]
                if rate != 0.0:
                    factor *= math.exp(-rate * (day[f] / 365.0))
                at = amounts_ccy[s, cell[i], bucket_of_day[day[f]]]
                at[PV] += (interest_ccy[f, v] + principal_ccy[f, v]) * factor
                paid = interest_ccy[f, v], principal_ccy[f, v]
                _add_paid(*paid, f, v, has_parts[i], parts_ccy, notional_ccy[i], at)


@kernel
def _add_paid(
    interest_ccy: float,
    principal_ccy: float,
    f: int,
    v: int,
    has_parts: bool,
    parts_ccy: Array,
    notional_ccy: float,
    at: Array,
) -> None:
    scheduled = principal_ccy
    if has_parts and len(parts_ccy) > 0:
        scheduled = parts_ccy[OF_SCHEDULED, f, v]
        at[PREPAID] += parts_ccy[OF_PREPAID, f, v]
        at[RECOVERED] += parts_ccy[OF_RECOVERED, f, v]
    unpaid = capitalised(scheduled, notional_ccy)
    if has_parts:
        at[SCHEDULED] += scheduled + unpaid
    at[PRINCIPAL] += principal_ccy + unpaid
    at[INTEREST] += interest_ccy - unpaid


@kernel
def capitalised(scheduled_ccy: float, notional_ccy: float) -> float:
    """Interest that a payment leaves unpaid: it shows as scheduled principal of the other sign."""
    return -scheduled_ccy if scheduled_ccy * notional_ccy < 0.0 else 0.0
