"""Weights of what no property secures, by class: CRE20.7-68. Also those of the counterparties of loans on property."""

import numpy as np

from compute.capital.basics import CLASS, Setting, at_notch, lasts_at_most, notches, weights_by_notch
from compute.capital.columns import ABSENT, Array, Exposures, Flags, Rows
from compute.capital.outcomes import Cited
from domain.measures.failures import Reason
from domain.portfolio.exposure_columns import SCRA_GRADES, SPECIALISED_TYPES
from domain.portfolio.ratings import UNKNOWN, UNRATED

SUBORDINATED = ("BANK", "CORPORATE", "CORPORATE_SME")
FLAT = {
    "RETAIL": ("RETAIL", "REGULATORY"),
    "RETAIL_TRANSACTOR": ("RETAIL", "TRANSACTOR"),
    "RETAIL_REVOLVER": ("RETAIL", "REGULATORY"),
    "RETAIL_OTHER": ("RETAIL", "OTHER"),
    "CASH": ("CASH", "weight"),
    "COLLECTION_ITEMS": ("COLLECTION_ITEMS", "weight"),
    "OTHER": ("OTHER", "weight"),
}
"""Classes of one weight: its rule and parameter."""


def unsecured_weights(
    exposures: Exposures, classes: Rows, setting: Setting, *, is_own: bool
) -> tuple[Array, Rows, list[Cited], Rows]:
    """[n] weight, place of what gave it in the rules cited, and the reason of a blank.

    `classes` are the exposures' own, or those of the counterparties of loans on property.
    """
    found = Unsecured(exposures, classes, setting, is_own)
    for name in sorted(CLASS, key=CLASS.__getitem__):
        rows = np.flatnonzero(classes == CLASS[name])
        if len(rows):
            found.of_class(name, rows)
    return found.weight, found.rule, found.cited, found.reason


class Unsecured:
    """Weights as they are found, class by class."""

    def __init__(self, exposures: Exposures, classes: Rows, setting: Setting, is_own: bool) -> None:
        self.exposures, self.classes, self.setting, self.is_own = exposures, classes, setting, is_own
        self.rules = setting.rules["basel"]
        count = len(classes)
        self.weight, self.rule = np.full(count, np.nan), np.full(count, -1, np.int64)
        self.reason, self.cited = np.zeros(count, np.int64), list[Cited]()

    def of_class(self, name: str, rows: Rows) -> None:
        if not self.is_own and name in ("RETAIL", "CORPORATE_SME"):
            parameter = "INDIVIDUAL" if name == "RETAIL" else "SME"
            self._set_to(rows, "REAL_ESTATE_COUNTERPARTY", parameter)
        elif name in FLAT:
            self._set_to(rows, *FLAT[name])
        elif name == "EQUITY":
            speculative = self.exposures.of(rows).choice("equity_type", ("SPECULATIVE",)) == 0
            self._set_either(rows, speculative, "EQUITY", "SPECULATIVE", "OTHER")
        elif name in ("LAND_ADC", "HVCRE"):
            presold = self.exposures.of(rows).flag("presold")
            self._set_either(rows, presold, "LAND_ADC", "PRESOLD", "weight")
        elif name in ("SOVEREIGN", "BANK", "CORPORATE", "CORPORATE_SME", "SPECIALISED_LENDING", "COVERED_BOND"):
            self._of_rated_class(name, rows)
        else:
            self.reason[rows] = Reason.INVALID_TERMS

    def _of_rated_class(self, name: str, rows: Rows) -> None:
        if self.is_own and name in SUBORDINATED:
            junior = self.exposures.of(rows).coded("seniority", lambda text: text == "SUBORDINATED", 0) == 1
            self.exposures.of(rows).hear_text("seniority")
            self._set_to(rows[junior], "SUBORDINATED", "weight")
            rows = rows[~junior]
        if name == "SOVEREIGN":
            at_home = self._at_home(rows)
            self._set_to(rows[at_home], "SOVEREIGN", "DOMESTIC")
            rows = rows[~at_home]
        if not len(rows):
            return
        notch = notches(self.exposures.of(rows), self.setting.capital.external_ratings)
        self.reason[rows[notch == UNKNOWN]] = Reason.INVALID_TERMS
        rated = notch >= 0
        self._of_rated(name, rows[rated], notch[rated])
        self._of_unrated(name, rows[notch == UNRATED])

    def _at_home(self, rows: Rows) -> Flags:
        """The policy's own sovereigns, in their own currency."""
        some, home = self.exposures.of(rows), np.zeros(len(rows), np.bool_)
        for each in self.setting.capital.domestic_sovereigns:
            here = some.coded("country", each.country.__eq__, 0) == 1
            some.hear_text("country")
            home |= here & some.own_is("currency", each.currency.__eq__)
        return home

    def _of_rated(self, name: str, rows: Rows, notch: Rows) -> None:
        if not len(rows):
            return
        if name == "BANK":
            short = lasts_at_most(self.exposures.of(rows), self.rules.value("SHORT_TERM", "months"))
            for chosen, rule in ((~short, "BANK_ECRA"), (short, "BANK_ECRA_SHORT")):
                self._set(rows[chosen], at_notch(weights_by_notch(self.rules, rule), notch[chosen]), rule)
            return
        rule = name if name in ("SOVEREIGN", "COVERED_BOND") else "CORPORATE"
        self._set(rows, at_notch(weights_by_notch(self.rules, rule), notch), rule)

    def _of_unrated(self, name: str, rows: Rows) -> None:
        if not len(rows):
            return
        some = self.exposures.of(rows)
        match name:
            case "SOVEREIGN":
                self._set_to(rows, "SOVEREIGN", "UNRATED")
            case "CORPORATE":
                good = some.flag("investment_grade")
                self._set_either(rows, good, "CORPORATE", "INVESTMENT_GRADE", "UNRATED")
            case "CORPORATE_SME":
                self._set_to(rows, "CORPORATE", "SME")
            case "BANK":
                self._of_grades(rows, some)
            case "SPECIALISED_LENDING":
                kind = some.choice("specialised_type", SPECIALISED_TYPES)
                for place, parameter in enumerate(SPECIALISED_TYPES):
                    self._set_to(rows[kind == place], name, parameter)
                self.reason[rows[kind == ABSENT]] = Reason.INVALID_TERMS
            case _:
                self.reason[rows] = Reason.INVALID_TERMS

    def _of_grades(self, rows: Rows, some: Exposures) -> None:
        grade = some.choice("scra_grade", SCRA_GRADES)
        short = lasts_at_most(some, self.rules.value("SHORT_TERM", "months"))
        for chosen, rule in ((~short, "BANK_SCRA"), (short, "BANK_SCRA_SHORT")):
            table = np.array([self.rules.value(rule, each) for each in SCRA_GRADES])
            self._set(rows[chosen], table[np.maximum(grade[chosen], 0)], rule)
        self.reason[rows[grade == ABSENT]] = Reason.INVALID_TERMS

    def _set_to(self, rows: Rows, rule: str, parameter: str) -> None:
        self._set(rows, self.rules.value(rule, parameter), rule, parameter)

    def _set_either(self, rows: Rows, which: Flags, rule: str, if_so: str, if_not: str) -> None:
        self._set_to(rows[which], rule, if_so)
        self._set_to(rows[~which], rule, if_not)

    def _set(self, rows: Rows, weight: Array | float, rule: str, parameter: str = "") -> None:
        if (rule, parameter) not in self.cited:
            self.cited.append((rule, parameter))
        self.weight[rows] = weight
        self.rule[rows] = self.cited.index((rule, parameter))
