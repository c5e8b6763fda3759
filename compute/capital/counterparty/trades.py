"""Derivatives one by one: adjusted notional, supervisory delta and factor, and what each is worth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.capital.basics import Setting, at_notch, weights_by_notch
from compute.capital.columns import ABSENT, Array, Exposures, Rows
from compute.capital.counterparty.terms import CLASS, FX, IR, DerivativeTerms, by_text, terms_of
from compute.kernels.capital.sa_ccr import option_deltas, supervisory_duration
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason
from domain.portfolio.exposure_columns import CCR_CLASSES
from domain.portfolio.ratings import SCALE, UNKNOWN, UNRATED, notch_of

INVESTMENT_GRADE = SCALE.index("BBB-")
GRADES = ("IG", "SG")
ValuesOf = Callable[[Rows], Array]
"""[n] of rows of the positions, in their own currency, NaN where there is none"""


@dataclass(frozen=True)
class Brought:
    """What a run knows of derivatives beside their terms; asked only for those that bring none of it themselves."""

    values: ValuesOf
    forwards: ValuesOf


@dataclass(frozen=True)
class Trades:
    """[n] in the snapshot's order; amounts in base currency, NaN where a reason says why."""

    rows: Rows
    """of the positions"""
    terms: DerivativeTerms
    value: Array
    adjusted_notional: Array
    delta: Array
    factor: Array
    correlation: Array
    reason: Rows

    def __len__(self) -> int:
        return len(self.rows)


def trades_of(held: Exposures, setting: Setting, rules: Rules, brought: Brought) -> Trades:
    terms = terms_of(held, setting.as_of_day)
    delta = _deltas(held, terms, rules, brought)
    factor = _factors(held, terms, rules)
    adjusted = _adjusted_notionals(held, terms, setting, rules)
    value = held.number("market_value")
    if np.isnan(value).any():
        value = np.where(np.isnan(value), brought.values(held.rows), value)
    value = value * _rates(held, setting)
    reason = np.zeros(len(held), np.int64)
    for lost, why in (
        (np.isnan(factor) | np.isnan(terms.maturity_yr), Reason.INVALID_TERMS),
        (np.isnan(terms.start_yr + terms.end_yr) & np.isnan(adjusted), Reason.INVALID_TERMS),
        (np.isnan(terms.strike) & np.isnan(delta), Reason.INVALID_TERMS),
        (np.isnan(adjusted) | np.isnan(delta) | np.isnan(value), Reason.MISSING_MARKET_DATA),
    ):
        reason[lost & (reason == 0)] = why
    return Trades(held.rows, terms, value, adjusted, delta, factor, _correlations(terms, rules), reason)


def _rates(held: Exposures, setting: Setting) -> Array:
    return held.own_number("currency", lambda text: setting.rates.get(text, np.nan), np.nan)


def _adjusted_notionals(held: Exposures, terms: DerivativeTerms, setting: Setting, rules: Rules) -> Array:
    """Of rates and credit x supervisory duration; of FX the amount of the pair's base currency. What is over counts for
    nothing. CRE52.34-38."""
    of_pair = by_text(terms.references, lambda text: setting.rates.get(text[:3], np.nan) if len(text) == 6 else np.nan)
    turned = by_text(terms.references, lambda text: setting.rates.get(text[3:], np.nan) if len(text) == 6 else np.nan)
    pair_rate = np.where(terms.pair_sign < 0.0, turned[terms.reference], of_pair[terms.reference])
    amount = np.abs(held.number("notional", 0.0)) * np.where(terms.ccr_class == FX, pair_rate, _rates(held, setting))
    end_yr = np.maximum(terms.end_yr, _least_yr(rules))
    duration = supervisory_duration(np.minimum(terms.start_yr, end_yr), end_yr, rules.value("SA_CCR", "DISCOUNT_RATE"))
    is_timed = (terms.ccr_class == IR) | np.isin(terms.ccr_class, (CLASS["CREDIT_SINGLE"], CLASS["CREDIT_INDEX"]))
    amount = np.where(is_timed, amount * duration, amount)
    return np.where(terms.maturity_yr <= 0.0, 0.0, amount)


def _least_yr(rules: Rules) -> float:
    return rules.value("SA_CCR", "MINIMUM_DAYS") / rules.value("SA_CCR", "YEAR_DAYS")


def _deltas(held: Exposures, terms: DerivativeTerms, rules: Rules, brought: Brought) -> Array:
    """As brought, else 1 or -1; of options N(d). CRE52.38-42."""
    said = held.number("ccr_delta")
    delta = np.where(np.isnan(said), terms.direction * terms.pair_sign, said * terms.pair_sign)
    rows = np.flatnonzero(terms.is_option & np.isnan(said))
    if not len(rows):
        return delta
    price = held.of(rows).number("ccr_underlying")
    if np.isnan(price).any():
        price = np.where(np.isnan(price), brought.forwards(held.rows[rows]), price)
    volatility = _of_class(rules, "SA_CCR_VOLATILITY")[terms.ccr_class[rows]]
    kind = np.where(terms.is_call[rows], 1.0, -1.0)
    shift = rules.value("SA_CCR_SHIFT", "THRESHOLD")
    of_bought = option_deltas(price, terms.strike[rows], terms.expiry_yr[rows], volatility, kind, shift)
    delta[rows] = of_bought * terms.direction[rows] * terms.pair_sign[rows]
    return delta


def _factors(held: Exposures, terms: DerivativeTerms, rules: Rules) -> Array:
    """[n] supervisory factors; of credit by quality, NaN where it is none. CRE52.72."""
    factor = _of_class(rules, "SA_CCR_FACTOR")[terms.ccr_class]
    known = {False: "SA_CCR_CREDIT", True: "SA_CCR_CREDIT_INDEX"}
    by_notch = weights_by_notch(rules, known[False])
    by_grade = np.array([rules.value(known[True], grade) for grade in GRADES])
    for name, is_index in (("CREDIT_SINGLE", False), ("CREDIT_INDEX", True)):
        rows = np.flatnonzero(terms.ccr_class == CLASS[name])
        if not len(rows):
            continue
        some = held.of(rows)
        if is_index:
            grade = _qualities(some, _grade_of)
            factor[rows] = np.where(grade >= 0, by_grade[np.maximum(grade, 0)], np.nan)
        else:
            notch = _qualities(some, notch_of)
            factor[rows] = np.where(notch >= 0, at_notch(by_notch, notch), np.nan)
    return factor


def _qualities(some: Exposures, code_of: Callable[[str], int]) -> Rows:
    """`ccr_quality`, else `rating`."""
    said = some.coded("ccr_quality", lambda text: code_of(text) if text else ABSENT, ABSENT)
    return np.where(said == ABSENT, some.coded("rating", code_of, ABSENT), said)


def _grade_of(text: str) -> int:
    """Of an index: as said, else by the rating."""
    notch = notch_of(text)
    if text in GRADES:
        return GRADES.index(text)
    return ABSENT if notch in (UNRATED, UNKNOWN) else int(notch > INVESTMENT_GRADE)


def _correlations(terms: DerivativeTerms, rules: Rules) -> Array:
    return _of_class(rules, "SA_CCR_CORRELATION")[terms.ccr_class]


def _of_class(rules: Rules, rule: str) -> Array:
    """[classes] of a rule's parameters; NaN where a class has none, and all commodities may share one."""
    said = rules.values(rule)
    return np.array([said.get(name, said.get(name.partition("_")[0], np.nan)) for name in CCR_CLASSES])
