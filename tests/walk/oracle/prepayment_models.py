"""Prepayment by a model of the market file, one month at a time, as contract_cash_flows 3a words it."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.walk.oracle.curves import Curve
from tests.walk.oracle.dates import add_months, years_between


@dataclass(frozen=True)
class Month:
    """What a model sees: the month's date, the gross rate in force, what performs of the original balance."""

    day: date
    gross: float
    left: float


@dataclass(frozen=True)
class Seen:
    """A curve by day. Tomorrow's is read from tomorrow on, with its times still counted from `as_of`."""

    curve: Curve
    as_of: date
    days_on: int = 0

    def on(self, day: date) -> float:
        return self.curve.df(years_between(self.as_of, day))

    @property
    def first(self) -> date:
        return self.as_of + timedelta(days=self.days_on)


def smm_of(model: dict[str, Any], seen: Seen, month: Month, age: int, multiplier: float) -> float:
    m = model["rate"].get("spread", 0.0) + par_rate(model, seen, month.day)
    x = month.gross / m if model["incentive"] == "RATIO" else month.gross - m
    cpr = model["a"] + model["b"] * math.atan(model["c"] + model["d"] * x)
    if model.get("seasoning_months"):
        cpr *= min(1.0, age / model["seasoning_months"])
    if model.get("seasonality"):
        cpr *= model["seasonality"][month.day.month - 1]
    if model.get("burnout"):
        cpr *= model["burnout"]["floor"] + model["burnout"]["slope"] * month.left
    cpr = multiplier * min(max(cpr, model.get("min_cpr", 0.0)), model.get("max_cpr", 1.0))
    return float(1.0 - (1.0 - min(cpr, 1.0)) ** (1.0 / 12.0))


def par_rate(model: dict[str, Any], seen: Seen, day: date) -> float:
    """A month and the lag before the month's date, not before the valuation date, for `tenor_yr` annual payments."""
    d = max(add_months(day, -1 - model["rate"].get("lag_months", 0)), seen.first)
    ends = [add_months(d, 12 * j) for j in range(1, int(model["rate"]["tenor_yr"]) + 1)]
    annuity = sum(seen.on(end) for end in ends)
    return (seen.on(d) - seen.on(ends[-1])) / annuity
