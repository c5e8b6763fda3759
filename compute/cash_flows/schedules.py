"""The schedule of one position: every payment to come, in its parts, with what it is worth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.deals import NoCashFlows, tranche_columns
from compute.cash_flows.tables import SCHEDULE, Columns, basis_of, stacked
from compute.inputs.discount_terms import discount_terms
from compute.inputs.loan_events import has_events
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.deals.terms import NOTIONAL, RESIDUAL
from compute.kernels.flows.details import Details, floater_details, has_speeds, loan_details, pool_details
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.pass_throughs import pool_flows
from compute.kernels.flows.prepaying_pool import ADVANCED, BEGINNING, DEFAULTED, PREPAID, RECOVERED, SCHEDULED
from compute.pricers.debt.eventful import resolve_eventful
from compute.pricers.debt.projection import (
    behaviours_under,
    float_terms_of,
    loan_terms,
    project_fixed,
    project_floating,
)
from compute.pricers.debt.speeds import behaviours_of, flows_of_variants, under_scenario
from compute.pricers.debt.terms import FLOATING, Debt, is_custom, resolve_debt
from compute.pricers.matured.recoveries import recovering
from compute.pricers.securitised import pools as of_pools
from compute.pricers.securitised.pools import pool_dates, pool_terms
from compute.pricers.securitised.projections import distributed
from compute.pricers.securitised.tranches import places_of
from compute.pricers.shared.discounting import paid_factors
from compute.pricers.shared.resets import resets_of
from compute.product_families import TRANCHE, check, families_of
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES
from domain.texts import with_article

Amounts = NDArray[np.float64]
BONDS = tuple(PRODUCT_TYPES.index(name) for name in ("BOND", "CALLABLE_BOND"))
LOAN, POOL = PRODUCT_TYPES.index("LOAN"), PRODUCT_TYPES.index("ABS_MBS")
PARTS = ("scheduled_principal", "prepaid_principal", "advanced_principal", "recovered_principal")


def schedule_table(run: RunInputs, position: int, scenarios: Sequence[str]) -> Columns:
    """Of row `position` of the portfolio, under every scenario of the run."""
    terms = Terms(run.portfolio, np.array([position]), run.lookups)
    _refuse_what_has_none(run, terms)
    family = int(families_of(terms)[0])
    if family == TRANCHE:
        parts = _tranche(run, terms)
    elif family == POOL:
        parts = _pool(run, terms)
    else:
        parts = _debt(run, terms, family == LOAN)
    held = terms.portfolio.tables["positions"].columns["position_id"]
    named = {
        "position_id": held.categories[held.values[position]],
        "instrument_id": terms.text_at("instrument_id", 0),
        "basis": basis_of(run.is_contractual),
    }
    valued = [_valued(run, terms, number, part) for number, part in enumerate(parts)]
    return stacked(SCHEDULE, [named | {"scenario_id": s} | part for s, part in zip(scenarios, valued, strict=True)])


def _refuse_what_has_none(run: RunInputs, terms: Terms) -> None:
    family = int(families_of(terms)[0])
    if family not in (TRANCHE, POOL, LOAN, *BONDS):
        product = PRODUCT_TYPES[family]
        message = f"{with_article(product)} has no schedule of cash flows here"
        raise NoCashFlows("UNSUPPORTED", message, "loans, bonds, pools and tranches have one")
    if recovering(run, terms)[0]:
        raise NoCashFlows("NO_CASH_FLOWS", "the position is past its maturity", "it has no payments to come")
    failing = check(run, terms)
    if not failing.fine[0]:
        detail = int(failing.detail[0])
        sentence = failing.sentences[detail] if detail < len(failing.sentences) else "it has no value in this run"
        raise NoCashFlows("NOT_PRICED", sentence, "correct the terms or the market, and run again")


# --- tranches -------------------------------------------------------------------------------------------------------


def _tranche(run: RunInputs, terms: Terms) -> list[Columns]:
    place = places_of(run)[terms.text_at("instrument_id", 0)]
    deal, row = place.deal, place.row
    outcomes, variants = distributed(run, deal)
    balance = float(deal.tranches.balance_ccy[row])
    share = float(terms.position_number("notional")[0]) / balance if balance > 0.0 else 0.0
    found = []
    for variant in variants:
        tranches, paid = outcomes[variant]
        columns = tranche_columns(tranches, paid, row)
        rate = columns.pop("rate")
        amounts = {name: values * share for name, values in columns.items()}
        no_rate = np.full(len(rate), np.nan)
        found.append(
            {
                **amounts,
                **dict.fromkeys(PARTS, no_rate),
                **dict.fromkeys(("drawn", "defaulted"), np.zeros(len(rate))),
                "rate": no_rate if deal.tranches.kind[row] == RESIDUAL else rate,
                "principal": amounts["principal"] if deal.tranches.kind[row] != NOTIONAL else 0.0 * rate,
                "day": deal.pay_day[: len(rate)] - run.as_of_day,
            }
        )
    return [_to_come(part) for part in found]


def _to_come(part: Columns) -> Columns:
    live = part["day"] > 0
    return {name: values[live] for name, values in part.items()}


# --- pools ----------------------------------------------------------------------------------------------------------


def _pool(run: RunInputs, terms: Terms) -> list[Columns]:
    dates, pools = pool_dates(terms), pool_terms(terms)
    behaviours = of_pools.behaviours_under(run, terms, dates, pools)
    flows = flows_of_variants(behaviours, lambda *each: pool_flows(run.as_of_day, dates, pools, *each))
    found = []
    for scenario in range(run.scenario_count):
        details = pool_details(pools, *under_scenario(behaviours, scenario))
        found.append(_of_details(flows, scenario, details, flows.period))
    return found


# --- loans and bonds ------------------------------------------------------------------------------------------------


def _debt(run: RunInputs, terms: Terms, is_loan: bool) -> list[Columns]:
    debt = resolve_debt(run, terms, np.array([is_loan]))
    rate_type = terms.choice("rate_type", RATE_TYPES)
    if has_events(terms)[0]:
        return _eventful(run, debt, is_loan)
    floats = rate_type[0] == FLOATING
    flows = (project_floating(run, debt) if floats else project_fixed(run, debt, rate_type)).flows
    found = []
    for scenario in range(run.scenario_count):
        details = _details(run, debt, floats, scenario)
        if details is None or (floats and not _has_speeds(run, terms, scenario)):
            part = _contractual(flows, scenario, debt, None if details is None else details.rate)
        else:
            part = _of_details(flows, scenario, details, np.arange(len(flows.day)))
        found.append(part if is_loan else part | dict.fromkeys(PARTS, np.full(len(flows.day), np.nan)))
    return found


def _eventful(run: RunInputs, debt: Debt, is_loan: bool) -> list[Columns]:
    loans = resolve_eventful(run, debt)
    flows = loans.flows_today()
    every, found = np.arange(len(flows.day)), []
    for scenario in range(run.scenario_count):
        part = _of_details(flows, scenario, loans.details(scenario), every)
        found.append(part if is_loan else part | dict.fromkeys(PARTS, np.full(len(flows.day), np.nan)))
    return found


def _has_speeds(run: RunInputs, terms: Terms, scenario: int) -> bool:
    return has_speeds(under_scenario(behaviours_of(run, terms), scenario)[0])


def _details(run: RunInputs, debt: Debt, floats: bool, scenario: int) -> Details | None:
    """None where a fixed rate is paid as the contract says."""
    speeds, variants, v, followed = under_scenario(behaviours_under(run, debt), scenario)
    if floats:
        resets = resets_of(run, debt.terms, debt.schedules)
        terms, tables = float_terms_of(run, debt, resets), run.tables
        market = (tables.discount_factors, tables.caplet_surfaces, scenario)
        return floater_details(run.as_of_day, debt.schedules, terms, speeds, variants, v, *market, followed)
    if not debt.is_loan[0] or is_custom(debt)[0] or not has_speeds(speeds):
        return None
    return loan_details(run.as_of_day, debt.schedules, loan_terms(debt), speeds, variants, v, followed)


def _contractual(flows: Flows, scenario: int, debt: Debt, rate: Amounts | None) -> Columns:
    """The balance falls by what is repaid, and grows by interest that a payment leaves unpaid."""
    interest, principal = _amounts(flows, scenario)
    balance = float(debt.notional_ccy[0])
    redeemed = principal.copy()
    if len(redeemed) and not debt.is_loan[0]:
        redeemed[-1] = balance - redeemed[:-1].sum()  # at whatever price
    closing = balance - np.cumsum(redeemed)
    if len(closing):
        closing[-1] = 0.0
    opening = np.concatenate(([balance], closing[:-1]))[: len(closing)]
    added = np.where(principal * np.sign(balance) < 0.0, -principal, 0.0)
    nothing = np.zeros(len(principal))
    coupon = np.full(len(principal), debt.coupon[0])
    return {
        "day": flows.day,
        "rate": coupon if rate is None else rate,
        "opening_balance": opening,
        "interest": interest - added,
        "scheduled_principal": principal + added,
        "principal": principal + added,
        "capitalised": added,
        "closing_balance": closing,
        **dict.fromkeys((*PARTS[1:], "drawn", "defaulted", "loss"), nothing),
    }


def _of_details(flows: Flows, scenario: int, details: Details, rows: NDArray[np.integer]) -> Columns:
    interest, principal = _amounts(flows, scenario)
    cash = details.cashflows_ccy[:, rows]
    scheduled = cash[SCHEDULED]
    added = np.where(scheduled * np.sign(cash[BEGINNING]) < 0.0, -scheduled, 0.0)
    drawn = np.zeros(cash.shape[1]) if details.drawn_ccy is None else details.drawn_ccy[rows]
    closing = cash[BEGINNING] + drawn - scheduled - cash[PREPAID] - cash[DEFAULTED]
    if len(closing):
        closing[-1] = 0.0
    return {
        "day": flows.day,
        "rate": details.rate[rows],
        "opening_balance": cash[BEGINNING],
        "interest": interest - added,
        "scheduled_principal": scheduled + added,
        "prepaid_principal": cash[PREPAID],
        "advanced_principal": cash[ADVANCED],
        "recovered_principal": cash[RECOVERED],
        "principal": principal + added + drawn,
        "drawn": drawn,
        "capitalised": added,
        "defaulted": cash[DEFAULTED],
        "loss": details.loss_ccy[rows],
        "closing_balance": closing,
    }


def _amounts(flows: Flows, scenario: int) -> tuple[Amounts, Amounts]:
    variant = flows.variant_of_scenario[scenario]
    return flows.interest[:, variant], flows.principal[:, variant]


# --- what it is worth -----------------------------------------------------------------------------------------------


def _valued(run: RunInputs, terms: Terms, scenario: int, part: Columns) -> Columns:
    """Interest that is capitalised is not paid: it is in no amount here."""
    day = part["day"]
    factors = paid_factors(run, discount_terms(run, terms), np.zeros(len(day), np.int64), day)[:, scenario]
    cash = part["interest"] + part["principal"] - np.nan_to_num(part["drawn"])
    return part | {
        "period": np.arange(1, len(day) + 1),
        "pay_date": day + run.as_of_day,
        "cash_flow": cash,
        "discount_factor": factors,
        "pv": cash * factors,
    }
