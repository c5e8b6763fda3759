"""Loans on property in the standardised approach: whole loan or splitting, CRE20.69-91."""

import numpy as np

from compute.capital.basics import RESIDENTIAL, Basics, Setting
from compute.capital.columns import Array, Flags, Rows
from compute.capital.mismatch import charged, counterparty_classes, mismatched
from compute.capital.outcomes import Outcome
from compute.capital.unsecured import unsecured_weights
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason

LTV_DIGITS = 12
SPLIT = "SPLIT"


def property_values(basics: Basics) -> tuple[Array, Array, Array, Array]:
    """Value, LTV (rounded, as edges of bands are exact), prior and pari passu liens; NaN where there is no value."""
    exposures = basics.exposures
    prior, beside = exposures.number("prior_liens", 0.0), exposures.number("pari_passu_liens", 0.0)
    lent = basics.carrying_ccy + basics.undrawn_ccy + prior + beside
    given = exposures.number("collateral_value")
    has_value = given > 0.0
    ltv = np.full(len(basics), np.nan)
    ltv[has_value] = lent[has_value] / given[has_value]
    rest = np.flatnonzero(~has_value)
    if len(rest):
        said = exposures.of(rest).number("ltv")
        ltv[rest] = np.where(said > 0.0, said, np.nan)
    value = np.where(has_value, given, lent / ltv)
    return value, np.round(ltv, LTV_DIGITS), prior, beside


def weigh_real_estate(outcome: Outcome, rows: Rows, basics: Basics, setting: Setting) -> None:
    """`rows` in the outcome are the loans of `basics`."""
    rules, exposures = setting.rules["basel"], basics.exposures
    classes = counterparty_classes(basics)
    loan = Loan(outcome, rows, basics, rules, mismatched(basics))
    loan.cpty_weight, _, _, loan.cpty_reason = unsecured_weights(exposures, classes, setting, is_own=False)
    qualifies = exposures.flag("re_qualifying", True)
    is_income = basics.is_of("RESIDENTIAL_RE_INCOME", "COMMERCIAL_RE_INCOME")
    loan.weigh(~qualifies & is_income, rules.value("OTHER_RE", "INCOME"), "OTHER_RE")
    loan.weigh_by_counterparty(~qualifies & ~is_income, "OTHER_RE")
    split = qualifies & ~is_income & (setting.capital.real_estate == SPLIT)
    loan.read_values(qualifies)
    loan.weigh_split(split)
    whole = qualifies & ~split
    loan.weigh_by_ltv(whole & basics.is_of("RESIDENTIAL_RE"), "RESIDENTIAL_RE")
    loan.weigh_by_ltv(whole & basics.is_of("RESIDENTIAL_RE_INCOME"), "RESIDENTIAL_RE_INCOME")
    loan.weigh_by_ltv(whole & basics.is_of("COMMERCIAL_RE_INCOME"), "COMMERCIAL_RE_INCOME")
    loan.weigh_commercial(whole & basics.is_of("COMMERCIAL_RE"))


class Loan:
    """Loans on property as they are weighed; `chosen` are flags over them."""

    cpty_weight: Array
    cpty_reason: Rows

    def __init__(self, outcome: Outcome, rows: Rows, basics: Basics, rules: Rules, mismatch: Flags) -> None:
        self.outcome, self.rows, self.basics, self.rules = outcome, rows, basics, rules
        self.mismatch = mismatch
        self.value = self.ltv = self.prior = self.beside = np.full(len(rows), np.nan)

    def read_values(self, chosen: Flags) -> None:
        """Of loans whose weight depends on the property; one that brings no value is not guessed."""
        index = np.flatnonzero(chosen)
        if not len(index):
            return
        read = property_values(self.basics.of(index))
        self.value, self.ltv, self.prior, self.beside = (_spread(each, index, len(self.rows)) for each in read)
        self.outcome.fail(self.rows[index[np.isnan(read[1])]], Reason.INVALID_TERMS)
        self.outcome.record("LTV", read[1], "(loan + undrawn + liens) / value of the property")

    def weigh(self, chosen: Flags, weight: Array | float, rule: str) -> None:
        weights = np.broadcast_to(weight, chosen.shape)[chosen]
        mine = self.mismatch[chosen]
        if mine.any():
            weights = np.where(mine, charged(weights, self.rules), weights)
        self.outcome.weigh(self.rows[chosen], weights, rule)

    def weigh_by_counterparty(self, chosen: Flags, rule: str) -> None:
        self.weigh(chosen, self.cpty_weight, rule)
        self._record_counterparty(chosen)

    def weigh_by_ltv(self, chosen: Flags, rule: str) -> None:
        if chosen.any():
            self.weigh(chosen, at_ltv(self.rules.values(rule), self.ltv), rule)
            self._record_counterparty(chosen, is_read=False)

    def weigh_commercial(self, chosen: Flags) -> None:
        """CRE20.85: the lower of the two up to the edge, the counterparty's above."""
        if chosen.any():
            bands = self.rules.values("COMMERCIAL_RE")
            secured = at_ltv({**bands, "above": np.inf}, self.ltv)
            self.weigh(chosen, np.minimum(secured, self.cpty_weight), "COMMERCIAL_RE")
            self._record_counterparty(chosen)

    def weigh_split(self, chosen: Flags) -> None:
        """CRE20.83, CRE20.86: the secured part at a weight of its own, the rest at the counterparty's."""
        residential = np.isin(self.basics.asset_class, RESIDENTIAL)
        for kind, rule in ((residential, "RESIDENTIAL_RE_SPLIT"), (~residential, "COMMERCIAL_RE_SPLIT")):
            mine = chosen & kind
            if mine.any():
                self._split(mine, rule, rule == "COMMERCIAL_RE_SPLIT")

    def _split(self, chosen: Flags, rule: str, is_commercial: bool) -> None:
        limit, own_weight = self.rules.value(rule, "limit"), self.rules.value(rule, "weight")
        own = self.basics.carrying_ccy + self.basics.undrawn_ccy
        shared = own + self.beside
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(shared > 0.0, own / shared, 1.0)
        available = np.maximum(0.0, limit * self.value - self.prior) * share
        ead = self.outcome.ead_ccy[self.rows]
        secured = np.minimum(ead, available)
        first = np.minimum(own_weight, self.cpty_weight) if is_commercial else np.full(len(ead), own_weight)
        rest = self.cpty_weight
        if self.mismatch.any():
            first = np.where(self.mismatch, charged(first, self.rules), first)
            rest = np.where(self.mismatch, charged(rest, self.rules), rest)
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.where(ead > 0.0, (first * secured + rest * (ead - secured)) / ead, first)
        self.outcome.weigh(self.rows[chosen], weight[chosen], rule)
        self._record_counterparty(chosen)
        said = "max(0, {limit} x {value} - {prior}) x {own} / ({own} + {beside})"
        terms = {"limit": np.full(len(own), limit), "value": self.value, "prior": self.prior, "own": own}
        self.outcome.record("AVAILABLE", available, said, beside=self.beside, **terms)
        self.outcome.record("SECURED", secured, "min({ead}, {available})", ead=ead, available=available)

    def _record_counterparty(self, chosen: Flags, is_read: bool = True) -> None:
        """Where the weight is read, a counterparty that has none leaves the loan without one too."""
        if is_read:
            for why in (Reason.INVALID_TERMS, Reason.UNSUPPORTED):
                self.outcome.fail(self.rows[chosen & (self.cpty_reason == why)], why)
        self.outcome.record("COUNTERPARTY_RISK_WEIGHT", self.cpty_weight, "the counterparty's unsecured weight")


def at_ltv(bands: dict[str, float], ltv: Array) -> Array:
    """Bands `<=0.6` and `above`, a band's edge being its own; NaN where the LTV is not known."""
    edges = [float(name.removeprefix("<=")) for name in bands if name.startswith("<=")]
    weights = np.array([*(bands[name] for name in bands if name.startswith("<=")), bands.get("above", np.nan)])
    found: Array = weights[np.searchsorted(np.array(edges), ltv, side="left")]
    return np.where(np.isnan(ltv), np.nan, found)


def _spread(values: Array, index: Rows, count: int) -> Array:
    whole = np.full(count, np.nan)
    whole[index] = values
    return whole
