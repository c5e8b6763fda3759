"""What every framework reads of an exposure: its class, amount, rating, default and conversion factor."""

from dataclasses import dataclass

import numpy as np

from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from compute.kernels.capital.periods import add_months
from domain.capital.policies import CapitalPolicy
from domain.capital.rule_sets import Rules
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.exposure_columns import ACCOUNTING_CLASSES, ASSET_CLASSES, COMMITMENT_TYPES
from domain.portfolio.ratings import SCALE, UNKNOWN, UNRATED, notch_of, notches_of_band
from domain.portfolio.term_use import EXPOSED

CLASS = {name: place for place, name in enumerate(ASSET_CLASSES)}
RETAIL_CLASSES = tuple(CLASS[name] for name in ("RETAIL", "RETAIL_TRANSACTOR", "RETAIL_REVOLVER", "RETAIL_OTHER"))
RESIDENTIAL = tuple(CLASS[name] for name in ("RESIDENTIAL_RE", "RESIDENTIAL_RE_INCOME"))
COMMERCIAL = tuple(CLASS[name] for name in ("COMMERCIAL_RE", "COMMERCIAL_RE_INCOME"))
COMMITMENT = COMMITMENT_TYPES.index("COMMITMENT")
NOT_IN_DEFAULT = tuple(CLASS[name] for name in ("SECURITISATION", "EQUITY", "CASH", "COLLECTION_ITEMS"))
"""Classes whose weight a default does not change."""
BELOW_ALL = len(SCALE)
"""The notch of the unrated, in tables of weights."""


@dataclass(frozen=True)
class Setting:
    """What a run is worked out by: rules by family, what the policy says, what the market says."""

    as_of_day: int
    rules: dict[str, Rules]
    capital: CapitalPolicy
    lgd_defaults: dict[str, float]
    pd_of_notch: Array
    """[notches] one-year PD of the market's transition matrix, NaN without"""
    rates: dict[str, float]
    """base currency per unit"""


@dataclass(frozen=True)
class Basics:
    """[n] of the exposures that are worked out; amounts in the instrument's currency."""

    exposures: Exposures
    asset_class: Rows
    """place in ASSET_CLASSES, ABSENT where none is said"""
    carrying_ccy: Array
    undrawn_ccy: Array
    provision_ccy: Array
    defaulted: Flags

    def of(self, rows: Rows) -> "Basics":
        return Basics(
            self.exposures.of(rows),
            self.asset_class[rows],
            self.carrying_ccy[rows],
            self.undrawn_ccy[rows],
            self.provision_ccy[rows],
            self.defaulted[rows],
        )

    def __len__(self) -> int:
        return len(self.exposures)

    def is_of(self, *names: str) -> Flags:
        found: Flags = np.isin(self.asset_class, [CLASS[name] for name in names])
        return found


def basics_of(exposures: Exposures, default_days: float) -> Basics:
    said = exposures.choice("asset_class", ASSET_CLASSES)
    is_defaulted = exposures.flag("defaulted") | (said == CLASS["DEFAULTED"])
    is_defaulted |= exposures.number("days_past_due", 0.0) > default_days
    return Basics(
        exposures,
        np.where(said == CLASS["DEFAULTED"], CLASS["CORPORATE"], said),
        carrying_amounts(exposures),
        exposures.number("undrawn", 0.0),
        exposures.number("specific_provision", 0.0),
        is_defaulted,
    )


def carrying_amounts(exposures: Exposures) -> Array:
    """`amortised_cost`, else `book_value`, else `notional`."""
    carrying = exposures.number("amortised_cost")
    for name in ("book_value", "notional"):
        absent = np.isnan(carrying)
        if not absent.any():
            return carrying
        carrying = np.where(absent, exposures.number(name), carrying)
    return carrying


def is_exposure(held: Exposures) -> Flags:
    """Those that capital is worked out of: no trading, no short position, no part of a netting set."""
    exposed = held.own_is("product_type", EXPOSED.__contains__)
    netted = held.own_is("product_type", "EXTERNAL".__eq__) & (held.coded("ccr_class", bool, 0) == 1)
    trading = held.choice("accounting_class", ACCOUNTING_CLASSES) == ACCOUNTING_CLASSES.index("TRADING")
    chosen: Flags = exposed & ~netted & ~trading & ~(held.number("notional") < 0.0)
    return chosen


# --- ratings --------------------------------------------------------------------------------------------------------


def notches(exposures: Exposures, uses_ratings: bool = True) -> Rows:
    """The rating that counts: of two the worse, of three the middle one. UNRATED, or UNKNOWN where a text is none."""
    if not uses_ratings:
        return np.full(len(exposures), UNRATED, np.int64)
    names = ("rating", "rating_2", "rating_3")
    given = np.stack([exposures.coded(name, notch_of, UNRATED) for name in names])
    for name in names:
        exposures.hear_text(name)
    ordered = np.sort(np.where(given < 0, BELOW_ALL, given), axis=0)
    count = (given >= 0).sum(axis=0)
    chosen = np.where(count == 1, ordered[0], ordered[1])
    rated = np.where(count == 0, UNRATED, chosen)
    return np.where((given == UNKNOWN).any(axis=0), UNKNOWN, rated)


def weights_by_notch(rules: Rules, rule: str, unrated: float = np.nan) -> Array:
    """[notches + 1] the weight of each, the unrated last."""
    table = np.full(BELOW_ALL + 1, np.nan)
    for band, weight in rules.values(rule).items():
        if band[0] in "<ABC" and band.split("..")[0].lstrip("<") in (*SCALE, "CCC"):
            table[list(notches_of_band(band))] = weight
    table[BELOW_ALL] = unrated
    return table


def at_notch(table: Array, notch: Rows) -> Array:
    return table[np.where(notch < 0, BELOW_ALL, notch)]


# --- undrawn amounts ------------------------------------------------------------------------------------------------


def conversion_factors(exposures: Exposures, factors: Array) -> Array:
    """`factors` [n, types] or [types]; of a commitment to issue an item the lower of the two."""
    kind = exposures.choice("commitment_type", COMMITMENT_TYPES, "COMMITMENT")
    item = exposures.choice("commitment_item", COMMITMENT_TYPES)
    table = np.broadcast_to(factors, (len(exposures), len(COMMITMENT_TYPES)))
    each = np.arange(len(exposures))
    own, of_item = table[each, kind], table[each, np.maximum(item, 0)]
    return np.where(item == ABSENT, own, np.minimum(own, of_item))


def basel_factors(exposures: Exposures, rules: Rules) -> Array:
    return conversion_factors(exposures, np.array([rules.value("CCF", name) for name in COMMITMENT_TYPES]))


# --- time -----------------------------------------------------------------------------------------------------------


def lasts_at_most(exposures: Exposures, months: float) -> Flags:
    """Whether from issue to maturity it is at most so long; one that lacks a date does not."""
    issued, matures = exposures.day("issue_date"), exposures.day("maturity_date")
    dated = (issued != ABSENT_DATE) & (matures != ABSENT_DATE)
    short: Flags = dated & (matures <= add_months(np.where(dated, issued, 0), int(months)))
    return short
