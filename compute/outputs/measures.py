"""From a measure's name to its numbers: one row each, as in domain/measures/measures.py."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from compute.outputs.family_values import Matrix, Valued
from domain.measures.failures import Reason

BUMP = 25e-4
"""h of CONVEXITY, 25 bp."""
PER_RATE = 10_000.0
"""Basis points in a rate of 1."""

Rows = NDArray[np.float64]
"""[columns, S, m]"""


def _spread(values: NDArray[np.float64] | None, like: Matrix) -> Matrix | None:
    """[m] the same in every scenario."""
    return None if values is None else np.broadcast_to(values[:, None], like.shape)


def _per_100(v: Valued, amount_ccy: Matrix | None) -> Matrix | None:
    return None if amount_ccy is None else amount_ccy / v.notional_ccy[:, None] * 100.0


def _dirty(v: Valued) -> Matrix | None:
    return _per_100(v, v.pv_ccy) if v.has_price and v.accrued_ccy is not None else None


def _clean(v: Valued) -> Matrix | None:
    return _per_100(v, v.pv_ccy - v.accrued_ccy[:, None]) if v.has_price and v.accrued_ccy is not None else None


def _convexity(v: Valued) -> Matrix:
    return (v.pv_down_ccy + v.pv_up_ccy - 2.0 * v.pv_ccy) / (v.pv_ccy * BUMP * BUMP)


def _spread_duration(v: Valued) -> Matrix | None:
    return None if v.cs01_ccy is None else v.cs01_ccy * PER_RATE / v.pv_ccy


MEASURE: dict[str, Callable[[Valued], Matrix | None]] = {
    "PV": lambda v: v.pv_ccy,
    "ACCRUED_INTEREST": lambda v: _spread(v.accrued_ccy, v.pv_ccy),
    "DIRTY_PRICE": _dirty,
    "CLEAN_PRICE": _clean,
    "YIELD": lambda v: v.yields,
    "STANDARD_ERROR": lambda v: v.standard_error_ccy,
    "DV01": lambda v: v.dv01_ccy,
    "CS01": lambda v: v.cs01_ccy,
    "MACAULAY_DURATION": lambda v: v.macaulay_yr,
    "MODIFIED_DURATION": lambda v: v.modified_yr,
    "EFFECTIVE_DURATION": lambda v: v.dv01_ccy * PER_RATE / v.pv_ccy,
    "SPREAD_DURATION": _spread_duration,
    "CONVEXITY": _convexity,
    "VEGA": lambda v: v.vega_ccy,
    "THETA": lambda v: v.theta_ccy,
    "FX_DELTA": lambda v: v.fx_delta_base,
    "Z_SPREAD": lambda v: v.z_spread_bp,
    "OAS": lambda v: v.oas_bp,
    "DISCOUNT_MARGIN": lambda v: v.discount_margin_bp,
    "PAR_SPREAD": lambda v: v.par_spread_bp,
    "WAL": lambda v: v.wal_yr,
    "WAM": lambda v: _spread(v.wam_mo, v.pv_ccy),
    "DV01_STANDARD_ERROR": lambda v: v.dv01_standard_error_ccy,
    "VEGA_STANDARD_ERROR": lambda v: v.vega_standard_error_ccy,
}

LADDERS: dict[str, Callable[[Valued], NDArray[np.float64] | None]] = {
    "KEY_RATE_DV01": lambda v: v.key_rate_dv01_ccy,
    "VEGA_LADDER": lambda v: v.vega_ladder_ccy,
}
"""[m, S, columns] of measures with a column for each bucket."""

SOLVED = ("YIELD", "MACAULAY_DURATION", "MODIFIED_DURATION", "Z_SPREAD", "OAS", "DISCOUNT_MARGIN")
"""Found by a search that may not end."""
AT_MARKET_PRICE = ("Z_SPREAD", "OAS", "DISCOUNT_MARGIN", "PAR_SPREAD")
"""Read the position's `market_price`."""


def rows_of(name: str, valued: Valued) -> Rows | None:
    """The measure's columns [columns, S, m]; None where the family does not have it."""
    if name in LADDERS:
        ladder = LADDERS[name](valued)
        return None if ladder is None else ladder.transpose(2, 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # a quotient over nothing is blank, and has its reason
        matrix = MEASURE[name](valued)
    return None if matrix is None else np.where(np.isfinite(matrix), matrix, np.nan).T[None]


def blank_reasons(name: str, valued: Valued, rows: Rows) -> NDArray[np.uint8]:
    """[S, m] why a number is not there. A quotient over nothing, or the life of no principal, does not apply."""
    blank = np.isnan(rows).any(axis=0)
    has_value = (valued.pv_ccy != 0.0).T & (valued.notional_ccy != 0.0)
    if valued.yield_exists is not None:
        has_value = has_value & valued.yield_exists
    reason = Reason.DID_NOT_CONVERGE if name in SOLVED else Reason.NOT_APPLICABLE
    why = np.where(has_value, reason, Reason.NOT_APPLICABLE)
    if name in AT_MARKET_PRICE and valued.price_is_usable is not None:
        why = np.where(valued.price_is_usable, why, Reason.INVALID_TERMS)
    return np.where(blank, why, Reason.NONE).astype(np.uint8)
