"""The parts of a market file: nodes, curves, spots, fixings, volatility surfaces, and what each must say."""

import calendar
import datetime as dt
import itertools
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from domain.documents import Currency, IsoDate, MarketRate, Number, Pair, Part, Text, shown

INTERPOLATIONS = ("LOG_LINEAR_DF", "LINEAR_ZERO", "MONOTONE_CONVEX", "NATURAL_CUBIC_ZERO")
Interpolation = Literal["LOG_LINEAR_DF", "LINEAR_ZERO", "MONOTONE_CONVEX", "NATURAL_CUBIC_ZERO"]
_LONGEST_TENOR_YR = 200


def add_tenor(as_of: dt.date, tenor: str) -> dt.date:
    """Calendar years, months, weeks and days later; the end of the month clipped, no business-day adjustment."""
    counts = _counts_of(tenor)
    months = as_of.month - 1 + 12 * counts["Y"] + counts["M"]
    year, month = as_of.year + months // 12, months % 12 + 1
    day = dt.date(year, month, min(as_of.day, calendar.monthrange(year, month)[1]))
    return day + dt.timedelta(days=7 * counts["W"] + counts["D"])


_DAYS_PER_UNIT = {"Y": 365, "M": 30, "W": 7, "D": 1}
_TENOR = re.compile("".join(f"(?:([1-9][0-9]{{0,4}}){unit})?" for unit in _DAYS_PER_UNIT))
TENOR_FIX = f"write years, months, weeks, days or several of them up to {_LONGEST_TENOR_YR} years: 1D, 18M, 10Y, 1Y3M"


def is_tenor(text: str) -> bool:
    return bool(text and _TENOR.fullmatch(text)) and (
        sum(count * _DAYS_PER_UNIT[unit] for unit, count in _counts_of(text).items()) <= _LONGEST_TENOR_YR * 366
    )


def _counts_of(tenor: str) -> dict[str, int]:
    found = _TENOR.fullmatch(tenor)
    assert found is not None, tenor
    return {unit: int(count or 0) for unit, count in zip(_DAYS_PER_UNIT, found.groups(), strict=True)}


def _tenor(tenor: str) -> str:
    if not is_tenor(tenor):
        raise PydanticCustomError("invalid_tenor", "this is not a tenor", {"fix": TENOR_FIX})
    return tenor


Tenor = Annotated[str, Field(strict=True), AfterValidator(_tenor)]


class Node(Part):
    """A point of a curve: at a tenor from the valuation date, or on a date."""

    tenor: Tenor | None = None
    date: IsoDate | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Node":
        if (self.tenor is None) == (self.date is None):
            fix = 'give exactly one of "tenor" and "date"'
            raise PydanticCustomError("tenor_or_date", "a node stands at a tenor or on a date", {"fix": fix})
        return self

    def on(self, as_of: dt.date) -> dt.date:
        return self.date if self.date is not None else add_tenor(as_of, self.tenor or "")


class RateNode(Node):
    rate: MarketRate


class ParNode(Part):
    """An instrument to bootstrap; its conventions follow from an index, or stand beside the quote."""

    model_config = ConfigDict(extra="allow")

    type: Literal["DEPOSIT", "OIS", "SWAP", "FRA", "FUTURE"]
    tenor: Text | None = None
    date: IsoDate | None = None
    rate: MarketRate


class CreditNode(Node):
    """A hazard rate, or the spread of a default swap: its tenor ends on the standard 20 June or 20 December."""

    hazard_rate: Number | None = Field(default=None, ge=0)
    cds_spread: MarketRate | None = None

    @model_validator(mode="after")
    def _one_quote(self) -> "CreditNode":
        if (self.hazard_rate is None) == (self.cds_spread is None):
            fix = 'give exactly one of "hazard_rate" and "cds_spread"'
            raise PydanticCustomError("hazard_or_spread", "a credit node has one quote", {"fix": fix})
        return self

    def on(self, as_of: dt.date) -> dt.date:
        if self.tenor is not None and self.cds_spread is not None:
            return default_swap_maturity(as_of, self.tenor)
        return super().on(as_of)


def default_swap_maturity(as_of: dt.date, tenor: str) -> dt.date:
    """The standard maturity: three months and the tenor after the last 20 March or 20 September, on `as_of` or before.

    A 5Y of 19 March 2026 ends on 20 December 2030, one of 20 March 2026 on 20 June 2031. What does not end on a
    20 June or 20 December goes on to the next; days and weeks count from `as_of`.

    Source: ISDA, Standard CDS maturities from 21 December 2015; QuantLib's cdsMaturity, rule CDS2015.
    """
    rolled = max(
        day for year in (as_of.year - 1, as_of.year) for month in (3, 9) if (day := dt.date(year, month, 20)) <= as_of
    )
    counts = _counts_of(tenor)
    from_day = add_tenor(rolled, "3M") if counts["Y"] or counts["M"] else as_of
    end = add_tenor(from_day, tenor)
    return min(
        day for year in (end.year, end.year + 1) for month in (6, 12) if (day := dt.date(year, month, 20)) >= end
    )


class Jump(Part):
    """A turn: what the overnight forward is above its neighbours, from a date over some days."""

    date: IsoDate
    rate: MarketRate
    """continuously compounded, ACT/365F"""
    days: int = Field(default=1, ge=1, le=10, strict=True)


Jumps = Annotated[tuple[Jump, ...], Field(exclude_if=lambda jumps: not jumps)]
"""A curve without any has the bytes, and the hash, that it always had."""


class ZeroCurve(Part):
    """Continuously compounded zero rates, ACT/365F."""

    curve_id: Text
    currency: Currency
    kind: Literal["ZERO"] = "ZERO"
    interpolation: Interpolation = "LOG_LINEAR_DF"
    nodes: tuple[RateNode, ...]
    jumps: Jumps = ()


class ParCurve(Part):
    curve_id: Text
    currency: Currency
    kind: Literal["PAR"]
    interpolation: Interpolation = "LOG_LINEAR_DF"
    discount_curve: Text | None = None
    index: Text | None = None
    """whose conventions SWAP and FRA quotes have"""
    nodes: tuple[ParNode, ...]
    jumps: Jumps = ()


def _curve_kind(value: Any) -> str:
    return str(value.get("kind", "ZERO")) if isinstance(value, Mapping) else str(getattr(value, "kind", "ZERO"))


Curve = Annotated[
    Annotated[ZeroCurve, Tag("ZERO")] | Annotated[ParCurve, Tag("PAR")],
    Discriminator(
        _curve_kind,
        custom_error_type="unknown_kind",
        custom_error_message="a curve is of kind ZERO or PAR",
        custom_error_context={"fix": 'use "kind": "ZERO" (zero rates) or "PAR" (instruments to bootstrap)'},
    ),
]


class SpreadCurve(Part):
    curve_id: Text
    nodes: tuple[RateNode, ...]


class CreditCurve(Part):
    curve_id: Text
    recovery: Number = Field(ge=0, lt=1)
    nodes: tuple[CreditNode, ...]


class FxSpot(Part):
    """Units of the pair's second currency for one of its first."""

    pair: Pair
    spot: Number = Field(gt=0, le=1e12)


class Fixing(Part):
    index: Text
    date: IsoDate
    rate: MarketRate


class HullWhite(Part):
    mean_reversion: Number = Field(gt=-1, le=10)
    sigma: Number = Field(ge=0, le=1)


def _ascending(axis: tuple[float, ...]) -> tuple[float, ...]:
    if not axis or any(left >= right for left, right in itertools.pairwise(axis)):
        raise PydanticCustomError(
            "axis_not_ascending", "an axis ascends strictly", {"fix": "sort it, drop repetitions"}
        )
    return axis


def _volatility_numbers(value: Any) -> Any:
    """Nested lists of numbers as nested tuples, at most three deep; their shape is the surface's business."""
    return _nested_numbers(value, axes_left=3)


def _nested_numbers(value: Any, axes_left: int) -> Any:
    if isinstance(value, list | tuple) and axes_left:
        return tuple(_nested_numbers(each, axes_left - 1) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MOST_VOLATILITY:
        message = "{value} is not a positive volatility"
        raise PydanticCustomError(
            "invalid_volatility", message, {"value": shown(value), "fix": "give positive numbers"}
        )
    return float(value)


_MOST_VOLATILITY = 1e6
Axis = Annotated[tuple[Number, ...], AfterValidator(_ascending)]
Volatilities = Annotated[Any, AfterValidator(_volatility_numbers)]


class VolatilitySurface(Part):
    """`vols` run over expiries, then swap tenors (SWAPTION), then strikes where the surface brings that axis."""

    surface_id: Text
    product: Literal["SWAPTION", "CAP_FLOOR", "FX"]
    index: Text | None = None
    pair: Pair | None = None
    kind: Literal["NORMAL", "LOGNORMAL"]
    expiries_yr: Axis
    tenors_yr: Axis | None = None
    strikes: Axis | None = None
    vols: Volatilities
    shift: Number = Field(default=0.0, ge=0, le=1, exclude_if=lambda shift: shift == 0.0)
    """lognormal is then the rate + shift; a surface without one has the bytes, and the hash, that it always had"""

    @model_validator(mode="after")
    def _complete(self) -> "VolatilitySurface":
        underlying, absent = ("pair", self.pair is None) if self.product == "FX" else ("index", self.index is None)
        if absent:
            fix = f'add "{underlying}"'
            raise PydanticCustomError("missing_underlying", "a surface names its underlying", {"fix": fix})
        if (self.tenors_yr is not None) != (self.product == "SWAPTION"):
            fix = 'give "tenors_yr" for SWAPTION, and for nothing else'
            raise PydanticCustomError("wrong_axes", "only swaption volatilities run over swap tenors", {"fix": fix})
        shape = tuple(len(axis) for axis in (self.expiries_yr, self.tenors_yr, self.strikes) if axis is not None)
        if not _has_shape(self.vols, shape):
            message, fix = "the volatilities do not fit the axes", f"give {' x '.join(map(str, shape))} numbers"
            raise PydanticCustomError("shape_mismatch", message, {"fix": fix})
        if self.shift and (self.kind == "NORMAL" or self.product == "FX"):
            fix = 'leave "shift" to LOGNORMAL surfaces of rates'
            raise PydanticCustomError("shift_not_read", "nothing is shifted here", {"fix": fix})
        if self.kind == "NORMAL" and largest(self.vols) > 1:
            fix = "normal volatilities are decimals: 80 bp is 0.008"
            raise PydanticCustomError("percent_suspected", "a normal volatility beyond 100 %", {"fix": fix})
        return self


def _has_shape(values: Any, shape: tuple[int, ...]) -> bool:
    if not shape:
        return isinstance(values, float)
    return isinstance(values, tuple) and len(values) == shape[0] and all(_has_shape(each, shape[1:]) for each in values)


def largest(values: Any) -> float:
    """Of nested numbers."""
    return max(map(largest, values)) if isinstance(values, tuple) else float(values)
