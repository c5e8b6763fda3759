"""The US standardised approach: 12 CFR 217 subpart D."""

import numpy as np

from compute.capital.basics import CLASS, RESIDENTIAL, Basics, Setting, conversion_factors, lasts_at_most
from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from compute.capital.outcomes import Outcome
from compute.capital.real_estate import at_ltv, property_values
from compute.capital.securitisation import weigh_by_ssfa
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason
from domain.portfolio.exposure_columns import COMMITMENT_TYPES, US_CATEGORIES

CATEGORY = {name: place for place, name in enumerate(US_CATEGORIES)}
SAME_NAME = ("HVCRE", "CASH", "COLLECTION_ITEMS", "EQUITY")
UNCHANGED = ("US_GOVERNMENT", "RESIDENTIAL_OTHER", "CASH", "COLLECTION_ITEMS", "EQUITY", "MSA_DTA")
"""Categories whose weight being past due does not change."""
HOME = "US"


def united_states(basics: Basics, setting: Setting) -> Outcome:
    outcome = Outcome.blank(len(basics), basics.exposures.heard is not None)
    rules = setting.rules.get("us")
    if rules is None:
        outcome.fail(np.arange(len(basics)), Reason.UNSUPPORTED)
        return outcome
    factor = us_factors(basics.exposures, rules)
    outcome.ead_ccy[:] = basics.carrying_ccy + factor * basics.undrawn_ccy
    outcome.record("CCF", factor, "the factor of the commitment")
    parts = {"carrying": basics.carrying_ccy, "factor": factor, "undrawn": basics.undrawn_ccy}
    outcome.record("EAD", outcome.ead_ccy, "{carrying} + {factor} x {undrawn}", **parts)
    outcome.fail(basics.asset_class == ABSENT, Reason.UNSUPPORTED)
    tranches = np.flatnonzero(basics.is_of("SECURITISATION"))
    if len(tranches):
        weigh_by_ssfa(outcome, tranches, basics.of(tranches), rules)
    others = np.flatnonzero(~basics.is_of("SECURITISATION") & (basics.asset_class != ABSENT))
    if len(others):
        weigh_categories(outcome, others, basics.of(others), rules)
    outcome.finish()
    return outcome


def us_factors(exposures: Exposures, rules: Rules) -> Array:
    """12 CFR 217.33; a commitment's by its original maturity."""
    short = lasts_at_most(exposures, rules.value("US_CCF", "SHORT_MONTHS"))
    table = np.empty((len(exposures), len(COMMITMENT_TYPES)))
    for place, name in enumerate(COMMITMENT_TYPES):
        if name == "COMMITMENT":
            by_length = (rules.value("US_CCF", "COMMITMENT_SHORT"), rules.value("US_CCF", "COMMITMENT_LONG"))
            table[:, place] = np.where(short, *by_length)
        else:
            table[:, place] = rules.value("US_CCF", name)
    return conversion_factors(exposures, table)


def weigh_categories(outcome: Outcome, rows: Rows, basics: Basics, rules: Rules) -> None:
    exposures = basics.exposures
    category = us_categories(basics)
    weights = rules.values("US_WEIGHT")
    for place, name in enumerate(US_CATEGORIES):
        outcome.weigh(rows[category == place], weights.get(name, np.nan), "US_WEIGHT", name)
    is_equity = category == CATEGORY["EQUITY"]
    if is_equity.any():
        speculative = is_equity & (exposures.choice("equity_type", ("SPECULATIVE",)) == 0)
        outcome.weigh(rows[speculative], rules.value("US_WEIGHT", "SPECULATIVE"), "US_WEIGHT", "SPECULATIVE")
    for name, rule in (("FOREIGN_SOVEREIGN", "US_FOREIGN_SOVEREIGN"), ("FOREIGN_BANK", "US_FOREIGN_BANK")):
        mine = np.flatnonzero(category == CATEGORY[name])
        if len(mine):
            outcome.weigh(rows[mine], foreign_weights(exposures.of(mine), rules, rule), rule)
    weigh_by_ltv(outcome, rows, basics, np.flatnonzero(category == CATEGORY["FIRST_LIEN_PRUDENT"]), rules)
    late = is_past_due(basics, rules) & ~np.isin(category, [CATEGORY[name] for name in UNCHANGED])
    outcome.weigh(rows[late], rules.value("US_PAST_DUE", "OTHER"), "US_PAST_DUE", "OTHER")
    for name in ("FIRST_LIEN_PRUDENT", "FOREIGN_SOVEREIGN"):
        mine = rows[late & (category == CATEGORY[name])]
        outcome.weigh(mine, rules.value("US_PAST_DUE", name), "US_PAST_DUE", name)


def weigh_by_ltv(outcome: Outcome, rows: Rows, basics: Basics, mine: Rows, rules: Rules) -> None:
    """First liens under the proposals of 2026; other rules have no bands, and one weight for all of them."""
    bands = rules.values("US_MORTGAGE_LTV")
    if not bands or not len(mine):
        return
    ltv = property_values(basics.of(mine))[1]
    outcome.weigh(rows[mine], at_ltv(bands, ltv), "US_MORTGAGE_LTV")
    outcome.fail(rows[mine[np.isnan(ltv)]], Reason.INVALID_TERMS)
    outcome.record("LTV", ltv, "(loan + undrawn + liens) / value of the property")


def us_categories(basics: Basics) -> Rows:
    """As brought, else by class; of sovereigns and banks by country."""
    exposures, classes = basics.exposures, basics.asset_class
    category = exposures.choice("us_category", US_CATEGORIES)
    by_class = np.full(len(basics), CATEGORY["CORPORATE"])
    by_class[np.isin(classes, RESIDENTIAL)] = CATEGORY["RESIDENTIAL_OTHER"]
    for name in SAME_NAME:
        by_class[classes == CLASS[name]] = CATEGORY[name]
    national = (("SOVEREIGN", "US_GOVERNMENT", "FOREIGN_SOVEREIGN"), ("BANK", "DEPOSITORY", "FOREIGN_BANK"))
    for name, at_home, abroad in national:
        mine = np.flatnonzero(classes == CLASS[name])
        if len(mine):
            here = exposures.of(mine).coded("country", lambda text: text == HOME, 0) == 1
            exposures.of(mine).hear_text("country")
            by_class[mine] = np.where(here, CATEGORY[at_home], CATEGORY[abroad])
    return np.where(category == ABSENT, by_class, category)


def foreign_weights(exposures: Exposures, rules: Rules, rule: str) -> Array:
    """By the country risk classification, else by membership of the OECD."""
    weights, members = rules.values(rule), rules.values("US_OECD")
    member = exposures.coded("country", members.__contains__, 0) == 1
    exposures.hear_text("country")
    risk = exposures.number("crc")
    by_risk = np.array([weights[f"CRC_{place}"] for place in range(8)])
    known = ~np.isnan(risk)
    of_risk = by_risk[np.where(known, risk, 0).astype(np.int64)]
    return np.where(known, of_risk, np.where(member, weights["OECD"], weights["OTHER"]))


def is_past_due(basics: Basics, rules: Rules) -> Flags:
    """90 days or more, interest not accrued, or in default."""
    exposures = basics.exposures
    days = exposures.number("days_past_due", 0.0) >= rules.value("US_PAST_DUE", "DAYS")
    late: Flags = days | exposures.flag("nonaccrual") | basics.defaulted
    return late
