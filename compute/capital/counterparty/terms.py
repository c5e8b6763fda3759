"""What SA-CCR reads of a derivative: class, reference, times, direction; by default the product's own terms."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from compute.kernels.capital.periods import add_months, regulatory_years
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.exposure_columns import CCR_CLASSES
from domain.portfolio.term_use import NETTED

CLASS = {name: place for place, name in enumerate(CCR_CLASSES)}
IR, FX = CLASS["IR"], CLASS["FX"]
CREDIT = (CLASS["CREDIT_SINGLE"], CLASS["CREDIT_INDEX"])
EQUITY = (CLASS["EQUITY_SINGLE"], CLASS["EQUITY_INDEX"])
OF_PRODUCT = {
    **dict.fromkeys(("IRS", "CAP_FLOOR", "SWAPTION"), IR),
    **dict.fromkeys(("FX_FWD", "FX_OPTION"), FX),
    "CDS": CLASS["CREDIT_SINGLE"],
}
OPTIONS = ("CAP_FLOOR", "SWAPTION", "FX_OPTION")
CALLS, PUTS = ("CAP", "PAYER", "CALL"), ("FLOOR", "RECEIVER", "PUT")
AGAINST = ("RECEIVE", "SELL")
"""Sides of a swap that lose where the other gains."""
CONVENTIONAL = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")
"""The order in which a pair names its currencies, where trades name both ways."""

Texts = dict[str, int]


def is_netted(held: Exposures) -> Flags:
    """Derivatives; an EXTERNAL is one by its `ccr_class`."""
    brought = held.own_is("product_type", "EXTERNAL".__eq__)
    classed = held.coded("ccr_class", bool, 0) == 1
    netted: Flags = held.own_is("product_type", NETTED.__contains__) & (~brought | classed)
    return netted


@dataclass(frozen=True)
class DerivativeTerms:
    """[n] of the derivatives alone."""

    ccr_class: Rows
    reference: Rows
    references: list[str]
    pair_sign: Array
    """-1 where a pair is named the other way round in `references`"""
    start_yr: Array
    end_yr: Array
    maturity_yr: Array
    """NaN where nothing says one"""
    is_option: Flags
    is_call: Flags
    direction: Array
    """1, -1, or 0 where nothing is held"""
    expiry_yr: Array
    strike: Array


def terms_of(held: Exposures, as_of_day: int) -> DerivativeTerms:
    ccr_class = held.choice("ccr_class", CCR_CLASSES)
    by_product = held.own_number("product_type", lambda text: float(OF_PRODUCT.get(text, ABSENT)), ABSENT)
    ccr_class = np.where(ccr_class == ABSENT, by_product.astype(np.int64), ccr_class)
    reference, references, pair_sign = _references(held, ccr_class)
    start, end = _start(held, as_of_day), held.number("ccr_end")
    end = np.where(np.isnan(end), _end(held, as_of_day), end)
    maturity = held.number("ccr_maturity")
    is_option = _is_option(held)
    return DerivativeTerms(
        ccr_class,
        reference,
        references,
        pair_sign,
        start,
        end,
        np.where(np.isnan(maturity), end, maturity),
        is_option,
        held.own_is("option_type", CALLS.__contains__),
        np.sign(held.number("notional", 0.0)) * _turned(held, is_option),
        _expiry(held, as_of_day),
        held.number("strike"),
    )


def _is_option(held: Exposures) -> Flags:
    """By the product; an EXTERNAL is one by its `option_type`."""
    brought = held.own_is("product_type", "EXTERNAL".__eq__)
    optional: Flags = held.own_is("product_type", OPTIONS.__contains__) | (
        brought & held.own_is("option_type", (*CALLS, *PUTS).__contains__)
    )
    return optional


# --- times ----------------------------------------------------------------------------------------------------------


def _years_to(as_of_day: int, day: Rows) -> Array:
    """NaN without a day."""
    known = day != ABSENT_DATE
    years: Array = regulatory_years(as_of_day, np.where(known, day, as_of_day))
    return np.where(known, years, np.nan)


def _start(held: Exposures, as_of_day: int) -> Array:
    """Of a swaption its expiry, else a later day of issue."""
    optional = held.own_is("product_type", "SWAPTION".__eq__)
    begins = np.where(optional, held.day("expiry_date"), held.day("issue_date"))
    said = held.number("ccr_start")
    return np.where(np.isnan(said), np.nan_to_num(_years_to(as_of_day, begins), nan=0.0), said)


def _end(held: Exposures, as_of_day: int) -> Array:
    matures, expires = held.day("maturity_date"), held.day("expiry_date")
    return _years_to(as_of_day, np.where(matures == ABSENT_DATE, expires, matures))


def _expiry(held: Exposures, as_of_day: int) -> Array:
    """Of a cap or floor its last reset: the start of its last period."""
    matures, last = held.day("maturity_date"), held.day("last_regular_payment_date")
    frequency = np.maximum(held.number("float_frequency", 1.0), 1.0)
    by_days = frequency > 12.0
    months = np.where(by_days, 0, 12.0 / frequency).astype(np.int64)
    days = np.where(by_days, 364.0 / frequency, 0).astype(np.int64)
    reset = np.where(last == ABSENT_DATE, add_months(matures, -months) - days, last)
    capped = held.own_is("product_type", "CAP_FLOOR".__eq__) & (matures != ABSENT_DATE)
    return _years_to(as_of_day, np.where(capped, reset, held.day("expiry_date")))


# --- direction ------------------------------------------------------------------------------------------------------


def _turned(held: Exposures, is_option: Flags) -> Array:
    """-1 for the side of a swap that receives the fixed leg, or sells protection."""
    against = held.own_is("pay_receive", AGAINST.__contains__) | held.own_is("option_type", AGAINST.__contains__)
    return np.where(against & ~is_option, -1.0, 1.0)


# --- references -----------------------------------------------------------------------------------------------------


def _references(held: Exposures, ccr_class: Rows) -> tuple[Rows, list[str], Array]:
    """`ccr_reference`, else currency, pair, credit curve, or the name that a trade is on."""
    texts: Texts = {"": 0}
    reference = _coded(held, "ccr_reference", texts, is_own=False)
    for mine, names in (
        (ccr_class == IR, ("currency",)),
        (ccr_class == FX, ("pair",)),
        (np.isin(ccr_class, CREDIT), ("credit_curve", "issuer_id", "instrument_id")),
        (ccr_class > max(CREDIT), ("issuer_id", "instrument_id")),
    ):
        for name in names:
            silent = mine & (reference == 0)
            if silent.any():
                reference[silent] = _coded(held.of(np.flatnonzero(silent)), name, texts, is_own=True)
    return _conventional(reference, list(texts), ccr_class == FX)


def _coded(held: Exposures, name: str, texts: Texts, *, is_own: bool) -> Rows:
    known = held.columns.own_labels(name) if is_own else held.columns.labels(name)
    if known is None:
        return np.zeros(len(held), np.int64)
    used = known.codes[held.rows]
    table = np.zeros(len(known.keys), np.int64)
    for code in np.unique(used).tolist():
        table[code] = texts.setdefault(known.keys[code], len(texts))
    found: Rows = table[used]
    return found


def _conventional(reference: Rows, texts: list[str], is_pair: Flags) -> tuple[Rows, list[str], Array]:
    """One name for a pair that trades name both ways."""
    number_of = {text: number for number, text in enumerate(texts)}
    number, sign = np.arange(len(texts)), np.ones(len(texts))
    for code in np.unique(reference[is_pair]).tolist():
        text = texts[code]
        turned = text[3:] + text[:3]
        if len(text) == 6 and turned in number_of and _place(turned) < _place(text):
            number[code], sign[code] = number_of[turned], -1.0
    return (
        np.where(is_pair, number[reference], reference),
        texts,
        np.where(is_pair, sign[reference], 1.0),
    )


def _place(pair: str) -> tuple[int, str]:
    first = pair[:3]
    return (CONVENTIONAL.index(first) if first in CONVENTIONAL else len(CONVENTIONAL), pair)


def by_text(references: list[str], number_of: Callable[[str], float]) -> Array:
    return np.array([number_of(text) for text in references])
