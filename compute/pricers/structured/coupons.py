"""What a structured note pays, as its payoff and its columns say together."""

import math
from dataclasses import dataclass

import numpy as np

from compute.inputs.terms import ABSENT, Terms
from compute.kernels.dates.schedules import MOST_BY_MONTHS
from domain.market.fixings import is_overnight
from domain.market.index_conventions import index_conventions
from domain.portfolio.payoffs import (
    CappedFloater,
    Cms,
    CmsSpread,
    Digital,
    InvalidPayoff,
    InverseFloater,
    Payoff,
    RangeAccrual,
    parse_payoff,
)
from domain.portfolio.tables import DAY_COUNTS

OWN_TENOR = 0
"""Of a rate that is the index's own, not a swap's."""


@dataclass(frozen=True)
class Index:
    """The rates that a note looks at: their name, and how their swaps pay."""

    name: str
    currency: str
    fixed_months: int
    float_months: int
    """of the index: its own tenor where its name says it, else the currency's floating leg's"""
    fixed_day_count: int
    own_day_count: int
    lag_days: int = 0
    """business days from a coupon's fixing to the start of its period"""

    @property
    def is_overnight(self) -> bool:
        return is_overnight(self.name)

    def fixing_name(self, tenor_yr: int) -> str:
        """Under which name the market has the rate's fixings."""
        return self.name if tenor_yr == OWN_TENOR else f"{self.currency}-CMS-{tenor_yr}Y"


@dataclass(frozen=True)
class ClippedCoupon:
    """max(floor, min(cap, margin + sum of gearing x rate)), the rates set when the period starts."""

    index: Index
    tenors_yr: tuple[int, ...]
    gearings: tuple[float, ...]
    margin: float
    cap: float
    floor: float


@dataclass(frozen=True)
class RangeCoupon:
    """coupon x share of observations with lower <= rate <= upper."""

    index: Index
    tenors_yr: tuple[int, ...]
    coupon: float
    lower: float
    upper: float
    observation: str
    """DAILY, MONTHLY or START, which is once, when the period starts"""


Coupon = ClippedCoupon | RangeCoupon


class UnusableTerms(ValueError):
    """A term that neither the payoff nor its column has, or two that contradict each other."""


@dataclass(frozen=True)
class _Columns:
    """One instrument's columns that a payoff may leave a term to."""

    terms: Terms
    """of this one"""

    def number(self, given: float | None, name: str, default: float | None = None) -> float:
        if given is not None:
            return given
        of_column = float(self.terms.number(name)[0])
        if not math.isnan(of_column):
            return of_column
        if default is None:
            raise UnusableTerms(f"{name} is missing: give it in the payoff or in its column")
        return default

    def index(self, given: str | None, needed: bool) -> Index:
        name = given or self.terms.text_at("index", 0)
        if needed and not name:
            raise UnusableTerms("index is missing: give it in the payoff or in its column")
        currency = self.terms.text_at("currency", 0)
        day_counts = [int(self.terms.choice(f"{leg}_day_count", DAY_COUNTS)[0]) for leg in ("fixed", "float")]
        conventions = index_conventions(name, currency)
        conventional = [DAY_COUNTS.index(name) for name in (conventions.fixed_day_count, conventions.float_day_count)]
        fixed_day_count, own = (
            count if count != ABSENT else other for count, other in zip(day_counts, conventional, strict=True)
        )
        frequencies = [float(self.terms.number(f"{leg}_frequency")[0]) for leg in ("fixed", "float")]
        fixed, per_year = (
            other if math.isnan(frequency) else int(frequency)
            for frequency, other in zip(
                frequencies, (conventions.fixed_frequency, conventions.float_frequency), strict=True
            )
        )
        for leg, often in (("fixed", fixed), ("float", per_year)):
            if often > MOST_BY_MONTHS:
                raise UnusableTerms(f"{leg}_frequency {often}: the legs of a swap rate pay in months: use 12 or less")
        months, lag_days = (12 // max(fixed, 1), 12 // max(per_year, 1)), int(self.terms.whole("fixing_lag_days")[0])
        return Index(name, currency, *months, fixed_day_count, own, lag_days)


def coupon_of(terms: Terms, i: int) -> Coupon:
    """Of position i; raises InvalidPayoff or UnusableTerms."""
    columns = _Columns(terms.of(np.array([i])))
    payoff = parse_payoff(columns.terms.text_at("payoff", 0))
    coupon = _range(payoff, columns) if isinstance(payoff, RangeAccrual | Digital) else _clipped(payoff, columns)
    low, high = (coupon.lower, coupon.upper) if isinstance(coupon, RangeCoupon) else (coupon.floor, coupon.cap)
    if low > high:
        raise UnusableTerms(f"the floor {low:g} is above the cap {high:g}: exchange them, or correct one")
    return coupon


def why_not(terms: Terms, i: int) -> str:
    """The sentence for a payoff that cannot be used; empty where it can."""
    try:
        coupon_of(terms, i)
    except InvalidPayoff as invalid:
        first = invalid.problems[0]
        return f"payoff {first.path}: {first.message}; {first.fix}"
    except UnusableTerms as missing:
        return str(missing)
    return ""


def _clipped(payoff: Payoff, columns: _Columns) -> ClippedCoupon:
    if isinstance(payoff, InverseFloater):
        return ClippedCoupon(
            columns.index(payoff.index, needed=True),
            (OWN_TENOR,),
            (-payoff.leverage,),
            _named(columns, payoff.fixed_rate, "fixed_rate", "coupon"),
            columns.number(payoff.cap, "cap", math.inf),
            columns.number(payoff.floor, "floor", 0.0),
        )
    assert isinstance(payoff, CappedFloater | Cms | CmsSpread)
    tenors, signs = _rates(payoff)
    is_floater = isinstance(payoff, CappedFloater)
    return ClippedCoupon(
        columns.index(payoff.index, needed=is_floater),
        tenors,
        tuple(payoff.gearing * sign for sign in signs),
        columns.number(payoff.margin, "margin", 0.0),
        columns.number(payoff.cap, "cap", None if is_floater else math.inf),
        columns.number(payoff.floor, "floor", -math.inf),
    )


def _rates(payoff: CappedFloater | Cms | CmsSpread) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Tenors of the rates, OWN_TENOR for the index itself, and their signs."""
    match payoff:
        case Cms():
            return (payoff.tenor_yr,), (1.0,)
        case CmsSpread():
            return (payoff.long_yr, payoff.short_yr), (1.0, -1.0)
        case CappedFloater():
            return (OWN_TENOR,), (1.0,)


def _range(payoff: RangeAccrual | Digital, columns: _Columns) -> RangeCoupon:
    tenor_yr = payoff.tenor_yr or OWN_TENOR
    index = columns.index(payoff.index, needed=tenor_yr == OWN_TENOR)
    coupon = columns.number(payoff.coupon, "coupon")
    if isinstance(payoff, RangeAccrual):
        lower = -math.inf if payoff.lower is None else payoff.lower
        upper = math.inf if payoff.upper is None else payoff.upper
        return RangeCoupon(index, (tenor_yr,), coupon, lower, upper, payoff.observation)
    strike = columns.number(payoff.strike, "strike")
    lower, upper = (strike, math.inf) if payoff.pays == "ABOVE" else (-math.inf, strike)
    return RangeCoupon(index, (tenor_yr,), coupon, lower, upper, "START")


def _named(columns: _Columns, given: float | None, name: str, column: str) -> float:
    try:
        return columns.number(given, column)
    except UnusableTerms:
        raise UnusableTerms(f"{name} is missing: give it in the payoff, or as the column {column}") from None
