"""The standardised approach to credit risk: CRE20."""

import numpy as np

from compute.capital.basics import NOT_IN_DEFAULT, RETAIL_CLASSES, Basics, Setting, basel_factors
from compute.capital.columns import ABSENT, Rows
from compute.capital.mismatch import charged, mismatched
from compute.capital.outcomes import Outcome
from compute.capital.real_estate import weigh_real_estate
from compute.capital.securitisation import weigh_tranches
from compute.capital.unsecured import unsecured_weights
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason


def standardised(basics: Basics, setting: Setting) -> Outcome:
    outcome = Outcome.blank(len(basics), basics.exposures.heard is not None)
    rules = setting.rules.get("basel")
    if rules is None or not rules.values("SOVEREIGN"):
        outcome.fail(np.arange(len(basics)), Reason.UNSUPPORTED)
        return outcome
    factor = basel_factors(basics.exposures, rules)
    net = np.maximum(0.0, basics.carrying_ccy - basics.provision_ccy)
    outcome.ead_ccy[:] = net + factor * basics.undrawn_ccy
    outcome.record("CCF", factor, "the factor of the commitment")
    said = "max(0, {carrying} - {provision}) + {factor} x {undrawn}"
    parts = {"carrying": basics.carrying_ccy, "provision": basics.provision_ccy, "undrawn": basics.undrawn_ccy}
    outcome.record("EAD", outcome.ead_ccy, said, factor=factor, **parts)
    weigh(outcome, basics, setting, rules)
    outcome.finish()
    return outcome


def weigh(outcome: Outcome, basics: Basics, setting: Setting, rules: Rules) -> None:
    outcome.fail(basics.asset_class == ABSENT, Reason.UNSUPPORTED)
    in_default = basics.defaulted & ~np.isin(basics.asset_class, (*NOT_IN_DEFAULT, ABSENT))
    weigh_defaulted(outcome, basics, np.flatnonzero(in_default), rules)
    alive = ~in_default & (basics.asset_class != ABSENT)
    tranches = np.flatnonzero(alive & basics.is_of("SECURITISATION"))
    if len(tranches):
        weigh_tranches(outcome, tranches, basics.of(tranches), setting, is_irb=False)
    is_property = basics.is_of("RESIDENTIAL_RE", "RESIDENTIAL_RE_INCOME", "COMMERCIAL_RE", "COMMERCIAL_RE_INCOME")
    properties = np.flatnonzero(alive & is_property)
    if len(properties):
        weigh_real_estate(outcome, properties, basics.of(properties), setting)
    others = np.flatnonzero(alive & ~is_property & ~basics.is_of("SECURITISATION"))
    if len(others):
        part = basics.of(others)
        weight, rule_codes, names, reason = unsecured_weights(part.exposures, part.asset_class, setting, is_own=True)
        for code, cited in enumerate(names):
            mine = rule_codes == code
            outcome.weigh(others[mine], weight[mine], *cited)
        for why in (Reason.UNSUPPORTED, Reason.INVALID_TERMS):
            outcome.fail(others[reason == why], why)
    charge_mismatch(outcome, basics, np.flatnonzero(alive), rules)


def weigh_defaulted(outcome: Outcome, basics: Basics, rows: Rows, rules: Rules) -> None:
    """CRE20.104-107."""
    if not len(rows):
        return
    part = basics.of(rows)
    covered = ~(part.provision_ccy < rules.value("DEFAULTED", "provisions") * part.carrying_ccy)
    is_home = part.is_of("RESIDENTIAL_RE")
    chosen = {"RESIDENTIAL_RE": is_home, "otherwise": ~is_home & covered, "below": ~is_home & ~covered}
    for parameter, mine in chosen.items():
        outcome.weigh(rows[mine], rules.value("DEFAULTED", parameter), "DEFAULTED", parameter)


def charge_mismatch(outcome: Outcome, basics: Basics, rows: Rows, rules: Rules) -> None:
    """CRE20.92: retail and residential property of people who earn in another currency. A split loan has been charged
    part by part."""
    exposed = mismatched(basics.of(rows))
    part = rows[exposed & np.isin(basics.asset_class[rows], RETAIL_CLASSES)]
    if len(part):
        outcome.weight[part] = charged(outcome.weight[part], rules)
