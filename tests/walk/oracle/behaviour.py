"""Prepayment and default speeds, month by month, as section 2 of the contract words them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from tests.walk.oracle.dates import InvalidTerms, whole_months
from tests.walk.oracle.market import Market, MissingMarketData
from tests.walk.oracle.prepayment_models import Month, Seen, smm_of
from tests.walk.oracle.terms import Terms


@dataclass(frozen=True)
class Behaviour:
    """What a loan's borrowers do under a scenario; a speed by a model has the model's name, and 100 % of it."""

    prepayment: tuple[str, float] | None
    default: tuple[str, float] | None
    severity: float
    lag_months: int
    advances: bool
    step_months: float = 1.0
    """what stands for a month: 12/26 or 12/52 of one where payments are as many days apart"""

    def of_period(
        self, issue: date, end: date, months: int, exposed: int, speed: "Speed | None" = None
    ) -> tuple[float, tuple[float, ...]]:
        """At the quoted speed, or at another."""
        if speed is None:
            return self._as_quoted(issue, end, months, exposed)
        return self._at(issue, end, months, exposed, speed)

    @cache  # noqa: B019 - equal ones share it
    def _as_quoted(self, issue: date, end: date, months: int, exposed: int) -> tuple[float, tuple[float, ...]]:
        return self._at(issue, end, months, exposed, lambda age: smm(self.prepayment, age))

    def _at(self, issue: date, end: date, months: int, exposed: int, speed: "Speed") -> tuple[float, tuple[float, ...]]:
        """SMM of a period, and the share of its first balance that defaults in each of its months.

        The period's survival is the product of its months', by loan age at its end; only the first `exposed` months
        of it can default.
        """
        age = whole_months(issue, end)
        stay, perform, lost = 1.0, 1.0, []
        by_month = list(range(age - months + 1, age + 1)) if self.step_months == 1.0 else [age] * months
        for number, month in enumerate(by_month):
            stay *= (1.0 - speed(month)) ** self.step_months
            dies = 1.0 - (1.0 - mdr(self.default, month)) ** self.step_months
            lost.append(perform * dies if number < exposed else 0.0)
            perform -= lost[-1]
        return 1.0 - stay, tuple(lost)


Speed = Callable[[int], float]
"""From a loan's age to its single monthly mortality."""


def speed_in(does: Behaviour, market: Market, month: Month) -> Speed | None:
    """By a model of the market; None where it is quoted."""
    if does.prepayment is None or does.prepayment[0] in QUOTED:
        return None
    name, percent = does.prepayment
    model = market.model(name)
    seen = Seen(market.curve(model["rate"]["curve"]), market.as_of, market.days_on)
    return lambda age: smm_of(model, seen, month, age, percent / 100.0)


def original_balance(terms: Terms) -> float:
    """Today's where the instrument says none."""
    return terms.number("original_balance", abs(terms.notional))


def smm(speed: tuple[str, float] | None, age: int) -> float:
    match speed:
        case None:
            return 0.0
        case ("SMM", percent):
            return min(percent / 100, 1.0)
        case ("CPR", percent):
            return _monthly(percent / 100)
        case ("PSA", percent):
            return _monthly(percent / 100 * 0.002 * min(max(age, 1), 30))
        case ("ABS", percent):
            left = 1.0 - percent / 100 * (max(age, 1) - 1)
            return min(percent / 100 / left, 1.0) if left > 0 else 1.0
    raise InvalidTerms(speed[0])


def mdr(speed: tuple[str, float] | None, age: int) -> float:
    match speed:
        case None:
            return 0.0
        case ("CDR", percent):
            return _monthly(percent / 100)
        case ("SDA", percent):
            return _monthly(percent / 100 * _sda(age))
    raise InvalidTerms(speed[0])


def _sda(age: int) -> float:
    """100 SDA as an annual rate: up 0.02 % a month to 0.6 % at 30, held to 60, down 0.0095 % a month to 0.03 %."""
    if age <= 30:
        return 0.0002 * max(age, 1)
    return 0.006 if age <= 60 else max(0.006 - 0.000095 * (age - 60), 0.0003)


def _monthly(annual: float) -> float:
    return float(1.0 - (1.0 - min(max(annual, 0.0), 1.0)) ** (1.0 / 12.0))


QUOTED = ("CPR", "SMM", "PSA", "ABS")


def behaviour_of(terms: Terms, market: Market) -> Behaviour | None:
    """None where neither prepayment nor default is given: the schedule is contractual."""
    if "prepayment" not in terms.instrument and "default" not in terms.instrument:
        return None
    said = _quoted(terms.instrument.get("prepayment"))
    if said is not None and said[0] not in QUOTED:
        market.model(said[0])
    return Behaviour(
        shocked_speed(said, market.prepayment_shocks, terms.matches),
        shocked_speed(_default(terms), market.default_shocks, terms.matches),
        min(max(_severity(terms) + market.severity_add, 0.0), 1.0),
        math.ceil(terms.whole("recovery_lag_months", 0) / step_of(terms)),
        terms.flag("servicer_advances"),
        step_of(terms),
    )


def step_of(terms: Terms) -> float:
    f = terms.whole("frequency", 0)
    return 12 / f if f > 12 else 1.0


def _severity(terms: Terms) -> float:
    """The instrument's; under PD the issuer's loss given default stands in."""
    if "severity" in terms.instrument or terms.instrument.get("default") != "PD":
        return terms.number("severity", 0.0)
    return float(terms.issuer["lgd"])


def _quoted(said: str | None) -> tuple[str, float] | None:
    if said is None:
        return None
    kind, _, argument = said.partition(" ")
    return (argument, 100.0) if kind == "MODEL" else (kind, float(argument))


def _default(terms: Terms) -> tuple[str, float] | None:
    if terms.instrument.get("default") == "PD":
        if "pd_12m" not in terms.issuer:
            raise MissingMarketData("no pd_12m")
        return "CDR", 100 * float(terms.issuer["pd_12m"])
    return _quoted(terms.instrument.get("default"))


def shocked_speed(
    quoted: tuple[str, float] | None, shocks: list[dict[str, Any]], matches: Callable[[dict[str, str]], bool]
) -> tuple[str, float] | None:
    """Each shock in its order; `speed` in place of all before it, and nothing where nothing is quoted."""
    if quoted is None:
        return None
    (kind, percent), factor = quoted, 1.0
    for shock in shocks:
        if not matches(shock.get("match", {})):
            continue
        if "speed" in shock:
            kind, number = shock["speed"].split()
            percent, factor = float(number), 1.0
        else:
            factor *= shock["multiplier"]
    return kind, percent * factor
