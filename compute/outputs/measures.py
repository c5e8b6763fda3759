"""From a measure's name to its numbers: one row each, as in domain/measures/measures.py."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.outputs.family_values import Array, Matrix, Valued
from domain.measures.failures import Reason

BUMP = 25e-4
"""h of CONVEXITY, 25 bp."""
PER_RATE = 10_000.0
"""Basis points in a rate of 1."""

Rows = NDArray[np.float64]
"""[columns, S, m]"""


def _dv01(v: Valued) -> Matrix | None:
    key_rates = v.of("KEY_RATE_DV01")
    if key_rates is None:
        return None
    total: Matrix = key_rates.sum(axis=2)
    return total


def _dirty_price(v: Valued) -> Matrix | None:
    is_quoted = v.has_price and v.of("ACCRUED_INTEREST") is not None
    return v.pv_ccy / v.notional_ccy[:, None] * 100.0 if is_quoted else None


def _clean_price(v: Valued) -> Matrix | None:
    accrued_ccy = v.of("ACCRUED_INTEREST")
    if not v.has_price or accrued_ccy is None:
        return None
    return (v.pv_ccy - accrued_ccy[:, None]) / v.notional_ccy[:, None] * 100.0


def _effective_duration(v: Valued) -> Matrix | None:
    dv01_ccy = _dv01(v)
    return None if dv01_ccy is None else dv01_ccy * PER_RATE / v.pv_ccy


def _spread_duration(v: Valued) -> Matrix | None:
    cs01_ccy = v.of("CS01")
    return None if cs01_ccy is None else cs01_ccy * PER_RATE / v.pv_ccy


def _convexity(v: Valued) -> Matrix:
    return (v.pv_down_ccy + v.pv_up_ccy - 2.0 * v.pv_ccy) / (v.pv_ccy * BUMP * BUMP)


@dataclass(frozen=True)
class Source:
    """Where a measure's numbers come from, and why one may be blank."""

    derived: Callable[[Valued], Array | None] | None = None
    """from the family's other numbers; None where the pricer gives it, in `Valued.values`"""
    is_solved: bool = False
    """found by a search that may not end"""
    at_market_price: bool = False
    """reads the position's `market_price`"""


GIVEN = Source()

SOURCES: dict[str, Source] = {
    "PV": Source(lambda v: v.pv_ccy),
    "ACCRUED_INTEREST": GIVEN,
    "DIRTY_PRICE": Source(_dirty_price),
    "CLEAN_PRICE": Source(_clean_price),
    "YIELD": Source(is_solved=True),
    "STANDARD_ERROR": GIVEN,
    "DV01": Source(_dv01),
    "KEY_RATE_DV01": GIVEN,
    "CS01": GIVEN,
    "KEY_RATE_CS01": GIVEN,
    "MACAULAY_DURATION": Source(is_solved=True),
    "MODIFIED_DURATION": Source(is_solved=True),
    "EFFECTIVE_DURATION": Source(_effective_duration),
    "SPREAD_DURATION": Source(_spread_duration),
    "CONVEXITY": Source(_convexity),
    "VEGA": GIVEN,
    "VEGA_LADDER": GIVEN,
    "THETA": GIVEN,
    "FX_DELTA": GIVEN,
    "Z_SPREAD": Source(is_solved=True, at_market_price=True),
    "OAS": Source(is_solved=True, at_market_price=True),
    "DISCOUNT_MARGIN": Source(is_solved=True, at_market_price=True),
    "PAR_SPREAD": Source(at_market_price=True),
    "WAL": GIVEN,
    "WAM": GIVEN,
    "DV01_STANDARD_ERROR": GIVEN,
    "VEGA_STANDARD_ERROR": GIVEN,
}

SOLVED = tuple(name for name, source in SOURCES.items() if source.is_solved)


def rows_of(name: str, valued: Valued) -> Rows | None:
    """The measure's columns [columns, S, m]; None where the family does not have it."""
    derived = SOURCES[name].derived
    with np.errstate(divide="ignore", invalid="ignore"):  # a quotient over nothing is blank, and has its reason
        numbers = valued.of(name) if derived is None else derived(valued)
    if numbers is None:
        return None
    if numbers.ndim == 3:
        return numbers.transpose(2, 1, 0)
    matrix = np.broadcast_to(numbers[:, None], valued.pv_ccy.shape) if numbers.ndim == 1 else numbers
    return np.where(np.isfinite(matrix), matrix, np.nan).T[None]


def blank_reasons(name: str, valued: Valued, rows: Rows) -> NDArray[np.uint8]:
    """[S, m] why a number is not there. A quotient over nothing, or the life of no principal, does not apply."""
    source, blank = SOURCES[name], np.isnan(rows).any(axis=0)
    has_value = (valued.pv_ccy != 0.0).T & (valued.notional_ccy != 0.0)
    if valued.yield_exists is not None:
        has_value = has_value & valued.yield_exists
    reason = Reason.DID_NOT_CONVERGE if source.is_solved else Reason.NOT_APPLICABLE
    why = np.where(has_value, reason, Reason.NOT_APPLICABLE)
    if source.at_market_price and valued.price_is_usable is not None:
        why = np.where(valued.price_is_usable, why, Reason.INVALID_TERMS)
    return np.where(blank, why, Reason.NONE).astype(np.uint8)
