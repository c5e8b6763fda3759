"""A run's exposures by every framework that it names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from compute.capital.basics import Basics, Setting, basics_of, is_exposure
from compute.capital.columns import Array, Columns, Exposures, Heard, Rows
from compute.capital.counterparty.netting import Netting, netting_of
from compute.capital.counterparty.trades import Brought
from compute.capital.credit import Credit, credit_of
from compute.capital.internal_ratings import Rated, internal_ratings
from compute.capital.outcomes import Outcome
from compute.capital.standardised import standardised
from compute.capital.united_states import united_states
from domain.capital.policies import PolicyDocument
from domain.capital.rule_sets import rules_of_families
from domain.capital.transitions import default_probabilities
from domain.market.document import MarketDocument
from domain.market.fx_chains import chain
from domain.measures.failures import Reason
from domain.portfolio.ratings import SCALE
from domain.runs.run import RunRequested

EPOCH = date(1970, 1, 1)
BASEL_DEFAULT_DAYS = 90.0
MEASURES = ("RWA_SA", "RWA_IRB", "RWA_US_SA")
FAMILY_OF = {"RWA_SA": "basel", "RWA_IRB": "basel", "RWA_US_SA": "us"}


@dataclass(frozen=True)
class Worked:
    """Everything is of the exposures alone, in the order of `rows`."""

    columns: Columns
    setting: Setting
    policy: PolicyDocument | None
    rows: Rows
    """[exposures] rows of the positions"""
    basics: Basics
    credit: Credit
    outcomes: Mapping[str, Outcome]
    """by measure"""
    rated: Rated
    rate: Array
    """[exposures] base currency per unit, NaN where no pairs lead there"""
    netting: Netting | None = None
    """derivatives by netting set, in base currency"""


def setting_of(requested: RunRequested, market: MarketDocument) -> tuple[Setting, PolicyDocument | None]:
    policy = PolicyDocument.model_validate(requested.policy_document) if requested.policy_document else None
    by_letter = default_probabilities(market.rating_transitions)
    said = policy or PolicyDocument(policy_id="none")
    setting = Setting(
        as_of_day=(requested.as_of - EPOCH).days,
        rules=rules_of_families(requested.rules, requested.as_of),
        capital=said.capital,
        lgd_defaults=dict(said.lgd_defaults),
        pd_of_notch=np.array([by_letter.get(notch, np.nan) for notch in SCALE]),
        rates=rates_to_base(market, requested.base_currency),
    )
    return setting, policy


def rates_to_base(market: MarketDocument, base: str) -> dict[str, float]:
    """By currency, through the spots of the market; without one where no pairs lead there."""
    spots = {each.pair: each.spot for each in market.fx_spots}
    currencies = {currency for pair in spots for currency in (pair[:3], pair[3:])} | {base}
    rates = {}
    for currency in currencies:
        steps = chain(spots, currency, base)
        if steps is not None:
            rate = 1.0
            for step in steps:
                rate = rate / spots[step.pair] if step.is_inverse else rate * spots[step.pair]
            rates[currency] = rate
    return rates


def work_out(columns: Columns, requested: RunRequested, market: MarketDocument) -> Worked:
    return work_out_by(columns, *setting_of(requested, market))


def work_out_by(columns: Columns, setting: Setting, policy: PolicyDocument | None) -> Worked:
    everything = Exposures(columns, np.arange(columns.portfolio.position_count))
    rows = np.flatnonzero(is_exposure(everything))
    exposures = Exposures(columns, rows)
    basics = basics_of(exposures, default_days(setting))
    by_weights = standardised(basics, setting)
    by_ratings, rated = internal_ratings(basics, setting, by_weights)
    outcomes = dict(zip(MEASURES, (by_weights, by_ratings, united_states(basics, setting)), strict=True))
    rate = rates_of(exposures, setting)
    for outcome in outcomes.values():
        outcome.leave_out(np.isnan(rate), Reason.MISSING_MARKET_DATA)
    return Worked(columns, setting, policy, rows, basics, credit_of(basics, setting), outcomes, rated, rate)


def with_netting_sets(worked: Worked, requested: RunRequested, brought: Brought) -> Worked:
    days = default_days(worked.setting)
    netting = netting_of(worked.columns, worked.setting, requested.base_currency, days, brought)
    return replace(worked, netting=netting)


def rates_of(exposures: Exposures, setting: Setting) -> Array:
    """[n] base currency per unit, NaN where no pairs lead there."""
    return exposures.own_number("currency", lambda text: setting.rates.get(text, np.nan), np.nan)


def capital_share(setting: Setting) -> float:
    """Capital over risk-weighted assets by the Basel rules that the run pins; NaN without any."""
    rules = setting.rules.get("basel")
    return rules.value("CAPITAL", "SHARE") if rules else np.nan


def default_days(setting: Setting) -> float:
    """Days past due beyond which Basel speaks of a default."""
    rules = setting.rules.get("basel")
    return rules.value("IRB_DEFAULTED", "DAYS") if rules else BASEL_DEFAULT_DAYS


# --- one exposure ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Explained:
    measure: str
    outcome: Outcome
    """of one exposure, with its steps"""
    heard: Mapping[str, Heard]


def explain(columns: Columns, requested: RunRequested, market: MarketDocument, row: int) -> list[Explained] | None:
    """Of one position; None where it is no exposure by itself."""
    setting, _ = setting_of(requested, market)
    if not is_exposure(Exposures(columns, np.array([row])))[0]:
        return None
    sa = _alone(columns, row, setting, lambda basics: standardised(basics, setting))
    irb = _alone(columns, row, setting, lambda basics: internal_ratings(basics, setting, sa[0])[0])
    us = _alone(columns, row, setting, lambda basics: united_states(basics, setting))
    if not irb[0].rule_names()[0].startswith(("IRB_", "SEC_")):
        irb = (irb[0], {**sa[1], **irb[1]})
    return [Explained(name, *each) for name, each in zip(MEASURES, (sa, irb, us), strict=True)]


def _alone(
    columns: Columns, row: int, setting: Setting, framework: Callable[[Basics], Outcome]
) -> tuple[Outcome, dict[str, Heard]]:
    heard: dict[str, Heard] = {}
    exposures = Exposures(columns, np.array([row]), heard)
    outcome = framework(basics_of(exposures, default_days(setting)))
    outcome.leave_out(np.isnan(rates_of(exposures, setting)), Reason.MISSING_MARKET_DATA)
    return outcome, heard
