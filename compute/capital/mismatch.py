"""Loans to people whose income is in another currency: CRE20.92."""

import numpy as np

from compute.capital.basics import CLASS, COMMERCIAL, RESIDENTIAL, RETAIL_CLASSES, Basics
from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from domain.capital.rule_sets import Rules
from domain.portfolio.exposure_columns import ASSET_CLASSES


def charged(weight: Array, rules: Rules) -> Array:
    multiplier, cap = rules.value("CURRENCY_MISMATCH", "multiplier"), rules.value("CURRENCY_MISMATCH", "cap")
    return np.minimum(weight * multiplier, cap)


def mismatched(basics: Basics) -> Flags:
    """[n] retail, or residential property to RETAIL, whose income is in another currency and not hedged."""
    exposures = basics.exposures
    to_people = np.isin(basics.asset_class, RETAIL_CLASSES)
    to_people |= np.isin(basics.asset_class, RESIDENTIAL) & (counterparty_classes(basics) == CLASS["RETAIL"])
    chosen = np.flatnonzero(to_people)
    result = np.zeros(len(basics), np.bool_)
    if len(chosen):
        some = exposures.of(chosen)
        differs = income_differs(some)
        some.hear_text("income_currency")
        result[chosen] = differs & ~some.flag("income_hedged") if differs.any() else differs
    return result


def counterparty_classes(basics: Basics) -> Rows:
    """Who owes a loan on property: by default people where it is residential, a company where commercial."""
    said = basics.exposures.choice("counterparty_class", ASSET_CLASSES)
    by_default = np.where(np.isin(basics.asset_class, COMMERCIAL), CLASS["CORPORATE"], CLASS["RETAIL"])
    return np.where(said == ABSENT, by_default, said)


def income_differs(exposures: Exposures) -> Flags:
    """The income's currency is said, and another than the instrument's."""
    place_of: dict[str, int] = {}

    def place(text: str) -> int:
        return place_of.setdefault(text, len(place_of)) if text else ABSENT

    currency = exposures.own_number("currency", place, ABSENT)
    income = exposures.coded("income_currency", place, ABSENT)
    differs: Flags = (income != ABSENT) & (income != currency)
    return differs
