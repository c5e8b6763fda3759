"""Exposure at default of netting sets by SA-CCR, and what they weigh: their counterparty's unsecured weight."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from compute.capital.basics import Basics, Setting, basics_of
from compute.capital.columns import ABSENT, Array, Columns, Exposures, Flags, Rows
from compute.capital.counterparty.aggregation import HedgingSets, hedging_sets
from compute.capital.counterparty.agreements import Agreements, agreements_of, counterparties
from compute.capital.counterparty.terms import is_netted
from compute.capital.counterparty.trades import Brought, Trades, trades_of
from compute.capital.outcomes import Outcome
from compute.capital.standardised import weigh
from compute.capital.united_states import weigh_categories
from compute.kernels.capital.sa_ccr import maturity_factors, multipliers
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason
from domain.portfolio.columns import Portfolio


@dataclass(frozen=True)
class Exposed:
    """[s] of netting sets, with margin or without; base currency."""

    maturity_factor: Array
    """[n]"""
    effective_notional: Array
    """[n] signed"""
    sets: HedgingSets
    addons: Array
    """[s, assets]"""
    addon: Array
    replacement_cost: Array
    multiplier: Array
    pfe: Array
    ead: Array


@dataclass(frozen=True)
class Netting:
    """Netting sets of a run; amounts in base currency."""

    portfolio: Portfolio
    base_currency: str
    trades: Trades
    agreements: Agreements
    exposed: Exposed
    unmargined: Array
    """[s] EAD without margin, which one with margin does not exceed"""
    value: Array
    ead: Array
    """NaN where a trade has no figure"""
    columns: Columns
    """the agreements as positions"""
    basics: Basics
    outcomes: Mapping[str, Outcome]
    """by measure"""

    def __len__(self) -> int:
        return len(self.agreements)


def netting_of(
    columns: Columns, setting: Setting, base_currency: str, default_days: float, brought: Brought
) -> Netting | None:
    """None where the book has neither derivatives nor netting sets, and under rules that know none."""
    everything = Exposures(columns, np.arange(columns.portfolio.position_count))
    rows = np.flatnonzero(is_netted(everything))
    rules = setting.rules.get("basel")
    if rules is None or not rules.values("SA_CCR") or not (len(rows) or "netting_sets" in columns.portfolio.tables):
        return None
    trades = trades_of(Exposures(columns, rows), setting, rules, brought)
    agreements = agreements_of(columns.portfolio, rows, setting, base_currency)
    count = len(agreements)
    value = np.bincount(agreements.of_trade, weights=np.nan_to_num(trades.value), minlength=count).astype(np.float64)
    own = _exposed(trades, agreements, value, rules, margined=agreements.is_margined)
    bare = _exposed(trades, agreements, value, rules, margined=np.zeros(count, np.bool_))
    reason = _reasons(trades, agreements)
    ead = np.where(reason == 0, np.minimum(own.ead, bare.ead), np.nan)
    held = counterparties(columns.portfolio, agreements)
    basics = _basics(held, ead, default_days)
    weighed = (held, basics, _outcomes(basics, ead, reason, setting))
    return Netting(columns.portfolio, base_currency, trades, agreements, own, bare.ead, value, ead, *weighed)


def _exposed(trades: Trades, agreements: Agreements, value: Array, rules: Rules, margined: Flags) -> Exposed:
    count, of_trade = len(agreements), agreements.of_trade
    year = rules.value("SA_CCR", "YEAR_DAYS")
    plain = maturity_factors(trades.terms.maturity_yr, rules.value("SA_CCR", "MINIMUM_DAYS") / year)
    at_risk = rules.value("SA_CCR", "MARGINED_MULTIPLIER") * np.sqrt(agreements.margin_days / year)
    factor = np.where(margined[of_trade], at_risk[of_trade], plain)
    effective = trades.adjusted_notional * trades.delta * factor
    sets = hedging_sets(trades, of_trade, effective, rules)
    addons = sets.addons(count)
    addon = addons.sum(axis=1)
    uncovered = value - agreements.collateral
    called = agreements.threshold + agreements.transfer_amount - agreements.nica
    cost = np.maximum(0.0, np.where(margined, np.maximum(uncovered, called), uncovered))
    multiplier = multipliers(value, agreements.collateral, addon, rules.value("SA_CCR", "MULTIPLIER_FLOOR"))
    pfe = multiplier * addon
    ead = rules.value("SA_CCR", "ALPHA") * (cost + pfe)
    return Exposed(factor, effective, sets, addons, addon, cost, multiplier, pfe, ead)


def _reasons(trades: Trades, agreements: Agreements) -> Rows:
    """The first trade's that has one, in the snapshot's order; amounts without a rate of exchange."""
    reason = np.zeros(len(agreements), np.int64)
    lost = np.flatnonzero(trades.reason)[::-1]
    reason[agreements.of_trade[lost]] = trades.reason[lost]
    blank = np.isnan(agreements.collateral + agreements.nica + agreements.threshold + agreements.transfer_amount)
    return np.where((reason == 0) & blank, Reason.MISSING_MARKET_DATA, reason)


# --- weights --------------------------------------------------------------------------------------------------------


def _basics(held: Columns, ead: Array, default_days: float) -> Basics:
    basics = basics_of(Exposures(held, np.arange(len(ead))), default_days)
    nothing = np.zeros(len(ead))
    return replace(basics, carrying_ccy=ead, undrawn_ccy=nothing, provision_ccy=nothing)


def _outcomes(basics: Basics, ead: Array, reason: Rows, setting: Setting) -> dict[str, Outcome]:
    """By internal ratings the weight is the standardised one; in the US that of the counterparty's category."""
    by_weights = Outcome.blank(len(basics), is_explained=False)
    weigh(by_weights, basics, setting, setting.rules["basel"])
    by_category = Outcome.blank(len(basics), is_explained=False)
    rules = setting.rules.get("us")
    by_category.fail(basics.asset_class == ABSENT, Reason.UNSUPPORTED)
    rows = np.flatnonzero(basics.asset_class != ABSENT)
    if rules is not None and len(rows):
        weigh_categories(by_category, rows, basics.of(rows), rules)
    for outcome in (by_weights, by_category):
        outcome.ead_ccy[:] = ead
        for why in np.unique(reason[reason > 0]).tolist():
            outcome.reason[reason == why] = why
        outcome.finish()
    return {"RWA_SA": by_weights, "RWA_IRB": by_weights, "RWA_US_SA": by_category}
