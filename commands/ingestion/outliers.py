"""Values far from the rest of their product, or of another unit by the look of them: warned of, never refused."""

from typing import Any

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.references import Tables, rows_referred
from commands.ingestion.typed_columns import TypedTable
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import PRODUCT_TYPES

Array = np.ndarray[Any, Any]

_FEWEST_ROWS = 20
_FAR = 10.0
_FAR_OF_SIZES = 3.5
_FACTOR = 30.0
_MIDDLE = (0.05, 0.95)
_FEW = 0.01
_MAD_TO_SIGMA = 1.4826
_ORDINARY_DISTANCE = {"coupon": 0.1, "margin": 0.05, "spread": 0.05}
"""Within it nobody would call a rate an outlier, however much alike the others are."""
_SENSIBLE: dict[str, tuple[float, float]] = {
    "coupon": (-0.05, 0.5),
    "margin": (-0.1, 0.3),
    "spread": (-0.1, 0.5),
    "cap": (-0.05, 0.5),
    "floor": (-0.05, 0.5),
    "wac": (0.0, 0.5),
    "servicing_fee": (0.0, 0.05),
    "redemption_per_100": (10.0, 200.0),
}
_LONGEST_LIFE_DAYS = 60 * 366
_SMALLEST_SPEED_PCT = 0.1


def warn_of_outliers(tables: Tables, warnings: Findings) -> None:
    instruments = tables["instruments"]
    for column, (low, high) in _SENSIBLE.items():
        _warn_of_units(instruments, column, low, high, warnings)
    _warn_of_small_speeds(instruments, warnings)
    _warn_of_long_lives(instruments, warnings)
    for product in PRODUCT_TYPES:
        among = instruments.equals("product_type", product)
        for column, ordinary in _ORDINARY_DISTANCE.items():
            _warn_of_far(instruments, column, instruments.number(column), among, product, ordinary, warnings)
    if "positions" in tables:
        _warn_of_positions(tables["positions"], instruments, warnings)


def _warn_of_positions(positions: TypedTable, instruments: TypedTable, warnings: Findings) -> None:
    row = rows_referred(positions, "instrument_id", instruments, "instrument_id")
    notional = positions.number("notional")
    loan = np.append(instruments.equals("product_type", "LOAN"), False)[row]
    warnings.row(
        positions,
        "notional",
        Code.ZERO_NOTIONAL,
        loan & (notional == 0),
        "The loan's notional is nil: nothing is outstanding.",
        "Leave the position out if the loan is repaid.",
    )
    issued = np.append(instruments.day("issue_date"), np.int32(ABSENT_DATE))[row]
    acquired = positions.day("acquisition_date")
    warnings.row(
        positions,
        "acquisition_date",
        Code.ACQUIRED_BEFORE_ISSUE,
        (issued != ABSENT_DATE) & (acquired != ABSENT_DATE) & (acquired < issued),
        "The position was acquired before its instrument was issued.",
        "Check acquisition_date and the instrument's issue_date.",
    )
    for product in PRODUCT_TYPES:
        among = np.append(instruments.equals("product_type", product), False)[row]
        _warn_of_large(positions, np.abs(notional), among, product, warnings)


def _warn_of_units(table: TypedTable, column: str, low: float, high: float, warnings: Findings) -> None:
    values = table.number(column)
    warnings.row(
        table,
        column,
        Code.OUTLIER,
        (values < low) | (values > high),
        lambda row: f"{column} {values[row]:g} is outside {low:g} to {high:g}, where nearly all are.",
        "Check the unit: rates, spreads and fees are decimals (0.05 is 5 %), prices per 100.",
    )


def _warn_of_small_speeds(instruments: TypedTable, warnings: Findings) -> None:
    for column in ("prepayment", "default"):
        small = np.array([_looks_decimal(text) for text in instruments.distinct_texts(column)], dtype=bool)
        if small.any():
            warnings.row(
                instruments,
                column,
                Code.OUTLIER,
                instruments.rows_with(column, small),
                "The speed is below a tenth of a percent.",
                "Speeds are percent: CPR 6 is six percent a year.",
            )


def _looks_decimal(text: str) -> bool:
    kind, _, quoted = text.partition(" ")
    try:
        return kind in ("CPR", "CDR", "PSA", "SDA") and 0 < float(quoted) < _SMALLEST_SPEED_PCT
    except ValueError:
        return False


def _warn_of_long_lives(instruments: TypedTable, warnings: Findings) -> None:
    life = _days(instruments, "maturity_date") - _days(instruments, "issue_date")
    message, fix = "The life is longer than sixty years.", "Check both dates."
    warnings.row(instruments, "maturity_date", Code.OUTLIER, life > _LONGEST_LIFE_DAYS, message, fix)


def _warn_of_far(
    table: TypedTable,
    column: str,
    values: Array,
    among: Array,
    product: str,
    ordinary: float,
    warnings: Findings,
) -> None:
    """More than ten robust standard deviations, and more than `ordinary`, from the median of at least twenty."""
    rows = np.flatnonzero(among & np.isfinite(values))
    if len(rows) < _FEWEST_ROWS:
        return
    sample = values[rows]
    centre = np.median(sample)
    sigma = _MAD_TO_SIGMA * np.median(np.abs(sample - centre))
    far = np.abs(sample - centre) > max(_FAR * sigma, ordinary)
    low, high = np.quantile(sample, _MIDDLE)
    _warn_of_few(table, column, values, rows, far, f"of the {product} rows lie between {low:g} and {high:g}", warnings)


def _warn_of_large(positions: TypedTable, size: Array, among: Array, product: str, warnings: Findings) -> None:
    """Far above the rest on a logarithmic scale, and more than a factor above nearly all of them.

    Small amounts are what is left of larger ones, and no mistake.
    """
    rows = np.flatnonzero(among & (size > 0))
    if len(rows) < _FEWEST_ROWS:
        return
    sample = np.log10(size[rows])
    centre = np.median(sample)
    sigma = _MAD_TO_SIGMA * np.median(np.abs(sample - centre))
    low, high = np.quantile(size[rows], _MIDDLE, method="lower")
    far = (sample - centre > _FAR_OF_SIZES * sigma) & (size[rows] > _FACTOR * high)
    said = f"of the {product} positions lie between {low:,.10g} and {high:,.10g}"
    _warn_of_few(positions, "notional", size, rows, far, said, warnings)


def _warn_of_few(
    table: TypedTable, column: str, values: Array, rows: Array, far: Array, said: str, warnings: Findings
) -> None:
    """What many rows have in common is a kind of its own, and no outlier."""
    if far.sum() <= max(_FEW * len(rows), 1):
        warnings.row(
            table,
            column,
            Code.OUTLIER,
            rows[far],
            lambda row: f"{column} {values[row]:,.10g} is far from the rest: nine in ten {said}.",
            "Check the value and its unit.",
        )


def _days(table: TypedTable, column: str) -> Array:
    days = table.day(column)
    return np.where(days == ABSENT_DATE, np.nan, days.astype(np.float64))
