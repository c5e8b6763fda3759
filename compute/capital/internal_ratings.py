"""The internal ratings-based approach: CRE31, CRE32; the functions of BCBS128."""

from dataclasses import dataclass

import numpy as np

from compute.capital.basics import (
    CLASS,
    RESIDENTIAL,
    Basics,
    Setting,
    basel_factors,
)
from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from compute.capital.credit import lgds, pds
from compute.capital.mismatch import counterparty_classes
from compute.capital.outcomes import Outcome
from compute.capital.securitisation import weigh_tranches
from compute.kernels.capital.irb import (
    capital_requirement,
    correlation_by_pd,
    firm_size_reduction,
    maturity_adjustment,
    maturity_slope,
)
from compute.kernels.capital.periods import regulatory_years
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.exposure_columns import COLLATERAL_TYPES, IRB_APPROACHES

SA, FIRB, AIRB = range(len(IRB_APPROACHES))
FUNCTIONS = ("CORPORATE", "HVCRE", "MORTGAGE", "QRRE", "RETAIL_OTHER")
CORPORATE, HVCRE, MORTGAGE, QRRE, RETAIL_OTHER = range(len(FUNCTIONS))
OUTSIDE = tuple(CLASS[name] for name in ("EQUITY", "CASH", "COLLECTION_ITEMS", "COVERED_BOND", "OTHER"))
"""Classes that take the weights of the standardised approach, whatever approach is named."""
CAPITAL_TO_WEIGHT = 12.5


@dataclass(frozen=True)
class Rated:
    """[n] exposures that the functions weigh, with what the capital of a bank's losses is compared with."""

    rows: Rows
    expected_loss_ccy: Array
    provision_ccy: Array
    rwa_ccy: Array


def internal_ratings(basics: Basics, setting: Setting, by_weights: Outcome) -> tuple[Outcome, Rated]:
    """`by_weights` is what the standardised approach says: of everything outside the functions it stands."""
    outcome = Outcome.blank(len(basics), basics.exposures.heard is not None)
    rules = setting.rules.get("basel")
    outside, tranches, inside = parts_of(basics)
    outcome.take(outside, picked(by_weights, outside))
    if rules is None:
        outcome.fail(np.arange(len(basics)), Reason.UNSUPPORTED)
        return outcome, nothing_rated()
    if len(tranches):
        outcome.take(tranches, tranches_in_irb(basics.of(tranches), setting, picked(by_weights, tranches)))
    rated = nothing_rated()
    if len(inside):
        part, losses = by_functions(basics.of(inside), setting, rules)
        outcome.take(inside, part)
        rated = Rated(inside, losses, basics.provision_ccy[inside], part.rwa_ccy)
    return outcome, rated


def nothing_rated() -> Rated:
    none = np.zeros(0)
    return Rated(np.zeros(0, np.int64), none, none, none)


def parts_of(basics: Basics) -> tuple[Rows, Rows, Rows]:
    approach = basics.exposures.choice("irb_approach", IRB_APPROACHES, "SA")
    is_tranche = basics.is_of("SECURITISATION")
    is_inside = (approach != SA) & ~np.isin(basics.asset_class, (*OUTSIDE, ABSENT)) & ~is_tranche
    takes_tranches = is_tranche & (approach != SA)
    return (np.flatnonzero(~is_inside & ~takes_tranches), np.flatnonzero(takes_tranches), np.flatnonzero(is_inside))


def picked(whole: Outcome, rows: Rows) -> Outcome:
    steps = dict(whole.steps) if whole.steps is not None else None
    return Outcome(
        whole.ead_ccy[rows],
        whole.weight[rows],
        whole.rwa_ccy[rows],
        whole.reason[rows],
        whole.rule[rows],
        list(whole.rules),
        steps,
    )


def tranches_in_irb(basics: Basics, setting: Setting, by_weights: Outcome) -> Outcome:
    """SEC-IRBA first, over the exposure that the standardised approach counts."""
    if not setting.rules["basel"].values("SEC_WEIGHT"):
        return by_weights
    outcome = Outcome.blank(len(basics), basics.exposures.heard is not None)
    outcome.ead_ccy[:] = by_weights.ead_ccy
    for name in ("CCF", "EAD"):
        if outcome.steps is not None and by_weights.steps and name in by_weights.steps:
            outcome.steps[name] = by_weights.steps[name]
    weigh_tranches(outcome, np.arange(len(basics)), basics, setting, is_irb=True)
    outcome.finish()
    return outcome


def by_functions(basics: Basics, setting: Setting, rules: Rules) -> tuple[Outcome, Array]:
    """The outcome, and expected loss in the instrument's currency."""
    outcome = Outcome.blank(len(basics), basics.exposures.heard is not None)
    function, advanced = functions_of(basics), is_advanced(basics, rules)
    outcome.ead_ccy[:] = exposures_at_default(outcome, basics, advanced, rules)
    pd, pd_lacks = floored_pds(basics, setting, rules)
    lgd, lgd_lacks = floored_lgds(outcome, basics, setting, rules, function, advanced)
    outcome.fail(pd_lacks | lgd_lacks, Reason.MISSING_MARKET_DATA)
    outcome.record("PD", pd, "not below the floor")
    outcome.record("LGD", lgd, "after its floor")
    alive = np.flatnonzero(~basics.defaulted)
    capital = np.full(len(basics), np.nan)
    if len(alive):
        inputs = Inputs(function[alive], pd[alive], lgd[alive], advanced[alive])
        capital[alive] = requirement(outcome, basics.of(alive), setting, rules, inputs)
    loss = pd * lgd * outcome.ead_ccy
    dead = np.flatnonzero(basics.defaulted)
    if len(dead):
        capital[dead], loss[dead] = of_defaulted(outcome, basics.of(dead), dead, lgd[dead], advanced[dead])
    outcome.record("K", capital, "the capital per unit of exposure")
    for place, name in enumerate(FUNCTIONS):
        mine = np.flatnonzero((function == place) & ~basics.defaulted)
        outcome.weigh(mine, CAPITAL_TO_WEIGHT * capital[mine], f"IRB_{name}")
    outcome.weigh(dead, CAPITAL_TO_WEIGHT * capital[dead], "IRB_DEFAULTED")
    outcome.finish(rules.value("IRB", "SCALING"))
    outcome.record("RISK_WEIGHT", outcome.weight, "12.5 x {k}", k=capital)
    loss[outcome.reason != Reason.NONE] = np.nan
    return outcome, loss


def functions_of(basics: Basics) -> Rows:
    function = np.full(len(basics), CORPORATE, np.int64)
    function[basics.is_of("HVCRE")] = HVCRE
    function[basics.is_of("RETAIL", "RETAIL_OTHER")] = RETAIL_OTHER
    function[basics.is_of("RETAIL_TRANSACTOR", "RETAIL_REVOLVER")] = QRRE
    homes = np.flatnonzero(np.isin(basics.asset_class, RESIDENTIAL))
    if len(homes):
        to_people = counterparty_classes(basics.of(homes)) == CLASS["RETAIL"]
        function[homes[to_people]] = MORTGAGE
    return function


def is_advanced(basics: Basics, rules: Rules) -> Flags:
    """Retail always; banks, financial institutions and large companies not under rules that say so."""
    exposures = basics.exposures
    function = functions_of(basics)
    advanced = exposures.choice("irb_approach", IRB_APPROACHES, "SA") == AIRB
    limits = rules.values("FIRB_ONLY")
    if limits:
        wholesale = np.isin(function, (CORPORATE, HVCRE))
        large = exposures.number("sales_eur_m") > limits["SALES_EUR_M"]
        only_foundation = basics.is_of("BANK") | exposures.flag("financial_institution") | large
        advanced &= ~(wholesale & only_foundation)
    chosen: Flags = advanced | np.isin(function, (MORTGAGE, QRRE, RETAIL_OTHER))
    return chosen


def exposures_at_default(outcome: Outcome, basics: Basics, advanced: Flags, rules: Rules) -> Array:
    """Before provisions; an own estimate of the conversion factor is at least half the standardised one."""
    factor = basel_factors(basics.exposures, rules)
    if advanced.any():
        own = basics.exposures.number("ccf")
        floor = rules.value("OWN_CCF_FLOOR", "SHARE") * factor
        factor = np.where(advanced & ~np.isnan(own), np.maximum(own, floor), factor)
    ead: Array = basics.carrying_ccy + factor * basics.undrawn_ccy
    outcome.record("CCF", factor, "the factor of the commitment")
    parts = {"carrying": basics.carrying_ccy, "factor": factor, "undrawn": basics.undrawn_ccy}
    outcome.record("EAD", ead, "{carrying} + {factor} x {undrawn}", **parts)
    return ead


def floored_pds(basics: Basics, setting: Setting, rules: Rules) -> tuple[Array, Flags]:
    """1 of what is in default; and where nothing says one."""
    given = pds(basics, setting)
    floor = np.full(len(basics), rules.value("PD_FLOOR", "OTHER"))
    floor[basics.is_of("RETAIL_REVOLVER")] = rules.value("PD_FLOOR", "RETAIL_REVOLVER")
    floor[basics.is_of("SOVEREIGN")] = rules.value("PD_FLOOR", "SOVEREIGN")
    return np.maximum(given, floor), np.isnan(given)


# --- loss given default ---------------------------------------------------------------------------------------------


def floored_lgds(
    outcome: Outcome, basics: Basics, setting: Setting, rules: Rules, function: Rows, advanced: Flags
) -> tuple[Array, Flags]:
    """The supervisory LGD of the foundation approach, the own one of the advanced; and where one is missing."""
    share, kind = secured_shares(basics, outcome.ead_ccy, rules, function)
    lgd, lacks = np.full(len(basics), np.nan), np.zeros(len(basics), np.bool_)
    chosen = np.flatnonzero(advanced)
    if len(chosen):
        own = lgds(basics.of(chosen), setting)
        floor = lgd_floors(basics.of(chosen), rules, function[chosen], share[chosen], kind[chosen])
        lgd[chosen], lacks[chosen] = np.maximum(own, floor), np.isnan(own)
    chosen = np.flatnonzero(~advanced)
    if len(chosen):
        unsecured = supervisory_lgds(basics.of(chosen), rules)
        lgd[chosen] = mixed(rules, "FIRB_LGD_SECURED", share[chosen], kind[chosen], unsecured)
    return lgd, lacks


def lgd_floors(basics: Basics, rules: Rules, function: Rows, share: Array, kind: Rows) -> Array:
    floor = np.full(len(basics), rules.value("LGD_FLOOR", "CORPORATE"))
    floor[function == RETAIL_OTHER] = rules.value("LGD_FLOOR", "RETAIL_OTHER")
    floor = mixed(rules, "LGD_FLOOR_SECURED", share, kind, floor)
    floor[function == MORTGAGE] = rules.value("LGD_FLOOR", "MORTGAGE")
    floor[function == QRRE] = rules.value("LGD_FLOOR", "QRRE")
    floor[basics.is_of("SOVEREIGN")] = rules.value("LGD_FLOOR", "SOVEREIGN")
    return floor


def supervisory_lgds(basics: Basics, rules: Rules) -> Array:
    exposures = basics.exposures
    financial = basics.is_of("BANK", "SOVEREIGN") | exposures.flag("financial_institution")
    by_kind = (rules.value("FIRB_LGD", "FINANCIAL_INSTITUTION"), rules.value("FIRB_LGD", "CORPORATE"))
    junior = exposures.coded("seniority", lambda text: text == "SUBORDINATED", 0) == 1
    exposures.hear_text("seniority")
    return np.where(junior, rules.value("FIRB_LGD", "SUBORDINATED"), np.where(financial, *by_kind))


def secured_shares(basics: Basics, ead_ccy: Array, rules: Rules, function: Rows) -> tuple[Array, Rows]:
    """Share of the exposure that collateral covers after its haircut, and the collateral's type."""
    exposures = basics.exposures
    kind = exposures.choice("collateral_type", COLLATERAL_TYPES)
    share = np.zeros(len(basics))
    index = np.flatnonzero((kind != ABSENT) & ~np.isin(function, (MORTGAGE, QRRE)))
    if not len(index):
        return share, kind
    some = exposures.of(index)
    haircuts = (rules.value("HAIRCUT", "FINANCIAL"), rules.value("HAIRCUT", "OTHER"))
    by_default = np.where(kind[index] == 0, *haircuts)
    given = some.number("collateral_haircut")
    covered = some.number("collateral_value", 0.0) * (1.0 - np.where(np.isnan(given), by_default, given))
    ead = ead_ccy[index]
    with np.errstate(invalid="ignore", divide="ignore"):
        share[index] = np.where(ead > 0.0, np.minimum(1.0, covered / ead), 0.0)
    return share, kind


def mixed(rules: Rules, rule: str, share: Array, kind: Rows, unsecured: Array) -> Array:
    """The secured part at its own figure, the rest at the unsecured one."""
    if not (share > 0.0).any():
        return unsecured
    secured = np.array([rules.value(rule, name) for name in COLLATERAL_TYPES])[np.maximum(kind, 0)]
    both: Array = share * secured + (1.0 - share) * unsecured
    return both


# --- capital --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inputs:
    """[n] of what is not in default."""

    function: Rows
    pd: Array
    lgd: Array
    advanced: Flags


def requirement(outcome: Outcome, basics: Basics, setting: Setting, rules: Rules, inputs: Inputs) -> Array:
    """K of what is not in default."""
    function, pd, advanced = inputs.function, inputs.pd, inputs.advanced
    correlation = correlations(basics, rules, function, pd)
    adjustment = np.ones(len(basics))
    wholesale = np.flatnonzero(np.isin(function, (CORPORATE, HVCRE)))
    outcome.record("R", correlation, "the correlation of the class")
    if len(wholesale):
        maturity = effective_maturities(basics.exposures.of(wholesale), setting, rules, advanced[wholesale])
        intercept, slope = rules.value("IRB_MATURITY", "INTERCEPT"), rules.value("IRB_MATURITY", "SLOPE")
        b = maturity_slope(pd[wholesale], intercept, slope)
        standard = rules.value("IRB_MATURITY", "STANDARD")
        adjustment[wholesale] = maturity_adjustment(maturity, b, standard)
        outcome.record("B", b, "({i} - {s} x ln({pd}))^2", i=intercept, s=slope, pd=pd)
        outcome.record("M", maturity, "years, within 1 and 5")
        said = "(1 + ({m} - {standard}) x {b}) / (1 - 1.5 x {b})"
        outcome.record("MATURITY_ADJUSTMENT", adjustment, said, m=maturity, b=b, standard=standard)
    return capital_requirement(pd, inputs.lgd, correlation, adjustment, rules.value("IRB", "CONFIDENCE"))


def correlations(basics: Basics, rules: Rules, function: Rows, pd: Array) -> Array:
    exposures, found = basics.exposures, np.full(len(basics), np.nan)
    found[function == MORTGAGE] = rules.value("IRB_MORTGAGE", "CORRELATION")
    found[function == QRRE] = rules.value("IRB_QRRE", "CORRELATION")
    for place in (CORPORATE, HVCRE, RETAIL_OTHER):
        mine = np.flatnonzero(function == place)
        if len(mine):
            low, high, decay = (rules.value(f"IRB_{FUNCTIONS[place]}", each) for each in ("LOW", "HIGH", "DECAY"))
            found[mine] = correlation_by_pd(pd[mine], low, high, decay)
    wholesale = np.isin(function, (CORPORATE, HVCRE))
    if wholesale.any():
        multiplier = np.where(exposures.flag("large_or_unregulated_fi"), rules.value("IRB_FI", "MULTIPLIER"), 1.0)
        found = np.where(wholesale, found * multiplier, found)
        sized = (function == CORPORATE) & ~basics.is_of("BANK", "SOVEREIGN")
        terms = (rules.value("IRB_SME", each) for each in ("REDUCTION", "FLOOR", "CAP"))
        found = np.where(sized, found - firm_size_reduction(exposures.number("sales_eur_m"), *terms), found)
    return found


def effective_maturities(exposures: Exposures, setting: Setting, rules: Rules, advanced: Flags) -> Array:
    """As brought; else the standard of the foundation approach, the years to maturity of the advanced."""
    brought = exposures.number("effective_maturity")
    standard = np.full(len(exposures), rules.value("IRB_MATURITY", "STANDARD"))
    if advanced.any():
        matures = exposures.day("maturity_date")
        dated = matures != ABSENT_DATE
        years = regulatory_years(setting.as_of_day, np.where(dated, matures, setting.as_of_day))
        standard = np.where(advanced & dated, years, standard)
    floor, cap = rules.value("IRB_MATURITY", "FLOOR"), rules.value("IRB_MATURITY", "CAP")
    return np.clip(np.where(np.isnan(brought), standard, brought), floor, cap)


def of_defaulted(outcome: Outcome, basics: Basics, rows: Rows, lgd: Array, advanced: Flags) -> tuple[Array, Array]:
    """Capital and expected loss: CRE31.3, CRE35.3."""
    best = np.full(len(basics), np.nan)
    chosen = np.flatnonzero(advanced)
    if len(chosen):
        best[chosen] = basics.exposures.of(chosen).number("best_estimate_el")
        outcome.fail(rows[chosen[np.isnan(best[chosen])]], Reason.INVALID_TERMS)
    outcome.record("BEST_ESTIMATE_EL", best, "as brought")
    capital = np.where(advanced, np.maximum(0.0, lgd - best), 0.0)
    loss = np.where(advanced, best, lgd) * outcome.ead_ccy[rows]
    return capital, loss
