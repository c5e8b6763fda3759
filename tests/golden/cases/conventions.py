"""How the cases write day counts, frequencies, calendars and curves, in the library's own codes."""

import re
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import log_discount_factors
from compute.kernels.dates.calendars import adjust
from domain.portfolio.tables import BUSINESS_DAYS, CALENDARS, DAY_COUNTS
from tests.golden.cases.case import NotExpressible

Array = NDArray[np.float64]
T = TypeVar("T")

_DAY_COUNTS = {
    "30/360 us": "30/360",
    "30e/360 isda": "30E/360",
    "act/365": "ACT/365F",
    "act/act isda": "ACT/ACT.ISDA",
    "act/act icma": "ACT/ACT.ICMA",
    "act/act isma": "ACT/ACT.ICMA",
    "act/act isma (schedule)": "ACT/ACT.ICMA",
    **{code.lower(): code for code in DAY_COUNTS},
}
_FREQUENCIES = {"once": 0, "annual": 1, "semiannual": 2, "quarterly": 4, "monthly": 12}
_CALENDARS = {"us govt bond": "US.GOVT", **{code.lower(): code for code in CALENDARS}}
_RULES = {
    "mf": "MODIFIED_FOLLOWING",
    "modifiedfollowing": "MODIFIED_FOLLOWING",
    "following": "FOLLOWING",
    "preceding": "PRECEDING",
    "unadjusted": "UNADJUSTED",
}


def day_count(text: str) -> int:
    """Code of a day count. 30E/360 ISDA is 30E/360 except at the end of February: the caller sees to that."""
    return DAY_COUNTS.index(_known(_DAY_COUNTS, text, "day count"))


def frequency(given: str | float) -> int:
    if isinstance(given, str):
        return _known(_FREQUENCIES, given, "frequency")
    if given not in _FREQUENCIES.values():
        raise NotExpressible(f"{given} payments a year are none of ours")
    return int(given)


def calendar(text: str) -> int:
    return CALENDARS.index(_known(_CALENDARS, text, "calendar"))


def calendar_and_rule(text: str) -> tuple[int, int]:
    """Codes of a text that names either or both: `TARGET Following`, `Following TARGET`, `ModifiedFollowing`."""
    rules = [word for word in text.split() if word.lower() in _RULES]
    named = " ".join(word for word in text.split() if word.lower() not in _RULES)
    rule = _RULES[rules[0].lower()] if rules else "UNADJUSTED"
    return calendar(named or "none"), BUSINESS_DAYS.index(rule)


def business_days_from(day: int, count: int, calendar_code: int) -> int:
    """The day that many business days later, or earlier where negative."""
    step, rule = (1, "FOLLOWING") if count > 0 else (-1, "PRECEDING")
    for _ in range(abs(count)):
        day = int(adjust([day + step], calendar_code, BUSINESS_DAYS.index(rule))[0])
    return day


@dataclass(frozen=True)
class Curve:
    """A zero curve from the evaluation date, log-linear in discount factors."""

    node_days: NDArray[np.int32]
    zero_rates: Array
    """continuous, ACT/365F"""

    def factors(self, days: int, start: int = 0) -> Array:
        """[1, days, 1] discount factors to the days after day `start`, seen from that day."""
        logs = log_discount_factors("LOG_LINEAR_DF", self.node_days, self.zero_rates[:, None], start + days)
        table: Array = np.exp(logs[start:] - logs[start])[None]
        return table


def flat_curve(text: str) -> Curve:
    """The curve that `flat 3% continuous Act/360` says."""
    found = re.fullmatch(r"flat ([\d.]+)% (?:continuous|cont) (act/360|act/365f?)", text.strip().lower())
    if not found:
        raise NotExpressible(f"curve {text!r} is none that is read here")
    year_days = 360.0 if found[2] == "act/360" else 365.0
    return Curve(np.array([365], np.int32), np.array([float(found[1]) / 100 * 365 / year_days]))


def _known(names: dict[str, T], text: str, what: str) -> T:
    if text.strip().lower() not in names:
        raise NotExpressible(f"{what} {text!r} is none of ours")
    return names[text.strip().lower()]
