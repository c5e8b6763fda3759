"""Payoffs of structured notes: the JSON text of an instrument's `payoff`, one model for each kind.

A field that is left out is read from the instrument's column of the same name, where it has one; docs/payoffs.md lists
every field with an example.
"""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.documents import InvalidDocument, Number, Part, Rate, Text, read_json, structure_problems

LONGEST_TENOR_YR = 50
MOST_GEARING = 100

Gearing = Annotated[Number, Field(ge=-MOST_GEARING, le=MOST_GEARING)]
Tenor = Annotated[int, Field(strict=True, ge=1, le=LONGEST_TENOR_YR)]
"""Whole years of a swap."""
MARGIN = AliasChoices("margin", "spread")
"""Desks say spread; `spread` of the instrument is its credit spread."""


class InvalidPayoff(InvalidDocument):
    """A payoff that cannot be read."""


class _Clipped(Part):
    """Pays max(floor, min(cap, gearing x rate + margin)) of a rate that is set when the period starts."""

    index: Text | None = None
    margin: Rate | None = Field(default=None, validation_alias=MARGIN)
    cap: Rate | None = None
    floor: Rate | None = None

    @model_validator(mode="after")
    def _floor_below_cap(self) -> "_Clipped":
        _in_order("floor", self.floor, "cap", self.cap)
        return self


class CappedFloater(_Clipped):
    kind: Literal["CAPPED_FLOATER"]
    gearing: Gearing = 1.0


class InverseFloater(Part):
    """Pays max(floor, min(cap, fixed_rate - leverage x rate))."""

    kind: Literal["INVERSE_FLOATER"]
    index: Text | None = None
    fixed_rate: Rate | None = Field(default=None, validation_alias=AliasChoices("fixed_rate", "coupon"))
    leverage: Annotated[Number, Field(gt=0, le=MOST_GEARING)] = 1.0
    cap: Rate | None = None
    floor: Rate | None = None

    @model_validator(mode="after")
    def _floor_below_cap(self) -> "InverseFloater":
        _in_order("floor", self.floor, "cap", self.cap)
        return self


class Cms(_Clipped):
    kind: Literal["CMS"]
    tenor_yr: Tenor = 10
    gearing: Gearing = 1.0


class CmsSpread(_Clipped):
    """The rate is that of the long swap less that of the short one."""

    kind: Literal["CMS_SPREAD"]
    long_yr: Tenor = 10
    short_yr: Tenor = 2
    gearing: Gearing = 1.0

    @model_validator(mode="after")
    def _two_tenors(self) -> "CmsSpread":
        if self.long_yr == self.short_yr:
            fix = "give two different tenors"
            raise PydanticCustomError("equal_tenors", "long_yr and short_yr are the same", {"fix": fix})
        return self


class RangeAccrual(Part):
    """Pays coupon x the share of the period's observations with lower <= rate <= upper."""

    kind: Literal["RANGE_ACCRUAL"]
    index: Text | None = None
    tenor_yr: Tenor | None = None
    """of a swap rate; without it the rate is the index's own"""
    coupon: Rate | None = None
    lower: Rate | None = None
    upper: Rate | None = None
    observation: Literal["DAILY", "MONTHLY"] = "DAILY"

    @model_validator(mode="after")
    def _a_range(self) -> "RangeAccrual":
        if self.lower is None and self.upper is None:
            fix = 'give "lower", "upper" or both'
            raise PydanticCustomError("missing_range", "a range has at least one bound", {"fix": fix})
        _in_order("lower", self.lower, "upper", self.upper)
        return self


class Digital(Part):
    """Pays coupon where the rate, set when the period starts, is at or above the strike, or at or below it."""

    kind: Literal["DIGITAL"]
    index: Text | None = None
    tenor_yr: Tenor | None = None
    coupon: Rate | None = None
    strike: Rate | None = None
    pays: Literal["ABOVE", "BELOW"] = "ABOVE"


Payoff = CappedFloater | InverseFloater | RangeAccrual | Cms | CmsSpread | Digital
_PAYOFF: TypeAdapter[Payoff] = TypeAdapter(Annotated[Payoff, Field(discriminator="kind")])


def parse_payoff(text: str) -> Payoff:
    """The payoff that a text describes; raises InvalidPayoff with everything that is wrong with it."""
    content, problems = read_json(text)
    if problems:
        raise InvalidPayoff(problems)
    try:
        return _PAYOFF.validate_python(content)
    except ValidationError as error:
        raise InvalidPayoff(structure_problems(error, content, whole=Payoff)) from None


def longest_tenor_yr(payoff: Payoff) -> int:
    """How far past its fixing a rate looks, at most; 0 where no further than its coupon period."""
    match payoff:
        case CmsSpread():
            return max(payoff.long_yr, payoff.short_yr)
        case Cms() | Digital():
            return payoff.tenor_yr or 0
        case RangeAccrual():
            return payoff.tenor_yr or 1  # an index observed on the last day runs for up to a year
        case _:
            return 0


def _in_order(low_name: str, low: float | None, high_name: str, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        message = f"{low_name} is above {high_name}"
        raise PydanticCustomError("crossed", "{what}", {"what": message, "fix": f"exchange {low_name} and {high_name}"})
