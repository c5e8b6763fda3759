"""What a deal collects and pays: every tranche's decrement table, and the pool's, by distribution and scenario."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.tables import DEAL, POOL, Columns, basis_of, stacked
from compute.inputs.deals import Deal, deals_of
from compute.inputs.run_inputs import RunInputs
from compute.kernels.deals import terms as rows
from compute.kernels.deals.terms import Distributed, Tranches
from compute.pricers.securitised.deal_problems import problems_of
from compute.pricers.securitised.projections import distributed
from domain.refusals import Refused

OF_TRANCHE = {
    "opening_balance": rows.OPENING,
    "interest_due": rows.DUE,
    "interest": rows.PAID_INTEREST,
    "interest_shortfall": rows.SHORTFALL,
    "principal": rows.PAID_PRINCIPAL,
    "capitalised": rows.CAPITALISED,
    "loss": rows.LOSS,
    "closing_balance": rows.CLOSING,
}
OF_POOL = {
    "opening_balance": rows.POOL_OPENING,
    "interest": rows.POOL_INTEREST,
    "principal": rows.POOL_PRINCIPAL,
    "defaulted": rows.POOL_DEFAULTED,
    "loss": rows.POOL_LOSS,
    "closing_balance": rows.POOL_CLOSING,
    "fees": rows.FEES,
    "interest_paid": rows.INTEREST_PAID,
    "principal_paid": rows.PRINCIPAL_PAID,
    "reserve_balance": rows.RESERVE,
    "residual": rows.RESIDUAL_PAID,
}


class NoCashFlows(Refused):
    """There is no deal or position of that name, or nothing to show of it."""


def deal_named(run: RunInputs, deal_id: str) -> Deal:
    """A deal that can be projected."""
    deals = deals_of(run.portfolio)
    if deal_id not in deals:
        known = ", ".join(sorted(deals)[:20]) or "none"
        raise NoCashFlows("UNKNOWN_DEAL", f"the run has no deal {deal_id!r}", f"its deals are: {known}")
    for reason, sentence in problems_of(run, deals[deal_id]):
        raise NoCashFlows(reason.name, sentence, "correct the deal, or the market, and run again")
    return deals[deal_id]


def deal_table(run: RunInputs, deal_id: str, scenarios: Sequence[str]) -> Columns:
    """Every tranche for every distribution to the deal's end, retired or not."""
    deal = deal_named(run, deal_id)
    original = np.where(np.isnan(deal.original_ccy), deal.tranches.balance_ccy, deal.original_ccy)
    outcomes, variants = distributed(run, deal)
    parts = []
    for number, scenario in enumerate(scenarios):
        tranches, paid = outcomes[variants[number]]
        for row, instrument_id in enumerate(deal.instrument_ids):
            part = _distributions(run, deal, paid, scenario) | tranche_columns(tranches, paid, row)
            with np.errstate(divide="ignore", invalid="ignore"):
                percent = part["closing_balance"] / original[row] * 100.0
            parts.append(part | {"instrument_id": instrument_id, "percent_outstanding": percent})
    return stacked(DEAL, parts)


def tranche_columns(tranches: Tranches, paid: Distributed, row: int) -> dict[str, NDArray[np.float64]]:
    count = paid.distributions
    amounts = {name: paid.tranches[row, place, :count] for name, place in OF_TRANCHE.items()}
    return {"rate": tranches.rate[row, :count], **amounts}


def pool_table(run: RunInputs, deal_id: str, scenarios: Sequence[str]) -> Columns:
    deal = deal_named(run, deal_id)
    outcomes, variants = distributed(run, deal)
    parts = []
    for number, scenario in enumerate(scenarios):
        _, paid = outcomes[variants[number]]
        count = paid.distributions
        failing = paid.pool[[rows.FAILS_SEQUENTIAL, rows.FAILS_TURBO], :count] != 0.0
        part = {name: paid.pool[place, :count] for name, place in OF_POOL.items()}
        said = {
            "triggers": [_actions(*each) for each in failing.T.tolist()],
            "called": paid.pool[rows.CALLED, :count] != 0.0,
        }
        parts.append(_distributions(run, deal, paid, scenario) | part | said)
    return stacked(POOL, parts)


def _actions(sequential: bool, turbo: bool) -> str:
    return " ".join(name for name, fails in (("SEQUENTIAL", sequential), ("TURBO", turbo)) if fails)


def _distributions(run: RunInputs, deal: Deal, paid: Distributed, scenario: str) -> Columns:
    count = paid.distributions
    return {
        "deal_id": deal.deal_id,
        "scenario_id": scenario,
        "basis": basis_of(run.is_contractual),
        "period": np.arange(1, count + 1),
        "pay_date": deal.pay_day[:count],
    }
