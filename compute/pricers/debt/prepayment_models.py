"""Positions whose prepayment speed is a model of the market: which, and what they follow under each move of rates."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.flows.prepayment_model import NO_MODEL, Followed, fill_market_rates
from compute.kernels.flows.speeds import MODEL, PREPAYMENT_KINDS
from compute.market.prepayment_tables import YEAR_DAYS
from compute.outputs.failures import Failing
from compute.pricers.debt.speeds import Behaviour, kind_of
from compute.pricers.debt.terms import FLOATING, LOAN, is_custom_loan
from compute.pricers.shared.bumps import TOMORROW, Bump, factors_under
from domain.market.prepayment import model_name
from domain.measures.failures import Reason
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES

Array = NDArray[np.float64]
POOL = PRODUCT_TYPES.index("ABS_MBS")


def follows_model(run: RunInputs, terms: Terms) -> NDArray[np.bool_]:
    """[n] loans, pools and floaters that name a model, where speeds count at all."""
    named = names_model(terms)
    if run.is_contractual or not named.any():
        return np.zeros(len(terms), np.bool_)
    product = terms.choice("product_type", PRODUCT_TYPES)
    reads = (product == LOAN) | (product == POOL) | (terms.choice("rate_type", RATE_TYPES) == FLOATING)
    follows: NDArray[np.bool_] = named & reads & ~is_custom_loan(terms)
    return follows


def names_model(terms: Terms) -> NDArray[np.bool_]:
    kind = terms.code("prepayment kind", "prepayment", lambda text: kind_of(text, PREPAYMENT_KINDS))
    named: NDArray[np.bool_] = kind == MODEL
    return named


def model_rows(run: RunInputs, terms: Terms) -> NDArray[np.int32]:
    """[n] NO_MODEL where none is named, or one that the market does not have."""
    known = run.tables.prepayment.row
    rows = terms.code("prepayment model", "prepayment", lambda text: known.get(model_name(text), NO_MODEL))
    return np.maximum(rows, NO_MODEL).astype(np.int32)


def check_models(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """A model that is named is in the market, and what burns out has an original balance."""
    named, known = names_model(terms), run.tables.prepayment

    def sentence(i: int) -> str:
        return lacking(run, model_name(terms.text_at("prepayment", i)))

    failing.where(named & (model_rows(run, terms) == NO_MODEL), Reason.MISSING_MARKET_DATA, sentence)
    burns = terms.code("burns out", "prepayment", lambda text: int(known.burns_out(model_name(text)))) == 1
    nil = terms.number("original_balance") == 0.0
    failing.where(named & burns & nil, Reason.INVALID_TERMS, "burnout counts by original_balance, which is nil")


def lacking(run: RunInputs, name: str) -> str:
    """Why a model that is named cannot be followed."""
    if name in run.tables.prepayment.unsolved:
        return f"the curve of prepayment model {name!r} is not solved: {run.tables.curve_problems}"
    return f"the market has no prepayment model {name!r}"


def original_balances_ccy(terms: Terms, held_ccy: Array) -> Array:
    """[n] today's where the instrument says none."""
    original = terms.number("original_balance")
    return np.where(np.isnan(original), np.abs(held_ccy), original)


def following(
    run: RunInputs,
    terms: Terms,
    behaviours: Sequence[Behaviour],
    bump: Bump,
    *,
    pay_day: NDArray[np.int32],
    gross_rate: Array,
    held_ccy: Array,
) -> list[Behaviour]:
    """The same with what they follow; unchanged where none of the positions follows a model.

    pay_day, gross_rate [P] of every period, held_ccy [n]
    """
    if not any((each.speeds.prepayment_kind == MODEL).any() for each in behaviours):
        return list(behaviours)
    common = Followed(
        models=run.tables.prepayment.coefficients,
        market_rate=market_rates(run, bump),
        as_of_day=run.as_of_day,
        row=model_rows(run, terms),
        scenario=np.empty(0, np.int32),
        pay_day=np.ascontiguousarray(pay_day, np.int32),
        gross_rate=np.ascontiguousarray(gross_rate, np.float64),
        original_ccy=np.ascontiguousarray(original_balances_ccy(terms, held_ccy), np.float64),
    )
    return [replace(each, followed=common._replace(scenario=_scenario_of(each))) for each in behaviours]


def _scenario_of(behaviour: Behaviour) -> NDArray[np.int32]:
    """[V] a scenario that sees each variant."""
    found = np.zeros(len(behaviour.variants.severity_add), np.int32)
    found[behaviour.variants.of_scenario[behaviour.scenarios]] = behaviour.scenarios
    return found


def market_rates(run: RunInputs, bump: Bump) -> Array:
    """[Q, days, S] of every model, by the day from which it looks; made once a run and worker for each bump."""
    found: Array = run.lookups.once("market rates", repr(bump), partial(_market_rates, run, bump))
    return found


def _market_rates(run: RunInputs, bump: Bump) -> Array:
    known, factors = run.tables.prepayment, factors_under(run, bump)
    longest = max(model.rate.tenor_yr for model in known.models)
    rates = np.empty((len(known.models), factors.shape[1] - longest * YEAR_DAYS, factors.shape[2]))
    for row, (model, curve) in enumerate(zip(known.models, known.curve_row, strict=True)):
        of_curve = np.ascontiguousarray(factors[curve])
        fill_market_rates(run.as_of_day, model.rate.tenor_yr, model.rate.spread, of_curve, rates[row])
        if bump == TOMORROW:
            rates[row, 0] = rates[row, 1]  # nothing is read before the day that is then the valuation date
    return rates
