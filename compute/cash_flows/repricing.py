"""The repricing gap: principal by the day on which its rate is set anew, and what swaps do to it."""

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.families import FamilyFlows, family_flows, left_at_reset
from compute.cash_flows.ladders import LadderCells, bucket_of_day, over_chunks
from compute.cash_flows.swap_notionals import notionals_over
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.valuing.ladders import NOWHERE
from compute.kernels.valuing.repricing import AMOUNTS, SWAPS, add_to_gap
from compute.outputs.failures import Failing
from compute.pricers.rates.swaps import RECEIVE, SIDES, swap_leg
from compute.product_families import check
from domain.buckets import Buckets
from domain.portfolio.tables import PRODUCT_TYPES

Rows = NDArray[np.int64]
Amounts = NDArray[np.float64]

IRS = PRODUCT_TYPES.index("IRS")


def gap_of_run(run: RunInputs, cells: LadderCells, buckets: Buckets) -> Amounts:
    """[S, cells, buckets, AMOUNTS] in the cells' currencies."""
    of_day = bucket_of_day(run, buckets)

    def of_chunk(terms: Terms, cell: Rows, count: int) -> Amounts:
        return gap_of(run, terms, cell, count, of_day, len(buckets))

    whole = np.zeros((run.scenario_count, cells.count, len(buckets), len(AMOUNTS)))
    for used, part in over_chunks(run, cells, of_chunk):
        whole[:, used] += part
    return whole


def gap_of(
    run: RunInputs, terms: Terms, cell: Rows, count: int, of_day: NDArray[np.int32], bucket_count: int
) -> Amounts:
    """Of some positions, each in one of `count` cells or NOWHERE."""
    amounts_ccy, failing = np.zeros((run.scenario_count, count, bucket_count, len(AMOUNTS))), check(run, terms)
    in_parts = run.with_parts()
    for family in family_flows(in_parts, terms, failing):
        add_family_to_gap(in_parts, family, cell, of_day, amounts_ccy)
    add_swaps(run, terms, failing, cell, of_day, amounts_ccy)
    return amounts_ccy


def add_family_to_gap(
    run: RunInputs, family: FamilyFlows, cell: Rows, of_day: NDArray[np.int32], amounts_ccy: Amounts
) -> None:
    chosen = np.where(family.reprices, cell[family.place], NOWHERE)
    of_family = (family.notional_ccy, family.floats, family.reset_day, left_at_reset(run, family), chosen, of_day)
    add_to_gap(family.flows, *of_family, amounts_ccy)


def add_swaps(
    run: RunInputs, terms: Terms, failing: Failing, cell: Rows, of_day: NDArray[np.int32], amounts_ccy: Amounts
) -> None:
    """The notional as it falls, at maturity all of it, positive where fixed is received; its opposite at the next
    payment that floats, and before it as it falls."""
    is_swap = terms.choice("product_type", PRODUCT_TYPES) == IRS
    chosen = np.flatnonzero(is_swap & failing.fine & (cell != NOWHERE))
    if not len(chosen):
        return
    swaps = terms.of(chosen)
    notional = swaps.position_number("notional")
    received = np.where(swaps.choice("pay_receive", SIDES) == RECEIVE, notional, -notional)
    schedules = swap_leg(run, swaps, "float").schedules
    maturity = swaps.day("maturity_date") - run.as_of_day
    live = np.flatnonzero((np.diff(schedules.offsets) > 0) & (maturity > 0))
    reset = schedules.pay[schedules.offsets[:-1][live]] - run.as_of_day
    of_legs = notionals_over(run, swaps.of(live), maturity[live]), notionals_over(run, swaps.of(live), reset)
    for sign, falls in zip((1.0, -1.0), of_legs, strict=True):
        owner = live[falls.swap]
        at = cell[chosen[owner]], of_day[falls.day]
        for scenario in range(run.scenario_count):
            np.add.at(amounts_ccy[scenario, :, :, SWAPS], at, sign * received[owner] * falls.factor)
