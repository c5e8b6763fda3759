"""Principal by the day on which its rate is set anew, by time bucket and group."""

import math

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.flows import OF_DEFAULTED, OF_DRAWN, OF_PREPAID, OF_SCHEDULED, Flows, no_parts
from compute.kernels.kernel import kernel
from compute.kernels.valuing.ladders import NOWHERE, capitalised

Array = NDArray[np.float64]
Days = NDArray[np.int32]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

AMOUNTS = ("fixed", "floating", "swaps")
FIXED, FLOATING, SWAPS = range(len(AMOUNTS))


def balances_left(flows: Flows, notional_ccy: Array, floats: Flags, reset_day: Days) -> Array:
    """[m, S] balance after all payments up to the reset, that day's included; nil for what does not float.

    left = notional less what is scheduled (unpaid interest joins it), prepaid and defaulted, and what is drawn;
    nil after the last payment
    """
    left_ccy = np.zeros((flows.position_count, flows.scenario_count))
    parts = no_parts() if flows.parts is None else flows.parts
    of_flows = (flows.offsets, flows.day, flows.principal, parts, flows.variant_of_scenario)
    _fill_left(*of_flows, notional_ccy, floats, reset_day, left_ccy)
    return left_ccy


@kernel
def _fill_left(
    offsets: Rows,
    day: Days,
    principal_ccy: Array,
    parts_ccy: Array,
    variant_of_scenario: Days,
    notional_ccy: Array,
    floats: Flags,
    reset_day: Days,
    left_ccy: Array,
) -> None:
    for i in range(len(floats)):
        if not floats[i] or offsets[i] == offsets[i + 1]:
            continue
        for s in range(len(variant_of_scenario)):
            v, left, last = variant_of_scenario[s], notional_ccy[i], offsets[i + 1] - 1
            for f in range(offsets[i], offsets[i + 1]):
                if day[f] > reset_day[i]:
                    break
                if f == last:
                    left = 0.0
                elif len(parts_ccy) > 0:
                    left -= parts_ccy[OF_SCHEDULED, f, v] + parts_ccy[OF_PREPAID, f, v] + parts_ccy[OF_DEFAULTED, f, v]
                    left += parts_ccy[OF_DRAWN, f, v]
                else:
                    left -= principal_ccy[f, v]
            left_ccy[i, s] = left


def add_to_gap(
    flows: Flows,
    notional_ccy: Array,
    floats: Flags,
    reset_day: Days,
    left_ccy: Array,
    cell: Rows,
    bucket_of_day: Days,
    amounts_ccy: Array,
) -> None:
    """Adds m positions, in their order: what is fixed by its payments, what floats up to its reset, and there the rest.

    Args: left_ccy     [m, S] balance left on the reset; cell [m], NOWHERE for nobody's
          amounts_ccy  [S, cells, buckets, AMOUNTS], added to; not where flows are no numbers
    """
    parts = no_parts() if flows.parts is None else flows.parts
    of_flows = (flows.offsets, flows.day, flows.interest, flows.principal, parts, flows.variant_of_scenario)
    _add(*of_flows, notional_ccy, floats, reset_day, left_ccy, cell, bucket_of_day, amounts_ccy)


@kernel
def _add(
    offsets: Rows,
    day: Days,
    interest_ccy: Array,
    principal_ccy: Array,
    parts_ccy: Array,
    variant_of_scenario: Days,
    notional_ccy: Array,
    floats: Flags,
    reset_day: Days,
    left_ccy: Array,
    cell: Rows,
    bucket_of_day: Days,
    amounts_ccy: Array,
) -> None:
    for i in range(len(cell)):
        if cell[i] == NOWHERE or offsets[i] == offsets[i + 1]:
            continue
        for s in range(len(variant_of_scenario)):
            v, total = variant_of_scenario[s], 0.0
            for f in range(offsets[i], offsets[i + 1]):
                total += interest_ccy[f, v] + principal_ccy[f, v]
            if not math.isfinite(total):
                continue
            kind = FLOATING if floats[i] else FIXED
            for f in range(offsets[i], offsets[i + 1]):
                if floats[i] and day[f] > reset_day[i]:
                    break
                scheduled = parts_ccy[OF_SCHEDULED, f, v] if len(parts_ccy) > 0 else principal_ccy[f, v]
                paid = principal_ccy[f, v] + capitalised(scheduled, notional_ccy[i])
                amounts_ccy[s, cell[i], bucket_of_day[day[f]], kind] += paid
            if floats[i]:
                amounts_ccy[s, cell[i], bucket_of_day[reset_day[i]], FLOATING] += left_ccy[i, s]
