"""PD, LGD, EAD and the losses that follow: what the book expects, whatever capital says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.capital.basics import Basics, Setting, basel_factors
from compute.capital.columns import Array
from domain.measures.failures import Reason
from domain.portfolio.ratings import FACTORS, UNKNOWN, UNRATED, notch_of

OTHERS = "*"
"""The seniority of `lgd_defaults` that stands for all that are not named."""


@dataclass(frozen=True)
class Credit:
    """[n] decimals, and amounts in the instrument's currency; NaN where nothing says one."""

    pd: Array
    lgd: Array
    ead_ccy: Array
    el_ccy: Array
    ul_ccy: Array
    rating_factor: Array


def credit_of(basics: Basics, setting: Setting) -> Credit:
    pd, lgd = pds(basics, setting), lgds(basics, setting)
    ead = exposures_at_default(basics, setting)
    loss = pd * lgd * ead
    unexpected = ead * lgd * np.sqrt(pd * (1.0 - pd))
    notch = basics.exposures.coded("rating", notch_of, UNRATED)
    factor = np.where(notch >= 0, np.array(FACTORS, np.float64)[np.maximum(notch, 0)], np.nan)
    return Credit(pd, lgd, ead, loss, unexpected, factor)


def pds(basics: Basics, setting: Setting) -> Array:
    """1 in default; `pd_12m`; else what the market's transition matrix says of `rating`."""
    exposures = basics.exposures
    given = exposures.number("pd_12m")
    if np.isnan(given).any() and np.isfinite(setting.pd_of_notch).any():
        notch = exposures.coded("rating", notch_of, UNRATED)
        of_rating = np.where(notch >= 0, setting.pd_of_notch[np.maximum(notch, 0)], np.nan)
        if len(given) and np.isnan(given[0]):
            exposures.hear("pd_12m", float(of_rating[0]), "market")
        given = np.where(np.isnan(given), of_rating, given)
    return np.where(basics.defaulted, 1.0, given)


def lgds(basics: Basics, setting: Setting) -> Array:
    """`lgd`, else the policy's by seniority."""
    exposures = basics.exposures
    given = exposures.number("lgd")
    if np.isnan(given).any() and setting.lgd_defaults:
        names, amounts = list(setting.lgd_defaults), [*setting.lgd_defaults.values(), np.nan]
        others = names.index(OTHERS) if OTHERS in names else len(names)
        place = exposures.coded("seniority", lambda text: names.index(text) if text in names else others, others)
        by_policy = np.array(amounts)[place]
        if np.isnan(given[0]):
            exposures.hear("lgd", float(by_policy[0]), "policy")
        given = np.where(np.isnan(given), by_policy, given)
    return given


def reasons_of_pd(basics: Basics, setting: Setting) -> NDArray[np.uint8]:
    """[n] why a PD is blank, where it is: nothing says one, or a rating that is none was asked for it."""
    unread = basics.exposures.coded("rating", notch_of, UNRATED) == UNKNOWN
    asked = np.isfinite(setting.pd_of_notch).any()
    return np.where(unread & asked, Reason.INVALID_TERMS, Reason.MISSING_MARKET_DATA).astype(np.uint8)


def reasons_of_rating_factor(basics: Basics) -> NDArray[np.uint8]:
    """[n] what is not rated has none."""
    unread = basics.exposures.coded("rating", notch_of, UNRATED) == UNKNOWN
    return np.where(unread, Reason.INVALID_TERMS, Reason.NOT_APPLICABLE).astype(np.uint8)


def exposures_at_default(basics: Basics, setting: Setting) -> Array:
    """Carrying amount + `ccf`, else the Basel factor, x `undrawn`; before provisions."""
    rules = setting.rules.get("basel")
    own = basics.exposures.number("ccf")
    factor = basel_factors(basics.exposures, rules) if rules else np.full(len(basics), np.nan)
    factor = np.where(np.isnan(own), factor, own)
    return basics.carrying_ccy + np.where(basics.undrawn_ccy > 0.0, factor * basics.undrawn_ccy, 0.0)
