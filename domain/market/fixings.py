"""How each index is fixed, as data: whose business days, which day count, and whether it is an overnight rate."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FixingConventions:
    """The days on which a rate is published, and how the days that it holds for are counted."""

    calendar: str
    """one of `domain.portfolio.tables.CALENDARS`, never NONE: no rate is published on a Sunday"""
    day_count: str
    """ACT/360 or ACT/365F"""


BY_INDEX: dict[str, FixingConventions] = {
    "USD-SOFR": FixingConventions("US.GOVT", "ACT/360"),
    "USD-EFFR": FixingConventions("US.SETTLEMENT", "ACT/360"),
    "USD-FEDFUNDS": FixingConventions("US.SETTLEMENT", "ACT/360"),
    "USD-OBFR": FixingConventions("US.SETTLEMENT", "ACT/360"),
    "USD-LIBOR": FixingConventions("UK", "ACT/360"),
    "EUR-ESTR": FixingConventions("TARGET", "ACT/360"),
    "EUR-EONIA": FixingConventions("TARGET", "ACT/360"),
    "EUR-EURIBOR": FixingConventions("TARGET", "ACT/360"),
    "GBP-SONIA": FixingConventions("UK", "ACT/365F"),
    "GBP-LIBOR": FixingConventions("UK", "ACT/365F"),
    "CHF-SARON": FixingConventions("WEEKEND", "ACT/360"),
    "JPY-TONA": FixingConventions("WEEKEND", "ACT/365F"),
    "JPY-TONAR": FixingConventions("WEEKEND", "ACT/365F"),
    "CAD-CORRA": FixingConventions("WEEKEND", "ACT/365F"),
    "AUD-AONIA": FixingConventions("WEEKEND", "ACT/365F"),
}
"""By the name without its tenor (the administrators' own descriptions: New York Fed, ECB, EMMI, Bank of England, SIX,
Bank of Japan, Bank of Canada, Reserve Bank of Australia). There is no calendar of Zurich, Tokyo, Toronto or Sydney:
weekends stand in."""

OTHERS: dict[str, FixingConventions] = {
    "USD": FixingConventions("US.GOVT", "ACT/360"),
    "EUR": FixingConventions("TARGET", "ACT/360"),
    "GBP": FixingConventions("UK", "ACT/365F"),
    "JPY": FixingConventions("WEEKEND", "ACT/365F"),
    "CAD": FixingConventions("WEEKEND", "ACT/365F"),
    "AUD": FixingConventions("WEEKEND", "ACT/365F"),
}
"""An index that is not listed, by the currency that its name begins with."""

OTHER = FixingConventions("WEEKEND", "ACT/360")

_NAME = re.compile(r"(?P<family>(?P<currency>[A-Z]{3})(?P<name>-(?!\d+[DWMY]$).+?)?)(?:-(?P<tenor>\d+[DWMY]))?")


def fixing_conventions(index: str) -> FixingConventions:
    named = _NAME.fullmatch(index)
    if named is None:
        return OTHER
    return BY_INDEX.get(named["family"], OTHERS.get(named["currency"], OTHER))


def is_overnight(index: str) -> bool:
    """A currency and a name without a tenor, as USD-SOFR: such a rate is compounded in arrears over a period."""
    named = _NAME.fullmatch(index)
    return named is not None and named["name"] is not None and named["tenor"] is None
