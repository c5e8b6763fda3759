"""The payments that an expected loss runs over: with prepayment and without default, in whole periods.

    tau_k  the period's day-count fraction        T_k = k / frequency

CUSTOM loans, ZERO and what pays only at maturity count in regulatory years instead, from the date before and from the
valuation date.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.families import POOL, FamilyFlows, family_flows
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs
from compute.inputs.terms import Terms
from compute.kernels.allowance.losses import Payments
from compute.kernels.capital.periods import regulatory_years
from compute.kernels.flows.amortization import period_fractions
from compute.kernels.flows.flows import Flows
from compute.outputs.failures import Failing
from compute.pricers.debt.terms import ZERO, Debt, is_custom_loan
from compute.pricers.matured.recoveries import recovering
from compute.product_families import TRANCHE, check, families_of
from domain.measures.failures import Reason
from domain.portfolio.tables import RATE_TYPES

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
MONTHS_A_YEAR = 12.0


@dataclass(frozen=True)
class FamilyPayments:
    place: Rows
    """[m] among the positions that were asked for"""
    payments: Payments
    variant_of_scenario: NDArray[np.int32]
    """[S]"""


def without_default(run: RunInputs) -> RunInputs:
    return replace(run, without_default=True, in_parts=False, measures=PRICES_ONLY)


def payments_of(run: RunInputs, terms: Terms) -> tuple[list[FamilyPayments], NDArray[np.uint8]]:
    """Family by family; and [n] why a position has none, Reason.NONE where it has."""
    failing = check(run, terms)
    past = recovering(run, terms)
    failing.where(past, Reason.INVALID_TERMS, "past maturity: nothing is left to be paid by its terms")
    found = list(_families(without_default(run), terms, failing))
    reason = failing.reason.copy()
    has = np.zeros(len(terms), np.bool_)
    for family in found:
        has[family.place] = True
    reason[~has & (reason == Reason.NONE)] = Reason.UNSUPPORTED
    return found, reason


def _families(run: RunInputs, terms: Terms, failing: Failing) -> Iterator[FamilyPayments]:
    for family in family_flows(run, terms, failing):
        held, flows = terms.of(family.place), family.flows
        kind = int(families_of(held)[0])
        if kind == TRANCHE:
            payments = _of_tranches(run, family)
        elif kind == POOL:
            balance = np.add.reduceat(flows.principal[:, 0], flows.offsets[:-1]) if len(flows.day) else np.zeros(0)
            payments = _monthly(flows, np.where(np.diff(flows.offsets) > 0, balance, 0.0), flows.principal)
        else:
            payments, flows = _of_debt(run, held, family)
        yield FamilyPayments(family.place, payments, flows.variant_of_scenario)


def _monthly(flows: Flows, balance_ccy: Array, fall_ccy: Array) -> Payments:
    number = np.arange(len(flows.day)) - np.repeat(flows.offsets[:-1], np.diff(flows.offsets)) + 1
    time_yr, fraction = number / MONTHS_A_YEAR, np.full(len(flows.day), 1.0 / MONTHS_A_YEAR)
    return _typed(flows, balance_ccy, fall_ccy, fraction, time_yr)


def _typed(flows: Flows, balance_ccy: Array, fall_ccy: Array, fraction: Array, time_yr: Array) -> Payments:
    amounts = (balance_ccy, flows.interest, flows.principal, fall_ccy, fraction, time_yr)
    return Payments(flows.offsets, *(np.require(each, np.float64, ["C", "W"]) for each in amounts))


def _of_tranches(run: RunInputs, family: FamilyFlows) -> Payments:
    """The balance before each distribution is the deal's; a NOTIONAL's falls without being paid."""
    held, flows = family.tranches, family.flows
    assert held is not None
    fall_ccy, first_ccy = np.zeros(flows.principal.shape), np.zeros(len(family.place))
    for position, number in enumerate(held.tranche.tolist()):
        place, deal = held.places[number], held.deals[number]
        live = place.deal.pay_day > run.as_of_day
        of = deal.flows.variant_of_scenario
        opening = deal.flows.notional[place.row][live][:, of] * held.share[position]
        closing = deal.flows.closing[place.row][live][:, of] * held.share[position]
        fall_ccy[flows.offsets[position] : flows.offsets[position + 1]] = opening - closing
        first_ccy[position] = opening[0, 0] if len(opening) else 0.0
    return _monthly(flows, first_ccy, fall_ccy)


def _of_debt(run: RunInputs, terms: Terms, family: FamilyFlows) -> tuple[Payments, Flows]:
    debt, custom, flows = family.debt, is_custom_loan(terms), family.flows
    assert debt is not None
    by_years = custom | (terms.choice("rate_type", RATE_TYPES) == ZERO) | (debt.frequency == 0)
    position = np.repeat(np.arange(len(terms)), np.diff(flows.offsets))
    date, fraction = (flows.day + run.as_of_day).astype(np.int64), np.empty(len(flows.day))
    scheduled = np.flatnonzero(~custom[position])
    date[scheduled], fraction[scheduled] = _scheduled(debt, flows, position[scheduled], scheduled)
    number = np.arange(len(position)) - flows.offsets[:-1][position] + 1
    time_yr = number / np.maximum(debt.frequency, 1)[position]
    if by_years.any():
        kept = ~by_years[position] | _pays(flows)
        flows, position, date = _kept(flows, kept), position[kept], date[kept]
        time_yr, fraction = time_yr[kept], fraction[kept]
        rows = np.flatnonzero(by_years[position])
        before = np.where(rows == flows.offsets[:-1][position[rows]], run.as_of_day, date[rows - 1])
        time_yr[rows] = regulatory_years(run.as_of_day, date[rows])
        fraction[rows] = regulatory_years(before, date[rows])
    return _typed(flows, debt.notional_ccy, flows.principal, fraction, time_yr), flows


def _scheduled(debt: Debt, flows: Flows, position: Rows, row: Rows) -> tuple[Rows, Array]:
    """Dates and day-count fractions of the periods that flows end; a ZERO's redemption ends the last of its periods."""
    schedules = debt.schedules
    fractions = period_fractions(schedules, debt.day_count, debt.frequency, debt.is_loan)
    period = schedules.offsets[1:][position] - (flows.offsets[1:][position] - row)
    return schedules.end[period].astype(np.int64), fractions[period]


def _pays(flows: Flows) -> NDArray[np.bool_]:
    """[F] whether anything is paid: of a ZERO its redemption is the only payment."""
    pays: NDArray[np.bool_] = ((flows.interest != 0.0) | (flows.principal != 0.0)).any(axis=1)
    return pays


def _kept(flows: Flows, kept: NDArray[np.bool_]) -> Flows:
    position = np.repeat(np.arange(flows.position_count), np.diff(flows.offsets))[kept]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(position, minlength=flows.position_count))))
    rows = np.flatnonzero(kept)
    return replace(
        flows,
        offsets=offsets.astype(np.int64),
        day=flows.day[rows],
        period=flows.period[rows],
        interest=flows.interest[rows],
        principal=flows.principal[rows],
        parts=None,
    )
