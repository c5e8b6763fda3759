"""The macro variables of scenarios, and how each changes from the quarter before its path: the jump-off quarter."""

from collections.abc import Sequence
from enum import Enum
from itertools import accumulate
from operator import mul

PER_CENT = 100.0
QUARTER_YR = 0.25
SPREAD_DIGITS = 10
"""Decimals of a spread that survive: what a difference of two printed rates adds beyond them is rounding."""


class Change(Enum):
    """How far a variable has come."""

    GROWN = "the growth of every quarter so far, annualised percent, put together: a share"
    RELATIVE = "value / start - 1: a share"
    POINTS = "value - start"


VARIABLES = (
    *("real_gdp_growth", "nominal_gdp_growth", "real_disposable_income_growth", "nominal_disposable_income_growth"),
    *("unemployment_rate", "cpi_inflation_rate", "treasury_3m", "treasury_5y", "treasury_10y", "bbb_yield"),
    *("mortgage_rate", "prime_rate", "equity_index", "house_price_index", "cre_price_index", "vix"),
    *("eurusd", "gbpusd", "usdjpy", "bbb_spread"),
)
"""As the Federal Reserve prints them, and the BBB spread: BBB corporate yield less ten-year Treasury yield."""
SPREAD, YIELD, TREASURY = "bbb_spread", "bbb_yield", "treasury_10y"
_GROWTH = frozenset((*VARIABLES[:4], "cpi_inflation_rate"))
_LEVELS = frozenset(("equity_index", "house_price_index", "cre_price_index", "eurusd", "gbpusd", "usdjpy"))


def change_kind(variable: str) -> Change:
    if variable in _GROWTH:
        return Change.GROWN
    return Change.RELATIVE if variable in _LEVELS else Change.POINTS


def changes(variable: str, start: float, path: Sequence[float]) -> tuple[float, ...]:
    """From the jump-off quarter to each quarter of the path.

    Source: growth is annualised in the Federal Reserve's tables, so a quarter's factor is (1 + g)^(1/4).
    """
    match change_kind(variable):
        case Change.GROWN:
            factors = ((1.0 + growth / PER_CENT) ** QUARTER_YR for growth in path)
            return tuple(factor - 1.0 for factor in accumulate(factors, mul))
        case Change.RELATIVE:
            return tuple(value / start - 1.0 for value in path)
        case Change.POINTS:
            return tuple(value - start for value in path)


def spread(bbb_yield: float, treasury_10y: float) -> float:
    return round(bbb_yield - treasury_10y, SPREAD_DIGITS)
