"""Tranches: SEC-IRBA, SEC-ERBA and SEC-SA of Basel (CRE40-44), SSFA of the United States (12 CFR 217.43)."""

from dataclasses import dataclass

import numpy as np

from compute.capital.basics import Basics, Setting, at_notch, notches, weights_by_notch
from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from compute.capital.outcomes import Outcome
from compute.kernels.capital.periods import regulatory_years
from compute.kernels.capital.tranches import (
    by_maturity,
    delinquency_adjusted,
    supervisory_capital,
    supervisory_weight,
)
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.exposure_columns import SEC_APPROACHES
from domain.portfolio.ratings import UNKNOWN

IRBA, ERBA, SA = range(3)
"""Places in SEC_APPROACHES."""
FULL = 3
"""No approach can be used: the full weight."""
POOL_TYPES = ("WHOLESALE", "RETAIL")
CURVE = ("A", "B", "C", "D", "E")


@dataclass(frozen=True)
class Tranches:
    """[n] of the exposures that are tranches; shares of the pool."""

    exposures: Exposures
    attachment: Array
    detachment: Array
    senior: Flags
    stc: Flags
    again: Flags
    """resecuritisations"""
    maturity_yr: Array
    """M_T, NaN where nothing says it"""

    def of(self, chosen: Rows) -> "Tranches":
        return Tranches(
            self.exposures.of(chosen),
            self.attachment[chosen],
            self.detachment[chosen],
            self.senior[chosen],
            self.stc[chosen],
            self.again[chosen],
            self.maturity_yr[chosen],
        )

    @property
    def has_place(self) -> Flags:
        return self.detachment > self.attachment

    @property
    def thickness(self) -> Array:
        return self.detachment - self.attachment

    @property
    def between(self) -> tuple[Array, Array]:
        """Attachment and detachment that formulas can take: of a tranche without them the whole pool."""
        return np.where(self.has_place, self.attachment, 0.0), np.where(self.has_place, self.detachment, 1.0)


def tranches_of(exposures: Exposures, setting: Setting, rules: Rules) -> Tranches:
    detachment = exposures.number("detachment")
    senior = np.where(exposures.said("senior"), exposures.flag("senior"), detachment == 1.0)
    return Tranches(
        exposures,
        exposures.number("attachment"),
        detachment,
        senior.astype(np.bool_),
        exposures.flag("stc"),
        exposures.flag("resecuritisation"),
        tranche_maturities(exposures, setting, rules),
    )


def tranche_maturities(exposures: Exposures, setting: Setting, rules: Rules) -> Array:
    """M_T: as brought, else 1 + 0.8 (M_L - 1); within 1 and 5. Source: CRE40.22."""
    brought = exposures.number("tranche_maturity")
    matures = exposures.day("maturity_date")
    dated = matures != ABSENT_DATE
    legal = np.where(dated, regulatory_years(setting.as_of_day, np.where(dated, matures, setting.as_of_day)), np.nan)
    floor, cap = rules.value("SEC_MATURITY", "FLOOR"), rules.value("SEC_MATURITY", "CAP")
    of_legal = 1.0 + rules.value("SEC_MATURITY", "SLOPE") * (legal - 1.0)
    return np.clip(np.where(np.isnan(brought), of_legal, brought), floor, cap)


def weigh_tranches(outcome: Outcome, rows: Rows, basics: Basics, setting: Setting, *, is_irb: bool) -> None:
    """`rows` in the outcome are the exposures of `basics`."""
    rules = setting.rules["basel"]
    held = tranches_of(basics.exposures, setting, rules)
    outcome.record("M_T", held.maturity_yr, "within 1 and 5: brought, or 1 + 0.8 x (years to maturity - 1)")
    outcome.record("THICKNESS", held.thickness, "{d} - {a}", d=held.detachment, a=held.attachment)
    notch = notches(basics.exposures, setting.capital.external_ratings)
    approach = approaches(held, notch, is_irb)
    readers = ((IRBA, _by_irba), (ERBA, _by_erba), (SA, _by_sa))
    for chosen, weigh in readers:
        index = np.flatnonzero(approach == chosen)
        if len(index):
            weigh(outcome, rows[index], held.of(index), notch[index], rules)
    lost = rows[approach == FULL]
    outcome.weigh(lost, rules.value("SEC_WEIGHT", "FULL"), "SEC_WEIGHT")


def approaches(held: Tranches, notch: Rows, is_irb: bool) -> Rows:
    """The first that has its inputs; one that is forced and lacks them leaves the full weight."""
    exposures = held.exposures
    usable = {
        IRBA: ~np.isnan(exposures.number("k_irb")) if is_irb else np.zeros(len(notch), np.bool_),
        ERBA: (notch >= 0) | (notch == UNKNOWN),
        SA: ~np.isnan(exposures.number("k_sa")),
    }
    found = np.full(len(notch), FULL, np.int64)
    for approach in (SA, ERBA, IRBA):
        found = np.where(usable[approach], approach, found)
    forced = exposures.choice("sec_approach", SEC_APPROACHES)
    applies = (forced != ABSENT) & ((forced != IRBA) | is_irb)
    can = np.choose(np.maximum(forced, 0), [usable[IRBA], usable[ERBA], usable[SA]])
    found = np.where(applies, np.where(can, forced, FULL), found)
    return np.where(held.again, np.where(usable[SA], SA, FULL), found)


# --- approaches -----------------------------------------------------------------------------------------------------


def _by_irba(outcome: Outcome, rows: Rows, held: Tranches, _notch: Rows, rules: Rules) -> None:
    """CRE44: K_IRB in the place of K_A, and p of the pool."""
    k_irb = held.exposures.number("k_irb")
    p, usable = supervisory_p(held, k_irb, rules)
    outcome.fail(rows[~usable], Reason.INVALID_TERMS)
    _by_formula(outcome, rows, held, k_irb, p, rules, "SEC_IRBA")


def supervisory_p(held: Tranches, k_irb: Array, rules: Rules) -> tuple[Array, Flags]:
    """p = max(0.3, A + B / N + C K + D LGD + E M_T), halved of STC, not below 0.3; and whether its inputs are there."""
    exposures = held.exposures
    pool = exposures.choice("pool_type", POOL_TYPES)
    lgd = exposures.number("pool_lgd")
    wholesale = pool == 0
    n = exposures.number("pool_n") if wholesale.any() else np.full(len(pool), 1.0)
    granular = n >= rules.value("SEC_IRBA", "GRANULAR_N")
    a, b, c, d, e = (np.zeros(len(pool)) for _ in CURVE)
    for name, chosen in _curves(wholesale, held.senior, granular):
        for target, letter in zip((a, b, c, d, e), CURVE, strict=True):
            target[chosen] = rules.value(f"SEC_IRBA_P_{name}", letter)
    floor = rules.value("SEC_IRBA", "P_FLOOR")
    p = np.maximum(floor, a + np.where(wholesale, b / n, 0.0) + c * k_irb + d * lgd + e * held.maturity_yr)
    p = np.where(held.stc, np.maximum(floor, p * rules.value("SEC_IRBA", "P_STC_FACTOR")), p)
    usable = (pool != ABSENT) & ~np.isnan(lgd) & ~np.isnan(held.maturity_yr) & (~wholesale | ~np.isnan(n))
    return p, usable


def _curves(wholesale: Flags, senior: Flags, granular: Flags) -> list[tuple[str, Flags]]:
    return [
        ("WHOLESALE_SENIOR_GRANULAR", wholesale & senior & granular),
        ("WHOLESALE_SENIOR_NONGRANULAR", wholesale & senior & ~granular),
        ("WHOLESALE_NONSENIOR_GRANULAR", wholesale & ~senior & granular),
        ("WHOLESALE_NONSENIOR_NONGRANULAR", wholesale & ~senior & ~granular),
        ("RETAIL_SENIOR", ~wholesale & senior),
        ("RETAIL_NONSENIOR", ~wholesale & ~senior),
    ]


def _by_sa(outcome: Outcome, rows: Rows, held: Tranches, _notch: Rows, rules: Rules) -> None:
    """CRE41; a resecuritisation counts no delinquency of its pool."""
    exposures = held.exposures
    k_sa = exposures.number("k_sa")
    w = np.where(held.again, 0.0, exposures.number("w", 0.0))
    unknown = np.where(held.again, 0.0, exposures.number("delinquency_unknown", 0.0))
    k_known = delinquency_adjusted(k_sa, w, rules.value("SEC_SA", "DELINQUENT"))
    k_a = (1.0 - unknown) * k_known + unknown
    p = np.where(held.stc, rules.value("SEC_SA", "P_STC"), rules.value("SEC_SA", "P"))
    p = np.where(held.again, rules.value("SEC_SA", "P_RESECURITISATION"), p)
    said = "(1 - {u}) x ((1 - {w}) x {k} + 0.5 x {w}) + {u}"
    outcome.record("K_A", k_a, said, u=unknown, w=w, k=k_sa)
    _by_formula(outcome, rows, held, k_a, p, rules, "SEC_SA")
    dark = rows[unknown > rules.value("SEC_SA", "UNKNOWN_LIMIT")]
    outcome.weigh(dark, rules.value("SEC_WEIGHT", "FULL"), "SEC_WEIGHT")


def _by_formula(outcome: Outcome, rows: Rows, held: Tranches, k: Array, p: Array, rules: Rules, rule: str) -> None:
    outcome.fail(rows[~held.has_place], Reason.INVALID_TERMS)
    attachment, detachment = held.between
    capital = supervisory_capital(k, p, attachment, detachment)
    before = supervisory_weight(k, capital, attachment, detachment, rules.value("SEC_WEIGHT", "FULL"))
    outcome.record("P", p, "the supervisory parameter")
    outcome.record("K_SSFA", capital, "(e^(a u) - e^(a l)) / (a (u - l)), a = -1 / ({p} x {k})", p=p, k=k)
    outcome.record("RISK_WEIGHT_BEFORE_FLOOR", before, "12.5 up to K, 12.5 x {c} above", c=capital)
    outcome.weigh(rows, floored(held, before, rules), rule)


def floored(held: Tranches, weight: Array, rules: Rules) -> Array:
    """The floor first, then the cap of a senior tranche at the average weight of its pool."""
    floor = np.where(held.stc & held.senior, rules.value("SEC_FLOOR", "STC_SENIOR"), rules.value("SEC_FLOOR", "OTHER"))
    floor = np.where(held.again, rules.value("SEC_FLOOR", "RESECURITISATION"), floor)
    above = np.maximum(weight, floor)
    cap = held.exposures.number("pool_risk_weight")
    capped = held.senior & ~held.again & ~np.isnan(cap)
    return np.where(capped, np.minimum(above, cap), above)


def _by_erba(outcome: Outcome, rows: Rows, held: Tranches, notch: Rows, rules: Rules) -> None:
    """CRE42: by rating and maturity; what is not senior by its thickness, and not below a senior one."""
    outcome.fail(rows[notch == UNKNOWN], Reason.INVALID_TERMS)
    outcome.fail(rows[np.isnan(held.maturity_yr)], Reason.INVALID_TERMS)
    outcome.fail(rows[~held.senior & ~held.has_place], Reason.INVALID_TERMS)
    senior, other = (_erba_weights(held, notch, rules, kind) for kind in ("SENIOR", "OTHER"))
    attachment, detachment = held.between
    thin = np.minimum(detachment - attachment, rules.value("SEC_ERBA", "THICKNESS_CAP"))
    junior = np.maximum(other * (1.0 - thin), senior)
    before = np.where(held.senior, senior, junior)
    outcome.record("RISK_WEIGHT_BEFORE_FLOOR", before, "by rating and M_T, x (1 - thickness) where it is not senior")
    outcome.weigh(rows, floored(held, before, rules), "SEC_ERBA")


def _erba_weights(held: Tranches, notch: Rows, rules: Rules, kind: str) -> Array:
    found = np.full(len(notch), np.nan)
    for family, chosen in (("SEC_ERBA", ~held.stc), ("SEC_ERBA_STC", held.stc)):
        one, five = (at_notch(weights_by_notch(rules, f"{family}_{kind}_{years}"), notch) for years in (1, 5))
        found = np.where(chosen, by_maturity(one, five, held.maturity_yr), found)
    return found


# --- the United States ----------------------------------------------------------------------------------------------


def weigh_by_ssfa(outcome: Outcome, rows: Rows, basics: Basics, rules: Rules) -> None:
    """12 CFR 217.43: K_G is `k_sa`; without it, or without a place in the pool, the full weight."""
    exposures = basics.exposures
    k_g = exposures.number("k_sa")
    attachment, detachment = exposures.number("attachment"), exposures.number("detachment")
    usable = ~np.isnan(k_g) & (detachment > attachment)
    again = exposures.flag("resecuritisation")
    k_g, attachment = np.where(usable, k_g, 0.0), np.where(usable, attachment, 0.0)
    detachment = np.where(usable, detachment, 1.0)
    w = np.where(again, 0.0, exposures.number("w", 0.0))
    k_a = delinquency_adjusted(k_g, w, rules.value("SSFA", "DELINQUENT"))
    p = np.where(again, rules.value("SSFA", "P_RESECURITISATION"), rules.value("SSFA", "P"))
    capital = supervisory_capital(k_a, p, attachment, detachment)
    full = rules.value("SSFA", "FULL")
    before = supervisory_weight(k_a, capital, attachment, detachment, full)
    if usable.all():
        outcome.record("K_A", k_a, "(1 - {w}) x {k} + 0.5 x {w}", w=w, k=k_g)
        outcome.record("P", p, "the supervisory parameter")
        outcome.record("K_SSFA", capital, "(e^(a u) - e^(a l)) / (a (u - l)), a = -1 / ({p} x {k})", p=p, k=k_a)
        outcome.record("THICKNESS", detachment - attachment, "{d} - {a}", d=detachment, a=attachment)
        outcome.record("RISK_WEIGHT_BEFORE_FLOOR", before, "12.5 up to K_A, 12.5 x {c} above", c=capital)
    outcome.weigh(rows, np.where(usable, np.maximum(before, rules.value("SSFA", "FLOOR")), full), "SSFA")
